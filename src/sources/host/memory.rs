//! Memory: the host's, or that of the control group nodeos runs in, whichever is fuller.
//!
//! A container's limit is the limit of its control group: when it is reached the kernel ends a
//! process in it, however much memory the host has left.

use std::path::{Component, Path, PathBuf};

use procfs_core::{FromBufRead, Meminfo, ProcessCGroups};

use super::Roots;
use super::system::{permille, text};

/// Most levels of groups that are looked at.
const LEVELS_MAX: usize = 32;

/// Whose memory is nearly used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitOf {
    /// The host's.
    Host,
    /// A control group's, by its path.
    Group(String),
}

/// The two versions of control groups name their files differently.
struct Names {
    limit: &'static str,
    used: &'static str,
    /// Of `memory.stat`: what is cached of files, not used lately, and can be had back at once.
    cached: &'static str,
}

const V1: Names = Names {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cached: "total_inactive_file",
};
const V2: Names = Names { limit: "memory.max", used: "memory.current", cached: "inactive_file" };

/// The fullest of the host's memory and of the groups that hold `pid`, or this process.
pub(super) fn fullest(
    roots: &Roots,
    pid: Option<u32>,
    info: &Meminfo,
) -> Result<(u32, LimitOf), String> {
    let available = info.mem_available.ok_or("/proc/meminfo says no MemAvailable")?;
    let host = permille(info.mem_total.saturating_sub(available), info.mem_total)
        .ok_or("/proc/meminfo says that there is no memory")?;
    let mut fullest = (host, LimitOf::Host);
    for (share, name) in groups(roots, pid, info.mem_total) {
        if share > fullest.0 {
            fullest = (share, LimitOf::Group(name));
        }
    }
    Ok(fullest)
}

/// The groups with a limit below the host's memory. None that can be read: there is no limit that
/// could be known.
fn groups(roots: &Roots, pid: Option<u32>, total: u64) -> Vec<(u32, String)> {
    let who = pid.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    let Ok(list) = text(&roots.proc.join(who).join("cgroup")) else { return Vec::new() };
    let Ok(list) = ProcessCGroups::from_buf_read(list.as_bytes()) else { return Vec::new() };
    let mut found = Vec::new();
    for group in list {
        let (root, names) = if group.controllers.iter().any(|name| name == "memory") {
            (roots.cgroup.join("memory"), V1)
        } else if group.hierarchy == 0 {
            (roots.cgroup.clone(), V2)
        } else {
            continue;
        };
        let path = PathBuf::from(&group.pathname);
        // A group outside what this process may see begins with `/..`.
        let is_inside =
            path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        if !is_inside {
            continue;
        }
        for level in path.ancestors().take(LEVELS_MAX) {
            let place = root.join(level.strip_prefix("/").unwrap_or(level));
            if let Some(share) = used(&place, &names, total) {
                found.push((share, level.display().to_string()));
            }
        }
    }
    found
}

fn used(place: &Path, names: &Names, total: u64) -> Option<u32> {
    let number = |name: &str| text(&place.join(name)).ok()?.trim().parse::<u64>().ok();
    // `max`, or version 1's nearly 2^63, is no limit.
    let limit = number(names.limit).filter(|limit| *limit < total)?;
    let stat = text(&place.join("memory.stat")).unwrap_or_default();
    let cached = stat.lines().find_map(|line| {
        let (name, bytes) = line.split_once(' ')?;
        (name == names.cached).then(|| bytes.trim().parse::<u64>().ok())?
    });
    permille(number(names.used)?.saturating_sub(cached.unwrap_or(0)), limit)
}
