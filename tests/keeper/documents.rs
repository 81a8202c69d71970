//! The documents against the code: what they list is what there is, what they quote is what is
//! said, and their links lead somewhere.

mod causes;
mod judgement;
#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;
mod links;
mod milestones;
mod sentences;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The name a value has in JSON, and so for people.
fn serde_name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

/// The text with line ends and runs of blanks as one blank.
fn flowed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The rows of the first table whose header begins with these cells, each split into cells.
#[track_caller]
fn table(text: &str, header: &[&str]) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim().trim_start_matches('|').trim_end_matches('|');
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = text.lines().skip_while(|line| !cells(line).starts_with(&owned(header)));
    assert!(lines.next().is_some(), "no table that begins with {header:?}");
    lines.skip(1).take_while(|line| line.starts_with('|')).map(cells).collect()
}

fn owned(header: &[&str]) -> Vec<String> {
    header.iter().map(|cell| (*cell).to_owned()).collect()
}

/// The words in backticks of a text, in order.
fn code(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What stands below each `### ` heading: the heading, and the text to the next heading.
fn entries(text: &str) -> Vec<(String, String)> {
    text.split("\n### ")
        .skip(1)
        .filter_map(|entry| {
            let (heading, rest) = entry.split_once('\n')?;
            let body = rest.split("\n## ").next().unwrap_or(rest);
            Some((heading.to_owned(), flowed(body)))
        })
        .collect()
}
