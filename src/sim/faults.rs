//! What may happen, as values: a scenario lists them, the world plays them.

use serde::{Deserialize, Serialize};

use crate::core::command::Command;
use crate::sim::host::{DiskFault, ScriptFault};
use crate::sim::net::Plane;
use crate::sim::site::Site;

/// A fault with its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When it begins, milliseconds from the start.
    pub at_ms: u64,
    /// How long it lasts, milliseconds; 0 where it has no end.
    pub for_ms: u64,
    /// What it is.
    #[serde(flatten)]
    pub what: What,
}

/// What is wrong with a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceFault {
    /// It refuses connections.
    Down,
    /// It answers after its deadline.
    Slow,
    /// It stands still.
    Lagging,
    /// It tells another irreversible block than the chain has.
    Lying,
}

/// How the schedule changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleChange {
    /// Our producer is voted out, and in again when the fault ends.
    VotedOut,
    /// The order changes.
    Shuffled,
    /// Producers are added, and removed when the fault ends.
    Grown,
}

/// What etcd does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EtcdFault {
    /// No quorum: no answer.
    NoQuorum,
    /// Answers take three seconds.
    Slow,
    /// What it is told takes effect, and the answer is lost.
    AnswersLost,
    /// Another leader: every lease begins anew (`Lessor.Promote` extends them).
    LeaderChange,
}

/// The faults there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum What {
    /// nodeos is killed; it starts again when the fault ends.
    Kill {
        /// Whose.
        site: Site,
    },
    /// nodeos is stopped in order, which takes a while; it starts again when the fault ends.
    Stop {
        /// Whose.
        site: Site,
        /// From its word that it stops to its end, milliseconds.
        slow_ms: u64,
    },
    /// nodeos is stopped as by SIGSTOP, and obeys what it was told when it goes on.
    Freeze {
        /// Whose.
        site: Site,
    },
    /// The RPC hangs while the node goes on.
    HangApi {
        /// Whose.
        site: Site,
    },
    /// nodeos says that its database is faulty, and goes on for the while; then it is restarted.
    DatabaseFault {
        /// Whose.
        site: Site,
    },
    /// Blocks reach the node ever later.
    Laggard {
        /// Whose.
        site: Site,
    },
    /// The host sleeps.
    Suspend {
        /// Which.
        site: Site,
        /// Whether the monotonic clock stops meanwhile, as Linux's does; a paused virtual machine's
        /// may go on.
        mono_stops: bool,
    },
    /// The keeper is killed; it starts again when the fault ends.
    KeeperCrash {
        /// Whose.
        site: Site,
    },
    /// The keeper is stopped as by SIGSTOP.
    KeeperFreeze {
        /// Whose.
        site: Site,
    },
    /// The wall clock is set wrong, and right when the fault ends.
    ClockStep {
        /// Whose.
        site: Site,
        /// By how much.
        ms: i64,
    },
    /// The wall clock gains or loses, and is set right when the fault ends.
    ClockDrift {
        /// Whose.
        site: Site,
        /// Parts per million.
        ppm: i64,
    },
    /// A set is cut off from all others.
    Cut {
        /// Which.
        sites: Vec<Site>,
        /// What they say is lost, and they still hear.
        one_way: bool,
        /// What is cut.
        plane: Plane,
    },
    /// Everything to and from a place is slow.
    Slow {
        /// Which.
        site: Site,
        /// By how much, milliseconds.
        ms: u64,
    },
    /// Messages to and from a place are lost, doubled and reordered.
    Lossy {
        /// Which.
        site: Site,
        /// How many of a thousand.
        per_mille: u16,
    },
    /// The log cannot be read, and what is written meanwhile is lost.
    LogSilent {
        /// Whose.
        site: Site,
    },
    /// The log comes late, all at once when the fault ends.
    LogHeld {
        /// Whose.
        site: Site,
    },
    /// The log is rotated.
    LogRotated {
        /// Whose.
        site: Site,
    },
    /// The disk with the state.
    Disk {
        /// Whose.
        site: Site,
        /// What is the matter.
        how: DiskFault,
    },
    /// The scripts.
    Script {
        /// Whose.
        site: Site,
        /// What comes of them.
        how: ScriptFault,
    },
    /// A reference.
    Reference {
        /// Which.
        index: u8,
        /// What is the matter.
        how: ReferenceFault,
    },
    /// Nobody signs.
    ChainStall,
    /// So many of the other producers do not sign.
    OthersMissing {
        /// How many.
        count: u32,
    },
    /// The schedule changes.
    Schedule {
        /// How.
        how: ScheduleChange,
    },
    /// etcd.
    Etcd {
        /// What it does.
        how: EtcdFault,
    },
    /// Somebody pauses a node by hand, and resumes it when the fault ends.
    Paused {
        /// Whose.
        site: Site,
    },
    /// Somebody resumes a node by hand.
    Resumed {
        /// Whose.
        site: Site,
    },
    /// Somebody orders something.
    Order {
        /// Whose keeper is told.
        site: Site,
        /// What.
        order: Command,
    },
    /// The operator sets everything right: the standbys are paused, A signs.
    Restore,
}

impl What {
    /// The kind, as `--faults` names it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Kill { .. } => "kill",
            Self::Stop { .. } => "stop",
            Self::Freeze { .. } => "freeze",
            Self::HangApi { .. } => "hang_api",
            Self::DatabaseFault { .. } => "database_fault",
            Self::Laggard { .. } => "laggard",
            Self::Suspend { .. } => "suspend",
            Self::KeeperCrash { .. } => "keeper_crash",
            Self::KeeperFreeze { .. } => "keeper_freeze",
            Self::ClockStep { .. } => "clock_step",
            Self::ClockDrift { .. } => "clock_drift",
            Self::Cut { .. } => "cut",
            Self::Slow { .. } => "slow",
            Self::Lossy { .. } => "lossy",
            Self::LogSilent { .. } => "log_silent",
            Self::LogHeld { .. } => "log_held",
            Self::LogRotated { .. } => "log_rotated",
            Self::Disk { .. } => "disk",
            Self::Script { .. } => "script",
            Self::Reference { .. } => "reference",
            Self::ChainStall => "chain_stall",
            Self::OthersMissing { .. } => "others_missing",
            Self::Schedule { .. } => "schedule",
            Self::Etcd { .. } => "etcd",
            Self::Paused { .. } => "paused",
            Self::Resumed { .. } => "resumed",
            Self::Order { .. } => "order",
            Self::Restore => "restore",
        }
    }

    /// Every kind.
    pub const KINDS: [&'static str; 28] = [
        "kill",
        "stop",
        "freeze",
        "hang_api",
        "database_fault",
        "laggard",
        "suspend",
        "keeper_crash",
        "keeper_freeze",
        "clock_step",
        "clock_drift",
        "cut",
        "slow",
        "lossy",
        "log_silent",
        "log_held",
        "log_rotated",
        "disk",
        "script",
        "reference",
        "chain_stall",
        "others_missing",
        "schedule",
        "etcd",
        "paused",
        "resumed",
        "order",
        "restore",
    ];

    /// What is wrong, as the trace tells it.
    #[must_use]
    pub fn sentence(&self) -> String {
        let names =
            |sites: &[Site]| sites.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Kill { site } => format!("nodeos of {site} is killed"),
            Self::Stop { site, slow_ms } => {
                format!("nodeos of {site} stops within {slow_ms} ms")
            }
            Self::Freeze { site } => format!("nodeos of {site} is frozen"),
            Self::HangApi { site } => format!("the RPC of {site} hangs"),
            Self::DatabaseFault { site } => format!("nodeos of {site} has a faulty database"),
            Self::Laggard { site } => format!("blocks reach {site} ever later"),
            Self::Suspend { site, mono_stops } => {
                format!("the host of {site} sleeps (monotonic clock stops: {mono_stops})")
            }
            Self::KeeperCrash { site } => format!("the keeper of {site} is killed"),
            Self::KeeperFreeze { site } => format!("the keeper of {site} is frozen"),
            Self::ClockStep { site, ms } => format!("the clock of {site} is set off by {ms} ms"),
            Self::ClockDrift { site, ppm } => format!("the clock of {site} drifts by {ppm} ppm"),
            Self::Cut { sites, one_way, plane } => {
                let way = if *one_way { "is not heard" } else { "is cut off" };
                format!("{} {way} ({plane:?})", names(sites))
            }
            Self::Slow { site, ms } => format!("the network of {site} is slow by {ms} ms"),
            Self::Lossy { site, per_mille } => {
                format!("the network of {site} loses {per_mille} of 1000")
            }
            Self::LogSilent { site } => format!("the log of {site} cannot be read"),
            Self::LogHeld { site } => format!("the log of {site} is held up"),
            Self::LogRotated { site } => format!("the log of {site} is rotated"),
            Self::Disk { site, how } => format!("the disk of {site}: {how:?}"),
            Self::Script { site, how } => format!("the scripts of {site}: {how:?}"),
            Self::Reference { index, how } => format!("reference {}: {how:?}", index + 1),
            Self::ChainStall => "the whole chain stands still".to_owned(),
            Self::OthersMissing { count } => format!("{count} other producers do not sign"),
            Self::Schedule { how } => format!("the schedule changes: {how:?}"),
            Self::Etcd { how } => format!("etcd: {how:?}"),
            Self::Paused { site } => format!("somebody pauses {site}"),
            Self::Resumed { site } => format!("somebody resumes {site}"),
            Self::Order { site, order } => format!("somebody orders {site}: {order:?}"),
            Self::Restore => "the operator sets everything right".to_owned(),
        }
    }
}
