//! `[telegram]`: a token and a chat, or nothing.

use std::time::Duration;

use super::super::channels::{Telegram, TelegramKeys};
use super::super::peers::Secret;
use super::Resolver;

const SECTION: &str = "telegram";
/// The environment's word for the token, where no file is named.
const TOKEN_ENV: &str = "EOSKEEPER_TELEGRAM_TOKEN";
/// How a token is had.
const GET: &str = "write to @BotFather, send /newbot, and put the token it gives into the file";

impl Resolver<'_> {
    /// Telegram, where it is used.
    pub(super) fn telegram(&mut self, keys: &TelegramKeys) -> Option<Telegram> {
        if !self.is_used(SECTION, Some(TOKEN_ENV)) {
            return None;
        }
        if !self.given.is_given(SECTION, "chat_id") {
            let allowed = "give the number of the chat; doc/alarms/telegram.md shows how to get it";
            self.problem(SECTION, "chat_id", "the key is missing", allowed);
        }
        let at = (SECTION, "token_file");
        let token = self.service_secret(at, keys.token_file.as_deref(), TOKEN_ENV, GET);
        let is_wrong = token.as_ref().is_some_and(|token| !is_token(token));
        if is_wrong {
            let what = "what was given is no token of a bot: that looks like 123456:ABC-DEF…";
            self.problem(SECTION, "token_file", what, GET);
        }
        Some(Telegram {
            token: token.filter(|_| !is_wrong)?,
            chat: keys.chat_id.clone()?,
            topic: keys.topic_id,
            delete_after: (keys.delete_after > 0).then(|| Duration::from_millis(keys.delete_after)),
            on_end: keys.on_end,
            allowed_users: keys.allowed_users.clone(),
            private_only: keys.private_only,
            bot: keys.bot,
            api_url: keys.api_url.clone(),
            route: keys.route.route(),
        })
    }
}

/// Whether it looks like a token: a number, a colon, and 30 or more of letters, digits, - and _.
/// It becomes part of an address, so nothing else may be in it.
fn is_token(secret: &Secret) -> bool {
    let of_key = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    secret.text().and_then(|text| text.split_once(':')).is_some_and(|(number, key)| {
        (1..=20).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit())
            && (30..=100).contains(&key.len())
            && key.bytes().all(of_key)
    })
}
