//! Who may ask the bot, and what is heard of what is written to it.

use frankenstein::types::{ChatType, Message};

use super::command::{self, Command};
use crate::core::time::Timestamp;

/// A command that is older is not carried out: it was meant for another moment.
const OLD_MS: i64 = 120_000;

/// Whom the bot answers.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// Numbers of the people who may ask.
    pub(super) allowed: Vec<u64>,
    /// Whether groups are not heard.
    pub(super) is_private_only: bool,
    /// The bot's own name, small letters; in a group several bots may hear one command.
    pub(super) username: Option<String>,
}

/// Why something that was written is not answered. Nobody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ignored {
    /// Not a command.
    NoCommand,
    /// Nobody's: a channel's, or an anonymous administrator's.
    Nobody,
    /// Another bot's.
    Bot,
    /// Of a person who is not in `allowed_users`; its number.
    Stranger(u64),
    /// In a group, and only private chats are heard.
    Group,
    /// For another bot.
    OtherBot,
    /// Forwarded, or written through another bot: its writer did not ask us.
    SecondHand,
    /// Too old.
    Old,
}

/// Somebody who may ask, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) command: Command,
    /// The person's name and number, for a record.
    pub(super) by: String,
}

impl Guard {
    /// What is heard of a message.
    pub(super) fn hear(&self, message: &Message, now: Timestamp) -> Result<Asked, Ignored> {
        let from = message.from.as_deref().ok_or(Ignored::Nobody)?;
        if from.is_bot {
            return Err(Ignored::Bot);
        }
        if message.sender_chat.is_some() {
            return Err(Ignored::Nobody);
        }
        if !self.allowed.contains(&from.id) {
            return Err(Ignored::Stranger(from.id));
        }
        let is_private = message.chat.type_field == ChatType::Private;
        if !is_private && self.is_private_only {
            return Err(Ignored::Group);
        }
        if message.forward_origin.is_some() || message.via_bot.is_some() {
            return Err(Ignored::SecondHand);
        }
        let text = message.text.as_deref().unwrap_or_default();
        let (command, to) = command::read(text).ok_or(Ignored::NoCommand)?;
        let is_ours = match &to {
            Some(to) => self.username.as_ref() == Some(to),
            // In a group anybody's command is heard by everybody's bot.
            None => is_private || command != Command::Unknown,
        };
        if !is_ours {
            return Err(Ignored::OtherBot);
        }
        let sent_ms = i64::try_from(message.date).unwrap_or(i64::MAX).saturating_mul(1_000);
        if now.ms().saturating_sub(sent_ms) > OLD_MS {
            return Err(Ignored::Old);
        }
        let name: String = from.first_name.chars().filter(|c| !c.is_control()).take(40).collect();
        Ok(Asked { command, by: format!("{} (Telegram {})", name.trim(), from.id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW_S: i64 = 1_795_229_317;

    /// A private `/status` of an allowed person, with some fields replaced.
    fn heard(changes: &Value, is_private_only: bool) -> Result<Command, Ignored> {
        let mut message = json!({
            "message_id": 1, "date": NOW_S - 2, "text": "/status",
            "from": {"id": 42, "is_bot": false, "first_name": "Ann"},
            "chat": {"id": 42, "type": "private", "first_name": "Ann"},
        });
        for (field, value) in changes.as_object().unwrap() {
            message[field] = value.clone();
        }
        let message: Message = serde_json::from_value(message).unwrap();
        let username = Some("keeper_bot".to_owned());
        let guard = Guard { allowed: vec![7, 42], is_private_only, username };
        let asked = guard.hear(&message, Timestamp::from_ms(NOW_S * 1_000))?;
        assert_eq!(asked.by, "Ann (Telegram 42)");
        Ok(asked.command)
    }

    #[test]
    fn only_those_who_may_ask_are_heard() {
        let group = json!({"id": -5, "type": "supergroup", "title": "ops"});
        let channel = json!({"id": -6, "type": "channel", "title": "news"});
        let stranger = json!({"id": 41, "is_bot": false, "first_name": "Eve"});
        let bot = json!({"id": 42, "is_bot": true, "first_name": "Bot"});
        let origin = json!({"type": "hidden_user", "date": 1, "sender_user_name": "x"});
        for (name, changes, private_only, expected) in [
            ("an allowed person", json!({}), true, Ok(Command::Status)),
            ("a stranger", json!({"from": stranger}), true, Err(Ignored::Stranger(41))),
            ("a bot with an allowed number", json!({"from": bot}), true, Err(Ignored::Bot)),
            ("nobody", json!({"from": null}), true, Err(Ignored::Nobody)),
            ("a channel in a group", json!({"sender_chat": channel}), true, Err(Ignored::Nobody)),
            ("a group", json!({"chat": group}), true, Err(Ignored::Group)),
            ("a group that is let", json!({"chat": group}), false, Ok(Command::Status)),
            (
                "for us in a group",
                json!({"chat": group, "text": "/why@Keeper_Bot"}),
                false,
                Ok(Command::Why),
            ),
            (
                "for another bot",
                json!({"chat": group, "text": "/status@other_bot"}),
                false,
                Err(Ignored::OtherBot),
            ),
            (
                "a command of nobody's in a group",
                json!({"chat": group, "text": "/roll"}),
                false,
                Err(Ignored::OtherBot),
            ),
            ("forwarded", json!({"forward_origin": origin}), true, Err(Ignored::SecondHand)),
            ("by way of a bot", json!({"via_bot": bot}), true, Err(Ignored::SecondHand)),
            ("small talk", json!({"text": "hello"}), true, Err(Ignored::NoCommand)),
            ("a photo", json!({"text": null}), true, Err(Ignored::NoCommand)),
            ("old", json!({"date": NOW_S - 121}), true, Err(Ignored::Old)),
            ("not old yet", json!({"date": NOW_S - 119}), true, Ok(Command::Status)),
            ("unknown in private", json!({"text": "/roll"}), true, Ok(Command::Unknown)),
        ] {
            assert_eq!(heard(&changes, private_only), expected, "{name}");
        }
    }
}
