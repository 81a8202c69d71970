//! What keepers of one producer say to each other: their standing, and a handover.

use serde::{Deserialize, Serialize};

use crate::core::name::Name;
use crate::core::settings::Role;
use crate::core::time::Timestamp;

/// A handover that has not been taken up this long after it came is void, milliseconds. The giver
/// counts [`HANDOVER_VOID_MS`] before it takes the producer back.
pub const HANDOVER_VALID_MS: u64 = 10_000;
/// When the giver may be sure that nobody takes it up any more, milliseconds: its validity, and as
/// much again for a message on its way.
pub const HANDOVER_VOID_MS: u64 = 2 * HANDOVER_VALID_MS;

/// What is known of a node that is meant to have stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fence {
    /// It does not sign: its process ended, it confirmed the pause, or the fence script says so.
    Fenced,
    /// The fence was refused, and nothing was changed.
    Refused,
    /// It was tried, and whether it worked is not known.
    Unknown,
}

/// The producer is given to another node by the one that had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// Id of the giver's incident; a handover is taken up once.
    pub id: String,
    /// Name of the node that gives.
    pub from: String,
    /// Name of the node that is to take; empty: whoever of the standbys comes first.
    pub to: String,
    /// The producer.
    pub producer: Name,
    /// Chain id, 64 hex digits, where the giver knows it.
    pub chain_id: Option<String>,
    /// One sentence: why.
    pub reason: String,
    /// What is known of the giver's own node.
    pub fence: Fence,
    /// Since when the giver's node does not sign: no block of ours may be younger.
    pub fenced_at: Timestamp,
    /// Whether a person asked for it.
    pub planned: bool,
}

/// What came of a handover, as the node that was to take it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// [`Handover::id`].
    pub id: String,
    /// How far it is.
    pub state: TakenState,
    /// One sentence.
    pub sentence: String,
}

/// How far the taking of a handover is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakenState {
    /// It came, and a gate is closed still; it may be taken up until it is void.
    Waiting,
    /// It is being acted on.
    Acting,
    /// The node was resumed; the chain has not shown its block yet.
    Resumed,
    /// The chain has shown its block.
    Proven,
    /// It was not taken up, or undone: this node does not sign.
    Declined,
}

/// Whether a node signs for the producer, as its keeper sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// It is meant to sign and is not paused.
    Yes,
    /// It is being made to sign.
    Beginning,
    /// It is paused or gone, and is not meant to sign.
    No,
    /// It is meant to have stopped, but whether it has is not known; or its keeper cannot tell.
    Unknown,
}

/// What a keeper tells its peers, about once a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerStatus {
    /// Name of its node.
    pub node: String,
    /// Its role.
    pub role: Role,
    /// The producer it watches.
    pub producer: Name,
    /// Chain id, 64 hex digits, where it is known.
    pub chain_id: Option<String>,
    /// When its keeper judged.
    pub at: Timestamp,
    /// Whether its node signs.
    pub signing: Signing,
    /// Since when it signs or is being made to.
    pub signing_since: Option<Timestamp>,
    /// Whether it would take a handover now: every gate but those about the silent producer open.
    pub ready: bool,
    /// The keeper's decision, one sentence.
    pub sentence: String,
    /// Number of its head block.
    pub head: Option<u32>,
    /// Time of its head block.
    pub head_time: Option<Timestamp>,
    /// Number of its last irreversible block.
    pub lib: Option<u32>,
    /// Whether its head moves.
    pub head_moves: bool,
    /// Time of the last block of ours it has seen.
    pub last_own: Option<Timestamp>,
    /// Until when it is under maintenance.
    pub maintenance_until: Option<Timestamp>,
    /// The last handover it got.
    pub taken: Option<Taken>,
    /// nodeos's version, where it says it.
    pub version: Option<String>,
    /// The last request to hand over that it refused, so that who asked hears of it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// A request to hand over was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// Name of the node that asked.
    pub to: String,
    /// When it was refused.
    pub at: Timestamp,
    /// Why; one or a few sentences.
    pub sentence: String,
}

/// Something a peer said, or that it said nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerEvent {
    /// Which: its place in [`crate::core::settings::Peers::names`].
    pub index: usize,
    /// What.
    pub said: PeerSaid,
}

/// What a peer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerSaid {
    /// Its standing.
    Status(Box<PeerStatus>),
    /// It could not be reached, or its answer was not to be trusted; one sentence.
    Silent(String),
    /// It gives the producer away.
    Handover(Handover),
    /// It asks this node, which signs, to hand over to it; the text says on whose behalf.
    Ask(String),
}
