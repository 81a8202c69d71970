//! `[script]`: a program of the operator's.

use super::super::kind::Kind;
use super::Section;
use super::route::{levels, optional, reports};

pub(super) const SECTION: Section = Section {
    name: "script",
    help: "A program of your own that is given each message as JSON: doc/alarms/script.md.",
    keys: &[
        optional(
            "path",
            Kind::Script,
            "/opt/eoskeeper/notify.sh",
            "none",
            "The program. It exits with 0 when the message is delivered, with 75 to be tried \
             again.",
        ),
        levels("page, warn, info"),
        reports("true"),
    ],
};
