//! A simulated node's log, as eoskeeper understands it.

use std::path::Path;

use eoskeeper::core::event::LogEvent;
use eoskeeper::nodeos::log::Classifier;

/// Every line of a log that nobody writes any more.
pub(crate) fn log_of(path: &Path) -> Vec<LogEvent> {
    let text = std::fs::read(path).unwrap();
    assert_eq!(text.last(), Some(&b'\n'), "{} ends within a line", path.display());
    let mut classifier = Classifier::new();
    let lines = text.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n');
    lines.map(|line| classifier.classify(line)).collect()
}
