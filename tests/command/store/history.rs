//! The history: what is kept, how much of it, and how it is read.

use eoskeeper::core::action::LatchStage;
use eoskeeper::core::time::Timestamp;
use eoskeeper::history::entry::{Entry, What};
use eoskeeper::history::store::{Bounds, History, Store, StoreError};
use serde_json::json;

use super::{latch, producer};

/// The entry of second `n`.
pub fn entry(n: i64) -> Entry {
    Entry {
        at: Timestamp::from_ms(n * 1000),
        what: What::Decision,
        kind: "hold".to_owned(),
        hold: (n % 2 == 0).then(|| "producer_seen".to_owned()),
        sentence: format!("Entry {n}: \"ü\"."),
        incident: format!("20261121T024837-{n}"),
        evidence: json!({ "n": n, "gates": [{ "name": "chain", "closed": null }], "pad": "x".repeat(500) }),
    }
}

fn read(dir: &std::path::Path, since: i64, count: u32) -> Vec<Entry> {
    let mut all = Vec::new();
    let history = History::open(dir).unwrap().expect("a history");
    let since = Timestamp::from_ms(since);
    history
        .last(since, count, |entry| {
            all.push(entry.clone());
            true
        })
        .unwrap();
    all
}

fn entries(numbers: std::ops::Range<i64>) -> Vec<Entry> {
    numbers.map(entry).collect()
}

#[test]
fn entries_come_back_as_they_were_and_in_order() {
    let temp = tempfile::tempdir().unwrap();
    assert!(History::open(temp.path()).unwrap().is_none());
    let store = Store::open(temp.path()).unwrap();
    assert!(store.append(&entries(0..1), &Bounds::DEFAULT).is_err(), "nobody looked at the state");
    store.load(producer()).unwrap();
    assert_eq!(read(temp.path(), 0, 10), []);
    for from in (0..450).step_by(15) {
        store.append(&entries(from..from + 15), &Bounds::DEFAULT).unwrap();
    }
    store.append(&[], &Bounds::DEFAULT).unwrap();
    assert_eq!(read(temp.path(), i64::MIN, 1000), entries(0..450), "over several pages");
    assert_eq!(read(temp.path(), 0, 1), entries(449..450));
    assert_eq!(read(temp.path(), 0, 203), entries(247..450), "the last");
    assert_eq!(read(temp.path(), 440_000, 203), entries(440..450), "since");
    assert_eq!(read(temp.path(), 440_001, 3), entries(447..450));
    assert_eq!(read(temp.path(), 1_000_000, 3), []);
    // The clock was put back: shown by time, and nothing is lost.
    store.append(&entries(100..101), &Bounds::DEFAULT).unwrap();
    assert_eq!(read(temp.path(), 0, 1000).len(), 451);
    assert_eq!(read(temp.path(), 449_000, 5), entries(449..450));

    let mut seen = 0;
    let history = History::open(temp.path()).unwrap().unwrap();
    let stopped = history.last(Timestamp::from_ms(0), 1000, |_| {
        seen += 1;
        seen < 5
    });
    assert!(stopped.is_ok() && seen == 5, "{seen}: whoever has enough is not read to");
}

#[test]
fn it_is_bounded_in_number_age_and_bytes_and_the_newest_stay() {
    let bounds = Bounds { rows: 100, ..Bounds::DEFAULT };
    let aged = Bounds { age_ms: 100_000, ..Bounds::DEFAULT };
    let small = Bounds { bytes: 280_000, ..Bounds::DEFAULT };
    for (case, bounds, least, most) in
        [("rows", bounds, 100, 100), ("age", aged, 101, 101), ("bytes", small, 150, 300)]
    {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(temp.path()).unwrap();
        store.save(&latch(LatchStage::Promoted)).unwrap();
        for n in 0..600 {
            store.append(&entries(n..n + 1), &bounds).unwrap();
        }
        let left = read(temp.path(), i64::MIN, 10_000);
        assert!((least..=most).contains(&left.len()), "{case}: {}", left.len());
        let first = 600 - i64::try_from(left.len()).unwrap();
        assert_eq!(left, entries(first..600), "{case}: the newest, without a gap");
        let bytes = std::fs::metadata(temp.path().join("state.sqlite")).unwrap().len();
        assert!(bytes < 500_000, "{case}: {bytes} bytes: pages are used again");
        assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoted)), "{case}");
    }
}

#[test]
fn a_clock_that_is_wrong_for_a_moment_costs_a_few_of_the_oldest() {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(temp.path()).unwrap();
    store.load(producer()).unwrap();
    store.append(&entries(0..1000), &Bounds::DEFAULT).unwrap();
    let far = 1000 * 86_400;
    store.append(&entries(far..far + 1), &Bounds::DEFAULT).unwrap();
    store.append(&entries(1000..1001), &Bounds::DEFAULT).unwrap();
    assert_eq!(read(temp.path(), i64::MIN, 10_000).len(), 1002 - 64);
}

#[test]
fn a_write_is_all_or_nothing_and_a_reader_costs_the_history_only() {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(temp.path()).unwrap();
    store.load(producer()).unwrap();
    let reader = rusqlite::Connection::open(temp.path().join("state.sqlite")).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM latch;").unwrap();
    let error = store.append(&entries(0..10), &Bounds::DEFAULT).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(read(temp.path(), 0, 100), []);
    store.save(&latch(LatchStage::Promoted)).unwrap();
    store.append(&entries(0..10), &Bounds::DEFAULT).unwrap();
    assert_eq!(read(temp.path(), 0, 100), entries(0..10));
}
