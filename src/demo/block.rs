//! Blocks of the simulated chain, and who signs them.

use std::fmt;

use serde::Serialize;

use crate::core::name::Name;
use crate::core::schedule::Slot;
use crate::demo::dialect::Dialect;

/// One of the three nodes that hold our producer's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Node {
    /// Starts unpaused: it signs.
    A,
    /// Starts paused.
    B,
    /// Starts paused.
    C,
}

impl Node {
    /// All three, in order.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    /// The node's letter; also the keeper's role beside it.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
        }
    }

    /// How this node prints its log: each in another way.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::A => Dialect::Spring1,
            Self::B => Dialect::Leap5,
            Self::C => Dialect::Eosio2,
        }
    }

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
            Self::C => 2,
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

/// Who signed a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Signer {
    /// One of the nodes that hold our key.
    Node(Node),
    /// The node of the other producers.
    Others,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u32,
    /// 64 hex digits; the first eight are the number.
    pub id: String,
    /// The slot it was signed for; its time is the slot's.
    pub slot: Slot,
    /// Whose name it carries.
    pub producer: Name,
    /// Which node signed it.
    pub signer: Signer,
}

impl Block {
    /// A block whose id follows from the chain's seed, its number and its signer.
    #[must_use]
    pub fn new(seed: u64, number: u32, slot: Slot, producer: Name, signer: Signer) -> Self {
        let who = match signer {
            Signer::Node(node) => node.index() as u64,
            Signer::Others => Node::ALL.len() as u64,
        };
        let words = digits(seed ^ (u64::from(number) << 8) ^ who);
        Self { number, id: format!("{number:08x}{}", &words[8..]), slot, producer, signer }
    }

    /// The digits nodeos prints in its log: 8 to 24, from EOSIO 2.0 on in every line.
    #[must_use]
    pub fn short_id(&self) -> &str {
        &self.id[8..24]
    }
}

/// 64 hex digits that look like a hash and are none.
pub(super) fn digits(seed: u64) -> String {
    let mut state = seed;
    (0..4)
        .map(|_| {
            // SplitMix64: one addition and three mixing steps a word.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            format!("{:016x}", word ^ (word >> 31))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_start_with_the_number_and_differ_by_signer() {
        let name: Name = "eosstorebest".parse().unwrap();
        let block = |signer| Block::new(7, 0x3b5, Slot(1), name, signer);
        let of_a = block(Signer::Node(Node::A));
        let of_b = block(Signer::Node(Node::B));
        assert!(of_a.id.starts_with("000003b5"), "{}", of_a.id);
        assert_eq!((of_a.id.len(), of_a.short_id().len()), (64, 16));
        assert_ne!(of_a.short_id(), of_b.short_id());
        assert_eq!(of_a, block(Signer::Node(Node::A)), "the same block has the same id");
    }
}
