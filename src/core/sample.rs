//! What is measured over and over: the host, and one row of the history every ten seconds.

use serde::{Deserialize, Serialize};

use crate::core::time::Timestamp;

/// Most disks that are told of.
pub const DISKS_MAX: usize = 8;

/// The host's resources at one moment. Shares are in thousandths, so that values compare exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSample {
    /// Busy share of all processors since the sample before, thousandths.
    pub cpu_permille: Option<u32>,
    /// Memory that is not available, thousandths.
    pub memory_permille: Option<u32>,
    /// Swap in use, thousandths; `None` where there is no swap.
    pub swap_permille: Option<u32>,
    /// The file systems that hold nodeos's data and our state.
    pub disks: Vec<DiskSample>,
    /// File descriptors nodeos has open, and how many it may have.
    pub open_files: Option<(u64, u64)>,
    /// This clock against the references', milliseconds; positive when ours is ahead.
    pub clock_offset_ms: Option<i64>,
}

/// One file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskSample {
    /// What it holds, for a person: `data`, `state`, or a path.
    pub name: String,
    /// Share in use, thousandths.
    pub used_permille: u32,
    /// Bytes that are free for us.
    pub free_bytes: u64,
}

/// One row of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// This node's head block.
    pub head: Option<u32>,
    /// This node's last irreversible block.
    pub lib: Option<u32>,
    /// Age of the head block, milliseconds; negative when it came early.
    pub head_age_ms: Option<i64>,
    /// Greatest head among the references that answer.
    pub best: Option<u32>,
    /// Median of their heads.
    pub median: Option<u32>,
    /// How many of them agree with this node.
    pub agree: u32,
    /// How many are configured.
    pub references: u32,
    /// Milliseconds since the last block with our name.
    pub own_age_ms: Option<u64>,
    /// Whether this node signs by right, as the keeper sees it.
    pub producing: bool,
    /// Connected peers of nodeos, where it says so.
    pub peers: Option<u32>,
    /// Incidents that stand.
    pub incidents: u32,
    /// The host, where it is watched.
    pub host: Option<HostSample>,
}

/// A mining pool's account at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSample {
    /// When the pool answered.
    pub at: Timestamp,
    /// Workers whose last share is recent.
    pub online: u32,
    /// Workers that have been silent for a while, and not for so long that they count no more.
    pub offline: u32,
    /// Total hashrate, hashes a second.
    pub hashrate: u64,
    /// The least it should be, where that is configured.
    pub floor: Option<u64>,
}
