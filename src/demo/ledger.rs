//! Which slots had a block, and who signed: what lost and doubled blocks are counted from.

use std::collections::VecDeque;
use std::ops::RangeBounds;

use serde::Serialize;

use crate::core::name::Name;
use crate::core::schedule::Slot;
use crate::demo::block::Signer;

/// Slots remembered: 4096 are 34 minutes.
pub const SLOTS_KEPT: usize = 4096;

/// A slot that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotRecord {
    /// Its number.
    pub slot: Slot,
    /// Whose slot it was.
    pub owner: Name,
    /// Who signed a block for it: none, one, or two and more that share a key.
    pub signers: Vec<Signer>,
}

/// Slots of one producer, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Slots it had.
    pub owed: u32,
    /// Slots with a block or more.
    pub signed: u32,
    /// Slots without a block.
    pub lost: u32,
    /// Slots with more than one block.
    pub double: u32,
}

/// The slots so far, the last [`SLOTS_KEPT`] of them.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    slots: VecDeque<SlotRecord>,
}

impl Ledger {
    /// Adds a slot that is over.
    pub fn push(&mut self, record: SlotRecord) {
        if self.slots.len() >= SLOTS_KEPT {
            self.slots.pop_front();
        }
        self.slots.push_back(record);
    }

    /// The slots from `first` on, oldest first.
    pub fn since(&self, first: Slot) -> impl Iterator<Item = &SlotRecord> {
        self.slots.iter().filter(move |record| record.slot >= first)
    }

    /// The last slot that is over.
    #[must_use]
    pub fn last(&self) -> Option<&SlotRecord> {
        self.slots.back()
    }

    /// Counts a producer's slots within a range.
    #[must_use]
    pub fn tally(&self, producer: Name, slots: impl RangeBounds<Slot>) -> Tally {
        let mut tally = Tally::default();
        let counts =
            |record: &&SlotRecord| record.owner == producer && slots.contains(&record.slot);
        for record in self.slots.iter().filter(counts) {
            tally.owed += 1;
            match record.signers.len() {
                0 => tally.lost += 1,
                1 => tally.signed += 1,
                _ => {
                    tally.signed += 1;
                    tally.double += 1;
                }
            }
        }
        tally
    }

    /// The first slot from `first` on that this signer signed.
    #[must_use]
    pub fn first_signed(&self, signer: Signer, first: Slot) -> Option<Slot> {
        self.since(first).find(|record| record.signers.contains(&signer)).map(|record| record.slot)
    }

    /// The last slot this signer signed.
    #[must_use]
    pub fn last_signed(&self, signer: Signer) -> Option<Slot> {
        self.slots.iter().rfind(|record| record.signers.contains(&signer)).map(|record| record.slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::block::Node;

    #[test]
    fn counts_lost_and_double_slots_of_one_producer_only() {
        let names = ["eosstorebest", "producer111a"].map(|n| n.parse::<Name>().unwrap());
        let (a, b) = (Signer::Node(Node::A), Signer::Node(Node::B));
        let mut ledger = Ledger::default();
        for (slot, owner, signers) in [
            (1, 0, vec![a]),
            (2, 0, vec![]),
            (3, 0, vec![a, b]),
            (4, 0, vec![b]),
            (5, 1, vec![]),
            (6, 1, vec![Signer::Others]),
        ] {
            ledger.push(SlotRecord { slot: Slot(slot), owner: names[owner], signers });
        }
        let all = Tally { owed: 4, signed: 3, lost: 1, double: 1 };
        assert_eq!(ledger.tally(names[0], ..), all);
        let some = Tally { owed: 2, signed: 1, lost: 1, double: 1 };
        assert_eq!(ledger.tally(names[0], Slot(2)..Slot(4)), some);
        assert_eq!(ledger.first_signed(b, Slot(0)), Some(Slot(3)));
        assert_eq!(ledger.first_signed(a, Slot(4)), None);
        assert_eq!((ledger.last_signed(a), ledger.last_signed(b)), (Some(Slot(3)), Some(Slot(4))));
    }

    #[test]
    fn memory_is_bounded() {
        let mut ledger = Ledger::default();
        let owner = "eosstorebest".parse().unwrap();
        for slot in 0..2 * SLOTS_KEPT as u32 {
            ledger.push(SlotRecord { slot: Slot(slot), owner, signers: Vec::new() });
        }
        assert_eq!(ledger.since(Slot(0)).count(), SLOTS_KEPT);
        assert_eq!(ledger.last().map(|r| r.slot), Some(Slot(2 * SLOTS_KEPT as u32 - 1)));
    }
}
