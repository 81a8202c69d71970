//! `[status]`, `[state]` and `[log]`: the keeper itself.

use super::super::kind::Kind;
use super::{DefaultValue, Key, Section};

pub(super) const STATUS: Section = Section {
    name: "status",
    help: "Where `eoskeeper status` and the status page ask the running keeper.",
    keys: &[Key {
        name: "listen",
        field: "listen",
        kind: Kind::Address,
        default: DefaultValue::Text("127.0.0.1:9880"),
        help: "The address the keeper answers on. Whoever reaches it can read the status; keep it \
               on a loopback address unless others shall.",
    }],
};

pub(super) const STATE: Section = Section {
    name: "state",
    help: "What must survive a restart.",
    keys: &[Key {
        name: "dir",
        field: "dir",
        kind: Kind::Path,
        default: DefaultValue::Text("/var/lib/eoskeeper"),
        help: "The directory of the latch that remembers a promotion. The user eoskeeper runs as \
               must be able to write it; each keeper has its own.",
    }],
};

pub(super) const LOG: Section = Section {
    name: "log",
    help: "The keeper's own log, on standard error.",
    keys: &[
        Key {
            name: "level",
            field: "level",
            kind: Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
            default: DefaultValue::Text("info"),
            help: "The least important line that is written.",
        },
        Key {
            name: "format",
            field: "format",
            kind: Kind::Choice(&["text", "json"]),
            default: DefaultValue::Text("text"),
            help: "text for people, json for a log collector: one object a line.",
        },
    ],
};
