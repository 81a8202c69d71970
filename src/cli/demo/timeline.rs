//! What the demo prints: one line a moment, and below them, on a terminal, the state of things.

use std::fmt;
use std::io::{self, IsTerminal, Write, stdout};

use serde::Serialize;

use crate::cli::style::Style;

/// Columns a live line may take; a longer one would wrap and could not be wiped.
const LIVE_COLUMNS: usize = 79;

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

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Moment {
    /// Milliseconds since the demo began.
    pub at_ms: u64,
    /// `chain`, or the keeper's letter.
    pub who: String,
    /// What kind of moment: `killed`, `turn`, `decision`, `finding`, …
    pub what: &'static str,
    /// A decision's or gate's kind, or a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// One sentence.
    pub text: String,
    /// Its colour.
    #[serde(skip)]
    pub mood: Mood,
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

    /// Prints a moment.
    pub(super) fn tell(&mut self, moment: &Moment) -> io::Result<()> {
        self.wipe()?;
        if self.json { print_json(moment) } else { print_text(&line(moment, self.style)) }
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
        out.flush()?;
        self.live_shown = true;
        Ok(())
    }

    /// Takes the live line away.
    pub(super) fn wipe(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.live_shown) {
            write!(stdout().lock(), "\r\x1b[2K")?;
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

fn line(moment: &Moment, style: Style) -> String {
    let at = format!("{:>6}.{} s", moment.at_ms / 1000, moment.at_ms % 1000 / 100);
    let label = moment.kind.as_deref().unwrap_or(moment.what);
    let head = format!("{:<5}  {label:<18}", moment.who);
    let head = match moment.mood {
        Mood::Plain => head,
        Mood::Good => style.good(&head),
        Mood::Warn => style.warn(&head),
        Mood::Bad => style.bad(&head),
    };
    format!("{}  {head}  {}", style.dim(&at), moment.text)
}
