//! The logs of a real 21-producer network (Leap 4.1, a fork that renamed some columns).

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use eoskeeper::core::event::EventName;
use eoskeeper::nodeos::log::{Classifier, schedule_of};
use flate2::read::GzDecoder;

fn log(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recorded").join(name);
    let mut text = Vec::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut text).unwrap();
    text
}

fn counts(name: &str) -> BTreeMap<&'static str, usize> {
    let mut classifier = Classifier::new();
    let mut counts = BTreeMap::new();
    for line in log(name).strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n') {
        *counts.entry(classifier.classify(line).name.as_str()).or_default() += 1;
    }
    counts
}

/// The numbers were counted with grep on the messages.
#[test]
fn the_events_of_each_log_are_as_many_as_grep_finds() {
    assert_eq!(
        counts("a.log.gz"),
        BTreeMap::from([
            ("block_produced", 12),
            ("block_received", 1030),
            ("database_fault", 3),
            ("node_started", 6),
            ("other", 573),
            ("peer_counts", 21),
            ("production_skipped", 25),
            ("replaying", 5),
            ("schedule_changed", 4)
        ]),
        "a.log.gz"
    );
    assert_eq!(
        counts("b.log.gz"),
        BTreeMap::from([
            ("block_produced", 100),
            ("block_received", 2655),
            ("fork_switched", 2),
            ("node_started", 3),
            ("other", 647),
            ("peer_counts", 58),
            ("producer_resumed", 1),
            ("production_skipped", 19),
            ("schedule_changed", 3)
        ]),
        "b.log.gz"
    );
    assert_eq!(
        counts("f.log.gz"),
        BTreeMap::from([
            ("block_received", 2929),
            ("fork_switched", 2),
            ("node_started", 2),
            ("other", 846),
            ("peer_counts", 60),
            ("schedule_changed", 3)
        ]),
        "f.log.gz"
    );
}

#[test]
fn the_schedule_is_read_from_the_line_that_promotes_it() {
    let text = log("f.log.gz");
    let schedules: Vec<_> = text.split(|byte| *byte == b'\n').filter_map(schedule_of).collect();
    assert_eq!(schedules.len(), 1);
    let schedule = &schedules[0];
    assert_eq!(schedule.version, 1);
    let names: Vec<String> = schedule.producers.iter().map(ToString::to_string).collect();
    let mut expected = vec!["eosstorebest".to_owned()];
    expected.extend(('a'..='t').map(|letter| format!("producer111{letter}")));
    assert_eq!(names, expected);
}

#[test]
fn every_block_of_the_log_has_all_its_fields() {
    let mut classifier = Classifier::new();
    let mut blocks = 0;
    for line in log("b.log.gz").split(|byte| *byte == b'\n') {
        let event = classifier.classify(line);
        if matches!(event.name, EventName::BlockReceived | EventName::BlockProduced) {
            let whole = event.block.is_some()
                && event.block_id.is_some()
                && event.producer.is_some()
                && event.block_time.is_some()
                && event.lib.is_some()
                && event.transactions.is_some()
                && event.logged_at.is_some()
                && event.level.is_some()
                && (event.name == EventName::BlockProduced || event.latency_ms.is_some());
            assert!(whole, "{}", String::from_utf8_lossy(line));
            blocks += 1;
        }
    }
    assert_eq!(blocks, 2755);
}
