//! How far this host's clock is from another's, as bounds that hold.
//!
//! A server that answers over HTTP says its time in whole seconds. Its answer to a question that
//! was sent at `t0` and came back at `t1`, by our clock, bounds our offset from its clock: it is
//! more than `t0 - date - 1 s` and at most `t1 - date`. One such answer is good to a second and the
//! way; many that begin at different parts of a second overlap in less, down to the time of the
//! way alone.

use crate::core::time::{Mono, Now, Timestamp};

/// The date of an answer is cut to whole seconds, microseconds.
const CUT_US: i64 = 1_000_000;
/// Between the answer and the moment it was recorded, at most, microseconds: the loop takes events
/// within milliseconds.
const SLACK_US: i64 = 50_000;
/// Clocks drift apart by 100 microseconds a second at the worst: bounds grow by this each
/// millisecond, nanoseconds.
const DRIFT_NS_PER_MS: u64 = 100;

/// Bounds on an offset, microseconds; positive when ours is ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Least.
    pub low_us: i64,
    /// Greatest.
    pub high_us: i64,
}

/// What one other clock showed.
#[derive(Clone, Copy, Debug)]
pub struct Offset {
    /// When it was last heard.
    pub heard: Mono,
    bounds: Bounds,
}

impl Bounds {
    /// The bounds of one answer, which took `took_ms` and is recorded `now`.
    #[must_use]
    pub const fn of_answer(now: Now, date: Timestamp, took_ms: u64) -> Self {
        let high_us = now.wall.since_ms(date).saturating_mul(1_000);
        let took_us = took_ms.saturating_add(1).cast_signed().saturating_mul(1_000);
        Self {
            low_us: high_us.saturating_sub(took_us).saturating_sub(CUT_US + SLACK_US),
            high_us: high_us.saturating_add(1_000),
        }
    }

    /// The middle, milliseconds.
    #[must_use]
    pub const fn middle_ms(self) -> i64 {
        (self.low_us / 2 + self.high_us / 2) / 1_000
    }

    /// How far the truth may be from the middle, milliseconds.
    #[must_use]
    pub const fn doubt_ms(self) -> i64 {
        (self.high_us - self.low_us) / 2_000 + 1
    }

    /// The bounds of a majority: as long as more than half of `all` hold, so do they. `None` of
    /// none.
    #[must_use]
    pub fn of_majority(all: &[Self]) -> Option<Self> {
        let mut lows: Vec<i64> = all.iter().map(|bounds| bounds.low_us).collect();
        let mut highs: Vec<i64> = all.iter().map(|bounds| bounds.high_us).collect();
        lows.sort_unstable();
        highs.sort_unstable();
        let low_us = *lows.get(all.len().checked_sub(1)? / 2)?;
        Some(Self { low_us, high_us: *highs.get(all.len() / 2)? })
    }
}

impl Offset {
    /// What is known after one answer more.
    #[must_use]
    pub fn after(before: Option<Self>, now: Now, date: Timestamp, took_ms: u64) -> Self {
        let new = Bounds::of_answer(now, date, took_ms);
        let both = before.map(|before| {
            let old = before.bounds(now);
            Bounds { low_us: old.low_us.max(new.low_us), high_us: old.high_us.min(new.high_us) }
        });
        // Bounds that do not meet: one of the clocks was set meanwhile.
        let bounds = both.filter(|both| both.low_us <= both.high_us).unwrap_or(new);
        Self { heard: now.mono, bounds }
    }

    /// The bounds as they are now.
    #[must_use]
    pub const fn bounds(&self, now: Now) -> Bounds {
        let drift_us = (now.mono.since_ms(self.heard) * DRIFT_NS_PER_MS / 1_000).cast_signed();
        Bounds { low_us: self.bounds.low_us - drift_us, high_us: self.bounds.high_us + drift_us }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each 3.1 s of a server whose clock is `ahead_ms` behind ours, each way 40 ms.
    fn heard(ahead_ms: i64, answers: u64) -> Bounds {
        let mut offset = None;
        let mut now = Now { mono: Mono::from_ms(0), wall: Timestamp::from_ms(1_800_000_000_123) };
        for _ in 0..answers {
            let theirs = now.wall.plus_ms(40 - ahead_ms);
            let date = Timestamp::from_ms(theirs.ms().div_euclid(1_000) * 1_000);
            now = now.plus_ms(80);
            offset = Some(Offset::after(offset, now, date, 80));
            now = now.plus_ms(3_020);
        }
        offset.unwrap().bounds(now)
    }

    #[test]
    fn the_truth_is_within_the_bounds_and_they_close_in() {
        for ahead_ms in [-7_300, -400, 0, 250, 90_000] {
            let one = heard(ahead_ms, 1);
            let many = heard(ahead_ms, 30);
            for bounds in [one, many] {
                let within =
                    bounds.low_us <= ahead_ms * 1_000 && ahead_ms * 1_000 <= bounds.high_us;
                assert!(within, "{ahead_ms}: {bounds:?}");
            }
            assert!(one.doubt_ms() > 500 && many.doubt_ms() < 150, "{one:?} {many:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_is_measured_anew() {
        let now = Now { mono: Mono::from_ms(0), wall: Timestamp::from_ms(1_800_000_000_000) };
        let first = Offset::after(None, now, now.wall, 10);
        let later = now.plus_ms(3_000);
        let set = Offset::after(Some(first), later, later.wall.plus_ms(-20_000), 10);
        assert!(set.bounds(later).low_us > 18_000_000, "{set:?}");
    }

    #[test]
    fn a_minority_that_lies_moves_nothing() {
        let around = |ms: i64| Bounds { low_us: ms * 1_000 - 50_000, high_us: ms * 1_000 + 50_000 };
        let all = [around(3), around(-5), around(3_600_000), around(10), around(-3_600_000)];
        let bounds = Bounds::of_majority(&all).unwrap();
        assert!(bounds.low_us <= 0 && bounds.high_us >= 0 && bounds.doubt_ms() < 100, "{bounds:?}");
        assert_eq!(Bounds::of_majority(&[]), None);
        assert_eq!(Bounds::of_majority(&[around(7)]), Some(around(7)));
    }
}
