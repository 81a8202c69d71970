//! Records become lines.
//!
//! journald makes a record of each line a unit prints; one over its `LineMax` (48 KiB) comes in
//! parts, and one that a process left without a newline says so. A program that speaks to journald
//! itself may put several lines into one record.

use crate::core::event::LogSourceEvent;
use crate::sources::journal::export::Record;
use crate::sources::lines::{Batch, LineAssembler};

/// `SD_MESSAGE_JOURNAL_DROPPED` of `sd-messages.h`: journald's own word that a rate limit dropped
/// lines.
pub(super) const DROPPED: &str = "a596d6fe7bfa4994828e72309e95d61e";
/// Streams with a line in parts at once; nodeos has one.
const TORN_MAX: usize = 8;

/// The streams of one unit.
pub(super) struct Streams {
    unit: String,
    /// Lines that have begun and not ended, by their stream.
    torn: Vec<(Vec<u8>, LineAssembler)>,
}

impl Streams {
    pub(super) fn new(unit: &str) -> Self {
        Self { unit: unit.to_owned(), torn: Vec::new() }
    }

    /// Takes a record: the lines it ends, or what it says was lost.
    pub(super) fn take(&mut self, record: &Record, batch: &mut Batch) {
        if record.text("MESSAGE_ID") == Some(DROPPED) {
            return self.take_dropped(record, batch);
        }
        if record.text("_SYSTEMD_UNIT") != Some(self.unit.as_str()) {
            return;
        }
        let stream = record.get("_STREAM_ID").unwrap_or_default();
        let is_part = record.get("_LINE_BREAK") == Some(b"line-max");
        for message in record.all("MESSAGE") {
            let mut assembler = self.assembler(stream);
            assembler.push(message, |line| batch.line(line));
            if is_part {
                self.keep(stream, assembler, batch);
            } else {
                assembler.push(b"\n", |line| batch.line(line));
            }
        }
        if record.dropped > 0 {
            let why =
                "a record of the journal is longer than 2 MiB; its end was dropped".to_owned();
            batch.event(LogSourceEvent::Lost { bytes: Some(record.dropped), why });
        }
    }

    /// Nothing more comes of what has begun.
    pub(super) fn end(&mut self, batch: &mut Batch) {
        for (_, mut assembler) in self.torn.drain(..) {
            if let Some(line) = assembler.flush() {
                batch.line(line);
            }
        }
    }

    fn take_dropped(&self, record: &Record, batch: &mut Batch) {
        let message = record.text("MESSAGE").unwrap_or_default();
        let is_ours = record.text("OBJECT_SYSTEMD_UNIT") == Some(self.unit.as_str())
            || message.rsplit([' ', '/']).next() == Some(self.unit.as_str());
        if !is_ours {
            return;
        }
        let count = record.text("N_DROPPED").unwrap_or("some");
        let unit = &self.unit;
        let why = format!(
            "journald dropped {count} lines of {unit}, which were more than its rate limit takes; set \
             LogRateLimitIntervalSec=0 in the unit"
        );
        batch.event(LogSourceEvent::Lost { bytes: None, why });
    }

    fn assembler(&mut self, stream: &[u8]) -> LineAssembler {
        let at = self.torn.iter().position(|(id, _)| id == stream);
        at.map(|at| self.torn.swap_remove(at).1).unwrap_or_default()
    }

    fn keep(&mut self, stream: &[u8], assembler: LineAssembler, batch: &mut Batch) {
        if self.torn.len() >= TORN_MAX {
            self.end(batch);
        }
        self.torn.push((stream.to_vec(), assembler));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::lines::LogItem;

    const UNIT: &str = "nodeos.service";

    fn record(fields: &[(&str, &str)]) -> Record {
        let field = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
        let own = ("_SYSTEMD_UNIT".to_owned(), UNIT.as_bytes().to_vec());
        Record { fields: fields.iter().map(field).chain([own]).collect(), dropped: 0 }
    }

    fn said(records: &[Record]) -> Vec<String> {
        let (mut streams, mut batch) = (Streams::new(UNIT), Batch::new());
        records.iter().for_each(|record| streams.take(record, &mut batch));
        let texts = |item| match item {
            LogItem::Lines(lines) => {
                lines.into_iter().map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
            }
            LogItem::Source(LogSourceEvent::Lost { why, .. }) => vec![why],
            LogItem::Source(event) => panic!("{event:?}"),
        };
        batch.take().into_iter().flat_map(texts).collect()
    }

    #[test]
    fn records_become_lines() {
        let part = |stream, text| {
            record(&[("_STREAM_ID", stream), ("MESSAGE", text), ("_LINE_BREAK", "line-max")])
        };
        let whole = |stream, text| record(&[("_STREAM_ID", stream), ("MESSAGE", text)]);
        let last = |stream, text| {
            record(&[("_STREAM_ID", stream), ("MESSAGE", text), ("_LINE_BREAK", "eof")])
        };
        let cases: &[(&str, Vec<Record>, &[&str])] = &[
            ("a line", vec![whole("1", "one"), whole("1", "one")], &["one", "one"]),
            (
                "parts of a long line",
                vec![part("1", "lo"), part("1", "n"), whole("1", "g")],
                &["long"],
            ),
            (
                "another stream between them",
                vec![part("1", "lo"), whole("2", "x"), whole("1", "ng")],
                &["x", "long"],
            ),
            ("last words", vec![last("1", "bye"), whole("3", "hello")], &["bye", "hello"]),
            ("several lines in a record", vec![whole("", "a\nb\r\nc")], &["a", "b", "c"]),
            ("several messages", vec![record(&[("MESSAGE", "a"), ("MESSAGE", "b")])], &["a", "b"]),
            ("an empty line", vec![whole("1", "")], &[""]),
            ("no message", vec![record(&[("_PID", "1")])], &[]),
        ];
        for (name, records, lines) in cases {
            assert_eq!(said(records), *lines, "{name}");
        }
    }

    #[test]
    fn what_journald_dropped_is_a_loss_and_only_ours() {
        let dropped = |fields: &[(&str, &str)]| Record {
            fields: [("MESSAGE_ID", DROPPED), ("_SYSTEMD_UNIT", "systemd-journald.service")]
                .iter()
                .chain(fields)
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            dropped: 0,
        };
        let ours = [
            ("MESSAGE", "Suppressed 430 messages from nodeos.service"),
            ("N_DROPPED", "430"),
            ("OBJECT_SYSTEMD_UNIT", UNIT),
        ];
        let why = "journald dropped 430 lines of nodeos.service, which were more than its rate limit \
                   takes; set LogRateLimitIntervalSec=0 in the unit";
        assert_eq!(said(&[dropped(&ours)]), [why]);
        // Older ones name the unit only in their words, by its path.
        let old = [("MESSAGE", "Suppressed 3 messages from /system.slice/nodeos.service")];
        assert!(said(&[dropped(&old)])[0].starts_with("journald dropped some lines of nodeos"));
        let other = [("MESSAGE", "Suppressed 3 messages from nginx.service")];
        assert_eq!(said(&[dropped(&other)]), [""; 0]);
        let mut foreign = record(&[("MESSAGE", "Started nodeos.")]);
        foreign.fields.retain(|(name, _)| name != "_SYSTEMD_UNIT");
        assert_eq!(said(&[foreign]), [""; 0], "what systemd says of the unit is no line of nodeos");
    }
}
