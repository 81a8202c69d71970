//! Blocks and schedules: what every node's view is made of.
//!
//! Finality is the legacy rule, simplified: a block is proposed to be irreversible when two thirds
//! and one of the producers have built on it, and irreversible when a block that they have built on
//! so proposed it. Real nodes come to the same height within a turn.

use std::collections::VecDeque;

use crate::core::name::Name;
use crate::core::schedule::{Schedule, Slot};
use crate::sim::site::Site;

/// Blocks kept: more than three hours. A partition is shorter.
const KEPT: usize = 24_000;

/// Place of a block in the order in which they were made, over all branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub u64);

/// A block.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Its number.
    pub number: u32,
    /// Its slot.
    pub slot: Slot,
    /// Whose name it carries.
    pub producer: Name,
    /// Who really signed it.
    pub signer: Site,
    /// What it is built on.
    pub parent: BlockId,
    /// The last block before it that carries another name.
    before: BlockId,
    proposed: BlockId,
    /// The last irreversible block by this branch.
    pub lib: BlockId,
    /// Its number.
    pub lib_number: u32,
    /// The nodes that have it, by [`Site::bit`].
    known: u8,
}

/// All blocks that still matter.
#[derive(Clone, Debug)]
pub struct Chain {
    first: u64,
    blocks: VecDeque<Block>,
}

impl Chain {
    /// A first block that everybody has.
    #[must_use]
    pub fn new(slot: Slot, producer: Name) -> Self {
        let id = BlockId(0);
        let genesis = Block {
            number: 1000,
            slot,
            producer,
            signer: Site::Many,
            parent: id,
            before: id,
            proposed: id,
            lib: id,
            lib_number: 1000,
            known: u8::MAX,
        };
        Self { first: 0, blocks: VecDeque::from([genesis]) }
    }

    /// A block; one so old that it was forgotten is answered with the oldest there is.
    #[must_use]
    pub fn get(&self, id: BlockId) -> &Block {
        let at = usize::try_from(id.0.saturating_sub(self.first)).unwrap_or(0);
        &self.blocks[at.min(self.blocks.len() - 1)]
    }

    fn is_forgotten(&self, id: BlockId) -> bool {
        id.0 <= self.first
    }

    /// Signs a block on another.
    pub fn sign(
        &mut self,
        on: BlockId,
        slot: Slot,
        signer: Site,
        schedule: &Schedule,
        name: Name,
    ) -> BlockId {
        let id = BlockId(self.first + self.blocks.len() as u64);
        let parent = *self.get(on);
        let mut block = Block {
            number: parent.number + 1,
            slot,
            producer: name,
            signer,
            parent: on,
            known: signer.bit(),
            ..parent
        };
        if parent.producer != name {
            block.before = on;
            block.proposed = self.built_on_by_most(on, name, schedule).max(parent.proposed);
            block.lib = self.get(block.proposed).proposed.max(parent.lib);
            block.lib_number = self.get(block.lib).number;
        }
        self.blocks.push_back(block);
        if self.blocks.len() > KEPT {
            self.blocks.pop_front();
            self.first += 1;
        }
        id
    }

    /// The newest block at or before `last` that two thirds and one of the producers have signed or
    /// built on, `name` among them.
    fn built_on_by_most(&self, last: BlockId, name: Name, schedule: &Schedule) -> BlockId {
        let need = schedule.producers.len() * 2 / 3 + 1;
        let mut builders = vec![name];
        let mut at = last;
        loop {
            let block = self.get(at);
            if schedule.contains(block.producer) && !builders.contains(&block.producer) {
                builders.push(block.producer);
            }
            if builders.len() >= need || self.is_forgotten(at) {
                return at;
            }
            at = block.before;
        }
    }

    /// Whether a node has a block.
    #[must_use]
    pub fn knows(&self, site: Site, id: BlockId) -> bool {
        self.is_forgotten(id) || self.get(id).known & site.bit() != 0
    }

    /// Gives a node a block and all before it; returns those it did not have, oldest first.
    pub fn learn(&mut self, site: Site, id: BlockId) -> Vec<BlockId> {
        let mut new = Vec::new();
        let mut at = id;
        while !self.knows(site, at) {
            new.push(at);
            let block = &mut self.blocks[(at.0 - self.first) as usize];
            block.known |= site.bit();
            at = block.parent;
        }
        new.reverse();
        new
    }

    /// Whether a node with the one head goes over to the other: first by finality, then by length.
    #[must_use]
    pub fn is_better(&self, new: BlockId, than: BlockId) -> bool {
        let (new, than) = (self.get(new), self.get(than));
        (new.lib_number, new.number) > (than.lib_number, than.number)
    }

    /// The newest block that both branches have.
    #[must_use]
    pub fn fork_of(&self, one: BlockId, other: BlockId) -> BlockId {
        let (mut one, mut other) = (one, other);
        while one != other && !self.is_forgotten(one) && !self.is_forgotten(other) {
            if self.get(one).number >= self.get(other).number {
                one = self.get(one).parent;
            } else {
                other = self.get(other).parent;
            }
        }
        one.min(other)
    }

    /// The branch of a head, newest first, down to a slot.
    pub fn branch(&self, head: BlockId, down_to: Slot) -> impl Iterator<Item = &Block> {
        let mut at = Some(head);
        std::iter::from_fn(move || {
            let id = at?;
            let block = self.get(id);
            at = (!self.is_forgotten(id)).then_some(block.parent);
            (block.slot >= down_to).then_some(block)
        })
    }
}

/// Which schedule is active when; every branch follows the same.
#[derive(Clone, Debug)]
pub struct Schedules {
    all: Vec<(Slot, Schedule)>,
}

impl Schedules {
    /// One schedule from the beginning.
    #[must_use]
    pub fn new(schedule: Schedule) -> Self {
        Self { all: vec![(Slot(0), schedule)] }
    }

    /// The schedule of a slot.
    #[must_use]
    pub fn of(&self, slot: Slot) -> &Schedule {
        let at = self.all.iter().rposition(|(from, _)| *from <= slot);
        &self.all[at.unwrap_or(0)].1
    }

    /// The one of the start.
    #[must_use]
    pub fn first(&self) -> &Schedule {
        &self.all[0].1
    }

    /// The newest one.
    #[must_use]
    pub fn newest(&self) -> &Schedule {
        &self.all[self.all.len() - 1].1
    }

    /// From a slot on others sign.
    pub fn change(&mut self, from: Slot, producers: Vec<Name>) {
        let version = self.newest().version + 1;
        self.all.push((from, Schedule { version, producers }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: u8) -> Vec<Name> {
        (0..count).map(|i| Name::from_bytes(&[b'a' + i]).unwrap()).collect()
    }

    /// Rounds of a schedule in which some are missing.
    fn grown(count: u8, missing: &[u8], rounds: u32) -> (Chain, BlockId) {
        let schedule = Schedule { version: 1, producers: names(count) };
        let mut chain = Chain::new(Slot(0), schedule.producers[0]);
        let mut head = BlockId(0);
        for slot in (1..rounds * u32::from(count) * 12).map(Slot) {
            let owner = schedule.owner(slot).unwrap();
            if !missing.iter().any(|at| schedule.producers[usize::from(*at)] == owner) {
                head = chain.sign(head, slot, Site::Many, &schedule, owner);
            }
        }
        (chain, head)
    }

    #[test]
    fn finality_follows_two_thirds_and_one() {
        let (chain, head) = grown(21, &[], 4);
        let lag = chain.get(head).number - chain.get(head).lib_number;
        assert!((312..=348).contains(&lag), "LIB {lag} behind; two times 14 turns");
        let (chain, head) = grown(21, &[1, 2, 3, 4, 5, 6], 6);
        assert!(chain.get(head).lib_number > 1500, "six may be missing");
        let (chain, head) = grown(21, &[1, 2, 3, 4, 5, 6, 7], 6);
        assert_eq!(chain.get(head).lib_number, 1000, "seven may not");
    }

    #[test]
    fn a_branch_is_left_for_a_longer_one_and_the_fork_is_found() {
        let schedule = Schedule { version: 1, producers: names(4) };
        let name = schedule.producers[0];
        let mut chain = Chain::new(Slot(0), name);
        let root = chain.sign(BlockId(0), Slot(1), Site::Many, &schedule, name);
        let short = chain.sign(root, Slot(2), Site::A, &schedule, name);
        let long = chain.sign(root, Slot(3), Site::B, &schedule, name);
        assert!(!chain.is_better(long, short), "the first of two as long stays");
        let longer = chain.sign(long, Slot(4), Site::B, &schedule, name);
        assert!(chain.is_better(longer, short));
        assert_eq!(chain.fork_of(short, longer), root);
        assert_eq!(chain.learn(Site::A, longer), [root, long, longer]);
        assert!(chain.learn(Site::A, longer).is_empty());
    }
}
