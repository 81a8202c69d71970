//! kill -9 while the state is written: afterwards there is always a whole latch, and never one that
//! is older than the last that was said to be written.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use eoskeeper::core::action::{Latch, LatchStage};
use eoskeeper::core::time::Timestamp;
use eoskeeper::history::store::{Bounds, History, Store, StoreError, peek};

use super::damage::Random;
use super::{latch, producer};

/// Set in the process that writes, to the state directory.
const STATE_DIR: &str = "EOSKEEPER_TEST_KILLED_DIR";

/// The latch of write `n`: of another length each time, so that a mixture would show.
fn numbered(n: u64) -> Latch {
    let stages =
        [LatchStage::Promoting, LatchStage::Promoted, LatchStage::Demoting, LatchStage::Standby];
    let at = Timestamp::from_ms(i64::try_from(n).unwrap());
    Latch {
        token: Some(n),
        reason: format!("{n} ").repeat(usize::try_from(n % 97).unwrap()),
        // Some are longer than a page.
        promotions: vec![at; usize::try_from(n % 13 * 40).unwrap()],
        ..latch(stages[usize::try_from(n % 4).unwrap()])
    }
}

/// Writes one latch after another, each with an entry of the history, and says when it is done.
fn write_for_ever(dir: &Path) -> ! {
    let store = Store::open(dir).unwrap();
    let found = store.load(producer()).unwrap();
    let from = found.and_then(|latch| latch.token).unwrap_or_default();
    println!("BEGUN");
    let bounds = Bounds { rows: 50, ..Bounds::DEFAULT };
    for n in from + 1.. {
        store.save(&numbered(n)).unwrap();
        println!("SAVED {n}");
        store.append(&[super::history::entry(i64::try_from(n).unwrap())], &bounds).unwrap();
    }
    unreachable!("the numbers do not end")
}

fn start_writer(dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::killed::a_writer_that_is_killed_leaves_the_old_or_the_new_latch"])
        .arg("--nocapture")
        .env(STATE_DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Reads what a writer said until its end.
fn last_saved(writer: &mut Child) -> Option<u64> {
    let output = BufReader::new(writer.stdout.take().unwrap());
    let numbers = output.lines().map_while(Result::ok);
    numbers.filter_map(|line| line.strip_prefix("SAVED ")?.parse().ok()).last()
}

#[test]
fn a_writer_that_is_killed_leaves_the_old_or_the_new_latch() {
    if let Some(dir) = std::env::var_os(STATE_DIR) {
        write_for_ever(Path::new(&dir));
    }
    let temp = tempfile::tempdir().unwrap();
    let mut random = Random(48);
    let (mut said, mut cut_off) = (0, 0);
    for round in 0..40 {
        let mut writer = start_writer(temp.path());
        std::thread::sleep(Duration::from_millis(20 + random.below(120) as u64));
        writer.kill().unwrap();
        writer.wait().unwrap();
        said = last_saved(&mut writer).unwrap_or(said);
        // Whoever only looks sees a whole latch too, or that only the keeper may repair it.
        match peek(temp.path(), producer()) {
            Ok(found) => assert_is(found.as_ref(), said, round),
            Err(StoreError::CutOff { .. }) => cut_off += 1,
            Err(error) => panic!("round {round}: {error}"),
        }
        let store = Store::open(temp.path()).unwrap();
        assert_is(store.load(producer()).unwrap().as_ref(), said, round);
        let history = History::open(temp.path()).unwrap().unwrap();
        let mut entries = 0;
        let all = history.last(Timestamp::from_ms(i64::MIN), 1000, |entry| {
            let n = entry.evidence["n"].as_i64().unwrap();
            assert_eq!(*entry, super::history::entry(n), "round {round}");
            entries += 1;
            true
        });
        assert!(all.is_ok() && entries <= 50, "round {round}: {entries} {all:?}");
    }
    // On a busy machine a writer gets through few of them before it is killed.
    assert!(said > 20, "{said} writes only");
    println!("{said} writes, 40 kills, {cut_off} in the midst of a write");
}

/// A write that was not said to be done may be done.
fn assert_is(found: Option<&Latch>, said: u64, round: u32) {
    let number = found.and_then(|latch| latch.token).unwrap_or_default();
    assert!(number == said || number == said + 1, "round {round}: {number}, said {said}");
    if number > 0 {
        assert_eq!(found, Some(&numbered(number)), "round {round}");
    }
}

#[test]
fn a_takeover_that_is_killed_is_done_by_the_next_start() {
    let former = r#"{"version":1,"stage":"promoted","producer":"eosstorebest","incident":"i",
        "reason":"r","since":"2026-11-21T02:48:37.098","promotions":[]}"#;
    let mut random = Random(7);
    let mut done = 0;
    for round in 0..30 {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("latch.json"), former).unwrap();
        let mut writer = start_writer(temp.path());
        std::thread::sleep(Duration::from_micros(random.below(20_000) as u64));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let saved = last_saved(&mut writer);
        done += u32::from(temp.path().join("latch.json.imported").exists());
        let latch = Store::open(temp.path()).unwrap().load(producer()).unwrap().unwrap();
        match latch.token {
            None => assert!(saved.is_none() && latch.stage == LatchStage::Promoted, "{round}"),
            Some(_) => assert_is(Some(&latch), saved.unwrap_or_default(), round),
        }
        assert!(!temp.path().join("latch.json").exists(), "{round}");
    }
    println!("{done} of 30 were over before the kill");
}

#[test]
fn what_a_crash_leaves_of_a_write_is_undone_by_the_keeper_and_by_nobody_else() {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(temp.path()).unwrap();
    store.save(&numbered(1)).unwrap();
    let history: Vec<_> = (0..200).map(super::history::entry).collect();
    store.append(&history, &Bounds::DEFAULT).unwrap();
    drop(store);

    // A write so large that it reaches the file before its end; then a copy, as the disk is.
    let (path, journal) = ("state.sqlite", "state.sqlite-journal");
    let crashed = tempfile::tempdir().unwrap();
    let writer = rusqlite::Connection::open(temp.path().join(path)).unwrap();
    writer
        .execute_batch(
            "PRAGMA cache_size = 5; BEGIN IMMEDIATE;
             UPDATE latch SET body = 'half'; UPDATE history SET sentence = 'half', evidence = '{}';",
        )
        .unwrap();
    for name in [path, journal] {
        fs::copy(temp.path().join(name), crashed.path().join(name)).unwrap();
    }
    writer.execute_batch("ROLLBACK").unwrap();

    let bytes = fs::read(crashed.path().join(path)).unwrap();
    assert!(bytes != fs::read(temp.path().join(path)).unwrap(), "it did not reach the file");
    let error = peek(crashed.path(), producer()).unwrap_err();
    assert!(matches!(error, StoreError::CutOff { .. }), "{error:?}");
    assert!(error.to_string().contains("next start of the keeper undoes it"), "{error}");
    assert!(fs::read(crashed.path().join(path)).unwrap() == bytes, "a look repaired it");
    assert!(crashed.path().join(journal).exists());

    let store = Store::open(crashed.path()).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(numbered(1)));
    assert!(!crashed.path().join(journal).exists());
    assert_eq!(peek(crashed.path(), producer()).unwrap(), Some(numbered(1)));
}
