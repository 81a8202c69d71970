//! The one place that reads clocks.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::core::time::{Mono, Now, Timestamp};

/// Reads both clocks together.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// The time on both clocks. A wall clock before 1970 reads as 1970.
    #[must_use]
    pub fn now(&self) -> Now {
        let ms = |duration: std::time::Duration| u64::try_from(duration.as_millis());
        let mono = ms(self.start.elapsed()).unwrap_or(u64::MAX);
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = i64::try_from(wall.as_millis()).unwrap_or(i64::MAX);
        Now { mono: Mono::from_ms(mono), wall: Timestamp::from_ms(wall) }
    }
}
