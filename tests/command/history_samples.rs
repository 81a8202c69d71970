//! Samples, turns, incidents and notifications: what is kept, how it is thinned, bounded and read.

use std::path::Path;
use std::time::Instant;

use eoskeeper::core::action::Severity;
use eoskeeper::core::keeper::Keeper;
use eoskeeper::core::ledger::{Loss, Proof, SettledTurn};
use eoskeeper::core::name::Name;
use eoskeeper::core::sample::{
    DiskSample, HostSample, HourSample, PoolHour, PoolSample, Sample, Spread,
};
use eoskeeper::core::settings::{Role, Settings};
use eoskeeper::core::time::{Now, Timestamp};
use eoskeeper::history::record::{IncidentRow, Notification, Record};
use eoskeeper::history::store::{Bounds, History, Past, Store};

/// 2026-11-21T00:00:00.
const START: i64 = 1_795_219_200_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const ALL: (Timestamp, Timestamp) = (Timestamp::from_ms(i64::MIN), Timestamp::from_ms(i64::MAX));

fn producer() -> Name {
    "eosstorebest".parse().unwrap()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(START + ms)
}

/// The sample of a moment, with everything a host tells.
fn sample(ms: i64) -> Sample {
    let n = u32::try_from(ms / 10_000).unwrap();
    Sample {
        at: at(ms),
        head: Some(1000 + 20 * n),
        lib: Some(1000 + 20 * n - 330),
        head_age_ms: Some(i64::from(n % 7) * 100 - 50),
        best: Some(1000 + 20 * n + n % 5),
        median: Some(1000 + 20 * n),
        agree: 3,
        references: 3,
        own_age_ms: Some(u64::from(n % 13) * 10_000),
        producing: true,
        peers: Some(25),
        incidents: 0,
        host: Some(HostSample {
            cpu_permille: Some(n % 1000),
            memory_permille: Some(640),
            swap_permille: None,
            disks: vec![
                DiskSample { name: "data".into(), used_permille: 712, free_bytes: 1 << 38 },
                DiskSample { name: "state".into(), used_permille: 333, free_bytes: 1 << 36 },
            ],
            open_files: Some((512, 65_536)),
            clock_offset_ms: Some(-3),
        }),
    }
}

fn turn(ms: i64, missed: u16) -> SettledTurn {
    SettledTurn {
        met: 0xfff & !missed,
        missed,
        here: 0xfff & !missed,
        losses: match missed {
            0 => Vec::new(),
            slots => vec![Loss { cause: "process_ended".to_owned(), slots }],
        },
        proof: Proof::Chain,
        ..SettledTurn::not_watched((at(ms), at(ms)), 1, producer(), at(ms + 180_000))
    }
}

fn incident(n: i64, ended: Option<i64>) -> IncidentRow {
    IncidentRow {
        id: format!("20261121T{n:06}-api_down"),
        cause: "api_down".to_owned(),
        severity: Severity::Page,
        began: at(n * 1000),
        ended: ended.map(|n| at(n * 1000)),
        title: "The node's RPC gave no usable answer several times in a row.".to_owned(),
        proof: vec!["connection refused".to_owned(), "\"ü\" <b>".to_owned()],
        changed: at(n * 1000),
    }
}

fn store(dir: &Path) -> Store {
    let store = Store::open(dir).unwrap();
    store.load(producer()).unwrap();
    store
}

fn write(store: &Store, records: impl IntoIterator<Item = Record>) {
    store.write(&records.into_iter().collect::<Vec<_>>(), &Bounds::DEFAULT).unwrap();
}

fn look<T>(dir: &Path, ask: impl FnOnce(&Past<'_>) -> T) -> T {
    let history = History::open(dir).unwrap().expect("a history");
    ask(&history.past())
}

/// Every sample of some hours, an hour a write.
fn write_hours(store: &Store, hours: std::ops::Range<i64>) {
    for hour in hours {
        let samples = (0..360).map(|n| hour * HOUR_MS + n * 10_000);
        write(store, samples.map(|ms| Record::Sample(Box::new(sample(ms)))));
    }
}

#[test]
fn records_come_back_as_they_were_written_and_by_pages() {
    let temp = tempfile::tempdir().unwrap();
    let store = store(temp.path());
    let samples: Vec<Sample> = (0..500).map(|n| sample(n * 10_000)).collect();
    for some in samples.chunks(16) {
        write(&store, some.iter().map(|s| Record::Sample(Box::new(s.clone()))));
    }
    let turns: Vec<SettledTurn> =
        (0..50).map(|n| turn(n * 126_000, if n % 10 == 0 { 0x801 } else { 0 })).collect();
    write(&store, turns.iter().cloned().map(Record::Turn));
    write(&store, [Record::Turn(SettledTurn { met: 0, ..turns[3].clone() })]);
    write(&store, [Record::Incident(incident(10, None)), Record::Incident(incident(20, None))]);
    write(&store, [Record::Incident(incident(10, Some(70)))]);
    let sent = |n: i64| Notification {
        at: at(n),
        channel: "telegram".to_owned(),
        message: format!("m#{n}"),
        incident: incident(10, None).id,
        kind: "raised".to_owned(),
        outcome: "sent".to_owned(),
    };
    write(&store, (0..5).map(|n| Record::Notification(sent(n))));

    look(temp.path(), |past| {
        assert_eq!(past.samples(ALL, 10_000).unwrap(), samples);
        let page = past.samples((at(100_000), at(200_000)), 4).unwrap();
        assert_eq!(page, samples[10..14]);
        let next = past.samples((page[3].at.plus_ms(1), at(200_000)), 100).unwrap();
        assert_eq!(next, samples[14..20], "until is not included");
        assert_eq!(past.turns(ALL, 1000).unwrap(), turns, "a turn is settled once");
        assert_eq!(past.last_turn(producer(), at(130_000)).unwrap(), Some(turns[1].clone()));
        assert_eq!(past.last_turn("other".parse().unwrap(), ALL.1).unwrap(), None);
        let summary = past.ledger(ALL).unwrap();
        assert_eq!((summary.turns, summary.missed, summary.turns_met), (50, 10, 45));
        let incidents = past.incidents(ALL, 10).unwrap();
        assert_eq!(incidents, [incident(10, Some(70)), incident(20, None)]);
        let standing = past.incidents((at(71_000), at(72_000)), 10).unwrap();
        assert_eq!(standing, [incident(20, None)], "only what stood then");
        let found = past.incidents_with("20261121T000010", 5).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(past.incidents_with("20261121T", 1).unwrap(), [incident(20, None)]);
        let of = past.notifications(ALL, Some(&incident(10, None).id), 3).unwrap();
        assert_eq!(of, [sent(2), sent(3), sent(4)], "the last");
        assert_eq!(past.notifications(ALL, Some("another"), 3).unwrap(), []);
    });
    let through_store = store.past(|past| past.samples(ALL, 3)).unwrap();
    assert_eq!(through_store, samples[..3], "the keeper itself asks the open file");
}

#[test]
fn samples_over_a_week_old_become_hours() {
    let temp = tempfile::tempdir().unwrap();
    let store = store(temp.path());
    write_hours(&store, 0..(7 * 24 + 6));
    look(temp.path(), |past| {
        let hours = past.hours(ALL, 100).unwrap();
        assert_eq!(hours.len(), 5, "each of which is over a week old as a whole");
        let expected: Vec<Sample> = (0..360).map(|n| sample(HOUR_MS + n * 10_000)).collect();
        assert_eq!(hours[1], HourSample::of(at(HOUR_MS), &expected));
        assert_eq!(hours[1].samples, 360);
        assert_eq!(hours[1].lag, Some(Spread { min: 0, max: 4, mean: 2 }));
        assert_eq!(hours[1].cpu_permille, Some(Spread { min: 360, max: 719, mean: 539 }));
        assert_eq!(hours[1].disk_permille, Some(Spread { min: 712, max: 712, mean: 712 }));
        assert_eq!(hours[1].swap_permille, None, "what no sample has");
        assert_eq!(past.oldest_sample().unwrap(), Some(at(5 * HOUR_MS)));
        let left = past.samples((at(0), at(6 * HOUR_MS)), 1000).unwrap();
        assert_eq!(left.len(), 360, "an hour is there once, thinned or not");
    });
}

/// What the pool answered in a minute.
fn answer(minute: i64) -> PoolSample {
    PoolSample {
        at: at(minute * 60_000 + 250),
        online: 118 - u32::try_from(minute % 3).unwrap(),
        offline: u32::try_from(minute % 3).unwrap(),
        // More than a signed number of 64 bits holds.
        hashrate: u64::MAX - u64::try_from(minute % 60).unwrap(),
        floor: Some(u64::MAX - 10),
    }
}

#[test]
fn what_the_pool_answered_is_kept_for_a_week_and_then_in_the_hours() {
    let temp = tempfile::tempdir().unwrap();
    let store = store(temp.path());
    let hours = 7 * 24 + 6;
    for hour in 0..hours {
        let answers = (hour * 60..(hour + 1) * 60).filter(|minute| minute / 60 != 2);
        write(&store, answers.map(|minute| Record::Pool(answer(minute))));
    }
    look(temp.path(), |past| {
        let day = past.pool((at(0), at(DAY_MS)), 10_000).unwrap();
        assert_eq!(day.len(), 23 * 60, "each answer, without the hour of silence");
        let page = past.pool((at(60_000), at(600_000)), 3).unwrap();
        assert_eq!(page, [answer(1), answer(2), answer(3)], "as they were written");
    });
    write_hours(&store, 0..hours);
    look(temp.path(), |past| {
        let hours = past.hours(ALL, 100).unwrap();
        let first = PoolHour {
            answers: 60,
            below: 49,
            online: Spread { min: 116, max: 118, mean: 117 },
            offline: Spread { min: 0, max: 2, mean: 1 },
            hashrate_min: u64::MAX - 59,
            hashrate_max: u64::MAX,
            floor: Some(u64::MAX - 10),
        };
        assert_eq!(hours[0].pool, Some(first));
        assert_eq!(hours[2].pool, None, "an hour in which the pool was silent");
        let left = past.pool(ALL, 10_000).unwrap();
        assert_eq!(left.first(), Some(&answer(5 * 60)), "the rest is under a week old");
    });
}

#[test]
fn a_file_that_is_too_large_loses_old_samples_and_keeps_a_day_of_them_and_the_rest() {
    let temp = tempfile::tempdir().unwrap();
    let store = store(temp.path());
    write_hours(&store, 0..25);
    write(&store, (0..5).map(|n| Record::Turn(turn(n * 126_000, 0xfff))));
    write(&store, [Record::Incident(incident(10, Some(20)))]);
    let bounds = Bounds { bytes: 100_000, ..Bounds::DEFAULT };
    for n in 9_000..9_020 {
        let records = [
            Record::Sample(Box::new(sample(n * 10_000))),
            Record::Turn(turn(n * 126_000, 0)),
            Record::Incident(incident(n, Some(n + 1))),
        ];
        store.write(&records, &bounds).unwrap();
    }
    look(temp.path(), |past| {
        let samples = past.samples(ALL, 10_000).unwrap();
        assert_eq!(samples.len(), 8_640, "a day");
        assert_eq!(samples.last(), Some(&sample(9_019 * 10_000)), "the newest");
        assert_eq!(past.turns(ALL, 100).unwrap().len(), 25, "few, and dear");
        assert_eq!(past.incidents(ALL, 100).unwrap().len(), 21);
    });
}

#[test]
fn a_file_of_an_earlier_eoskeeper_has_no_samples_and_gets_them_at_the_next_start() {
    let temp = tempfile::tempdir().unwrap();
    drop(store(temp.path()));
    let path = temp.path().join("state.sqlite");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(
        "DROP TABLE samples; DROP TABLE hours; DROP TABLE turns; DROP TABLE incidents;
         DROP TABLE notifications; DROP INDEX history_incident; DROP TABLE outbox;
         DROP TABLE shown; DROP TABLE kept; DROP TABLE pool; PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(raw);
    look(temp.path(), |past| {
        assert_eq!(past.samples(ALL, 10).unwrap(), []);
        assert_eq!(past.turns(ALL, 10).unwrap(), []);
        assert_eq!(past.incidents(ALL, 10).unwrap(), []);
        assert_eq!(past.pool(ALL, 10).unwrap(), []);
        assert_eq!(past.oldest_sample().unwrap(), None);
    });
    let store = store(temp.path());
    write(&store, [Record::Sample(Box::new(sample(0)))]);
    look(temp.path(), |past| assert_eq!(past.samples(ALL, 10).unwrap(), [sample(0)]));
}

#[test]
fn a_sample_is_what_the_status_says() {
    let keeper = Keeper::new(Settings::new(Role::Active, producer()), Now::default(), Ok(None));
    let mut status = keeper.status(Now::default().plus_ms(5_000));
    let empty = Sample::of(&status);
    assert_eq!((empty.head, empty.best, empty.median, empty.agree), (None, None, None, 0));
    assert_eq!((empty.own_age_ms, empty.producing, empty.host), (None, true, None));
    status.chain.head = Some(100);
    assert_eq!(Sample::of(&status).head, None, "the node does not answer: that was before");
    status.node.api_answers = true;
    status.host = sample(0).host;
    use eoskeeper::core::evidence::references::Standing;
    use eoskeeper::core::status::ReferenceStatus;
    let reference = |standing, head| ReferenceStatus {
        name: "x".to_owned(),
        standing,
        head,
        failure: None,
        lag_blocks: None,
    };
    status.references = vec![
        reference(Some(Standing::Agrees), Some(101)),
        reference(Some(Standing::Ahead), Some(140)),
        reference(Some(Standing::Behind), Some(60)),
        reference(Some(Standing::Silent), Some(999_999)),
        reference(Some(Standing::OtherChain), Some(888_888)),
        reference(None, None),
    ];
    let sample = Sample::of(&status);
    assert_eq!((sample.best, sample.median), (Some(140), Some(101)), "of those that count");
    assert_eq!((sample.agree, sample.references, sample.lag()), (1, 6, Some(40)));
    assert_eq!(sample.host.unwrap().disks.len(), 2);
}

/// `cargo test --test command history_samples -- --ignored --nocapture`: what doc/history.md says of sizes.
#[test]
#[ignore = "minutes: measures the file of a week and of a year"]
fn the_size_of_the_file() {
    for (name, days) in [("a week", 7_i64), ("a year", 365)] {
        let temp = tempfile::tempdir().unwrap();
        let store = store(temp.path());
        let began = Instant::now();
        write_hours(&store, 0..days * 24);
        let turns: Vec<i64> = (0..days * DAY_MS / 126_000).collect();
        for some in turns.chunks(1_000) {
            let missed = |n: &i64| if n % 50 == 0 { 0x00f } else { 0 };
            write(&store, some.iter().map(|n| Record::Turn(turn(n * 126_000, missed(n)))));
        }
        for n in 0..days * 2 {
            write(&store, [Record::Incident(incident(n * 40_000, Some(n * 40_000 + 60)))]);
        }
        let bytes = std::fs::metadata(temp.path().join("state.sqlite")).unwrap().len();
        let took = began.elapsed();
        let asked = Instant::now();
        let rows = store.past(|past| past.samples(ALL, 10_000)).unwrap().len();
        let page = asked.elapsed();
        let asked = Instant::now();
        write(&store, [Record::Sample(Box::new(sample(days * DAY_MS)))]);
        println!(
            "{name}: {:.1} MiB; written in {took:.0?}; {rows} samples read in {page:.0?}; \
             one more written in {:.1?}",
            bytes as f64 / 1_048_576.0,
            asked.elapsed()
        );
        assert!(bytes < 100 * 1024 * 1024, "{name}: {bytes}");
    }
}
