//! Time zones by their names of the IANA data base, which is compiled in: a container may have none.

use jiff::Timestamp as Moment;
use jiff::tz::TimeZone;

use crate::core::time::Timestamp;

/// How far ahead offsets are worked out: longer than a keeper runs without a restart.
const YEARS: i64 = 10;
const YEAR_MS: i64 = 366 * 86_400_000;

/// Whether a name is one of a time zone.
pub(super) fn is_known(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// From when which offset to UTC holds, seconds: from a year ago for ten years. Empty for UTC, and
/// for a name nobody knows, which was reported where it was read.
pub(super) fn offsets(name: &str) -> Vec<(Timestamp, i32)> {
    let Ok(zone) = TimeZone::get(name) else { return Vec::new() };
    let now = Moment::now();
    let Ok(start) = Moment::from_millisecond(now.as_millisecond() - YEAR_MS) else {
        return Vec::new();
    };
    let last_ms = now.as_millisecond() + YEARS * YEAR_MS;
    let at_start = (Timestamp::from_ms(start.as_millisecond()), zone.to_offset(start).seconds());
    let changes = zone.following(start).map(|change| {
        (Timestamp::from_ms(change.timestamp().as_millisecond()), change.offset().seconds())
    });
    let offsets: Vec<_> =
        std::iter::once(at_start).chain(changes.take_while(|(at, _)| at.ms() < last_ms)).collect();
    if offsets.iter().all(|(_, offset)| *offset == 0) { Vec::new() } else { offsets }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_follow_summer_and_winter() {
        let berlin = offsets("Europe/Berlin");
        assert!((20..=25).contains(&berlin.len()), "{}", berlin.len());
        assert!(berlin.iter().all(|(_, offset)| [3_600, 7_200].contains(offset)));
        assert_eq!(offsets("Asia/Shanghai").iter().map(|(_, o)| *o).collect::<Vec<_>>(), [28_800]);
        assert_eq!(offsets("UTC"), []);
        assert!(is_known("asia/shanghai") && !is_known("Moon/Tycho"));
    }
}
