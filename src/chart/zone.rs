//! Times as people read them, in their time zone.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use super::Period;
use crate::core::time::Timestamp;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// A day without a change of the clock.
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;
/// Every zone is a multiple of this away from UTC, since 1972.
const OFFSET_MS: i64 = 15 * MINUTE_MS;

/// Distances between marks of an axis that people can count in; those below a day divide it.
pub(super) const STEPS_MS: [i64; 24] = [
    SECOND_MS,
    5 * SECOND_MS,
    10 * SECOND_MS,
    15 * SECOND_MS,
    30 * SECOND_MS,
    MINUTE_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    3 * HOUR_MS,
    4 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    DAY_MS,
    2 * DAY_MS,
    4 * DAY_MS,
    7 * DAY_MS,
    14 * DAY_MS,
    28 * DAY_MS,
    84 * DAY_MS,
];

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// A name that is none of a time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no time zone is called '{0}'; names look like UTC, Asia/Shanghai or Europe/Berlin (IANA's list)"
)]
pub struct ZoneError(String);

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    /// The zone with this name in IANA's list, as compiled in.
    ///
    /// # Errors
    /// [`ZoneError`] when there is none.
    pub fn named(name: &str) -> Result<Self, ZoneError> {
        let zone = TimeZone::get(name).map_err(|_| ZoneError(name.chars().take(60).collect()))?;
        let name = zone.iana_name().unwrap_or(name).to_owned();
        Ok(Self { name, zone })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a clock on the wall shows; the first and the last moment there is for times beyond.
    fn local(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(instant(at))
    }

    /// `UTC`, or `Asia/Shanghai, UTC+08:00`; both offsets where the clock changes in the period.
    #[must_use]
    pub fn title(&self, period: Period) -> String {
        let offset = |at| self.zone.to_offset(instant(at)).seconds();
        let (first, last) = (offset(period.from), offset(period.to));
        match (first, last) {
            (0, 0) if self.name == "UTC" => self.name.clone(),
            _ if first == last => format!("{}, {}", self.name, signed(first)),
            _ => format!("{}, {} then {}", self.name, signed(first), signed(last)),
        }
    }

    /// `2026-11-21 08:00 to 14:00 UTC`.
    #[must_use]
    pub fn period(&self, period: Period) -> String {
        format!("{} {}", self.span(period), self.name)
    }

    /// `2026-11-21 08:00 to 14:00`.
    pub(super) fn span(&self, period: Period) -> String {
        let (from, to) = (self.local(period.from), self.local(period.to));
        let has_seconds = from.second() != 0 || to.second() != 0 || period.ms() < MINUTE_MS;
        let clock = |time: DateTime| clock(time, has_seconds);
        let end = if from.date() == to.date() {
            clock(to)
        } else {
            format!("{} {}", to.date(), clock(to))
        };
        format!("{} {} to {end}", from.date(), clock(from))
    }

    /// `14:05`, or `14:05:30`.
    pub(super) fn time(&self, at: Timestamp, has_seconds: bool) -> String {
        clock(self.local(at), has_seconds)
    }

    /// `21 Nov`.
    pub(super) fn day(&self, at: Timestamp) -> String {
        let date = self.local(at).date();
        let month = usize::from(date.month().unsigned_abs()).saturating_sub(1);
        format!("{} {}", date.day(), MONTHS[month.min(11)])
    }

    /// What stands below a mark: the time, or the day where one begins or where marks are days.
    pub(super) fn mark(&self, at: Timestamp, step_ms: i64) -> String {
        if step_ms >= DAY_MS || self.local(at).time() == Time::midnight() {
            self.day(at)
        } else {
            self.time(at, step_ms < MINUTE_MS)
        }
    }

    /// The moments in the period at which the clock on the wall shows a multiple of the step: of
    /// hours and minutes since midnight, or of days since 1970. At most some thousands, as a
    /// period is at most 400 days and a step no shorter than what fits side by side.
    pub(super) fn marks(&self, period: Period, step_ms: i64) -> Vec<Timestamp> {
        if step_ms >= DAY_MS { self.days(period, step_ms) } else { self.times(period, step_ms) }
    }

    fn times(&self, period: Period, step_ms: i64) -> Vec<Timestamp> {
        let grid_ms = common(step_ms, OFFSET_MS);
        let first = (period.from.ms() + grid_ms - 1).div_euclid(grid_ms) * grid_ms;
        let all = (0..).map(|n| Timestamp::from_ms(first + n * grid_ms));
        all.take_while(|at| *at <= period.to)
            .filter(|at| {
                let time = self.local(*at).time();
                let since_midnight = i64::from(time.hour()) * HOUR_MS
                    + i64::from(time.minute()) * MINUTE_MS
                    + i64::from(time.second()) * SECOND_MS;
                since_midnight % step_ms == 0
            })
            .collect()
    }

    fn days(&self, period: Period, step_ms: i64) -> Vec<Timestamp> {
        let mut marks = Vec::new();
        let mut date = self.local(period.from).date();
        loop {
            let midnight = self.zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0)).compatible();
            let Ok(at) = midnight.map(|at| Timestamp::from_ms(at.as_millisecond())) else { break };
            if at > period.to {
                break;
            }
            // The number of a day is that of its date, whatever the zone.
            let day = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0));
            let day = day.map_or(0, |at| at.as_second().div_euclid(DAY_MS / 1000));
            if at >= period.from && day % (step_ms / DAY_MS) == 0 {
                marks.push(at);
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        marks
    }
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    let edge = if at.ms() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at.ms()).unwrap_or(edge)
}

fn clock(time: DateTime, has_seconds: bool) -> String {
    let minutes = format!("{:02}:{:02}", time.hour(), time.minute());
    if has_seconds { format!("{minutes}:{:02}", time.second()) } else { minutes }
}

fn signed(offset_s: i32) -> String {
    let sign = if offset_s < 0 { '-' } else { '+' };
    let minutes = offset_s.unsigned_abs() / 60;
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Greatest common divisor.
fn common(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str) -> Period {
        Period { from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    fn marks(zone: &str, from: &str, to: &str, step_ms: i64) -> Vec<String> {
        let zone = Zone::named(zone).unwrap();
        let found = zone.marks(period(from, to), step_ms);
        found.iter().map(|at| zone.mark(*at, step_ms)).collect()
    }

    #[test]
    fn marks_stand_where_the_clock_on_the_wall_is_round() {
        let (from, to) = ("2026-11-21T20:10:00", "2026-11-22T03:00:00");
        assert_eq!(marks("UTC", from, to, 3 * HOUR_MS), ["21:00", "22 Nov", "03:00"]);
        assert_eq!(marks("Asia/Shanghai", from, to, 3 * HOUR_MS), ["06:00", "09:00"]);
        let one_hour = ("2026-11-21T20:00:00", "2026-11-21T21:00:00");
        let kathmandu = marks("Asia/Kathmandu", one_hour.0, one_hour.1, 30 * MINUTE_MS);
        assert_eq!(kathmandu, ["02:00", "02:30"], "5 h 45 min east");
    }

    #[test]
    fn marks_follow_a_change_of_the_clock() {
        let found =
            marks("Europe/Berlin", "2026-03-28T20:00:00", "2026-03-29T08:00:00", 3 * HOUR_MS);
        assert_eq!(found, ["21:00", "29 Mar", "03:00", "06:00", "09:00"]);
        let days = marks("Europe/Berlin", "2026-03-28T00:00:00", "2026-03-31T00:00:00", DAY_MS);
        assert_eq!(days, ["29 Mar", "30 Mar", "31 Mar"]);
    }

    #[test]
    fn the_zone_is_stated_with_its_offset() {
        let summer = period("2026-03-28T20:00:00", "2026-03-29T08:00:00");
        for (name, title) in [
            ("UTC", "UTC"),
            ("Asia/Shanghai", "Asia/Shanghai, UTC+08:00"),
            ("Europe/Berlin", "Europe/Berlin, UTC+01:00 then UTC+02:00"),
            ("America/St_Johns", "America/St_Johns, UTC-02:30"),
        ] {
            assert_eq!(Zone::named(name).unwrap().title(summer), title);
        }
        assert_eq!(
            Zone::named("Asia/Shanghai").unwrap().period(summer),
            "2026-03-29 04:00 to 16:00 Asia/Shanghai"
        );
        assert_eq!(Zone::utc().period(summer), "2026-03-28 20:00 to 2026-03-29 08:00 UTC");
        let error = Zone::named("Mars/Olympus").unwrap_err().to_string();
        assert!(error.contains("Mars/Olympus") && error.contains("Asia/Shanghai"), "{error}");
    }

    #[test]
    fn a_time_beyond_all_calendars_is_no_panic() {
        for at in [i64::MIN, i64::MAX] {
            let zone = Zone::named("Asia/Shanghai").unwrap();
            assert!(!zone.mark(Timestamp::from_ms(at), DAY_MS).is_empty());
        }
    }
}
