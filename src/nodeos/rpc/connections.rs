//! The peers of a node, and the finalizers of its chain.
//!
//! Sources: `connection_status` of `net_plugin.hpp`, EOSIO 1.0 to Spring 2.0-dev (`remote_ip` from Leap 4
//! on), and `get_finalizer_info_result` of `chain_plugin.hpp`, Spring 1.0 and later.

use serde_json::Value;

use crate::core::event::ApiFailure;

/// Most peers that are read.
const PEERS_MAX: usize = 2_000;
/// Most finalizers that are read; a policy has at most 64Ki, and 21 in practice.
const FINALIZERS_MAX: usize = 1_000;
/// Longest text that is taken from an answer.
const TEXT_CHARS: usize = 200;

/// A peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The address it was dialled at; empty where it dialled us.
    pub dialled: String,
    /// The address it says it listens on, without its node id; it may be a made-up one.
    pub says: String,
    /// The address of its end of the connection, where it is told.
    pub remote_ip: String,
    /// Whether it has said who it is, so that blocks can come from it.
    pub is_open: bool,
}

pub(super) fn read(body: &[u8]) -> Result<Vec<Connection>, ApiFailure> {
    let answer = json(body)?;
    // An object with the list in it was never seen; a list was, in every version.
    let Value::Array(rows) = answer else {
        return Err(ApiFailure::UnexpectedAnswer("connections is not a list".to_owned()));
    };
    Ok(rows.iter().take(PEERS_MAX).map(connection).collect())
}

fn connection(row: &Value) -> Connection {
    let handshake = &row["last_handshake"];
    let says = text(&handshake["p2p_address"]);
    let generation = handshake["generation"].as_u64().unwrap_or_default();
    Connection {
        dialled: text(&row["peer"]),
        says: says.split(' ').next().unwrap_or_default().to_owned(),
        remote_ip: text(&row["remote_ip"]),
        is_open: row["connecting"] != true && generation > 0,
    }
}

pub(super) fn finalizer_keys(body: &[u8]) -> Result<Vec<String>, ApiFailure> {
    let answer = json(body)?;
    let policy = &answer["active_finalizer_policy"];
    let Some(rows) = policy["finalizers"].as_array() else {
        let why = "active_finalizer_policy.finalizers is not a list";
        return Err(ApiFailure::UnexpectedAnswer(why.to_owned()));
    };
    Ok(rows.iter().take(FINALIZERS_MAX).map(|row| text(&row["public_key"])).collect())
}

fn json(body: &[u8]) -> Result<Value, ApiFailure> {
    serde_json::from_slice(body).map_err(|error| ApiFailure::NotJson(error.to_string()))
}

/// A peer may call itself anything.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default().chars().filter(|c| !c.is_control());
    text.take(TEXT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_peers_as_nodeos_4_1_tells_them() {
        let body = br#"[{"peer":"127.0.0.1:26030","connecting":false,"syncing":false,
            "last_handshake":{"p2p_address":"127.0.0.1:26010 - 31ff360","generation":1}},
            {"peer":"","connecting":false,"remote_ip":"10.0.0.9",
            "last_handshake":{"p2p_address":"p.example.org:9876:blk - 67903cf","generation":3}},
            {"peer":"dead:9876","connecting":true,"last_handshake":{"p2p_address":"","generation":0}}]"#;
        let peers = read(body).unwrap();
        let shown: Vec<_> =
            peers.iter().map(|p| (&*p.dialled, &*p.says, &*p.remote_ip, p.is_open)).collect();
        let expected = [
            ("127.0.0.1:26030", "127.0.0.1:26010", "", true),
            ("", "p.example.org:9876:blk", "10.0.0.9", true),
            ("dead:9876", "", "", false),
        ];
        assert_eq!(shown, expected);
        assert!(matches!(read(b"{}"), Err(ApiFailure::UnexpectedAnswer(_))));
        assert!(matches!(read(b"<html>"), Err(ApiFailure::NotJson(_))));
    }

    #[test]
    fn reads_the_finalizers() {
        let body = br#"{"active_finalizer_policy":{"generation":1,"threshold":15,"finalizers":[
            {"description":"bp1","weight":1,"public_key":"PUB_BLS_a"},
            {"description":"bp2","weight":1,"public_key":"PUB_BLS_b"}]},"pending_finalizer_policy":null}"#;
        assert_eq!(finalizer_keys(body).unwrap(), ["PUB_BLS_a", "PUB_BLS_b"]);
        assert!(finalizer_keys(b"{\"active_finalizer_policy\":null}").is_err());
    }
}
