//! Processors, memory, swap and open files, from `/proc`.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use procfs_core::process::{LimitValue, Limits};
use procfs_core::{
    ExplicitSystemInfo, FromBufRead, FromBufReadSI, KernelStats, Meminfo, ProcResult,
};

use super::Roots;
use super::memory::{self, LimitOf};

/// Largest file of `/proc` that is read: `stat` has a line for each processor and interrupt.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Most open files that are counted.
const FILES_MAX: usize = 2_000_000;

/// Ticks of all processors since the start: busy, and in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cpu {
    busy: u64,
    all: u64,
}

/// What was found; shares in thousandths.
pub(super) struct System {
    pub(super) cpu: Result<Option<u32>, String>,
    pub(super) memory: Result<(u32, LimitOf), String>,
    pub(super) swap: Result<Option<u32>, String>,
    /// Open files and how many there may be, of the process that was asked for.
    pub(super) files: Option<Result<(u64, u64), String>>,
}

/// Reads everything; `before` are the ticks of the last look.
pub(super) fn read(roots: &Roots, pid: Option<u32>, before: Option<Cpu>) -> (System, Option<Cpu>) {
    let proc = &roots.proc;
    let now = cpu(proc);
    let meminfo = parse(&proc.join("meminfo"), |text| Meminfo::from_buf_read(text));
    let system = System {
        cpu: now.clone().map(|now| before.and_then(|before| share(before, now))),
        swap: meminfo
            .as_ref()
            .map_err(String::clone)
            .map(|info| permille(info.swap_total.saturating_sub(info.swap_free), info.swap_total)),
        memory: meminfo.and_then(|info| memory::fullest(roots, pid, &info)),
        files: pid.map(|pid| files(proc, pid)),
    };
    (system, now.ok())
}

/// A part of a whole; `None` of nothing.
pub(super) fn permille(part: u64, whole: u64) -> Option<u32> {
    let share = u128::from(part) * 1_000 / u128::from((whole > 0).then_some(whole)?);
    u32::try_from(share).ok()
}

/// A small text file, or why not, with its name.
pub(super) fn text(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read =
        File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text));
    match read {
        // The parser cuts words at bytes.
        Ok(_) if text.is_ascii() => Ok(text),
        Ok(_) => Err(format!("{} is not what the kernel writes", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// A file's text through one of the library's parsers.
fn parse<T>(path: &Path, parser: impl FnOnce(&[u8]) -> ProcResult<T>) -> Result<T, String> {
    let text = text(path)?;
    parser(text.as_bytes()).map_err(|_| format!("{} is not what the kernel writes", path.display()))
}

fn cpu(proc: &Path) -> Result<Cpu, String> {
    // The ticks a second do not matter: shares are of ticks.
    let info = ExplicitSystemInfo {
        boot_time_secs: 0,
        ticks_per_second: 100,
        page_size: 4096,
        is_little_endian: cfg!(target_endian = "little"),
    };
    let stat = parse(&proc.join("stat"), |text| KernelStats::from_buf_read(text, &info))?.total;
    let idle = stat.idle.saturating_add(stat.iowait.unwrap_or(0));
    // What guests take is within `user` and `nice` already.
    let busy = [stat.user, stat.nice, stat.system]
        .into_iter()
        .chain([stat.irq, stat.softirq, stat.steal].into_iter().flatten())
        .fold(0_u64, u64::saturating_add);
    Ok(Cpu { busy, all: busy.saturating_add(idle) })
}

/// The busy share between two looks; `None` where the ticks went back, as those of waiting may.
fn share(before: Cpu, now: Cpu) -> Option<u32> {
    let all = now.all.checked_sub(before.all)?;
    permille(now.busy.checked_sub(before.busy)?.min(all), all)
}

fn files(proc: &Path, pid: u32) -> Result<(u64, u64), String> {
    let process = proc.join(pid.to_string());
    let open = fs::read_dir(process.join("fd"))
        .map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => {
                format!("the user eoskeeper runs as may not see the files of process {pid}")
            }
            _ => format!("{}: {error}", process.join("fd").display()),
        })?
        .take(FILES_MAX)
        .count();
    let path = process.join("limits");
    // The parser counts words from the end of a line; a line of fewer is none of the kernel's.
    let text = text(&path)?;
    if text.lines().any(|line| line.split_whitespace().count() < 4) {
        return Err(format!("{} is not what the kernel writes", path.display()));
    }
    let limits = Limits::from_buf_read(text.as_bytes())
        .map_err(|_| format!("{} is not what the kernel writes", path.display()))?;
    let limit = match limits.max_open_files.soft_limit {
        LimitValue::Value(limit) => limit,
        LimitValue::Unlimited => u64::MAX,
    };
    Ok((open as u64, limit))
}
