//! The slot ledger: which slots of our turns had a block.
//!
//! nodeos logs no missed slot in any current version; clock and schedule say which slots we owe.

use std::collections::VecDeque;

use serde::Serialize;

use crate::core::evidence::own::Via;
use crate::core::name::Name;
use crate::core::schedule::{Schedule, Slot, TURN_SLOTS, Turn};
use crate::core::time::{Now, Timestamp};

/// Turns remembered: 64 are more than two hours with 21 producers.
const TURNS_MAX: usize = 64;

/// A turn is judged this long after its end: a block of its last slot may be late.
const TURN_GRACE_MS: i64 = 3_000;

/// What is known of one of our turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TurnRecord {
    /// When it began.
    pub start: Timestamp,
    /// Bit n is set when slot n had a block.
    pub seen: u16,
    /// Bit n is set when this node signed slot n.
    pub produced_here: u16,
    /// Whether the log showed every block while it lasted; without that a slot not seen may have
    /// had a block.
    pub complete: bool,
}

impl TurnRecord {
    /// Slots that had a block.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.seen.count_ones()
    }

    /// Slots without a block, where that is known.
    #[must_use]
    pub fn missed(&self) -> Option<u32> {
        self.complete.then(|| TURN_SLOTS - self.blocks())
    }
}

/// Our turns, newest last.
#[derive(Clone, Debug)]
pub struct TurnLedger {
    producer: Name,
    schedule: Option<Schedule>,
    turns: VecDeque<TurnRecord>,
    /// Slots seen of turns not yet judged.
    open: VecDeque<(Turn, u16, u16)>,
    judged_to: Option<Turn>,
}

impl TurnLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new(producer: Name) -> Self {
        Self {
            producer,
            schedule: None,
            turns: VecDeque::new(),
            open: VecDeque::new(),
            judged_to: None,
        }
    }

    /// Takes over a schedule; turns already judged stay as they are.
    pub fn set_schedule(&mut self, schedule: &Schedule) {
        if self.schedule.as_ref() != Some(schedule) {
            self.schedule = Some(schedule.clone());
        }
    }

    /// A block of ours was seen in the slot of this time.
    pub fn see(&mut self, time: Timestamp, via: Via) {
        let slot = Slot::at(time);
        let bit = 1_u16 << slot.in_turn();
        let here = if via == Via::Produced { bit } else { 0 };
        if let Some(entry) = self.open.iter_mut().find(|(turn, ..)| *turn == slot.turn()) {
            entry.1 |= bit;
            entry.2 |= here;
            return;
        }
        // Two turns of ours are never open at once but while a schedule changes.
        if self.open.len() >= 4 {
            self.open.pop_front();
        }
        self.open.push_back((slot.turn(), bit, here));
    }

    /// Closes the turns that are over. `watched` is from when to when the log shows every block
    /// without a gap, `None` while it does not. While it does, a turn is closed only after a block
    /// of a later one was shown: a silent log and an empty slot look the same.
    pub fn close(&mut self, now: Now, watched: Option<(Timestamp, Timestamp)>) {
        let Some(schedule) = &self.schedule else { return };
        let settled = now.wall.plus_ms(-TURN_GRACE_MS);
        let settled = watched.map_or(settled, |(_, last)| settled.min(last));
        let over = Slot::at(settled).turn();
        let from = self.judged_to.map_or(over, |turn| Turn(turn.0 + 1));
        // After a long sleep only the last round matters; the older ones were not watched.
        let count = u32::try_from(schedule.producers.len()).unwrap_or(1);
        let from = Turn(from.0.max(over.0.saturating_sub(count)));
        for turn in (from.0..over.0).map(Turn) {
            if schedule.owner_of_turn(turn) == Some(self.producer) {
                let found = self.open.iter().position(|(open, ..)| *open == turn);
                let (_, seen, produced_here) =
                    found.and_then(|at| self.open.remove(at)).unwrap_or((turn, 0, 0));
                let complete = watched.is_some_and(|(since, _)| since <= turn.start());
                if self.turns.len() >= TURNS_MAX {
                    self.turns.pop_front();
                }
                self.turns.push_back(TurnRecord {
                    start: turn.start(),
                    seen,
                    produced_here,
                    complete,
                });
            }
        }
        if over.0 > 0 {
            self.judged_to = Some(Turn(over.0 - 1));
        }
    }

    /// The turns judged so far, oldest first.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &TurnRecord> {
        self.turns.iter()
    }

    /// Turns in a row, up to the newest, in which every slot is known to be empty.
    #[must_use]
    pub fn missed_rounds(&self) -> u32 {
        self.turns.iter().rev().take_while(|t| t.missed() == Some(TURN_SLOTS)).count() as u32
    }

    /// Slots known to be missed in the turns remembered.
    #[must_use]
    pub fn missed_slots(&self) -> u32 {
        self.turns.iter().filter_map(TurnRecord::missed).sum()
    }

    /// Forgets the turns under way; what was judged stays true.
    pub fn discard(&mut self) {
        self.open.clear();
    }

    /// Bytes held beside the struct itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let names = self.schedule.as_ref().map_or(0, |s| s.producers.capacity());
        self.turns.capacity() * size_of::<TurnRecord>()
            + self.open.capacity() * size_of::<(Turn, u16, u16)>()
            + names * size_of::<Name>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: [&str; 4] = ["a", "b", "eosstorebest", "d"];

    fn ledger() -> (TurnLedger, Turn) {
        let mut ledger = TurnLedger::new("eosstorebest".parse().unwrap());
        let producers = FOUR.iter().map(|n| n.parse().unwrap()).collect();
        ledger.set_schedule(&Schedule { version: 1, producers });
        (ledger, Turn(4 * 30_000_000 + 2))
    }

    fn at(time: Timestamp) -> Now {
        Now { wall: time, ..Now::default() }
    }

    #[test]
    fn counts_the_slots_of_a_turn() {
        let (mut ledger, turn) = ledger();
        let start = turn.start();
        let watched = |from, to| Some((start.plus_ms(from), start.plus_ms(to)));
        ledger.close(at(start.plus_ms(-6_000)), watched(-10_000, -6_000));
        for slot in 0..4 {
            ledger.see(start.plus_ms(slot * 500), Via::Received);
        }
        ledger.close(at(turn.end().plus_ms(2_000)), watched(0, 8_000));
        assert_eq!(ledger.records().count(), 0, "the grace is not over");
        ledger.close(at(turn.end().plus_ms(9_000)), watched(0, 2_000));
        assert_eq!(ledger.records().count(), 0, "no later block was shown");
        ledger.close(at(turn.end().plus_ms(3_000)), watched(0, 9_000));
        let record = *ledger.records().next_back().unwrap();
        assert_eq!((record.blocks(), record.missed()), (4, Some(8)));
        assert_eq!((ledger.missed_slots(), ledger.missed_rounds()), (8, 0));
    }

    #[test]
    fn a_turn_that_was_not_watched_whole_is_not_called_missed() {
        let (mut ledger, turn) = ledger();
        ledger.close(at(turn.start()), None);
        let late = (turn.start().plus_ms(1), turn.end().plus_ms(4_000));
        ledger.close(at(turn.end().plus_ms(4_000)), Some(late));
        assert_eq!(ledger.records().next_back().map(TurnRecord::missed), Some(None));
        assert_eq!(ledger.missed_rounds(), 0);
    }

    #[test]
    fn empty_turns_in_a_row_are_missed_rounds() {
        let (mut ledger, turn) = ledger();
        for second in 0..(2 * 24 + 10) {
            let now = turn.start().plus_ms(second * 1000);
            ledger.close(at(now), Some((turn.start(), now)));
        }
        assert_eq!(ledger.missed_rounds(), 3);
        assert_eq!(ledger.missed_slots(), 36);
    }
}
