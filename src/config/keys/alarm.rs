//! `[alarm]`: when people are told, and in what words.

use super::super::kind::{Kind, Unit};
use super::{DefaultValue, Key, Section};

pub(super) const SECTION: Section = Section {
    name: "alarm",
    help: "When people are told of an incident, and how often; the channels have sections of their \
           own. doc/alarms.md explains it.",
    keys: &[
        Key {
            name: "escalate_minutes",
            field: "escalate_minutes",
            kind: Kind::Minutes { max: 12 },
            default: DefaultValue::Text("1, 10, 60, 240, 1440"),
            help: "How long after its beginning people are reminded of an incident that goes on; \
                   after the last, daily.",
        },
        Key {
            name: "ignore_hours",
            field: "ignore_hours",
            kind: Kind::Hours { max: 16 },
            default: DefaultValue::Nothing {
                example: "daily 03:00-03:30, sat 02:00-04:00",
                note: "none; people are told at every hour",
            },
            help: "Hours in which nobody is told, for a provider that drops the line every night. \
                   What happens is recorded, and told when it still stands afterwards. Two signers \
                   are told of at every hour.",
        },
        Key {
            name: "time_zone",
            field: "time_zone",
            kind: Kind::TimeZone,
            default: DefaultValue::Text("UTC"),
            help: "The time zone of ignore_hours, and of the times of reports and pictures.",
        },
        Key {
            name: "language",
            field: "language",
            kind: Kind::Choice(&["en", "zh", "ru"]),
            default: DefaultValue::Text("en"),
            help: "The language of messages: English, Chinese or Russian.",
        },
        Key {
            name: "resolve_after_seconds",
            field: "resolve_after_ms",
            kind: Kind::Time { unit: Unit::Seconds, min_ms: 1_000, max_ms: 3_600_000 },
            default: DefaultValue::Text("60"),
            help: "An incident is over when nothing of it was seen for this long, so that one that \
                   flickers is one.",
        },
        Key {
            name: "group_wait_seconds",
            field: "group_wait_ms",
            kind: Kind::Time { unit: Unit::Seconds, min_ms: 0, max_ms: 600_000 },
            default: DefaultValue::Text("10"),
            help: "A warning is told of after this long, a page at once: what explains it may come \
                   meanwhile.",
        },
        Key {
            name: "expire_hours",
            field: "expire_ms",
            kind: Kind::Time { unit: Unit::Hours, min_ms: 360_000, max_ms: 72 * 3_600_000 },
            default: DefaultValue::Text("4"),
            help: "Messages a channel could not take for longer are summed up in one.",
        },
    ],
};
