//! The lines of a log around a moment: read again from where they are kept, within bounds.

use std::collections::VecDeque;

use crate::core::event::LogEvent;
use crate::core::time::Timestamp;
use crate::nodeos::log::Classifier;

/// Lines of several threads are out of order by less than this, milliseconds.
const DISORDER_MS: i64 = 10_000;

/// Gathers the lines of a span. Where they are too many, those nearest to its centre stay.
#[derive(Debug)]
pub struct LineWindow {
    from: Timestamp,
    until: Timestamp,
    centre: Timestamp,
    before_max: usize,
    after_max: usize,
    classifier: Classifier,
    /// Time of the last line that had one.
    time: Option<Timestamp>,
    before: VecDeque<Vec<u8>>,
    before_bytes: usize,
    after: Vec<u8>,
    gathered: Gathered,
}

/// How much was gathered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Lines that stayed.
    pub lines: u64,
    /// Lines of the span there was no room for.
    pub left_out: u64,
    /// Time of the first line of the span.
    pub first: Option<Timestamp>,
    /// Time of the last.
    pub last: Option<Timestamp>,
}

impl LineWindow {
    /// For the lines from `from` to `until`; at most `bytes_max`, a quarter of them from before
    /// `centre`.
    #[must_use]
    pub fn new((from, until): (Timestamp, Timestamp), centre: Timestamp, bytes_max: usize) -> Self {
        Self {
            from,
            until,
            centre,
            before_max: bytes_max / 4,
            after_max: bytes_max - bytes_max / 4,
            classifier: Classifier::new(),
            time: None,
            before: VecDeque::new(),
            before_bytes: 0,
            after: Vec::new(),
            gathered: Gathered::default(),
        }
    }

    /// When it begins.
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// When it ends.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Another file begins: what the last one told of the time counts no more.
    pub fn begin_part(&mut self) {
        self.classifier = Classifier::new();
        self.time = None;
    }

    /// Takes a line, without its newline; `stamp` is when it was taken in, where that is told.
    /// False once the span is over.
    pub fn line(&mut self, line: &[u8], stamp: Option<Timestamp>) -> bool {
        let event = self.classifier.classify(line);
        self.time = stamp.or_else(|| time_of(&event)).or(self.time);
        // A line without a time belongs to the one above it.
        let Some(time) = self.time else { return true };
        if time > self.until {
            return time.since_ms(self.until) <= DISORDER_MS;
        }
        if time >= self.from {
            self.keep(line, time);
        }
        true
    }

    /// The lines, each with a newline, and how many they are.
    #[must_use]
    pub fn finish(self) -> (Vec<u8>, Gathered) {
        let mut text = Vec::with_capacity(self.before_bytes + self.after.len());
        self.before.iter().for_each(|line| text.extend_from_slice(line));
        text.extend_from_slice(&self.after);
        (text, self.gathered)
    }

    fn keep(&mut self, line: &[u8], time: Timestamp) {
        self.gathered.first.get_or_insert(time);
        self.gathered.last = self.gathered.last.max(Some(time));
        let bytes = line.len() + 1;
        if time >= self.centre {
            if self.after.len() + bytes > self.after_max {
                self.gathered.left_out += 1;
                return;
            }
            self.after.extend_from_slice(line);
            self.after.push(b'\n');
            self.gathered.lines += 1;
            return;
        }
        if bytes > self.before_max {
            self.gathered.left_out += 1;
            return;
        }
        let mut line = line.to_vec();
        line.push(b'\n');
        self.before.push_back(line);
        self.before_bytes += bytes;
        self.gathered.lines += 1;
        while self.before_bytes > self.before_max {
            let Some(oldest) = self.before.pop_front() else { break };
            self.before_bytes -= oldest.len();
            self.gathered.lines -= 1;
            self.gathered.left_out += 1;
        }
    }
}

/// When a line was printed: its own time, else what its block says.
pub(super) fn time_of(event: &LogEvent) -> Option<Timestamp> {
    let arrival = event.block_time.map(|at| at.plus_ms(event.latency_ms.unwrap_or(0)));
    event.logged_at.or(arrival)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(second: u32) -> String {
        format!(
            "info  2026-11-21T02:48:{second:02}.863 nodeos    producer_plugin.cpp:777       \
             on_incoming_block    ] Something at {second:02}"
        )
    }

    #[test]
    fn lines_of_the_span_stay_and_of_too_many_those_near_the_centre() {
        let at = |second: u32| -> Timestamp {
            format!("2026-11-21T02:48:{second:02}.000").parse().unwrap()
        };
        let bytes = line(0).len() + 1;
        for (case, most, expected) in [
            ("all fit", 1000, (10..=39).collect::<Vec<_>>()),
            ("a quarter before, three after", 8, vec![28, 29, 30, 31, 32, 33, 34, 35]),
        ] {
            let mut window = LineWindow::new((at(10), at(40)), at(30), most * bytes);
            for second in 0..60 {
                window.line(line(second).as_bytes(), None);
            }
            let (text, gathered) = window.finish();
            let text = String::from_utf8(text).unwrap();
            let seconds: Vec<u32> =
                text.lines().map(|line| line[line.len() - 2..].parse().unwrap()).collect();
            assert_eq!(seconds, expected, "{case}");
            assert_eq!(gathered.lines + gathered.left_out, 30, "{case}");
        }
        let mut window = LineWindow::new((at(10), at(40)), at(30), 1000);
        assert!(window.line(b"  continued", None), "nothing is known of its time");
        assert!(window.line(line(45).as_bytes(), None), "threads print out of order");
        assert!(!window.line(line(55).as_bytes(), None), "the span is over");
        assert_eq!(window.finish().1, Gathered::default());
    }
}
