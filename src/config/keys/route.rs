//! The keys that the sections of all channels share.

use super::super::kind::Kind;
use super::{DefaultValue, Key};

/// Which incidents the channel is told of.
pub(super) const fn levels(default: &'static str) -> Key {
    Key {
        name: "levels",
        field: "levels",
        kind: Kind::Levels,
        default: DefaultValue::Text(default),
        help: "Of which incidents it is told, by their severity.",
    }
}

/// Whether the channel gets the report.
pub(super) const fn reports(default: &'static str) -> Key {
    Key {
        name: "reports",
        field: "reports",
        kind: Kind::Bool,
        default: DefaultValue::Text(default),
        help: "Whether it gets the report of every few hours.",
    }
}

/// A key without a built-in default.
pub(super) const fn optional(
    name: &'static str,
    kind: Kind,
    example: &'static str,
    note: &'static str,
    help: &'static str,
) -> Key {
    Key { name, field: name, kind, default: DefaultValue::Nothing { example, note }, help }
}
