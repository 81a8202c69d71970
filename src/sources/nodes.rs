//! Finds the nodeos processes and containers of this host, and what they say of themselves.
//!
//! Three ways lead to one: its process in `/proc`, its container at the Docker engine, and a port that
//! answers as a nodeos does. Nothing is changed by looking. A configuration is read for its
//! options; of a signing key only the public half is kept.

mod answering;
mod cgroup;
mod containers;
mod local;
mod output;
mod processes;

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::nodeos::options::Options;

pub use answering::{Answering, answering};
pub use cgroup::Unit;
pub use local::addresses;
pub use output::Output;

use crate::sources::process::aside::Aside;

/// Most nodes that are told of; a host has a handful.
pub const NODES_MAX: usize = 32;

/// A nodeos of this host, or of the Docker engine that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub place: Place,
    /// The name of its program.
    pub program: String,
    /// The user it runs as.
    pub uid: Option<u32>,
    /// The systemd unit it runs in.
    pub unit: Option<Unit>,
    /// Its config.ini, as its process names it.
    pub config: Option<PathBuf>,
    /// The same, as this host reaches it.
    pub config_here: Option<PathBuf>,
    /// Where it keeps blocks and state, as this host reaches it.
    pub data: Option<PathBuf>,
    /// What command line and config.ini say.
    pub options: Options,
    /// Where its log goes.
    pub output: Output,
    /// Base addresses to ask for `get_info`, the likeliest first.
    pub rpc: Vec<String>,
    /// What could not be read, a sentence each.
    pub unread: Vec<String>,
}

/// Where a nodeos runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On this host.
    Process {
        /// Its number.
        pid: u32,
    },
    /// In a container of Docker.
    Container {
        /// The container's name.
        name: String,
        /// Its id.
        id: String,
        /// nodeos's number as this host counts, where it is seen here.
        pid: Option<u32>,
    },
}

/// What was found, and where it was looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// The nodes, containers first.
    pub nodes: Vec<Node>,
    /// Where it was looked, a sentence each.
    pub looked: Vec<String>,
}

impl Place {
    /// What a person calls it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Process { pid } => format!("process {pid}"),
            Self::Container { name, .. } => format!("container {name}"),
        }
    }

    /// The number of its process as this host counts.
    #[must_use]
    pub const fn pid(&self) -> Option<u32> {
        match self {
            Self::Process { pid } => Some(*pid),
            Self::Container { pid, .. } => *pid,
        }
    }
}

/// Looks once at `/proc` and at the Docker engine; 25 s at most. `docker_host` as in
/// [`crate::sources::docker::follow`].
pub async fn survey(docker_host: Option<&str>) -> Survey {
    let mut survey = Survey::default();
    let proc = PathBuf::from("/proc");
    let seen = Aside::default().run(move || processes::search(&proc)).await;
    let (mut seen, total) = seen.unwrap_or_else(|why| {
        survey.looked.push(format!("The processes could not be looked at: {why}."));
        (Vec::new(), 0)
    });
    if total > 0 {
        let found = seen.len();
        survey.looked.push(format!("{total} processes of this host: {found} are nodeos."));
    }
    match containers::search(docker_host, &seen).await {
        Ok((found, total)) => {
            let count = found.len();
            survey
                .looked
                .push(format!("{total} running containers of Docker: {count} run nodeos."));
            // What runs in a container is no process of its own.
            seen.retain(|node| !found.iter().any(|other| other.place.pid() == node.place.pid()));
            survey.nodes.extend(found);
        }
        Err(why) => survey.looked.push(format!("No container was looked at: {why}.")),
    }
    survey.nodes.extend(seen);
    survey.nodes.truncate(NODES_MAX);
    survey
}

/// Which of these programs run, by the name the kernel keeps, 15 bytes.
#[must_use]
pub fn running(names: &[&str]) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut found: Vec<String> = entries
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("comm")).ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| names.contains(&name.as_str()))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The base address for an address that is listened on: every address becomes loopback.
fn base(address: &str) -> Option<String> {
    let (host, port) = address.rsplit_once(':')?;
    let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
    let host = match host.trim_matches(['[', ']']) {
        "" | "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        // nodeos refuses the name itself in a request's head in most versions.
        "localhost" => "127.0.0.1".to_owned(),
        other if other.contains(':') => format!("[{other}]"),
        other => other.to_owned(),
    };
    Some(format!("http://{host}:{port}"))
}

/// The port of an address as nodeos is given it.
fn port(address: &str) -> Option<u16> {
    address.rsplit_once(':')?.1.parse().ok()
}

/// Where something listens, as an address to ask.
fn base_of(at: SocketAddr) -> Option<String> {
    base(&at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_listened_on_becomes_one_to_ask() {
        for (address, expected) in [
            ("127.0.0.1:8888", Some("http://127.0.0.1:8888")),
            ("0.0.0.0:8888", Some("http://127.0.0.1:8888")),
            (":8888", Some("http://127.0.0.1:8888")),
            ("localhost:8888", Some("http://127.0.0.1:8888")),
            ("[::]:8888", Some("http://[::1]:8888")),
            ("[::1]:8888", Some("http://[::1]:8888")),
            ("10.0.0.5:80", Some("http://10.0.0.5:80")),
            ("unix.sock", None),
            ("host:port", None),
            ("host:0", None),
        ] {
            assert_eq!(base(address).as_deref(), expected, "{address}");
        }
    }
}
