//! How far long work is, on one line of standard error that is wiped again; only on a terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::core::time::Human;

/// Work that is done before is not told of.
const QUIET: Duration = Duration::from_secs(1);
/// Between two messages.
const EVERY: Duration = Duration::from_millis(500);
/// Columns a line that is wiped again may take; a longer one would wrap.
const COLUMNS: usize = 79;
/// Back to the first column, and clear to the end of the line.
const WIPE: &str = "\r\x1b[K";
/// Binary units from the smallest.
const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];

/// Whether a message stands on the terminal.
static IS_LIVE: AtomicBool = AtomicBool::new(false);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Bytes, in binary units.
    Bytes,
    /// Things of this name.
    Things(&'static str),
}

/// Work under way.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    unit: Unit,
    all: Option<u64>,
    is_shown: bool,
    started: Instant,
    told: Option<Instant>,
}

impl Progress {
    /// Work of `all` units, where that is known. Nothing is shown where it is not wanted or standard
    /// error is no terminal.
    pub(super) fn new(what: &'static str, unit: Unit, all: Option<u64>, is_wanted: bool) -> Self {
        let is_shown = is_wanted && io::stderr().is_terminal();
        Self { what, unit, all, is_shown, started: Instant::now(), told: None }
    }

    /// So much is done.
    pub(super) fn done(&mut self, done: u64) {
        if !self.is_shown {
            return;
        }
        let (now, elapsed) = (Instant::now(), self.started.elapsed());
        if elapsed < QUIET || self.told.is_some_and(|told| now - told < EVERY) {
            return;
        }
        self.told = Some(now);
        let line = line(self.what, self.unit, done, self.all, elapsed);
        IS_LIVE.store(true, Ordering::Relaxed);
        // Whether a person sees it matters to nobody else.
        let _ = write!(io::stderr(), "{WIPE}{line}");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        wipe();
    }
}

/// Takes the message away, if there is one.
fn wipe() {
    if IS_LIVE.swap(false, Ordering::Relaxed) {
        let _ = write!(io::stderr(), "{WIPE}");
    }
}

/// Standard output beside a message on the same terminal: takes that away before each write.
#[derive(Debug)]
pub(super) struct Beside<W>(pub(super) W);

impl<W: Write> Write for Beside<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        wipe();
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// `Replaying: 1.2 GiB of 4.0 GiB (30 %), 85.0 MiB/s, 35 s left`.
fn line(what: &str, unit: Unit, done: u64, all: Option<u64>, elapsed: Duration) -> String {
    let shown = |count: u64| match unit {
        Unit::Bytes => bytes(count),
        Unit::Things(_) => count.to_string(),
    };
    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let name = match unit {
        Unit::Bytes => String::new(),
        Unit::Things(name) => format!(" {name}"),
    };
    let mut text = format!("{what}: {}", shown(done));
    // A file that grows meanwhile is longer than it was.
    if let Some(all) = all.filter(|all| done <= *all && *all > 0) {
        let percent = u128::from(done) * 100 / u128::from(all);
        text += &format!(" of {}{name} ({percent} %)", shown(all));
    } else {
        text += &name;
    }
    let a_second = |scale: u128| u128::from(done) * 1000 * scale / u128::from(ms);
    match unit {
        Unit::Bytes => {
            text += &format!(", {}/s", bytes(u64::try_from(a_second(1)).unwrap_or(u64::MAX)));
        }
        Unit::Things(_) => {
            let tenths = a_second(10);
            text += &format!(", {}.{} a second", tenths / 10, tenths % 10);
        }
    }
    if let Some(left) = left(done, all, ms) {
        text += &format!(", {left} left");
    }
    text.chars().take(COLUMNS).collect()
}

/// How long the rest takes if it goes on like this, in whole seconds.
fn left(done: u64, all: Option<u64>, ms: u64) -> Option<Human> {
    let rest = all?.checked_sub(done).filter(|rest| done > 0 && *rest > 0)?;
    let left = u128::from(ms) * u128::from(rest) / u128::from(done);
    let left = u64::try_from(left).ok()?;
    Some(Human(left.div_ceil(1000).checked_mul(1000)?))
}

/// `999 B`, `1.5 KiB`, `4.0 GiB`.
fn bytes(count: u64) -> String {
    let mut unit = 0;
    let mut tenths = u128::from(count) * 10;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    match unit {
        0 => format!("{count} {}", UNITS[0]),
        _ => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_done_how_fast_and_what_is_left() {
        const GIB: u64 = 1 << 30;
        let seeds = Unit::Things("seeds");
        for (name, unit, done, all, ms, expected) in [
            (
                "bytes",
                Unit::Bytes,
                GIB,
                Some(4 * GIB),
                10_000,
                "Work: 1.0 GiB of 4.0 GiB (25 %), 102.3 MiB/s, 30 s left",
            ),
            ("a pipe", Unit::Bytes, 3 * GIB / 2, None, 1_000, "Work: 1.5 GiB, 1.5 GiB/s"),
            ("nothing yet", Unit::Bytes, 0, Some(100), 1_000, "Work: 0 B of 100 B (0 %), 0 B/s"),
            (
                "the end",
                Unit::Bytes,
                100,
                Some(100),
                1_000,
                "Work: 100 B of 100 B (100 %), 100 B/s",
            ),
            ("it grew", Unit::Bytes, 120, Some(100), 1_000, "Work: 120 B, 120 B/s"),
            ("empty", Unit::Bytes, 0, Some(0), 1_000, "Work: 0 B, 0 B/s"),
            (
                "seeds",
                seeds,
                25,
                Some(100),
                10_000,
                "Work: 25 of 100 seeds (25 %), 2.5 a second, 30 s left",
            ),
            (
                "slow",
                seeds,
                1,
                Some(1_000),
                60_000,
                "Work: 1 of 1000 seeds (0 %), 0.0 a second, 16 h 39 min left",
            ),
            ("no time", seeds, 7, None, 0, "Work: 7 seeds, 7000.0 a second"),
            (
                "most",
                Unit::Bytes,
                u64::MAX,
                Some(u64::MAX),
                1,
                "Work: 16777215.9 TiB of 16777215.9 TiB (100 %), 16777215.9 TiB/s",
            ),
        ] {
            let shown = line("Work", unit, done, all, Duration::from_millis(ms));
            assert_eq!(shown, expected, "{name}");
        }
        let long = line(&"x".repeat(200), Unit::Bytes, 1, None, QUIET);
        assert_eq!(long.chars().count(), COLUMNS);
    }

    #[test]
    fn bytes_have_the_greatest_unit_that_fits() {
        for (count, expected) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 KiB"),
            (1_536, "1.5 KiB"),
            (1 << 20, "1.0 MiB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
    }
}
