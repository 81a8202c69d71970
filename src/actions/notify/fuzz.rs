//! Messages to people, of any text: what a node, a peer or a contract is called ends up in them.

use serde_json::Value;

use super::{discord, email, slack, telegram, wecom};
use crate::core::action::Severity;
use crate::core::alarm::language::Language;
use crate::core::alarm::message::{MESSAGE_VERSION, Message, MessageKind, PROOF_MAX};
use crate::core::settings::Role;
use crate::core::time::Timestamp;

/// One message for every channel: each keeps to its service's limits, and no line of ours becomes a
/// header, a tag or a command.
pub(crate) fn message(data: &[u8]) {
    let Ok(producer) = "eosstorebest".parse() else { return };
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split('\u{1e}').map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    let at = Timestamp::from_ms(1_795_000_000_000);
    let kinds = [MessageKind::Raised, MessageKind::Resolved, MessageKind::Report];
    let languages = [Language::English, Language::Chinese, Language::Russian];
    let chosen = usize::from(data.first().copied().unwrap_or_default());
    let message = Message {
        version: MESSAGE_VERSION,
        kind: kinds[chosen % kinds.len()],
        severity: Severity::Page,
        first_told_as: None,
        title: part(),
        next_step: part(),
        node: part(),
        id: part(),
        incident: part(),
        cause: part(),
        marks: vec![part()],
        proof: (0..PROOF_MAX).map(|_| part()).collect(),
        role: Role::Active,
        producer,
        chain_id: None,
        at,
        began: at,
        ended: None,
        reminder: 0,
        pictures: Vec::new(),
        language: languages[chosen % languages.len()],
    };
    telegram::fuzz::message(&message);
    wecom::fuzz::message(&message);
    email::fuzz::message(&message);
    slack::fuzz(&message);
    discord::fuzz(&message);
}

/// Panics at a text that is longer than so many characters.
pub(super) fn at_most(value: &Value, most: usize) {
    match value {
        Value::String(text) => {
            assert!(text.chars().count() <= most, "{} characters", text.chars().count());
        }
        Value::Array(values) => values.iter().for_each(|value| at_most(value, most)),
        Value::Object(fields) => fields.values().for_each(|value| at_most(value, most)),
        _ => {}
    }
}
