//! Whether the chain moves: a producer owes nothing while no producer signs.

use crate::core::time::Mono;

/// When the chain last moved, and since when it moves again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Motion {
    last: Option<Mono>,
    resumed: Option<Mono>,
}

impl Motion {
    /// The head changed. After more than `limit_ms` without that the chain had stood still.
    pub fn moved(&mut self, at: Mono, limit_ms: u64) {
        if self.stands_still(at, limit_ms) {
            self.resumed = Some(at);
        }
        self.last = Some(at);
    }

    /// Whether the head has not changed for longer than `limit_ms`.
    #[must_use]
    pub fn stands_still(&self, now: Mono, limit_ms: u64) -> bool {
        self.last.is_some_and(|last| now.since_ms(last) > limit_ms)
    }

    /// When the chain last began to move again.
    #[must_use]
    pub const fn resumed(&self) -> Option<Mono> {
        self.resumed
    }
}
