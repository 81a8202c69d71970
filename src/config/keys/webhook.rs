//! `[webhook]`: any service that takes JSON.

use super::super::kind::Kind;
use super::Section;
use super::route::{levels, optional, reports};

pub(super) const SECTION: Section = Section {
    name: "webhook",
    help: "Messages as JSON to a service of your own, signed: doc/alarms/webhook.md.",
    keys: &[
        optional(
            "url",
            Kind::WebUrl,
            "https://alarms.example.org/eoskeeper",
            "none; url_file or the environment's EOSKEEPER_WEBHOOK_URL says it",
            "Where messages are posted to. With a token in it, give url_file instead.",
        ),
        optional(
            "url_file",
            Kind::Path,
            "/etc/eoskeeper/webhook.url",
            "none; url or the environment's EOSKEEPER_WEBHOOK_URL says it",
            "The file that holds the address; not readable by everybody on this host.",
        ),
        optional(
            "secret_file",
            Kind::Path,
            "/etc/eoskeeper/webhook.secret",
            "none; the environment's EOSKEEPER_WEBHOOK_SECRET, else messages are not signed",
            "The file with the secret messages are signed with (HMAC-SHA256), at least 32 bytes.",
        ),
        levels("page, warn, info"),
        reports("true"),
    ],
};
