//! `[pagerduty]`: the Events API v2 of PagerDuty.

use super::super::kind::Kind;
use super::route::{levels, optional};
use super::{DefaultValue, Key, Section};

pub(super) const SECTION: Section = Section {
    name: "pagerduty",
    help: "A service of PagerDuty, by its Events API v2: doc/alarms/pagerduty.md.",
    keys: &[
        optional(
            "routing_key_file",
            Kind::Path,
            "/etc/eoskeeper/pagerduty.key",
            "none; the environment's EOSKEEPER_PAGERDUTY_KEY",
            "The file that holds the integration key of the service; not readable by everybody \
             on this host.",
        ),
        Key {
            name: "url",
            field: "url",
            kind: Kind::WebUrl,
            default: DefaultValue::Text("https://events.pagerduty.com/v2/enqueue"),
            help: "Where events are posted to; https://events.eu.pagerduty.com/v2/enqueue for an \
                   account in the EU.",
        },
        levels("page, warn"),
    ],
};
