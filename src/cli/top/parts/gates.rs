//! The gates before a promotion as a row of lights, with the time until it would act.

use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::cli::top::page::Page;
use crate::cli::top::paint::Mark;
use crate::cli::top::words::{list, spaced, span, text};

/// The gates.
pub(in crate::cli::top) fn gates(page: &mut Page, status: &Value) {
    let all: Vec<&Value> = list(&status["gates"]).collect();
    page.title("Gates", &summary(status, &all));
    lights(page, &all);
    for gate in all.iter().filter(|gate| is_shut(gate)) {
        let opens = match gate["opens_in_ms"].as_u64() {
            Some(ms) => format!(" Opens in {}, if nothing else changes.", span(ms)),
            None => String::new(),
        };
        let (name, sentence) = (name(gate), text(&gate["sentence"]));
        page.item(Mark::Warn, &format!("{name}: {sentence}{opens}"));
    }
}

fn is_shut(gate: &Value) -> bool {
    gate["closed"].is_string()
}

fn name(gate: &Value) -> String {
    spaced(gate["name"].as_str().unwrap_or("?"))
}

/// As many beside each other as there is room for.
fn lights(page: &mut Page, all: &[&Value]) {
    let paint = page.paint();
    let mut line = Line::from("  ");
    for gate in all {
        let mark = if is_shut(gate) { Mark::Warn } else { Mark::Good };
        let light = format!("{} {}  ", paint.sign(mark), name(gate));
        let light = Span::styled(light, paint.style(mark));
        if line.width() + light.width() > page.width() + 2 && line.spans.len() > 1 {
            page.line(std::mem::replace(&mut line, Line::from("  ")));
        }
        line.push_span(light);
    }
    if line.spans.len() > 1 {
        page.line(line);
    }
}

/// When it would act, or what keeps it from it.
fn summary(status: &Value, all: &[&Value]) -> String {
    if status["role"] == "F" {
        return "An observer acts on nothing.".to_owned();
    }
    if all.is_empty() {
        return "Not asked yet.".to_owned();
    }
    let gives = status["role"] == "A" && status["promotion"]["position"] == "active";
    let act = if gives { "give the producer to a standby" } else { "make this node sign" };
    let shut: Vec<&&Value> = all.iter().filter(|gate| is_shut(gate)).collect();
    let open = all.len() - shut.len();
    let barred = shut.iter().find(|gate| gate["opens_in_ms"].is_null());
    let wait = shut.iter().filter_map(|gate| gate["opens_in_ms"].as_u64()).max();
    let when = match (barred, wait) {
        (Some(gate), _) if gate["closed"] == "dry_run" => {
            format!("It would {act} only in words: this is a dry run.")
        }
        (Some(gate), _) => format!("Time alone does not {act}: {} is closed.", name(gate)),
        (None, Some(ms)) => format!("If nothing changed it would {act} in {}.", span(ms)),
        (None, None) => format!("It is about to {act}."),
    };
    format!("{open} of {} open. {when}", all.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_summary_says_when_it_acts_or_what_keeps_it_from_it() {
        let open = json!({ "name": "node", "closed": null });
        let waits = json!({ "name": "producer", "closed": "still_waiting", "opens_in_ms": 70_000 });
        let looks = json!({ "name": "confirmed", "closed": "not_confirmed", "opens_in_ms": 3_000 });
        let barred = json!({ "name": "peers", "closed": "peers_low", "opens_in_ms": null });
        let dry = json!({ "name": "acting", "closed": "dry_run", "opens_in_ms": null });
        let standby = json!({ "role": "B", "promotion": { "position": "standby" } });
        let active = json!({ "role": "A", "promotion": { "position": "active" } });
        let observer = json!({ "role": "F" });
        for (status, gates, expected) in [
            (
                &standby,
                vec![&open, &waits, &looks],
                "1 of 3 open. If nothing changed it would make this node sign in 1 min 10 s.",
            ),
            (
                &active,
                vec![&waits],
                "0 of 1 open. If nothing changed it would give the producer to a standby in 1 min 10 s.",
            ),
            (
                &standby,
                vec![&barred, &waits],
                "0 of 2 open. Time alone does not make this node sign: peers is closed.",
            ),
            (
                &standby,
                vec![&dry],
                "0 of 1 open. It would make this node sign only in words: this is a dry run.",
            ),
            (&standby, vec![&open], "1 of 1 open. It is about to make this node sign."),
            (&standby, vec![], "Not asked yet."),
            (&observer, vec![], "An observer acts on nothing."),
        ] {
            assert_eq!(summary(status, &gates), expected);
        }
    }
}
