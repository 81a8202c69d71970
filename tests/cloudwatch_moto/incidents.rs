//! An incident at CloudWatch: the alarm, its reason, and the metric that agrees.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use eoskeeper::actions::cloudwatch::alarms::name;
use eoskeeper::actions::cloudwatch::channel::CloudWatch;
use eoskeeper::actions::cloudwatch::client::Client;
use eoskeeper::actions::cloudwatch::setup::set_up;
use eoskeeper::actions::cloudwatch::standing::{Level, Standing};
use eoskeeper::actions::notify::channel::{Channel, DeliveryError};
use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::message::MessageKind;
use eoskeeper::core::time::Timestamp;
use serde_json::Value;

use super::moto::Moto;
use super::support::{client, delivery, is_again, plan};

const MINUTE: i64 = 60_000;

/// A node's alarms and the channel that sets them, at a time that the test moves.
struct Bench {
    moto: Moto,
    client: Arc<Client>,
    channel: CloudWatch,
    time: Arc<AtomicI64>,
}

impl Bench {
    async fn start(standing: Standing) -> Self {
        let moto = Moto::start().await;
        let (client, plan) = (Arc::new(client(&moto.url())), Arc::new(plan("p")));
        set_up(&client, &plan, false).await.unwrap();
        let time = Arc::new(AtomicI64::new(29_920_000 * MINUTE));
        let now = Arc::clone(&time);
        let wall = Arc::new(move || Timestamp::from_ms(now.load(Ordering::SeqCst)));
        let channel = CloudWatch::new(Arc::clone(&client), plan, standing, wall);
        Self { moto, client, channel, time }
    }

    fn pass_minutes(&self, minutes: i64) {
        self.time.fetch_add(minutes * MINUTE, Ordering::SeqCst);
    }

    async fn tell(&self, kind: MessageKind, severity: Severity, incident: &str) {
        self.channel.deliver(&delivery(kind, severity, incident)).await.unwrap();
    }

    /// State, reason and the reason's JSON of the alarm of a level.
    async fn alarm(&self, level: Level) -> (String, String, Value) {
        let name = name(&plan("p"), level);
        let alarms = self.client.alarms(&name).await.unwrap();
        let [alarm] = alarms.as_slice() else { panic!("{alarms:?}") };
        let data = serde_json::from_str(alarm.state_reason_data().unwrap()).unwrap();
        let state = alarm.state_value().unwrap().as_str().to_owned();
        (state, alarm.state_reason().unwrap().to_owned(), data)
    }

    async fn states(&self) -> (String, String) {
        (self.alarm(Level::Page).await.0, self.alarm(Level::Warn).await.0)
    }
}

fn states(page: &str, warn: &str) -> (String, String) {
    (page.to_owned(), warn.to_owned())
}

#[tokio::test]
async fn an_incident_is_an_alarm_until_the_last_of_its_severity_ends() {
    if is_again() {
        return;
    }
    let bench = Bench::start(Standing::default()).await;
    bench.tell(MessageKind::Raised, Severity::Page, "20261121T024837-head_stalled").await;
    let (state, reason, data) = bench.alarm(Level::Page).await;
    assert_eq!(state, "ALARM");
    assert_eq!(
        reason,
        "PAGE begins: The head does not move. Next step: See `eoskeeper status --why`. Seen: head \
         block #700 moved 14 s ago"
    );
    assert_eq!(data["incident"], "20261121T024837-head_stalled");
    assert_eq!(data["standing"], serde_json::json!(["20261121T024837-head_stalled"]));
    let sent = bench.moto.statistics("p", "IncidentsPage").await.unwrap();
    assert_eq!(sent, [1.0, 1.0, 1.0, 1.0], "the metric agrees at once");

    bench.tell(MessageKind::Raised, Severity::Page, "20261121T024900-api_down").await;
    bench.tell(MessageKind::Raised, Severity::Warn, "20261121T024901-peers_low").await;
    assert_eq!(bench.states().await, states("ALARM", "ALARM"));
    bench.pass_minutes(5);
    bench.tell(MessageKind::Resolved, Severity::Page, "20261121T024837-head_stalled").await;
    assert_eq!(bench.states().await, states("ALARM", "ALARM"), "another page stands");
    bench.pass_minutes(1);
    bench.tell(MessageKind::Resolved, Severity::Page, "20261121T024900-api_down").await;
    assert_eq!(bench.states().await, states("OK", "ALARM"));
    let (_, reason, _) = bench.alarm(Level::Page).await;
    assert!(reason.starts_with("PAGE is over: "), "{reason}");
    let [_, least, most, _] = bench.moto.statistics("p", "IncidentsPage").await.unwrap();
    assert_eq!((least, most), (0.0, 2.0));
    // The same message again, as after a restart in the middle: nothing changes.
    bench.tell(MessageKind::Resolved, Severity::Page, "20261121T024900-api_down").await;
    assert_eq!(bench.states().await, states("OK", "ALARM"));
}

#[tokio::test]
async fn an_incident_that_becomes_worse_changes_its_alarm() {
    if is_again() {
        return;
    }
    let bench = Bench::start(Standing::default()).await;
    bench.tell(MessageKind::Raised, Severity::Warn, "1").await;
    assert_eq!(bench.states().await, states("OK", "ALARM"));
    bench.pass_minutes(2);
    bench.tell(MessageKind::Changed, Severity::Page, "1").await;
    assert_eq!(bench.states().await, states("ALARM", "OK"));
    bench.pass_minutes(2);
    bench.tell(MessageKind::Resolved, Severity::Page, "1").await;
    assert_eq!(bench.states().await, states("OK", "OK"));
}

#[tokio::test]
async fn an_end_within_the_minute_it_was_sent_in_is_left_to_the_metric() {
    if is_again() {
        return;
    }
    let bench = Bench::start(Standing::default()).await;
    bench.tell(MessageKind::Raised, Severity::Page, "1").await;
    bench.tell(MessageKind::Resolved, Severity::Page, "1").await;
    // The minute's maximum is 1, and would put it back.
    assert_eq!(bench.states().await, states("ALARM", "OK"));
    let [_, least, most, count] = bench.moto.statistics("p", "IncidentsPage").await.unwrap();
    assert_eq!((least, most, count), (0.0, 1.0, 2.0));
}

#[tokio::test]
async fn what_stood_before_a_restart_still_counts() {
    if is_again() {
        return;
    }
    let standing = Standing::default();
    let before = ["1", "2"].map(|id| (id.to_owned(), Severity::Page));
    standing.restore(before);
    let bench = Bench::start(standing).await;
    bench.tell(MessageKind::Reminder, Severity::Page, "1").await;
    bench.pass_minutes(2);
    bench.tell(MessageKind::Resolved, Severity::Page, "1").await;
    assert_eq!(bench.states().await, states("ALARM", "OK"));
    bench.pass_minutes(2);
    bench.tell(MessageKind::Resolved, Severity::Page, "2").await;
    assert_eq!(bench.states().await, states("OK", "OK"));
}

#[tokio::test]
async fn a_long_and_hostile_message_is_cut_to_what_cloudwatch_takes() {
    if is_again() {
        return;
    }
    let bench = Bench::start(Standing::default()).await;
    let mut long = delivery(MessageKind::Raised, Severity::Page, "1");
    long.message.title = "\u{1b}[2J\"<b>链</b>&\u{0}".repeat(600);
    long.message.proof = vec!["证据\n".repeat(900); 12];
    bench.channel.deliver(&long).await.unwrap();
    let (state, reason, data) = bench.alarm(Level::Page).await;
    assert_eq!((state.as_str(), reason.chars().count()), ("ALARM", 1_023));
    assert!(!reason.contains(char::is_control));
    assert!(data.to_string().chars().count() <= 4_000);
    assert_eq!((&data["incident"], &data["proof"]), (&"1".into(), &Value::Null));
}

#[tokio::test]
async fn without_the_alarms_a_person_is_told_to_make_them() {
    if is_again() {
        return;
    }
    let moto = Moto::start().await;
    let (client, plan) = (Arc::new(client(&moto.url())), Arc::new(plan("none")));
    let wall = super::support::wall();
    let channel = CloudWatch::new(client, plan, Standing::default(), wall);
    let told = channel.deliver(&delivery(MessageKind::Raised, Severity::Page, "1")).await;
    match told {
        Err(DeliveryError::Refused(why)) => {
            assert!(why.contains("eoskeeper cloudwatch setup"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    let sent = moto.statistics("none", "IncidentsPage").await.unwrap();
    assert_eq!(sent[0], 1.0, "the metric says it all the same");
}
