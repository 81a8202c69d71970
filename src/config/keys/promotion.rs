//! `[promotion]`: whether and how another node is made to produce.

use super::super::kind::{Kind, Unit};
use super::{DefaultValue, Key, Section};

pub(super) const SECTION: Section = Section {
    name: "promotion",
    help: "Whether, when and how a standby is made to produce.",
    keys: &[
        optional(
            "promote",
            Kind::Actuator,
            "api",
            "none; alarms only",
            "Roles B and C: how this node is made to produce: api asks nodeos's producer API to \
             resume, anything else is a script. Needs demote.",
        ),
        optional(
            "demote",
            Kind::Actuator,
            "api",
            "none",
            "How this node is made to stop producing: api asks nodeos's producer API to pause, \
             anything else is a script. Roles A, B and C.",
        ),
        optional(
            "promote_remote",
            Kind::Script,
            "./scripts/promote-remote.sh",
            "none; alarms only",
            "Role A: the script that makes the standby produce when this node does not.",
        ),
        Key {
            name: "wait_rounds",
            field: "wait_rounds",
            kind: Kind::Count { min: 1, max: 100 },
            default: DefaultValue::WaitRounds,
            help: "Rounds of the active schedule without the producer's block before it counts as \
                   missing. A round is 126 seconds with 21 producers, and round_grace_seconds.",
        },
        Key {
            name: "wait_seconds",
            field: "wait_ms",
            kind: seconds(10_000, 86_400_000),
            default: DefaultValue::Nothing { example: "260", note: "none; wait_rounds says it" },
            help: "The same as a fixed time, whatever the schedule. Not together with wait_rounds.",
        },
        key(
            "dry_run",
            "dry_run",
            Kind::Bool,
            "Decide and tell, but run no script and ask no API to act.",
        ),
        key(
            "verify_rounds",
            "verify_rounds",
            Kind::Count { min: 1, max: 10 },
            "After a promotion our own block must be on the chain within so many of our turns; \
             else it is undone.",
        ),
        key(
            "confirm_ticks",
            "confirm_ticks",
            Kind::Count { min: 1, max: 60 },
            "All other gates must be open for so many ticks in a row, one second each, before a \
             promotion.",
        ),
        key(
            "max_promotions",
            "max_promotions",
            Kind::Count { min: 1, max: 100 },
            "Promotions allowed within budget_window_hours; then a person must look.",
        ),
        key(
            "budget_window_hours",
            "budget_window_ms",
            Kind::Time { unit: Unit::Hours, min_ms: 3_600_000, max_ms: 720 * 3_600_000 },
            "The window of max_promotions.",
        ),
        key(
            "act_timeout_seconds",
            "act_timeout_ms",
            seconds(1_000, 300_000),
            "Deadline of a script or an API call; a script that takes longer is killed.",
        ),
    ],
};

const fn seconds(min_ms: u64, max_ms: u64) -> Kind {
    Kind::Time { unit: Unit::Seconds, min_ms, max_ms }
}

const fn key(name: &'static str, field: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, field, kind, default: DefaultValue::Promotion, help }
}

const fn optional(
    name: &'static str,
    kind: Kind,
    example: &'static str,
    note: &'static str,
    help: &'static str,
) -> Key {
    Key { name, field: name, kind, default: DefaultValue::Nothing { example, note }, help }
}
