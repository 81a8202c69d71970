//! `[promotion]`: whether and how another node is made to produce.

use super::super::kind::{Kind, Unit};
use super::{DefaultValue, Key, Section};

pub(super) const SECTION: Section = Section {
    name: "promotion",
    help: "Whether, when and how a standby is made to produce.",
    keys: &[
        optional(
            "promote",
            Kind::Promoter,
            "api",
            "none; alarms only",
            "How this node is made to produce: api asks nodeos's producer API to resume, key runs \
             key_script, anything else is a script. On role A it makes the node sign after a start \
             that is paused, when it is entitled to. Needs demote.",
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
        optional(
            "key_script",
            Kind::Script,
            "./scripts/switch-key.sh",
            "none; must be given when promote is key",
            "promote = key: the script that registers producer_key for the producer. Not used \
             otherwise.",
        ),
        optional(
            "producer_key",
            Kind::PublicKey,
            "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV",
            "none; must be given when promote is key",
            "promote = key: the public key this node signs with, and no other node. Not used \
             otherwise.",
        ),
        optional(
            "fence",
            Kind::Script,
            "./scripts/fence.sh",
            "none",
            "The script that makes sure that this node does not sign: it ends nodeos, by force if \
             need be. Roles A, B and C.",
        ),
        optional(
            "restart",
            Kind::Script,
            "./scripts/restart.sh",
            "none; it is never restarted",
            "The script that restarts nodeos once when its API answers and its head stands still. \
             Roles A, B and C.",
        ),
        key(
            "restart_wait_seconds",
            "restart_wait_ms",
            seconds(5_000, 3_600_000),
            "How long after a restart the head may take to move again.",
        ),
        key(
            "require_fence",
            "require_fence",
            Kind::Bool,
            "A standby acts on the silence of the producer alone only if this is false. With true \
             it waits for the word of the active node's keeper that its node is stopped, or for the \
             lease. Needs [peers] or [lease]; not used where promote is key.",
        ),
        key(
            "remind_hours",
            "remind_ms",
            Kind::Time { unit: Unit::Hours, min_ms: 0, max_ms: 168 * 3_600_000 },
            "Between two reminders that a standby signs. 0: none.",
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
