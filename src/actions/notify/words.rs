//! What channels say around a message, and how they make text of others fit.

use crate::core::action::Severity;
use crate::core::alarm::language::Phrase;
use crate::core::alarm::message::{Message, MessageKind};
use crate::core::time::Timestamp;

/// Hex digits of a chain's id that are shown: enough to tell the public chains apart.
const CHAIN_DIGITS: usize = 8;

/// How bad it is, which node it is about, and whether it begins or ends: `PAGE · tokyo-1 · begins`.
pub(super) fn headline(message: &Message) -> String {
    let language = message.language;
    let severity = language.severity(message.severity);
    format!("{severity} · {} · {}", clean(&message.node), language.kind(message.kind))
}

/// A severity as machines read it.
pub(super) const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Page => "page",
        Severity::Warn => "warn",
        Severity::Info => "info",
    }
}

/// A sign that is seen before anything is read.
pub(super) fn sign(message: &Message) -> &'static str {
    match (message.kind, message.severity) {
        (MessageKind::Resolved, _) => "🟢",
        (_, Severity::Page) => "🔴",
        (_, Severity::Warn) => "🟠",
        (_, Severity::Info) => "🔵",
    }
}

/// The colour of that sign, RGB: it is seen on white and on black.
pub(super) fn colour(message: &Message) -> u32 {
    match (message.kind, message.severity) {
        (MessageKind::Resolved, _) => 0x2e_9e_44,
        (_, Severity::Page) => 0xe0_35_35,
        (_, Severity::Warn) => 0xe6_8a_00,
        (_, Severity::Info) => 0x2f_81_d8,
    }
}

/// What else is known, each with its label.
pub(super) fn facts(message: &Message) -> Vec<(&'static str, String)> {
    let label = |phrase| message.language.phrase(phrase);
    let node = format!("{} ({})", clean(&message.node), message.role.letter());
    let mut all = vec![
        (label(Phrase::Node), node),
        (label(Phrase::Producer), message.producer.as_str().to_owned()),
    ];
    if let Some(id) = &message.chain_id {
        all.push((label(Phrase::Chain), clip(&clean(id), CHAIN_DIGITS + 1)));
    }
    if is_of_an_incident(message.kind) {
        all.push((label(Phrase::Since), moment(message.began)));
    }
    if let Some(ended) = message.ended {
        all.push((label(Phrase::Until), moment(ended)));
        all.push((label(Phrase::Lasted), length(ended.since_ms(message.began))));
    }
    if message.reminder > 0 {
        all.push((label(Phrase::Reminder), message.reminder.to_string()));
    }
    if !message.incident.is_empty() {
        all.push((label(Phrase::Incident), clean(&message.incident)));
    }
    all
}

const fn is_of_an_incident(kind: MessageKind) -> bool {
    matches!(
        kind,
        MessageKind::Raised | MessageKind::Reminder | MessageKind::Changed | MessageKind::Resolved
    )
}

/// The whole message as plain text.
pub(super) fn plain(message: &Message) -> String {
    let label = |phrase| message.language.phrase(phrase);
    let mut text = format!("{}\n\n{}\n", headline(message), clean(&message.title));
    for mark in &message.marks {
        text.push_str(&format!("\n{}: {}\n", label(Phrase::Note), clean(mark)));
    }
    if !message.proof.is_empty() {
        text.push_str(&format!("\n{}:\n", label(Phrase::Seen)));
        for sentence in &message.proof {
            text.push_str(&format!("- {}\n", clean(sentence)));
        }
    }
    if !message.next_step.is_empty() {
        text.push_str(&format!("\n{}: {}\n", label(Phrase::NextStep), clean(&message.next_step)));
    }
    text.push('\n');
    for (label, value) in facts(message) {
        text.push_str(&format!("{label}: {value}\n"));
    }
    text
}

/// A time as a person reads it.
pub(super) fn moment(time: Timestamp) -> String {
    let text = time.to_string();
    let seconds = text.split('.').next().unwrap_or(&text);
    format!("{} UTC", seconds.replace('T', " "))
}

/// A length of time, the same in every language: `0:04:20`, hours first.
pub(super) fn length(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Text of others as one line without what is not seen: control characters, and those that turn
/// the direction of writing, by which a text can look like another.
pub(super) fn clean(text: &str) -> String {
    let shown = |c: char| match c {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        // Line and paragraph separators, and an invisible mark of the beginning.
        '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{feff}' => None,
        c if c.is_control() => Some(' '),
        c => Some(c),
    };
    let text: String = text.chars().filter_map(shown).collect();
    text.trim().to_owned()
}

/// At most `max` characters, the last of them a sign that there was more.
pub(super) fn clip(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

/// Each character as `escape` writes it, at most `max` characters in all; what stands for one
/// character is never cut in two.
pub(super) fn escaped(
    text: &str,
    max: usize,
    escape: impl Fn(char) -> Option<&'static str>,
) -> String {
    let length = |c: char| escape(c).map_or(1, |piece| piece.chars().count());
    let fits = text.chars().map(length).sum::<usize>() <= max;
    // One place is kept for the sign that there was more.
    let room = if fits { max } else { max.saturating_sub(1) };
    let mut result = String::new();
    let mut count = 0;
    for c in text.chars() {
        count += length(c);
        if count > room {
            break;
        }
        match escape(c) {
            Some(piece) => result.push_str(piece),
            None => result.push(c),
        }
    }
    if !fits {
        result.push('…');
    }
    result
}

/// The characters of an id or a key that are safe in every header and address.
pub(super) fn token(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.chars().map(|c| if is_plain(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_is_one_visible_line() {
        for (text, shown) in [
            ("a\r\nBcc: x@y", "a  Bcc: x@y"),
            ("\u{202e}abc\u{2066}d\u{feff}", "abcd"),
            ("\x1b[31mred\u{0}", "[31mred"),
            ("值班 ok ", "值班 ok"),
        ] {
            assert_eq!(clean(text), shown, "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_character_and_marked() {
        assert_eq!(clip("值班值班", 4), "值班值班");
        assert_eq!(clip("值班值班", 3), "值班…");
        let html = |c| match c {
            '&' => Some("&amp;"),
            _ => None,
        };
        for (max, expected) in [(12, "a&amp;b&amp;"), (9, "a&amp;b…"), (7, "a&amp;…"), (5, "a…")]
        {
            assert_eq!(escaped("a&b&", max, html), expected, "{max}");
            assert!(escaped("a&b&", max, html).chars().count() <= max, "{max}");
        }
    }

    #[test]
    fn times_and_lengths_read_the_same_everywhere() {
        let time: Timestamp = "2026-11-21T02:48:37.098".parse().unwrap();
        assert_eq!(moment(time), "2026-11-21 02:48:37 UTC");
        for (ms, text) in [(260_000, "0:04:20"), (90_061_000, "25:01:01"), (-5, "0:00:00")] {
            assert_eq!(length(ms), text);
        }
    }

    #[test]
    fn an_id_is_safe_in_a_header() {
        assert_eq!(token("20261121T024837-a:b\r\n>"), "20261121T024837-a-b---");
    }
}
