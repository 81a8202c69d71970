//! Hours in which nobody is paged: `[alarm] ignore_hours`, in the time zone of the people.

use serde::{Deserialize, Serialize};

use crate::core::time::Timestamp;

const MINUTE_MS: i64 = 60_000;
const DAY_MINUTES: i64 = 24 * 60;
const WEEK_MINUTES: i64 = 7 * DAY_MINUTES;
/// 1970-01-01 was a Thursday; weeks are counted from Monday.
const EPOCH_WEEKDAY: i64 = 3;

/// Windows of the week, and the time zone they are in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hours {
    /// The windows.
    pub windows: Vec<Window>,
    /// The time zone's name, for a person; empty is UTC.
    pub zone: String,
    /// From when which offset to UTC holds, in seconds, oldest first; before the first, the first.
    /// Empty is UTC.
    pub offsets: Vec<(Timestamp, i32)>,
}

/// A window that recurs each week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Minutes after Monday 00:00, local time, below a week's.
    pub from: u16,
    /// Its length, minutes; at most a week's.
    pub minutes: u16,
}

impl Hours {
    /// The offset to UTC at a moment, seconds.
    #[must_use]
    pub fn offset_s(&self, at: Timestamp) -> i32 {
        let next = self.offsets.partition_point(|(from, _)| *from <= at);
        let found = self.offsets.get(next.saturating_sub(1));
        found.map_or(0, |(_, offset)| *offset)
    }

    /// Whether a moment lies in a window.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        let local_ms = at.ms().saturating_add(i64::from(self.offset_s(at)) * 1_000);
        let minute = local_ms.div_euclid(MINUTE_MS) + EPOCH_WEEKDAY * DAY_MINUTES;
        let minute = minute.rem_euclid(WEEK_MINUTES);
        self.windows.iter().any(|window| {
            let into = (minute - i64::from(window.from)).rem_euclid(WEEK_MINUTES);
            into < i64::from(window.minutes)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_bytes(text.as_bytes()).unwrap()
    }

    fn hours(from: u16, minutes: u16, offsets: &[(&str, i32)]) -> Hours {
        Hours {
            windows: vec![Window { from, minutes }],
            zone: String::new(),
            offsets: offsets.iter().map(|(from, offset)| (at(from), *offset)).collect(),
        }
    }

    #[test]
    fn a_window_is_of_the_week_and_of_its_time_zone() {
        // Saturday 02:00 to 04:00.
        let saturday = 5 * 1440 + 120;
        let summer = [("2026-03-29T01:00:00", 7_200), ("2026-10-25T01:00:00", 3_600)];
        for (name, offsets, time, expected) in [
            ("before it", &[][..], "2026-11-21T01:59:59", false),
            ("its first minute", &[], "2026-11-21T02:00:00", true),
            ("its last", &[], "2026-11-21T03:59:59", true),
            ("after it", &[], "2026-11-21T04:00:00", false),
            ("another day", &[], "2026-11-20T03:00:00", false),
            ("winter in Berlin", &summer, "2026-11-21T01:00:00", true),
            ("too late there", &summer, "2026-11-21T03:00:00", false),
            ("summer in Berlin", &summer, "2026-07-04T00:00:00", true),
            ("not yet in winter", &summer, "2026-11-21T00:30:00", false),
        ] {
            assert_eq!(hours(saturday, 120, offsets).contains(at(time)), expected, "{name}");
        }
    }

    #[test]
    fn a_window_may_pass_the_end_of_the_week() {
        // Sunday 23:00 for two hours.
        let hours = hours(6 * 1440 + 23 * 60, 120, &[]);
        for (time, expected) in [
            ("2026-11-22T22:59:00", false),
            ("2026-11-22T23:30:00", true),
            ("2026-11-23T00:59:00", true),
            ("2026-11-23T01:00:00", false),
        ] {
            assert_eq!(hours.contains(at(time)), expected, "{time}");
        }
    }
}
