//! A channel of Discord, by a webhook.
//!
//! Facts: <https://discord.com/developers/docs/resources/webhook>. An edit calls nobody, so that
//! what is news is a message of its own: a beginning, a reminder, an incident that became worse,
//! its end. Any other change is an edit, and the end turns what was shown green as well.

mod embed;

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};

use super::channel::{Channel, Delivered, Delivering, Delivery, DeliveryError, Picture};
use super::post::{Answer, Post, bounded};
use super::setup::{SetupError, WallClock};
use super::words;
use crate::core::action::Severity;
use crate::core::alarm::message::{Message, MessageKind};

/// Most bytes of all pictures of a message; Discord refuses 10 MiB and more.
const PICTURES_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most digits of a message's id (a number of 64 bits).
const ID_DIGITS_MAX: usize = 20;

/// A message of any text: within the 6,000 characters of all embeds of a message.
#[cfg(feature = "fuzz")]
pub(crate) fn fuzz(message: &Message) {
    fn characters(value: &Value) -> usize {
        match value {
            Value::String(text) => text.chars().count(),
            Value::Array(values) => values.iter().map(characters).sum(),
            Value::Object(fields) => fields.values().map(characters).sum(),
            _ => 0,
        }
    }
    let embeds = Value::Array(embed::embeds(message, &[]));
    assert!(characters(&embeds) <= 6_000, "{} characters", characters(&embeds));
    super::fuzz::at_most(&embeds, 4_096);
}

/// A webhook of a Discord channel.
pub struct Discord {
    post: Post,
}

/// What a channel showed last of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    severity: Severity,
    /// The message's id: digits.
    id: String,
}

impl Shown {
    fn read(text: &str) -> Option<Self> {
        let (severity, id) = text.split_once('/')?;
        let severity = match severity {
            "page" => Severity::Page,
            "warn" => Severity::Warn,
            "info" => Severity::Info,
            _ => return None,
        };
        let is_id =
            (1..=ID_DIGITS_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
        is_id.then(|| Self { severity, id: id.to_owned() })
    }

    fn write(severity: Severity, id: &str) -> String {
        format!("{}/{id}", words::level(severity))
    }
}

impl Discord {
    /// Posts to the webhook at `url`, which is a secret.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(url: &Url, now: WallClock) -> Result<Self, SetupError> {
        Ok(Self { post: Post::new(url, &[], now)? })
    }

    async fn tell(&self, delivery: &Delivery) -> Result<Delivered, DeliveryError> {
        let message = &delivery.message;
        let shown = delivery.shown.as_deref().and_then(Shown::read);
        let is_told = match (message.kind, shown) {
            (MessageKind::Changed, Some(shown)) if message.severity <= shown.severity => {
                self.edit(&shown.id, delivery).await?
            }
            (MessageKind::Resolved, Some(shown)) => {
                self.edit(&shown.id, delivery).await?;
                // The edit shows the proof; this one only calls.
                let mut short = message.clone();
                short.proof.clear();
                return self.create(&short, &[]).await;
            }
            _ => false,
        };
        if is_told {
            return Ok(Delivered::default());
        }
        self.create(message, &delivery.pictures).await
    }

    /// Adds the pictures to the message that is there; if somebody deleted it they are not missed.
    async fn follow_with(&self, delivery: &Delivery) -> Result<Delivered, DeliveryError> {
        if let Some(shown) = delivery.shown.as_deref().and_then(Shown::read) {
            self.edit(&shown.id, delivery).await?;
        }
        Ok(Delivered::default())
    }

    async fn create(
        &self,
        message: &Message,
        pictures: &[Picture],
    ) -> Result<Delivered, DeliveryError> {
        let answer = self.send(Method::POST, self.address(None), message, pictures).await?;
        if !answer.status.is_success() {
            return Err(self.refusal(&answer));
        }
        // Without an id there is nothing to edit later, and the message is there all the same.
        let said = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
        let shown = said["id"].as_str().map(|id| Shown::write(message.severity, id));
        Ok(Delivered {
            shown: shown.filter(|text| Shown::read(text).is_some()),
            remove_after: None,
        })
    }

    /// Whether there was anything to edit: a person may have deleted it.
    async fn edit(&self, id: &str, delivery: &Delivery) -> Result<bool, DeliveryError> {
        let Delivery { message, pictures, .. } = delivery;
        let answer = self.send(Method::PATCH, self.address(Some(id)), message, pictures).await?;
        match answer.status {
            status if status.is_success() => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refusal(&answer)),
        }
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        message: &Message,
        pictures: &[Picture],
    ) -> Result<Answer, DeliveryError> {
        let pictures = fitting(pictures);
        let payload = json!({
            "embeds": embed::embeds(message, &pictures),
            "allowed_mentions": {"parse": []},
            // Of an edited message, what is not named here is taken away.
            "attachments": embed::attachments(&pictures),
        });
        let request = self.post.request(method, url);
        if pictures.is_empty() {
            return self.post.send(request.json(&payload)).await;
        }
        let mut form = Form::new().text("payload_json", payload.to_string());
        for (index, picture) in pictures.iter().enumerate() {
            let part = Part::bytes(picture.png.clone()).file_name(embed::file_name(picture));
            let part = part
                .mime_str("image/png")
                .map_err(|error| DeliveryError::Lasting(format!("a picture: {error}")))?;
            form = form.part(format!("files[{index}]"), part);
        }
        self.post.send(request.multipart(form)).await
    }

    /// Where a message is made, or where one is edited.
    fn address(&self, id: Option<&str>) -> Url {
        let mut url = self.post.url().clone();
        if let Some(id) = id {
            let path = format!("{}/messages/{id}", url.path().trim_end_matches('/'));
            url.set_path(&path);
        } else if !url.query_pairs().any(|(name, _)| name == "wait") {
            // Only then the answer comes after the message is made, and says its id.
            url.query_pairs_mut().append_pair("wait", "true");
        }
        url
    }

    /// Its 429 says how long in the body too, to the millisecond.
    fn refusal(&self, answer: &Answer) -> DeliveryError {
        let said = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
        let seconds = said["retry_after"].as_f64().unwrap_or(-1.0);
        let wish = Duration::try_from_secs_f64(seconds).ok().map(bounded);
        match self.post.refusal(answer) {
            DeliveryError::Passing { why, retry_after } => {
                DeliveryError::Passing { why, retry_after: wish.or(retry_after) }
            }
            other => other,
        }
    }
}

impl Channel for Discord {
    fn name(&self) -> &'static str {
        "discord"
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
        Box::pin(self.tell(delivery))
    }
}

/// The pictures that fit, the first before the last.
fn fitting(pictures: &[Picture]) -> Vec<&Picture> {
    let mut left = PICTURES_BYTES_MAX;
    let mut taken: Vec<&Picture> = Vec::new();
    for picture in pictures.iter().take(embed::PICTURES_MAX) {
        if picture.png.len() <= left {
            left -= picture.png.len();
            taken.push(picture);
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_is_read_as_it_was_written_and_nothing_else() {
        for severity in [Severity::Info, Severity::Warn, Severity::Page] {
            let shown = Shown { severity, id: "1175829384756".to_owned() };
            assert_eq!(Shown::read(&Shown::write(severity, &shown.id)), Some(shown));
        }
        for bad in ["", "page", "page/", "page/../x", "loud/1", "page/123456789012345678901"] {
            assert_eq!(Shown::read(bad), None, "{bad}");
        }
    }
}
