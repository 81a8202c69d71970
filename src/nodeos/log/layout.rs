//! nodeos's own columns, from the start of a line to `] `.
//!
//! Three dialects, all of fc's `console_appender.cpp`; the `format` key of `logging.json` changes
//! none of them:
//! - DAWN to 1.0.10: `<milliseconds in the hour>ms <thread> <file:line> <method> ] `
//! - 1.1 to 1.3: `<UTC time> <thread> <file:line> <method> ] `
//! - 1.4 to Spring 2.0-dev: `<level> <UTC time> <thread> <file:line> <method> ] `

use std::sync::LazyLock;

use regex::bytes::{CaptureLocations, Regex, RegexBuilder};

use crate::core::event::Level;
use crate::core::time::Timestamp;
use crate::nodeos::log::wrapper::Unwrap;

/// Bytes in which the columns must end: they are about 80 wide, a file or method name of 1.3 and
/// before is not cut.
const COLUMNS_MAX: usize = 256;

/// The columns up to the first `]`; what is between time and `]` is read by [`source_of`].
static COLUMNS: LazyLock<Regex> = LazyLock::new(|| {
    // Each byte has one way to match, so that the regex runs as a one-pass automaton.
    let pattern = r"(?x)^
        (?:(all|debug|info|warn|error|off)\x20+)?
        ([0-9]{1,7})(ms|-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)
        \x20([^\]]*)\]";
    // A constant pattern: every test of this file compiles it.
    RegexBuilder::new(pattern).unicode(false).build().expect("the pattern of the columns is valid")
});

/// A line that has nodeos's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// Absent before 1.4.
    pub level: Option<Level>,
    /// When it was printed.
    pub printed: Printed,
    /// Source file, cut to 22 characters from 1.4 on.
    pub file: &'a [u8],
    /// C++ function, cut to 20 characters; may be empty.
    pub method: &'a [u8],
    /// What follows the columns, without blanks and carriage returns around it.
    pub message: &'a [u8],
}

/// The time column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Printed {
    /// 1.1 and later: UTC.
    Utc(Timestamp),
    /// DAWN to 1.0.10: milliseconds since the start of an hour that is not named.
    InHour(u32),
}

/// Finds the columns; keeps the matcher's memory from line to line.
#[derive(Debug)]
pub(super) struct Columns {
    found: CaptureLocations,
}

impl Default for Columns {
    fn default() -> Self {
        Self { found: COLUMNS.capture_locations() }
    }
}

impl Columns {
    /// The record a line begins, behind whatever a log collector put in front.
    pub(super) fn read<'a>(&mut self, line: &'a [u8]) -> Option<Record<'a>> {
        let mut unwrap = Unwrap::new(line);
        loop {
            if let Some(record) = self.read_here(unwrap.rest()) {
                return Some(record);
            }
            unwrap.next()?;
        }
    }

    fn read_here<'a>(&mut self, text: &'a [u8]) -> Option<Record<'a>> {
        let head = &text[..text.len().min(COLUMNS_MAX)];
        COLUMNS.captures_read(&mut self.found, head)?;
        let group = |at| self.found.get(at).map(|(from, to)| &head[from..to]);
        let (file, method) = source_of(group(4)?)?;
        let printed = match group(3)? {
            b"ms" => Printed::InHour(hour_ms(group(2)?)?),
            _ => {
                let ((from, _), (_, to)) = (self.found.get(2)?, self.found.get(3)?);
                Printed::Utc(Timestamp::from_bytes(&head[from..to]).ok()?)
            }
        };
        let (_, end) = self.found.get(0)?;
        let message = &text[end..];
        // The layout prints a blank after `]`; a collector may have cut the trailing one.
        if !matches!(message.first(), None | Some(b' ' | b'\r')) {
            return None;
        }
        Some(Record {
            level: group(1).and_then(level),
            printed,
            file,
            method,
            message: trim(message),
        })
    }
}

/// Without the blanks, carriage returns and NULs around it. DAWN 3.0 starts some messages with a
/// carriage return, Spring 1.0 some with a second blank.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | 0);
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// File and method of `[thread] file:line [method]`; the thread column was empty in one DAWN
/// build, the method column is empty in some lines of 1.3 and before.
fn source_of(columns: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut words = columns.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let first = words.next()?;
    let file = match file_of(first) {
        Some(file) => file,
        None if first.len() <= THREAD_MAX => file_of(words.next()?)?,
        None => return None,
    };
    let method = words.next().unwrap_or_default();
    words.next().is_none().then_some((file, method))
}

/// A thread's name is cut to 9 bytes from 1.4 on; before, it was `thread-N`, or an OS name (15).
const THREAD_MAX: usize = 16;

/// `producer_plugin.cpp` of `producer_plugin.cpp:345`; the extension may be cut off.
fn file_of(word: &[u8]) -> Option<&[u8]> {
    let colon = word.iter().rposition(|byte| *byte == b':')?;
    let (file, line) = (&word[..colon], &word[colon + 1..]);
    let name =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'+');
    let is_source = !file.is_empty()
        && file.iter().all(name)
        && !line.is_empty()
        && line.len() <= 7
        && line.iter().all(u8::is_ascii_digit);
    is_source.then_some(file)
}

/// Milliseconds within an hour: 0 to 3599999.
fn hour_ms(digits: &[u8]) -> Option<u32> {
    let ms = digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    (ms < 3_600_000).then_some(ms)
}

fn level(word: &[u8]) -> Option<Level> {
    match word {
        b"all" => Some(Level::All),
        b"debug" => Some(Level::Debug),
        b"info" => Some(Level::Info),
        b"warn" => Some(Level::Warn),
        b"error" => Some(Level::Error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Record<'_>> {
        Columns::default().read(line.as_bytes())
    }

    #[test]
    fn the_columns_of_each_dialect_are_read() {
        let utc = Printed::Utc("2018-09-08T06:48:54.052".parse().unwrap());
        let cases = [
            (
                "7ms thread-0   main.cpp:91                   main                 ] a",
                None,
                Printed::InHour(7),
                "main.cpp",
                "main",
            ),
            (
                "7ms            main.cpp:91                   main                 ] a",
                None,
                Printed::InHour(7),
                "main.cpp",
                "main",
            ),
            (
                "2018-09-08T06:48:54.052 thread-0   main.cpp:91                                        ] a",
                None,
                utc,
                "main.cpp",
                "",
            ),
            (
                "warn  2018-09-08T06:48:54.052 thread-0  resource_monitor_plugi:70     operator()           ] a",
                Some(Level::Warn),
                utc,
                "resource_monitor_plugi",
                "operator()",
            ),
            ("off   2018-09-08T06:48:54.052 net-0     a.cpp:1   f  ]  a ", None, utc, "a.cpp", "f"),
        ];
        for (line, level, printed, file, method) in cases {
            let (file, method) = (file.as_bytes(), method.as_bytes());
            let record = Record { level, printed, file, method, message: b"a" };
            assert_eq!(read(line), Some(record), "{line}");
        }
    }

    #[test]
    fn other_texts_have_no_columns() {
        for line in [
            "3600000ms thread-0   main.cpp:91 main ] a",
            "7ms thread-0   main.cpp main ] a",
            "7ms a thread-0   main.cpp:91 main ] a",
            "7ms thread-0   main.cpp:91 main more ] a",
            "7ms thread-0   main.cpp:91 main ]a",
            "7ms thread-0   main.cpp:91 main",
            "2018-02-30T06:48:54.052 thread-0   main.cpp:91 main ] a",
            "fatal 2018-09-08T06:48:54.052 thread-0   main.cpp:91 main ] a",
            "info  2018-09-08T06:48:54.052 a-thread-with-a-long-name main.cpp:91 main ] a",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
