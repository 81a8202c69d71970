//! Who else is there: the keepers that are watched, other nodes of the chain, and the channels.

use serde_json::Value;

use crate::cli::top::page::Page;
use crate::cli::top::paint::Mark;
use crate::cli::top::words::{list, spaced, span, span_of, text};

/// Most rows of each kind; the count of all stands above them.
const ROWS_MAX: usize = 50;

/// Keepers, references, channels.
pub(in crate::cli::top) fn others(page: &mut Page, status: &Value) {
    members(page, status);
    references(page, status);
    channels(page, status);
}

fn members(page: &mut Page, status: &Value) {
    let fleet = &status["fleet"];
    if list(&fleet["members"]).next().is_none() {
        return;
    }
    let counts = [
        ("reporting", "report"),
        ("late", "late"),
        ("offline", "offline"),
        ("never", "never reported"),
        ("forgotten", "taken as gone"),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .filter_map(|(key, word)| Some((fleet[key].as_u64().filter(|count| *count > 0)?, word)))
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    page.title("Keepers", &counts.join(", "));
    for member in list(&fleet["members"]).take(ROWS_MAX) {
        let (mark, said) = member_line(status, member);
        page.item(mark, &said);
    }
}

fn member_line(status: &Value, member: &Value) -> (Mark, String) {
    let quiet = span_of(&member["quiet_ms"]);
    let (mark, stands) = match member["state"].as_str() {
        Some("reporting") => (Mark::Good, "reports".to_owned()),
        Some("late") => (Mark::Warn, format!("late for {quiet}")),
        Some("offline") => (Mark::Bad, format!("offline for {quiet}")),
        Some("forgotten") => (Mark::Quiet, format!("taken as gone after {quiet}")),
        _ => (Mark::Quiet, "never reported".to_owned()),
    };
    let peer = list(&status["peers"])
        .find(|peer| member["is_peer"] == true && peer["name"] == member["name"]);
    let said = peer.map(|peer| &peer["status"]).filter(|said| said.is_object());
    let report = &member["report"];
    let of = |key: &str| match said {
        Some(said) => said[key].clone(),
        None => report[key].clone(),
    };
    let mut parts = vec![format!("{}: {stands}", text(&member["name"]))];
    if let Value::String(role) = &member["role"] {
        parts[0] = format!("{} ({role}): {stands}", text(&member["name"]));
    }
    if let head @ Value::Number(_) = &of("head") {
        parts.push(format!("head #{head}"));
    }
    let paging: Vec<String> = list(&report["paging"]).map(|rule| spaced(&text(rule))).collect();
    if !paging.is_empty() {
        parts.push(format!("pages: {}", paging.join(", ")));
    }
    match (&member["failure"], &of("sentence")) {
        (why @ Value::String(_), _) if member["state"] != "reporting" => parts.push(text(why)),
        (_, sentence @ Value::String(_)) => parts.push(text(sentence)),
        _ => {}
    }
    let mark = if paging.is_empty() { mark } else { mark.max(Mark::Bad) };
    (mark, parts.join("; "))
}

fn references(page: &mut Page, status: &Value) {
    let all = list(&status["references"]).count();
    if all == 0 {
        return;
    }
    page.title("References", &format!("{} of {all} agree", text(&status["chain"]["agree"])));
    for reference in list(&status["references"]).take(ROWS_MAX) {
        let (mark, stands) = match reference["standing"].as_str() {
            Some("agrees") => (Mark::Good, "agrees"),
            Some("silent") => (Mark::Warn, "is silent"),
            Some("other_chain") => (Mark::Bad, "is on another chain"),
            Some("forked") => (Mark::Bad, "is on another fork"),
            Some("ahead") => (Mark::Warn, "is ahead of this node"),
            Some("behind") => (Mark::Quiet, "is behind this node"),
            _ => (Mark::Unknown, "cannot be compared yet"),
        };
        let head = match &reference["head"] {
            Value::Null => String::new(),
            head => format!(", head #{head}"),
        };
        let why = match &reference["failure"] {
            why @ Value::String(_) => format!("; {}", text(why)),
            _ => String::new(),
        };
        page.item(mark, &format!("{} {stands}{head}{why}", text(&reference["name"])));
    }
}

fn channels(page: &mut Page, status: &Value) {
    let alarms = &status["alarms"];
    if list(&alarms["channels"]).next().is_none() {
        return;
    }
    page.title("Channels", "");
    for channel in list(&alarms["channels"]).take(ROWS_MAX) {
        let counts = format!(
            "{} sent, {} waiting, {} given up",
            text(&channel["sent"]),
            text(&channel["waiting"]),
            text(&channel["given_up"])
        );
        let name = text(&channel["name"]);
        match &channel["failing"][1] {
            why @ Value::String(_) => {
                let since = crate::cli::top::words::between(&channel["failing"][0], &status["at"]);
                let lasts = since.map(span).unwrap_or_default();
                let text = format!("{name} fails for {lasts}: {}; {counts}", text(why));
                page.item(Mark::Bad, &text);
            }
            _ => page.item(Mark::Good, &format!("{name} delivers; {counts}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::top::paint::Paint;
    use crate::cli::top::sample;

    #[test]
    fn each_is_shown_with_its_standing_and_its_words() {
        let mut status = sample::signing();
        status["fleet"]["members"][1]["state"] = json!("offline");
        status["fleet"]["members"][1]["quiet_ms"] = json!(720_000);
        status["fleet"]["members"][1]["failure"] = json!("refused\u{1b}[2J");
        let report = json!({ "head": 7, "paging": ["head_stalled"], "sentence": "It waits." });
        let other = json!({ "name": "wax-1", "state": "reporting", "role": "A", "report": report });
        status["fleet"]["members"].as_array_mut().unwrap().push(other);
        status["references"][0]["standing"] = json!("forked");
        status["alarms"]["channels"] = json!([
            { "name": "email", "failing": null, "sent": 3, "waiting": 0, "given_up": 0 },
            { "name": "slack", "failing": ["2026-11-21T02:47:07.098", "timed out"], "sent": 0,
              "waiting": 2, "given_up": 1 },
        ]);
        let mut page = Page::new(120, Paint::of(false, true));
        others(&mut page, &status);
        let shown: Vec<String> = page.into_lines().iter().map(ToString::to_string).collect();
        for expected in [
            "  ✓ oslo-1: reports; head #181223344; eosstorebest signs: its block #181223340 was seen 3 s ago.",
            "  ✗ lima-1: offline for 12 min; head #181223344; refused\u{fffd}[2J",
            "  ✗ wax-1 (A): reports; head #7; pages: head stalled; It waits.",
            "  ✗ http://reference1 is on another fork, head #181223344",
            "  ✓ email delivers; 3 sent, 0 waiting, 0 given up",
            "  ✗ slack fails for 1 min 30 s: timed out; 0 sent, 2 waiting, 1 given up",
        ] {
            assert!(shown.iter().any(|line| line == expected), "{expected}\n{shown:#?}");
        }
        let mut empty = Page::new(80, Paint::of(false, true));
        others(&mut empty, &json!({ "fleet": { "members": [] }, "references": [] }));
        assert!(empty.into_lines().is_empty());
    }
}
