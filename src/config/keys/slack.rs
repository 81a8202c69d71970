//! `[slack]`: an incoming webhook of Slack.

use super::super::kind::Kind;
use super::Section;
use super::route::{levels, optional, reports};

pub(super) const SECTION: Section = Section {
    name: "slack",
    help: "A channel of Slack, by an incoming webhook: doc/alarms/slack.md.",
    keys: &[
        optional(
            "url_file",
            Kind::Path,
            "/etc/eoskeeper/slack.url",
            "none; the environment's EOSKEEPER_SLACK_URL",
            "The file that holds the webhook's address, https://hooks.slack.com/services/…; not \
             readable by everybody on this host.",
        ),
        levels("page, warn, info"),
        reports("true"),
    ],
};
