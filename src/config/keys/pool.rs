//! `[pool]`: a mining pool's account.

use super::super::kind::{Kind, Unit};
use super::{DefaultValue, Key, Section};

pub(super) const SECTION: Section = Section {
    name: "pool",
    help: "An account of a mining pool with an API like f2pool's; doc/pool.md says which answers are \
           understood.",
    keys: &[
        key(
            "url",
            Kind::Endpoint,
            nothing("https://api.f2pool.com/bitcoin", "none; no pool is watched"),
            "The address that is asked, without the account. With currency it is that of the list of \
             workers, for example https://api.f2pool.com/v2/hash_rate/worker/list.",
        ),
        key(
            "account",
            Kind::Word,
            nothing("ourfarm", "none; url names it"),
            "The account: appended to url, or sent in the question where currency is given.",
        ),
        key(
            "currency",
            Kind::Word,
            nothing("bitcoin", "none; the API is asked by its address alone"),
            "For version 2 of the API, which is asked by POST with account and currency.",
        ),
        key(
            "token_file",
            Kind::Path,
            nothing(
                "/etc/eoskeeper/pool.token",
                "none; the environment's EOSKEEPER_POOL_TOKEN, or no token",
            ),
            "A file with the API's token, sent as F2P-API-SECRET; not readable by everybody on this \
             host.",
        ),
        Key {
            name: "interval_seconds",
            field: "interval_ms",
            kind: Kind::Time { unit: Unit::Seconds, min_ms: 10_000, max_ms: 600_000 },
            default: DefaultValue::Text("60"),
            help: "Time between two questions; pools limit their callers.",
        },
        Key {
            name: "workers_offline_minutes",
            field: "workers_offline_ms",
            kind: Kind::Time { unit: Unit::Minutes, min_ms: 60_000, max_ms: 86_400_000 },
            default: DefaultValue::Text("10"),
            help: "A worker whose last share is older than this is offline.",
        },
        Key {
            name: "forget_hours",
            field: "forget_ms",
            kind: Kind::Time { unit: Unit::Hours, min_ms: 3_600_000, max_ms: 2_592_000_000 },
            default: DefaultValue::Text("8"),
            help: "A worker whose last share is older than this is taken as decommissioned and counts \
                   no more. More than workers_offline_minutes.",
        },
        key(
            "hashrate_floor",
            Kind::Hashrate,
            nothing("1.5P", "none; the hashrate is only shown"),
            "A total hashrate below this is an incident.",
        ),
    ],
};

const fn key(name: &'static str, kind: Kind, default: DefaultValue, help: &'static str) -> Key {
    Key { name, field: name, kind, default, help }
}

const fn nothing(example: &'static str, note: &'static str) -> DefaultValue {
    DefaultValue::Nothing { example, note }
}
