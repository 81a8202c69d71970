//! The top: the decision in one sentence, its colour, whether the keeper speaks; then what stands.

use ratatui::style::Style;
use ratatui::text::Line;
use serde_json::Value;

use crate::cli::top::facts::{Facts, Word};
use crate::cli::top::level::{firing, judge, mark_of, standing as incidents};
use crate::cli::top::page::Page;
use crate::cli::top::paint::Mark;
use crate::cli::top::words::{between, clean, clock, list, spaced, span, text, time};

/// A judgement older than this means that the loop hangs: it ticks once a second.
const FRESH_MS: u64 = 10_000;

/// The top.
pub(in crate::cli::top) fn now(page: &mut Page, facts: &Facts, word: &Word) {
    let Some(status) = &facts.status else {
        let (text, mark) = match &word.failure {
            None => ("Asking the keeper".to_owned(), Mark::Quiet),
            Some(_) => ("No word from the keeper yet".to_owned(), Mark::Unknown),
        };
        band(page, mark, &text, "");
        if let Some(why) = &word.failure {
            page.text(&sentence(why), Style::new());
            page.text("It is asked again each second.", page.paint().dim());
        }
        return;
    };
    let (mark, verdict) = judge(status);
    let (mark, verdict) = match (&word.failure, word.last) {
        (Some(_), Some((last, ago))) => {
            let since = clock(last);
            (Mark::Unknown, format!("No word from the keeper since {since} UTC, {}", span(ago)))
        }
        (Some(_), None) => (Mark::Unknown, "No word from the keeper".to_owned()),
        (None, _) if word.unchanged_ms > FRESH_MS => {
            (Mark::Unknown, format!("The keeper does not judge for {}", span(word.unchanged_ms)))
        }
        (None, _) => (mark, verdict.to_owned()),
    };
    let at = time(&status["at"]).map(|at| clock(at) + " UTC").unwrap_or_default();
    band(page, mark, &verdict, &format!("{}  {at}", text(&status["node_name"])));
    let said = text(&status["decision"]["sentence"]);
    match &word.failure {
        Some(why) => {
            page.text(&sentence(why), Style::new());
            page.text(&format!("It said last: {said}"), page.paint().bold());
        }
        None => page.text(&said, page.paint().bold()),
    }
    maintenance(page, status);
    page.text(&who(status), page.paint().dim());
}

/// A line in colour over the whole width, with something at its right end where it fits.
fn band(page: &mut Page, mark: Mark, left: &str, right: &str) {
    let left = format!(" {} {left}", page.paint().sign(mark));
    let columns = |text: &str| Line::raw(text.to_owned()).width();
    let room = page.width().saturating_sub(columns(&left) + columns(right) + 1);
    let right = if room > 1 { right } else { "" };
    let filled = page.width().saturating_sub(columns(&left) + columns(right) + 1);
    let line = Line::raw(format!("{left}{}{right} ", " ".repeat(filled)));
    page.line(line.style(page.paint().band(mark)));
}

fn maintenance(page: &mut Page, status: &Value) {
    let maintenance = &status["maintenance"];
    if !maintenance.is_object() {
        return;
    }
    let until = time(&maintenance["until"]).map(clock).unwrap_or_default();
    let left = between(&status["at"], &maintenance["until"]).map(span).unwrap_or_default();
    let reason = sentence(maintenance["reason"].as_str().unwrap_or_default());
    let text =
        format!("Maintenance until {until} UTC ({left}): {reason} Nothing is done by itself.");
    page.text(&text, page.paint().style(Mark::Warn));
}

/// Who is watched, what it is at the moment, and when its turn is.
fn who(status: &Value) -> String {
    let role = text(&status["role"]);
    let position = position(status);
    let turn = match between(&status["at"], &status["producer"]["next_turn"]) {
        None => String::new(),
        Some(0) => " Our turn runs.".to_owned(),
        Some(ms) => format!(" Next turn in {}.", span(ms)),
    };
    format!(
        "{role}, the {} of {}. It {position}.{turn}",
        text(&status["role_meaning"]),
        text(&status["producer"]["name"]),
    )
}

fn position(status: &Value) -> String {
    let promotion = &status["promotion"];
    let position = match promotion["position"].as_str() {
        _ if status["role"] == "F" => return "observes".to_owned(),
        Some("active") => return "signs, or is meant to".to_owned(),
        Some("standby") => "is at rest",
        Some("arming") => "is stopped and waits until it may sign",
        Some("handed_over") => "is stopped: the producer was given to another node",
        _ => return text(&promotion["position"]),
    };
    let would = if promotion["ready"] == true { "would take" } else { "would take no" };
    let handover = if promotion["ready"] == true { "a handover" } else { "handover now" };
    format!("{position}, and {would} {handover}")
}

/// What stands now: incidents, and what fires without one. Nothing where all is well.
pub(in crate::cli::top) fn standing(page: &mut Page, status: &Value) {
    let all = incidents(status);
    let is_told = |finding: &Value| {
        let joined = all.iter().flat_map(|incident| list(&incident["findings"]));
        joined.into_iter().any(|joined| joined["cause"] == finding["rule"])
    };
    let others: Vec<&Value> = firing(status).filter(|finding| !is_told(finding)).collect();
    if all.is_empty() && others.is_empty() {
        return;
    }
    page.title("What stands", "");
    for incident in all {
        let lead = &incident["findings"][0];
        let lasts = between(&incident["began"], &status["at"]).map(span).unwrap_or_default();
        let meaning = sentence(lead["meaning"].as_str().unwrap_or("An incident"));
        page.item(mark_of(&incident["severity"]), &format!("{meaning} For {lasts}."));
        page.note(&format!("{} {}", told(&lead["saw"]), told(&lead["next_step"])));
    }
    for finding in others {
        let lasts = between(&finding["since"], &status["at"]).map(span).unwrap_or_default();
        let rule = spaced(finding["rule"].as_str().unwrap_or_default());
        let text = format!("{rule}: {} For {lasts}.", told(&finding["saw"]));
        page.item(mark_of(&finding["severity"]), &text);
    }
}

fn told(value: &Value) -> String {
    value.as_str().map(sentence).unwrap_or_default()
}

/// With a full stop.
fn sentence(text: &str) -> String {
    let text = clean(text);
    let text = text.trim_end();
    if text.is_empty() || text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}
