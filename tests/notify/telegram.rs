//! Telegram against a server that checks what the Bot API checks, and misbehaves.

mod bot;
mod html;
#[allow(dead_code, reason = "each test file that uses the server uses another part of it")]
use crate::http_support;
mod messages;
mod misbehaving;
mod service;

use std::time::Duration;

use eoskeeper::actions::notify::channel::{Channel, Delivered, Delivery, DeliveryError, Picture};
use eoskeeper::actions::notify::telegram::{Settings, Telegram, Token};
use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::ending::OnEnd;
use eoskeeper::core::alarm::language::Language;
use eoskeeper::core::alarm::message::{MESSAGE_VERSION, Message, MessageKind, PictureKind};
use eoskeeper::core::settings::Role;
use eoskeeper::core::time::Timestamp;
use service::{CHAT, TOKEN};

/// Longer than a test may take; the channel's own deadlines are longer.
const LONG: Duration = Duration::from_secs(20);

fn settings(url: &str) -> Settings {
    Settings {
        token: Token::new(TOKEN),
        api_url: url.parse().unwrap(),
        chat: CHAT.to_string(),
        topic: None,
        delete_after: None,
        on_end: OnEnd::Edit,
    }
}

fn message(kind: MessageKind, severity: Severity) -> Message {
    let at = Timestamp::from_ms(1_795_229_317_098);
    let is_over = kind == MessageKind::Resolved;
    Message {
        version: MESSAGE_VERSION,
        id: format!("m-{}", kind.as_str()),
        kind,
        severity,
        incident: "20261121T024837-producer_missing".to_owned(),
        cause: "producer_missing".to_owned(),
        title: "eosstorebest has signed no block for 4 min 20 s".to_owned(),
        proof: vec!["no block with our name for 4 min 20 s".to_owned()],
        next_step: "look at node A".to_owned(),
        marks: Vec::new(),
        node: "tokyo-1".to_owned(),
        role: Role::FirstStandby,
        producer: "eosstorebest".parse().unwrap(),
        chain_id: Some("aca376f206b8fc25".repeat(4)),
        at: at.plus_ms(60_000),
        began: at,
        ended: is_over.then(|| at.plus_ms(260_000)),
        reminder: 0,
        first_told_as: None,
        pictures: Vec::new(),
        language: Language::English,
    }
}

fn reminder(number: u32, severity: Severity) -> Message {
    Message { reminder: number, ..message(MessageKind::Reminder, severity) }
}

fn delivery(message: Message, shown: Option<String>) -> Delivery {
    Delivery { message, pictures: Vec::new(), shown }
}

fn picture() -> Picture {
    Picture {
        kind: PictureKind::Lag,
        caption: "lag <of> this node & others".to_owned(),
        png: b"\x89PNG\r\n\x1a\nmore".to_vec(),
    }
}

/// Delivers; what the outbox would remember.
async fn deliver(channel: &Telegram, delivery: Delivery) -> Result<Delivered, DeliveryError> {
    tokio::time::timeout(LONG, channel.deliver(&delivery)).await.expect("no answer in time")
}

/// Delivers a message of an incident whose messages are `shown`, and remembers what is shown.
async fn go_on(channel: &Telegram, message: Message, shown: &mut Option<String>) -> Delivered {
    let delivered = deliver(channel, delivery(message, shown.clone())).await.unwrap();
    if delivered.shown.is_some() {
        shown.clone_from(&delivered.shown);
    }
    delivered
}
