//! A script and all it started, as far as they stay in its process group.

use std::io::{Error, Result};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};

/// A process group whose leader is our child.
///
/// The leader is not reaped before everything else is done: as long as it is there, if only as a
/// zombie, no other process can get its number, and a signal cannot hit a stranger.
pub(super) struct Group {
    leader: Pid,
    reaped: AtomicBool,
}

impl Group {
    /// The group of a child that was started with `process_group(0)`.
    pub(super) fn of(child: &Child) -> Result<Self> {
        let number = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let leader = number.ok_or_else(|| Error::other("it has no process number"))?;
        Ok(Self { leader, reaped: AtomicBool::new(false) })
    }

    /// Returns when the leader has ended; it stays a zombie.
    pub(super) async fn exited(&self) {
        // First the signal, then the look: no end can fall between them.
        let mut child_ended = signal(SignalKind::child()).ok();
        while !self.has_exited() {
            match &mut child_ended {
                Some(child_ended) => drop(child_ended.recv().await),
                None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn has_exited(&self) -> bool {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        match waitid(WaitId::Pid(self.leader), look) {
            Ok(status) => status.is_some(),
            Err(Errno::INTR) => false,
            // No such child: somebody reaped it, so it is over.
            Err(_) => true,
        }
    }

    /// Asks all of the group to end.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends all of the group.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if !self.reaped.load(Ordering::Relaxed)
            && let Err(error) = kill_process_group(self.leader, signal)
        {
            tracing::debug!(group = %self.leader, %error, "No signal was sent.");
        }
    }

    /// Takes the exit status of a leader that has ended; after this the group gets no signals.
    pub(super) async fn reap(&self, child: &mut Child) -> Result<ExitStatus> {
        self.reaped.store(true, Ordering::Relaxed);
        child.wait().await
    }
}

impl Drop for Group {
    /// An action that is given up takes its processes with it.
    fn drop(&mut self) {
        self.kill();
    }
}
