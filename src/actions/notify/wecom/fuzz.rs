//! Messages for WeCom, of any text.

use super::markdown;
use crate::core::alarm::message::Message;

/// It stays within what the robot takes.
pub(crate) fn message(message: &Message) {
    let text = markdown::page(message, &["somebody".to_owned()]);
    assert!(text.len() <= markdown::BYTES_MAX, "{} bytes", text.len());
}
