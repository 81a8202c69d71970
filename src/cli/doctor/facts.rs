//! What is asked and read once, for all advice.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::clock::Clock;
use crate::config::{Config, LogSource};
use crate::core::event::{ApiFailure, ChainInfo};
use crate::core::time::Timestamp;
use crate::daemon::peers::party;
use crate::nodeos::rpc::{Client, Connection};
use crate::peers::client::Client as PeerClient;
use crate::sources::nodes::{Node, Place, survey};

/// Deadline of a question to a reference, which may be on another continent.
const REFERENCE_DEADLINE: Duration = Duration::from_secs(5);

/// What a reference said, and when it was asked.
#[derive(Clone, Debug)]
pub(super) struct Dated {
    pub(super) name: String,
    pub(super) version: Option<String>,
    /// The time it put on its answer, in whole seconds.
    pub(super) date: Option<Timestamp>,
    /// This clock before the question and after the answer.
    pub(super) asked: Timestamp,
    pub(super) answered: Timestamp,
}

/// What the keeper of one of our other nodes said.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) name: String,
    /// The host its keeper is reached at.
    pub(super) host: String,
    pub(super) version: Option<String>,
    /// Its clock against this one, milliseconds; positive when its is ahead.
    pub(super) skew_ms: Option<i64>,
    /// How long it took to answer.
    pub(super) took_ms: u64,
}

/// All of it.
pub(super) struct Facts {
    /// The nodeos of this configuration, where it was found on this host.
    pub(super) node: Option<Node>,
    /// The others on this host, and what each says of whether it is paused.
    pub(super) others: Vec<(Node, Option<bool>)>,
    pub(super) info: Result<ChainInfo, ApiFailure>,
    /// The head a moment later.
    pub(super) later: Result<ChainInfo, ApiFailure>,
    pub(super) paused: Result<bool, ApiFailure>,
    /// The keys by which the schedule lets our producer sign.
    pub(super) keys: Result<Vec<String>, ApiFailure>,
    pub(super) connections: Result<Vec<Connection>, ApiFailure>,
    pub(super) finalizers: Result<Vec<String>, ApiFailure>,
    pub(super) references: Vec<Dated>,
    pub(super) peers: Vec<Peer>,
}

/// A head that moves does so within two slots; three seconds leave room for a handoff that was lost.
const HEAD_APART: Duration = Duration::from_secs(3);

impl Facts {
    /// Asks and looks, everything at once.
    pub(super) async fn gather(config: &Config) -> Self {
        let deadline = Duration::from_millis(config.settings.rules.poll_timeout_ms);
        let client = Client::new(config.http_url.as_str(), deadline);
        let host = match &config.log {
            LogSource::Docker { host, .. } => host.as_deref(),
            LogSource::File(_) | LogSource::Journal { .. } => None,
        };
        let ((mut all, asked), references, peers) = tokio::join!(
            async { tokio::join!(survey(host), ask(client.ok(), config)) },
            references(config),
            peers(config),
        );
        let own = all.nodes.iter().position(|node| is_own(node, config));
        let node = own.map(|at| all.nodes.remove(at));
        let others = join_all(all.nodes.into_iter().map(with_paused)).await;
        let Asked { info, later, paused, keys, connections, finalizers } = asked;
        Self { node, others, info, later, paused, keys, connections, finalizers, references, peers }
    }

    /// Whether nodeos's head moves; `None` where it does not answer.
    pub(super) fn head_moves(&self) -> Option<bool> {
        let (first, later) = (self.info.as_ref().ok()?, self.later.as_ref().ok()?);
        Some(later.head > first.head)
    }
}

/// Whether a node is the one a configuration is for.
fn is_own(node: &Node, config: &Config) -> bool {
    match (&node.place, &config.log) {
        (Place::Container { name, id, .. }, LogSource::Docker { container, .. }) => {
            name == container || id.starts_with(container.as_str())
        }
        _ => {
            let url = config.http_url.as_str().trim_end_matches('/');
            let port = config.http_url.port_or_known_default();
            let is_loopback = url.contains("//localhost:");
            node.rpc.iter().any(|rpc| {
                rpc == url || is_loopback && port.is_some_and(|p| rpc.ends_with(&format!(":{p}")))
            })
        }
    }
}

async fn with_paused(node: Node) -> (Node, Option<bool>) {
    let client = node.rpc.first().and_then(|url| Client::new(url, Duration::from_secs(2)).ok());
    let paused = match client {
        Some(client) => client.paused().await.ok(),
        None => None,
    };
    (node, paused)
}

struct Asked {
    info: Result<ChainInfo, ApiFailure>,
    later: Result<ChainInfo, ApiFailure>,
    paused: Result<bool, ApiFailure>,
    keys: Result<Vec<String>, ApiFailure>,
    connections: Result<Vec<Connection>, ApiFailure>,
    finalizers: Result<Vec<String>, ApiFailure>,
}

async fn ask(client: Option<Client>, config: &Config) -> Asked {
    let Some(client) = client else {
        let no = || ApiFailure::Other("http_url is no address".to_owned());
        return Asked {
            info: Err(no()),
            later: Err(no()),
            paused: Err(no()),
            keys: Err(no()),
            connections: Err(no()),
            finalizers: Err(no()),
        };
    };
    let (info, paused, schedule, connections, finalizers) = tokio::join!(
        client.get_info(),
        client.paused(),
        client.schedule_and_keys(config.settings.producer),
        client.connections(),
        client.finalizer_keys(),
    );
    if info.is_ok() {
        tokio::time::sleep(HEAD_APART).await;
    }
    let later = client.get_info().await;
    let keys = schedule.map(|(_, keys)| keys);
    Asked { info, later, paused, keys, connections, finalizers }
}

async fn references(config: &Config) -> Vec<Dated> {
    let asked = config.references.iter().map(|url| async move {
        let client = Client::new(url.as_str(), REFERENCE_DEADLINE).ok()?;
        let asked = Clock::start().now().wall;
        let (info, date) = client.get_info_dated().await.ok()?;
        let answered = Clock::start().now().wall;
        Some(Dated { name: url.to_string(), version: info.version, date, asked, answered })
    });
    join_all(asked).await.into_iter().flatten().collect()
}

async fn peers(config: &Config) -> Vec<Peer> {
    let Some(access) = &config.peers else { return Vec::new() };
    let party = Arc::new(party(config, access));
    let client = PeerClient::new(party, Clock::start(), access.timeout).ok();
    let asked = access.nodes.iter().enumerate().map(|(index, (name, url))| {
        let client = client.as_ref();
        async move {
            let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            let answer = match client {
                Some(client) => client.hello(index).await.ok(),
                None => None,
            };
            Peer {
                name: name.clone(),
                host,
                skew_ms: answer.as_ref().map(|answer| answer.skew_ms),
                took_ms: answer.as_ref().map_or(0, |answer| answer.took_ms),
                version: answer.and_then(|answer| answer.content.status.version),
            }
        }
    });
    join_all(asked).await
}
