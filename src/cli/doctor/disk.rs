//! Whether there is room where nodeos, its log and the keeper write.

use super::cases::{Advice, Case};
use crate::config::Config;
use crate::core::sample::DiskSample;
use crate::daemon::watched::plan;
use crate::sources::host::Looker;

/// Thousandths from which on a disk is told where the host is not watched: as `[host]` has it.
const LITTLE: (u32, u32) = (800, 950);
/// Bytes of a GiB.
const GIB: u64 = 1 << 30;

/// One look at the disks that `[host]` watches.
pub(super) async fn look(config: &Config) -> Vec<Advice> {
    let Some(plan) = plan(config) else {
        return vec![Case::DiskUnknown.because("The host is not watched: [host] watch is false.")];
    };
    let reading = Looker::new(plan).look().await;
    let limits =
        config.settings.host.map_or(LITTLE, |host| (host.disk_permille, host.disk_full_permille));
    let mut advice: Vec<Advice> =
        reading.sample.disks.iter().filter_map(|disk| judge(disk, limits)).collect();
    let unknown =
        reading.unknown.iter().filter(|(what, _)| *what == crate::core::host::Resource::Disk);
    advice.extend(unknown.map(|(_, why)| Case::DiskUnknown.because(format!("{why}."))));
    if advice.is_empty() {
        let each: Vec<String> = reading.sample.disks.iter().map(words).collect();
        advice.push(Case::DiskRoom.because(format!("{}.", each.join(", "))));
    }
    advice
}

fn judge(disk: &DiskSample, (little, full): (u32, u32)) -> Option<Advice> {
    let case = match disk.used_permille {
        used if used > full => Case::DiskFull,
        used if used > little => Case::DiskLittle,
        _ => return None,
    };
    Some(case.because(format!("{}.", words(disk))))
}

fn words(disk: &DiskSample) -> String {
    let DiskSample { name, used_permille, free_bytes } = disk;
    format!("{name}: {} % in use, {} GiB free", used_permille / 10, free_bytes / GIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_told_by_its_share() {
        for (used_permille, expected) in [
            (800, None),
            (801, Some(Case::DiskLittle)),
            (950, Some(Case::DiskLittle)),
            (951, Some(Case::DiskFull)),
        ] {
            let disk = DiskSample { name: "data".to_owned(), used_permille, free_bytes: 3 * GIB };
            let advice = judge(&disk, LITTLE);
            assert_eq!(advice.as_ref().map(|a| a.verdict), expected.map(Case::verdict));
            assert!(advice.is_none_or(|a| a.reason.contains("3 GiB free")));
        }
    }
}
