//! What the demo prints: one line a moment, and below them, on a terminal, the state of things.

use std::fmt;
use std::io::{self, IsTerminal, Write, stdout};

use serde::Serialize;

use crate::cli::style::Style;
use crate::demo::Node;

/// Columns a live line may take; a longer one would wrap and could not be wiped.
const LIVE_COLUMNS: usize = 79;
/// Columns of a line of the timeline; sentences are wrapped.
const COLUMNS: usize = 80;
/// Columns of what stands before the sentence: time, who and kind.
const MARGIN: usize = 38;

/// How a moment feels; its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// Nothing special.
    Plain,
    /// Good news.
    Good,
    /// Worth a look.
    Warn,
    /// Bad news.
    Bad,
}

/// Something to tell.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Remark {
    /// `chain`, or the keeper's letter.
    pub who: String,
    /// Of the chain `turn_begins`, `killed`, `turn`, `resumed`, `first_block`; of a keeper
    /// `decision`, `gate`, `finding`.
    pub what: &'static str,
    /// The decision, the reason of the closed gate, or the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Why a decision is `hold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// One sentence.
    pub text: String,
    /// Its colour.
    #[serde(skip)]
    pub mood: Mood,
}

impl Remark {
    /// Of the chain.
    pub(super) fn chain(what: &'static str, mood: Mood, text: impl Into<String>) -> Self {
        Self { who: "chain".to_owned(), what, kind: None, hold: None, text: text.into(), mood }
    }

    /// Of the keeper beside a node.
    pub(super) fn keeper(
        node: Node,
        what: &'static str,
        kind: &str,
        mood: Mood,
        text: String,
    ) -> Self {
        Self { who: node.to_string(), what, kind: Some(kind.to_owned()), hold: None, text, mood }
    }

    /// The most telling of its words.
    pub(super) fn label(&self) -> &str {
        self.hold.as_deref().or(self.kind.as_deref()).unwrap_or(self.what)
    }
}

/// A remark with its time.
#[derive(Serialize)]
struct Moment<'a> {
    /// Milliseconds since the demo began.
    at_ms: u64,
    #[serde(flatten)]
    remark: &'a Remark,
}

/// Standard output, as text or JSON.
pub(super) struct Timeline {
    json: bool,
    style: Style,
    is_live: bool,
    live_shown: bool,
}

impl Timeline {
    /// A timeline on standard output.
    pub(super) fn on_stdout(json: bool) -> Self {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let is_live = !json && !is_dumb && stdout().is_terminal();
        Self { json, style: Style::of_stdout(), is_live, live_shown: false }
    }

    /// Prints a remark.
    pub(super) fn tell(&mut self, at_ms: u64, remark: &Remark) -> io::Result<()> {
        self.wipe()?;
        if self.json {
            print_json(&Moment { at_ms, remark })
        } else {
            print_text(&line(at_ms, remark, self.style))
        }
    }

    /// Prints what stands above the timeline; nothing where it is JSON.
    pub(super) fn head(&mut self, text: &str) -> io::Result<()> {
        if self.json { Ok(()) } else { print_text(text) }
    }

    /// Prints the end: as text, or its values.
    pub(super) fn end(&mut self, summary: &(impl Serialize + fmt::Display)) -> io::Result<()> {
        self.wipe()?;
        if self.json { print_json(summary) } else { print_text(&format!("\n{summary}")) }
    }

    /// Shows the state of things on the last line, where that is a terminal's.
    pub(super) fn live(&mut self, text: &str) -> io::Result<()> {
        if !self.is_live {
            return Ok(());
        }
        let text: String = text.chars().take(LIVE_COLUMNS).collect();
        let mut out = stdout().lock();
        write!(out, "\r\x1b[2K{}", self.style.dim(&text))?;
        self.live_shown = true;
        out.flush()
    }

    /// Takes the live line away.
    pub(super) fn wipe(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.live_shown) {
            let mut out = stdout().lock();
            write!(out, "\r\x1b[2K")?;
            out.flush()?;
        }
        Ok(())
    }
}

fn print_text(text: &str) -> io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

fn print_json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(value)?;
    print_text(&text)
}

fn line(at_ms: u64, remark: &Remark, style: Style) -> String {
    let at = format!("{:>4}.{} s", at_ms / 1000, at_ms % 1000 / 100);
    let head = format!("{:<5}  {:<18}", remark.who, remark.label());
    let head = match remark.mood {
        Mood::Plain => head,
        Mood::Good => style.good(&head),
        Mood::Warn => style.warn(&head),
        Mood::Bad => style.bad(&head),
    };
    format!("{}   {head}  {}", style.dim(&at), wrap(&remark.text))
}

/// Breaks a sentence between words, each further line under the first.
fn wrap(text: &str) -> String {
    let mut wrapped = String::new();
    let mut column = MARGIN;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column > MARGIN && column + 1 + width > COLUMNS {
            wrapped.push('\n');
            wrapped.push_str(&" ".repeat(MARGIN));
            column = MARGIN;
        } else if column > MARGIN {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += width;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_stay_in_their_column() {
        let text = "Watched without a gap for 24.9 s of the 38 s that silence must last; before: \
                    the keeper has just started.";
        let remark = Remark::keeper(Node::B, "decision", "hold", Mood::Plain, text.to_owned());
        let remark = Remark { hold: Some("evidence_too_young".to_owned()), ..remark };
        let line = line(25_230, &remark, Style::plain());
        let lines: Vec<&str> = line.lines().collect();
        assert_eq!(lines[0].find("Watched"), Some(MARGIN), "{line}");
        assert!(lines[0].starts_with("  25.2 s   B      evidence_too_young  "), "{line}");
        assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS), "{line}");
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with(&" ".repeat(MARGIN)), "{line}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&line)[4..], words(text), "no word is lost");
    }
}
