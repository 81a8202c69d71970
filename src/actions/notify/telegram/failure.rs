//! Why a call of the Bot API failed, by what follows from it.
//!
//! Facts: Bot API, "Making requests": `ok`, `error_code`, `description`, and `parameters` with
//! `retry_after` or `migrate_to_chat_id`. The descriptions are the server's (`tdlib/telegram-bot-api`
//! and Telegram's own); they are told apart by the words that stayed the same for years.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::super::call::{believed, quoted};
use super::super::channel::DeliveryError;

/// When Telegram is busy and does not say for how long.
const BUSY: Duration = Duration::from_secs(30);

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No answer, or a torn one.
    Unreached(String),
    /// Too many calls; how long to wait.
    Busy(Duration),
    /// The server is broken for now.
    Broken(u16),
    /// The token is not known.
    Token,
    /// The group became a supergroup, with this number.
    Migrated(i64),
    /// The message says that already.
    NotModified,
    /// The message to be edited or deleted is not there, or not ours.
    Gone,
    /// The message may not be deleted any more.
    TooOld,
    /// The topic is not there or closed.
    NoTopic,
    /// The marks in the text cannot be read.
    BadText(String),
    /// The picture is not taken.
    BadPicture(String),
    /// Another program asks for the updates of this bot, or a webhook gets them.
    Conflict(String),
    /// This message is refused.
    BadMessage(String),
    /// We are refused, whatever we say: what Telegram said, and what a person can do.
    Refused(String, &'static str),
    /// An answer that is none of the Bot API.
    Other(String),
}

impl Failure {
    /// Of an answer that is no success.
    pub(super) fn of(status: u16, header: Option<Duration>, said: Option<&Value>) -> Self {
        let Some(said) = said.filter(|said| said["ok"] == false) else {
            return match status {
                429 => Self::Busy(header.unwrap_or(BUSY)),
                413 => Self::BadPicture("it is too large for what stands between".to_owned()),
                500..=599 => Self::Broken(status),
                _ => Self::Other(format!(
                    "HTTP status {status} and no answer of the Bot API; see that [telegram] \
                     api_url is right, and that no proxy answers in its place"
                )),
            };
        };
        let parameters = &said["parameters"];
        if let Some(chat) = parameters["migrate_to_chat_id"].as_i64() {
            return Self::Migrated(chat);
        }
        let code = said["error_code"].as_u64().unwrap_or(u64::from(status));
        let wait = parameters["retry_after"].as_u64().map(believed).or(header);
        let text = quoted(said["description"].as_str().unwrap_or_default());
        match code {
            429 => Self::Busy(wait.unwrap_or(BUSY)),
            500..=599 => Self::Broken(u16::try_from(code).unwrap_or(status)),
            401 | 404 => Self::Token,
            409 => Self::Conflict(text),
            413 => Self::BadPicture(text),
            _ => Self::of_text(code, text),
        }
    }

    fn of_text(code: u64, text: String) -> Self {
        let low = text.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|words| low.contains(words));
        if says(&["message is not modified"]) {
            Self::NotModified
        } else if says(&["message can't be deleted", "message_delete_forbidden"]) {
            Self::TooOld
        } else if says(&[
            "message to edit not found",
            "message to delete not found",
            "message can't be edited",
            "message_id_invalid",
            "there is no text in the message",
            "there is no caption in the message",
        ]) {
            Self::Gone
        } else if says(&["thread not found", "topic_closed", "topic_deleted", "topic closed"]) {
            Self::NoTopic
        } else if says(&["can't parse entities"]) {
            Self::BadText(text)
        } else if says(&["photo", "image_process", "picture", "media", "wrong file"]) {
            Self::BadPicture(text)
        } else {
            match next_step(&low) {
                Some(next) => Self::Refused(text, next),
                None if code == 400 => Self::BadMessage(text),
                None => Self::Refused(text, "see doc/alarms/telegram.md"),
            }
        }
    }
}

/// What a person can do about a refusal of the bot; `None` for one of what it said.
fn next_step(low: &str) -> Option<&'static str> {
    let next = if low.contains("chat not found") {
        "see that [telegram] chat_id is right and that the bot was added to that chat; a person \
         must write to the bot first"
    } else if low.contains("blocked by the user") || low.contains("can't initiate") {
        "open the chat with the bot and press Start"
    } else if low.contains("kicked") || low.contains("not a member") {
        "add the bot to the chat again; in a channel, as an administrator"
    } else if low.contains("rights") || low.contains("administrator") {
        "give the bot the right to post; in a channel it must be an administrator"
    } else if low.contains("upgraded to a supergroup") {
        "ask for the chat's new number and set [telegram] chat_id to it"
    } else {
        return None;
    };
    Some(next)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreached(why) => write!(f, "Telegram cannot be reached: {why}"),
            Self::Busy(wait) => write!(f, "Telegram asks for {} s of rest", wait.as_secs()),
            Self::Broken(status) => write!(f, "Telegram fails with status {status}"),
            Self::Token => write!(
                f,
                "Telegram does not know the token; get the bot's token from @BotFather, \
                 and see that [telegram] token_file holds it and nothing else"
            ),
            Self::Migrated(chat) => {
                write!(f, "the group became a supergroup; set [telegram] chat_id = {chat}")
            }
            Self::NotModified => write!(f, "the message says that already"),
            Self::Gone => write!(f, "the message is gone"),
            Self::TooOld => {
                write!(f, "the message is too old to be deleted, or the right is missing")
            }
            Self::NoTopic => write!(f, "the topic is gone or closed; see [telegram] topic_id"),
            Self::BadText(why) => write!(f, "Telegram cannot read the text: {why}"),
            Self::BadPicture(why) => write!(f, "Telegram does not take the picture: {why}"),
            Self::Conflict(why) => write!(
                f,
                "another program asks for this bot's messages ({why}); give each keeper a bot of \
                 its own, or all but one [telegram] bot = no"
            ),
            Self::BadMessage(why) => {
                write!(f, "Telegram refuses the message: {why}; see doc/alarms/telegram.md")
            }
            Self::Refused(why, next) => write!(f, "Telegram refuses: {why}; {next}"),
            Self::Other(why) => write!(f, "{why}"),
        }
    }
}

impl From<Failure> for DeliveryError {
    fn from(failure: Failure) -> Self {
        let why = failure.to_string();
        match failure {
            Failure::Busy(wait) => Self::Passing { why, retry_after: Some(wait) },
            Failure::Token | Failure::Refused(..) | Failure::NoTopic => Self::Refused(why),
            Failure::BadText(_) | Failure::BadPicture(_) | Failure::BadMessage(_) => {
                Self::Lasting(why)
            }
            _ => Self::passing(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_telegram_says_is_known_by_its_words() {
        let refused = |code: u16, text: &str| {
            let said = json!({"ok": false, "error_code": code, "description": text});
            Failure::of(code, None, Some(&said))
        };
        for (code, text, expected) in [
            (400, "Bad Request: message is not modified: specified new", "NotModified"),
            (400, "Bad Request: message to edit not found", "Gone"),
            (400, "Bad Request: MESSAGE_ID_INVALID", "Gone"),
            (400, "Bad Request: message can't be deleted for everyone", "TooOld"),
            (400, "Bad Request: message thread not found", "NoTopic"),
            (400, "Bad Request: can't parse entities: Unexpected end tag", "BadText"),
            (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", "BadPicture"),
            (413, "Request Entity Too Large", "BadPicture"),
            (400, "Bad Request: chat not found", "Refused"),
            (403, "Forbidden: bot was blocked by the user", "Refused"),
            (403, "Forbidden: something new", "Refused"),
            (400, "Bad Request: message is too long", "BadMessage"),
            (401, "Unauthorized", "Token"),
            (404, "Not Found", "Token"),
            (409, "Conflict: terminated by other getUpdates request", "Conflict"),
            (502, "Bad Gateway", "Broken"),
        ] {
            let got = format!("{:?}", refused(code, text));
            assert!(got.starts_with(expected), "{text}: {got}");
        }
        let Failure::Refused(_, next) = refused(403, "Forbidden: bot was blocked by the user")
        else {
            panic!("not refused");
        };
        assert!(next.contains("press Start"), "{next}");
    }

    #[test]
    fn parameters_and_headers_say_how_long_and_where() {
        let said = json!({"ok": false, "error_code": 429, "description": "Too Many Requests",
            "parameters": {"retry_after": 35}});
        let seconds = Duration::from_secs;
        assert_eq!(Failure::of(429, None, Some(&said)), Failure::Busy(seconds(35)));
        let endless = json!({"ok": false, "error_code": 429,
            "parameters": {"retry_after": 9_000_000}});
        assert_eq!(Failure::of(429, None, Some(&endless)), Failure::Busy(seconds(86_400)));
        assert_eq!(Failure::of(429, Some(seconds(7)), None), Failure::Busy(seconds(7)));
        assert_eq!(Failure::of(429, None, None), Failure::Busy(BUSY));
        let moved = json!({"ok": false, "error_code": 400, "description": "Bad Request: group \
            chat was upgraded to a supergroup chat", "parameters": {"migrate_to_chat_id": -1_007}});
        assert_eq!(Failure::of(400, None, Some(&moved)), Failure::Migrated(-1007));
        assert_eq!(Failure::of(503, None, None), Failure::Broken(503));
        assert!(matches!(Failure::of(302, None, None), Failure::Other(_)));
    }
}
