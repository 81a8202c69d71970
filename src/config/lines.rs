//! The lines of the file: which is a section, which a key, and which is neither.
//!
//! Values are those `rust-ini` reads. It is given one line at a time, because it keeps no line
//! numbers, stops at the first error and lets a quote, a key or a `\` run on into the next line;
//! a value that runs on is refused here.

use ini::{Ini, ParseOption};

/// A line that says something, or tries to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: usize,
    pub(super) content: Content,
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// `[name]`
    Section(String),
    /// A section's line that cannot be read.
    BrokenSection(Fault),
    /// `key = value`
    Entry { key: String, value: String },
    /// An entry of which only the key can be read.
    BrokenEntry { key: String, fault: Fault },
    /// None of them.
    Neither(Fault),
}

/// Why a line is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong.
    pub(super) what: &'static str,
    /// What is allowed.
    pub(super) allowed: &'static str,
}

impl Fault {
    const fn new(what: &'static str, allowed: &'static str) -> Self {
        Self { what, allowed }
    }
}

const SHAPE: &str = "a line is [section], key = value, or a comment that begins with # or ;";
const SECTION_SHAPE: &str = "[section] stands on a line of its own";

/// The lines of a text, but for empty ones and comments.
pub(super) fn read(text: &str) -> Vec<Line> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    numbered
        .filter(|(_, line)| !line.is_empty() && !line.starts_with(['#', ';']))
        .map(|(number, line)| Line { number, content: read_line(line) })
        .collect()
}

fn read_line(line: &str) -> Content {
    if line.contains(|c: char| c.is_control() && c != '\t') {
        let fault = Fault::new("the line holds a control character", "write plain text");
        return broken(line, fault);
    }
    let Ok(parsed) = Ini::load_from_str_opt(line, ParseOption::default()) else {
        return broken(line, fault(line));
    };
    let mut section = None;
    let mut entry = None;
    for (name, properties) in &parsed {
        section = section.or(name);
        entry = entry.or(properties.iter().next());
    }
    match (section, entry) {
        (Some(name), None) => Content::Section(name.to_owned()),
        (None, Some((key, value))) => match value_fault(line, value) {
            None => Content::Entry { key: key.to_owned(), value: value.to_owned() },
            Some(fault) => Content::BrokenEntry { key: key.to_owned(), fault },
        },
        (Some(_), Some(_)) | (None, None) => broken(line, fault(line)),
    }
}

/// What is left of a line that cannot be read: that it was a section's, or the key's name.
fn broken(line: &str, fault: Fault) -> Content {
    if line.starts_with('[') {
        return Content::BrokenSection(fault);
    }
    match line.split_once(['=', ':']).map(|(key, _)| key.trim()) {
        Some(key) if !key.is_empty() && !key.contains(char::is_control) => {
            Content::BrokenEntry { key: key.to_owned(), fault }
        }
        _ => Content::Neither(fault),
    }
}

/// Refuses what would read differently as part of a whole INI file.
fn value_fault(line: &str, value: &str) -> Option<Fault> {
    if line.ends_with('\\') && value.ends_with('\\') {
        return Some(Fault::new("the line ends with \\", "a value ends on its own line"));
    }
    // A comment after a value begins with a space and # or ;. Right after the `=`, rust-ini takes
    // it for the value.
    if value.starts_with(['#', ';']) && !line.contains(['"', '\'']) {
        let what = "a comment stands where the value is expected";
        return Some(Fault::new(what, "write the value before it"));
    }
    None
}

/// Says in an operator's words what rust-ini stumbled over.
fn fault(line: &str) -> Fault {
    if line.starts_with('[') {
        let what = if line.contains(']') {
            "text follows the section's name"
        } else {
            "the section's name is not closed with ]"
        };
        return Fault::new(what, SECTION_SHAPE);
    }
    if line.starts_with(['=', ':']) {
        return Fault::new("there is no key before the =", SHAPE);
    }
    let Some((_, value)) = line.split_once(['=', ':']) else {
        return Fault::new("the line has no =", SHAPE);
    };
    if value.contains("\\x") {
        let what = "\\x is not followed by four hex digits of a character";
        return Fault::new(what, "write a backslash as \\\\");
    }
    Fault::new("a quote is opened and not closed", "a quoted value ends on its own line")
}
