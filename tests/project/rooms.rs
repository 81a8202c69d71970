//! Imports only go down the list of rooms in `doc/architecture.md`.

use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms of this crate it may know beside itself. Those that may know everything
/// (`cli`, `daemon`) are not listed.
const ROOMS: [(&str, &[&str]); 12] = [
    ("core", &[]),
    ("clock", &["core"]),
    ("nodeos", &["core"]),
    ("config", &["nodeos", "core"]),
    ("history", &["core"]),
    ("chart", &["core"]),
    ("actions", &["nodeos", "core"]),
    ("sources", &["nodeos", "core"]),
    ("web", &["history", "chart", "core"]),
    ("peers", &["nodeos", "core", "clock"]),
    ("demo", &["core", "nodeos", "clock"]),
    ("sim", &["core"]),
];

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            files(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push(path.to_owned());
    }
}

/// The rooms a text names, with the lines: `crate::ROOM` wherever it stands.
fn named(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for part in line.split("crate::").skip(1) {
            let room: String =
                part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            found.push((at + 1, room));
        }
    }
    found
}

#[test]
fn imports_only_go_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for (room, may_know) in ROOMS {
        let mut all = Vec::new();
        files(&src.join(format!("{room}.rs")), &mut all);
        if src.join(room).is_dir() {
            files(&src.join(room), &mut all);
        }
        assert!(!all.is_empty(), "no file of {room}");
        for file in all {
            for (line, other) in named(&fs::read_to_string(&file).unwrap()) {
                let is_allowed = other == room || may_know.contains(&other.as_str());
                assert!(is_allowed, "{}:{line}: {room} may not know {other}", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 200, "{seen} imports seen");
}

#[test]
fn an_import_is_seen_wherever_it_stands() {
    let text = "use crate::core::name::Name;\nfn f() -> crate::daemon::X {}\n//! [`crate::web`]";
    let expected = [(1, "core"), (2, "daemon"), (3, "web")];
    assert_eq!(named(text), expected.map(|(line, room)| (line, room.to_owned())));
}
