//! What Telegram says, of any bytes.

use frankenstein::updates::{Update, UpdateContent};

use super::command;
use super::guard::Guard;
use super::html::{TEXT_UNITS, plain, units};
use super::page;
use crate::core::alarm::message::Message;
use crate::core::time::Timestamp;

/// The number of the one who may ask.
const ALLOWED: u64 = 7;

/// An update: only who is allowed is heard, and no bot.
pub(crate) fn update(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = command::read(text);
    }
    let Ok(update) = serde_json::from_slice::<Update>(data) else { return };
    let UpdateContent::Message(message) = update.content else { return };
    let guard =
        Guard { allowed: vec![ALLOWED], is_private_only: true, username: Some("bot".into()) };
    if guard.hear(&message, Timestamp::from_ms(1_795_000_000_000)).is_ok() {
        let from = message.from.as_ref().expect("somebody asked");
        assert!(from.id == ALLOWED && !from.is_bot, "a stranger was heard");
    }
}

/// A message: within the length that is counted, and every tag of it ours.
pub(crate) fn message(message: &Message) {
    for html in [page::message(message, TEXT_UNITS), page::summary(message, TEXT_UNITS)] {
        assert!(units(&plain(&html)) <= TEXT_UNITS, "{} units", units(&plain(&html)));
        let mut open = Vec::new();
        for tag in html.split('<').skip(1) {
            let (name, _) = tag.split_once('>').expect("a tag that ends");
            match name.strip_prefix('/') {
                None => open.push(name.split(' ').next().unwrap_or_default()),
                Some(closed) => assert_eq!(open.pop(), Some(closed), "{html}"),
            }
        }
        assert!(open.is_empty(), "{html}");
    }
}
