//! The lines of the file: which is a section, which a key, and which is neither.
//!
//! Values are those `rust-ini` reads. It is given one line at a time, because it keeps no line
//! numbers, stops at the first error and lets a quote, a key or a `\` run on into the next line;
//! a value that runs on is refused here.

use ini::{Ini, ParseOption};

use super::problem::{Place, Problems};

/// A line that says something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `[name]`
    Section { number: usize, name: String },
    /// `key = value`
    Entry { number: usize, key: String, value: String },
}

/// Why a line is malformed, and what is allowed.
type Fault = (&'static str, &'static str);

const SHAPE: &str = "a line is [section], key = value, or a comment that begins with # or ;";

/// The lines of a text; malformed ones become problems.
pub(super) fn read(text: &str, problems: &mut Problems) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let number = index + 1;
        let line = raw.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        match read_line(number, line) {
            Ok(read) => lines.push(read),
            Err((what, allowed)) => {
                problems.add(Place { line: number, section: None, key: None }, what, allowed);
            }
        }
    }
    lines
}

fn read_line(number: usize, line: &str) -> Result<Line, Fault> {
    if line.contains(|c: char| c.is_control() && c != '\t') {
        return Err(("the line holds a control character", "write text, one entry a line"));
    }
    let parsed = Ini::load_from_str_opt(line, ParseOption::default()).map_err(|_| fault(line))?;
    let mut section = None;
    let mut entry = None;
    for (name, properties) in &parsed {
        section = section.or(name);
        entry = entry.or(properties.iter().next());
    }
    match (section, entry) {
        (Some(name), None) => Ok(Line::Section { number, name: name.to_owned() }),
        (None, Some((key, value))) => {
            check_value(line, value)?;
            Ok(Line::Entry { number, key: key.to_owned(), value: value.to_owned() })
        }
        (Some(_), Some(_)) => {
            Err(("text follows the section's name", "[section] stands on a line of its own"))
        }
        (None, None) => Err(("the line says nothing", SHAPE)),
    }
}

/// Refuses what would read differently as part of a whole INI file.
fn check_value(line: &str, value: &str) -> Result<(), Fault> {
    if line.ends_with('\\') && value.ends_with('\\') {
        return Err(("the line ends with \\", "a value ends on its own line"));
    }
    // A comment after a value begins with a space and # or ;. Right after the `=`, rust-ini takes
    // it for the value.
    if value.starts_with(['#', ';']) && !line.contains(['"', '\'']) {
        return Err(("a comment stands where the value is expected", "write the value before it"));
    }
    Ok(())
}

/// Says in an operator's words what rust-ini stumbled over.
fn fault(line: &str) -> Fault {
    if line.starts_with('[') {
        let what = if line.contains(']') {
            "text follows the section's name"
        } else {
            "the section's name is not closed with ]"
        };
        return (what, "[section] stands on a line of its own");
    }
    if line.starts_with(['=', ':']) {
        return ("there is no key before the =", SHAPE);
    }
    let Some((_, value)) = line.split_once(['=', ':']) else {
        return ("the line has no =", SHAPE);
    };
    if value.contains("\\x") {
        return ("\\x is not followed by four hex digits", "write a backslash as \\\\");
    }
    ("a quote is opened and not closed", "a quoted value ends on its own line")
}
