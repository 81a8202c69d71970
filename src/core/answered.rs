//! Whether what was asked of the node before still tells: it was away, or behind, and is back.

use crate::core::schedule::{SLOT_MS, TURN_SLOTS};
use crate::core::time::Mono;

/// What the node answered to `get_info` last.
///
/// The schedule is asked for every 30 s only. While a node does not answer, or stands still and then
/// catches up, the chain may elect others; so it is asked for at once when the node is back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answered {
    /// When, and with which head.
    last: Option<(Mono, u32)>,
    has_failed: bool,
}

impl Answered {
    /// Notes an answer with the number of its head, or with `None` a failure. Returns whether the
    /// node is back: it answers after a failure, or its head moved on by a turn more than the time
    /// since its last answer has slots, as that of a node does that catches up.
    pub fn note(&mut self, at: Mono, head: Option<u32>) -> bool {
        let Some(head) = head else {
            self.has_failed = true;
            return false;
        };
        let is_ahead = self.last.is_some_and(|(before, from)| {
            let slots = at.since_ms(before) / SLOT_MS.unsigned_abs() + u64::from(TURN_SLOTS);
            u64::from(head.saturating_sub(from)) > slots
        });
        self.last = Some((at, head));
        std::mem::take(&mut self.has_failed) || is_ahead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_back_after_a_failure_and_while_it_catches_up() {
        let mut answered = Answered::default();
        // (what, seconds, head, is back)
        for (what, seconds, head, is_back) in [
            ("the first answer", 0, Some(1000), false),
            ("two blocks a second", 1, Some(1002), false),
            ("a poll took its deadline", 6, Some(1012), false),
            ("a turn comes at once", 7, Some(1024), false),
            ("it fails", 8, None, false),
            ("it fails again", 9, None, false),
            ("it answers", 10, Some(1026), true),
            ("and again", 11, Some(1030), false),
            ("it catches up", 12, Some(1100), true),
            ("it goes on catching up", 13, Some(1200), true),
            ("it is there", 14, Some(1202), false),
            ("its head goes back", 15, Some(1190), false),
        ] {
            let at = Mono::from_ms(1_000 * seconds);
            assert_eq!(answered.note(at, head), is_back, "{what}");
        }
    }

    #[test]
    fn a_first_answer_after_failures_is_a_return_too() {
        let mut answered = Answered::default();
        assert!(!answered.note(Mono::from_ms(0), None));
        assert!(answered.note(Mono::from_ms(1_000), Some(7)));
    }
}
