//! A message as a mail: plain text, HTML with its pictures inside, and the headers of a thread.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

use super::super::channel::{Delivery, DeliveryError};
use super::super::words;
use super::html;
use crate::core::action::Severity;
use crate::core::alarm::message::{Message, MessageKind};

/// Most characters of a subject: a phone shows less.
const SUBJECT_CHARS: usize = 150;
/// Most bytes of all pictures of a mail; many servers refuse 10 MiB, and base64 adds a third.
const PICTURES_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Longest `Message-ID` that is taken from what was shown.
const ID_BYTES_MAX: usize = 500;

/// A mail as it is sent.
pub(super) struct Written {
    /// Its `Message-ID`, with angle brackets.
    pub(super) id: String,
    /// All of it.
    pub(super) bytes: Vec<u8>,
}

/// Writes the mail; `root` is the `Message-ID` of the incident's first one.
pub(super) fn mail(
    delivery: &Delivery,
    from: &Mailbox,
    to: &[Mailbox],
    root: Option<&str>,
) -> Result<Written, DeliveryError> {
    let message = &delivery.message;
    let id = format!("<{}@{}>", words::token(&message.id), from.email.domain());
    let at = u64::try_from(message.at.ms()).unwrap_or_default();
    let mut mail = lettre::Message::builder()
        .from(from.clone())
        .subject(subject(message))
        .date(UNIX_EPOCH + Duration::from_millis(at))
        .message_id(Some(id.clone()));
    for mailbox in to {
        mail = mail.to(mailbox.clone());
    }
    // Not for the mail that is itself the first: a try after one that was taken unseen.
    if let Some(root) = root.filter(|root| *root != id) {
        mail = mail.in_reply_to(root.to_owned()).references(root.to_owned());
    }
    for (name, value) in headers(message) {
        mail = mail.raw_header(HeaderValue::new(name, value));
    }
    let mail = mail
        .multipart(body(delivery)?)
        .map_err(|error| DeliveryError::Lasting(format!("the mail cannot be written: {error}")))?;
    Ok(Written { id, bytes: mail.formatted() })
}

/// Whether a text is a `Message-ID` as [`mail`] makes one.
pub(super) fn is_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    text.len() <= ID_BYTES_MAX
        && inner.is_some_and(|inner| inner.bytes().all(|b| b.is_ascii_graphic() && b != b'<'))
}

/// How bad, where, and what: `[PAGE] tokyo-1 begins: …`.
fn subject(message: &Message) -> String {
    let language = message.language;
    let text = format!(
        "[{}] {} {}: {}",
        language.severity(message.severity),
        words::clean(&message.node),
        language.kind(message.kind),
        words::clean(&message.title)
    );
    words::clip(&text, SUBJECT_CHARS)
}

/// What machines read: that nobody answers it by a machine, and what it is about.
fn headers(message: &Message) -> Vec<(HeaderName, String)> {
    let is_urgent = message.severity == Severity::Page && message.kind != MessageKind::Resolved;
    let mut all = vec![
        (HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()),
        (HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"), "All".to_owned()),
        (HeaderName::new_from_ascii_str("X-Eoskeeper-Message"), words::token(&message.id)),
        (HeaderName::new_from_ascii_str("X-Eoskeeper-Kind"), message.kind.as_str().to_owned()),
    ];
    if !message.incident.is_empty() {
        let name = HeaderName::new_from_ascii_str("X-Eoskeeper-Incident");
        all.push((name, words::token(&message.incident)));
    }
    if is_urgent {
        all.push((HeaderName::new_from_ascii_str("Importance"), "high".to_owned()));
    }
    all
}

fn body(delivery: &Delivery) -> Result<MultiPart, DeliveryError> {
    let message = &delivery.message;
    let mut left = PICTURES_BYTES_MAX;
    let mut pictures = Vec::new();
    for (index, picture) in delivery.pictures.iter().enumerate() {
        if picture.png.len() <= left {
            left -= picture.png.len();
            pictures.push((format!("{index}-{}@eoskeeper", picture.kind.as_str()), picture));
        }
    }
    let png = ContentType::parse("image/png")
        .map_err(|error| DeliveryError::Lasting(format!("the type of a picture: {error}")))?;
    let text = html::page(message, &pictures);
    let mut related = MultiPart::related().singlepart(SinglePart::html(text));
    for (id, picture) in &pictures {
        let name = format!("{}.png", picture.kind.as_str());
        let part = Attachment::new_inline_with_name(id.clone(), name);
        related = related.singlepart(part.body(picture.png.clone(), png.clone()));
    }
    Ok(MultiPart::alternative().singlepart(SinglePart::plain(plain(delivery))).multipart(related))
}

/// The plain twin; of the pictures what they show.
fn plain(delivery: &Delivery) -> String {
    let mut text = words::plain(&delivery.message);
    for picture in &delivery.pictures {
        text.push_str(&format!("\n[{}]\n", words::clean(&picture.caption)));
    }
    text
}
