//! How far a stream of records was read, to go on there without loss or repeat.

use crate::sources::docker::stamp::Stamp;

/// The place reached in stdout or stderr. Docker can be asked for records since a second only, so a
/// new connection repeats some; they are known by their stamp, and those that share the last stamp
/// by their number: two records of one text are two records.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    last: Option<Stamp>,
    /// How many records of that stamp were taken.
    taken: u64,
    /// While a new connection repeats: how many records of the last stamp it has given.
    repeated: Option<u64>,
}

impl Cursor {
    /// A place behind every record up to `newest`.
    pub(super) fn behind(newest: Stamp) -> Self {
        Self { last: Some(newest), taken: u64::MAX, repeated: None }
    }

    /// A new connection begins: what it gives first may have been taken before.
    pub(super) fn reconnect(&mut self) {
        self.repeated = self.last.map(|_| 0);
    }

    /// The stamp of the last record taken.
    pub(super) fn last(&self) -> Option<Stamp> {
        self.last
    }

    /// Moves over the next record; false if it was taken before.
    pub(super) fn advance(&mut self, at: Stamp) -> bool {
        if let (Some(repeated), Some(last)) = (&mut self.repeated, self.last) {
            if at < last {
                return false;
            }
            if at == last && *repeated < self.taken {
                *repeated += 1;
                return false;
            }
            self.repeated = None;
        }
        if self.last == Some(at) {
            self.taken = self.taken.saturating_add(1);
        } else {
            (self.last, self.taken) = (Some(at), 1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(nanos: u32) -> Stamp {
        let record = format!("2026-11-21T08:08:53.{nanos:09}Z ");
        Stamp::split(record.as_bytes()).unwrap().0
    }

    fn taken(cursor: &mut Cursor, stamps: &[u32]) -> Vec<bool> {
        stamps.iter().map(|nanos| cursor.advance(stamp(*nanos))).collect()
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
}
