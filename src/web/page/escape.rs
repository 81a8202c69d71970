//! Text of others on the page. Log lines, peers and pools are hostile: what they say is shown, and
//! does nothing else.
//!
//! The template escapes markup by itself. What is left to do is what markup does not know of:
//! characters that are not seen, or that turn the direction of what follows them, and length.

/// Longest text on the page, characters. A keeper's own sentences are much shorter.
const CHARS_MAX: usize = 600;

/// A text of others as it is shown: one line, nothing invisible, no longer than 600 characters.
pub(super) fn clean(text: &str) -> String {
    let mut shown: String = text.chars().take(CHARS_MAX).map(visible).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// The beginning of a long id, whole when it is short.
pub(super) fn short(text: &str, chars: usize) -> String {
    let text = clean(text);
    if text.chars().count() <= chars + 1 {
        return text;
    }
    text.chars().take(chars).chain(['…']).collect()
}

/// The character itself, or what stands for it: line breaks are spaces, and what would not be seen
/// or would turn others around is a replacement character.
fn visible(letter: char) -> char {
    match letter {
        '\n' | '\r' | '\t' => ' ',
        letter if letter.is_control() || is_hidden(letter) => char::REPLACEMENT_CHARACTER,
        letter => letter,
    }
}

/// Unicode's format characters that hide or turn text around (UAX #9, and those of no width).
const fn is_hidden(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_or_turns_text_around_is_replaced() {
        for (text, shown) in [
            ("plain text, 中文, ё", "plain text, 中文, ё"),
            ("two\nlines\tand a tab", "two lines and a tab"),
            ("\u{1b}[31mred", "\u{fffd}[31mred"),
            ("user\u{202e}gnp.exe", "user\u{fffd}gnp.exe"),
            ("a\u{200b}b\u{feff}", "a\u{fffd}b\u{fffd}"),
            ("tag \u{e0041}", "tag \u{fffd}"),
        ] {
            assert_eq!(clean(text), shown, "{text:?}");
        }
    }

    #[test]
    fn length_is_bounded_in_characters() {
        assert_eq!(clean(&"é".repeat(CHARS_MAX)).chars().count(), CHARS_MAX);
        let long = clean(&"é".repeat(100_000));
        assert!(long.ends_with("é…") && long.chars().count() == CHARS_MAX + 1, "{}", long.len());
        assert_eq!(short("aca376f206b8fc25", 8), "aca376f2…");
        assert_eq!(short("aca376f20", 8), "aca376f20");
    }
}
