//! A service of PagerDuty, by its Events API v2.
//!
//! Facts: <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>; 202 is success, 400
//! a wrong event, 429 too many, one `dedup_key` one alert. What has nobody to be woken for is not
//! sent: reports, and what is told with severity info.

use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::channel::{Channel, Delivered, Delivering, Delivery, DeliveryError};
use super::post::Post;
use super::setup::{SetupError, WallClock};
use super::words;
use crate::core::action::Severity;
use crate::core::alarm::message::{Message, MessageKind};

/// Most characters of a summary.
const SUMMARY_CHARS: usize = 1_024;
/// Most characters of a `dedup_key`.
const KEY_CHARS: usize = 255;
/// What the API answers when it has taken an event.
const ACCEPTED: u16 = 202;

/// An integration of a PagerDuty service.
pub struct PagerDuty {
    post: Post,
    routing_key: String,
}

/// What a message is to PagerDuty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// An alert begins, or goes on.
    Trigger,
    /// It is over.
    Resolve,
    /// It begins, and is over at once.
    Both,
    /// Nothing.
    Nothing,
}

impl Event {
    fn of(message: &Message) -> Self {
        match message.kind {
            MessageKind::Raised | MessageKind::Reminder | MessageKind::Changed => Self::Trigger,
            MessageKind::Resolved => Self::Resolve,
            MessageKind::Test => Self::Both,
            MessageKind::Told | MessageKind::Summary if message.severity != Severity::Info => {
                Self::Trigger
            }
            MessageKind::Told | MessageKind::Summary | MessageKind::Report => Self::Nothing,
        }
    }
}

impl PagerDuty {
    /// Posts to `url` with the integration's key.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(url: &Url, routing_key: &str, now: WallClock) -> Result<Self, SetupError> {
        Ok(Self { post: Post::new(url, &[routing_key], now)?, routing_key: routing_key.to_owned() })
    }

    async fn tell(&self, message: &Message) -> Result<Delivered, DeliveryError> {
        let event = Event::of(message);
        if matches!(event, Event::Trigger | Event::Both) {
            self.send(&self.trigger(message)).await?;
        }
        if matches!(event, Event::Resolve | Event::Both) {
            self.send(&self.event("resolve", message)).await?;
        }
        Ok(Delivered::default())
    }

    async fn send(&self, event: &Value) -> Result<(), DeliveryError> {
        let request = self.post.request(Method::POST, self.post.url().clone()).json(event);
        let answer = self.post.send(request).await?;
        match answer.status.as_u16() {
            ACCEPTED => Ok(()),
            200..300 => Err(DeliveryError::passing(format!(
                "it answered {} and not 202, as PagerDuty does{}",
                answer.status.as_u16(),
                self.post.said(&answer.body)
            ))),
            // The key is part of the event, so that a wrong one makes the event wrong.
            400 if about_the_key(&answer.body) => {
                let said = self.post.said(&answer.body);
                Err(DeliveryError::Refused(format!("it answered 400{said}")))
            }
            _ => Err(self.post.refusal(&answer)),
        }
    }

    fn event(&self, action: &str, message: &Message) -> Value {
        let id = if message.incident.is_empty() { &message.id } else { &message.incident };
        json!({
            "routing_key": self.routing_key,
            "event_action": action,
            "dedup_key": words::clip(id, KEY_CHARS),
        })
    }

    fn trigger(&self, message: &Message) -> Value {
        let mut event = self.event("trigger", message);
        let summary = format!("{}: {}", words::clean(&message.node), words::clean(&message.title));
        event["client"] = json!("eoskeeper");
        event["payload"] = json!({
            "summary": words::clip(&summary, SUMMARY_CHARS),
            "source": words::clean(&message.node),
            "severity": severity(message.severity),
            "timestamp": format!("{}Z", message.at),
            "component": message.producer,
            "group": message.chain_id,
            "class": message.cause,
            "custom_details": details(message),
        });
        let links = links(&message.next_step);
        if !links.is_empty() {
            event["links"] = Value::Array(links);
        }
        event
    }
}

/// Whether the API complains of the routing key: `Invalid routing key`, `Length of 'routing_key' is
/// incorrect`.
fn about_the_key(body: &[u8]) -> bool {
    let said = String::from_utf8_lossy(body).to_lowercase();
    said.contains("routing key") || said.contains("routing_key")
}

impl Channel for PagerDuty {
    fn name(&self) -> &'static str {
        "pagerduty"
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(self.tell(&delivery.message))
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Page => "critical",
        Severity::Warn => "warning",
        Severity::Info => "info",
    }
}

fn details(message: &Message) -> Value {
    json!({
        "kind": message.kind,
        "seen": message.proof,
        "next_step": message.next_step,
        "notes": message.marks,
        "role": message.role,
        "began": words::moment(message.began),
        "reminder": message.reminder,
        "message_id": message.id,
    })
}

/// The addresses a next step names; it is our own text.
fn links(text: &str) -> Vec<Value> {
    text.split_whitespace()
        .map(|word| word.trim_end_matches(['.', ',', ';', ')']))
        .filter(|word| word.starts_with("https://"))
        .map(|address| json!({"href": address, "text": address}))
        .collect()
}
