//! Finds the nodeos that listens on a port of this host.

use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use rustix::io::Errno;
use rustix::process::geteuid;
use tokio::net::lookup_host;
use tokio::time::{Instant, timeout};

use crate::sources::process::Missing;
use crate::sources::process::aside::Aside;
use crate::sources::process::ending::is_ending;
use crate::sources::process::holders::{self, Holder, Search};
use crate::sources::process::listeners::{self, Listener};
use crate::sources::process::name::{is_nodeos, short};
use crate::sources::process::pidfd::{self, Held, WATCHED_MAX, Watched};

/// Deadline for the addresses of a name.
const RESOLVE_MAX: Duration = Duration::from_secs(2);
/// Between two searches of all processes for the same sockets: a search costs a system call for
/// every open file of the host.
const SEARCH_GAP: Duration = Duration::from_secs(3);

/// Who holds the port now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holding {
    /// The sockets that are known, or nobody, or it cannot be said.
    Same,
    /// Other sockets.
    Others,
}

/// The port of an RPC address.
pub(super) struct Port {
    url: Url,
    proc: PathBuf,
    aside: Aside,
    /// What the last search of all processes was for, when, and what it gave instead of nodeos.
    searched: Option<(Vec<u64>, Instant, Missing)>,
}

impl Port {
    pub(super) fn new(url: Url) -> Self {
        Self { url, proc: PathBuf::from("/proc"), aside: Aside::default(), searched: None }
    }

    /// The nodeos that listens there.
    pub(super) async fn find(&mut self) -> Result<Watched, Missing> {
        let listeners = self.listeners().await?;
        let inodes: Vec<u64> = listeners.iter().map(|listener| listener.inode).collect();
        if let Some((same, at, missing)) = &self.searched
            && *same == inodes
            && at.elapsed() < SEARCH_GAP
        {
            return Err(missing.clone());
        }
        let (proc, place) = (self.proc.clone(), self.place());
        let searched = inodes.clone();
        let found = self.aside.run(move || hold(&proc, &listeners, &searched, &place)).await;
        match found.map_err(Missing::Unwatchable)? {
            Ok(held) => Watched::new(held, inodes, String::new()),
            Err(missing) => {
                self.searched = Some((inodes, Instant::now(), missing.clone()));
                Err(missing)
            }
        }
    }

    /// Whether a process listens there.
    pub(super) async fn is_held_by(&self, pid: i32) -> bool {
        let Ok(listeners) = self.listeners().await else { return false };
        let inodes: Vec<u64> = listeners.iter().map(|listener| listener.inode).collect();
        let proc = self.proc.clone();
        let look = move || holders::holds(&proc, pid, &inodes).unwrap_or(false);
        self.aside.run(look).await.unwrap_or(false)
    }

    /// The arguments of a process.
    pub(super) async fn arguments(&self, pid: i32) -> Vec<String> {
        let proc = self.proc.clone();
        let look = move || super::name::arguments(&proc, pid);
        self.aside.run(look).await.unwrap_or_default()
    }

    /// Whether the port has gone over to other sockets than those.
    pub(super) async fn holding(&self, inodes: &[u64]) -> Holding {
        match self.listeners().await {
            Ok(listeners) if !listeners.iter().any(|l| inodes.contains(&l.inode)) => {
                Holding::Others
            }
            _ => Holding::Same,
        }
    }

    /// After the processes of these sockets have ended: other nodeos processes that hold them still,
    /// because they were forked. `None` when the sockets are gone, which is told by a look at one
    /// table.
    pub(super) async fn heirs(&self, inodes: &[u64]) -> Option<Vec<Held>> {
        let listeners = self.listeners().await.ok()?;
        if !listeners.iter().any(|listener| inodes.contains(&listener.inode)) {
            return None;
        }
        let (proc, place, inodes) = (self.proc.clone(), self.place(), inodes.to_vec());
        self.aside.run(move || hold(&proc, &listeners, &inodes, &place)).await.ok()?.ok()
    }

    /// What a person calls the port.
    fn place(&self) -> String {
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }

    async fn listeners(&self) -> Result<Vec<Listener>, Missing> {
        let addresses = self.addresses().await?;
        let proc = self.proc.clone();
        let look = move || listeners::listeners(&proc, &addresses);
        let found = self.aside.run(look).await.map_err(Missing::Unwatchable)?;
        let found = found.map_err(|error| {
            Missing::Unwatchable(format!("/proc/net/tcp cannot be read: {error}"))
        })?;
        if found.is_empty() {
            return Err(Missing::Nobody(format!("nobody listens on {} here", self.place())));
        }
        Ok(found)
    }

    /// The addresses of the RPC that are this host's.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, Missing> {
        let host = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = self.url.port_or_known_default().unwrap_or_default();
        let found = timeout(RESOLVE_MAX, lookup_host((host.as_str(), port))).await;
        let all: Vec<SocketAddr> = match found {
            Ok(Ok(all)) => all.collect(),
            Ok(Err(error)) => {
                return Err(Missing::Unwatchable(format!("{host} has no address: {error}")));
            }
            Err(_) => {
                return Err(Missing::Unwatchable(format!(
                    "the addresses of {host} did not come within 2 s; give one as http_url"
                )));
            }
        };
        let ours: Vec<SocketAddr> = all.into_iter().filter(is_ours).collect();
        if ours.is_empty() {
            return Err(Missing::Unwatchable(format!(
                "{host} is not this host: let a keeper run beside nodeos itself"
            )));
        }
        Ok(ours)
    }
}

/// Whether an address is one of this host's: only to those a socket can be bound.
fn is_ours(address: &SocketAddr) -> bool {
    UdpSocket::bind(SocketAddr::new(address.ip(), 0)).is_ok()
}

/// Searches the processes and takes hold of those that are nodeos.
fn hold(
    proc: &Path,
    listeners: &[Listener],
    inodes: &[u64],
    place: &str,
) -> Result<Vec<Held>, Missing> {
    let mut search = holders::search(proc, inodes)
        .map_err(|error| Missing::Unwatchable(format!("/proc cannot be searched: {error}")))?;
    let found = search.holders.len();
    search.holders.retain(|holder| !is_ending(proc, holder.pid.unsigned_abs()));
    if found > 0 && search.holders.is_empty() {
        return Err(Missing::Nobody(format!("the process that listens on {place} is ending")));
    }
    let nodes: Vec<&Holder> =
        search.holders.iter().filter(|holder| is_nodeos(&holder.arguments)).collect();
    if nodes.is_empty() {
        return Err(Missing::Unwatchable(why_not(&search, listeners, place)));
    }
    let mut held = Vec::new();
    for holder in nodes.into_iter().take(WATCHED_MAX) {
        let fd = match pidfd::open(holder.pid) {
            Ok(fd) => fd,
            Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => continue,
            Err(error) => {
                let pid = holder.pid;
                return Err(Missing::Unwatchable(format!(
                    "process {pid} cannot be waited for ({error}); it needs Linux 5.3 or later"
                )));
            }
        };
        // The number may have been given to another between the search and the pidfd.
        if holders::holds(proc, holder.pid, inodes).unwrap_or(false) {
            let name = short(&holder.arguments).to_owned();
            held.push(Held { pid: holder.pid.unsigned_abs(), name, fd });
        }
    }
    if held.is_empty() {
        return Err(Missing::Nobody(format!(
            "the process that listened on {place} has just ended"
        )));
    }
    Ok(held)
}

/// Why the process behind a socket is not watched.
fn why_not(search: &Search, listeners: &[Listener], place: &str) -> String {
    if let Some(holder) = search.holders.first() {
        let (name, pid) = (short(&holder.arguments), holder.pid);
        return format!(
            "{name} (process {pid}) listens on {place} and is not nodeos, so that its end would \
             prove nothing; set [global] unit, or is_docker, or let http_url name nodeos's own port"
        );
    }
    let uid = listeners.first().map_or(0, |listener| listener.uid);
    let own = geteuid();
    if search.denied > 0 || !own.is_root() && own.as_raw() != uid {
        return format!(
            "permission denied: the process that listens on {place} is user {uid}'s, and user \
             {own}, as whom eoskeeper runs, may not see its files; run eoskeeper as that user, \
             give it CAP_SYS_PTRACE, or set [global] unit",
            own = own.as_raw()
        );
    }
    format!(
        "no process of this host is seen to listen on {place}, though something does; if nodeos \
         runs in a container, set is_docker and c_name"
    )
}
