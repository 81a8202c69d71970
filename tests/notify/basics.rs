//! The dispatcher with channels that fail in every way, and the channel that writes to the log.

use crate::own_log as log;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eoskeeper::actions::notify::{
    Channel, Counts, Dispatcher, QUEUE_NOTICES, SendError, Sending, log::Log as LogChannel,
};
use eoskeeper::core::action::{Notice, NoticeKind, Severity};
use eoskeeper::core::time::Timestamp;

const DEADLINE: Duration = Duration::from_secs(5);
const DRAIN: Duration = Duration::from_secs(600);

fn notice(key: &str, severity: Severity) -> Notice {
    Notice {
        key: key.to_owned(),
        kind: NoticeKind::Raised,
        severity,
        text: "eosstorebest has signed no block for 4 min 20 s".to_owned(),
        next_step: "look at node A".to_owned(),
        at: Timestamp::from_ms(1_795_229_317_098),
    }
}

/// How a channel behaves at each try; the last entry stands for all further ones.
#[derive(Clone, Copy)]
enum Try {
    Works,
    Passing,
    Lasting,
    Hangs,
}

struct Odd {
    tries: Vec<Try>,
    count: Arc<AtomicU32>,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Channel for Odd {
    fn name(&self) -> &'static str {
        "odd"
    }

    fn send<'a>(&'a self, notice: &'a Notice) -> Sending<'a> {
        Box::pin(async move {
            let at = self.count.fetch_add(1, Ordering::SeqCst) as usize;
            match self.tries[at.min(self.tries.len() - 1)] {
                Try::Works => {
                    self.sent.lock().unwrap().push(notice.key.clone());
                    Ok(())
                }
                Try::Passing => Err(SendError::Passing("busy".to_owned())),
                Try::Lasting => Err(SendError::Lasting("wrong key".to_owned())),
                Try::Hangs => std::future::pending().await,
            }
        })
    }
}

/// Sends two notices, lets time pass, and returns the counts, the tries and what was sent.
async fn run(tries: &[Try]) -> (Counts, u32, Vec<String>) {
    log::collect();
    let (count, sent) = (Arc::default(), Arc::default());
    let odd = Odd { tries: tries.to_vec(), count: Arc::clone(&count), sent: Arc::clone(&sent) };
    let dispatcher =
        Dispatcher::start(vec![Box::new(odd), Box::new(LogChannel::default())], DEADLINE);
    dispatcher.tell(notice("one", Severity::Page));
    dispatcher.tell(notice("two", Severity::Warn));
    let counts = dispatcher.drain(DRAIN).await;
    let sent = sent.lock().unwrap().clone();
    (counts, count.load(Ordering::SeqCst), sent)
}

#[tokio::test(start_paused = true)]
async fn trying_again_is_for_what_may_pass() {
    use Try::{Hangs, Lasting, Passing, Works};
    for (case, tries, failed, count, sent) in [
        ("works", &[Works][..], 0, 2, &["one", "two"][..]),
        ("works at the second", &[Passing, Works], 0, 3, &["one", "two"]),
        ("works at the third", &[Passing, Hangs, Works], 0, 4, &["one", "two"]),
        ("lasting", &[Lasting, Works], 1, 2, &["two"]),
        ("down, then up", &[Passing, Passing, Passing, Works], 1, 4, &["two"]),
        ("hangs for ever", &[Hangs], 2, 6, &[]),
    ] {
        let (counts, tried, got) = run(tries).await;
        // The log channel sends both, whatever the other does.
        let expected = Counts { sent: 2 + sent.len() as u64, failed, dropped: 0 };
        assert_eq!((counts, tried), (expected, count), "{case}");
        assert_eq!(got, sent, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_hangs_fills_its_own_queue_only() {
    log::collect();
    let odd = Odd { tries: vec![Try::Hangs], count: Arc::default(), sent: Arc::default() };
    let dispatcher =
        Dispatcher::start(vec![Box::new(odd), Box::new(LogChannel::default())], DEADLINE);
    let told = 2 * QUEUE_NOTICES as u64;
    for _ in 0..told {
        dispatcher.tell(notice("again", Severity::Info));
        tokio::task::yield_now().await;
    }
    // One is being sent, and the queue holds its bound.
    let waiting = QUEUE_NOTICES as u64 + 1;
    assert_eq!(dispatcher.counts(), Counts { sent: told, failed: 0, dropped: told - waiting });
    // And it does not hold up the end either.
    let counts = dispatcher.drain(Duration::from_secs(1)).await;
    assert_eq!(counts.sent, told);
}

#[tokio::test]
async fn the_log_channel_writes_one_structured_line_each() {
    log::collect();
    for (severity, kind) in [
        (Severity::Info, NoticeKind::Told),
        (Severity::Warn, NoticeKind::Resolved),
        (Severity::Page, NoticeKind::Raised),
    ] {
        let notice = Notice { kind, ..notice("producer_missing", severity) };
        assert_eq!(LogChannel::default().send(&notice).await, Ok(()));
    }
    let lines = log::lines();
    let of = |line: &serde_json::Value| {
        ["kind", "severity"].map(|name| line["fields"][name].as_str().unwrap().to_owned())
    };
    let levels: Vec<_> = lines.iter().map(|line| line["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["INFO", "INFO", "ERROR"]);
    assert_eq!(
        lines.iter().map(of).collect::<Vec<_>>(),
        [["told", "info"], ["resolved", "warn"], ["raised", "page"]]
    );
    for line in &lines {
        assert_eq!(line["target"], "alarm");
        assert_eq!(line["fields"]["key"], "producer_missing");
        assert_eq!(line["fields"]["text"], "eosstorebest has signed no block for 4 min 20 s");
        assert_eq!(line["fields"]["next_step"], "look at node A");
        assert_eq!(line["fields"]["at"], "2026-11-21T02:48:37.098");
    }
}
