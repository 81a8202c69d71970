//! What a person, or a program, is told.

use anyhow::Context;
use serde_json::json;

use super::Told;
use super::cases::{Advice, Verdict};
use crate::cli::check::State;
use crate::cli::print;
use crate::cli::style::Style;

/// Version of the JSON.
const VERSION: u32 = 1;

/// Prints all of it.
pub(super) fn show(told: &Told, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        let value = json!({
            "version": VERSION, "check": told.rows, "advice": told.advice, "node": told.own,
        });
        let text = serde_json::to_string_pretty(&value).context("no JSON")?;
        return print(&format!("{text}\n"));
    }
    print(&render(told, Style::of_stdout()))
}

fn render(told: &Told, style: Style) -> String {
    let good = told.rows.iter().filter(|row| row.state == State::Ok).count();
    let failed = told.rows.iter().filter(|row| row.state == State::Fail).count();
    let others = told.rows.len() - good - failed;
    let mut text = format!("{}\n", style.bold("What it names (eoskeeper check)"));
    for row in told.rows.iter().filter(|row| row.state != State::Ok) {
        let word = format!("{:6}", row.state.as_str());
        let word = if row.state == State::Fail { style.bad(&word) } else { style.warn(&word) };
        text += &format!("{word}  {}: {}\n", row.what, row.detail);
        text += &row.next.as_ref().map_or_else(String::new, |next| format!("        → {next}\n"));
    }
    text += &format!("{good} ok, {others} to look at, {failed} failed.\n\n");
    text += &format!("{}\n", style.bold("Advice"));
    let width = told.advice.iter().map(|advice| advice.name.len()).max().unwrap_or_default();
    for advice in &told.advice {
        text += &line(advice, width, style);
    }
    let count = |verdict| told.advice.iter().filter(|advice| advice.verdict == verdict).count();
    text += &format!(
        "{} ok, {} advice, {} warnings, {} dangers. doc/doctor.md says what each means.\n",
        count(Verdict::Ok),
        count(Verdict::Advice),
        count(Verdict::Warn),
        count(Verdict::Danger)
    );
    text
}

fn line(advice: &Advice, width: usize, style: Style) -> String {
    let word = format!("{:6}", advice.verdict.as_str());
    let word = match advice.verdict {
        Verdict::Ok => style.good(&word),
        Verdict::Advice => style.dim(&word),
        Verdict::Warn => style.warn(&word),
        Verdict::Danger => style.bad(&word),
    };
    let mut text = format!("{word}  {:width$}  {}\n", advice.name, advice.reason);
    if let Some(next) = advice.next {
        text += &format!("{:8}{:width$}  → {next}\n", "", "");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::cases::Case;
    use crate::cli::doctor::others::Other;

    #[test]
    fn advice_stands_in_columns_with_its_next_step() {
        let told = Told {
            rows: Vec::new(),
            advice: vec![Case::DiskRoom.because("Room."), Case::ApiOpen.because("Open.")],
            own: Other::default(),
        };
        let text = render(&told, Style::plain());
        assert!(
            text.contains("ok      disk_space    Room.\ndanger  producer_api  Open.\n"),
            "{text}"
        );
        assert!(
            text.contains("\n                      → let nodeos listen on 127.0.0.1"),
            "{text}"
        );
        assert!(text.contains("1 ok, 0 advice, 0 warnings, 1 dangers."), "{text}");
    }
}
