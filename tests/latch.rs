//! The latch file on a real file system, in every state a crash or a person can leave it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use eoskeeper::core::action::{Latch, LatchStage};
use eoskeeper::core::name::Name;
use eoskeeper::core::time::Timestamp;
use eoskeeper::history::latch::{Damage, LatchError, Store};

fn producer() -> Name {
    "eosstorebest".parse().unwrap()
}

fn latch(stage: LatchStage) -> Latch {
    Latch {
        stage,
        producer: producer(),
        incident: "20261121T024837-producer_missing".to_owned(),
        reason: "no block of eosstorebest for 4 min 20 s, \"2 rounds\"".to_owned(),
        since: Timestamp::from_ms(1_795_229_317_098),
        promotions: vec![
            Timestamp::from_ms(1_795_229_317_000),
            Timestamp::from_ms(1_795_229_317_098),
        ],
        active_at: None,
        token: None,
        maintenance: None,
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_was_saved_is_loaded_by_the_next_process() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("state/of/b");
    let store = Store::open(&dir).unwrap();
    assert_eq!(mode(&dir), 0o700);
    assert!(store.load(producer()).unwrap().is_none());
    for stage in
        [LatchStage::Promoting, LatchStage::Promoted, LatchStage::Demoting, LatchStage::Standby]
    {
        store.save(&latch(stage)).unwrap();
        assert_eq!(store.load(producer()).unwrap(), Some(latch(stage)));
    }
    drop(store);
    assert_eq!(
        Store::open(&dir).unwrap().load(producer()).unwrap(),
        Some(latch(LatchStage::Standby))
    );
    assert_eq!(mode(&dir.join("latch.json")), 0o600);
    let mut names: Vec<_> =
        fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["latch.json", "lock"], "nothing else is left behind");
}

#[test]
fn the_file_has_a_version_and_plain_fields() {
    let temp = tempfile::tempdir().unwrap();
    Store::open(temp.path()).unwrap().save(&latch(LatchStage::Promoting)).unwrap();
    let text = fs::read(temp.path().join("latch.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["stage"], "promoting");
    assert_eq!(json["producer"], "eosstorebest");
    assert_eq!(json["since"], "2026-11-21T02:48:37.098");
}

#[test]
fn two_keepers_do_not_share_a_state_directory() {
    let temp = tempfile::tempdir().unwrap();
    let first = Store::open(temp.path()).unwrap();
    let second = Store::open(temp.path()).unwrap_err();
    assert!(matches!(second, LatchError::InUse { .. }), "{second:?}");
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

/// The text of a good file, with one thing changed.
fn good_with(from: &str, to: &str) -> String {
    let temp = tempfile::tempdir().unwrap();
    Store::open(temp.path()).unwrap().save(&latch(LatchStage::Promoted)).unwrap();
    let text = fs::read_to_string(temp.path().join("latch.json")).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    text.replace(from, to)
}

#[test]
fn a_damaged_file_is_an_error_and_is_never_replaced() {
    let good = good_with("promoted", "promoted");
    let cases: [(&str, String, &str); 14] = [
        ("empty", String::new(), "not JSON"),
        ("cut", good[..good.len() / 2].to_owned(), "not JSON"),
        ("cut by its last brace", good.trim_end().trim_end_matches('}').to_owned(), "not JSON"),
        ("zeros", "\0".repeat(300), "not JSON"),
        ("more behind it", format!("{good}{good}"), "not JSON"),
        ("a list", "[]".to_owned(), "no JSON object"),
        ("no version", good_with("\"version\": 1,", ""), "no version"),
        ("a later version", good_with("\"version\": 1,", "\"version\": 2,"), "version is 2"),
        (
            "a version in words",
            good_with("\"version\": 1,", "\"version\": \"1\","),
            "version is \"1\"",
        ),
        (
            "an unknown field",
            good_with("\"version\": 1,", "\"version\": 1, \"fence\": 1,"),
            "unknown field `fence`",
        ),
        ("an unknown stage", good_with("promoted", "resting"), "unknown variant `resting`"),
        ("a missing field", good_with("\"stage\": \"promoted\",", ""), "missing field `stage`"),
        ("no time", good_with("2026-11-21T02:48:37.098", "today"), "a time looks like"),
        ("too large", " ".repeat(70_000), "larger than 65536 bytes"),
    ];
    for (case, text, why) in cases {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("latch.json");
        fs::write(&path, &text).unwrap();
        let store = Store::open(temp.path()).unwrap();
        for error in [
            store.load(producer()).unwrap_err(),
            store.save(&latch(LatchStage::Standby)).unwrap_err(),
        ] {
            assert!(matches!(error, LatchError::Damaged { .. }), "{case}: {error:?}");
            assert!(error.to_string().contains(why), "{case}: {error}");
            assert!(error.to_string().contains("move the file away"), "{case}: {error}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "{case}: the file was touched");
        // What the message says helps.
        fs::rename(&path, temp.path().join("latch.json.damaged")).unwrap();
        store.save(&latch(LatchStage::Standby)).unwrap();
    }
}

#[test]
fn a_pipe_in_its_place_is_damage_and_is_not_waited_for() {
    let temp = tempfile::tempdir().unwrap();
    let pipe = temp.path().join("latch.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = Store::open(temp.path()).unwrap().load(producer()).unwrap_err();
    assert!(matches!(error, LatchError::Damaged { .. }), "{error:?}");
}

#[test]
fn a_version_of_the_future_is_told_apart_from_noise() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("latch.json"), "{\"version\":7,\"new\":true}").unwrap();
    let error = Store::open(temp.path()).unwrap().load(producer()).unwrap_err();
    let LatchError::Damaged { damage, .. } = error else { panic!("{error:?}") };
    assert_eq!(damage, Damage::OtherVersion("7".to_owned()));
}

#[test]
fn the_latch_of_another_producer_is_neither_used_nor_replaced() {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(temp.path()).unwrap();
    store.save(&latch(LatchStage::Promoted)).unwrap();
    let other: Name = "producer111a".parse().unwrap();
    let mine = Latch { producer: other, ..latch(LatchStage::Standby) };
    for error in [store.load(other).unwrap_err(), store.save(&mine).unwrap_err()] {
        assert!(matches!(error, LatchError::OtherProducer { .. }), "{error:?}");
        assert!(error.to_string().contains("eosstorebest"), "{error}");
    }
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoted)));
}

#[test]
fn a_save_that_was_cut_off_leaves_the_former_latch() {
    let temp = tempfile::tempdir().unwrap();
    let leftover = temp.path().join("latch.json.tmp");
    let store = Store::open(temp.path()).unwrap();
    // Before the first save was through: there is no latch.
    fs::write(&leftover, "{\"version\":1,\"sta").unwrap();
    fs::set_permissions(&leftover, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(store.load(producer()).unwrap().is_none());
    store.save(&latch(LatchStage::Promoting)).unwrap();
    // The next save was cut off.
    fs::write(&leftover, "{").unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoting)));
    store.save(&latch(LatchStage::Promoted)).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoted)));
    assert_eq!(mode(&temp.path().join("latch.json")), 0o600, "a leftover's mode is not inherited");
}

#[test]
fn where_it_cannot_be_written_the_error_names_the_place() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("file");
    fs::write(&file, "").unwrap();
    for dir in [file.clone(), file.join("below")] {
        let error = Store::open(&dir).unwrap_err().to_string();
        assert!(error.starts_with("cannot make") && error.contains("/file"), "{error}");
    }

    // A directory where the temporary file should be: it cannot be written, the latch stays.
    let dir = temp.path().join("state");
    let store = Store::open(&dir).unwrap();
    store.save(&latch(LatchStage::Promoting)).unwrap();
    fs::create_dir(dir.join("latch.json.tmp")).unwrap();
    let error = store.save(&latch(LatchStage::Promoted)).unwrap_err();
    assert!(matches!(error, LatchError::Io { what: "write", .. }), "{error:?}");
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoting)));

    // The directory is gone: nothing is kept in memory that would look like success.
    fs::remove_dir_all(&dir).unwrap();
    let error = store.save(&latch(LatchStage::Promoted)).unwrap_err();
    assert!(matches!(error, LatchError::Io { what: "write", .. }), "{error:?}");

    // A directory where the latch should be.
    let dir = temp.path().join("other");
    fs::create_dir_all(dir.join("latch.json")).unwrap();
    let error = Store::open(&dir).unwrap().load(producer()).unwrap_err();
    assert!(matches!(error, LatchError::Io { what: "read", .. }), "{error:?}");
}

/// Set in the process that may not write, to the state directory.
const STATE_DIR: &str = "EOSKEEPER_TEST_STATE_DIR";

#[test]
fn when_nothing_can_be_written_any_more_the_former_latch_stays() {
    if let Some(dir) = std::env::var_os(STATE_DIR) {
        let store = Store::open(Path::new(&dir)).unwrap();
        let error = store.save(&latch(LatchStage::Promoted)).unwrap_err();
        assert!(matches!(error, LatchError::Io { what: "write", .. }), "{error:?}");
        assert!(error.to_string().contains("free space"), "{error}");
        assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoting)));
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    Store::open(temp.path()).unwrap().save(&latch(LatchStage::Promoting)).unwrap();
    // This test again, in a process whose files may not grow: as on a full disk, a file can be
    // made and not be written.
    let ran = std::process::Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "bash"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "when_nothing_can_be_written_any_more_the_former_latch_stays"])
        .env(STATE_DIR, temp.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    // With room again, what was begun is no hindrance.
    let store = Store::open(temp.path()).unwrap();
    store.save(&latch(LatchStage::Demoting)).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Demoting)));
}
