//! Looks at this host's resources.
//!
//! Files of `/proc` and file systems are read on threads of their own, one at a time each and with
//! a deadline: a dead NFS holds a `statvfs` for ever, and must hold nothing else. What cannot be
//! read is said to be unknown, with the reason.

mod disks;
mod memory;
mod node;
mod system;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::core::event::Event;
use crate::core::host::{HostReading, Resource};
use crate::sources::process::Target;
use crate::sources::process::aside::Aside;
use disks::Disks;
use node::Node;
use system::{Cpu, System};

pub use memory::LimitOf;

/// Where the kernel tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// `/proc`.
    pub proc: PathBuf,
    /// `/sys/fs/cgroup`.
    pub cgroup: PathBuf,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the kernel tells of itself.
    pub roots: Roots,
    /// The file systems of these paths; empty: those of `usual`, and of nodeos's data.
    pub disks: Vec<PathBuf>,
    /// Name and path of what is watched when `disks` names nothing.
    pub usual: Vec<(String, PathBuf)>,
    /// How nodeos is found, where it can be.
    pub node: Option<Target>,
}

/// Looks, and remembers what the next look compares with.
#[derive(Debug)]
pub struct Looker {
    roots: Roots,
    proc: Aside,
    cpu: Option<Cpu>,
    disks: Disks,
    node: Node,
}

impl Default for Roots {
    fn default() -> Self {
        Self { proc: "/proc".into(), cgroup: "/sys/fs/cgroup".into() }
    }
}

/// Looks every so often until `stop` or until nobody receives any more. A look that finds no room
/// is dropped: the next is as good.
pub async fn watch(
    plan: Plan,
    every: Duration,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) {
    let looking = async {
        let mut looker = Looker::new(plan);
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let reading = looker.look().await;
            if let Err(mpsc::error::TrySendError::Closed(_)) = events.try_send(Event::Host(reading))
            {
                return;
            }
        }
    };
    stop.run_until_cancelled(looking).await;
}

impl Looker {
    /// A looker that has not looked yet.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let Plan { roots, disks, usual, node } = plan;
        Self {
            proc: Aside::of("/proc"),
            cpu: None,
            disks: Disks::new(disks, usual),
            node: Node::new(node, roots.proc.clone()),
            roots,
        }
    }

    /// Looks once. The first look knows no share of the processors: that is since the look before.
    pub async fn look(&mut self) -> HostReading {
        let mut reading = HostReading::default();
        let node = self.node.find().await;
        let pid = node.as_ref().ok().map(|node| node.pid);
        let data = node.as_ref().ok().and_then(|node| node.data.clone());
        let (roots, cpu) = (self.roots.clone(), self.cpu.take());
        let system = self.proc.run(move || system::read(&roots, pid, cpu));
        let (system, disks) = tokio::join!(system, self.disks.look(data));
        match system {
            Ok((system, cpu)) => {
                self.cpu = cpu;
                take_system(&mut reading, system);
            }
            Err(why) => {
                for resource in [Resource::Cpu, Resource::Memory, Resource::Swap] {
                    reading.unknown.push((resource, why.clone()));
                }
            }
        }
        if let Err(why) = node {
            reading.unknown.push((Resource::OpenFiles, why));
        }
        reading.sample.disks = disks.0;
        reading.unknown.extend(disks.1.into_iter().map(|why| (Resource::Disk, why)));
        reading
    }
}

fn take_system(reading: &mut HostReading, system: System) {
    let mut keep = |resource, read: Result<Option<u32>, String>| match read {
        Ok(share) => share,
        Err(why) => {
            reading.unknown.push((resource, why));
            None
        }
    };
    reading.sample.cpu_permille = keep(Resource::Cpu, system.cpu);
    reading.sample.swap_permille = keep(Resource::Swap, system.swap);
    match system.memory {
        Ok((permille, LimitOf::Host)) => reading.sample.memory_permille = Some(permille),
        Ok((permille, LimitOf::Group(name))) => {
            reading.sample.memory_permille = Some(permille);
            reading.memory_group = Some(name);
        }
        Err(why) => reading.unknown.push((Resource::Memory, why)),
    }
    match system.files {
        None => {}
        Some(Ok(files)) => reading.sample.open_files = Some(files),
        Some(Err(why)) => reading.unknown.push((Resource::OpenFiles, why)),
    }
}
