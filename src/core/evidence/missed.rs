//! Whether the chain has made it final that our slots stayed empty.

use crate::core::name::Name;
use crate::core::schedule::{SLOT_MS, Schedule};
use crate::core::time::Timestamp;

/// The first block after the first turn that our producer missed.
#[derive(Clone, Copy, Debug, Default)]
pub struct MissedTurn {
    /// Time of the last block of ours, or since when we look.
    since: Option<Timestamp>,
    /// Number of the first block that came after a whole turn of ours without a block, and when that
    /// turn ended.
    first_after: Option<(u32, Timestamp)>,
    /// The highest number seen since of a block from before that turn's end.
    highest: u32,
}

impl MissedTurn {
    /// A block of ours was seen, or looking begins anew: what was missed before does not count.
    pub fn begin(&mut self, at: Timestamp) {
        *self = Self { since: Some(at), first_after: None, highest: 0 };
    }

    /// A block of another producer was seen.
    pub fn see(&mut self, schedule: Option<&Schedule>, ours: Name, number: u32, time: Timestamp) {
        let since = *self.since.get_or_insert(time);
        if let Some((first, ended)) = self.first_after {
            if time < ended {
                self.highest = self.highest.max(number);
                // Of another branch, on which more blocks came before the turn was over.
                self.first_after = self.first_after.filter(|_| number < first);
            }
            return;
        }
        let turn = schedule.and_then(|s| s.turn_starting_from(ours, since.plus_ms(SLOT_MS)));
        match turn.filter(|turn| time >= turn.end()) {
            // A shorter branch has it under a number that says nothing about the longer one.
            Some(turn) => {
                self.first_after = Some((number.max(self.highest.saturating_add(1)), turn.end()));
            }
            None => self.highest = self.highest.max(number),
        }
    }

    /// Number of the first block after the turn that was missed. Once it is irreversible, so is
    /// that our slots stayed empty.
    #[must_use]
    pub const fn first_after(&self) -> Option<u32> {
        match self.first_after {
            Some((number, _)) => Some(number),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::schedule::Turn;

    #[test]
    fn a_missed_turn_is_known_by_the_first_block_after_it() {
        let schedule = Schedule {
            version: 1,
            producers: ["a", "b", "c", "d"].iter().map(|n| n.parse().unwrap()).collect(),
        };
        let ours: Name = "b".parse().unwrap();
        let turn = Turn(4 * 1000 + 1);
        let next = Turn(turn.0 + 4);
        let mut missed = MissedTurn::default();
        missed.begin(turn.start().plus_ms(1_500));
        missed.see(Some(&schedule), ours, 10, turn.end());
        assert_eq!(missed.first_after(), None, "the rest of a turn that began is not a missed one");
        missed.see(Some(&schedule), ours, 40, next.start().plus_ms(-500));
        assert_eq!(missed.first_after(), None);
        missed.see(Some(&schedule), ours, 41, next.end());
        missed.see(Some(&schedule), ours, 42, next.end().plus_ms(500));
        assert_eq!(missed.first_after(), Some(41));
        missed.see(Some(&schedule), ours, 43, next.start());
        assert_eq!(missed.first_after(), None, "another branch has more blocks before the end");
        missed.see(Some(&schedule), ours, 47, next.end().plus_ms(1_000));
        missed.see(Some(&schedule), ours, 46, next.start());
        assert_eq!(missed.first_after(), Some(47), "or fewer");
        missed.begin(next.end());
        assert_eq!(missed.first_after(), None, "our block came after all");
        let third = Turn(next.0 + 4);
        missed.see(Some(&schedule), ours, 90, third.start());
        missed.see(Some(&schedule), ours, 70, third.end());
        assert_eq!(missed.first_after(), Some(91), "a shorter branch has low numbers");
    }
}
