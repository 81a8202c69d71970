//! What a target begins with: the fixtures that other tests use, and `tests/fixtures/fuzz/TARGET`.

use std::fs;
use std::path::{Path, PathBuf};

use eoskeeper::core::action::{Latch, LatchStage};
use eoskeeper::core::keeper::Keeper;
use eoskeeper::core::settings::{Role, Settings};
use eoskeeper::core::time::{Now, Timestamp};
use eoskeeper::history::store::Store;

/// Name and bytes of each.
pub(crate) fn of(target: &str) -> Vec<(String, Vec<u8>)> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut all = files(&fixtures.join("fuzz").join(target));
    match target {
        "log" | "log_inside" => {
            for (name, text) in files(&fixtures.join("log")) {
                let text = String::from_utf8(text).unwrap();
                let lines = text.lines().filter(|line| !line.starts_with('#'));
                let line = |line: &str| line.rsplit('\t').next().unwrap_or_default().to_owned();
                all.extend(lines.map(|text| (name.clone(), line(text).into_bytes())));
            }
        }
        "config" => {
            all.extend(files(&fixtures.join("config")));
            let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.ini.example");
            all.push(("the example".to_owned(), fs::read(example).unwrap()));
        }
        "state" => all.push(("a store".to_owned(), state())),
        "fleet" => all.push(("a keeper's status".to_owned(), status())),
        _ => {}
    }
    all
}

fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

/// A state file with a latch, as it is on disk.
fn state() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let latch = Latch {
        stage: LatchStage::Promoted,
        producer: "eosstorebest".parse().unwrap(),
        incident: "a-1".to_owned(),
        reason: "its turn is empty".to_owned(),
        since: Timestamp::from_ms(1_795_000_000_000),
        promotions: vec![Timestamp::from_ms(1_795_000_000_000)],
        active_at: None,
        token: Some(7),
        maintenance: None,
        stopped_by_hand: false,
    };
    let store = Store::open(directory.path()).unwrap();
    store.save(&latch).unwrap();
    drop(store);
    fs::read(directory.path().join("state.sqlite")).unwrap()
}

fn status() -> Vec<u8> {
    let start = Now { wall: Timestamp::from_ms(1_795_000_000_000), ..Now::default() };
    let settings = Settings::new(Role::Active, "eosstorebest".parse().unwrap());
    let mut keeper = Keeper::new(settings, start, Ok(None));
    keeper.tick(start.plus_ms(1_000));
    serde_json::to_vec(&keeper.status(start.plus_ms(1_000))).unwrap()
}
