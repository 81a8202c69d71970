//! Records of a container's log become lines.
//!
//! Docker cuts what a process writes into records of a line each; of a line over 16 KiB it makes
//! several (`daemon/logger/copier.go`), all with the stamp of the first and only the last with a
//! newline. Without a TTY each record comes in a frame of its own, which names its stream. With a
//! TTY the records follow each other with nothing between, so bollard hands out all up to a newline.

use bollard::container::LogOutput;

use crate::sources::docker::cursor::Cursor;
use crate::sources::docker::stamp::Stamp;
use crate::sources::lines::{Batch, LineAssembler};

/// How many seconds a new connection looks back: stdout and stderr are stamped before they are
/// written, so a record may stand behind a slightly younger one of the other stream.
const LOOK_BACK_SECONDS: i64 = 2;

/// The shortest part of a long line (`defaultBufSize` in `daemon/logger/copier.go`).
const PART_BYTES: usize = 16 * 1024;

/// Both streams of one container.
#[derive(Debug, Default)]
pub(super) struct Streams {
    stdout: Stream,
    stderr: Stream,
    /// With a TTY: the last message, if it had no newline; the next one given by a new connection
    /// begins with it.
    unterminated: Vec<u8>,
}

#[derive(Debug, Default)]
struct Stream {
    cursor: Cursor,
    assembler: LineAssembler,
    /// The stamp of the line that has begun and not ended.
    torn: Option<Stamp>,
    /// How long the record before was.
    part_length: usize,
}

impl Streams {
    /// Streams of which nothing up to `newest` is wanted.
    pub(super) fn behind(newest: Stamp) -> Self {
        let stream = || Stream { cursor: Cursor::behind(newest), ..Stream::default() };
        Self { stdout: stream(), stderr: stream(), unterminated: Vec::new() }
    }

    /// A new connection begins; says since which Unix second it must give records (0: all).
    pub(super) fn reconnect(&mut self) -> i32 {
        self.stdout.cursor.reconnect();
        self.stderr.cursor.reconnect();
        let last = self.stdout.cursor.last().max(self.stderr.cursor.last());
        let since = last.map_or(0, |last| last.unix_seconds() - LOOK_BACK_SECONDS);
        // The parameter is 32 bits wide; from 2038 on that means more repeated records, not fewer.
        i32::try_from(since.max(0)).unwrap_or(i32::MAX)
    }

    /// Takes what a connection gave.
    pub(super) fn take(&mut self, output: &LogOutput, batch: &mut Batch) {
        match output {
            LogOutput::StdErr { message } => self.stderr.message(message, batch),
            LogOutput::StdOut { message } | LogOutput::StdIn { message } => {
                self.stdout.message(message, batch);
            }
            LogOutput::Console { message } => self.console(message, batch),
        }
    }

    /// Whether a record was taken before.
    pub(super) fn has_taken(&self, output: &LogOutput) -> bool {
        let last = match output {
            LogOutput::StdErr { .. } => self.stderr.cursor.last(),
            _ => self.stdout.cursor.last(),
        };
        stamp_of(output).is_none_or(|stamp| last.is_some_and(|last| stamp <= last))
    }

    /// The process has ended: a line that had begun will not be continued.
    pub(super) fn end(&mut self, batch: &mut Batch) {
        self.stdout.flush(batch);
        self.stderr.flush(batch);
    }

    fn console(&mut self, message: &[u8], batch: &mut Batch) {
        let mut rest = message;
        if !self.unterminated.is_empty()
            && let Some(more) = message.strip_prefix(self.unterminated.as_slice())
        {
            if more.is_empty() {
                return;
            }
            // Taken before, but now with what came behind it.
            self.stdout.message(&self.unterminated, batch);
            self.unterminated.clear();
            rest = more;
        }
        if !rest.ends_with(b"\n") {
            self.unterminated = message.to_vec();
        }
        self.stdout.message(rest, batch);
    }
}

impl Stream {
    fn message(&mut self, message: &[u8], batch: &mut Batch) {
        match Stamp::split(message) {
            Some((at, text)) => self.record(at, text, batch),
            // The rest of a line whose first part came before the connection was made anew.
            None => self.assembler.push(message, |line| batch.line(line)),
        }
    }

    fn record(&mut self, at: Stamp, text: &[u8], batch: &mut Batch) {
        let is_part = self.torn == Some(at);
        if !self.cursor.advance(at, text, is_part) {
            return;
        }
        // All parts of a line have one stamp; with another a new line begins, so the old one was
        // left without a newline by a process that ended.
        if self.torn.is_some_and(|torn| torn != at) {
            self.flush(batch);
        }
        if text.len() > PART_BYTES {
            self.push_without(&at.prefix(), text, batch);
        } else {
            self.assembler.push(text, |line| batch.line(line));
        }
        self.torn = self.assembler.is_torn().then_some(at);
        // The driver `local` of Docker 20.10 gives the last part of a long line without its newline.
        // All parts but the last have one length.
        if is_part && text.len() < self.part_length {
            self.flush(batch);
        }
        self.part_length = text.len();
    }

    /// Pushes `text` but for each `prefix` in it: with a TTY it stands between the parts of a long
    /// line. Nobody can forge it, for Docker stamps what it has received.
    fn push_without(&mut self, prefix: &[u8], text: &[u8], batch: &mut Batch) {
        let mut rest = text;
        while let Some(at) = rest.windows(prefix.len()).position(|window| window == prefix) {
            self.assembler.push(&rest[..at], |line| batch.line(line));
            rest = &rest[at + prefix.len()..];
        }
        self.assembler.push(rest, |line| batch.line(line));
    }

    fn flush(&mut self, batch: &mut Batch) {
        if let Some(line) = self.assembler.flush() {
            batch.line(line);
        }
        self.torn = None;
    }
}

/// When Docker took the record in.
pub(super) fn stamp_of(output: &LogOutput) -> Option<Stamp> {
    Stamp::split(output.as_ref()).map(|(stamp, _)| stamp)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sources::lines::LogItem;

    const A: &str = "2026-11-21T08:08:53.000000001Z ";
    const B: &str = "2026-11-21T08:08:53.000000002Z ";
    const C: &str = "2026-11-21T08:08:53.000000003Z ";

    fn out(parts: &[&str]) -> LogOutput {
        LogOutput::StdOut { message: parts.concat().into() }
    }

    fn err(parts: &[&str]) -> LogOutput {
        LogOutput::StdErr { message: parts.concat().into() }
    }

    fn tty(parts: &[&str]) -> LogOutput {
        LogOutput::Console { message: parts.concat().into() }
    }

    fn lines(streams: &mut Streams, outputs: &[LogOutput]) -> Vec<String> {
        let mut batch = Batch::new();
        outputs.iter().for_each(|output| streams.take(output, &mut batch));
        texts(&mut batch)
    }

    fn texts(batch: &mut Batch) -> Vec<String> {
        let lines = batch.take().into_iter().flat_map(|item| match item {
            LogItem::Lines(lines) => lines,
            LogItem::Source(event) => panic!("{event:?}"),
        });
        lines.map(|line| String::from_utf8(line).unwrap()).collect()
    }

    #[test]
    fn records_become_lines() {
        let cases: &[(&str, &[LogOutput], &[&str])] = &[
            ("one record a line", &[out(&[A, "one\n"]), out(&[B, "two\n"])], &["one", "two"]),
            ("one text twice is two lines", &[out(&[A, "x\n"]), out(&[B, "x\n"])], &["x", "x"]),
            ("two lines of one time", &[out(&[A, "x\n"]), out(&[A, "y\n"])], &["x", "y"]),
            ("one record given twice", &[out(&[A, "x\n"]), out(&[A, "x\n"])], &["x"]),
            (
                "parts that look alike, the last without its newline",
                &[out(&[A, "same"]), out(&[A, "same"]), out(&[A, "end"]), err(&[B, "next\n"])],
                &["samesameend", "next"],
            ),
            (
                "parts of a long line, with the other stream between them",
                &[out(&[A, "lo"]), err(&[B, "error\n"]), out(&[A, "ng\n"])],
                &["error", "long"],
            ),
            (
                "a line left torn by a process that ended",
                &[out(&[A, "torn"]), out(&[B, "next\n"])],
                &["torn", "next"],
            ),
            ("TTY", &[tty(&[A, "one\r\n"]), tty(&[B, "two\r\n"])], &["one", "two"]),
            (
                "TTY, a stamp in the text is text",
                &[tty(&[A, "I am a peer called ", B, "\r\n"])],
                &["I am a peer called 2026-11-21T08:08:53.000000002Z "],
            ),
        ];
        for (name, outputs, wanted) in cases {
            assert_eq!(lines(&mut Streams::default(), outputs), *wanted, "{name}");
        }
    }

    #[test]
    fn a_long_line_of_a_terminal_has_no_stamps_in_it() {
        let part = "x".repeat(PART_BYTES);
        let given = tty(&[A, &part, A, &part, A, "end\r\n"]);
        assert_eq!(lines(&mut Streams::default(), &[given]), [format!("{part}{part}end")]);
    }

    #[test]
    fn a_new_connection_in_the_middle_of_a_long_line() {
        let mut streams = Streams::default();
        assert_eq!(lines(&mut streams, &[out(&[A, "lo"])]), [""; 0]);
        streams.reconnect();
        assert_eq!(lines(&mut streams, &[out(&[A, "lo"]), out(&[A, "ng\n"])]), ["long"]);
    }

    #[test]
    fn the_last_words_of_a_terminal_are_not_repeated_after_its_restart() {
        let mut streams = Streams::default();
        assert_eq!(lines(&mut streams, &[tty(&[A, "one\r\n"]), tty(&[B, "tail"])]), ["one"]);
        let mut batch = Batch::new();
        streams.end(&mut batch);
        assert_eq!(texts(&mut batch), ["tail"]);
        for _ in 0..2 {
            streams.reconnect();
            let again = [tty(&[A, "one\r\n"]), tty(&[B, "tail"])];
            assert_eq!(lines(&mut streams, &again), [""; 0]);
        }
        streams.reconnect();
        let again = [tty(&[A, "one\r\n"]), tty(&[B, "tail", C, "next\r\n"])];
        assert_eq!(lines(&mut streams, &again), ["next"]);
    }

    #[test]
    fn asks_for_records_from_a_little_before_the_last() {
        let mut streams = Streams::default();
        assert_eq!(streams.reconnect(), 0);
        lines(&mut streams, &[out(&[A, "one\n"])]);
        assert_eq!(streams.reconnect(), 1_795_248_531);
        assert!(streams.has_taken(&out(&[A, "one\n"])));
        assert!(!streams.has_taken(&out(&[B, "two\n"])));
        assert!(!streams.has_taken(&err(&[A, "error\n"])));
    }

    proptest! {
        /// Connections break anywhere, and each new one begins with records of the past.
        #[test]
        fn however_often_the_connection_breaks_each_line_comes_once(
            records in proptest::collection::vec((any::<bool>(), 0u32..3, 1usize..4), 1..40),
            breaks in proptest::collection::vec((0usize..200, 0usize..200), 0..6),
        ) {
            let (mut log, mut stdout, mut stderr, mut nanos) = (Vec::new(), vec![], vec![], 1);
            for (number, (is_stderr, step, parts)) in records.into_iter().enumerate() {
                // Lines may share a nanosecond, but a line in parts never does with its neighbours.
                nanos += if parts > 1 { step + 1 } else { step };
                let stamp = format!("2026-11-21T08:08:53.{nanos:09}Z ");
                nanos += u32::from(parts > 1);
                let part = format!("line {number} ");
                let record = if is_stderr { err } else { out };
                log.extend((1..parts).map(|_| record(&[&stamp, &part])));
                log.push(record(&[&stamp, &part, "\n"]));
                if is_stderr { &mut stderr } else { &mut stdout }.push(part.repeat(parts));
            }
            let mut streams = Streams::default();
            let mut batch = Batch::new();
            for (from, to) in breaks.into_iter().chain([(0, usize::MAX)]) {
                // Docker gives all of the last seconds; how far back that is, varies. It never is
                // less than what was taken.
                let taken = log.iter().take_while(|record| streams.has_taken(record)).count();
                let since = streams.reconnect();
                prop_assert!(since <= 1_795_248_533);
                let from = from.min(taken.saturating_sub(10));
                let from = if from > 0 && is_part(&log[from - 1]) { 0 } else { from };
                let to = to.clamp(from, log.len());
                log[from..to].iter().for_each(|record| streams.take(record, &mut batch));
            }
            let lines = texts(&mut batch);
            let of = |wanted: &[String]| -> Vec<String> {
                lines.iter().filter(|line| wanted.contains(line)).cloned().collect()
            };
            prop_assert_eq!(of(&stdout), stdout.clone());
            prop_assert_eq!(of(&stderr), stderr.clone());
            prop_assert_eq!(lines.len(), stdout.len() + stderr.len());
        }
    }

    fn is_part(record: &LogOutput) -> bool {
        !record.as_ref().ends_with(b"\n")
    }
}
