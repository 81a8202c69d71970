//! When reports are due.

use serde::Serialize;

use crate::core::time::Timestamp;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// When reports are made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReportTimes {
    /// Minutes of the day at which one is due, growing; never empty where reports are made.
    pub minutes: Vec<u32>,
    /// From when which offset to UTC holds, seconds; none: UTC.
    pub offsets: Vec<(Timestamp, i32)>,
    /// The zone's name.
    pub zone: String,
}

impl ReportTimes {
    /// Every so many hours from midnight on: 6 are 00:00, 06:00, 12:00 and 18:00.
    #[must_use]
    pub fn every(hours: u32) -> Vec<u32> {
        (0..24).step_by(hours.clamp(1, 24) as usize).map(|hour| hour * 60).collect()
    }

    /// The first time after `now` at which a report is due; `None` where none ever is.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        // Yesterday to the day after tomorrow, by the zone's own days.
        self.around(now).filter(|at| *at > now).min()
    }

    /// The last time up to `now` at which one was due.
    #[must_use]
    pub fn last(&self, now: Timestamp) -> Option<Timestamp> {
        self.around(now).filter(|at| *at <= now).max()
    }

    fn around(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        let local = now.plus_ms(offset_ms(&self.offsets, now));
        let midnight = local.ms() - local.ms().rem_euclid(DAY_MS);
        (-2..=2).flat_map(move |day| {
            self.minutes.iter().map(move |minute| {
                let local = midnight + day * DAY_MS + i64::from(*minute) * MINUTE_MS;
                // The offset of that moment, which may be another than now's.
                let guess = Timestamp::from_ms(local - offset_ms(&self.offsets, now));
                Timestamp::from_ms(local - offset_ms(&self.offsets, guess))
            })
        })
    }
}

/// The offset to UTC that holds at a time, milliseconds.
#[must_use]
pub fn offset_ms(offsets: &[(Timestamp, i32)], at: Timestamp) -> i64 {
    let holds = offsets.iter().rev().find(|(from, _)| *from <= at).or(offsets.first());
    holds.map_or(0, |(_, seconds)| i64::from(*seconds) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_report_is_due_at_its_times_in_its_zone() {
        let shanghai = vec![(at("2026-01-01T00:00:00"), 8 * 3600)];
        // Berlin leaves summer time on 2026-10-25 at 01:00 UTC.
        let berlin = vec![(at("2026-03-29T01:00:00"), 7200), (at("2026-10-25T01:00:00"), 3600)];
        let cases = [
            ("every six hours", ReportTimes::every(6), vec![], "02:48", "06:00", "00:00"),
            ("on the minute", ReportTimes::every(6), vec![], "06:00", "12:00", "06:00"),
            ("once a day", vec![570], vec![], "09:31", "+09:30", "09:30"),
            ("in Shanghai", vec![0, 720], shanghai, "03:59", "04:00", "-16:00"),
        ];
        for (name, minutes, offsets, now, next, last) in cases {
            let times = ReportTimes { minutes, offsets, zone: String::new() };
            let day = |text: &str| match text.split_at_checked(1) {
                Some(("+", time)) => at(&format!("2026-11-22T{time}:00")),
                Some(("-", time)) => at(&format!("2026-11-20T{time}:00")),
                _ => at(&format!("2026-11-21T{text}:00")),
            };
            assert_eq!(times.next(day(now)), Some(day(next)), "{name}");
            assert_eq!(times.last(day(now)), Some(day(last)), "{name}");
        }
        let times = ReportTimes { minutes: vec![0], offsets: berlin, zone: String::new() };
        assert_eq!(times.next(at("2026-10-24T12:00:00")), Some(at("2026-10-24T22:00:00")));
        assert_eq!(times.next(at("2026-10-24T23:00:00")), Some(at("2026-10-25T23:00:00")));
        assert_eq!(ReportTimes::default().next(at("2026-10-24T23:00:00")), None);
    }
}
