//! `[telegram]`

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Deserializer};

use super::super::kind::base_url;
use super::super::peers::Secret;
use super::{Route, RouteKeys};
use crate::core::alarm::ending::OnEnd;

/// Telegram, and its bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telegram {
    /// The bot's token.
    pub token: Secret,
    /// The chat: its number, or `@name` of a channel.
    pub chat: String,
    /// The topic, in a forum.
    pub topic: Option<i32>,
    /// When what was sent is deleted; `None` keeps it.
    pub delete_after: Option<Duration>,
    /// What becomes of an incident's message at its end.
    pub on_end: OnEnd,
    /// The people who may ask the bot.
    pub allowed_users: Vec<u64>,
    /// Whether the bot hears private chats alone.
    pub private_only: bool,
    /// Whether this keeper hears the bot at all; one of several that share a token.
    pub bot: bool,
    /// Address of the Bot API server.
    pub api_url: Url,
    /// What is sent.
    pub route: Route,
}

/// The keys of the section.
#[derive(Debug, Deserialize)]
pub(in crate::config) struct TelegramKeys {
    pub(in crate::config) token_file: Option<PathBuf>,
    pub(in crate::config) chat_id: Option<String>,
    pub(in crate::config) topic_id: Option<i32>,
    pub(in crate::config) on_end: OnEnd,
    /// Milliseconds; 0 keeps.
    pub(in crate::config) delete_after: u64,
    pub(in crate::config) bot: bool,
    #[serde(default, deserialize_with = "numbers")]
    pub(in crate::config) allowed_users: Vec<u64>,
    pub(in crate::config) private_only: bool,
    #[serde(deserialize_with = "url")]
    pub(in crate::config) api_url: Url,
    #[serde(flatten)]
    pub(in crate::config) route: RouteKeys,
}

fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

/// The base address of a service.
pub(super) fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    base_url(&text).ok_or_else(|| serde::de::Error::custom("no address"))
}
