//! `[fleet]`: keepers of other nodes, of any producer and chain.

use super::super::kind::{Kind, Unit};
use super::{DefaultValue, Key, Section};
use crate::core::settings::FLEET_MAX;

pub(super) const SECTION: Section = Section {
    name: "fleet",
    help: "Keepers this one watches, of any producer and chain; doc/fleet.md says how.",
    keys: &[
        Key {
            name: "urls",
            field: "urls",
            kind: Kind::Peers { max: FLEET_MAX },
            default: DefaultValue::Nothing {
                example: "tokyo-1=http://10.0.0.2:9880, oslo-1=http://10.0.1.2:9880",
                note: "none",
            },
            help: "Their names and status addresses ([status] listen). The name is for people; a \
                   peer's name is that peer.",
        },
        Key {
            name: "members_file",
            field: "members_file",
            kind: Kind::Path,
            default: DefaultValue::Nothing { example: "./fleet.txt", note: "none" },
            help: "A file with more of them, NAME=http://HOST:PORT on each line; what follows a # is \
                   a comment. It is read at the start.",
        },
        Key {
            name: "token_file",
            field: "token_file",
            kind: Kind::Path,
            default: DefaultValue::Nothing {
                example: "/etc/eoskeeper/fleet.token",
                note: "none; the environment's EOSKEEPER_FLEET_TOKEN, or no token",
            },
            help: "A file with the token that each member's [status] token_file holds; not readable by \
                   everybody on this host.",
        },
        Key {
            name: "ca_file",
            field: "ca_file",
            kind: Kind::Path,
            default: DefaultValue::Nothing {
                example: "/etc/eoskeeper/fleet-ca.pem",
                note: "none; the system's certificates",
            },
            help: "The certificates, PEM, that those of members with https are signed by.",
        },
        Key {
            name: "poll_seconds",
            field: "poll_ms",
            kind: Kind::Time { unit: Unit::Seconds, min_ms: 5_000, max_ms: 300_000 },
            default: DefaultValue::Text("30"),
            help: "Each is asked once in this time, one after the other, spread over it.",
        },
        Key {
            name: "offline_minutes",
            field: "offline_ms",
            kind: Kind::Time { unit: Unit::Minutes, min_ms: 60_000, max_ms: 86_400_000 },
            default: DefaultValue::Text("10"),
            help: "A member, or a peer of [peers], that has reported and then is silent for this long \
                   is offline. At least three times poll_seconds.",
        },
        Key {
            name: "forget_after_hours",
            field: "forget_after_ms",
            kind: Kind::Time { unit: Unit::Hours, min_ms: 3_600_000, max_ms: 2_592_000_000 },
            default: DefaultValue::Text("8"),
            help: "One that is silent for this long is taken as decommissioned: said once, and no \
                   more until it reports again. More than offline_minutes.",
        },
    ],
};
