//! `[discord]`: a webhook of a Discord channel.

use super::super::kind::Kind;
use super::Section;
use super::route::{levels, optional, reports};

pub(super) const SECTION: Section = Section {
    name: "discord",
    help: "A channel of Discord, by a webhook: doc/alarms/discord.md.",
    keys: &[
        optional(
            "url_file",
            Kind::Path,
            "/etc/eoskeeper/discord.url",
            "none; the environment's EOSKEEPER_DISCORD_URL",
            "The file that holds the webhook's address, https://discord.com/api/webhooks/…; not \
             readable by everybody on this host.",
        ),
        levels("page, warn, info"),
        reports("true"),
    ],
};
