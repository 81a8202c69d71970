//! The table as a person reads it.

use std::io::{self, Write};

use crate::cli::check::row::{Row, State};

/// Columns between the columns.
const GAP: &str = "  ";

/// Whether the table has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// For a terminal.
    On,
    /// For a file, a pipe, or `NO_COLOR`.
    Off,
}

/// Writes a line for each row, with what to do below those that are not ok, and a count.
pub(super) fn write(rows: &[Row], colour: Colour, output: &mut dyn Write) -> io::Result<()> {
    let width = rows.iter().map(|row| row.what.chars().count()).max().unwrap_or_default();
    for row in rows {
        let state = paint(row.state, colour);
        writeln!(output, "{state}{GAP}{:width$}{GAP}{}", row.what, row.detail)?;
        if let Some(next) = &row.next {
            writeln!(output, "{:4}{GAP}{:width$}{GAP}→ {next}", "", "")?;
        }
    }
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    let (good, failed) = (count(State::Ok), count(State::Fail));
    let warned = rows.len() - good - failed;
    writeln!(output, "{good} ok, {warned} to look at, {failed} failed.")
}

/// The state's word, four columns wide.
fn paint(state: State, colour: Colour) -> String {
    let word = format!("{:4}", state.as_str());
    // SGR: green, yellow, bold red.
    let code = match state {
        State::Ok => "32",
        State::Warn | State::Unknown => "33",
        State::Fail => "1;31",
    };
    match colour {
        Colour::On => format!("\x1b[{code}m{word}\x1b[0m"),
        Colour::Off => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_with_and_without_colours() {
        let rows = [Row::ok("a", "fine"), Row::fail("longer", "broken", "mend it")];
        let text = |colour| {
            let mut output = Vec::new();
            write(&rows, colour, &mut output).unwrap();
            String::from_utf8(output).unwrap()
        };
        let plain = "ok    a       fine\nfail  longer  broken\n              → mend it\n\
                     1 ok, 0 to look at, 1 failed.\n";
        assert_eq!(text(Colour::Off), plain);
        let coloured = text(Colour::On);
        assert!(coloured.contains("\x1b[32mok  \x1b[0m  a       fine"), "{coloured}");
        let codes = ["\x1b[32m", "\x1b[1;31m", "\x1b[0m"];
        let bare = codes.iter().fold(coloured, |text, code| text.replace(code, ""));
        assert_eq!(bare, plain);
    }
}
