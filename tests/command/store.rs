//! The state file on a real file system, in every state a crash or a person can leave it.

mod damage;
mod disk;
mod former;
mod history;
mod killed;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use eoskeeper::core::action::{Latch, LatchStage, Maintenance};
use eoskeeper::core::name::Name;
use eoskeeper::core::time::Timestamp;
use eoskeeper::history::store::{Store, StoreError, is_in_use, peek};

fn producer() -> Name {
    "eosstorebest".parse().unwrap()
}

/// A latch with every field filled.
fn latch(stage: LatchStage) -> Latch {
    let at = Timestamp::from_ms;
    Latch {
        stage,
        producer: producer(),
        incident: "20261121T024837-producer_missing".to_owned(),
        reason: "no block of eosstorebest for 4 min 20 s, \"2 rounds\" – ü\n".to_owned(),
        since: at(1_795_229_317_098),
        promotions: vec![at(1_795_229_317_000), at(1_795_229_317_098)],
        active_at: Some(at(1_795_229_318_001)),
        token: Some(u64::MAX),
        maintenance: Some(Maintenance {
            since: at(1_795_229_300_000),
            until: at(1_795_236_500_000),
            reason: "a new disk; O'Brien".to_owned(),
        }),
        stopped_by_hand: true,
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The directory's names, sorted.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_was_saved_is_loaded_by_the_next_process() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("state/of/b");
    let store = Store::open(&dir).unwrap();
    assert_eq!(mode(&dir), 0o700);
    assert!(store.load(producer()).unwrap().is_none());
    let bare = Latch::at_rest(producer(), Timestamp::from_ms(7));
    let all = [
        latch(LatchStage::Promoting),
        latch(LatchStage::Promoted),
        bare,
        latch(LatchStage::HandedOver),
        Latch { maintenance: None, ..latch(LatchStage::Demoting) },
        Latch { token: None, ..latch(LatchStage::Standby) },
    ];
    for latch in &all {
        store.save(latch).unwrap();
        assert_eq!(store.load(producer()).unwrap().as_ref(), Some(latch));
        assert_eq!(peek(&dir, producer()).unwrap().as_ref(), Some(latch), "while it is open");
        assert_eq!(names(&dir), ["lock", "state.sqlite"], "one file, and nothing beside it");
    }
    drop(store);
    let next = Store::open(&dir).unwrap();
    assert_eq!(next.load(producer()).unwrap().as_ref(), all.last());
    assert_eq!(mode(&dir.join("state.sqlite")), 0o600);
    assert_eq!(names(&dir), ["lock", "state.sqlite"]);
}

#[test]
fn a_look_makes_nothing_and_changes_nothing() {
    let temp = tempfile::tempdir().unwrap();
    assert!(peek(&temp.path().join("absent"), producer()).unwrap().is_none());
    assert!(peek(temp.path(), producer()).unwrap().is_none());
    assert!(!is_in_use(temp.path()).unwrap());
    assert_eq!(names(temp.path()), [""; 0]);

    let store = Store::open(temp.path()).unwrap();
    store.save(&latch(LatchStage::Promoted)).unwrap();
    assert!(is_in_use(temp.path()).unwrap());
    drop(store);
    let path = temp.path().join("state.sqlite");
    let (bytes, time) = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified());
    assert_eq!(peek(temp.path(), producer()).unwrap(), Some(latch(LatchStage::Promoted)));
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), time.unwrap());
    assert_eq!(names(temp.path()), ["lock", "state.sqlite"]);
    assert!(!is_in_use(temp.path()).unwrap());
}

#[test]
fn a_file_that_a_person_put_into_another_journal_mode_is_looked_at_without_a_trace() {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(temp.path()).unwrap();
    store.save(&latch(LatchStage::Promoted)).unwrap();
    drop(store);
    let path = temp.path().join("state.sqlite");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.pragma_update(None, "journal_mode", "WAL").unwrap();
    other.execute_batch("INSERT INTO imported VALUES ('x', 'y')").unwrap();
    drop(other);
    let bytes = fs::read(&path).unwrap();
    let error = peek(temp.path(), producer()).unwrap_err();
    assert!(matches!(error, StoreError::WriteAheadLog { .. }), "{error:?}");
    assert_eq!(names(temp.path()), ["lock", "state.sqlite"]);
    assert!(fs::read(&path).unwrap() == bytes, "a look changed it");
    // The keeper puts it right.
    let store = Store::open(temp.path()).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoted)));
    assert_eq!(peek(temp.path(), producer()).unwrap(), Some(latch(LatchStage::Promoted)));
    assert_eq!(names(temp.path()), ["lock", "state.sqlite"]);
}

#[test]
fn two_keepers_do_not_share_a_state_directory() {
    let temp = tempfile::tempdir().unwrap();
    let first = Store::open(temp.path()).unwrap();
    let second = Store::open(temp.path()).unwrap_err();
    assert!(matches!(second, StoreError::InUse { .. }), "{second:?}");
    assert!(second.to_string().contains("used by another eoskeeper"), "{second}");
    drop(first);
    assert!(Store::open(temp.path()).is_ok(), "the lock ends with its holder");
}

#[test]
fn of_many_that_open_at_once_one_gets_it() {
    let temp = tempfile::tempdir().unwrap();
    let opened: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| Store::open(temp.path()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(opened.iter().filter(|opened| opened.is_ok()).count(), 1);
}

#[test]
fn the_latch_of_another_producer_is_neither_used_nor_replaced() {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(temp.path()).unwrap();
    store.save(&latch(LatchStage::Promoted)).unwrap();
    let other: Name = "producer111a".parse().unwrap();
    let mine = Latch { producer: other, ..latch(LatchStage::Standby) };
    let errors = [
        store.load(other).unwrap_err(),
        store.save(&mine).unwrap_err(),
        peek(temp.path(), other).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, StoreError::OtherProducer { .. }), "{error:?}");
        assert!(error.to_string().contains("eosstorebest"), "{error}");
    }
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoted)));
}

#[test]
fn a_reader_of_other_make_holds_a_write_up_for_a_bounded_time() {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(temp.path()).unwrap();
    store.save(&latch(LatchStage::Promoting)).unwrap();
    let reader = rusqlite::Connection::open(temp.path().join("state.sqlite")).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM latch;").unwrap();
    let error = store.save(&latch(LatchStage::Promoted)).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    assert!(error.to_string().contains("held by another program"), "{error}");
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoting)));
    reader.execute_batch("COMMIT").unwrap();
    store.save(&latch(LatchStage::Promoted)).unwrap();
    assert_eq!(peek(temp.path(), producer()).unwrap(), Some(latch(LatchStage::Promoted)));
}
