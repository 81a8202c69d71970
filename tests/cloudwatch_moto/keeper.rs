//! The running keeper reports: every metric with its dimensions, and the last of it on SIGTERM.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use eoskeeper::actions::cloudwatch::aggregator::Aggregator;
use eoskeeper::actions::cloudwatch::client::metric_datum;
use eoskeeper::actions::cloudwatch::metric::Metric;
use eoskeeper::actions::cloudwatch::publisher::Publisher;
use eoskeeper::actions::cloudwatch::standing::Standing;
use eoskeeper::actions::cloudwatch::{Plan, Resolution, Selection};
use eoskeeper::core::action::Severity;
use eoskeeper::core::sample::{DiskSample, HostSample};
use eoskeeper::core::status::Status;
use eoskeeper::core::time::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::alarms::{eoskeeper, host};
use super::moto::{Moto, value_of};
use super::support::{client, is_again, plan, status, wall};
use super::wait_for;

/// A keeper that is ended when the test is.
struct Keeper(Child);

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_running_keeper_sends_its_heartbeat_and_on_sigterm_the_last_of_it() {
    let moto = Moto::start().await;
    let host = host(&moto, "interval_seconds = 2\nnamespace = run\n");
    let command = &mut eoskeeper(host.path());
    let command = command.args(["run", "-c", "config.ini"]).stderr(Stdio::null());
    let mut keeper = Keeper(command.spawn().unwrap());
    let [sum, ..] =
        wait_for("a heartbeat", async || moto.statistics("run", "Heartbeat").await).await;
    assert!(sum >= 1.0);

    let metrics = moto.ask("ListMetrics", &[("Namespace", "run")]).await;
    for (name, value) in
        [("chain", "eos"), ("producer", "eosstorebest"), ("node", "tokyo-2"), ("role", "F")]
    {
        assert!(metrics.contains(&format!("<Value>{value}</Value>")), "{name}: {metrics}");
        assert!(metrics.contains(&format!("<Name>{name}</Name>")), "{name}: {metrics}");
    }
    assert!(metrics.contains("<MetricName>MissedRounds</MetricName>"), "{metrics}");

    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let before = moto.statistics("run", "Heartbeat").await.unwrap()[0];
    Command::new("kill").arg(keeper.0.id().to_string()).status().unwrap();
    let ended = keeper.0.wait().unwrap();
    assert!(ended.success(), "{ended}");
    let after = moto.statistics("run", "Heartbeat").await.unwrap()[0];
    assert!(after > before, "what was seen since the last request was sent: {before} {after}");
}

#[tokio::test]
async fn an_incident_of_a_running_keeper_sets_an_alarm_and_the_metric_agrees() {
    let moto = Moto::start().await;
    let host = host(&moto, "interval_seconds = 2\nnamespace = run\n");
    let set_up = eoskeeper(host.path()).args(["cloudwatch", "setup"]).output().unwrap();
    assert!(set_up.status.success(), "{set_up:?}");
    // Nothing listens at its http_port: its RPC is down.
    let command = &mut eoskeeper(host.path());
    let command = command.args(["run", "-c", "config.ini"]).stderr(Stdio::null());
    let _keeper = Keeper(command.spawn().unwrap());
    let alarms = wait_for("an alarm", async || {
        let alarms = moto.ask("DescribeAlarms", &[("StateValue", "ALARM")]).await;
        alarms.contains("<StateValue>ALARM</StateValue>").then_some(alarms)
    })
    .await;
    assert!(alarms.contains(" begins: "), "{alarms}");
    let metric = value_of(&alarms, "MetricName").unwrap();
    let [_, _, most, _] =
        wait_for("its metric", async || moto.statistics("run", metric).await).await;
    assert!(most >= 1.0, "{metric} {most}");
}

#[tokio::test]
async fn a_test_sets_an_alarm() {
    let moto = Moto::start().await;
    let host = host(&moto, "");
    let run = |arguments: &[&str]| eoskeeper(host.path()).args(arguments).output().unwrap();
    assert!(run(&["cloudwatch", "setup"]).status.success());
    for (severity, end) in [("info", "/warn"), ("page", "/page")] {
        let tried = run(&["notify", "--test", "cloudwatch", "--severity", severity]);
        assert!(tried.status.success(), "{tried:?}");
        let alarms = moto.ask("DescribeAlarms", &[("StateValue", "ALARM")]).await;
        assert!(alarms.contains(&format!("tokyo-2{end}</AlarmName>")), "{severity}: {alarms}");
    }
}

/// A status with everything known.
fn full(at: Timestamp) -> Status {
    let mut status = status(at);
    status.chain.head = Some(700);
    status.chain.lib = Some(400);
    status.chain.head_age_ms = Some(400);
    status.node.peers = Some(9);
    let disk = DiskSample { name: "data".to_owned(), used_permille: 910, free_bytes: 1 };
    status.host = Some(HostSample {
        cpu_permille: Some(815),
        memory_permille: Some(400),
        swap_permille: Some(0),
        disks: vec![disk],
        open_files: None,
        clock_offset_ms: None,
    });
    status
}

#[tokio::test]
async fn everything_a_status_says_arrives() {
    if is_again() {
        return;
    }
    let moto = Moto::start().await;
    let standing = Standing::default();
    standing.restore([("1".to_owned(), Severity::Page)]);
    // A minute that is over, so that the number of incidents is told too.
    let begun = Timestamp::from_ms(wall()().ms() / 60_000 * 60_000 - 120_000);
    let (show, shown) = watch::channel(Arc::new(full(begun)));
    let publisher = Publisher {
        client: Arc::new(client(&moto.url())),
        plan: Arc::new(Plan { interval: Duration::from_secs(1), ..plan("all") }),
        standing,
        shown,
        wall: wall(),
    };
    let stop = CancellationToken::new();
    let running = tokio::spawn(publisher.run(stop.clone()));
    for second in 1..=30 {
        show.send_replace(Arc::new(full(begun.plus_ms(second * 1_000))));
        tokio::task::yield_now().await;
    }
    wait_for("the metrics", async || moto.statistics("all", "DiskUsed").await).await;
    stop.cancel();
    running.await.unwrap();
    for (metric, sum, least, most, count) in [
        ("Heartbeat", 30.0, 1.0, 1.0, 30.0),
        ("HeadBlock", 21_000.0, 700.0, 700.0, 30.0),
        ("LibBlock", 12_000.0, 400.0, 400.0, 30.0),
        ("CpuUsed", 2_445.0, 81.5, 81.5, 30.0),
        ("DiskUsed", 2_730.0, 91.0, 91.0, 30.0),
        ("SwapUsed", 0.0, 0.0, 0.0, 30.0),
        ("IncidentsPage", 1.0, 1.0, 1.0, 1.0),
        ("IncidentsWarn", 0.0, 0.0, 0.0, 1.0),
    ] {
        let sent = moto.statistics("all", metric).await;
        assert_eq!(sent, Some([sum, least, most, count]), "{metric}");
    }
}

#[tokio::test]
async fn a_compressed_request_is_taken() {
    if is_again() {
        return;
    }
    let moto = Moto::start().await;
    let plan = plan("large");
    let mut aggregator = Aggregator::new(Resolution::Second, Selection::All);
    let begun = Timestamp::from_ms(wall()().ms() / 60_000 * 60_000 - 120_000);
    for second in 0..5 {
        aggregator.observe(begun.plus_ms(second * 1_000), &[Some(0.25); Metric::COUNT], None);
    }
    aggregator.flush(begun.plus_ms(60_000));
    let batch = aggregator.take().unwrap();
    // More than the 10 KiB below which the SDK compresses nothing.
    assert_eq!(batch.len(), 5 * 13 + 3);
    let data = batch
        .data()
        .map(|d| metric_datum(&plan, d.metric, d.resolution, Some(d.at.ms()), d.statistic))
        .collect();
    client(&moto.url()).put(&plan, data).await.unwrap();
    let sent = moto.statistics("large", "Peers").await.unwrap();
    assert_eq!(sent, [1.25, 0.25, 0.25, 5.0]);
}
