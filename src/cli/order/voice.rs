//! What an order prints: for a person, or one JSON object a line.

use std::io::{IsTerminal, stdout};

use serde_json::{Value, json};

use super::follow::{End, Look};
use crate::cli::print;
use crate::cli::style::{Style, printable};
use crate::core::command::CommandAnswer;
use crate::core::time::Human;

/// Columns a line that is wiped again may take; a longer one would wrap.
const LIVE_COLUMNS: usize = 79;
/// Back to the first column, and clear to the end of the line.
const WIPE: &str = "\r\x1b[K";
/// What to look at when an end is not known.
const LOOK: &str = "Look at `eoskeeper status` on each node, and at which of them sign: \
                    /v1/producer/paused answers false on exactly one.";

/// Tells a person, or a program.
pub(super) struct Voice {
    json: bool,
    style: Style,
    is_terminal: bool,
    /// Whether a line that is to be wiped stands on the terminal.
    is_live: bool,
}

impl Voice {
    /// On standard output.
    pub(super) fn new(json: bool) -> Self {
        let is_terminal = stdout().is_terminal();
        Self { json, style: Style::of_stdout(), is_terminal, is_live: false }
    }

    /// What would be done, or what stands against it, and the line to run.
    pub(super) fn dry_run(
        &mut self,
        answer: &CommandAnswer,
        line: &str,
        is_forced: bool,
    ) -> anyhow::Result<()> {
        if self.json {
            return self.object(&json!({
                "what": "dry_run", "accepted": answer.accepted, "sentences": answer.sentences,
                "line": line,
            }));
        }
        let style = self.style;
        let (head, foot) = if answer.accepted {
            (style.bold("A dry run; nothing was done. With --yes:"), "To do it:")
        } else {
            (style.warn("A dry run; nothing was done. With --yes it is refused:"), "Then:")
        };
        let mut page = format!("{head}\n{}{foot} {}\n", list(answer), printable(line));
        if !answer.accepted && !is_forced {
            let hint =
                "--force passes over some gates; doc/orders.md says which, and at what risk.";
            page += &format!("{}\n", style.dim(hint));
        }
        print(&page)
    }

    /// The keeper's answer to an order.
    pub(super) fn answer(&mut self, answer: &CommandAnswer) -> anyhow::Result<()> {
        if self.json {
            return self.object(&json!({
                "what": "answer", "accepted": answer.accepted, "sentences": answer.sentences,
            }));
        }
        let head = if answer.accepted {
            self.style.bold("The keeper takes the order.")
        } else {
            self.style.bad("Refused; nothing was done.")
        };
        print(&format!("{head}\n{}", list(answer)))
    }

    /// What a look at the status showed.
    pub(super) fn progress(&mut self, look: &Look) -> anyhow::Result<()> {
        let at = look.at.map(|at| at.to_string());
        for sentence in &look.news {
            if self.json {
                self.object(&json!({ "what": "progress", "at": at, "sentence": sentence }))?;
                continue;
            }
            self.wipe()?;
            let at = at.as_deref().unwrap_or("-");
            let time = self.style.dim(&format!("{at} UTC"));
            print(&format!("{time}  {}\n", printable(sentence)))?;
        }
        if !self.json && self.is_terminal {
            self.wipe()?;
            if let Some((left_ms, step)) = &look.countdown {
                let left = Human(*left_ms);
                let line = format!("  {left} left: {}", printable(step));
                let line: String = line.chars().take(LIVE_COLUMNS).collect();
                print(&line)?;
                self.is_live = true;
            }
        }
        Ok(())
    }

    /// How the order ended.
    pub(super) fn end(&mut self, end: &End) -> anyhow::Result<()> {
        let (word, sentence) = match end {
            End::Done(sentence) => ("done", sentence.clone()),
            End::Failed(sentence) => ("failed", sentence.clone()),
            End::NotKnown(why) => {
                let why = why.trim_end_matches('.');
                ("not_known", format!("The outcome is not known: {why}. {LOOK}"))
            }
            End::Left => {
                let text = "Nobody waits for the end any more; the keeper goes on with the order. \
                            See `eoskeeper status`.";
                ("left", text.to_owned())
            }
        };
        if self.json {
            return self.object(&json!({ "what": "end", "end": word, "sentence": sentence }));
        }
        self.wipe()?;
        let label = match end {
            End::Done(_) => self.style.good("Done:"),
            End::Failed(_) => self.style.bad("Failed:"),
            End::NotKnown(_) => self.style.bad("Not known:"),
            End::Left => self.style.warn("Left:"),
        };
        print(&format!("{label} {}\n", printable(&sentence)))
    }

    fn wipe(&mut self) -> anyhow::Result<()> {
        if std::mem::take(&mut self.is_live) { print(WIPE) } else { Ok(()) }
    }

    fn object(&self, object: &Value) -> anyhow::Result<()> {
        print(&format!("{object}\n"))
    }
}

fn list(answer: &CommandAnswer) -> String {
    answer.sentences.iter().map(|sentence| format!("  - {}\n", printable(sentence))).collect()
}
