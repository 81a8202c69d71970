//! Where things are: four hosts of ours, and the rest of the chain in two parts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::core::settings::Role;

/// A place on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// The active node and its keeper.
    A,
    /// The first standby and its keeper.
    B,
    /// The second standby and its keeper.
    C,
    /// The observer and its keeper.
    F,
    /// The other producers, or most of them, and the references.
    Many,
    /// A minority of the other producers, which a partition can cut off from the many.
    Few,
    /// The etcd cluster.
    Etcd,
}

impl Site {
    /// Every place.
    pub const ALL: [Self; 7] =
        [Self::A, Self::B, Self::C, Self::F, Self::Many, Self::Few, Self::Etcd];
    /// Places with a node.
    pub const NODES: [Self; 6] = [Self::A, Self::B, Self::C, Self::F, Self::Many, Self::Few];
    /// Hosts with a keeper.
    pub const KEEPERS: [Self; 4] = [Self::A, Self::B, Self::C, Self::F];
    /// Hosts whose node has our key.
    pub const SIGNERS: [Self; 3] = [Self::A, Self::B, Self::C];
    /// The standbys.
    pub const STANDBYS: [Self; 2] = [Self::B, Self::C];

    /// Its place in tables.
    #[must_use]
    pub const fn at(self) -> usize {
        self as usize
    }

    /// Its bit in a set.
    #[must_use]
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// The role of the keeper there.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::A => Role::Active,
            Self::B => Role::FirstStandby,
            Self::C => Role::SecondStandby,
            Self::F | Self::Many | Self::Few | Self::Etcd => Role::Observer,
        }
    }

    /// Its name in settings, messages and traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::F => "f",
            Self::Many => "many",
            Self::Few => "few",
            Self::Etcd => "etcd",
        }
    }

    /// The signer of this name.
    #[must_use]
    pub fn signer(name: &str) -> Option<Self> {
        Self::SIGNERS.into_iter().find(|site| site.name() == name)
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::F => "F",
            Self::Many => "the chain",
            Self::Few => "the few",
            Self::Etcd => "etcd",
        })
    }
}
