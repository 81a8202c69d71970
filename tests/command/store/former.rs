//! `latch.json` of an earlier eoskeeper: taken over once, refused when it cannot be understood.

use std::fs;
use std::path::Path;
use std::process::Command;

use eoskeeper::core::action::{Latch, LatchStage};
use eoskeeper::core::name::Name;
use eoskeeper::history::store::{Damage, Store, StoreError, peek};

use super::{latch, names, producer};

/// As the first eoskeeper wrote it: what came later is not there.
const GOOD: &str = r#"{
  "version": 1,
  "stage": "promoted",
  "producer": "eosstorebest",
  "incident": "20261121T024837-producer_missing",
  "reason": "no block of eosstorebest for 4 min 20 s, \"2 rounds\" – ü\n",
  "since": "2026-11-21T02:48:37.098",
  "promotions": [
    "2026-11-21T02:48:37.000",
    "2026-11-21T02:48:37.098"
  ]
}
"#;

/// What [`GOOD`] says.
fn former() -> Latch {
    Latch {
        active_at: None,
        token: None,
        maintenance: None,
        stopped_by_hand: false,
        ..latch(LatchStage::Promoted)
    }
}

fn with_file(text: &str) -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("latch.json"), text).unwrap();
    temp
}

#[test]
fn it_is_taken_over_once_and_put_aside() {
    let temp = with_file(GOOD);
    assert_eq!(peek(temp.path(), producer()).unwrap(), Some(former()), "a look reads it too");
    assert_eq!(names(temp.path()), ["latch.json"]);
    let store = Store::open(temp.path()).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(former()));
    assert_eq!(names(temp.path()), ["latch.json.imported", "lock", "state.sqlite"]);
    assert_eq!(fs::read_to_string(temp.path().join("latch.json.imported")).unwrap(), GOOD);
    store.save(&latch(LatchStage::Standby)).unwrap();
    drop(store);
    let next = Store::open(temp.path()).unwrap();
    assert_eq!(next.load(producer()).unwrap(), Some(latch(LatchStage::Standby)));
}

#[test]
fn a_takeover_that_was_cut_off_is_ended_and_a_later_write_is_not_lost() {
    let temp = with_file(GOOD);
    Store::open(temp.path()).unwrap().load(producer()).unwrap();
    // The machine stopped between the two renamings.
    fs::rename(temp.path().join("latch.json.imported"), temp.path().join("latch.json")).unwrap();
    assert_eq!(peek(temp.path(), producer()).unwrap(), Some(former()));
    let store = Store::open(temp.path()).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(former()));
    store.save(&latch(LatchStage::Demoting)).unwrap();
    drop(store);
    assert_eq!(names(temp.path()), ["latch.json.imported", "lock", "state.sqlite"]);

    // The earlier eoskeeper ran again: nobody can say which is the last word.
    let later = GOOD.replace("promoted", "standby");
    fs::write(temp.path().join("latch.json"), &later).unwrap();
    let store = Store::open(temp.path()).unwrap();
    let errors = [
        store.load(producer()).unwrap_err(),
        store.save(&latch(LatchStage::Standby)).unwrap_err(),
        peek(temp.path(), producer()).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, StoreError::TwoStates { .. }), "{error:?}");
        assert!(error.to_string().contains("move the one that is wrong away"), "{error}");
    }
    assert_eq!(fs::read_to_string(temp.path().join("latch.json")).unwrap(), later);
    fs::remove_file(temp.path().join("latch.json")).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Demoting)));
}

#[test]
fn leftovers_of_a_state_file_that_was_not_finished_do_not_matter() {
    let temp = with_file(GOOD);
    fs::write(temp.path().join("state.sqlite.new"), "half").unwrap();
    fs::write(temp.path().join("state.sqlite.new-journal"), "half").unwrap();
    let store = Store::open(temp.path()).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(former()));
    assert_eq!(names(temp.path()), ["latch.json.imported", "lock", "state.sqlite"]);
}

#[test]
fn a_damaged_one_is_refused_and_nothing_is_made() {
    let with = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replace(from, to)
    };
    let cases: [(&str, String, &str); 14] = [
        ("empty", String::new(), "not JSON"),
        ("cut", GOOD[..GOOD.len() / 2].to_owned(), "not JSON"),
        ("cut by its last brace", GOOD.trim_end().trim_end_matches('}').to_owned(), "not JSON"),
        ("zeros", "\0".repeat(300), "not JSON"),
        ("more behind it", format!("{GOOD}{GOOD}"), "not JSON"),
        ("a list", "[]".to_owned(), "no JSON object"),
        ("no version", with("\"version\": 1,", ""), "no version"),
        ("a later version", with("\"version\": 1,", "\"version\": 2,"), "version is 2"),
        ("a version in words", with("\"version\": 1,", "\"version\": \"1\","), "version is \"1\""),
        (
            "an unknown field",
            with("\"version\": 1,", "\"version\": 1, \"fence\": 1,"),
            "unknown field `fence`",
        ),
        ("an unknown stage", with("promoted", "resting"), "unknown variant `resting`"),
        ("a missing field", with("\"stage\": \"promoted\",", ""), "missing field `stage`"),
        ("no time", with("2026-11-21T02:48:37.098", "today"), "a time looks like"),
        ("too large", " ".repeat(70_000), "larger than 65536 bytes"),
    ];
    for (case, text, why) in cases {
        let temp = with_file(&text);
        let store = Store::open(temp.path()).unwrap();
        let errors = [
            store.load(producer()).unwrap_err(),
            store.save(&latch(LatchStage::Standby)).unwrap_err(),
            peek(temp.path(), producer()).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, StoreError::Damaged { .. }), "{case}: {error:?}");
            assert!(error.to_string().contains(why), "{case}: {error}");
            assert!(error.to_string().contains("move the file away"), "{case}: {error}");
        }
        assert_eq!(names(temp.path()), ["latch.json", "lock"], "{case}");
        let path = temp.path().join("latch.json");
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "{case}: the file was touched");
        // What the message says helps.
        fs::rename(&path, temp.path().join("latch.json.damaged")).unwrap();
        store.save(&latch(LatchStage::Standby)).unwrap();
    }
}

#[test]
fn a_version_of_the_future_is_told_apart_from_noise() {
    let temp = with_file("{\"version\":7,\"new\":true}");
    let error = Store::open(temp.path()).unwrap().load(producer()).unwrap_err();
    let StoreError::Damaged { damage, .. } = error else { panic!("{error:?}") };
    assert_eq!(damage, Damage::OtherVersion("7".to_owned()));
}

#[test]
fn that_of_another_producer_is_not_taken_over() {
    let temp = with_file(GOOD);
    let other: Name = "producer111a".parse().unwrap();
    let store = Store::open(temp.path()).unwrap();
    for error in [store.load(other).unwrap_err(), peek(temp.path(), other).unwrap_err()] {
        assert!(matches!(error, StoreError::OtherProducer { .. }), "{error:?}");
    }
    assert_eq!(names(temp.path()), ["latch.json", "lock"]);
}

#[test]
fn a_pipe_or_a_directory_in_its_place_is_refused_and_not_waited_for() {
    type Make = fn(&Path);
    let makes: [Make; 2] = [
        |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        |path| fs::create_dir(path).unwrap(),
    ];
    for make in makes {
        let temp = tempfile::tempdir().unwrap();
        make(&temp.path().join("latch.json"));
        let error = Store::open(temp.path()).unwrap().load(producer()).unwrap_err();
        let is_refused =
            matches!(error, StoreError::Damaged { .. } | StoreError::Io { what: "read", .. });
        assert!(is_refused, "{error:?}");
    }
}
