//! The peers: whether each answers, has the same secret, a clock near ours, our producer and chain.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::join_all;
use reqwest::Url;
use tokio::net::{TcpListener, UdpSocket, lookup_host};
use tokio::time::timeout;

use crate::cli::check::row::Row;
use crate::clock::Clock;
use crate::config::{Config, PeersAccess};
use crate::core::event::ApiFailure;
use crate::core::handover::PeerStatus;
use crate::daemon::peers::party;
use crate::nodeos::rpc;
use crate::peers::client::{Answer, Client, Fault};
use crate::peers::message::Standing;

const WHAT: &str = "peer";
/// Clocks further apart than this are told, milliseconds: NTP keeps them within a few.
const SKEW_TOLD_MS: u64 = 1_000;

/// Asks them all. Nothing is told to them: their keepers take no note of it.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let Some(access) = &config.peers else { return Vec::new() };
    let party = Arc::new(party(config, access));
    let client = match Client::new(party, Clock::start(), access.timeout) {
        Ok(client) => client,
        Err(error) => {
            let next = "for https, install the package ca-certificates";
            return vec![Row::fail(WHAT, error.to_string(), next)];
        }
    };
    let (listen, chain, peers) = tokio::join!(
        listen(access.listen),
        own_chain(config, access),
        join_all((0..access.nodes.len()).map(|index| client.hello(index))),
    );
    let mut rows = vec![listen];
    for ((name, url), answer) in access.nodes.iter().zip(peers) {
        rows.push(row(config, name, url, answer, chain.as_deref()));
        rows.extend(same_host(name, url, access).await);
    }
    rows
}

async fn listen(listen: SocketAddr) -> Row {
    let what = "peers";
    match TcpListener::bind(listen).await {
        Ok(_) => Row::ok(what, format!("{listen} is free; no keeper listens there yet")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Row::ok(what, format!("{listen} is in use, as it is while this keeper runs"))
        }
        Err(error) => {
            let next = "give [peers] listen an address of this host";
            Row::fail(what, format!("{listen}: {error}"), next)
        }
    }
}

async fn own_chain(config: &Config, access: &PeersAccess) -> Option<String> {
    let client = rpc::Client::new(config.http_url.as_str(), access.timeout).ok()?;
    let info: Result<_, ApiFailure> = client.get_info().await;
    info.ok()?.chain_id
}

fn row(
    config: &Config,
    name: &str,
    url: &Url,
    answer: Result<Answer<Standing>, Fault>,
    chain: Option<&str>,
) -> Row {
    let answer = match answer {
        Ok(answer) => answer,
        Err(fault) => return Row::fail(WHAT, format!("{name} at {url} {fault}"), next(&fault)),
    };
    let status = &answer.content.status;
    if let Some((detail, next)) = stranger(config, name, status, chain) {
        return Row::fail(WHAT, format!("{name} at {url} {detail}"), next);
    }
    let Answer { skew_ms, took_ms, .. } = answer;
    let role = status.role.letter();
    let detail = format!(
        "{name} at {url}: role {role} of {}, same secret, clock {skew_ms:+} ms, answered in \
         {took_ms} ms",
        status.producer
    );
    if skew_ms.unsigned_abs() > SKEW_TOLD_MS + took_ms / 2 {
        return Row::warn(WHAT, detail, "keep the clocks of both hosts by NTP");
    }
    if status.role == config.settings.role {
        let next = "each host of a producer has its own role; correct [global] role";
        return Row::warn(WHAT, format!("{detail}; it has this node's role"), next);
    }
    Row::ok(WHAT, detail)
}

fn next(fault: &Fault) -> &'static str {
    match fault {
        Fault::NotReached(_) | Fault::NoAnswer(_) => {
            "see that its keeper runs, and that the firewall passes its [peers] listen"
        }
        Fault::Refused { .. } => "it says why; correct [peers] on one of the two hosts",
        Fault::NotSigned => "give both the same [peers] secret",
        Fault::Unusable(_) => "run the same version of eoskeeper on both",
    }
}

/// Whether who answers is not who it should be, and what to do.
fn stranger(
    config: &Config,
    name: &str,
    status: &PeerStatus,
    chain: Option<&str>,
) -> Option<(String, &'static str)> {
    let settings = &config.settings;
    if status.node != name {
        let detail = format!("says that its name is {}", status.node);
        return Some((detail, "correct [peers] nodes"));
    }
    if status.producer != settings.producer {
        let detail = format!("watches {}, this keeper {}", status.producer, settings.producer);
        return Some((detail, "name keepers of the same producer"));
    }
    let theirs = status.chain_id.as_deref();
    if theirs.zip(chain).is_some_and(|(theirs, ours)| theirs != ours) {
        let detail = format!("is on chain {}", theirs.unwrap_or_default());
        return Some((detail, "name keepers of nodes of this node's own chain"));
    }
    None
}

/// A peer on this very host dies with it.
async fn same_host(name: &str, url: &Url, access: &PeersAccess) -> Option<Row> {
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let found = timeout(access.timeout, lookup_host((host, 0))).await.ok()?.ok()?;
    let first = found.map(|address| address.ip()).next()?;
    is_local(first).await.then(|| {
        let detail = format!("{name} ({url}) is on this host");
        Row::warn(WHAT, detail, "a standby on the same host is lost with it; use another host")
    })
}

/// Only an address of this host can be bound.
async fn is_local(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).await.is_ok()
}
