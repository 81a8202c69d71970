//! A channel of Slack, by an incoming webhook and Block Kit.
//!
//! Facts: <https://docs.slack.dev/reference/block-kit/blocks>; a message that is too large is
//! refused whole, so that each text is cut to its block's limit. An incoming webhook can neither
//! edit nor carry pictures.

use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::channel::{Channel, Delivered, Delivering, Delivery, DeliveryError};
use super::post::Post;
use super::setup::{SetupError, WallClock};
use super::words;
use crate::core::alarm::language::Phrase;
use crate::core::alarm::message::Message;

/// Most characters of a header block.
const HEADER_CHARS: usize = 150;
/// Most characters of a section's text.
const SECTION_CHARS: usize = 3_000;
/// Most characters of an element of a context block.
const CONTEXT_CHARS: usize = 2_000;
/// Most blocks of a message.
const BLOCKS_MAX: usize = 50;

/// An incoming webhook of Slack.
pub struct Slack {
    post: Post,
}

impl Slack {
    /// Posts to the webhook at `url`, which is a secret.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(url: &Url, now: WallClock) -> Result<Self, SetupError> {
        Ok(Self { post: Post::new(url, &[], now)? })
    }

    async fn post(&self, message: &Message) -> Result<Delivered, DeliveryError> {
        let url = self.post.url().clone();
        let request = self.post.request(Method::POST, url).json(&payload(message));
        let answer = self.post.send(request).await?;
        if answer.status.is_success() {
            return Ok(Delivered::default());
        }
        Err(self.post.refusal(&answer))
    }
}

impl Channel for Slack {
    fn name(&self) -> &'static str {
        "slack"
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(self.post(&delivery.message))
    }
}

/// A message of any text: within what Slack takes.
#[cfg(feature = "fuzz")]
pub(crate) fn fuzz(message: &Message) {
    let payload = payload(message);
    let blocks = payload["blocks"].as_array().map_or(0, Vec::len);
    assert!((1..=BLOCKS_MAX).contains(&blocks), "{blocks} blocks");
    super::fuzz::at_most(&payload, SECTION_CHARS);
}

fn payload(message: &Message) -> Value {
    let label = |phrase| message.language.phrase(phrase);
    let head = format!("{} {}", words::sign(message), words::headline(message));
    let title = words::clean(&message.title);
    let mut blocks = vec![
        json!({
            "type": "header",
            // No emoji codes: a node may be called `:fire:`.
            "text": {"type": "plain_text", "text": words::clip(&head, HEADER_CHARS), "emoji": false},
        }),
        section(&format!("*{}*", escape(&title, SECTION_CHARS - 2))),
    ];
    blocks.extend(message.marks.iter().map(|mark| labelled(label(Phrase::Note), mark)));
    blocks.extend(proof(label(Phrase::Seen), &message.proof));
    if !message.next_step.is_empty() {
        blocks.push(labelled(label(Phrase::NextStep), &message.next_step));
    }
    let facts: Vec<String> =
        words::facts(message).iter().map(|(label, value)| format!("{label}: {value}")).collect();
    // The facts end every message.
    blocks.truncate(BLOCKS_MAX - 1);
    blocks.push(json!({
        "type": "context",
        "elements": [mrkdwn(&escape(&facts.join(" · "), CONTEXT_CHARS))],
    }));
    json!({
        // What a notification shows.
        "text": escape(&format!("{head}: {title}"), SECTION_CHARS),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// What was seen, a sentence a line, in as many sections as it needs.
fn proof(label: &str, sentences: &[String]) -> Vec<Value> {
    let mut texts: Vec<String> = Vec::new();
    for sentence in sentences {
        let line = format!("• {}", escape(&words::clean(sentence), SECTION_CHARS / 2));
        match texts.last_mut() {
            Some(text) if text.chars().count() + 1 + line.chars().count() <= SECTION_CHARS => {
                text.push('\n');
                text.push_str(&line);
            }
            Some(_) => texts.push(line),
            None => texts.push(format!("*{label}*\n{line}")),
        }
    }
    texts.iter().map(|text| section(text)).collect()
}

fn labelled(label: &str, text: &str) -> Value {
    let room = SECTION_CHARS - label.chars().count() - 4;
    section(&format!("*{label}:* {}", escape(&words::clean(text), room)))
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(text)})
}

/// Verbatim: no name in it becomes a link or calls anybody.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// What has a meaning beyond looks (`<!channel>`, `<@U…>`, links) begins with one of three.
fn escape(text: &str, max: usize) -> String {
    words::escaped(text, max, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    })
}
