//! Colours, on a terminal only.

use std::io::{IsTerminal, stdout};

use crate::cli::own_log::no_color;

/// Text without what moves a terminal's cursor, is not seen, or turns around what follows: a line
/// of nodeos's log may be quoted in it.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_seen(c) { c } else { '\u{fffd}' }).collect()
}

/// The same for several lines.
pub(super) fn printable_lines(text: &str) -> String {
    text.chars().map(|c| if is_seen(c) || c == '\n' { c } else { '\u{fffd}' }).collect()
}

/// Whether it is neither a control nor one of Unicode's format characters that hide or turn text
/// around (UAX #9, and those of no width).
fn is_seen(letter: char) -> bool {
    let is_hidden = matches!(
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
    );
    !letter.is_control() && !is_hidden
}

/// Marks text for standard output, or leaves it alone where that is no terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    is_on: bool,
}

impl Style {
    /// The style of this process's standard output.
    pub(super) fn of_stdout() -> Self {
        Self { is_on: stdout().is_terminal() && !no_color() }
    }

    /// No colours.
    #[cfg(test)]
    pub(super) const fn plain() -> Self {
        Self { is_on: false }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.is_on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// All is well.
    pub(super) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Look at it.
    pub(super) fn warn(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Trouble.
    pub(super) fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// Less important.
    pub(super) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// A heading.
    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_or_turns_text_around_is_replaced() {
        for (text, line, lines) in [
            ("plain, 中文, ё", "plain, 中文, ё", "plain, 中文, ё"),
            ("a\nb", "a\u{fffd}b", "a\nb"),
            ("\u{1b}[31mred", "\u{fffd}[31mred", "\u{fffd}[31mred"),
            ("user\u{202e}gnp.exe", "user\u{fffd}gnp.exe", "user\u{fffd}gnp.exe"),
            ("a\u{200b}b", "a\u{fffd}b", "a\u{fffd}b"),
        ] {
            assert_eq!(printable(text), line, "{text:?}");
            assert_eq!(printable_lines(text), lines, "{text:?}");
        }
    }
}
