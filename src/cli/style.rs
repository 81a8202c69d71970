//! Colours, on a terminal only.

use std::io::{IsTerminal, stdout};

use crate::cli::own_log::no_color;

/// Text without what moves a terminal's cursor: a line of nodeos's log may be quoted in it.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The same for several lines.
pub(super) fn printable_lines(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
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
