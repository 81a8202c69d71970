//! `[peers]`: the keepers of our producer's other nodes.

use super::super::kind::{Kind, Unit};
use super::{DefaultValue, Key, Section};
use crate::core::settings::PEERS_MAX;

pub(super) const SECTION: Section = Section {
    name: "peers",
    help: "The keepers of our producer's other nodes; doc/peers.md says what they tell each other.",
    keys: &[
        Key {
            name: "listen",
            field: "listen",
            kind: Kind::Address,
            default: DefaultValue::Nothing {
                example: "0.0.0.0:9881",
                note: "none; must be given with nodes",
            },
            help: "The address this keeper listens on for the others, and for nothing else. What is \
                   said is signed, not encrypted: let the firewall pass this port from the peers' \
                   addresses alone.",
        },
        Key {
            name: "nodes",
            field: "nodes",
            kind: Kind::Peers { max: PEERS_MAX },
            default: DefaultValue::Nothing {
                example: "peer-1=http://10.0.0.2:9881, peer-2=http://10.0.0.3:9881",
                note: "none; this keeper is alone",
            },
            help: "The others: their node_name, and where they listen. The producer is handed to \
                   the first of them that is ready.",
        },
        Key {
            name: "secret_file",
            field: "secret_file",
            kind: Kind::Path,
            default: DefaultValue::Nothing {
                example: "/etc/eoskeeper/peers.secret",
                note: "none; the environment's EOSKEEPER_PEERS_SECRET",
            },
            help: "A file with the secret all of them share: at least 32 bytes, and not \
                   readable by everybody on this host. doc/peers.md shows how to make one.",
        },
        Key {
            name: "timeout_seconds",
            field: "timeout_ms",
            kind: Kind::Time { unit: Unit::Seconds, min_ms: 100, max_ms: 5_000 },
            default: DefaultValue::Text("2"),
            help: "Deadline of a message to a peer and its answer.",
        },
    ],
};
