//! The chats, from the configuration.

use crate::actions::notify::telegram::{self, Token};
use crate::actions::notify::wecom;
use crate::config::Secret;
use crate::config::channels::{Telegram, WeCom};

/// How Telegram is reached, as the channel takes it.
#[must_use]
pub fn telegram(config: &Telegram) -> telegram::Settings {
    telegram::Settings {
        token: token(&config.token),
        api_url: config.api_url.clone(),
        chat: config.chat.clone(),
        topic: config.topic,
        delete_after: config.delete_after,
        on_end: config.on_end,
    }
}

/// How WeCom is reached, as the channel takes it.
#[must_use]
pub fn wecom(config: &WeCom) -> wecom::Settings {
    wecom::Settings {
        key: token(&config.key),
        api_url: config.api_url.clone(),
        mentioned: config.mentioned.clone(),
    }
}

/// What is no text was refused with the configuration.
fn token(secret: &Secret) -> Token {
    Token::new(secret.text().unwrap_or_default())
}
