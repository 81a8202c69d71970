//! The host's resources: the last few looks.

use std::collections::VecDeque;

use crate::core::host::{HostReading, Resource};
use crate::core::sample::{DISKS_MAX, DiskSample, HostSample};
use crate::core::time::{Mono, Now};

/// Looks that a rule judges by.
pub const SAMPLES: usize = 5;
/// Looks further apart than this are not one window, milliseconds; they are 60 s apart at most.
const GAP_MS: u64 = 180_000;
/// Longest name of a disk or a group that is kept, bytes.
const NAME_BYTES: usize = 64;
/// Longest reason that is kept, bytes.
const WHY_BYTES: usize = 160;
/// Most reasons that are kept: one for each disk and each other resource.
const UNKNOWN_MAX: usize = DISKS_MAX + 4;

/// What was seen of the host.
#[derive(Clone, Debug, Default)]
pub struct HostEvidence {
    /// When the last look was.
    pub seen: Option<Mono>,
    samples: VecDeque<HostSample>,
    unknown: Vec<(Resource, String)>,
    /// The control group whose limit the memory is measured by.
    pub memory_group: Option<String>,
}

impl HostEvidence {
    /// Records a look.
    pub fn record(&mut self, now: Now, reading: &HostReading) {
        if self.seen.is_some_and(|seen| now.mono.since_ms(seen) > GAP_MS) {
            self.samples.clear();
        }
        self.seen = Some(now.mono);
        // Made anew, so that it holds no more than it shows.
        let disks = reading.sample.disks.iter().take(DISKS_MAX);
        let disks =
            disks.map(|disk| DiskSample { name: cut(&disk.name, NAME_BYTES), ..disk.clone() });
        let sample = HostSample { disks: disks.collect(), ..reading.sample.clone() };
        if self.samples.len() >= SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        let unknown = reading.unknown.iter().take(UNKNOWN_MAX);
        self.unknown = unknown.map(|(what, why)| (*what, cut(why, WHY_BYTES))).collect();
        self.memory_group = reading.memory_group.as_ref().map(|name| cut(name, NAME_BYTES));
    }

    /// The last look.
    #[must_use]
    pub fn last(&self) -> Option<&HostSample> {
        self.samples.back()
    }

    /// Why a resource could not be read at the last look; empty when it was, or is not there.
    #[must_use]
    pub fn why_unknown(&self, resource: Resource) -> String {
        let whys = self.unknown.iter().filter(|(what, _)| *what == resource);
        whys.map(|(_, why)| why.as_str()).collect::<Vec<_>>().join("; ")
    }

    /// The mean of a share over the last [`SAMPLES`] looks, thousandths.
    ///
    /// # Errors
    /// How many looks have it, when they are fewer.
    pub fn mean(&self, share: impl Fn(&HostSample) -> Option<u32>) -> Result<u32, usize> {
        let values: Vec<u64> = self.samples.iter().filter_map(share).map(u64::from).collect();
        if values.len() < SAMPLES {
            return Err(values.len());
        }
        let mean = values.iter().sum::<u64>() / values.len() as u64;
        Ok(u32::try_from(mean).unwrap_or(u32::MAX))
    }

    /// The disks of the last look.
    #[must_use]
    pub fn disks(&self) -> &[DiskSample] {
        self.last().map_or(&[], |sample| &sample.disks)
    }

    /// Bytes held beside the struct itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let disk = size_of::<DiskSample>() + NAME_BYTES;
        let sample = |s: &HostSample| size_of::<HostSample>() + s.disks.capacity() * disk;
        self.samples.iter().map(sample).sum::<usize>()
            + self.unknown.capacity() * (size_of::<(Resource, String)>() + WHY_BYTES)
            + self.memory_group.as_ref().map_or(0, String::capacity)
    }
}

/// The beginning of a text, at most so many bytes, cut at a character.
fn cut(text: &str, max: usize) -> String {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(cpu: Option<u32>) -> HostReading {
        let sample = HostSample { cpu_permille: cpu, ..HostSample::default() };
        HostReading { sample, ..HostReading::default() }
    }

    #[test]
    fn the_mean_is_of_five_looks_that_follow_each_other() {
        let mut host = HostEvidence::default();
        let mut now = Now::default();
        let mut means = Vec::new();
        for cpu in [100, 200, 300, 400, 500, 600] {
            host.record(now, &reading(Some(cpu)));
            means.push(host.mean(|sample| sample.cpu_permille));
            now = now.plus_ms(10_000);
        }
        assert_eq!(means, [Err(1), Err(2), Err(3), Err(4), Ok(300), Ok(400)]);
        // A look without it is not taken for an idle one.
        host.record(now, &reading(None));
        assert_eq!(host.mean(|sample| sample.cpu_permille), Err(4));
        // After a gap the window begins anew.
        host.record(now.plus_ms(GAP_MS + 1), &reading(Some(700)));
        assert_eq!(host.mean(|sample| sample.cpu_permille), Err(1));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut host = HostEvidence::default();
        let disk = DiskSample { name: "ä".repeat(4_000), used_permille: 1, free_bytes: 2 };
        for _ in 0..100 {
            let sample = HostSample { disks: vec![disk.clone(); 100], ..HostSample::default() };
            let unknown = vec![(Resource::Disk, "x".repeat(10_000)); 100];
            let memory_group = Some("g".repeat(10_000));
            host.record(Now::default(), &HostReading { sample, unknown, memory_group });
        }
        assert_eq!(host.disks().len(), DISKS_MAX);
        assert!(host.disks().iter().all(|disk| disk.name.len() <= NAME_BYTES));
        assert!(host.why_unknown(Resource::Disk).len() <= UNKNOWN_MAX * (WHY_BYTES + 2));
        // 5 looks of 8 disks, and the reasons of one.
        assert!(host.bytes() < 8 * 1024, "{}", host.bytes());
    }
}
