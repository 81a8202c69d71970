//! What reads bytes of others, to be fed with any bytes: feature `fuzz`, for `tests/fuzz`.
//!
//! Each target takes bytes and panics where a promise about them is broken: no panic, no endless work,
//! nothing larger than its bound, no event that the bytes are not. `tests/fuzz` tries what was found
//! before and bytes near it with every test run; `cargo fuzz` searches for hours (CONTRIBUTING).

use std::path::Path;

use crate::core::event::{EventName, LogEvent};
use crate::nodeos::log::{Classifier, json_line, schedule_of};

/// What is fed with bytes, and panics where a promise about them is broken.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of its corpus and of its program.
pub const TARGETS: [(&str, Target); 13] = [
    ("log", log),
    ("log_inside", log_inside),
    ("config", config),
    ("state", state),
    ("rpc", crate::nodeos::rpc::fuzz::answers),
    ("etcd", crate::actions::lease::fuzz::answers),
    ("peer", crate::peers::fuzz::messages),
    ("pool", crate::sources::pool::fuzz::answer),
    ("fleet", crate::sources::fleet::fuzz::status),
    ("journal", crate::sources::journal::fuzz::export),
    ("http", crate::web::api::fuzz::query),
    ("telegram", crate::actions::notify::telegram::fuzz::update),
    ("message", crate::actions::notify::fuzz::message),
];

/// Lines of nodeos's log, of any dialect: the same bytes are the same events again, and each event can be
/// told as JSON.
pub fn log(data: &[u8]) {
    let (mut one, mut again) = (Classifier::new(), Classifier::new());
    for line in data.split(|byte| *byte == b'\n') {
        let event = one.classify(line);
        assert_eq!(event, again.classify(line), "the same line twice");
        let json = json_line(line, &event);
        let told: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert!(told.is_object() && !json.contains('\n'), "{json}");
        if let Some(schedule) = schedule_of(line) {
            assert!(!schedule.producers.is_empty(), "a schedule of nobody");
        }
    }
}

/// A message of the network's part of nodeos, with anything in it: never a block of ours, nor a second
/// signer. What a peer is called or says stands there.
pub fn log_inside(data: &[u8]) {
    const CARRIER: &[u8] =
        b"info  2024-09-27T03:44:56.027 net-0     net_plugin.cpp:2142           \
                             operator()           ] [\"x\" - 1 1.2.3.4:5] ";
    let text = data.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let event: LogEvent = Classifier::new().classify(&[CARRIER, text].concat());
    let is_told_by_another_part = matches!(
        event.name,
        EventName::BlockProduced
            | EventName::BlockDoubleProduced
            | EventName::ProducerPaused
            | EventName::ProducerResumed
            | EventName::ScheduleChanged
    );
    assert!(!is_told_by_another_part, "{}: {}", event.name.as_str(), String::from_utf8_lossy(text));
}

/// A configuration file: settings or problems, each of which names its line or section.
pub fn config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Err(errors) = crate::config::parse(Path::new("config.ini"), &text) {
        assert!(!errors.to_string().is_empty(), "a refusal without a reason");
    }
}

/// A state file that is damaged: an error, or a store that can be read and written; never a latch that
/// nobody wrote.
pub fn state(data: &[u8]) {
    let Ok(directory) = tempfile::tempdir() else { return };
    if std::fs::write(directory.path().join("state.sqlite"), data).is_err() {
        return;
    }
    let Ok(store) = crate::history::store::Store::open(directory.path()) else { return };
    let Ok(producer) = "eosstorebest".parse() else { return };
    if let Ok(Some(latch)) = store.load(producer) {
        assert_eq!(latch.producer, producer, "the latch of another");
    }
}
