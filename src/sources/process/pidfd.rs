//! Processes held by a pidfd, and their end.
//!
//! A pidfd means one process for ever; its number may be given to another. So a pidfd is opened
//! first, and only then is it proven that the number is still that of the process that was meant.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use futures_util::future::select_all;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::sources::process::Missing;
use crate::sources::process::ending::is_ending;
use crate::sources::process::port::{Holding, Port};

/// How often it is doubted that the process is still the one behind the port.
const DOUBT: Duration = Duration::from_secs(5);
/// Between two looks whether the process is being ended: a small file of `/proc`, 10 µs each.
const LOOK: Duration = Duration::from_millis(20);
/// Most processes that are watched: a nodeos and what it forked with its socket.
pub(super) const WATCHED_MAX: usize = 16;

/// A process that was proven to be the one that is meant.
pub(super) struct Held {
    pub(super) pid: u32,
    pub(super) name: String,
    pub(super) fd: OwnedFd,
}

/// Opens a pidfd.
pub(super) fn open(pid: i32) -> io::Result<OwnedFd> {
    let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::other("it is no process number"))?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

/// How a watch came to its end.
pub(super) enum Ending {
    /// All have ended; how, for the one who reads.
    Ended(String),
    /// The port belongs to another process now, while these live on.
    Replaced,
}

/// The processes that are watched: nodeos, and what it forked that still has its socket.
pub(super) struct Watched {
    /// `of unit nodeos.service`, or nothing.
    of: String,
    /// The sockets they were found by; none for a unit.
    inodes: Vec<u64>,
    processes: Vec<Process>,
    ended: Vec<Process>,
}

struct Process {
    pid: u32,
    name: String,
    fd: AsyncFd<OwnedFd>,
}

impl Watched {
    /// Registers them with the runtime.
    pub(super) fn new(held: Vec<Held>, inodes: Vec<u64>, of: String) -> Result<Self, Missing> {
        let mut watched = Self { of, inodes, processes: Vec::new(), ended: Vec::new() };
        watched.add(held)?;
        Ok(watched)
    }

    fn add(&mut self, held: Vec<Held>) -> Result<(), Missing> {
        for Held { pid, name, fd } in held.into_iter().take(WATCHED_MAX) {
            if self.ended.iter().any(|ended| ended.pid == pid) {
                // It is being ended still.
                continue;
            }
            let fd = wait_on(fd).map_err(|error| {
                Missing::Unwatchable(format!("process {pid} cannot be waited for: {error}"))
            })?;
            self.processes.push(Process { pid, name, fd });
        }
        Ok(())
    }

    /// In words: `process 4711 (nodeos)`.
    pub(super) fn what(&self) -> String {
        let each = self.processes.iter().map(Process::what).collect::<Vec<_>>();
        format!("{}{}", each.join(" and "), self.of)
    }

    /// Those that have ended, in words.
    fn gone(&self) -> String {
        self.ended.iter().map(Process::what).collect::<Vec<_>>().join(" and ")
    }

    /// The number of the first of them.
    pub(super) fn first(&self) -> u32 {
        self.processes.first().map_or(0, |process| process.pid)
    }

    /// Waits until all have ended, and until nothing that they forked holds their socket.
    pub(super) async fn ended(&mut self, port: &mut Port) -> Ending {
        let mut doubt = Instant::now() + DOUBT;
        loop {
            if self.processes.is_empty() {
                if let Some(heirs) = port.heirs(&self.inodes).await
                    && self.add(heirs).is_ok()
                    && !self.processes.is_empty()
                {
                    tracing::warn!("The socket of {} is held by {}.", self.gone(), self.what());
                } else {
                    return Ending::Ended(format!("{}{} ended", self.gone(), self.of));
                }
            }
            tokio::select! {
                at = first_to_end(&self.processes) => {
                    self.ended.push(self.processes.remove(at));
                }
                () = sleep_until(doubt) => {
                    if !self.inodes.is_empty() && port.holding(&self.inodes).await == Holding::Others {
                        return Ending::Replaced;
                    }
                    doubt = Instant::now() + DOUBT;
                }
            }
        }
    }
}

impl Process {
    fn what(&self) -> String {
        format!("process {} ({})", self.pid, self.name)
    }

    /// Returns when it runs no code any more.
    async fn end(&self) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ready = self.fd.readable() => match ready {
                    // The runtime may wake without cause, and an end that is none would be a
                    // handover.
                    Ok(_) if has_ended(self.fd.get_ref()) => return,
                    Ok(mut ready) => ready.clear_ready(),
                    // The runtime is ending.
                    Err(_) => std::future::pending().await,
                },
                _ = looks.tick() => {
                    if is_ending(Path::new("/proc"), self.pid) {
                        return;
                    }
                }
            }
        }
    }
}

/// Registers a pidfd with the runtime.
#[allow(
    deprecated,
    reason = "tokio deprecates it for descriptors that may be closed while they are registered, \
              which an owned one is not; what replaces it is unsafe to call"
)]
fn wait_on(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(fd, Interest::READABLE)
}

/// Asks the kernel itself.
fn has_ended(fd: &OwnedFd) -> bool {
    let mut asked = [PollFd::new(fd, PollFlags::IN)];
    matches!(poll(&mut asked, Some(&Timespec::default())), Ok(1..))
}

async fn first_to_end(processes: &[Process]) -> usize {
    let ends = processes.iter().map(|process| Box::pin(process.end()));
    select_all(ends).await.1
}
