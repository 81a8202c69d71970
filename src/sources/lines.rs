//! Bytes become lines.
//!
//! A source reads pieces of any size; nodeos itself writes a line's text and its newline in two
//! writes. [`LineAssembler`] keeps a torn part until the newline comes, so what leaves here is
//! whole lines only, byte for byte: no encoding is assumed. [`Batch`] gathers them, in order with
//! what the source itself has to say, because one message a line would cost more than the line.

use crate::core::event::LogSourceEvent;

/// Longest line kept (2 MiB); what follows up to the newline is dropped and counted. nodeos prints
/// lines of 1 MiB when it shows a whole transaction; twice that is no log line any more.
pub const LINE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What a log source hands on. Order is kept between lines and events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogItem {
    /// Whole lines, without their `\n` or `\r\n`, in the order they were written.
    Lines(Vec<Vec<u8>>),
    /// The source changed its state.
    Source(LogSourceEvent),
}

/// One line as it was assembled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The text without its line ending, at most [`LINE_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
    /// How many bytes of the line were over the bound and are gone.
    pub dropped: u64,
}

/// Puts the pieces of one stream of bytes together to lines. Holds at most [`LINE_BYTES_MAX`].
#[derive(Debug, Default)]
pub struct LineAssembler {
    pending: Vec<u8>,
    dropped: u64,
}

impl LineAssembler {
    /// An assembler that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece and hands out each line it completes, without `\n` and without one
    /// `\r` before it.
    pub fn push(&mut self, piece: &[u8], mut hand_out: impl FnMut(Line)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            match part.split_last() {
                Some((b'\n', text)) => {
                    self.keep(text);
                    hand_out(self.take());
                }
                _ => self.keep(part),
            }
        }
    }

    /// The unterminated rest, if there is one: for a stream of which nothing more can come.
    pub fn flush(&mut self) -> Option<Line> {
        (!self.pending.is_empty()).then(|| self.take())
    }

    /// Whether a line has begun and not ended.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        !self.pending.is_empty()
    }

    fn keep(&mut self, text: &[u8]) {
        let kept = text.len().min(LINE_BYTES_MAX - self.pending.len());
        self.pending.extend_from_slice(&text[..kept]);
        self.dropped += (text.len() - kept) as u64;
    }

    fn take(&mut self) -> Line {
        let dropped = std::mem::take(&mut self.dropped);
        let mut bytes = std::mem::take(&mut self.pending);
        // Of a cut line the end is not there, so a last `\r` is not its line ending.
        if dropped == 0 && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        Line { bytes, dropped }
    }
}

/// Lines and events gathered in order. Its bound is the caller's: as many bytes as it reads before
/// it hands the batch on.
#[derive(Debug, Default)]
pub struct Batch {
    items: Vec<LogItem>,
    lines: Vec<Vec<u8>>,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line, and says so if it was cut.
    pub fn line(&mut self, line: Line) {
        self.lines.push(line.bytes);
        if line.dropped > 0 {
            let why = format!("a line is longer than {LINE_BYTES_MAX} bytes; its end was dropped");
            self.event(LogSourceEvent::Lost { bytes: Some(line.dropped), why });
        }
    }

    /// Adds what the source has to say, after the lines before it.
    pub fn event(&mut self, event: LogSourceEvent) {
        self.close_lines();
        self.items.push(LogItem::Source(event));
    }

    /// All that was gathered; the batch is empty afterwards.
    pub fn take(&mut self) -> Vec<LogItem> {
        self.close_lines();
        std::mem::take(&mut self.items)
    }

    fn close_lines(&mut self) {
        if !self.lines.is_empty() {
            self.items.push(LogItem::Lines(std::mem::take(&mut self.lines)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assemble(pieces: &[&[u8]]) -> (Vec<Line>, Option<Line>) {
        let mut assembler = LineAssembler::new();
        let mut lines = Vec::new();
        for piece in pieces {
            assembler.push(piece, |line| lines.push(line));
        }
        (lines, assembler.flush())
    }

    #[test]
    fn lines_are_whole_and_without_their_ending() {
        /// Name, pieces, lines, and what is left over.
        type Case =
            (&'static str, &'static [&'static [u8]], &'static [&'static [u8]], &'static [u8]);
        let cases: &[Case] = &[
            ("one line", &[b"a\n"], &[b"a"], b""),
            ("text and newline in two writes", &[b"a", b"\n"], &[b"a"], b""),
            ("carriage return and newline", &[b"a\r\n"], &[b"a"], b""),
            ("carriage return torn from newline", &[b"a\r", b"\n"], &[b"a"], b""),
            ("only one carriage return goes", &[b"a\r\r\n"], &[b"a\r"], b""),
            ("carriage return inside", &[b"a\rb\n"], &[b"a\rb"], b""),
            ("empty lines", &[b"\n\r\n\n"], &[b"", b"", b""], b""),
            ("no UTF-8", &[b"\xff\xfe\n"], &[b"\xff\xfe"], b""),
            ("NUL", &[b"a\0b\n\0\n"], &[b"a\0b", b"\0"], b""),
            ("two and a half", &[b"a\nb\nc"], &[b"a", b"b"], b"c"),
            ("a letter at a time", &[b"a", b"b", b"\n", b"c"], &[b"ab"], b"c"),
            ("nothing", &[b""], &[], b""),
        ];
        for (name, pieces, lines, rest) in cases {
            let (got, got_rest) = assemble(pieces);
            let got: Vec<&[u8]> = got.iter().map(|line| line.bytes.as_slice()).collect();
            assert_eq!(got, *lines, "{name}");
            assert_eq!(got_rest.map_or(Vec::new(), |line| line.bytes), *rest, "{name}");
        }
    }

    #[test]
    fn a_line_over_the_bound_is_cut_counted_and_the_next_is_whole() {
        let long = vec![b'x'; LINE_BYTES_MAX + 5];
        let (lines, rest) = assemble(&[&long, b"yz\nnext\n"]);
        assert_eq!(lines[0].bytes.len(), LINE_BYTES_MAX);
        assert_eq!(lines[0].dropped, 7);
        assert_eq!(lines[1], Line { bytes: b"next".to_vec(), dropped: 0 });
        assert_eq!(rest, None);

        let mut batch = Batch::new();
        lines.into_iter().for_each(|line| batch.line(line));
        let items = batch.take();
        assert!(matches!(&items[0], LogItem::Lines(lines) if lines.len() == 1));
        assert!(
            matches!(&items[1], LogItem::Source(LogSourceEvent::Lost { bytes: Some(7), .. })),
            "the loss is told right after the line: {:?}",
            items[1]
        );
        assert_eq!(items[2], LogItem::Lines(vec![b"next".to_vec()]));
    }

    proptest! {
        #[test]
        fn where_the_stream_is_torn_changes_nothing(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..200),
            cuts in proptest::collection::vec(0usize..200, 0..8),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(assemble(&pieces), assemble(&[&text]));
        }
    }
}
