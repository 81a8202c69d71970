//! A message as HTML that a phone shows well.
//!
//! One column, no text smaller than 14 px, nothing fetched from anywhere, and no colour of
//! background or text but that of the bar: so that it reads the same on white and on black, and a
//! program that turns mail dark has nothing to spoil.

use super::super::channel::Picture;
use super::super::words;
use crate::core::alarm::language::Phrase;
use crate::core::alarm::message::Message;

/// The page; each picture with the content id it has in the mail.
pub(super) fn page(message: &Message, pictures: &[(String, &Picture)]) -> String {
    let label = |phrase| message.language.phrase(phrase);
    let colour = words::colour(message);
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>{}</title>\n</head>\n\
         <body style=\"margin:0;padding:16px;font:16px/1.45 -apple-system,'Segoe UI',Roboto,\
         'Noto Sans','Noto Sans SC',sans-serif;color-scheme:light dark\">\n\
         <div style=\"max-width:640px;margin:0 auto\">\n\
         <div style=\"border-left:6px solid #{colour:06x};padding:2px 0 2px 12px\">\n\
         <div style=\"font-size:14px;font-weight:600\">{}</div>\n\
         <div style=\"font-size:20px;line-height:1.3;font-weight:700;word-break:break-word\">{}</div>\n\
         </div>\n",
        message.language.as_str(),
        escape(&words::headline(message)),
        escape(&words::headline(message)),
        escape(&message.title),
    );
    for mark in &message.marks {
        text.push_str(&paragraph(label(Phrase::Note), mark));
    }
    if !message.proof.is_empty() {
        text.push_str(&format!(
            "<p style=\"margin:16px 0 4px\"><strong>{}</strong></p>\n\
             <ul style=\"margin:0;padding-left:20px;word-break:break-word\">\n",
            escape(label(Phrase::Seen))
        ));
        for sentence in &message.proof {
            text.push_str(&format!("<li>{}</li>\n", escape(sentence)));
        }
        text.push_str("</ul>\n");
    }
    if !message.next_step.is_empty() {
        text.push_str(&paragraph(label(Phrase::NextStep), &message.next_step));
    }
    for (id, picture) in pictures {
        let caption = escape(&picture.caption);
        text.push_str(&format!(
            "<p style=\"margin:16px 0\"><img src=\"cid:{}\" alt=\"{caption}\" \
             style=\"display:block;width:100%;max-width:640px;height:auto;border:0\"></p>\n",
            escape(id)
        ));
    }
    text.push_str("<table style=\"margin-top:16px;font-size:14px;border-collapse:collapse\">\n");
    for (label, value) in words::facts(message) {
        text.push_str(&format!(
            "<tr><td style=\"padding:2px 12px 2px 0;vertical-align:top;white-space:nowrap\">{}</td>\
             <td style=\"padding:2px 0;word-break:break-word\">{}</td></tr>\n",
            escape(label),
            escape(&value)
        ));
    }
    text.push_str("</table>\n</div>\n</body>\n</html>\n");
    text
}

fn paragraph(label: &str, text: &str) -> String {
    format!(
        "<p style=\"margin:16px 0;word-break:break-word\"><strong>{}:</strong> {}</p>\n",
        escape(label),
        escape(text)
    )
}

/// Text of others, as text: in an element and in an attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in words::clean(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
