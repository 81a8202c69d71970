//! What the keeper wants done, as values, and what came of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::core::handover::Handover;
use crate::core::name::Name;
use crate::core::time::Timestamp;

/// Something the daemon is to do. Its outcome comes back as an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write the latch to disk and fsync it. A promotion, and A's handover, begin only after that
    /// succeeded; stopping this node does not wait for it.
    SaveLatch {
        /// Number the outcome carries.
        id: u64,
        /// What to write.
        latch: Latch,
    },
    /// Make this node, or from A another one, produce or stop.
    Act(Order),
    /// Tell people.
    Alarm(Notice),
}

/// An order to act on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Number the outcome carries.
    pub id: u64,
    /// What to do.
    pub act: Act,
    /// One sentence: why.
    pub reason: String,
    /// Id of the incident it belongs to, for example `20261121T024837-producer_missing`.
    pub incident: String,
    /// The producer it is about.
    pub producer: Name,
    /// Chain id, 64 hex digits, where it is known.
    pub chain_id: Option<String>,
    /// The fencing token of the lease, where one is held: a store that knows a greater one must
    /// refuse us.
    pub token: Option<u64>,
    /// For [`Act::HandOver`] and [`Act::ReleaseLease`]: what is given.
    pub handover: Option<Handover>,
}

/// The acts there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Make this node produce.
    Promote,
    /// Make this node stop producing.
    Demote,
    /// From the active node: run the script that promotes the standby.
    PromoteRemote,
    /// Run the script that makes sure that this node does not sign: stops its unit, kills it, cuts
    /// it off.
    Fence,
    /// Run the script that restarts this node's nodeos.
    Restart,
    /// Take the lease, if it is free or was released.
    AcquireLease,
    /// Let go of the lease, and say to whom.
    ReleaseLease,
    /// Give the producer to the peer that the order's handover names.
    HandOver,
    /// Ask the peer that the order's handover names to hand over to this node.
    Ask,
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The action's number.
    pub id: u64,
    /// How it ended.
    pub result: ActResult,
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "result", content = "detail")]
pub enum ActResult {
    /// It says it is done: a claim, to be verified on the chain.
    Done(String),
    /// It was refused, and nothing was changed (a script's exit code 10).
    Refused(String),
    /// It failed; whether anything was changed is not known.
    Failed(String),
}

/// What must survive a restart: written to disk before the act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latch {
    /// Where the promotion stands.
    pub stage: LatchStage,
    /// The producer it is about.
    pub producer: Name,
    /// Id of the incident, empty when at rest.
    pub incident: String,
    /// One sentence: why, empty when at rest.
    pub reason: String,
    /// When this stage was reached.
    pub since: Timestamp,
    /// When the promotions of the running budget window were made, oldest first.
    pub promotions: Vec<Timestamp>,
    /// When this node was last known to sign by right, while it does; told again every
    /// few seconds, so that a plain restart can be told from a longer absence.
    #[serde(default)]
    pub active_at: Option<Timestamp>,
    /// The fencing token this node signs by.
    #[serde(default)]
    pub token: Option<u64>,
    /// No automatic act until it ends.
    #[serde(default)]
    pub maintenance: Option<Maintenance>,
    /// Whether a person stopped this node, the active one: it does not sign again by itself, until
    /// a person says so or another has signed.
    #[serde(default)]
    pub stopped_by_hand: bool,
}

/// A time without automatic acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// When it began.
    pub since: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// Why, in the words of the person who ordered it.
    pub reason: String,
}

/// Where a promotion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatchStage {
    /// This node is passive.
    Standby,
    /// About to promote, or promoted and not yet proven.
    Promoting,
    /// This node produces, by us, and the chain has shown it.
    Promoted,
    /// To be stopped again; not yet known to have stopped.
    Demoting,
    /// A stopped itself and gave the producer to another node.
    HandedOver,
}

/// What people are told. The pipeline that groups, repeats and routes it comes with the channels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Names the cause; one key is raised once and resolved once.
    pub key: String,
    /// Whether it begins or ends.
    pub kind: NoticeKind,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence: what is the matter.
    pub text: String,
    /// What to do next, one sentence.
    pub next_step: String,
    /// When it was noticed.
    pub at: Timestamp,
}

/// Whether an alarm begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// It begins.
    Raised,
    /// It is over.
    Resolved,
    /// Told once; there is nothing to resolve.
    Told,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it today.
    Warn,
    /// Get up: blocks are lost or soon will be.
    Page,
}

impl Latch {
    /// Nothing was done and nothing is remembered.
    #[must_use]
    pub const fn at_rest(producer: Name, since: Timestamp) -> Self {
        Self {
            stage: LatchStage::Standby,
            producer,
            incident: String::new(),
            reason: String::new(),
            since,
            promotions: Vec::new(),
            active_at: None,
            token: None,
            maintenance: None,
            stopped_by_hand: false,
        }
    }
}

impl LatchStage {
    /// Whether an act was begun whose end is not known.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        match self {
            Self::Promoting | Self::Demoting => true,
            Self::Standby | Self::Promoted | Self::HandedOver => false,
        }
    }
}

impl Act {
    /// The act as scripts and logs see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Demote => "demote",
            Self::PromoteRemote => "promote_remote",
            Self::Fence => "fence",
            Self::Restart => "restart",
            Self::AcquireLease => "acquire_lease",
            Self::ReleaseLease => "release_lease",
            Self::HandOver => "hand_over",
            Self::Ask => "ask",
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for ActResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(what) => write!(f, "done: {what}"),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::Failed(why) => write!(f, "failed: {why}"),
        }
    }
}
