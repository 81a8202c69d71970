//! Thresholds of what is watched beside the node: the host, the fleet, a mining pool.

use serde::Serialize;

/// Most members of a fleet.
pub const FLEET_MAX: usize = 1_000;

/// When the host's resources are short. Shares are in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Host {
    /// Between two looks, milliseconds.
    pub interval_ms: u64,
    /// `host_cpu`: the processors are busy for more than this.
    pub cpu_permille: u32,
    /// `host_memory`: more than this is in use.
    pub memory_permille: u32,
    /// `host_swap`: more than this is in use.
    pub swap_permille: u32,
    /// `host_disk`: more than this is in use.
    pub disk_permille: u32,
    /// `host_disk_full`: more than this is in use.
    pub disk_full_permille: u32,
    /// `host_open_files`: nodeos has more than this of its descriptors open.
    pub open_files_permille: u32,
    /// `host_clock`: the clock is surely off by more than this, milliseconds.
    pub clock_offset_ms: u32,
}

impl Host {
    /// The defaults: every 10 s; 80 % of each, 95 % of a disk that is as good as full; a clock that
    /// is a slot off.
    pub const DEFAULT: Self = Self {
        interval_ms: 10_000,
        cpu_permille: 800,
        memory_permille: 800,
        swap_permille: 800,
        disk_permille: 800,
        disk_full_permille: 950,
        open_files_permille: 800,
        clock_offset_ms: 500,
    };
}

/// The keepers of other nodes that are watched, and when their silence counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fleet {
    /// Names of the members beside the peers; an event names one by its place here.
    pub names: Vec<String>,
    /// Between two questions to one member, milliseconds.
    pub poll_ms: u64,
    /// A member that has reported and is silent for this long is offline, milliseconds.
    pub offline_ms: u64,
    /// One that is silent for this long is taken as decommissioned, milliseconds.
    pub forget_after_ms: u64,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            poll_ms: 30_000,
            offline_ms: 600_000,
            forget_after_ms: 8 * 3_600_000,
        }
    }
}

/// When a mining pool's account is not well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pool {
    /// Between two questions, milliseconds.
    pub interval_ms: u64,
    /// A worker whose last share is older than this is offline, milliseconds.
    pub workers_offline_ms: u64,
    /// A worker whose last share is older than this counts no more, milliseconds.
    pub forget_ms: u64,
    /// Least total hashrate, hashes a second.
    pub hashrate_floor: Option<u64>,
}
