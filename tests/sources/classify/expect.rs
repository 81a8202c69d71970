//! What a test expects of a line, written as `event/reason` and `field=value` words.

use std::collections::BTreeMap;

use eoskeeper::core::event::LogEvent;
use eoskeeper::nodeos::log::{Classifier, json_line};
use serde_json::Value;

/// The JSON of a line as `field=value` pairs, without the line itself.
pub(crate) fn fields(line: &[u8], event: &LogEvent) -> BTreeMap<String, String> {
    let json: Value = serde_json::from_str(&json_line(line, event)).unwrap();
    let Value::Object(object) = json else { panic!("a line of JSON is an object") };
    object
        .into_iter()
        .filter(|(key, _)| key != "line")
        .map(|(key, value)| (key, value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect()
}

/// Reads `event[/reason]` and words of `field=value`; `-` stands for none.
pub(crate) fn expected(event: &str, words: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let (name, reason) = event.split_once('/').map_or((event, None), |(n, r)| (n, Some(r)));
    all.insert("event".to_owned(), name.to_owned());
    if let Some(reason) = reason {
        all.insert("reason".to_owned(), reason.to_owned());
    }
    for word in words.split_whitespace().filter(|word| *word != "-") {
        let (key, value) = word.split_once('=').expect("a field is name=value");
        all.insert(key.to_owned(), value.to_owned());
    }
    all
}

/// What a fresh reader makes of one line.
pub(crate) fn alone(line: &[u8]) -> LogEvent {
    Classifier::new().classify(line)
}

/// The names of the events of lines read one after the other.
pub(crate) fn names(lines: &[&str]) -> Vec<&'static str> {
    let mut classifier = Classifier::new();
    lines.iter().map(|line| classifier.classify(line.as_bytes()).name.as_str()).collect()
}
