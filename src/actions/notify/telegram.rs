//! Telegram: one message for each incident, which changes as the incident does.
//!
//! What is sent, and what becomes of it:
//! - The beginning is a message that rings, with its picture where there is one.
//! - A change, and a reminder of what is no page, edits it: no phone rings for that.
//! - A reminder of a page, and a page that was a warning before, rings: by a short message that
//!   answers the first one. Only the last of these stays.
//! - At the end it is edited, deleted, or replaced by one line ([`OnEnd`]).
//!
//! # Caveat
//! The Bot API knows no id of ours: a message whose answer was lost on the way is sent again.

pub mod answers;
mod api;
pub mod bot;
mod command;
mod failure;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod guard;
mod html;
mod page;
mod shown;
mod story;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use frankenstein::types::ChatId;
use reqwest::Url;
use tokio::time::Instant;

pub use super::call::Token;

use super::channel::{Channel, Delivered, Delivering, Delivery, DeliveryError};
use crate::core::alarm::ending::OnEnd;
use api::{Api, CALL};
use failure::Failure;

/// The channel's name, and its section's.
pub const NAME: &str = "telegram";
/// Time for all calls of one delivery; the outbox gives it 30 s.
const DELIVERY: Duration = Duration::from_secs(25);
/// A bot may delete what is younger than 48 hours (Bot API, `deleteMessage`); an hour is for the
/// way and for being down.
pub const DELETE_AFTER_MAX: Duration = Duration::from_secs(47 * 3_600);

/// How Telegram is reached and used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The bot's token.
    pub token: Token,
    /// Address of the Bot API server.
    pub api_url: Url,
    /// The chat: its number, or `@name` of a channel.
    pub chat: String,
    /// The topic, in a forum.
    pub topic: Option<i32>,
    /// When what was sent is deleted; `None` keeps it. At most [`DELETE_AFTER_MAX`].
    pub delete_after: Option<Duration>,
    /// What becomes of an incident's message at its end.
    pub on_end: OnEnd,
}

/// The channel.
pub struct Telegram {
    api: Api,
    settings: Settings,
    /// Number of the supergroup that the chat became; 0 while it did not.
    moved: AtomicI64,
    /// Ids of messages whose picture failed: the next try goes without.
    failed: Mutex<VecDeque<String>>,
}

impl Telegram {
    /// The channel; nothing is connected yet.
    ///
    /// # Errors
    /// Why there can be no HTTP client.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        Ok(Self {
            api: Api::new(&settings.api_url, &settings.token)?,
            settings: settings.clone(),
            moved: AtomicI64::new(0),
            failed: Mutex::default(),
        })
    }

    /// The bot's name and what the chat is: for a person who tries the configuration. Sends
    /// nothing.
    ///
    /// # Errors
    /// What is wrong, and after a semicolon what to do.
    pub async fn describe(&self) -> Result<String, String> {
        let end = Instant::now() + CALL;
        let me = self.api.me(end).await.map_err(|failure| failure.to_string())?;
        let chat = self.api.chat(&self.chat(), end).await.map_err(|failure| failure.to_string())?;
        let name = chat.title.or(chat.username).or(chat.first_name).unwrap_or_default();
        let bot = me.username.unwrap_or_else(|| me.id.to_string());
        Ok(format!("@{bot} writes to the {} '{}'", chat.kind, super::call::quoted(&name)))
    }

    fn chat(&self) -> ChatId {
        match self.moved.load(Ordering::Relaxed) {
            0 => chat_id(&self.settings.chat),
            moved => ChatId::Integer(moved),
        }
    }

    async fn deliver_one(&self, delivery: &Delivery) -> Result<Delivered, DeliveryError> {
        let end = Instant::now() + DELIVERY;
        let delivered = match self.carry_out(delivery, end).await {
            Err(Failure::Migrated(chat)) => {
                tracing::warn!("The group became a supergroup; set [telegram] chat_id = {chat}.");
                self.moved.store(chat, Ordering::Relaxed);
                self.carry_out(delivery, end).await
            }
            delivered => delivered,
        };
        delivered.map_err(DeliveryError::from)
    }
}

impl Channel for Telegram {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes_pictures(&self) -> bool {
        true
    }

    fn takes_late_pictures(&self) -> bool {
        true
    }

    fn follow<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(self.add_pictures(delivery))
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(self.deliver_one(delivery))
    }

    fn remove<'a>(&'a self, shown: &'a str) -> Delivering<'a> {
        Box::pin(self.take_back(shown))
    }
}

/// A number, or a channel's `@name`.
fn chat_id(text: &str) -> ChatId {
    text.parse().map_or_else(|_| ChatId::String(text.to_owned()), ChatId::Integer)
}
