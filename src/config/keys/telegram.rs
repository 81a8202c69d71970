//! `[telegram]`: a chat or channel of Telegram, and the bot.

use super::super::kind::{Kind, Unit};
use super::route::{levels, reports};
use super::{DefaultValue, Key, Section};

/// Most people who may ask the bot.
const USERS_MAX: usize = 32;

pub(super) const SECTION: Section = Section {
    name: "telegram",
    help: "Messages to a chat or channel of Telegram, and a bot that answers: \
           doc/alarms/telegram.md.",
    keys: &[
        Key {
            name: "token_file",
            field: "token_file",
            kind: Kind::Path,
            default: DefaultValue::Nothing {
                example: "/etc/eoskeeper/telegram.token",
                note: "none; the environment's EOSKEEPER_TELEGRAM_TOKEN",
            },
            help: "A file with the bot's token from @BotFather, not readable by everybody on this \
                   host.",
        },
        Key {
            name: "chat_id",
            field: "chat_id",
            kind: Kind::Chat,
            default: DefaultValue::Nothing {
                example: "-1001234567890",
                note: "none; Telegram is not used",
            },
            help: "Where messages go: the number of a chat or group, or the @name of a public \
                   channel.",
        },
        Key {
            name: "topic_id",
            field: "topic_id",
            kind: Kind::Count { min: 1, max: i32::MAX as u64 },
            default: DefaultValue::Nothing { example: "42", note: "none; the chat itself" },
            help: "The topic, where the group is a forum.",
        },
        Key {
            name: "on_end",
            field: "on_end",
            kind: Kind::Choice(&["edit", "delete", "summary"]),
            default: DefaultValue::Text("edit"),
            help: "What becomes of an incident's message when it is over: edit says so in it, \
                   delete removes it, summary leaves one line.",
        },
        Key {
            name: "delete_after",
            field: "delete_after",
            kind: Kind::Time { unit: Unit::Hours, min_ms: 0, max_ms: 47 * 3_600_000 },
            default: DefaultValue::Text("0"),
            help: "When a message is removed, so that the chat does not fill up. 0: never. A bot \
                   may not delete what is older than 48 hours.",
        },
        Key {
            name: "bot",
            field: "bot",
            kind: Kind::Bool,
            default: DefaultValue::Text("true"),
            help: "Whether this keeper answers commands, where allowed_users names anybody. Of \
                   keepers that share a token only one can.",
        },
        Key {
            name: "allowed_users",
            field: "allowed_users",
            kind: Kind::Numbers { max: USERS_MAX },
            default: DefaultValue::Nothing { example: "123456789", note: "none; nobody may ask" },
            help: "The numbers of the people who may ask the bot and order silences. Nobody else \
                   gets an answer.",
        },
        Key {
            name: "private_only",
            field: "private_only",
            kind: Kind::Bool,
            default: DefaultValue::Text("true"),
            help: "Whether the bot hears commands in private chats alone, and none in groups.",
        },
        Key {
            name: "api_url",
            field: "api_url",
            kind: Kind::Url,
            default: DefaultValue::Text("https://api.telegram.org"),
            help: "The Bot API server, if you run your own.",
        },
        levels("page, warn, info"),
        reports("true"),
    ],
};
