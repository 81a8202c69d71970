//! The messages of a test.

use super::words::Words;
use super::{Kind, Options};
use crate::config::Config;
use crate::core::action::Severity;
use crate::core::alarm::message::{MESSAGE_VERSION, Message, MessageKind};
use crate::core::time::Timestamp;

/// What a service might take for more than text.
const HOSTILE: &str = "<b>&amp;</b> @everyone <!channel> *a* _b_ [c](d).";
/// How long an incident of a test seems to have lasted, milliseconds: 4 min 20 s.
const LASTED_MS: i64 = 260_000;

/// One message, or a beginning and its end.
pub(super) fn messages(config: &Config, now: Timestamp, options: &Options) -> Vec<Message> {
    let kinds: &[MessageKind] = match options.kind {
        Kind::Test => &[MessageKind::Test],
        Kind::Raised => &[MessageKind::Raised],
        Kind::Resolved => &[MessageKind::Raised, MessageKind::Resolved],
        Kind::Report => &[MessageKind::Report],
    };
    let severity = options.severity.severity();
    kinds.iter().map(|kind| message(config, now, severity, *kind)).collect()
}

/// A message that says that it is a test.
pub(in crate::cli) fn test(config: &Config, now: Timestamp) -> Message {
    message(config, now, Severity::Info, MessageKind::Test)
}

fn message(config: &Config, now: Timestamp, severity: Severity, kind: MessageKind) -> Message {
    let (settings, words) = (&config.settings, Words::of(config.alarm.language));
    let is_incident = matches!(kind, MessageKind::Raised | MessageKind::Resolved);
    let is_over = kind == MessageKind::Resolved;
    // Of the time, so that two tests are two messages to whoever drops what came twice.
    let stamp: String = now.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    Message {
        version: MESSAGE_VERSION,
        id: format!("{stamp}-{}-test-{}", settings.node, kind.as_str()),
        kind,
        severity,
        incident: if is_incident {
            format!("{stamp}-{}-test", settings.node)
        } else {
            String::new()
        },
        cause: "test".to_owned(),
        title: words.title(kind).to_owned(),
        proof: vec![words.by_hand.to_owned(), format!("{} {HOSTILE}", words.as_text)],
        next_step: words.next_step.to_owned(),
        marks: vec![words.mark.to_owned()],
        node: settings.node.clone(),
        role: settings.role,
        producer: settings.producer,
        chain_id: None,
        at: if is_over { now.plus_ms(1) } else { now },
        began: if is_incident { now.plus_ms(-LASTED_MS) } else { now },
        ended: is_over.then_some(now),
        reminder: 0,
        first_told_as: None,
        pictures: Vec::new(),
        language: config.alarm.language,
    }
}
