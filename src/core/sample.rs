//! What is measured over and over: the host, and one row of the history every ten seconds.

mod hour;

use serde::{Deserialize, Serialize};

use crate::core::entitlement::Position;
use crate::core::evidence::references::Standing;
use crate::core::settings::Role;
use crate::core::status::Status;
use crate::core::time::Timestamp;

pub use hour::{HOUR_MS, HourSample, PoolHour, Spread};

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

impl PoolSample {
    /// Whether the hashrate is below its floor.
    #[must_use]
    pub fn is_below(&self) -> bool {
        self.floor.is_some_and(|floor| self.hashrate < floor)
    }
}

impl Sample {
    /// Most bytes of a disk's name in a row.
    const DISK_NAME_BYTES: usize = 64;

    /// What a status says, as a row.
    #[must_use]
    pub fn of(status: &Status) -> Self {
        let known =
            |standing: &Standing| !matches!(standing, Standing::Silent | Standing::OtherChain);
        let standing = |wanted: fn(&Standing) -> bool| {
            status.references.iter().filter(move |r| r.standing.as_ref().is_some_and(wanted))
        };
        let mut heads: Vec<u32> = standing(known).filter_map(|r| r.head).collect();
        heads.sort_unstable();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            at: status.at,
            // What a node that does not answer said last is not how it stands.
            head: status.chain.head.filter(|_| status.node.api_answers),
            lib: status.chain.lib.filter(|_| status.node.api_answers),
            head_age_ms: status.chain.head_age_ms.filter(|_| status.node.api_answers),
            best: heads.last().copied(),
            // The lower of the middle two, as the rules count.
            median: heads.len().checked_sub(1).map(|last| heads[last / 2]),
            agree: count(standing(|s| *s == Standing::Agrees).count()),
            references: count(status.references.len()),
            own_age_ms: status.producer.last_block.map(|block| block.seen_ago_ms),
            producing: status.promotion.position == Position::Active
                && status.role != Role::Observer,
            peers: status.node.peers,
            incidents: count(status.alarms.incidents.len()),
            host: status.host.as_ref().map(Self::bounded),
        }
    }

    /// Blocks this node is behind the best reference; negative when it is ahead.
    #[must_use]
    pub fn lag(&self) -> Option<i64> {
        self.best.zip(self.head).map(|(best, head)| i64::from(best) - i64::from(head))
    }

    fn bounded(host: &HostSample) -> HostSample {
        let mut host = host.clone();
        host.disks.truncate(DISKS_MAX);
        for disk in &mut host.disks {
            let end = (0..=disk.name.len().min(Self::DISK_NAME_BYTES))
                .rev()
                .find(|end| disk.name.is_char_boundary(*end));
            disk.name.truncate(end.unwrap_or_default());
        }
        host
    }
}
