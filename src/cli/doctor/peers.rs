//! Whether nodeos's peers are independent of our own nodes.

use std::net::IpAddr;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use super::cases::{Advice, Case};
use super::facts::Facts;
use crate::config::Config;
use crate::nodeos::rpc::Connection;

/// Deadline for the addresses of a name.
const RESOLVE_MAX: Duration = Duration::from_secs(2);
/// Most names that are looked up.
const NAMES_MAX: usize = 50;

/// Compares the hosts of nodeos's peers with those of our keepers.
pub(super) async fn look(config: &Config, facts: &Facts) -> Vec<Advice> {
    let (hosts, how) = match &facts.connections {
        Ok(all) => {
            (all.iter().filter(|one| one.is_open).map(host).collect::<Vec<_>>(), "connected")
        }
        Err(_) => {
            let Some(node) = facts.node.as_ref().filter(|node| node.unread.is_empty()) else {
                let words = "Neither /v1/net/connections nor nodeos's configuration was to be had.";
                return vec![Case::PeersUnknown.because(words)];
            };
            (node.options.p2p_peers.iter().map(|peer| of(peer).to_owned()).collect(), "configured")
        }
    };
    let mut known = Vec::new();
    for host in hosts.into_iter().take(NAMES_MAX) {
        known.push(resolve(&host).await.unwrap_or(Host::Name(host)));
    }
    let mut own = Vec::new();
    for peer in &facts.peers {
        own.extend(resolve(&peer.host).await.or_else(|| Some(Host::Name(peer.host.clone()))));
    }
    vec![judge(config.settings.role.is_standby(), &known, &own, how)]
}

/// Where a host is, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Ip(IpAddr),
    Name(String),
}

fn judge(is_standby: bool, peers: &[Host], own: &[Host], how: &str) -> Advice {
    let count = peers.len();
    // A relay or a tunnel on this host leads nobody knows where.
    let is_own = |host: &Host| {
        let is_loopback = matches!(host, Host::Ip(ip) if ip.to_canonical().is_loopback());
        !is_loopback && own.contains(host)
    };
    match count {
        0 => Case::PeersNone.because(format!("No peer is {how}.")),
        _ if is_standby && peers.iter().all(is_own) => Case::PeersOwn
            .because(format!("All {count} peers that are {how} are hosts of [peers].")),
        1 => Case::PeersOne.because(format!("One peer is {how}.")),
        _ => {
            let ours = peers.iter().filter(|host| is_own(host)).count();
            Case::PeersMany
                .because(format!("{count} peers are {how}, {ours} of them our own hosts."))
        }
    }
}

/// The host of a peer: what its connection shows, else what was dialled, else what it says.
fn host(peer: &Connection) -> String {
    let all = [peer.remote_ip.as_str(), of(&peer.dialled), of(&peer.says)];
    all.into_iter().find(|host| !host.is_empty()).unwrap_or("unknown").to_owned()
}

/// The host of `host:port`, `[ip]:port` or `host:port:trx`.
fn of(address: &str) -> &str {
    if let Some(rest) = address.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    address.split(':').next().unwrap_or_default()
}

async fn resolve(host: &str) -> Option<Host> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(Host::Ip(ip.to_canonical()));
    }
    let found = timeout(RESOLVE_MAX, lookup_host((host, 0))).await.ok()?.ok()?;
    found.map(|at| Host::Ip(at.ip().to_canonical())).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(all: &[&str]) -> Vec<Host> {
        let of =
            |text: &&str| text.parse().map_or_else(|_| Host::Name((*text).to_owned()), Host::Ip);
        all.iter().map(of).collect()
    }

    #[test]
    fn a_standby_needs_peers_beside_our_own_nodes() {
        for (case, is_standby, peers, own, expected) in [
            ("none", true, &[][..], &["10.0.0.1"][..], Case::PeersNone),
            ("the active node alone", true, &["10.0.0.1"], &["10.0.0.1"], Case::PeersOwn),
            (
                "both of ours",
                true,
                &["10.0.0.1", "c.example"],
                &["10.0.0.1", "c.example"],
                Case::PeersOwn,
            ),
            ("one of another", true, &["10.9.9.9"], &["10.0.0.1"], Case::PeersOne),
            ("one more", true, &["10.0.0.1", "10.9.9.9"], &["10.0.0.1"], Case::PeersMany),
            (
                "active behind sentries",
                false,
                &["10.0.0.2", "10.0.0.3"],
                &["10.0.0.2", "10.0.0.3"],
                Case::PeersMany,
            ),
            (
                "a relay on this host",
                true,
                &["127.0.0.1", "127.0.0.1"],
                &["127.0.0.1"],
                Case::PeersMany,
            ),
        ] {
            let advice = judge(is_standby, &hosts(peers), &hosts(own), "connected");
            assert_eq!(
                (advice.name, advice.verdict),
                (expected.name(), expected.verdict()),
                "{case}"
            );
        }
    }

    #[test]
    fn the_host_of_a_peer() {
        for (address, expected) in [
            ("p.example.org:9876", "p.example.org"),
            ("[fd00::2]:9876", "fd00::2"),
            ("10.0.0.1:9876:blk", "10.0.0.1"),
            ("", ""),
        ] {
            assert_eq!(of(address), expected);
        }
        let peer = Connection {
            dialled: String::new(),
            says: "made-up:1".to_owned(),
            remote_ip: "10.0.0.9".to_owned(),
            is_open: true,
        };
        assert_eq!(host(&peer), "10.0.0.9");
    }
}
