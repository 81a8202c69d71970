//! Time as a value: two clocks, never read here.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds in a day.
const DAY_MS: i64 = 86_400_000;

/// Wall-clock time in milliseconds since 1970-01-01 UTC; may jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Monotonic time in milliseconds since an arbitrary start; never goes back, and is not comparable
/// across restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

/// What every verb of the keeper is told: both clocks, read together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Measures how long something took.
    pub mono: Mono,
    /// Relates what we see to block times.
    pub wall: Timestamp,
}

impl Timestamp {
    /// From milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// `self - earlier` in milliseconds; negative when `earlier` is later.
    #[must_use]
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This time moved by `ms`.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl Mono {
    /// From milliseconds since the arbitrary start.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the arbitrary start.
    #[must_use]
    pub const fn ms(self) -> u64 {
        self.0
    }

    /// `self - earlier` in milliseconds, 0 when `earlier` is later.
    #[must_use]
    pub const fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<u64> for Mono {
    type Output = Self;

    fn add(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl Sub<u64> for Mono {
    type Output = Self;

    fn sub(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms))
    }
}

impl Now {
    /// Both clocks moved on by `ms`.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self { mono: self.mono + ms, wall: self.wall.plus_ms(ms.cast_signed()) }
    }
}

/// Why a text is no time of nodeos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time looks like 2026-11-21T02:48:37.098 (UTC)")]
pub struct TimestampError;

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
/// The year is counted from March, so that the leap day is the last day of a year.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// A fixed-width decimal field.
fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
}

impl Timestamp {
    /// Reads `YYYY-MM-DDTHH:MM:SS[.f…][Z]`, the layout of nodeos's logs and RPC (UTC); digits
    /// beyond the millisecond are dropped.
    ///
    /// # Errors
    /// [`TimestampError`] when the bytes are no such time, or no day of the calendar.
    pub fn from_bytes(text: &[u8]) -> Result<Self, TimestampError> {
        Self::parse(text).ok_or(TimestampError)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let text = text.strip_suffix(b"Z").unwrap_or(text);
        let (whole, fraction) = text.split_at_checked(19)?;
        let shape = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if shape.iter().any(|&(at, mark)| whole[at] != mark) {
            return None;
        }
        let (year, month, day) =
            (digits(&whole[..4])?, digits(&whole[5..7])?, digits(&whole[8..10])?);
        let (hour, minute, second) =
            (digits(&whole[11..13])?, digits(&whole[14..16])?, digits(&whole[17..19])?);
        // A leap second may print as :60.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let days = days_from_civil(year, month, day);
        if civil_from_days(days) != (year, month, day) {
            return None;
        }
        let ms = Self::parse_fraction(fraction)?;
        Some(Self(days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + ms))
    }

    fn parse_fraction(fraction: &[u8]) -> Option<i64> {
        let Some((mark, digits_text)) = fraction.split_first() else { return Some(0) };
        if *mark != b'.' || digits_text.is_empty() || digits_text.len() > 9 {
            return None;
        }
        digits(digits_text)?;
        let mut ms = 0;
        for at in 0..3 {
            ms = ms * 10 + digits_text.get(at).map_or(0, |b| i64::from(b - b'0'));
        }
        Some(ms)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Display for Timestamp {
    /// As nodeos prints it: `2026-11-21T02:48:37.098`, UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, in_day) = (self.0.div_euclid(DAY_MS), self.0.rem_euclid(DAY_MS));
        let (year, month, day) = civil_from_days(days);
        let (seconds, ms) = (in_day / 1000, in_day % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A duration as people read it: `850 ms`, `12.5 s`, `4 min 20 s`, `3 h 5 min`, `2 d 4 h`.
#[derive(Clone, Copy, Debug)]
pub struct Human(
    /// Milliseconds.
    pub u64,
);

impl fmt::Display for Human {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0;
        let (s, min, h, d) = (ms / 1000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
        let pair = |f: &mut fmt::Formatter<'_>, big: u64, unit: &str, small: u64, sub: &str| {
            if small == 0 {
                write!(f, "{big} {unit}")
            } else {
                write!(f, "{big} {unit} {small} {sub}")
            }
        };
        match ms {
            0..1000 => write!(f, "{ms} ms"),
            1000..60_000 if ms % 1000 < 100 => write!(f, "{s} s"),
            1000..60_000 => write!(f, "{s}.{} s", ms % 1000 / 100),
            60_000..3_600_000 => pair(f, min, "min", s % 60, "s"),
            3_600_000..86_400_000 => pair(f, h, "h", min % 60, "min"),
            _ => pair(f, d, "d", h % 24, "h"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_nodeos_times() {
        for (text, ms) in [
            ("1970-01-01T00:00:00.000", 0),
            ("2000-01-01T00:00:00.000", 946_684_800_000),
            ("2024-02-29T23:59:59.500", 1_709_251_199_500),
            ("2026-11-21T02:48:37.098", 1_795_229_317_098),
            ("2100-03-01T00:00:00.000", 4_107_542_400_000),
        ] {
            assert_eq!(text.parse(), Ok(Timestamp(ms)), "{text}");
            assert_eq!(Timestamp(ms).to_string(), text);
        }
        assert_eq!(
            "2020-01-01T00:00:00Z".parse::<Timestamp>().map(Timestamp::ms),
            Ok(1_577_836_800_000)
        );
        assert_eq!(
            "2020-01-01T00:00:00.1234567".parse::<Timestamp>().map(Timestamp::ms),
            Ok(1_577_836_800_123)
        );
    }

    #[test]
    fn refuses_what_is_no_time() {
        for bad in [
            "",
            "2020-13-01T00:00:00",
            "2023-02-29T00:00:00",
            "2020-01-01 00:00:00.000",
            "2020-01-01T24:00:00",
            "2020-01-01T00:00:00.",
            "2020-01-01T00:00:00.12x",
            "2020-01-01T00:00:0é",
        ] {
            assert_eq!(bad.parse::<Timestamp>(), Err(TimestampError), "{bad}");
        }
    }

    #[test]
    fn durations_read_like_sentences() {
        for (ms, text) in [
            (0, "0 ms"),
            (850, "850 ms"),
            (12_000, "12 s"),
            (12_540, "12.5 s"),
            (260_000, "4 min 20 s"),
            (3_600_000, "1 h"),
            (11_100_000, "3 h 5 min"),
            (187_200_000, "2 d 4 h"),
        ] {
            assert_eq!(Human(ms).to_string(), text);
        }
    }
}
