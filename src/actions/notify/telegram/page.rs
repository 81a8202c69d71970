//! What a message looks like on a phone.

use super::super::parts::{Words, mark, more, one_line_summary, words};
use super::answers::Answer;
use super::html::{Page, TEXT_UNITS, quiet, units};
use crate::core::alarm::language::{Language, Phrase};
use crate::core::alarm::message::Message;

/// More lines of proof than this can be folded away by a tap.
const OPEN_LINES: usize = 4;
/// Before each of them.
const BULLET: &str = "• ";
/// Most messages an answer is spread over; the rest is left out, and said to be.
pub(super) const ANSWER_MESSAGES: usize = 4;

/// A message in HTML, of at most so many UTF-16 units: title, state, what was seen, what to do,
/// when. What was seen gets the room that the others leave.
pub(super) fn message(message: &Message, limit: usize) -> String {
    let words = words(message);
    let mut page = Page::new(limit);
    page.put("", words.mark, " ", 8);
    page.put("<b>", &words.title, "</b>", limit / 4);
    page.end_line();
    page.put("<i>", &words.state, "</i>", limit / 8);
    page.end_line();
    let end = end(&words, limit);
    proof(&mut page, &words, message.language, end.used());
    page.append(&end);
    page.html()
}

/// What stands below the proof.
fn end(words: &Words, limit: usize) -> Page {
    let mut page = Page::new(limit / 2);
    if let Some((label, text)) = &words.next {
        page.end_line();
        page.put("👉 <b>", label, ":</b> ", 40);
        page.put("", text, "", limit / 4);
        page.end_line();
    }
    for mark in &words.marks {
        page.end_line();
        page.put("⚠️ <i>", mark, "</i>", limit / 16);
    }
    if !words.marks.is_empty() {
        page.end_line();
    }
    for (label, text) in &words.facts {
        page.end_line();
        page.put("", label, ": ", 40);
        page.put("<code>", text, "</code>", 80);
    }
    page
}

/// What was seen, a line each, in the room that is left when `reserved` units are kept free.
fn proof(page: &mut Page, words: &Words, language: Language, reserved: usize) {
    // The blank line, and the words that some are left out.
    let room = page.left().saturating_sub(reserved + 50);
    let (mut lines, mut used) = (Vec::new(), 0);
    for line in &words.proof {
        let needs = units(&quiet(line)) + units(BULLET) + 1;
        if used + needs > room {
            break;
        }
        used += needs;
        lines.push(line);
    }
    let hidden = words.proof.len() - lines.len();
    if lines.is_empty() {
        return;
    }
    page.end_line();
    let is_long = lines.len() > OPEN_LINES;
    page.mark(if is_long { "<blockquote expandable>" } else { "<blockquote>" });
    for (at, line) in lines.into_iter().enumerate() {
        if at > 0 {
            page.end_line();
        }
        page.put(BULLET, line, "", room);
    }
    if hidden > 0 {
        page.end_line();
        page.put("<i>", &more(language, hidden), "</i>", 40);
    }
    page.mark("</blockquote>");
    page.end_line();
}

/// What is left of an incident that is over, in one line.
pub(super) fn summary(message: &Message, limit: usize) -> String {
    let mut page = Page::new(limit);
    page.put("", mark(message), " ", 8);
    page.put("", &one_line_summary(message), "", 400);
    page.html()
}

/// A short message that rings and points at the one it answers.
pub(super) fn reminder(message: &Message) -> String {
    let words = words(message);
    let mut page = Page::new(TEXT_UNITS);
    page.put("", words.mark, " ", 8);
    page.put("<b>", &words.title, "</b>", 600);
    page.end_line();
    page.put("<i>", &words.state, "</i>", 300);
    let told = [Phrase::Lasted, Phrase::Reminder].map(|phrase| message.language.phrase(phrase));
    for (label, text) in words.facts.iter().filter(|(label, _)| told.contains(label)) {
        page.end_line();
        page.put("", label, ": ", 40);
        page.put("", text, "", 80);
    }
    page.html()
}

/// An answer of the bot, as messages of at most [`TEXT_UNITS`] each.
pub(super) fn answer(answer: &Answer, language: Language) -> Vec<String> {
    let (mut pages, mut page) = (Vec::new(), Page::new(TEXT_UNITS));
    page.put("<b>", &answer.title, "</b>", TEXT_UNITS / 2);
    for (at, line) in answer.lines.iter().enumerate() {
        // The line, its end, and room to say that more is left out.
        if units(&quiet(line)) + 60 > page.left() {
            if pages.len() + 1 == ANSWER_MESSAGES {
                page.end_line();
                page.put("<i>", &more(language, answer.lines.len() - at), "</i>", 50);
                break;
            }
            pages.push(std::mem::replace(&mut page, Page::new(TEXT_UNITS)).html());
        } else {
            page.end_line();
        }
        let (open, close) = if line.ends_with(':') { ("<b>", "</b>") } else { ("", "") };
        page.put(open, line, close, TEXT_UNITS);
    }
    pages.push(page.html());
    pages.retain(|html| !html.is_empty());
    pages
}
