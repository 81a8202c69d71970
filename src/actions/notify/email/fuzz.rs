//! Mails, of any text.

use lettre::message::Mailbox;

use super::super::channel::Delivery;
use super::compose;
use crate::core::alarm::message::Message;

/// The headers a mail of ours has; a text that brought another would have escaped its own.
const HEADERS: [&str; 15] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "auto-submitted",
    "x-auto-response-suppress",
    "x-eoskeeper-message",
    "x-eoskeeper-kind",
    "x-eoskeeper-incident",
    "importance",
];

/// Only our headers are in its head.
pub(crate) fn message(message: &Message) {
    let mailbox: Mailbox = "eoskeeper <keeper@example.com>".parse().expect("a mailbox");
    let delivery = Delivery { message: message.clone(), pictures: Vec::new(), shown: None };
    let Ok(written) = compose::mail(&delivery, &mailbox, std::slice::from_ref(&mailbox), None)
    else {
        return;
    };
    // Ours are far shorter than this.
    if message.id.len() <= 200 {
        assert!(compose::is_id(&written.id), "{}", written.id);
    }
    let mail = String::from_utf8_lossy(&written.bytes);
    let (head, _) = mail.split_once("\r\n\r\n").expect("a head and a body");
    for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        assert!(HEADERS.contains(&name.as_str()), "a header {line:?}");
        assert!(!line.contains(['\r', '\n']), "{line:?}");
    }
}
