//! `[references]`: other nodes of the chain. `[status]`, `[state]` and `[log]`: the keeper itself.

use super::super::kind::Kind;
use super::{DefaultValue, Key, Section};
use crate::core::settings::REFERENCES_MAX;

pub(super) const REFERENCES: Section = Section {
    name: "references",
    help: "Other nodes of the chain, own or public, that this one is compared with.",
    keys: &[
        Key {
            name: "urls",
            field: "urls",
            kind: Kind::Urls { max: REFERENCES_MAX },
            default: DefaultValue::Nothing {
                example: "https://api.example.org, http://10.0.0.7:8888",
                note: "none; this node's own view must do",
            },
            help: "Their HTTP APIs. Independent ones: not the active node, and not all of one \
                   company. Each is asked for get_info every 3 seconds.",
        },
        Key {
            name: "min_agree",
            field: "min_agree",
            kind: Kind::Count { min: 0, max: REFERENCES_MAX as u64 },
            default: DefaultValue::Nothing { example: "2", note: "more than half of urls" },
            help: "So many must agree with this node (same chain, same irreversible block, heads \
                   together) before anything is promoted.",
        },
    ],
};

pub(super) const STATUS: Section = Section {
    name: "status",
    help: "Where `eoskeeper status` and the status page ask the running keeper.",
    keys: &[
        Key {
            name: "listen",
            field: "listen",
            kind: Kind::Address,
            default: DefaultValue::Text("127.0.0.1:9880"),
            help: "The address the keeper answers on. Everybody on this host can read a loopback address; \
               any other needs token_file, tls_cert or the environment's EOSKEEPER_STATUS_TOKEN.",
        },
        Key {
            name: "token_file",
            field: "token_file",
            kind: Kind::Path,
            default: DefaultValue::Nothing {
                example: "/etc/eoskeeper/status.token",
                note: "none; the environment's EOSKEEPER_STATUS_TOKEN, or no token",
            },
            help: "A file with the token that whoever asks must show: programs as Authorization: \
                   Bearer, browsers as the password of any user. 16 bytes or more; not readable by \
                   everybody on this host.",
        },
        Key {
            name: "tls_cert",
            field: "tls_cert",
            kind: Kind::Path,
            default: DefaultValue::Nothing {
                example: "/etc/eoskeeper/status.pem",
                note: "none; plain HTTP",
            },
            help: "The certificate, PEM, with those it is signed by after it: the keeper then speaks \
                   HTTPS only. Read at the start.",
        },
        Key {
            name: "tls_key",
            field: "tls_key",
            kind: Kind::Path,
            default: DefaultValue::Nothing { example: "/etc/eoskeeper/status.key", note: "none" },
            help: "The certificate's private key, PEM; not readable by everybody on this host.",
        },
    ],
};

pub(super) const STATE: Section = Section {
    name: "state",
    help: "What must survive a restart.",
    keys: &[Key {
        name: "dir",
        field: "dir",
        kind: Kind::Path,
        default: DefaultValue::Text("/var/lib/eoskeeper"),
        help: "The directory of state.sqlite, which remembers a promotion and what was decided on \
               which evidence. The user eoskeeper runs as must be able to write it; each keeper \
               has its own.",
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
