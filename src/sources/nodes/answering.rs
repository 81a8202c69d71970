//! Ports of this host that answer `get_info` as a nodeos does.
//!
//! For a nodeos that is not seen in `/proc`: another user's on a host that hides processes, one under
//! another name, or one behind a proxy. Each port that listens gets one GET.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;

use super::{Node, Place, base_of, port, processes};
use crate::nodeos::rpc::Client;
use crate::sources::process::aside::Aside;
use crate::sources::process::holders;
use crate::sources::process::listeners::{self, Listener};
use crate::sources::process::name::{is_nodeos, short};

/// Most ports that are asked.
const PORTS_MAX: usize = 64;
/// Ports that are asked at once.
const AT_ONCE: usize = 8;
/// Deadline of a question; a nodeos on this host answers in milliseconds.
const DEADLINE: Duration = Duration::from_secs(1);

/// What answers on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answering {
    /// A nodeos: by its name, or by the blocks it has open.
    Node(Box<Node>),
    /// Something else that answers as one does.
    Other {
        /// Its base address.
        url: String,
        /// Name and number of the process, where they are seen.
        holder: Option<(String, u32)>,
    },
}

/// Asks every port of this host that listens, but those of `known` and those in `passed`.
pub async fn answering(known: &[Node]) -> (Vec<Answering>, String) {
    let proc = PathBuf::from("/proc");
    let found = Aside::default().run(move || listeners::all(&proc)).await;
    let mut all = match found {
        Ok(Ok(all)) => all,
        Ok(Err(error)) => return (Vec::new(), format!("/proc/net/tcp cannot be read: {error}.")),
        Err(why) => return (Vec::new(), format!("The ports could not be looked at: {why}.")),
    };
    let taken: Vec<u16> = known.iter().flat_map(ports).collect();
    all.retain(|listener| !taken.contains(&listener.at.port()));
    all.truncate(PORTS_MAX);
    let total = all.len();
    let asked = stream::iter(all)
        .map(|listener| async move { answers(listener.at).await.map(|url| (listener, url)) });
    let answered: Vec<(Listener, String)> =
        asked.buffered(AT_ONCE).filter_map(|found| async { found }).collect().await;
    let mut found = Vec::new();
    for (listener, url) in answered {
        let held = Aside::default().run(move || behind(Path::new("/proc"), &listener, url)).await;
        found.extend(held);
    }
    let count = found.len();
    (found, format!("{total} ports of this host that listen: {count} answer get_info."))
}

/// The ports a node is known to listen on.
fn ports(node: &Node) -> Vec<u16> {
    let options = &node.options;
    let addresses = options.rpc().into_iter().chain(options.p2p_listen.iter().map(String::as_str));
    match node.place {
        Place::Process { .. } => addresses.filter_map(port).collect(),
        Place::Container { .. } => node.rpc.iter().filter_map(|url| port(url)).collect(),
    }
}

async fn answers(at: SocketAddr) -> Option<String> {
    let url = base_of(at)?;
    let client = Client::new(&url, DEADLINE).ok()?;
    client.get_info().await.ok().map(|_| url)
}

/// Who holds the port.
fn behind(proc: &Path, listener: &Listener, url: String) -> Answering {
    let search = holders::search(proc, &[listener.inode]).unwrap_or_default();
    let nodes = search.holders.iter().find(|holder| {
        is_nodeos(&holder.arguments) || processes::has_blocks(proc, holder.pid.unsigned_abs())
    });
    if let Some(holder) = nodes {
        let mut node = processes::look(proc, holder.pid.unsigned_abs());
        node.rpc.retain(|other| *other != url);
        node.rpc.insert(0, url);
        return Answering::Node(Box::new(node));
    }
    let holder = search.holders.first();
    let holder =
        holder.map(|holder| (short(&holder.arguments).to_owned(), holder.pid.unsigned_abs()));
    Answering::Other { url, holder }
}
