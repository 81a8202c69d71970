//! A message's parts in the order a person on a phone wants them, for channels that show text.
//!
//! Every part is one line of plain text without control characters; the channel escapes and cuts.

use crate::core::action::Severity;
use crate::core::alarm::language::{Language, Phrase};
use crate::core::alarm::message::{Message, MessageKind};
use crate::core::time::Timestamp;

/// Digits of the chain id that are shown: enough to tell chains apart.
const CHAIN_DIGITS: usize = 8;

/// The parts.
pub(super) struct Words {
    /// A coloured mark, to be seen before it is read.
    pub(super) mark: &'static str,
    /// The truth in one sentence.
    pub(super) title: String,
    /// `PAGE begins · tokyo-1 (B) · eosstorebest`.
    pub(super) state: String,
    /// What was seen.
    pub(super) proof: Vec<String>,
    /// What to do next, with its label; nothing where it is over.
    pub(super) next: Option<(&'static str, String)>,
    /// What holds of the whole message.
    pub(super) marks: Vec<String>,
    /// Times, lengths and ids, with their labels.
    pub(super) facts: Vec<(&'static str, String)>,
}

/// The parts of a message.
pub(super) fn words(message: &Message) -> Words {
    let language = message.language;
    let next = one_line(&message.next_step);
    let has_next = !next.is_empty() && message.kind != MessageKind::Resolved;
    Words {
        mark: mark(message),
        title: one_line(&message.title),
        state: state(message),
        proof: message.proof.iter().map(|line| one_line(line)).collect(),
        next: has_next.then(|| (language.phrase(Phrase::NextStep), next)),
        marks: message.marks.iter().map(|mark| one_line(mark)).collect(),
        facts: facts(message),
    }
}

/// What is left of an incident in one line: that it is over, what it was, how long it lasted.
pub(super) fn one_line_summary(message: &Message) -> String {
    let language = message.language;
    let ended = message.ended.unwrap_or(message.at);
    let lasted = language.duration(ended.since_ms(message.began).max(0).unsigned_abs());
    format!(
        "{} · {} · {} {}",
        one_line(&message.title),
        one_line(&message.node),
        minute(message.began),
        lasted
    )
}

/// The mark of a message.
pub(super) fn mark(message: &Message) -> &'static str {
    match (message.kind, message.severity) {
        (MessageKind::Resolved, _) => "✅",
        (MessageKind::Report, _) => "📊",
        (MessageKind::Summary, _) => "📥",
        (MessageKind::Test, _) => "🔔",
        (_, Severity::Page) => "🔴",
        (_, Severity::Warn) => "🟠",
        (_, Severity::Info) => "🔵",
    }
}

fn state(message: &Message) -> String {
    let language = message.language;
    let kind = language.kind(message.kind);
    let state = match message.kind {
        MessageKind::Report | MessageKind::Summary | MessageKind::Test => kind.to_owned(),
        _ => format!("{} {kind}", language.severity(message.severity)),
    };
    let (node, role) = (one_line(&message.node), message.role.letter());
    format!("{state} · {node} ({role}) · {}", message.producer)
}

fn facts(message: &Message) -> Vec<(&'static str, String)> {
    let language = message.language;
    let mut facts = Vec::new();
    let mut add = |phrase, text: String| facts.push((language.phrase(phrase), text));
    let is_of_incident = !message.incident.is_empty() || message.kind == MessageKind::Told;
    if is_of_incident {
        add(Phrase::Since, second(message.began));
    }
    if let Some(ended) = message.ended {
        add(Phrase::Until, second(ended));
        let lasted = ended.since_ms(message.began).max(0).unsigned_abs();
        add(Phrase::Lasted, language.duration(lasted));
    } else if matches!(message.kind, MessageKind::Reminder | MessageKind::Changed) {
        let so_far = message.at.since_ms(message.began).max(0).unsigned_abs();
        add(Phrase::Lasted, language.duration(so_far));
    }
    if message.reminder > 0 && message.ended.is_none() {
        add(Phrase::Reminder, message.reminder.to_string());
    }
    if let Some(chain) = &message.chain_id {
        let start: String = one_line(chain).chars().take(CHAIN_DIGITS).collect();
        add(Phrase::Chain, format!("{start}…"));
    }
    if !message.incident.is_empty() {
        add(Phrase::Incident, one_line(&message.incident));
    }
    facts
}

/// `2026-11-21 02:48:37 UTC`.
pub(super) fn second(at: Timestamp) -> String {
    shown(at, 19)
}

/// `2026-11-21 02:48 UTC`.
fn minute(at: Timestamp) -> String {
    shown(at, 16)
}

fn shown(at: Timestamp, until: usize) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(..until).unwrap_or(&text).replace('T', " "))
}

/// Text of others as one line: no control characters, and none of those that reorder what stands
/// around them (Unicode's bidirectional controls).
pub(super) fn one_line(text: &str) -> String {
    let is_reordering = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept = text.chars().filter(|c| !is_reordering(*c));
    let text: String = kept.map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.trim().to_owned()
}

/// The language's words around something that is left out: `… 3 more`.
pub(super) fn more(language: Language, count: usize) -> String {
    format!("… {count} {}", language.phrase(Phrase::More))
}
