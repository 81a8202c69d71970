//! How far a long replay is, on standard error when that is a terminal.

use std::io::{self, IsTerminal, Write};

/// Lines between two messages: about a second's work.
const EVERY_LINES: u64 = 200_000;

/// Counts lines.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    is_shown: bool,
    lines: u64,
}

impl Progress {
    /// Counts lines that are `what`.
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, is_shown: io::stderr().is_terminal(), lines: 0 }
    }

    /// One more line.
    pub(super) fn line(&mut self) {
        self.lines += 1;
        if self.is_shown && self.lines.is_multiple_of(EVERY_LINES) {
            // Whether a person sees it matters to nobody else.
            let _ = write!(io::stderr(), "\r{} lines {} ", self.lines, self.what);
        }
    }

    /// Takes the message away.
    pub(super) fn end(&self) {
        if self.is_shown && self.lines >= EVERY_LINES {
            // `\x1b[K` clears to the end of the line.
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
