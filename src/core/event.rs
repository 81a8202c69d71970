//! What the keeper is told: typed facts from the log, the RPC and its own actions.

mod failure;

use std::fmt;

use serde::Serialize;

use crate::core::action::Outcome;
use crate::core::fleet::MemberEvent;
use crate::core::handover::PeerEvent;
use crate::core::host::HostReading;
use crate::core::lease::LeaseEvent;
use crate::core::name::Name;
use crate::core::pool::PoolReport;
use crate::core::process::ProcessEvent;
use crate::core::schedule::Schedule;
use crate::core::time::Timestamp;

pub use failure::ApiFailure;

/// One fact from outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A line of nodeos's log that is an event of ours.
    Log(LogEvent),
    /// Lines that are none of ours: how many since the last such event, and the last of them.
    OtherLines(OtherLines),
    /// The log source changed its state.
    LogSource(LogSourceEvent),
    /// An answer, or none, of `/v1/chain/get_info`.
    Info(Result<ChainInfo, ApiFailure>),
    /// An answer of `/v1/chain/get_producer_schedule`.
    Schedule(Result<Schedule, ApiFailure>),
    /// The public keys, `PUB_K1_…`, that may sign our producer's blocks by the active schedule; none
    /// when it is not in it. Follows each [`Event::Schedule`] that is an answer.
    SigningKeys {
        /// The keys of its authority, in the order of the answer.
        keys: Vec<String>,
    },
    /// An answer of `/v1/producer/paused`.
    Paused(Result<bool, ApiFailure>),
    /// An answer, or none, of a reference node.
    Reference(ReferenceEvent),
    /// What the system says of nodeos's process.
    Process(ProcessEvent),
    /// What was learnt of the lease.
    Lease(LeaseEvent),
    /// What the keeper of another node of our producer said.
    Peer(PeerEvent),
    /// A look at this host's resources.
    Host(HostReading),
    /// What the keeper of another node, of any producer, said.
    Member(MemberEvent),
    /// An answer, or why there is none, of the mining pool.
    Pool(Result<Box<PoolReport>, String>),
    /// What came of an action.
    Outcome(Outcome),
    /// A block of the final chain that the slot ledger asked the node for.
    ChainBlock(ChainBlock),
}

/// What the node said of a block up to its last irreversible one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainBlock {
    /// The number asked for.
    pub number: u32,
    /// The answer.
    pub answer: Result<BlockFacts, ApiFailure>,
}

/// What of `/v1/chain/get_block_info`, or `get_block`, we use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockFacts {
    /// Its time.
    pub time: Timestamp,
    /// Who signed it.
    pub producer: Name,
    /// 64 hex digits.
    pub id: String,
}

/// What a reference node said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceEvent {
    /// Which: its place in [`crate::core::settings::References::names`].
    pub index: usize,
    /// What it was asked, and what it answered.
    pub answer: ReferenceAnswer,
}

/// What a reference node was asked, and what it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceAnswer {
    /// `get_info`.
    Info(Result<ChainInfo, ApiFailure>),
    /// The time its HTTP server put on an answer, which took so long.
    Date {
        /// The time, in whole seconds.
        date: Timestamp,
        /// From question to answer, milliseconds.
        took_ms: u64,
    },
    /// The id of its block of this number: 64 hex digits.
    BlockId {
        /// The number asked for: our last irreversible block.
        number: u32,
        /// The answer.
        id: Result<String, ApiFailure>,
    },
}

/// Names of what a log line can say; the same words in code, JSON, page and documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventName {
    /// A block of another node was applied.
    BlockReceived,
    /// This node signed a block.
    BlockProduced,
    /// DAWN: a block was undone.
    BlockPopped,
    /// DAWN: `count` slots had no block.
    BlocksMissed,
    /// The node left one branch for another.
    ForkSwitched,
    /// One producer signed two blocks of one number (Spring 1.1.1 and later).
    BlockDoubleProduced,
    /// The node was due to sign and did not; `reason` says why.
    ProductionSkipped,
    /// Production was paused by hand or API.
    ProducerPaused,
    /// Production was resumed by hand or API.
    ProducerResumed,
    /// A block was refused; `reason` says why.
    BlockRejected,
    /// A block of another arrived while this node was producing, and was dropped.
    BlockDropped,
    /// A schedule was proposed, promoted or scheduled.
    ScheduleChanged,
    /// How many peers are connected; `count` is their sum.
    PeerCounts,
    /// nodeos is starting.
    NodeStarted,
    /// nodeos is shutting down.
    NodeStopping,
    /// The database is dirty, full or damaged.
    DatabaseFault,
    /// Savanna: votes or a quorum certificate are missing; `reason` says which.
    FinalityLag,
    /// The node replays its block log or loads a snapshot.
    Replaying,
    /// Anything else.
    Other,
}

/// The cause a line states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Skipped: paused explicitly.
    Paused,
    /// Skipped: head too old, stale production not enabled.
    Stale,
    /// Skipped: no private key for the schedule's authority.
    NoKey,
    /// Skipped: watermark by block number.
    WatermarkNumber,
    /// Skipped: watermark by block time.
    WatermarkTime,
    /// Skipped: the last irreversible block is too old.
    LibTooOld,
    /// Skipped: no recent votes.
    NoVotes,
    /// Skipped: `max-reversible-blocks` reached.
    MaxReversible,
    /// Skipped: the last block was this producer's own, so that the node is probably cut off
    /// (dawn-1, dawn-2).
    MinorityFork,
    /// Skipped: too few producers take part, "on a minority fork" (to dawn-4.1).
    LowParticipation,
    /// Skipped: another producer's turn.
    NotMyTurn,
    /// Skipped: the node woke too late for its slot.
    SlowWakeup,
    /// Skipped: the signing authority is not the expected one.
    Authority,
    /// Rejected: its previous block is unknown.
    Unlinkable,
    /// Rejected: it breaks a rule.
    Invalid,
    /// Rejected: its producer confirmed the same range twice (two nodes with one key).
    DoubleConfirming,
    /// Database: not closed cleanly.
    Dirty,
    /// Database: its memory is used up.
    Memory,
    /// Database: the disk is full or nearly so.
    Disk,
    /// Finality: finalizers did not vote.
    MissingVotes,
    /// Finality: a block carried no quorum certificate.
    NoQc,
    /// Finality: our own finalizer did not vote.
    OwnFinalizerSilent,
    /// A cause we have no name for.
    Other,
}

/// nodeos's log levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// `all`, printed by `tlog`.
    All,
    /// `debug`.
    Debug,
    /// `info`.
    Info,
    /// `warn`.
    Warn,
    /// `error`.
    Error,
}

/// The short id nodeos prints: 8 or 16 hex digits. Two dialects cut it at different places, so it
/// never joins blocks on its own: number, time and producer do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShortId(
    /// The hex digits as a number.
    pub u64,
);

/// A typed line: its name, and what of these the line states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// What happened.
    pub name: EventName,
    /// Why.
    pub reason: Option<Reason>,
    /// The line's level; absent before EOSIO 1.4.
    pub level: Option<Level>,
    /// When nodeos printed it (UTC).
    pub logged_at: Option<Timestamp>,
    /// Block number.
    pub block: Option<u32>,
    /// First digits of the block id, as printed.
    pub block_id: Option<ShortId>,
    /// Who signed the block, or whom the line is about.
    pub producer: Option<Name>,
    /// The block's own time.
    pub block_time: Option<Timestamp>,
    /// Number of the last irreversible block.
    pub lib: Option<u32>,
    /// From block time to arrival; negative for a block sent early.
    pub latency_ms: Option<i64>,
    /// Transactions in the block.
    pub transactions: Option<u32>,
    /// Missed blocks, peers, removed blocks of a fork switch.
    pub count: Option<u32>,
}

impl LogEvent {
    /// An event of which nothing but the name is known yet.
    #[must_use]
    pub const fn new(name: EventName) -> Self {
        Self {
            name,
            reason: None,
            level: None,
            logged_at: None,
            block: None,
            block_id: None,
            producer: None,
            block_time: None,
            lib: None,
            latency_ms: None,
            transactions: None,
            count: None,
        }
    }
}

/// Lines that are no event of ours, told in bulk: a debug-level nodeos prints thousands a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherLines {
    /// How many.
    pub count: u64,
    /// The last of them, cut to [`OTHER_LINE_BYTES`].
    pub last: String,
}

/// How much of an unknown line is kept to be shown.
pub const OTHER_LINE_BYTES: usize = 300;

/// What the reader of the log met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSourceEvent {
    /// The log is there and is being followed.
    Following {
        /// The file or container.
        what: String,
    },
    /// There is nothing to read: file absent, container gone, daemon not answering.
    Unavailable {
        /// One sentence that names the cause.
        why: String,
    },
    /// The log goes on in another place; no line was lost.
    Replaced {
        /// What was seen.
        how: Replacement,
    },
    /// Bytes that could not be kept: a line over the bound, a file cut while we read.
    Lost {
        /// How many bytes, where that is known.
        bytes: Option<u64>,
        /// One sentence that names the cause.
        why: String,
    },
}

/// How a log came to go on elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Replacement {
    /// The file was renamed and another has its name.
    Rotated,
    /// The file was cut to nothing in place.
    Truncated,
    /// The file or container was removed and made again.
    Recreated,
    /// The container was restarted, or the connection to its log was made anew.
    Reconnected,
}

/// What of `/v1/chain/get_info` (`chain_plugin.hpp`, `get_info_results`) we use.
#[derive(Debug, PartialEq, Eq)]
pub struct ChainInfo {
    /// 64 hex digits; absent before dawn-4.2.
    pub chain_id: Option<String>,
    /// Number of the head block.
    pub head: u32,
    /// Id of the head block, 64 hex digits.
    pub head_id: String,
    /// Time of the head block.
    pub head_time: Timestamp,
    /// Who signed the head block.
    pub head_producer: Name,
    /// Number of the last irreversible block.
    pub lib: u32,
    /// Its id, 64 hex digits; absent before dawn-4.0.
    pub lib_id: Option<String>,
    /// `server_version_string`; absent before 1.2.
    pub version: Option<String>,
}

impl Clone for ChainInfo {
    fn clone(&self) -> Self {
        Self {
            chain_id: self.chain_id.clone(),
            head_id: self.head_id.clone(),
            lib_id: self.lib_id.clone(),
            version: self.version.clone(),
            ..*self
        }
    }

    /// One comes every second: the texts take the place of those before.
    fn clone_from(&mut self, from: &Self) {
        let Self { chain_id, head, head_id, head_time, head_producer, lib, lib_id, version } = from;
        self.chain_id.clone_from(chain_id);
        self.head_id.clone_from(head_id);
        self.lib_id.clone_from(lib_id);
        self.version.clone_from(version);
        (self.head, self.head_time) = (*head, *head_time);
        (self.head_producer, self.lib) = (*head_producer, *lib);
    }
}

impl EventName {
    /// The name as printed: `block_received`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BlockReceived => "block_received",
            Self::BlockProduced => "block_produced",
            Self::BlockPopped => "block_popped",
            Self::BlocksMissed => "blocks_missed",
            Self::ForkSwitched => "fork_switched",
            Self::BlockDoubleProduced => "block_double_produced",
            Self::ProductionSkipped => "production_skipped",
            Self::ProducerPaused => "producer_paused",
            Self::ProducerResumed => "producer_resumed",
            Self::BlockRejected => "block_rejected",
            Self::BlockDropped => "block_dropped",
            Self::ScheduleChanged => "schedule_changed",
            Self::PeerCounts => "peer_counts",
            Self::NodeStarted => "node_started",
            Self::NodeStopping => "node_stopping",
            Self::DatabaseFault => "database_fault",
            Self::FinalityLag => "finality_lag",
            Self::Replaying => "replaying",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Reason {
    /// The reason as printed: `watermark_number`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Stale => "stale",
            Self::NoKey => "no_key",
            Self::WatermarkNumber => "watermark_number",
            Self::WatermarkTime => "watermark_time",
            Self::LibTooOld => "lib_too_old",
            Self::NoVotes => "no_votes",
            Self::MaxReversible => "max_reversible",
            Self::MinorityFork => "minority_fork",
            Self::LowParticipation => "low_participation",
            Self::NotMyTurn => "not_my_turn",
            Self::SlowWakeup => "slow_wakeup",
            Self::Authority => "authority",
            Self::Unlinkable => "unlinkable",
            Self::Invalid => "invalid",
            Self::DoubleConfirming => "double_confirming",
            Self::Dirty => "dirty",
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::MissingVotes => "missing_votes",
            Self::NoQc => "no_qc",
            Self::OwnFinalizerSilent => "own_finalizer_silent",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
