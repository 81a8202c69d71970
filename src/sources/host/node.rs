//! Which process nodeos is, and where it keeps its blocks.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use procfs_core::FromRead;
use procfs_core::process::Stat;
use tokio::time::timeout;

use crate::sources::docker;
use crate::sources::process::aside::Aside;
use crate::sources::process::{self, Target};

/// Most open files that are looked at for the one with the blocks.
const LINKS_MAX: usize = 100_000;
/// Deadline of the question which process it is, beside those of `/proc`, systemd and Docker.
const DEADLINE: Duration = Duration::from_secs(16);

/// nodeos's process, once it was found.
#[derive(Debug)]
pub(super) struct Node {
    target: Option<Target>,
    proc: PathBuf,
    aside: Aside,
    found: Option<Found>,
}

/// A process that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) pid: u32,
    /// When it started, in ticks since the host did: its number may be another's later.
    started: u64,
    /// The directory of its blocks, as this process can reach it.
    pub(super) data: Option<PathBuf>,
}

impl Node {
    pub(super) fn new(target: Option<Target>, proc: PathBuf) -> Self {
        Self { target, proc, aside: Aside::of("/proc"), found: None }
    }

    /// The process, looked for anew when it is another than at the last look.
    pub(super) async fn find(&mut self) -> Result<Found, String> {
        let Some(target) = self.target.clone() else {
            return Err("nodeos's process is not watched".to_owned());
        };
        if let Some(found) = &self.found {
            let (proc, pid) = (self.proc.clone(), found.pid);
            let started = self.aside.run(move || started(&proc, pid)).await?;
            if started == Some(found.started) {
                return Ok(found.clone());
            }
        }
        self.found = None;
        let in_container = matches!(target, Target::Container { .. });
        let number = match timeout(DEADLINE, number(target)).await {
            Ok(number) => number?,
            Err(_) => return Err("which process nodeos is could not be found in time".to_owned()),
        };
        let proc = self.proc.clone();
        let found = self.aside.run(move || look(&proc, number, in_container)).await?;
        self.found.clone_from(&found);
        found.ok_or_else(|| format!("process {number} has ended"))
    }
}

async fn number(target: Target) -> Result<u32, String> {
    match target {
        Target::Container { name, host } => docker::process(&name, host.as_deref()).await,
        target => process::number(target).await,
    }
}

fn started(proc: &Path, pid: u32) -> Option<u64> {
    Stat::from_file(proc.join(pid.to_string()).join("stat")).ok().map(|stat| stat.starttime)
}

fn look(proc: &Path, pid: u32, in_container: bool) -> Option<Found> {
    let data = blocks(proc, pid).map(|path| {
        let root = proc.join(pid.to_string()).join("root");
        // Its paths are those of its own file systems.
        if in_container { root.join(path.strip_prefix("/").unwrap_or(&path)) } else { path }
    });
    Some(Found { pid, started: started(proc, pid)?, data })
}

/// The directory of `blocks.log`, which nodeos keeps open.
fn blocks(proc: &Path, pid: u32) -> Option<PathBuf> {
    let files = fs::read_dir(proc.join(pid.to_string()).join("fd")).ok()?;
    let links = files.take(LINKS_MAX).filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    let mut logs = links.filter(|link| link.is_absolute() && link.ends_with("blocks.log"));
    Some(logs.next()?.parent()?.to_owned())
}
