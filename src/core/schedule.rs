//! Chain arithmetic: slots, turns and rounds of the active schedule.
//!
//! Sources: `block_timestamp.hpp` and `block_header_state.cpp` (`get_scheduled_producer`), the same
//! from EOSIO 1.0 to Spring 2.0-dev.

use serde::{Deserialize, Serialize};

use crate::core::name::Name;
use crate::core::time::Timestamp;

/// One slot: 500 ms (`config::block_interval_ms`).
pub const SLOT_MS: i64 = 500;
/// Slots in a producer's turn (`config::producer_repetitions`).
pub const TURN_SLOTS: u32 = 12;
/// A turn: 12 slots of 500 ms = 6 s.
pub const TURN_MS: i64 = SLOT_MS * TURN_SLOTS as i64;
/// Most producers a schedule can have (`config::max_producers`).
pub const PRODUCERS_MAX: usize = 125;
/// 2000-01-01T00:00:00 UTC, where slot 0 is (`block_timestamp_epoch`).
pub const SLOT_EPOCH_MS: i64 = 946_684_800_000;

/// Number of a slot: 500 ms ticks since 2000-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot(pub u32);

/// Number of a turn: twelve slots, aligned to the slot count, not to a block number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Turn(pub u32);

impl Slot {
    /// The slot that is running at a time; slot 0 before 2000.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        let slot = (time.ms() - SLOT_EPOCH_MS).div_euclid(SLOT_MS);
        Self(u32::try_from(slot.max(0)).unwrap_or(u32::MAX))
    }

    /// When the slot begins; also the block time of its block.
    #[must_use]
    pub fn time(self) -> Timestamp {
        Timestamp::from_ms(SLOT_EPOCH_MS + i64::from(self.0) * SLOT_MS)
    }

    /// The turn this slot is in.
    #[must_use]
    pub fn turn(self) -> Turn {
        Turn(self.0 / TURN_SLOTS)
    }

    /// Place in the turn, 0..12.
    #[must_use]
    pub fn in_turn(self) -> u32 {
        self.0 % TURN_SLOTS
    }
}

impl Turn {
    /// Its first slot.
    #[must_use]
    pub fn first_slot(self) -> Slot {
        Slot(self.0.saturating_mul(TURN_SLOTS))
    }

    /// When it begins.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.first_slot().time()
    }

    /// When its last slot is over: the start of the next turn.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.start().plus_ms(TURN_MS)
    }
}

/// The producers that sign, in the order of their turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Counts up with every change.
    pub version: u32,
    /// 1 to [`PRODUCERS_MAX`] names, in the order of the schedule's array.
    pub producers: Vec<Name>,
}

impl Schedule {
    /// Who signs in a slot: `schedule[(slot % (n × 12)) / 12]`.
    #[must_use]
    pub fn owner(&self, slot: Slot) -> Option<Name> {
        self.owner_of_turn(slot.turn())
    }

    /// Who signs in a turn.
    #[must_use]
    pub fn owner_of_turn(&self, turn: Turn) -> Option<Name> {
        let count = u32::try_from(self.producers.len()).ok().filter(|n| *n > 0)?;
        self.producers.get((turn.0 % count) as usize).copied()
    }

    /// Whether the producer is in the schedule.
    #[must_use]
    pub fn contains(&self, producer: Name) -> bool {
        self.producers.contains(&producer)
    }

    /// A round: producers × 12 × 0.5 s; 126 s with 21 producers.
    #[must_use]
    pub fn round_ms(&self) -> u64 {
        self.producers.len() as u64 * TURN_MS as u64
    }

    /// The longest time without a block of a chain that still moves, milliseconds: as many turns in
    /// a row as producers may be missing while two thirds and one agree, and one turn more for
    /// blocks that are late. 42 s with 21 producers.
    #[must_use]
    pub fn standstill_ms(&self) -> u64 {
        let count = self.producers.len();
        let may_miss = count.saturating_sub(count * 2 / 3 + 1).max(1);
        (may_miss as u64 + 1) * TURN_MS as u64
    }

    /// The producer's first turn that ends after `time`: the running one, or the next.
    #[must_use]
    pub fn turn_ending_after(&self, producer: Name, time: Timestamp) -> Option<Turn> {
        let count = u32::try_from(self.producers.len()).ok().filter(|n| *n > 0)?;
        let running = Slot::at(time).turn();
        let (before, from) = self.producers.split_at((running.0 % count) as usize);
        let ahead = from.iter().chain(before).position(|name| *name == producer)?;
        // At most PRODUCERS_MAX.
        Some(Turn(running.0.saturating_add(ahead as u32)))
    }

    /// The producer's first turn that begins at or after `time`.
    #[must_use]
    pub fn turn_starting_from(&self, producer: Name, time: Timestamp) -> Option<Turn> {
        let turn = self.turn_ending_after(producer, time)?;
        if turn.start() >= time { Some(turn) } else { self.turn_ending_after(producer, turn.end()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(names: &[&str]) -> Schedule {
        Schedule { version: 1, producers: names.iter().map(|n| n.parse().unwrap()).collect() }
    }

    #[test]
    fn owners_follow_the_slot_number_as_on_a_real_network() {
        // Block times and signers of a recorded 21-producer network (Leap 4.1).
        let mut names = vec!["eosstorebest".to_owned()];
        names.extend(('a'..='t').map(|c| format!("producer111{c}")));
        let real = schedule(&names.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(real.round_ms(), 126_000);
        for (time, owner) in [
            ("2026-11-21T02:49:00.000", RECORDED[0]),
            ("2026-11-21T02:49:05.500", RECORDED[0]),
            ("2026-11-21T02:49:06.000", RECORDED[1]),
        ] {
            let slot = Slot::at(time.parse().unwrap());
            assert_eq!(real.owner(slot).map(|n| n.to_string()).as_deref(), Some(owner), "{time}");
        }
    }

    /// Signers around 02:49:06 in the observer's log.
    const RECORDED: [&str; 2] = ["producer111j", "producer111k"];

    #[test]
    fn slots_and_turns_align_to_the_clock() {
        let time: Timestamp = "2026-11-21T02:48:37.700".parse().unwrap();
        let slot = Slot::at(time);
        assert_eq!(slot.time().to_string(), "2026-11-21T02:48:37.500");
        assert_eq!(slot.turn().start().to_string(), "2026-11-21T02:48:36.000");
        assert_eq!(slot.turn().end().to_string(), "2026-11-21T02:48:42.000");
        assert_eq!(slot.in_turn(), 3);
        assert_eq!(Slot::at(Timestamp::from_ms(0)), Slot(0));
    }

    #[test]
    fn the_next_turn_is_the_running_one_or_a_later_one() {
        let four = schedule(&["a", "b", "c", "d"]);
        let b: Name = "b".parse().unwrap();
        let running = Turn(4 * 1000 + 1);
        let inside = running.start().plus_ms(1_000);
        assert_eq!(four.turn_ending_after(b, inside), Some(running));
        assert_eq!(four.turn_starting_from(b, inside), Some(Turn(running.0 + 4)));
        assert_eq!(four.turn_starting_from(b, running.start()), Some(running));
        assert_eq!(four.turn_ending_after("e".parse().unwrap(), inside), None);
        assert_eq!(schedule(&[]).turn_ending_after(b, inside), None);
    }
}
