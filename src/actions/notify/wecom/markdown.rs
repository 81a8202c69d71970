//! The markdown that WeCom shows, within its 4,096 bytes.
//!
//! Facts: WeCom's document 91770, "markdown": headings, bold, links, `code`, quotes, and
//! `<font color="info|comment|warning">` for green, grey and orange; `<@ID>` calls a member.

use super::super::parts::{Words, more, words};
use crate::core::action::Severity;
use crate::core::alarm::language::Language;
use crate::core::alarm::message::{Message, MessageKind};

/// Most bytes of a message.
pub(super) const BYTES_MAX: usize = 4_096;
/// Most bytes of the title and of the next step.
const LONG: usize = 700;
/// Most bytes of a shorter part.
const SHORT: usize = 240;

/// A message, calling these members.
pub(super) fn page(message: &Message, called: &[String]) -> String {
    let words = words(message);
    let colour = colour(message);
    let title = cut(&quiet(&words.title), LONG);
    let state = cut(&quiet(&words.state), SHORT);
    let mut text = format!(
        "{} **<font color=\"{colour}\">{title}</font>**\n<font color=\"comment\">{state}</font>\n",
        words.mark
    );
    let end = end(&words, called);
    let room = BYTES_MAX.saturating_sub(text.len() + end.len());
    text.push_str(&proof(&words, message.language, room));
    text.push_str(&end);
    // The parts keep to their room; whoever changes one of them must not lose an alarm by it.
    cut(text.trim_end(), BYTES_MAX)
}

fn colour(message: &Message) -> &'static str {
    match (message.kind, message.severity) {
        (MessageKind::Resolved, _) => "info",
        (MessageKind::Report | MessageKind::Summary | MessageKind::Test, _) => "comment",
        (_, Severity::Page | Severity::Warn) => "warning",
        (_, Severity::Info) => "comment",
    }
}

/// What was seen, a quoted line each, within `room` bytes.
fn proof(words: &Words, language: Language, room: usize) -> String {
    let mut text = String::new();
    for (at, line) in words.proof.iter().enumerate() {
        let line = format!("> {}\n", cut(&quiet(line), LONG));
        let hidden = words.proof.len() - at;
        let rest = format!("> {}\n", more(language, hidden));
        let is_last = hidden == 1;
        let needs = line.len() + if is_last { 0 } else { rest.len() };
        if text.len() + needs > room {
            if text.len() + rest.len() <= room {
                text.push_str(&rest);
            }
            break;
        }
        text.push_str(&line);
    }
    text
}

/// What to do, what holds, when and who: all of it short enough for half of the message.
fn end(words: &Words, called: &[String]) -> String {
    let mut text = String::new();
    if let Some((label, next)) = &words.next {
        text.push_str(&format!("**{label}:** {}\n", cut(&quiet(next), LONG)));
    }
    for mark in words.marks.iter().take(3) {
        text.push_str(&format!("⚠ {}\n", cut(&quiet(mark), SHORT)));
    }
    for (label, fact) in &words.facts {
        let fact = cut(&quiet(fact), SHORT / 2);
        text.push_str(&format!("<font color=\"comment\">{label}: {fact}</font>\n"));
    }
    // Whole names only: half of one would be somebody else's.
    let mut names = String::new();
    for name in called {
        let name = format!("<@{name}>");
        if names.len() + name.len() <= LONG {
            names.push_str(&name);
        }
    }
    text + &names
}

/// Text of others in which nothing is a mark: what WeCom would read as one is written with the
/// wide sign that looks like it.
fn quiet(text: &str) -> String {
    let wide = |c| match c {
        '<' => '＜',
        '>' => '＞',
        '[' => '［',
        ']' => '］',
        '*' => '＊',
        '`' => '\'',
        c => c,
    };
    text.chars().map(wide).collect()
}

/// At most `most` bytes of it, cut at a character.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let most = most.saturating_sub('…'.len_utf8());
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| *end <= most).last().unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_a_character_in_bytes() {
        for (name, text, most, expected) in [
            ("fits", "abc", 3, "abc"),
            ("too long", "abcdef", 5, "ab…"),
            ("half a character", "出块者停", 8, "出…"),
            ("two of three bytes", "出块者停", 9, "出块…"),
        ] {
            assert_eq!(cut(text, most), expected, "{name}");
        }
    }

    #[test]
    fn marks_of_others_are_none() {
        let quoted = quiet("<@all> **x** [a](http://b) `c` <font color=\"info\">ok</font>");
        assert!(!quoted.contains(['<', '>', '[', ']', '*', '`']), "{quoted}");
    }
}
