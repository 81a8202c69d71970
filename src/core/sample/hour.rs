//! An hour of samples as one row.

use serde::{Deserialize, Serialize};

use crate::core::sample::{PoolSample, Sample};
use crate::core::time::Timestamp;

/// An hour, milliseconds.
pub const HOUR_MS: i64 = 3_600_000;

/// Least, greatest and mean of one figure; the mean is rounded towards zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// Least.
    pub min: i64,
    /// Greatest.
    pub max: i64,
    /// Mean.
    pub mean: i64,
}

/// What is kept of an hour whose samples are gone. A figure that no sample had is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HourSample {
    /// When the hour began.
    pub at: Timestamp,
    /// How many samples it had: 360 while the keeper ran.
    pub samples: u32,
    /// In how many of them this node signed by right.
    pub producing: u32,
    /// This node's last head block.
    pub head: Option<u32>,
    /// Age of the head block, milliseconds.
    pub head_age_ms: Option<Spread>,
    /// Blocks behind the best reference.
    pub lag: Option<Spread>,
    /// Blocks from the last irreversible one to the head.
    pub lib_lag: Option<Spread>,
    /// Milliseconds since the last block with our name.
    pub own_age_ms: Option<Spread>,
    /// References that agreed.
    pub agree: Option<Spread>,
    /// Connected peers.
    pub peers: Option<Spread>,
    /// Incidents that stood.
    pub incidents: Option<Spread>,
    /// Busy share of all processors, thousandths.
    pub cpu_permille: Option<Spread>,
    /// Memory that was not available, thousandths.
    pub memory_permille: Option<Spread>,
    /// Swap in use, thousandths.
    pub swap_permille: Option<Spread>,
    /// The fullest disk, thousandths.
    pub disk_permille: Option<Spread>,
    /// Open files of nodeos.
    pub open_files: Option<Spread>,
    /// This clock against the references', milliseconds.
    pub clock_offset_ms: Option<Spread>,
    /// The mining pool, where it answered.
    pub pool: Option<PoolHour>,
}

/// What is kept of an hour of a mining pool's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolHour {
    /// How many answers there were.
    pub answers: u32,
    /// In how many of them the hashrate was below the floor of then.
    pub below: u32,
    /// Workers whose last share was recent.
    pub online: Spread,
    /// Workers that were silent and still counted.
    pub offline: Spread,
    /// Least total hashrate, hashes a second.
    pub hashrate_min: u64,
    /// Greatest total hashrate.
    pub hashrate_max: u64,
    /// The last floor.
    pub floor: Option<u64>,
}

impl PoolHour {
    /// Of the answers of an hour, in order; `None` of none.
    #[must_use]
    pub fn of(answers: &[PoolSample]) -> Option<Self> {
        let spread = |figure: fn(&PoolSample) -> u32| {
            Spread::of(answers.iter().map(|answer| i64::from(figure(answer))))
        };
        let hashrates = || answers.iter().map(|answer| answer.hashrate);
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Some(Self {
            answers: count(answers.len()),
            below: count(answers.iter().filter(|answer| answer.is_below()).count()),
            online: spread(|answer| answer.online)?,
            offline: spread(|answer| answer.offline)?,
            hashrate_min: hashrates().min()?,
            hashrate_max: hashrates().max()?,
            floor: answers.last()?.floor,
        })
    }
}

impl Spread {
    /// Of some figures; `None` of none.
    pub fn of(values: impl IntoIterator<Item = i64>) -> Option<Self> {
        let (mut min, mut max, mut sum, mut count) = (i64::MAX, i64::MIN, 0_i64, 0_i64);
        for value in values {
            (min, max) = (min.min(value), max.max(value));
            sum = sum.saturating_add(value);
            count += 1;
        }
        let mean = sum.checked_div(count)?;
        Some(Self { min, max, mean })
    }
}

impl HourSample {
    /// The hour a time is in.
    #[must_use]
    pub const fn start_of(time: Timestamp) -> Timestamp {
        Timestamp::from_ms(time.ms() - time.ms().rem_euclid(HOUR_MS))
    }

    /// Of the samples of the hour that began at `at`, in order.
    #[must_use]
    pub fn of(at: Timestamp, samples: &[Sample]) -> Self {
        let spread =
            |figure: &dyn Fn(&Sample) -> Option<i64>| Spread::of(samples.iter().filter_map(figure));
        let host = |figure: fn(&crate::core::sample::HostSample) -> Option<i64>| {
            spread(&|sample| sample.host.as_ref().and_then(figure))
        };
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let lib_lag = |s: &Sample| s.head.zip(s.lib).map(|(h, l)| i64::from(h) - i64::from(l));
        Self {
            at,
            samples: count(samples.len()),
            producing: count(samples.iter().filter(|sample| sample.producing).count()),
            head: samples.iter().rev().find_map(|sample| sample.head),
            head_age_ms: spread(&|sample| sample.head_age_ms),
            lag: spread(&Sample::lag),
            lib_lag: spread(&lib_lag),
            own_age_ms: spread(&|sample| sample.own_age_ms.map(signed)),
            agree: spread(&|sample| (sample.references > 0).then_some(i64::from(sample.agree))),
            peers: spread(&|sample| sample.peers.map(i64::from)),
            incidents: spread(&|sample| Some(i64::from(sample.incidents))),
            cpu_permille: host(|host| host.cpu_permille.map(i64::from)),
            memory_permille: host(|host| host.memory_permille.map(i64::from)),
            swap_permille: host(|host| host.swap_permille.map(i64::from)),
            disk_permille: host(|host| {
                host.disks.iter().map(|disk| i64::from(disk.used_permille)).max()
            }),
            open_files: host(|host| {
                host.open_files.map(|(open, _)| i64::try_from(open).unwrap_or(i64::MAX))
            }),
            clock_offset_ms: host(|host| host.clock_offset_ms),
            pool: None,
        }
    }
}
