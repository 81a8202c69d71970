//! What happened, in lines for people, and a hash of all of them to tell two runs apart.

use std::collections::VecDeque;
use std::fmt;

/// Lines kept; of more the oldest are forgotten, though they stay in the hash.
const KEPT: usize = 400;

/// The trace of a run.
#[derive(Clone, Debug)]
pub struct Trace {
    lines: VecDeque<(u64, String)>,
    hash: u64,
    /// Lines so far.
    pub count: u64,
}

impl Default for Trace {
    fn default() -> Self {
        // FNV-1a's offset basis.
        Self { lines: VecDeque::new(), hash: 0xcbf2_9ce4_8422_2325, count: 0 }
    }
}

impl Trace {
    /// Adds a line.
    pub fn add(&mut self, at_ms: u64, line: String) {
        for byte in at_ms.to_le_bytes().into_iter().chain(line.bytes()) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.count += 1;
        if self.lines.len() >= KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back((at_ms, line));
    }

    /// Adds a number that is in the hash and in no line.
    pub fn note(&mut self, number: u64) {
        self.hash = (self.hash ^ number).wrapping_mul(0x0100_0000_01b3);
    }

    /// Two runs with the same hash were the same.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The last lines.
    #[must_use]
    pub fn last(&self, count: usize) -> Vec<String> {
        let from = self.lines.len().saturating_sub(count);
        self.lines.iter().skip(from).map(|(at, line)| format!("{} {line}", Clock(*at))).collect()
    }
}

/// Time since the start of the run: `0:04:20.500`.
#[derive(Clone, Copy, Debug)]
pub struct Clock(
    /// Milliseconds.
    pub u64,
);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (s, ms) = (self.0 / 1000, self.0 % 1000);
        write!(f, "{}:{:02}:{:02}.{ms:03}", s / 3600, s / 60 % 60, s % 60)
    }
}
