//! Where a node stands.

use crate::core::action::Act;
use crate::core::time::{Mono, Timestamp};

/// Where this node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Passive, or A signing by right: nothing is under way.
    Resting,
    /// A is stopped and waits until it may sign: after a start, or after it had to stop.
    Arming {
        /// Why it is stopped, one sentence.
        why: String,
    },
    /// The latch is being written; nothing was done yet.
    Latching {
        /// The act that follows.
        act: Act,
        /// Number of the write.
        id: u64,
        /// Since when.
        since: Mono,
    },
    /// An order is out.
    Acting {
        /// Which.
        act: Act,
        /// Its number.
        id: u64,
        /// Since when.
        since: Mono,
    },
    /// Done by claim; the chain must show it.
    Verifying {
        /// [`Act::Promote`] for this node, [`Act::PromoteRemote`] or [`Act::HandOver`] for another.
        act: Act,
        /// When the claim came.
        since: Timestamp,
        /// When it is given up; `None` until the schedule is known.
        until: Option<Timestamp>,
    },
    /// This node signs, by us, and the chain has shown it.
    Producing {
        /// When it was promoted.
        since: Timestamp,
    },
    /// A person ordered a switchover; the moment is waited for.
    Switching {
        /// Which peer takes over: its place in the configuration.
        to: usize,
        /// When it begins.
        go_at: Timestamp,
        /// Since when this standby signs; `None` on A.
        since: Option<Timestamp>,
    },
    /// To be stopped; tried until it is known to have stopped.
    Demoting {
        /// Why.
        why: String,
        /// The order that is out, and since when.
        order: Option<(u64, Mono)>,
        /// Failed tries.
        tries: u32,
        /// No try before this.
        next: Mono,
    },
    /// A gave the producer to another node and stays paused.
    HandedOver {
        /// When.
        since: Timestamp,
        /// Whether the chain has shown the other node's block.
        verified: bool,
        /// Whether this node was seen paused since then.
        was_paused: bool,
    },
}

impl Stage {
    /// The stage as the status shows it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Resting => "resting",
            Self::Arming { .. } => "arming",
            Self::Latching { .. } => "latching",
            Self::Acting { .. } => "acting",
            Self::Verifying { .. } => "verifying",
            Self::Producing { .. } => "producing",
            Self::Switching { .. } => "switching",
            Self::Demoting { .. } => "demoting",
            Self::HandedOver { .. } => "handed_over",
        }
    }
}
