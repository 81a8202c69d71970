//! The hour of DAWN's times.
//!
//! DAWN to 1.0.10 print only the milliseconds within the UTC hour. A block's own time says which
//! hour that is; lines after it follow on, and start a new hour where the milliseconds fall back.

use crate::core::event::LogEvent;
use crate::core::time::Timestamp;

/// Milliseconds in an hour.
const HOUR_MS: i64 = 3_600_000;
/// Threads print out of order by less than this; a larger step back is a new hour.
const DISORDER_MS: i64 = 60_000;

/// The last time that is known, and through it the hour.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HourAnchor {
    last: Option<Timestamp>,
}

impl HourAnchor {
    /// The time of a line printed `ms` into its hour; `None` while no block has named an hour.
    pub(super) fn time_of(&mut self, ms: u32, event: &LogEvent) -> Option<Timestamp> {
        let ms = i64::from(ms);
        let time = match event.block_time {
            Some(block) => nearest(block.plus_ms(event.latency_ms.unwrap_or(0)), ms),
            None => following(self.last?, ms),
        };
        self.last = Some(time);
        Some(time)
    }
}

/// The time `ms` into an hour that is nearest to `to`.
fn nearest(to: Timestamp, ms: i64) -> Timestamp {
    let ahead = (ms - to.ms().rem_euclid(HOUR_MS)).rem_euclid(HOUR_MS);
    to.plus_ms(if ahead > HOUR_MS / 2 { ahead - HOUR_MS } else { ahead })
}

/// The time `ms` into an hour at or after `last`, or a little before it.
fn following(last: Timestamp, ms: i64) -> Timestamp {
    let ahead = (ms - last.ms().rem_euclid(HOUR_MS)).rem_euclid(HOUR_MS);
    last.plus_ms(if ahead > HOUR_MS - DISORDER_MS { ahead - HOUR_MS } else { ahead })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::EventName;

    fn block(time: &str, latency_ms: Option<i64>) -> LogEvent {
        let block_time = Some(time.parse().unwrap());
        LogEvent { block_time, latency_ms, ..LogEvent::new(EventName::BlockReceived) }
    }

    fn at(anchor: &mut HourAnchor, ms: u32, event: &LogEvent) -> Option<String> {
        anchor.time_of(ms, event).map(|time| time.to_string())
    }

    #[test]
    fn a_block_names_the_hour_and_lines_follow_on() {
        let other = LogEvent::new(EventName::Other);
        let mut anchor = HourAnchor::default();
        assert_eq!(at(&mut anchor, 3_590_000, &other), None, "no hour is known yet");
        for (ms, event, time) in [
            (3_599_900, block("2018-05-03T01:59:59.500", None), "2018-05-03T01:59:59.900"),
            (100, other, "2018-05-03T02:00:00.100"),
            (90, other, "2018-05-03T02:00:00.090"),
            (3_599_990, other, "2018-05-03T01:59:59.990"),
            (1_000, block("2018-05-03T01:59:59.500", None), "2018-05-03T02:00:01.000"),
            (3_599_800, block("2018-05-03T02:00:00.000", None), "2018-05-03T01:59:59.800"),
            // Two days of latency: a block of the past, received now.
            (
                2_449_775,
                block("2018-06-19T05:31:19.000", Some(198_570_775)),
                "2018-06-21T12:40:49.775",
            ),
        ] {
            assert_eq!(at(&mut anchor, ms, &event).as_deref(), Some(time));
        }
    }
}
