//! How far a stream of records was read, to go on there without loss or repeat.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::sources::docker::stamp::Stamp;

/// How many stamps are remembered to know a repeated record by. Docker 20.10 repeated up to 17
/// records at a rotation of 10 kB files.
const RECENT_MAX: usize = 4096;

/// The place reached in stdout or stderr.
///
/// Docker gives records again: a new connection can be asked for records since a second only, and a
/// living one repeats some when the json-file is rotated. Such records are known by their stamp, and
/// those that share the last stamp by their number: two records of one text are two records.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    last: Option<Stamp>,
    /// How many records of that stamp were taken.
    taken: u64,
    /// What tells the last record from another of its stamp.
    last_text: u64,
    /// While Docker repeats: how many records of the last stamp it has given again.
    repeated: Option<u64>,
    /// Stamps before the last, oldest first.
    recent: VecDeque<Stamp>,
}

impl Cursor {
    /// A place behind every record up to `newest`.
    pub(super) fn behind(newest: Stamp) -> Self {
        Self { last: Some(newest), taken: u64::MAX, ..Self::default() }
    }

    /// A new connection begins: what it gives first may have been taken before.
    pub(super) fn reconnect(&mut self) {
        self.repeated = self.last.map(|_| 0);
    }

    /// The stamp of the last record taken.
    pub(super) fn last(&self) -> Option<Stamp> {
        self.last
    }

    /// Moves over the next record; false if it was taken before. `is_part`: it continues a line
    /// and so rightly has the stamp of the one before, and perhaps its text.
    pub(super) fn advance(&mut self, at: Stamp, text: &[u8], is_part: bool) -> bool {
        let text = hash(text);
        if let Some(last) = self.last {
            if self.repeats(at, last) {
                return false;
            }
            if at == last && text == self.last_text && !is_part {
                return false;
            }
        }
        if self.last == Some(at) {
            self.taken = self.taken.saturating_add(1);
        } else {
            self.remember_last();
            (self.last, self.taken) = (Some(at), 1);
        }
        self.last_text = text;
        true
    }

    fn repeats(&mut self, at: Stamp, last: Stamp) -> bool {
        // A clock set back gives stamps from the past too, but not the very same nanosecond.
        if self.repeated.is_none() && at < last && self.recent.contains(&at) {
            self.repeated = Some(0);
        }
        let Some(repeated) = &mut self.repeated else { return false };
        if at < last {
            return true;
        }
        if at == last && *repeated < self.taken {
            *repeated += 1;
            return true;
        }
        self.repeated = None;
        false
    }

    fn remember_last(&mut self) {
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.extend(self.last);
    }
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(nanos: u32) -> Stamp {
        let record = format!("2026-11-21T08:08:53.{nanos:09}Z ");
        Stamp::split(record.as_bytes()).unwrap().0
    }

    fn taken(cursor: &mut Cursor, stamps: &[u32]) -> Vec<bool> {
        // Each call has records of its own texts, so only their stamps can make them repeats.
        let numbered = stamps.iter().zip(16 * stamps.len() as u64..);
        numbered
            .map(|(nanos, number)| cursor.advance(stamp(*nanos), &number.to_le_bytes(), false))
            .collect()
    }

    #[test]
    fn a_new_connection_goes_on_behind_the_last_record() {
        let mut cursor = Cursor::default();
        assert_eq!(taken(&mut cursor, &[1, 2, 2, 3, 3]), [true; 5]);
        cursor.reconnect();
        let again = taken(&mut cursor, &[2, 2, 3, 3, 3, 4, 4]);
        assert_eq!(again, [false, false, false, false, true, true, true]);
    }

    #[test]
    fn a_log_whose_old_records_were_rotated_away_repeats_less() {
        let mut cursor = Cursor::default();
        assert_eq!(taken(&mut cursor, &[1, 2, 2]), [true; 3]);
        cursor.reconnect();
        assert_eq!(taken(&mut cursor, &[5, 5]), [true; 2]);
    }

    #[test]
    fn a_clock_set_back_hides_nothing_from_a_living_connection() {
        let mut cursor = Cursor::default();
        assert_eq!(taken(&mut cursor, &[7, 8, 3, 4]), [true; 4]);
    }

    #[test]
    fn behind_the_newest_record_all_are_new() {
        let mut cursor = Cursor::behind(stamp(5));
        cursor.reconnect();
        assert_eq!(taken(&mut cursor, &[4, 5, 5, 6, 6]), [false, false, false, true, true]);
        cursor.reconnect();
        assert_eq!(taken(&mut cursor, &[5, 6, 6, 6]), [false, false, false, true]);
    }

    #[test]
    fn a_living_connection_that_repeats_at_a_rotation() {
        let mut cursor = Cursor::default();
        assert_eq!(taken(&mut cursor, &[1, 2, 3, 3]), [true; 4]);
        assert_eq!(taken(&mut cursor, &[2, 3, 3, 4]), [false, false, false, true]);
        assert!(cursor.advance(stamp(5), b"text", false));
        assert!(!cursor.advance(stamp(5), b"text", false), "the last record alone, once more");
        assert!(cursor.advance(stamp(5), b"text", true), "the next part of a long line");
        assert!(cursor.advance(stamp(5), b"other", false), "another record of the same nanosecond");
    }
}
