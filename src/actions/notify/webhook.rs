//! Messages as JSON, signed, to a service of the operator's.
//!
//! The contract is `doc/alarms/webhook.md`: the body is a [`Message`], `X-Eoskeeper-Delivery` its
//! id, `X-Eoskeeper-Signature` is `t=SECONDS,v1=HEX` with the HMAC-SHA256 of `SECONDS.BODY`. The
//! time is that of the try, so that a receiver can refuse what was recorded long ago.

use std::fmt::Write;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Url};
use ring::hmac;

use super::channel::{Channel, Delivered, Delivering, Delivery, DeliveryError};
use super::post::Post;
use super::setup::{SetupError, WallClock};
use super::words;
use crate::core::alarm::message::Message;

/// The header with the signature.
pub const SIGNATURE: &str = "X-Eoskeeper-Signature";
/// The header with the message's id.
pub const DELIVERY: &str = "X-Eoskeeper-Delivery";

/// A service that takes JSON.
pub struct Webhook {
    post: Post,
    key: Option<hmac::Key>,
}

impl Webhook {
    /// Posts to `url`, signed with `secret` where there is one.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(url: &Url, secret: Option<&[u8]>, now: WallClock) -> Result<Self, SetupError> {
        let key = secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret));
        Ok(Self { post: Post::new(url, &[], now)?, key })
    }

    async fn post(&self, message: &Message) -> Result<Delivered, DeliveryError> {
        let body = serde_json::to_vec(message)
            .map_err(|error| DeliveryError::Lasting(format!("the message is no JSON: {error}")))?;
        let mut request = self
            .post
            .request(Method::POST, self.post.url().clone())
            .header(CONTENT_TYPE, "application/json")
            .header(DELIVERY, words::token(&message.id));
        if let Some(key) = &self.key {
            let seconds = self.post.now().ms().div_euclid(1000);
            request = request.header(SIGNATURE, signature(key, seconds, &body));
        }
        let answer = self.post.send(request.body(body)).await?;
        if answer.status.is_success() {
            return Ok(Delivered::default());
        }
        Err(self.post.refusal(&answer))
    }
}

impl Channel for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(self.post(&delivery.message))
    }
}

fn signature(key: &hmac::Key, seconds: i64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(key);
    context.update(format!("{seconds}.").as_bytes());
    context.update(body);
    let mut text = format!("t={seconds},v1=");
    for byte in context.sign().as_ref() {
        // Writing to memory does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
