//! `[host]`: the resources of this host.

use super::super::kind::{Kind, Unit};
use super::{DefaultValue, Key, Section};
use crate::core::sample::DISKS_MAX;

/// A share of a whole.
const PERCENT: Kind = Kind::Count { min: 1, max: 100 };

pub(super) const SECTION: Section = Section {
    name: "host",
    help: "The resources of this host; doc/host.md says what is measured and where.",
    keys: &[
        key(
            "watch",
            Kind::Bool,
            DefaultValue::Text("true"),
            "Whether they are watched. What cannot be read is said to be unknown, and raises nothing.",
        ),
        Key {
            name: "interval_seconds",
            field: "interval_ms",
            kind: Kind::Time { unit: Unit::Seconds, min_ms: 1_000, max_ms: 60_000 },
            default: DefaultValue::Text("10"),
            help: "Time between two looks. A rule judges the mean of the last five.",
        },
        key(
            "disks",
            Kind::Paths { max: DISKS_MAX },
            DefaultValue::Nothing {
                example: "/data/nodeos, /var/lib/eoskeeper",
                note: "nodeos's data where its process shows it, the directory of its log, and the \
                       state directory of [state]",
            },
            "Paths on the file systems that are watched; several on one file system count once.",
        ),
        key(
            "cpu_percent",
            PERCENT,
            DefaultValue::Text("80"),
            "host_cpu: the processors are busy for more than this. It ends 5 percent below, as all \
             of these do.",
        ),
        key(
            "memory_percent",
            PERCENT,
            DefaultValue::Text("80"),
            "host_memory: more than this is in use and cannot be had back; of the host, or of the \
             control group nodeos runs in, whichever is fuller.",
        ),
        key(
            "swap_percent",
            PERCENT,
            DefaultValue::Text("80"),
            "host_swap: more of the swap than this is in use.",
        ),
        key(
            "disk_percent",
            PERCENT,
            DefaultValue::Text("80"),
            "host_disk: more of one of the disks than this is in use.",
        ),
        key(
            "disk_full_percent",
            PERCENT,
            DefaultValue::Text("95"),
            "host_disk_full: more of one of the disks than this is in use, and a person is paged. \
             More than disk_percent.",
        ),
        key(
            "open_files_percent",
            PERCENT,
            DefaultValue::Text("80"),
            "host_open_files: nodeos has more than this of the files open that it may have.",
        ),
        key(
            "clock_offset_ms",
            Kind::Count { min: 50, max: 10_000 },
            DefaultValue::Text("500"),
            "host_clock: this host's clock is surely off by more milliseconds than this, measured \
             against the references' clocks.",
        ),
    ],
};

const fn key(name: &'static str, kind: Kind, default: DefaultValue, help: &'static str) -> Key {
    Key { name, field: name, kind, default, help }
}
