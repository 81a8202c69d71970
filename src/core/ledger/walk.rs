//! Finds out which slots of a turn have a block on the final chain, by asking for blocks by number.
//!
//! Up to the last irreversible block a number has one block for good. A turn is known once the
//! last block before it, the first after it and all between have been told: at most fourteen
//! answers, however many slots stayed empty.

use crate::core::name::Name;
use crate::core::schedule::{SLOT_MS, Slot, TURN_SLOTS, Turn};
use crate::core::time::Timestamp;

/// Most answers that are asked for about one turn. Fourteen do where the first guess is right; each
/// guess after a long hole comes nearer by the share of slots that have a block.
const ASKED_MAX: u32 = 60;

/// Answers that say no, until it is given up: not every node tells blocks by number.
const REFUSED_MAX: u32 = 5;

/// A block of the final chain: its number and time.
type Place = (u32, Timestamp);

/// What is known of the final chain around one turn.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    start: Timestamp,
    end: Timestamp,
    /// The last one known before the turn.
    below: Option<Place>,
    /// The first one known after the turn.
    above: Option<Place>,
    /// Numbers within the turn that were told.
    inside: [u32; TURN_SLOTS as usize],
    told: usize,
    /// Bit n is set when slot n has a block of ours.
    ours: u16,
    asked: u32,
    refused: u32,
}

impl Walk {
    /// Nothing known yet of this turn.
    pub(super) fn new(turn: Turn) -> Self {
        Self {
            start: turn.start(),
            end: turn.end(),
            below: None,
            above: None,
            inside: [0; TURN_SLOTS as usize],
            told: 0,
            ours: 0,
            asked: 0,
            refused: 0,
        }
    }

    /// Records a block of the final chain.
    pub(super) fn block(&mut self, number: u32, time: Timestamp, producer: Name, ours: Name) {
        self.asked = self.asked.saturating_add(1);
        self.refused = 0;
        if time < self.start {
            self.below = self.below.max(Some((number, time)));
        } else if time >= self.end {
            let above = self.above.unwrap_or((u32::MAX, time));
            self.above = Some(above.min((number, time)));
        } else if !self.has(number) && self.told < self.inside.len() {
            self.inside[self.told] = number;
            self.told += 1;
            if producer == ours {
                self.ours |= 1 << Slot::at(time).in_turn();
            }
        }
    }

    /// Records that the node answered, but not with the block.
    pub(super) fn refused(&mut self) {
        self.refused = self.refused.saturating_add(1);
    }

    /// Whether nothing more will come of it.
    pub(super) const fn is_given_up(&self) -> bool {
        self.asked > ASKED_MAX || self.refused >= REFUSED_MAX
    }

    /// Whether anything was ever told.
    pub(super) const fn has_begun(&self) -> bool {
        self.asked > 0
    }

    /// The slots with a block of ours, once all is known.
    pub(super) fn slots(&self) -> Option<u16> {
        let (below, above) = (self.below?.0, self.above?.0);
        (self.told as u32 + 1 == above.saturating_sub(below)).then_some(self.ours)
    }

    /// The numbers to ask for next, none above `lib`; `seed` is that of a block seen after the turn.
    pub(super) fn wanted(&self, seed: u32, lib: u32) -> Vec<u32> {
        if self.is_given_up() || self.slots().is_some() {
            return Vec::new();
        }
        let mut wanted = match (self.below, self.above) {
            (None, None) => self.begun_anew(seed.min(lib)),
            (None, Some(above)) => self.down_from(above),
            (Some(below), None) => vec![self.up_from(below).min(lib)],
            (Some(below), Some(above)) => self.between(below, above),
        };
        wanted.retain(|number| *number > 0 && *number <= lib && !self.knows(*number));
        wanted
    }

    fn begun_anew(&self, seed: u32) -> Vec<u32> {
        match self.inside[..self.told].iter().max() {
            Some(last) => vec![last + 1],
            // The turn is most likely the one just before the block it begins with.
            None => (seed.saturating_sub(TURN_SLOTS + 1)..=seed).rev().collect(),
        }
    }

    /// A block later by so many slots is at most so many numbers later: the guess is not too high.
    fn down_from(&self, (number, time): Place) -> Vec<u32> {
        if let Some(first) = self.inside[..self.told].iter().min() {
            return vec![first - 1];
        }
        let slots = u32::try_from(time.since_ms(self.end) / SLOT_MS).unwrap_or(u32::MAX);
        let guess = number.saturating_sub(slots.saturating_add(1));
        let more = if slots <= 1 { TURN_SLOTS } else { 0 };
        (guess.saturating_sub(more)..=guess).rev().collect()
    }

    fn up_from(&self, (number, time): Place) -> u32 {
        if let Some(last) = self.inside[..self.told].iter().max() {
            return last + 1;
        }
        let slots = u32::try_from(self.start.since_ms(time) / SLOT_MS).unwrap_or(u32::MAX);
        number.saturating_add(slots.max(1))
    }

    fn between(&self, below: Place, above: Place) -> Vec<u32> {
        if above.0.saturating_sub(below.0) <= 2 * TURN_SLOTS {
            return (below.0 + 1..above.0).collect();
        }
        let told = &self.inside[..self.told];
        match (told.iter().min(), told.iter().max()) {
            (Some(first), Some(last)) if last + 1 < above.0 => vec![last + 1, first - 1],
            (Some(first), Some(_)) => vec![first - 1],
            _ => vec![self.nearer(below, above)],
        }
    }

    /// From below where that stays below what is known above, else from above: each comes nearer by
    /// all slots but the empty ones between.
    fn nearer(&self, below: Place, above: Place) -> u32 {
        let up = self.up_from(below);
        if up < above.0 {
            return up;
        }
        let slots = u32::try_from(above.1.since_ms(self.end) / SLOT_MS).unwrap_or(u32::MAX);
        above.0.saturating_sub(slots.saturating_add(1)).max(below.0 + 1)
    }

    fn has(&self, number: u32) -> bool {
        self.inside[..self.told].contains(&number)
    }

    fn knows(&self, number: u32) -> bool {
        let is = |place: Option<Place>| place.is_some_and(|(known, _)| known == number);
        self.has(number) || is(self.below) || is(self.above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slots of a chain that have a block, and who signed each; block numbers begin at 100.
    fn walk(turn: Turn, filled: impl Fn(u32) -> bool, seed_after: u32, lib: u32) -> (Walk, u32) {
        let (us, other): (Name, Name) = ("us".parse().unwrap(), "other".parse().unwrap());
        let first = turn.first_slot().0 - 100_000;
        let slots: Vec<u32> =
            (first..turn.first_slot().0 + 100_000).filter(|s| filled(*s)).collect();
        let after = slots.iter().position(|s| *s >= turn.first_slot().0 + 12 + seed_after).unwrap();
        let seed = 100 + after as u32;
        let mut walk = Walk::new(turn);
        let mut rounds = 0;
        loop {
            let wanted = walk.wanted(seed, seed + lib);
            if wanted.is_empty() || rounds > 100 {
                return (walk, rounds);
            }
            rounds += 1;
            for number in wanted {
                let slot = Slot(slots[(number - 100) as usize]);
                let producer = if slot.turn() == turn { us } else { other };
                walk.block(number, slot.time(), producer, us);
            }
        }
    }

    #[test]
    fn every_slot_is_found_wherever_the_search_begins() {
        let turn = Turn(84_000_000);
        let of = move |slot: u32| slot.checked_sub(turn.first_slot().0).filter(|n| *n < 12);
        type IsThere = Box<dyn Fn(u32) -> bool>;
        let cases: [(&str, u16, IsThere); 5] = [
            ("all", 0b1111_1111_1111, Box::new(|_| true)),
            ("none", 0, Box::new(move |s| of(s).is_none())),
            ("every other", 0b0101_0101_0101, Box::new(move |s| of(s).is_none_or(|n| n % 2 == 0))),
            ("the last", 1 << 11, Box::new(move |s| of(s).is_none_or(|n| n == 11))),
            (
                "all, and every seventh turn of the chain is empty",
                0b1111_1111_1111,
                Box::new(move |s| of(s).is_some() || (s / 12) % 7 != 0),
            ),
        ];
        for (name, expected, filled) in cases {
            for seed_after in [0, 1, 11, 60, 7_000, 90_000] {
                let (walk, rounds) = walk(turn, &filled, seed_after, 50);
                assert_eq!(walk.slots(), Some(expected), "{name}, {seed_after} slots later");
                assert!(rounds <= 30 && !walk.is_given_up(), "{name}: {rounds} rounds");
            }
        }
    }

    #[test]
    fn nothing_above_the_last_irreversible_block_is_asked_and_no_is_no() {
        let turn = Turn(84_000_000);
        let mut walk = Walk::new(turn);
        assert!(walk.wanted(500, 490).iter().all(|number| *number <= 490));
        walk.block(490, turn.end().plus_ms(-500), "us".parse().unwrap(), "us".parse().unwrap());
        assert_eq!(walk.wanted(500, 490), [0; 0], "the next is not irreversible yet");
        assert_eq!(walk.wanted(500, 491), [491]);
        (0..REFUSED_MAX).for_each(|_| walk.refused());
        assert!(walk.is_given_up() && walk.wanted(500, 600).is_empty() && walk.slots().is_none());
    }
}
