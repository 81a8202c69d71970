//! What a nodeos that was found answers.

use std::time::Duration;

use futures_util::future::join_all;

use crate::core::event::ChainInfo;
use crate::core::name::Name;
use crate::nodeos::rpc::Client;
use crate::sources::nodes::{Answering, Node};

/// Deadline of a question; several addresses may have to be tried.
const DEADLINE: Duration = Duration::from_secs(2);

/// A nodeos, and what it answered.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its process or container, where it is one that is seen.
    pub(super) node: Option<Node>,
    /// What has the port, where that is no nodeos.
    pub(super) holder: Option<(String, u32)>,
    /// Where its RPC answers.
    pub(super) url: Option<String>,
    /// Why not, where it does not.
    pub(super) failure: Option<String>,
    pub(super) info: Option<ChainInfo>,
    /// The producers of the active schedule.
    pub(super) schedule: Option<Vec<Name>>,
    /// Of each producer it names: the keys by which the schedule lets it sign.
    pub(super) keys: Vec<(Name, Vec<String>)>,
    /// What the producer API says; `None` where it does not answer.
    pub(super) paused: Option<bool>,
    /// Peers that are connected, where it tells.
    pub(super) peers: Option<usize>,
}

impl Found {
    /// The number of its process.
    pub(super) fn pid(&self) -> Option<u32> {
        self.node.as_ref().and_then(|node| node.place.pid())
    }

    /// What a person calls it.
    pub(super) fn words(&self) -> String {
        match (&self.node, &self.holder, &self.url) {
            (Some(node), ..) => node.place.words(),
            (None, Some((name, pid)), Some(url)) => format!("{url} (process {pid}, {name})"),
            (None, _, url) => url.clone().unwrap_or_default(),
        }
    }

    /// The producers it signs for, as far as its configuration was read.
    pub(super) fn producers(&self) -> Vec<Name> {
        let named = self.node.iter().flat_map(|node| &node.options.producers);
        let mut found = Vec::new();
        for name in named.filter_map(|name| name.parse::<Name>().ok()) {
            if !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }
}

/// All of them at once.
pub(super) async fn all(nodes: Vec<Node>) -> Vec<Found> {
    join_all(nodes.into_iter().map(|node| {
        let urls = node.rpc.clone();
        ask(Some(node), None, urls)
    }))
    .await
}

/// What answers on ports.
pub(super) async fn answered(found: Vec<Answering>) -> Vec<Found> {
    join_all(found.into_iter().map(|found| match found {
        Answering::Node(node) => {
            let urls = node.rpc.clone();
            ask(Some(*node), None, urls)
        }
        Answering::Other { url, holder } => ask(None, holder, vec![url]),
    }))
    .await
}

/// What answers at an address.
pub(super) async fn at(url: &str) -> Found {
    let mut found = ask(None, None, vec![url.trim_end_matches('/').to_owned()]).await;
    // It is named by a person, and is written whether it answers or not.
    found.url = Some(url.trim_end_matches('/').to_owned());
    found
}

async fn ask(node: Option<Node>, holder: Option<(String, u32)>, urls: Vec<String>) -> Found {
    let mut found = Found {
        node,
        holder,
        url: None,
        failure: None,
        info: None,
        schedule: None,
        keys: Vec::new(),
        paused: None,
        peers: None,
    };
    if urls.is_empty() {
        found.failure = Some("its RPC is turned off (http-server-address)".to_owned());
    }
    for url in urls {
        let client = match Client::new(&url, DEADLINE) {
            Ok(client) => client,
            Err(error) => {
                found.failure.get_or_insert(error.to_string());
                continue;
            }
        };
        match client.get_info().await {
            Ok(info) => {
                found.info = Some(info);
                found.url = Some(url);
                found.failure = None;
                answers(&client, &mut found).await;
                break;
            }
            Err(failure) => {
                found.failure.get_or_insert(format!("{url}: {failure}"));
            }
        }
    }
    found
}

/// Most producers whose keys are asked for.
const PRODUCERS_MAX: usize = 8;

async fn answers(client: &Client, found: &mut Found) {
    let (schedule, paused, peers) =
        tokio::join!(client.producer_schedule(), client.paused(), client.connections());
    found.schedule = schedule.ok().map(|schedule| schedule.producers);
    // Also a proxy that answers everything with a page does not say it.
    found.paused = paused.ok();
    found.peers = peers.ok().map(|peers| peers.iter().filter(|peer| peer.is_open).count());
    for name in found.producers().into_iter().take(PRODUCERS_MAX) {
        if let Ok((_, keys)) = client.schedule_and_keys(name).await {
            found.keys.push((name, keys));
        }
    }
}
