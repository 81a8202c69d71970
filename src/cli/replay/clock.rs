//! The clock of a replay: the time nodeos printed on its lines.

use crate::core::time::{Mono, Now, Timestamp};

/// From tick to tick: one second, as in the daemon.
const TICK_MS: i64 = 1_000;
/// A hole in the log is ticked through for this long, and then jumped over. An hour is longer than
/// any wait, and keeps a wrong year from taking for ever.
const TICKED_MS: i64 = 3_600_000;

/// Log time. It starts with the first line.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogClock {
    now: Now,
    tick: Now,
    /// Lines this much out of order are only disorder, milliseconds.
    disorder_ms: i64,
}

/// What a line's time did to the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It went on, or stood still.
    On,
    /// It went back by so many milliseconds.
    Back(u64),
    /// It went on by more than is ticked through; so many milliseconds were jumped over.
    Over(u64),
}

impl LogClock {
    /// Starts at the time of the first line.
    pub(super) fn start(first: Timestamp, disorder_ms: u64) -> Self {
        let now = Now { mono: Mono::from_ms(0), wall: first };
        Self { now, tick: after(now), disorder_ms: disorder_ms.cast_signed() }
    }

    /// The time of the last line, or of a tick since.
    pub(super) fn now(&self) -> Now {
        self.now
    }

    /// Up to when there are ticks before a line of this time.
    pub(super) fn ticks_end(&self, line: Timestamp) -> Timestamp {
        line.min(self.now.wall.plus_ms(TICKED_MS))
    }

    /// The next tick, if it is due by `end`; at whole seconds of log time.
    pub(super) fn tick(&mut self, end: Timestamp) -> Option<Now> {
        if self.tick.wall > end {
            return None;
        }
        self.now = self.tick;
        self.tick = after(self.now);
        Some(self.now)
    }

    /// Goes to the time of a line, after the ticks up to it.
    pub(super) fn arrive(&mut self, line: Timestamp) -> Step {
        let ahead_ms = line.since_ms(self.now.wall);
        if ahead_ms < -self.disorder_ms {
            // The wall clock was set, or the files are in the wrong order; no time passed.
            self.now.wall = line;
            self.tick = after(self.now);
            return Step::Back(ahead_ms.unsigned_abs());
        }
        let ahead_ms = ahead_ms.max(0).cast_unsigned();
        self.now = self.now.plus_ms(ahead_ms);
        if ahead_ms < TICK_MS.cast_unsigned() {
            return Step::On;
        }
        self.tick = after(self.now);
        Step::Over(ahead_ms)
    }
}

/// The next whole second.
fn after(now: Now) -> Now {
    let in_second = now.wall.ms().rem_euclid(TICK_MS);
    now.plus_ms((TICK_MS - in_second).cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_795_229_300_000 + ms)
    }

    /// The ticks before a line, in milliseconds, and what the line did.
    fn line(clock: &mut LogClock, ms: i64) -> (Vec<i64>, Step) {
        let end = clock.ticks_end(at(ms));
        let ticks = std::iter::from_fn(|| clock.tick(end));
        let ticks = ticks.map(|now| now.wall.since_ms(at(0))).collect();
        (ticks, clock.arrive(at(ms)))
    }

    #[test]
    fn ticks_come_at_whole_seconds_between_the_lines() {
        let mut clock = LogClock::start(at(400), 2_000);
        assert_eq!(line(&mut clock, 900), (vec![], Step::On));
        assert_eq!(line(&mut clock, 3_100), (vec![1_000, 2_000, 3_000], Step::On));
        assert_eq!(line(&mut clock, 1_100), (vec![], Step::On), "2 s out of order");
        assert_eq!(clock.now(), Now { mono: Mono::from_ms(2_700), wall: at(3_100) });
        assert_eq!(line(&mut clock, 4_000), (vec![4_000], Step::On));
    }

    #[test]
    fn a_step_back_sets_the_wall_clock_alone() {
        let mut clock = LogClock::start(at(60_000), 2_000);
        assert_eq!(line(&mut clock, 57_000), (vec![], Step::Back(3_000)));
        assert_eq!(clock.now(), Now { mono: Mono::from_ms(0), wall: at(57_000) });
        assert_eq!(line(&mut clock, 58_200), (vec![58_000], Step::On));
    }

    #[test]
    fn a_hole_is_ticked_through_for_an_hour_and_then_jumped_over() {
        let mut clock = LogClock::start(at(0), 2_000);
        let (ticks, step) = line(&mut clock, 86_400_000);
        assert_eq!((ticks.len(), ticks.last()), (3_600, Some(&3_600_000)));
        assert_eq!(step, Step::Over(82_800_000));
        assert_eq!(clock.now(), Now { mono: Mono::from_ms(86_400_000), wall: at(86_400_000) });
    }
}
