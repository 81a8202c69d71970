//! What a person or a program is told when it asks: everything the last tick judged.

use serde::Serialize;

use crate::core::action::Maintenance;
use crate::core::alarm::incident::Incident;
use crate::core::alarm::neighbours::Neighbours;
use crate::core::alarm::silence::Silence;
use crate::core::decision::Decision;
use crate::core::entitlement::Position;
use crate::core::evidence::own::Via;
use crate::core::evidence::references::Standing;
use crate::core::evidence::turns::TurnRecord;
use crate::core::fleet::FleetStatus;
use crate::core::gates::Gate;
use crate::core::handover::PeerStatus;
use crate::core::name::Name;
use crate::core::pool::PoolStatus;
use crate::core::promotion::Switch;
use crate::core::rules::Finding;
use crate::core::sample::HostSample;
use crate::core::settings::{Role, Rules};
use crate::core::time::Timestamp;

/// Counts up when a field is removed or changes its meaning.
pub const STATUS_VERSION: u32 = 1;

/// The keeper's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// [`STATUS_VERSION`].
    pub version: u32,
    /// eoskeeper's own version.
    pub eoskeeper: &'static str,
    /// When this was judged.
    pub at: Timestamp,
    /// Since when the keeper runs.
    pub started: Timestamp,
    /// Name of this node among ours.
    pub node_name: String,
    /// What this host is for.
    pub role: Role,
    /// What the letter means.
    pub role_meaning: &'static str,
    /// The decision and its one sentence.
    pub decision: Decision,
    /// The node.
    pub node: NodeStatus,
    /// The chain, as this node sees it.
    pub chain: ChainStatus,
    /// Our producer.
    pub producer: ProducerStatus,
    /// Other nodes of the chain, in the order of the configuration.
    pub references: Vec<ReferenceStatus>,
    /// The keepers of our other nodes, in the order of the configuration.
    pub peers: Vec<PeerView>,
    /// The lease, where one is configured.
    pub lease: Option<LeaseStatus>,
    /// The maintenance that runs.
    pub maintenance: Option<Maintenance>,
    /// The switchover that was ordered last.
    pub switchover: Option<Switch>,
    /// The host's resources, where they are watched.
    pub host: Option<HostSample>,
    /// The keepers that are watched: peers, and members of the fleet.
    pub fleet: FleetStatus,
    /// The mining pool's account, where one is watched.
    pub pool: Option<PoolStatus>,
    /// Every rule, firing or not.
    pub findings: Vec<Finding>,
    /// Every gate, open or closed, in the order they are asked.
    pub gates: Vec<Gate>,
    /// Where a promotion stands.
    pub promotion: PromotionStatus,
    /// What people are told of, and how the channels stand.
    pub alarms: AlarmsStatus,
    /// Which configuration is in force.
    pub configuration: ConfigurationStatus,
    /// Thresholds in force.
    pub rules: Rules,
    /// Bytes the evidence takes, and the bound.
    pub memory: MemoryStatus,
}

/// The alarms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AlarmsStatus {
    /// Incidents that stand, oldest first.
    pub incidents: Vec<Incident>,
    /// Silences that run.
    pub silences: Vec<Silence>,
    /// The channels, in the order of the configuration.
    pub channels: Vec<ChannelStatus>,
}

/// The configuration in force, and the last that was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConfigurationStatus {
    /// The file it came from; empty where there is none.
    pub file: String,
    /// When it was taken; `None` before the first tick.
    pub loaded: Option<Timestamp>,
    /// Whether a good one waits until the act under way has ended.
    pub waits: bool,
    /// Why the last reload was refused, where it was; a good one forgets it.
    pub refused: Option<ConfigurationRefused>,
}

/// A configuration that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigurationRefused {
    /// When.
    pub at: Timestamp,
    /// Everything that is wrong with it.
    pub why: String,
}

/// How a channel stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChannelStatus {
    /// Its name.
    pub name: String,
    /// Messages that wait.
    pub waiting: usize,
    /// Since when nothing could be delivered, and why.
    pub failing: Option<(Timestamp, String)>,
    /// Whether it fails because the service refuses us: a person must mend the token, key or address.
    pub refuses_us: bool,
    /// Delivered since the start.
    pub sent: u64,
    /// Given up since the start.
    pub given_up: u64,
    /// When something was delivered last.
    pub last: Option<Timestamp>,
}

/// The node beside the keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeStatus {
    /// Whether the last poll was answered.
    pub api_answers: bool,
    /// Why the last poll failed, if it did.
    pub api_failure: Option<String>,
    /// nodeos's version, where it says it.
    pub version: Option<String>,
    /// Whether production is paused, where that is known.
    pub paused: Option<bool>,
    /// Why that is not known, where it is not.
    pub paused_failure: Option<String>,
    /// State of the log, one sentence.
    pub log: String,
    /// Lines understood so far.
    pub log_events: u64,
    /// Lines so far that are none of our events.
    pub log_others: u64,
    /// How often the reader had to drop something.
    pub log_lost: u64,
    /// Peers connected, as nodeos last printed.
    pub peers: Option<u32>,
    /// Whether nodeos's process lives: `watching process 4711`, `ended: …`, `not watched: …`;
    /// `None` while nothing was told.
    pub process: Option<String>,
}

/// The chain as this node sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainStatus {
    /// 64 hex digits.
    pub chain_id: Option<String>,
    /// Number of the head block.
    pub head: Option<u32>,
    /// Its time.
    pub head_time: Option<Timestamp>,
    /// Who signed it.
    pub head_producer: Option<Name>,
    /// Its age, milliseconds; negative when it came early.
    pub head_age_ms: Option<i64>,
    /// Number of the last irreversible block.
    pub lib: Option<u32>,
    /// Greatest head among the references that answer and are on this chain.
    pub best: Option<u32>,
    /// Median of their heads.
    pub median: Option<u32>,
    /// How many references agree with this node.
    pub agree: u32,
    /// Blocks this node's head is behind the references' median; negative when it is ahead.
    pub lag_blocks: Option<i64>,
    /// Producers in the active schedule.
    pub producers: Option<usize>,
    /// A round, milliseconds.
    pub round_ms: Option<u64>,
    /// Since when the chain is watched without a gap.
    pub watched_since: Option<Timestamp>,
}

/// Our producer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProducerStatus {
    /// Its name.
    pub name: Name,
    /// Whether it is in the active schedule, where that is known.
    pub scheduled: Option<bool>,
    /// Its last block.
    pub last_block: Option<LastBlock>,
    /// How long it has been silent while we listened, milliseconds.
    pub silent_ms: Option<u64>,
    /// How long this role waits, milliseconds.
    pub wait_ms: Option<u64>,
    /// When its next turn begins, or the running one began.
    pub next_turn: Option<Timestamp>,
    /// Whether those next to us in the schedule miss too, where that is known.
    pub neighbours: Option<Neighbours>,
    /// Slots known to be missed in the turns below.
    pub missed_slots: u32,
    /// Rounds in a row, up to the last, without a single block.
    pub missed_rounds: u32,
    /// The last turns, oldest first.
    pub turns: Vec<TurnRecord>,
}

/// The last block seen of our producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LastBlock {
    /// Its number.
    pub number: u32,
    /// Its time.
    pub time: Timestamp,
    /// How it was seen.
    pub via: Via,
    /// How long ago it was seen, milliseconds.
    pub seen_ago_ms: u64,
}

/// Another node of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReferenceStatus {
    /// Its name: the address without what may be secret.
    pub name: String,
    /// How it compares with this node, where that can be said.
    pub standing: Option<Standing>,
    /// Number of its head block, as last answered.
    pub head: Option<u32>,
    /// Blocks its head is behind the best of them, while it answers.
    pub lag_blocks: Option<u32>,
    /// Why it did not answer the last time, if it did not.
    pub failure: Option<String>,
}

/// Where a promotion stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PromotionStatus {
    /// `resting`, `arming`, `latching`, `acting`, `verifying`, `producing`, `switching`, `demoting`
    /// or `handed_over`.
    pub stage: &'static str,
    /// What this node is at the moment.
    pub position: Position,
    /// Whether it would take a handover now.
    pub ready: bool,
    /// Since when this node signs by us, if it does.
    pub promoted_at: Option<Timestamp>,
    /// Its incident, empty when at rest.
    pub incident: String,
    /// Promotions remembered for the budget, oldest first.
    pub promotions: Vec<Timestamp>,
    /// Whether acting is configured.
    pub configured: bool,
    /// Whether nothing is really done.
    pub dry_run: bool,
}

/// The keeper of another of our nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeerView {
    /// Name of its node.
    pub name: String,
    /// What it said last.
    pub status: Option<PeerStatus>,
    /// How long ago that was, milliseconds.
    pub said_ago_ms: Option<u64>,
    /// Why it is silent, if it is.
    pub failure: Option<String>,
}

/// The lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeaseStatus {
    /// Who holds it, as far as is known; empty: nobody.
    pub holder: Option<String>,
    /// The fencing token.
    pub token: Option<u64>,
    /// How long it is ours still, milliseconds, where it is.
    pub ours_for_ms: Option<u64>,
    /// Why etcd gives no answer, if it gives none.
    pub failure: Option<String>,
}

/// Memory of the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryStatus {
    /// Bytes held now.
    pub evidence_bytes: usize,
    /// The bound.
    pub evidence_bytes_max: usize,
}
