//! A message as embeds, within Discord's limits.
//!
//! Facts: <https://discord.com/developers/docs/resources/message#embed-object>: 256 characters of
//! title, 4,096 of description, 25 fields of 256 and 1,024, 2,048 of footer, 6,000 of all embeds
//! together, 10 embeds.

use serde_json::{Value, json};

use super::super::channel::Picture;
use super::super::words;
use crate::core::alarm::language::Phrase;
use crate::core::alarm::message::Message;

/// Most pictures of a message: an embed for each, within ten.
pub(super) const PICTURES_MAX: usize = 6;
const TITLE_CHARS: usize = 256;
const FIELD_NAME_CHARS: usize = 256;
const FIELDS_MAX: usize = 25;
const FOOTER_CHARS: usize = 2_048;
/// Of fields that hold one fact; the next step has [`STEP_CHARS`].
const FACT_CHARS: usize = 100;
/// Most characters of a field.
const STEP_CHARS: usize = 1_024;
/// Most characters of a caption.
const CAPTION_CHARS: usize = 150;
/// What is left for the description when all else is as long as it may be: with 6 captions of 150,
/// 1,500 for title, step and footer and 14 facts at most, 6,000 are not reached. Escapes count.
const DESCRIPTION_CHARS: usize = 2_000;
/// One sentence of it.
const SENTENCE_CHARS: usize = 400;

/// The message, and a picture each behind it; the first stands in the message.
pub(super) fn embeds(message: &Message, pictures: &[&Picture]) -> Vec<Value> {
    let mut first = json!({
        "title": words::clip(
            &format!("{} {}", words::sign(message), words::headline(message)), TITLE_CHARS
        ),
        "description": description(message),
        "color": words::colour(message),
        "fields": fields(message),
        "timestamp": format!("{}Z", message.at),
        "footer": {"text": words::clip(
            &format!("eoskeeper · {}", words::clean(&message.cause)), FOOTER_CHARS.min(FACT_CHARS)
        )},
    });
    let mut rest = Vec::new();
    for (index, picture) in pictures.iter().enumerate() {
        let image = json!({"url": format!("attachment://{}", file_name(picture))});
        if index == 0 {
            first["image"] = image;
        } else {
            let caption = escape(&words::clean(&picture.caption), CAPTION_CHARS);
            let color = words::colour(message);
            rest.push(json!({"description": caption, "color": color, "image": image}));
        }
    }
    rest.insert(0, first);
    rest
}

/// The pictures with the words for who cannot see them.
pub(super) fn attachments(pictures: &[&Picture]) -> Vec<Value> {
    let each = pictures.iter().enumerate().map(|(id, picture)| {
        json!({
            "id": id,
            "filename": file_name(picture),
            "description": words::clip(&words::clean(&picture.caption), STEP_CHARS),
        })
    });
    each.collect()
}

/// A name without a character that an address could not have.
pub(super) fn file_name(picture: &Picture) -> String {
    format!("{}.png", picture.kind.as_str())
}

fn description(message: &Message) -> String {
    let label = |phrase| message.language.phrase(phrase);
    let mut lines = vec![format!("**{}**", sentence(&message.title))];
    for mark in &message.marks {
        lines.push(format!("{}: {}", label(Phrase::Note), sentence(mark)));
    }
    if !message.proof.is_empty() {
        lines.push(format!("{}:", label(Phrase::Seen)));
        lines.extend(message.proof.iter().map(|proof| format!("• {}", sentence(proof))));
    }
    let mut text = String::new();
    let mut count = 0;
    for line in lines {
        count += line.chars().count() + 1;
        // Whole lines only: a cut could fall between an escape and what it escapes.
        if count > DESCRIPTION_CHARS - 1 {
            text.push('…');
            break;
        }
        text.push_str(&line);
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn fields(message: &Message) -> Vec<Value> {
    let mut all = Vec::new();
    if !message.next_step.is_empty() {
        let value = escape(&words::clean(&message.next_step), STEP_CHARS);
        all.push(field(message.language.phrase(Phrase::NextStep), &value, false));
    }
    for (label, value) in words::facts(message) {
        all.push(field(label, &escape(&value, FACT_CHARS), true));
    }
    all.truncate(FIELDS_MAX);
    all
}

fn field(name: &str, value: &str, inline: bool) -> Value {
    json!({"name": words::clip(name, FIELD_NAME_CHARS), "value": value, "inline": inline})
}

fn sentence(text: &str) -> String {
    escape(&words::clean(text), SENTENCE_CHARS)
}

/// What Discord's markdown would take for formatting, a link, a mention or a code.
fn escape(text: &str, max: usize) -> String {
    words::escaped(text, max, |c| match c {
        '\\' => Some("\\\\"),
        '*' => Some("\\*"),
        '_' => Some("\\_"),
        '~' => Some("\\~"),
        '`' => Some("\\`"),
        '|' => Some("\\|"),
        '>' => Some("\\>"),
        '<' => Some("\\<"),
        '#' => Some("\\#"),
        '[' => Some("\\["),
        ']' => Some("\\]"),
        '(' => Some("\\("),
        ')' => Some("\\)"),
        '@' => Some("\\@"),
        ':' => Some("\\:"),
        _ => None,
    })
}
