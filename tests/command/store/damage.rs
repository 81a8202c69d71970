//! A file that cannot be understood is an error, and is never changed.

use std::fs;
use std::path::Path;
use std::process::Command;

use eoskeeper::core::action::LatchStage;
use eoskeeper::history::entry::{Entry, What};
use eoskeeper::history::store::{Bounds, Damage, Store, StoreError, peek};

use super::{latch, names, producer};

/// A good file with a promoted latch and some history.
fn good() -> Vec<u8> {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(temp.path()).unwrap();
    store.save(&latch(LatchStage::Promoted)).unwrap();
    let entries: Vec<_> = (0..40).map(super::history::entry).collect();
    store.append(&entries, &Bounds::DEFAULT).unwrap();
    drop(store);
    fs::read(temp.path().join("state.sqlite")).unwrap()
}

/// The good file after some SQL.
fn changed_by(sql: &str) -> Vec<u8> {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("state.sqlite");
    fs::write(&path, good()).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    fs::read(&path).unwrap()
}

/// The good file with the bytes from `at` replaced.
fn overwritten(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = good();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

fn position(of: &[u8]) -> usize {
    good().windows(of.len()).position(|window| window == of).unwrap()
}

const PAGE: usize = 4096;

#[test]
fn a_damaged_file_is_refused_and_never_changed() {
    let whole = good();
    assert!(whole.len() >= 8 * PAGE, "{} bytes", whole.len());
    let random: Vec<u8> = Random(7).take(PAGE).collect();
    let cases: [(&str, Vec<u8>, &str); 18] = [
        ("empty", Vec::new(), "it is empty"),
        ("a text", b"{\"version\":1,\"stage\":\"promoted\"}".to_vec(), "not a database"),
        ("a long text", b"promoted\n".repeat(4000), "not a database"),
        ("zeros", vec![0; whole.len()], "not a database"),
        ("cut in half", whole[..whole.len() / 2].to_vec(), "malformed"),
        ("cut in its first page", whole[..1000].to_vec(), "SQLite says"),
        ("cut by a byte", whole[..whole.len() - 1].to_vec(), "bytes of"),
        ("random header", overwritten(0, &random[..100]), "not a database"),
        ("random first page", overwritten(100, &random[..PAGE - 100]), "SQLite says"),
        ("the latch's page zeroed", overwritten(PAGE, &[0; PAGE]), "SQLite says"),
        ("the latch's page random", overwritten(PAGE, &random), "SQLite says"),
        ("a page of the history random", overwritten(5 * PAGE, &random), "SQLite says"),
        (
            "a digit of the token",
            overwritten(position(b"18446744073709551615"), b"0"),
            "checksum is",
        ),
        ("no latch table", changed_by("DROP TABLE latch"), "its tables are not those"),
        ("no history", changed_by("DROP TABLE history"), "its tables are not those"),
        (
            "a field too many",
            changed_by("UPDATE latch SET body = '{\"fence\":1}', crc32 = 2236309238"),
            "unknown field `fence`",
        ),
        ("another program's", changed_by("PRAGMA application_id = 7"), "another program"),
        ("no version", changed_by("PRAGMA user_version = 0"), "another program"),
    ];
    for (case, bytes, why) in cases {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("state.sqlite");
        fs::write(&path, &bytes).unwrap();
        let store = Store::open(temp.path()).unwrap();
        let results = [store.load(producer()).map(drop), store.save(&latch(LatchStage::Standby))];
        for result in results {
            let Err(error) = result else { panic!("{case}: it was taken for good") };
            assert!(matches!(error, StoreError::Damaged { .. }), "{case}: {error:?}");
            assert!(error.to_string().contains(why), "{case}: {error}");
            assert!(error.to_string().contains("move the file away"), "{case}: {error}");
        }
        let entry = Entry { what: What::Start, ..super::history::entry(1) };
        assert!(store.append(&[entry], &Bounds::DEFAULT).is_err(), "{case}");
        assert!(fs::read(&path).unwrap() == bytes, "{case}: the file was changed");
        assert_eq!(names(temp.path()), ["lock", "state.sqlite"], "{case}");
        // What the message says helps.
        fs::rename(&path, temp.path().join("state.sqlite.damaged")).unwrap();
        store.save(&latch(LatchStage::Standby)).unwrap();
        assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Standby)), "{case}");
    }
}

#[test]
fn what_is_no_file_is_damage_and_is_not_waited_for() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("state.sqlite");
    let store = Store::open(temp.path()).unwrap();
    type Make = fn(&Path);
    let cases: [(&str, Make); 2] = [
        ("a directory", |path| fs::create_dir(path).unwrap()),
        ("a pipe", |path| {
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
    ];
    for (case, make) in cases {
        make(&path);
        for error in
            [store.load(producer()).unwrap_err(), peek(temp.path(), producer()).unwrap_err()]
        {
            let StoreError::Damaged { damage, .. } = error else { panic!("{case}: {error:?}") };
            assert_eq!(damage, Damage::NotAFile, "{case}");
        }
        fs::rename(&path, temp.path().join(case)).unwrap();
    }
    // A link to nowhere is no fresh start: the disk it led to may not be mounted.
    std::os::unix::fs::symlink(temp.path().join("not-mounted/state.sqlite"), &path).unwrap();
    for error in [store.load(producer()).unwrap_err(), peek(temp.path(), producer()).unwrap_err()] {
        assert!(matches!(error, StoreError::Io { what: "read", .. }), "{error:?}");
    }
}

#[test]
fn a_later_schema_is_refused_by_name_and_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("state.sqlite");
    let bytes = changed_by("PRAGMA user_version = 7; ALTER TABLE latch ADD COLUMN node TEXT");
    fs::write(&path, &bytes).unwrap();
    let store = Store::open(temp.path()).unwrap();
    let errors = [
        store.load(producer()).unwrap_err(),
        store.save(&latch(LatchStage::Standby)).unwrap_err(),
        peek(temp.path(), producer()).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, StoreError::Newer { found: 7, known: 2.., .. }), "{error:?}");
        assert!(error.to_string().contains("written by a later eoskeeper: its schema is 7"));
    }
    assert!(fs::read(&path).unwrap() == bytes);
}

#[test]
fn bytes_changed_anywhere_give_the_latch_or_an_error_never_another_latch() {
    let whole = good();
    let mut random = Random(2026);
    let (mut refused, mut whole_latch) = (0, 0);
    for round in 0..400 {
        let mut bytes = whole.clone();
        // Every part of the first page in turn, then anywhere.
        let at = if round < 200 { round * PAGE / 200 } else { random.below(bytes.len()) };
        let count = 1 + random.below(16);
        for byte in bytes.iter_mut().skip(at).take(count) {
            *byte = random.next().unwrap();
        }
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("state.sqlite");
        fs::write(&path, &bytes).unwrap();
        let looked = peek(temp.path(), producer());
        assert_eq!(names(temp.path()), ["state.sqlite"], "round {round}: a look left something");
        assert!(fs::read(&path).unwrap() == bytes, "round {round}: a look changed the file");
        let loaded = Store::open(temp.path()).unwrap().load(producer());
        for result in [looked, loaded] {
            match result {
                Ok(found) => {
                    assert_eq!(found, Some(latch(LatchStage::Promoted)), "round {round}, at {at}");
                    whole_latch += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 50 && whole_latch > 100, "{refused} refused, {whole_latch} whole");
}

#[test]
fn damage_while_the_keeper_runs_is_seen_by_the_next_write() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("state.sqlite");
    let store = Store::open(temp.path()).unwrap();
    store.save(&latch(LatchStage::Promoting)).unwrap();
    fs::write(&path, b"promoted\n".repeat(4000)).unwrap();
    for _ in 0..2 {
        let error = store.save(&latch(LatchStage::Promoted)).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    }
    assert!(fs::read(&path).unwrap().starts_with(b"promoted\n"));

    // Moved away: nothing is written into a file that nobody will find.
    fs::remove_file(&path).unwrap();
    store.save(&latch(LatchStage::Promoting)).unwrap();
    fs::rename(&path, temp.path().join("elsewhere")).unwrap();
    let error = store.save(&latch(LatchStage::Promoted)).unwrap_err();
    assert!(matches!(error, StoreError::Moved { .. }), "{error:?}");
    fs::rename(temp.path().join("elsewhere"), &path).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoting)));
}

#[test]
fn the_journal_of_a_file_that_is_gone_does_not_reach_the_next() {
    let temp = tempfile::tempdir().unwrap();
    let journal = temp.path().join("state.sqlite-journal");
    fs::write(&journal, b"left by a crash").unwrap();
    let store = Store::open(temp.path()).unwrap();
    store.save(&latch(LatchStage::Promoting)).unwrap();
    assert_eq!(
        names(temp.path()),
        ["lock", "state.sqlite", "state.sqlite-journal.left"],
        "kept, under a name that SQLite does not read"
    );
}

/// A small generator (LCG of Knuth's MMIX), so that a round that fails can be run again.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        let high = u64::from(self.word());
        usize::try_from((high * end as u64) >> 32).unwrap()
    }

    fn word(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 32).unwrap()
    }
}

impl Iterator for Random {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        Some(self.word().to_le_bytes()[3])
    }
}
