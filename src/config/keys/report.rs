//! `[report]`: when the report is made.

use super::super::kind::Kind;
use super::{DefaultValue, Key, Section};

pub(super) const SECTION: Section = Section {
    name: "report",
    help: "The report of some hours, for the channels whose `reports` is true; without one none is \
           made. doc/history.md says what is in it.",
    keys: &[
        Key {
            name: "every_hours",
            field: "every_hours",
            kind: Kind::Count { min: 1, max: 24 },
            default: DefaultValue::Text("6"),
            help: "How often, from midnight on; each report covers the time since the one before.",
        },
        Key {
            name: "at",
            field: "at",
            kind: Kind::DayTimes { max: 24 },
            default: DefaultValue::Nothing { example: "08:00, 20:00", note: "as every_hours says" },
            help: "Set times of the day instead, in the time zone of [alarm] time_zone.",
        },
    ],
};
