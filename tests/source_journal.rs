//! The journal as a log source, against a real journald with its own `/run` and `/var/log`.

#[path = "source_support/journald.rs"]
mod journald;
#[path = "source_support/received.rs"]
mod received;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use eoskeeper::core::event::{LogSourceEvent, Replacement};
use eoskeeper::core::time::Timestamp;
use eoskeeper::sources::journal::{self, Journal, follow};
use eoskeeper::sources::window::LineWindow;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use journald::{Journald, UNIT};
use received::Received;

/// A source and what it sends.
struct Followed {
    received: Received,
    stop: CancellationToken,
}

impl Followed {
    async fn of(journal: Journal) -> Self {
        let mut followed = Self::begun(journal);
        followed.received.following().await;
        followed
    }

    fn begun(journal: Journal) -> Self {
        let (tx, rx) = mpsc::channel(16);
        let stop = CancellationToken::new();
        tokio::spawn(follow(UNIT.to_owned(), journal, tx, stop.clone()));
        Self { received: Received::new(rx), stop }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A journal with an old line, and a source that follows it.
async fn followed() -> (Journald, Followed) {
    let journald = Journald::start("");
    journald.stream(UNIT).say(b"old\n");
    journald.until_has("old").await;
    let log = Followed::of(journald.journal()).await;
    (journald, log)
}

#[tokio::test(flavor = "multi_thread")]
async fn begins_at_the_end_and_gives_each_byte() {
    let (journald, mut log) = followed().await;
    let mut nodeos = journald.stream(UNIT);
    nodeos.say(b"one\n two\xff\xfe\n");
    // Over journald's LineMax, in parts; and one as long as nodeos's longest.
    let (long, longest) = ("x".repeat(100_000), "y".repeat(1024 * 1024));
    nodeos.say(format!("{long}\n{longest}\nlast words").as_bytes());
    drop(nodeos);
    log.received.count(5).await;
    let lines: [&[u8]; 5] =
        [b"one", b" two\xff\xfe", long.as_bytes(), longest.as_bytes(), b"last words"];
    assert!(log.received.lines == lines, "{:?}", log.received.texts().iter().map(String::len));
    assert_eq!(log.received.events.len(), 1, "{:?}", log.received.events);

    let last = journal::last(UNIT, &journald.journal(), 100).await.unwrap();
    assert_eq!((last.len(), &last[0][..]), (6, &b"old"[..]), "what check is shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn rotation_vacuum_and_a_new_journald_lose_and_repeat_nothing() {
    let (mut journald, mut log) = followed().await;
    let (mut wanted, mut kept) = (Vec::new(), BTreeSet::new());
    for (round, what) in ["rotate", "vacuum", "restart", "rotate"].into_iter().enumerate() {
        let mut nodeos = journald.stream(UNIT);
        for number in 0..200 {
            let line = format!("line {number} before {what} {round}");
            nodeos.say(format!("{line}\n").as_bytes());
            wanted.push(line);
            if number == 100 {
                match what {
                    "rotate" => journald.rotate().await,
                    "vacuum" => {
                        // What was not read when it was vacuumed is in no journal any more.
                        log.received.line(wanted.last().unwrap()).await;
                        keep(&journald, &mut kept).await;
                        journald.rotate().await;
                        journald.vacuum();
                    }
                    _ => {
                        log.received.line(wanted.last().unwrap()).await;
                        drop(nodeos);
                        journald.restart();
                        nodeos = journald.stream(UNIT);
                    }
                }
            }
        }
        log.received.line(wanted.last().unwrap()).await;
        keep(&journald, &mut kept).await;
    }
    // Now and then this journald stores some lines in a row not at all, and says nothing of it.
    let stored: Vec<_> = wanted.iter().filter(|line| kept.contains(*line)).cloned().collect();
    assert!(stored.len() * 10 >= wanted.len() * 9, "{} of {} stored", stored.len(), wanted.len());
    assert_eq!(log.received.texts(), stored);
}

/// Adds what the journal has.
async fn keep(journald: &Journald, kept: &mut BTreeSet<String>) {
    let lines = journal::last(UNIT, &journald.journal(), 1000).await.unwrap();
    kept.extend(lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journalctl_that_ends_is_begun_anew_where_it_was() {
    let (journald, mut log) = followed().await;
    let mut nodeos = journald.stream(UNIT);
    nodeos.say(b"before\n");
    log.received.line("before").await;
    for round in 0..3 {
        journald.kill_readers();
        nodeos.say(format!("meanwhile {round}\n").as_bytes());
        log.received.line(&format!("meanwhile {round}")).await;
    }
    log.received.replaced(Replacement::Reconnected).await;
    nodeos.say(b"after\n");
    log.received.line("after").await;
    assert_eq!(
        log.received.texts(),
        ["before", "meanwhile 0", "meanwhile 1", "meanwhile 2", "after"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_vacuumed_unread_is_a_loss() {
    let (journald, mut log) = followed().await;
    let mut nodeos = journald.stream(UNIT);
    nodeos.say(b"before\n");
    log.received.line("before").await;
    journald.stop_readers();
    nodeos.say(b"removed\n");
    journald.until_has("removed").await;
    journald.rotate().await;
    journald.vacuum();
    nodeos.say(b"after\n");
    log.received.line("after").await;
    assert_eq!(log.received.texts(), ["before", "after"]);
    let lost = |event: &LogSourceEvent| matches!(event, LogSourceEvent::Lost { why, .. } if why.contains("SystemMaxUse="));
    assert!(log.received.events.iter().any(|(_, e)| lost(e)), "{:?}", log.received.events);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journalctl_that_hangs_is_noticed() {
    let (journald, mut log) = followed().await;
    let mut nodeos = journald.stream(UNIT);
    nodeos.say(b"before\n");
    log.received.line("before").await;
    journald.stop_readers();
    nodeos.say(b"unheard\n");
    log.received.line("unheard").await;
    assert_eq!(log.received.texts(), ["before", "unheard"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_journald_dropped_are_a_loss() {
    let journald = Journald::start("RateLimitIntervalSec=2s\nRateLimitBurst=10\n");
    let mut log = Followed::of(journald.journal()).await;
    let mut nodeos = journald.stream(UNIT);
    for number in 0..2_000 {
        nodeos.say(format!("line {number}\n").as_bytes());
    }
    // journald says it with the first line it takes again.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    nodeos.say(b"after\n");
    log.received.line("after").await;
    let lost: Vec<&String> = log
        .received
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            LogSourceEvent::Lost { why, .. } => Some(why),
            _ => None,
        })
        .collect();
    // One for each interval of the limit; not all 2,000, since this journald loses some lines in a row
    // now and then and does not count them.
    let count = |why: &&String| why.split(' ').nth(2).unwrap().parse::<usize>().unwrap();
    let dropped: Vec<usize> = lost.iter().map(count).collect();
    assert_eq!(dropped, journald.dropped(), "{lost:?}");
    assert!(dropped.iter().sum::<usize>() > 1_000, "{lost:?}");
    let stored = journal::last(UNIT, &journald.journal(), 3_000).await.unwrap();
    let stored: Vec<_> = stored.iter().map(|line| String::from_utf8_lossy(line)).collect();
    assert_eq!(log.received.texts(), stored);
    assert!(lost[0].contains("LogRateLimitIntervalSec=0"), "{lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_named() {
    let absent = Journal { program: "/nonexistent/journalctl".into(), arguments: Vec::new() };
    let dir = tempfile::tempdir().unwrap();
    let says = |name: &str, script: &str| {
        let program = dir.path().join(name);
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Journal { program, arguments: Vec::new() }
    };
    let nowhere = Journal {
        arguments: vec![format!("--directory={}", dir.path().join("none").display()).into()],
        ..Journal::default()
    };
    let hidden = "echo 'No journal files were opened due to insufficient permissions.' >&2; exit 1";
    for (journal, words) in [
        (absent, "needs systemd's journal"),
        (nowhere, "No such file or directory"),
        (says("hidden", hidden), "add it to the group systemd-journal"),
        (says("hangs", "exec sleep 60"), "did not end within 5 s"),
    ] {
        let mut log = Followed::begun(journal.clone());
        log.received.unavailable(words).await;
        let why = journal::last(UNIT, &journal, 10).await.unwrap_err();
        assert!(why.contains(words), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_of_the_past_is_read_again() {
    let journald = Journald::start("");
    let mut nodeos = journald.stream(UNIT);
    nodeos.say(b"early\nlate\n");
    journald.until_has("late").await;
    let now = eoskeeper::clock::Clock::start().now().wall;
    let span = (now.plus_ms(-60_000), now.plus_ms(60_000));
    let mut window = LineWindow::new(span, now, 1 << 20);
    journal::window(UNIT, &journald.journal(), &mut window, journal::DEADLINE).await.unwrap();
    assert_eq!(String::from_utf8(window.finish().0).unwrap(), "early\nlate\n");
    let past = (Timestamp::from_ms(1_000), Timestamp::from_ms(2_000));
    let mut window = LineWindow::new(past, past.0, 1 << 20);
    journal::window(UNIT, &journald.journal(), &mut window, journal::DEADLINE).await.unwrap();
    assert_eq!(window.finish().1.lines, 0);
}
