//! The active schedule, told from who signed which turn.
//!
//! nodeos applies a block only when the schedule's owner of its slot signed it, so every block in
//! the log says who owned one turn. A schedule of n producers gives every n-th turn to the same
//! one; the n for which all blocks seen agree, and no producer has two places, is the schedule's.

use crate::core::name::Name;
use crate::core::schedule::{PRODUCERS_MAX, Schedule, Slot, Turn};
use crate::core::time::Timestamp;

/// Who signed while one schedule was active.
#[derive(Clone, Debug)]
pub(super) struct Signers {
    /// When the first block was made.
    pub(super) since: Timestamp,
    /// For each n that no block contradicted: who signs the turns that leave 0, 1, … n-1.
    candidates: Vec<Vec<Option<Name>>>,
    first: Turn,
    last: (Turn, Name),
    turns: u32,
}

/// Whether a block fits into what was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It does.
    Agrees,
    /// No schedule gives this turn to its signer and the others to theirs: the schedule changed.
    Contradicts,
}

/// What the signers tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inferred {
    /// Not enough was seen: no producer came round again yet.
    TooLittle,
    /// Every place has its producer, but for those nobody signed for. Their names cannot be told;
    /// they stand as `unseen.aa` and so on.
    Places(Schedule, usize),
}

impl Signers {
    /// Begins with a block.
    pub(super) fn new(time: Timestamp, producer: Name) -> Self {
        let turn = Slot::at(time).turn();
        let mut candidates: Vec<Vec<Option<Name>>> =
            (1..=PRODUCERS_MAX).map(|count| vec![None; count]).collect();
        for places in &mut candidates {
            fits(places, turn, producer);
        }
        Self { since: time, candidates, first: turn, last: (turn, producer), turns: 1 }
    }

    /// Adds a block. One that is older than the last is passed over: it may be from before a
    /// change, and come again while the node catches up.
    pub(super) fn see(&mut self, time: Timestamp, producer: Name) -> Fit {
        let turn = Slot::at(time).turn();
        if turn < self.last.0 || (turn, producer) == self.last {
            return Fit::Agrees;
        }
        let before = std::mem::take(&mut self.candidates);
        let mut left = before.clone();
        left.retain_mut(|places| fits(places, turn, producer));
        if left.is_empty() {
            self.candidates = before;
            return Fit::Contradicts;
        }
        self.candidates = left;
        if turn != self.last.0 {
            self.turns += 1;
        }
        self.last = (turn, producer);
        self.settle();
        Fit::Agrees
    }

    /// Whether a schedule gives every turn seen to the one who signed it.
    pub(super) fn agree_with(&self, schedule: &Schedule) -> bool {
        self.candidates.iter().any(|places| {
            places.len() == schedule.producers.len()
                && places
                    .iter()
                    .zip(&schedule.producers)
                    .all(|(seen, name)| seen.is_none_or(|seen| seen == *name))
        })
    }

    /// What is known by now.
    pub(super) fn inferred(&self) -> Inferred {
        let [places] = self.candidates.as_slice() else { return Inferred::TooLittle };
        let mut unseen = 0;
        let producers = places.iter().map(|place| {
            place.unwrap_or_else(|| {
                unseen += 1;
                unseen_name(unseen - 1)
            })
        });
        let producers = producers.collect();
        Inferred::Places(Schedule { version: 0, producers }, unseen)
    }

    /// Keeps the smallest n alone once it cannot be by chance: more turns were seen than it has
    /// places, so producers came round again; and two turns of three were signed, without which
    /// the chain makes no block irreversible. (A node that is cut off shows its own turns alone,
    /// and they would fit n = 1.)
    fn settle(&mut self) {
        let span = self.last.0.0 - self.first.0 + 1;
        let is_chain = u64::from(self.turns) * 3 >= u64::from(span) * 2;
        let came_round = self.candidates[0].len() < self.turns as usize;
        if self.candidates.len() > 1 && is_chain && came_round {
            self.candidates.truncate(1);
        }
    }
}

/// Puts a signer in the place of its turn; `false` when another has it, or it has another.
fn fits(places: &mut [Option<Name>], turn: Turn, producer: Name) -> bool {
    let at = turn.0 as usize % places.len();
    match places[at] {
        Some(name) => name == producer,
        None if places.contains(&Some(producer)) => false,
        None => {
            places[at] = Some(producer);
            true
        }
    }
}

/// A valid name for a place nobody signed for.
fn unseen_name(index: usize) -> Name {
    let letter = |at: usize| char::from(b'a' + (at % 26) as u8);
    let text = format!("unseen.{}{}", letter(index / 26), letter(index));
    // Nine characters out of the alphabet of names.
    Name::from_bytes(text.as_bytes()).expect("the letters and the dot make a name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(index: u32) -> Name {
        format!("bp{}", char::from(b'a' + index as u8)).parse().unwrap()
    }

    /// Sees the turns given, each signed by its owner in a schedule of `count`.
    fn watch(count: u32, turns: impl IntoIterator<Item = u32>) -> Signers {
        let mut all = turns.into_iter().map(|turn| {
            let turn = Turn(30_000_000 / count * count + turn);
            (turn.start(), name(turn.0 % count))
        });
        let (time, producer) = all.next().unwrap();
        let mut signers = Signers::new(time, producer);
        all.for_each(|(time, producer)| {
            assert_eq!(signers.see(time, producer), Fit::Agrees);
        });
        signers
    }

    fn places(signers: &Signers) -> Option<(usize, usize)> {
        match signers.inferred() {
            Inferred::TooLittle => None,
            Inferred::Places(schedule, unseen) => Some((schedule.producers.len(), unseen)),
        }
    }

    #[test]
    fn the_number_of_producers_is_known_when_they_come_round_again() {
        assert_eq!(places(&watch(21, 0..21)), None, "one round alone");
        assert_eq!(places(&watch(21, 0..22)), Some((21, 0)));
        assert_eq!(places(&watch(21, 7..40)), Some((21, 0)), "from any turn on");
        assert_eq!(places(&watch(4, 0..5)), Some((4, 0)));
        assert_eq!(places(&watch(1, 0..2)), Some((1, 0)));
        let one_silent = (0..50).filter(|turn| turn % 21 != 3);
        assert_eq!(places(&watch(21, one_silent)), Some((21, 1)));
    }

    #[test]
    fn a_node_that_is_alone_shows_no_schedule() {
        assert_eq!(places(&watch(21, [3, 24, 45, 66])), None);
    }

    #[test]
    fn a_change_contradicts_and_an_old_block_does_not() {
        let mut signers = watch(4, 0..9);
        let turn = Turn(30_000_000 + 9);
        assert_eq!(signers.see(Turn(turn.0 - 3).start(), name(9)), Fit::Agrees, "an old block");
        assert_eq!(signers.see(turn.start(), name(9)), Fit::Contradicts);
        assert_eq!(places(&signers), Some((4, 0)), "what was known stays");
        assert_eq!(signers.see(turn.start(), name(1)), Fit::Agrees);
    }

    #[test]
    fn a_stated_schedule_is_held_against_the_signers() {
        let signers = watch(3, 0..8);
        let with = |names: [u32; 3]| Schedule { version: 7, producers: names.map(name).to_vec() };
        assert!(signers.agree_with(&with([0, 1, 2])));
        assert!(!signers.agree_with(&with([0, 2, 1])));
    }

    #[test]
    fn places_nobody_signed_for_have_valid_names() {
        assert_eq!(unseen_name(0).as_str(), "unseen.aa");
        assert_eq!(unseen_name(27).as_str(), "unseen.bb");
    }
}
