//! WeCom (企业微信): the robot of a group gets markdown, and pictures as messages of their own.
//!
//! Facts: WeCom's "group robot" (developer.work.weixin.qq.com, document 91770): markdown of at most
//! 4,096 bytes of UTF-8, pictures of at most 2 MB as base64 with their MD5, 20 messages a minute
//! for each robot. A robot cannot edit or take back what it said: each change is a new message.

#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod markdown;
mod pace;
mod said;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::time::Instant;

pub use super::call::Token;

use super::call;
use super::channel::{Channel, Delivered, Delivering, Delivery, DeliveryError, Picture};
use crate::core::action::Severity;
use crate::core::alarm::message::{Message, MessageKind};
use pace::Pace;

/// The channel's name, and its section's.
pub const NAME: &str = "wecom";
/// Time for one call.
const CALL: Duration = Duration::from_secs(10);
/// Time for all calls of one delivery; the outbox gives it 30 s.
const DELIVERY: Duration = Duration::from_secs(25);
/// Bound on an answer: two fields.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Largest picture, before base64.
const PICTURE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How the robot is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The robot's key: what stands behind `key=` in the address of its webhook.
    pub key: Token,
    /// Address of WeCom's API.
    pub api_url: Url,
    /// Ids of the people who are called when a page begins or goes on.
    pub mentioned: Vec<String>,
}

/// The channel.
pub struct WeCom {
    http: reqwest::Client,
    /// Address with the key; never printed.
    address: Token,
    mentioned: Vec<String>,
    pace: Mutex<Pace>,
}

impl WeCom {
    /// The channel; nothing is connected yet.
    ///
    /// # Errors
    /// Why there can be no HTTP client.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let mut address = settings.api_url.clone();
        address.set_path("/cgi-bin/webhook/send");
        address.query_pairs_mut().append_pair("key", settings.key.secret());
        Ok(Self {
            http: call::client(&settings.api_url)?,
            address: Token::new(address.as_str()),
            mentioned: settings.mentioned.clone(),
            pace: Mutex::default(),
        })
    }

    async fn deliver_one(&self, delivery: &Delivery) -> Result<Delivered, DeliveryError> {
        let end = Instant::now() + DELIVERY;
        let message = &delivery.message;
        let called = if calls(message) { &self.mentioned[..] } else { &[] };
        let text = markdown::page(message, called);
        self.send(&json!({"msgtype": "markdown", "markdown": {"content": text}}), end).await?;
        self.send_pictures(&delivery.pictures, end).await;
        Ok(Delivered::default())
    }

    async fn follow_with(&self, delivery: &Delivery) -> Result<Delivered, DeliveryError> {
        self.send_pictures(&delivery.pictures, Instant::now() + DELIVERY).await;
        Ok(Delivered::default())
    }

    /// Sends pictures below a text that has been read by then: one that fails is left out.
    async fn send_pictures(&self, pictures: &[Picture], end: Instant) {
        for picture in pictures {
            if let Err(error) = self.send_picture(picture, end).await {
                tracing::warn!(%error, kind = picture.kind.as_str(), "A picture for WeCom was left out.");
            }
        }
    }

    async fn send_picture(&self, picture: &Picture, end: Instant) -> Result<(), DeliveryError> {
        if picture.png.len() > PICTURE_BYTES_MAX {
            let bytes = picture.png.len();
            return Err(DeliveryError::Lasting(format!("{bytes} bytes, and WeCom takes 2 MB")));
        }
        let md5: String = Md5::digest(&picture.png).iter().map(|b| format!("{b:02x}")).collect();
        let base64 = STANDARD.encode(&picture.png);
        self.send(&json!({"msgtype": "image", "image": {"base64": base64, "md5": md5}}), end).await
    }

    async fn send(&self, body: &Value, end: Instant) -> Result<(), DeliveryError> {
        self.take_turn()?;
        let request = self.http.post(self.address.secret());
        let request = request.header("Content-Type", "application/json").body(body.to_string());
        let end = end.min(Instant::now() + CALL);
        let answer = call::call(request, ANSWER_BYTES_MAX, end).await.map_err(|failure| {
            DeliveryError::passing(format!("WeCom cannot be reached: {failure}"))
        })?;
        said::outcome(answer.status, answer.retry_after, &answer.body)
    }

    /// Counts a message, or says how long to wait with it.
    fn take_turn(&self) -> Result<(), DeliveryError> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.take(Instant::now()).map_err(|wait| DeliveryError::Passing {
            why: format!("WeCom takes {} messages a minute from a robot", pace::MESSAGES_MAX),
            retry_after: Some(wait),
        })
    }
}

impl Channel for WeCom {
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
        Box::pin(self.follow_with(delivery))
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(self.deliver_one(delivery))
    }
}

/// Whether people are called by name.
fn calls(message: &Message) -> bool {
    let is_new = matches!(
        message.kind,
        MessageKind::Raised | MessageKind::Reminder | MessageKind::Changed | MessageKind::Told
    );
    is_new && message.severity == Severity::Page
}
