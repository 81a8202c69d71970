//! A line of nodeos's log becomes a typed event.
//!
//! A line passes four steps. `ansi` takes the colour codes out; `wrapper` removes what a log
//! collector put in front; `layout` reads nodeos's own columns up to `] `; and `message` looks the
//! message up in the tables of `shapes`, one per family. Every step is anchored where the
//! one before ended, so text further inside a line is never searched.
//!
//! `doc/log-lines.md` lists every message, every wrapper, and what is not accepted.
//!
//! ## Caveat
//! nodeos does not escape what it prints. Whoever gets a newline into a message starts a line of
//! their own, and that line can be a perfect copy of ours: a contract's console output does it at
//! debug level, a peer's name may do it in versions that don't clean it. No reader of the text can
//! tell. The keeper therefore promotes nobody by log lines alone: the RPC must agree. A line that shows
//! our name signed elsewhere does stop a standby that signs, for two signers are worse than none.

mod anchor;
mod ansi;
mod exception;
mod json;
mod layout;
mod message;
mod pairs;
mod peer;
mod schedule;
mod shape;
mod shapes;
mod table;
mod wrapper;

use crate::core::event::{EventName, LogEvent};
use crate::nodeos::log::anchor::HourAnchor;
use crate::nodeos::log::layout::{Columns, Printed, Record};
use crate::nodeos::log::message::{Reader, Reading, Source};
use crate::nodeos::log::shape::After;

pub use crate::nodeos::log::json::json_line;
pub use crate::nodeos::log::schedule::schedule_of;

/// Reads one log, line after line.
///
/// It keeps what a line alone does not tell: the UTC hour of a DAWN log, which prints only the
/// milliseconds within it, and whether a line without nodeos's columns can be more than the rest
/// of the record above it.
#[derive(Debug, Default)]
pub struct Classifier {
    reader: Reader,
    columns: Columns,
    anchor: HourAnchor,
    /// What the line before leaves open; nothing was before the first.
    before: Option<After>,
    columns_seen: bool,
    without_colour: Vec<u8>,
}

impl Classifier {
    /// A reader at the start of a log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The event of a line, given without its newline; any bytes are allowed.
    ///
    /// A line that is none of ours is [`EventName::Other`], with level and time where it has
    /// nodeos's columns. The call allocates only for the first lines, and for a line with colour
    /// codes that is longer than any before.
    pub fn classify(&mut self, line: &[u8]) -> LogEvent {
        let mut copy = std::mem::take(&mut self.without_colour);
        let event = self.classify_plain(ansi::without_colour(line, &mut copy));
        self.without_colour = copy;
        event
    }

    fn classify_plain(&mut self, line: &[u8]) -> LogEvent {
        match self.columns.read(line) {
            Some(record) => {
                self.columns_seen = true;
                let reading = self.reader.read(record.message, Source::of(&record));
                self.before = Some(reading.after);
                Self::dated(&mut self.anchor, reading, &record)
            }
            None => self.without_columns(line.trim_ascii_end()),
        }
    }

    /// Adds the level and the time of the columns.
    fn dated(anchor: &mut HourAnchor, reading: Reading, record: &Record<'_>) -> LogEvent {
        let mut event = reading.event;
        event.level = record.level;
        event.logged_at = match record.printed {
            Printed::Utc(time) => Some(time),
            Printed::InHour(ms) => anchor.time_of(ms, &event),
        };
        event
    }

    /// A line without columns belongs to the record above, unless that one is known to be
    /// complete, or the log has no columns at all (a dump of messages alone).
    fn without_columns(&mut self, line: &[u8]) -> LogEvent {
        if line.is_empty() {
            return LogEvent::new(EventName::Other);
        }
        let reading = match self.before {
            Some(After::Cause) => exception::continued(wrapper::behind_wrapper(line)),
            Some(After::Unknown) if self.columns_seen => None,
            _ => Some(self.reader.read(line, Source::MESSAGE_ALONE)),
        };
        let reading = reading.unwrap_or_else(Reading::other);
        self.before = Some(reading.after);
        reading.event
    }
}
