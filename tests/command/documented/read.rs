//! The commands that documents name: lines of blocks, and `eoskeeper …` in the text.

use std::fmt;
use std::fs;
use std::path::PathBuf;

/// Where a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a block: to be typed as it is.
    Block,
    /// Within a sentence or a table: it may have words in capitals, for which something is put in.
    Text,
}

/// One command, on one line.
#[derive(Debug)]
pub(super) struct Command {
    /// The document, relative to the root.
    pub(super) document: String,
    /// Its line there, from 1.
    pub(super) at: usize,
    pub(super) place: Place,
    pub(super) line: String,
}

impl Command {
    /// The programs it starts, in order.
    pub(super) fn programs(&self) -> Vec<&str> {
        programs(&self.line)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: `{}`", self.document, self.at, self.line)
    }
}

pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All commands of README, CONTRIBUTING and `doc/`.
pub(super) fn commands() -> Vec<Command> {
    let mut documents = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for dir in ["doc", "doc/alarms"] {
        let entries = fs::read_dir(root().join(dir)).unwrap();
        let names = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
        documents.extend(names.filter(|n| n.ends_with(".md")).map(|n| format!("{dir}/{n}")));
    }
    documents.sort();
    documents
        .iter()
        .flat_map(|d| in_text(d, &fs::read_to_string(root().join(d)).unwrap()))
        .collect()
}

/// The commands of one document: those of its blocks, then those of its text.
pub(super) fn in_text(document: &str, text: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut prose = String::new();
    let mut lines = text.lines().enumerate();
    while let Some((_, line)) = lines.next() {
        let Some(kind) = line.trim_start().strip_prefix("```") else {
            prose.push_str(line);
            prose.push('\n');
            continue;
        };
        let inside: Vec<_> =
            lines.by_ref().take_while(|(_, l)| !l.trim_start().starts_with("```")).collect();
        prose.push_str(&"\n".repeat(inside.len() + 2));
        for (at, line) in block(kind, &inside) {
            found.push(Command { document: document.to_owned(), at, place: Place::Block, line });
        }
    }
    found.extend(spans(&prose).map(|(at, line)| Command {
        document: document.to_owned(),
        at,
        place: Place::Text,
        line,
    }));
    found
}

/// The commands of a block of this kind: all lines of `sh`, those behind `$` of `console`, and of a
/// block of no kind, which may be a picture or an example, those of eoskeeper and its scripts.
fn block(kind: &str, inside: &[(usize, &str)]) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (index, line) in inside {
        let line = line.trim();
        let taken = match kind {
            _ if open => Some(line),
            "sh" | "bash" => Some(line),
            "console" => line.strip_prefix("$ "),
            "" => Some(line).filter(|l| programs(l).first().is_some_and(|p| is_ours(p))),
            _ => None,
        };
        let Some(taken) = taken.map(without_comment).filter(|l| !l.is_empty()) else { continue };
        let (text, more) = match taken.strip_suffix('\\') {
            Some(text) => (text.trim(), true),
            None => (taken, false),
        };
        match found.last_mut().filter(|_| open) {
            Some((_, begun)) => *begun = format!("{begun} {text}"),
            None => found.push((index + 1, text.to_owned())),
        }
        open = more;
    }
    found
}

fn is_ours(program: &str) -> bool {
    program == "eoskeeper" || program.starts_with("scripts/") || program.starts_with("./scripts/")
}

fn without_comment(line: &str) -> &str {
    let cut = if line.starts_with('#') { Some(0) } else { line.find(" #") };
    line[..cut.unwrap_or(line.len())].trim()
}

/// The commands between backticks: of eoskeeper with an argument, and of the scripts.
fn spans(prose: &str) -> impl Iterator<Item = (usize, String)> {
    let mut line = 1;
    prose.split('`').enumerate().filter_map(move |(index, piece)| {
        let at = line;
        line += piece.matches('\n').count();
        let words = piece.replace("\\|", "|").split_whitespace().collect::<Vec<_>>().join(" ");
        let ours = |p: &&str| {
            *p == "eoskeeper" && words.contains("eoskeeper ") || p.starts_with("scripts/")
        };
        // A pair without backticks around it, as in text that ends a span, is none.
        (index % 2 == 1 && programs(&words).iter().any(ours)).then_some((at, words))
    })
}

/// The programs that a line of a shell starts: what stands first, and behind `|`, `&&`, `;`, `(`;
/// not those within quotes.
pub(super) fn programs(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut quote, mut first) = (None, true);
    let mut word: Option<usize> = None;
    let bytes = line.as_bytes();
    for at in 0..=bytes.len() {
        let byte = bytes.get(at).copied().unwrap_or(b';');
        let ends = quote.is_none() && b" |&;()<>".contains(&byte);
        if ends {
            if let Some(begin) = word.take() {
                let text = &line[begin..at];
                let is_name = !text.contains('=') && !text.contains(['"', '\'', '$', '{']);
                if first && is_name {
                    found.push(text);
                }
                first = first && text.contains('=');
            }
            first = first || b"|&;(".contains(&byte);
            // What is redirected to is no program.
            first = first && !b"<>".contains(&byte);
            continue;
        }
        match quote {
            Some(open) if open == byte => quote = None,
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            _ => {}
        }
        word.get_or_insert(at);
    }
    found
}
