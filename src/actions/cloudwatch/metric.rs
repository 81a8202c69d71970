//! The metrics there are, and what a status says of each.

use aws_sdk_cloudwatch::types::StandardUnit;

use super::Selection;
use crate::core::entitlement::Position;
use crate::core::evidence::references::Standing;
use crate::core::evidence::turns::TurnRecord;
use crate::core::status::{ReferenceStatus, Status};
use crate::core::time::Timestamp;

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// 1 for each judgement: the dead man's.
    Heartbeat,
    /// Incidents of severity page that stand; one value for each minute.
    IncidentsPage,
    /// Incidents of severity warn that stand; one value for each minute.
    IncidentsWarn,
    /// Number of the head block.
    HeadBlock,
    /// Number of the last irreversible block.
    LibBlock,
    /// Age of the head block, seconds; negative when it came early.
    HeadAge,
    /// Blocks this node is behind the median of the references; negative when it is before it.
    ReferenceLag,
    /// Seconds since the producer's last block.
    OwnBlockAge,
    /// Slots of ours that passed without a block, each counted once, when its turn is judged.
    MissedSlots,
    /// Rounds in a row without a single block of ours.
    MissedRounds,
    /// Connected peers of nodeos.
    Peers,
    /// Busy share of all processors, percent.
    CpuUsed,
    /// Memory that is not available, percent.
    MemoryUsed,
    /// Swap in use, percent.
    SwapUsed,
    /// The fullest of the disks that are watched, percent in use.
    DiskUsed,
    /// 1 while this node signs by right.
    Producing,
}

impl Metric {
    /// How many there are.
    pub const COUNT: usize = 16;

    /// Every metric, in the order of its number.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Heartbeat,
        Self::IncidentsPage,
        Self::IncidentsWarn,
        Self::HeadBlock,
        Self::LibBlock,
        Self::HeadAge,
        Self::ReferenceLag,
        Self::OwnBlockAge,
        Self::MissedSlots,
        Self::MissedRounds,
        Self::Peers,
        Self::CpuUsed,
        Self::MemoryUsed,
        Self::SwapUsed,
        Self::DiskUsed,
        Self::Producing,
    ];

    /// Its name in CloudWatch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Heartbeat => "Heartbeat",
            Self::IncidentsPage => "IncidentsPage",
            Self::IncidentsWarn => "IncidentsWarn",
            Self::HeadBlock => "HeadBlock",
            Self::LibBlock => "LibBlock",
            Self::HeadAge => "HeadAge",
            Self::ReferenceLag => "ReferenceLag",
            Self::OwnBlockAge => "OwnBlockAge",
            Self::MissedSlots => "MissedSlots",
            Self::MissedRounds => "MissedRounds",
            Self::Peers => "Peers",
            Self::CpuUsed => "CpuUsed",
            Self::MemoryUsed => "MemoryUsed",
            Self::SwapUsed => "SwapUsed",
            Self::DiskUsed => "DiskUsed",
            Self::Producing => "Producing",
        }
    }

    /// What it is counted in.
    #[must_use]
    pub fn unit(self) -> StandardUnit {
        match self {
            Self::HeadAge | Self::OwnBlockAge => StandardUnit::Seconds,
            Self::CpuUsed | Self::MemoryUsed | Self::SwapUsed | Self::DiskUsed => {
                StandardUnit::Percent
            }
            Self::HeadBlock | Self::LibBlock => StandardUnit::None,
            _ => StandardUnit::Count,
        }
    }

    /// Whether an alarm stands on it: such a one is always sent, once a minute.
    #[must_use]
    pub const fn has_alarm(self) -> bool {
        matches!(self, Self::Heartbeat | Self::IncidentsPage | Self::IncidentsWarn)
    }

    /// Whether it is sent.
    #[must_use]
    pub const fn is_in(self, selection: Selection) -> bool {
        match selection {
            Selection::All => true,
            Selection::Alarms => self.has_alarm(),
        }
    }
}

/// One value for each metric; `None` where it is not known.
pub type Values = [Option<f64>; Metric::COUNT];

/// Reads values out of one status after the other.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// The newest turn whose slots were counted.
    counted_to: Option<Timestamp>,
}

impl Reader {
    /// What a status says. The incidents are not in it: people are told of them by other ways, and
    /// the metric must say what people were told.
    pub fn read(&mut self, status: &Status) -> Values {
        let missed = self.missed_slots(&status.producer.turns);
        let chain = &status.chain;
        let own_age = status
            .producer
            .last_block
            .map(|block| status.at.since_ms(block.time).max(0) as f64 / 1_000.0);
        let host = status.host.as_ref();
        let percent = |permille: u32| f64::from(permille) / 10.0;
        Metric::ALL.map(|metric| match metric {
            Metric::Heartbeat => Some(1.0),
            Metric::IncidentsPage | Metric::IncidentsWarn => None,
            Metric::HeadBlock => chain.head.map(f64::from),
            Metric::LibBlock => chain.lib.map(f64::from),
            Metric::HeadAge => chain.head_age_ms.map(|ms| ms as f64 / 1_000.0),
            Metric::ReferenceLag => lag(chain.head, &status.references),
            Metric::OwnBlockAge => own_age,
            Metric::MissedSlots => Some(f64::from(missed)),
            Metric::MissedRounds => Some(f64::from(status.producer.missed_rounds)),
            Metric::Peers => status.node.peers.map(f64::from),
            Metric::CpuUsed => host.and_then(|host| host.cpu_permille).map(percent),
            Metric::MemoryUsed => host.and_then(|host| host.memory_permille).map(percent),
            Metric::SwapUsed => host.and_then(|host| host.swap_permille).map(percent),
            Metric::DiskUsed => host
                .and_then(|host| host.disks.iter().map(|disk| disk.used_permille).max())
                .map(percent),
            Metric::Producing => {
                Some(f64::from(u8::from(status.promotion.position == Position::Active)))
            }
        })
    }

    /// Slots missed in turns that were not counted before. The first status begins the counting:
    /// what was missed before it was reported by the keeper that ran then.
    fn missed_slots(&mut self, turns: &[TurnRecord]) -> u32 {
        let newest = turns.last().map(|turn| turn.start);
        let Some(counted_to) = self.counted_to else {
            self.counted_to = Some(newest.unwrap_or_default());
            return 0;
        };
        self.counted_to = newest.max(Some(counted_to));
        turns.iter().filter(|turn| turn.start > counted_to).filter_map(TurnRecord::missed).sum()
    }
}

/// How many blocks `head` is behind the median of those that answered lately and are on our chain:
/// the lower of the middle two, as the judgement has it.
fn lag(head: Option<u32>, references: &[ReferenceStatus]) -> Option<f64> {
    let is_told = |reference: &&ReferenceStatus| match reference.standing {
        Some(Standing::Agrees | Standing::Ahead | Standing::Behind | Standing::Forked) => true,
        Some(Standing::Silent | Standing::OtherChain) | None => false,
    };
    let mut heads: Vec<u32> =
        references.iter().filter(is_told).filter_map(|reference| reference.head).collect();
    heads.sort_unstable();
    let median = heads.get(heads.len().checked_sub(1)? / 2)?;
    Some(f64::from(*median) - f64::from(head?))
}
