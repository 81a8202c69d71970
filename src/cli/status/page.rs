//! The status as a person reads it on a terminal.

mod alarms;
mod others;
mod watched;

use std::fmt::Write;

use serde_json::Value;

use crate::cli::style::{Style, printable};
use crate::core::time::Human;

/// The whole page. With `why`, every finding and gate, open or closed.
pub(super) fn render(status: &Value, why: bool, style: Style) -> String {
    let mut page = String::new();
    head(&mut page, status, style);
    others::notices(&mut page, status, style);
    facts(&mut page, status, style);
    others::peers(&mut page, status, style);
    others::lease(&mut page, status, style);
    others::switchover(&mut page, status, style);
    references(&mut page, status, style);
    watched::host(&mut page, status, style);
    watched::fleet(&mut page, status, style);
    watched::pool(&mut page, status, style);
    alarms::alarms(&mut page, status, style);
    findings(&mut page, status, style);
    if why {
        gates(&mut page, status, style);
        quiet_rules(&mut page, status, style);
    }
    page
}

/// Text of a field, or a dash. A line of nodeos's log may be among it, and what moves a terminal's
/// cursor in that.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text),
        other => other.to_string(),
    }
}

fn human(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), |ms| Human(ms).to_string())
}

/// A block may be sent a little before its time.
fn age(value: &Value) -> String {
    match value.as_i64() {
        Some(ms) if ms < 0 => format!("{} ahead of this host's clock", Human(ms.unsigned_abs())),
        _ => format!("{} old", human(value)),
    }
}

/// A line of the page; writing to a String cannot fail.
macro_rules! line {
    ($page:expr, $($part:tt)*) => { let _ = writeln!($page, $($part)*); };
}

fn head(page: &mut String, status: &Value, style: Style) {
    let decision = &status["decision"];
    let kind = text(&decision["kind"]);
    let firing =
        list(&status["findings"]).any(|f| f["state"] == "firing" && f["severity"] == "page");
    let label = match &decision["hold"] {
        Value::String(hold) => format!("{kind}: {hold}"),
        _ => kind.clone(),
    };
    let label = match kind.as_str() {
        "alarm" | "step_down" | "act" => style.bad(&label),
        _ if firing => style.bad(&label),
        "verify" | "produce" | "handed_over" => style.warn(&label),
        _ => style.good(&label),
    };
    line!(page, "{}  [{label}]", style.bold(&text(&decision["sentence"])));
    line!(
        page,
        "{}",
        style.dim(&format!(
            "node {}, role {} ({}), producer {}, eoskeeper {}, judged {} UTC",
            text(&status["node_name"]),
            text(&status["role"]),
            text(&status["role_meaning"]),
            text(&status["producer"]["name"]),
            text(&status["eoskeeper"]),
            text(&status["at"]),
        ))
    );
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn facts(page: &mut String, status: &Value, style: Style) {
    let (node, chain, producer) = (&status["node"], &status["chain"], &status["producer"]);
    line!(page, "\n{}", style.bold("Node"));
    let api = match &node["api_failure"] {
        Value::String(why) => style.bad(&format!("does not answer: {why}")),
        _ if node["api_answers"] == true => "answers".to_owned(),
        _ => "not asked yet".to_owned(),
    };
    line!(page, "  RPC           {api}, nodeos {}", text(&node["version"]));
    let paused = match (&node["paused"], &node["paused_failure"]) {
        (Value::Bool(true), _) => "paused".to_owned(),
        (Value::Bool(false), _) => "not paused".to_owned(),
        (_, Value::String(why)) => format!("not known: {why}"),
        _ => "not known".to_owned(),
    };
    line!(page, "  Production    {paused}");
    if let Value::String(_) = node["process"] {
        let process = text(&node["process"]);
        let process = match process.split(':').next() {
            Some("ended") => style.bad(&process),
            Some("not watched") => style.warn(&process),
            _ => process,
        };
        line!(page, "  Process       {process}");
    }
    line!(
        page,
        "  Log           {} {} events, {} other lines, {} losses",
        text(&node["log"]),
        text(&node["log_events"]),
        text(&node["log_others"]),
        text(&node["log_lost"])
    );
    line!(page, "  Peers         {}", text(&node["peers"]));
    line!(page, "\n{}", style.bold("Chain"));
    line!(
        page,
        "  Head          #{} by {}, {}",
        text(&chain["head"]),
        text(&chain["head_producer"]),
        age(&chain["head_age_ms"])
    );
    line!(page, "  Irreversible  #{}", text(&chain["lib"]));
    line!(
        page,
        "  Schedule      {} producers, a round is {}",
        text(&chain["producers"]),
        human(&chain["round_ms"])
    );
    line!(page, "  Watched since {}", text(&chain["watched_since"]));
    line!(page, "\n{}", style.bold("Producer"));
    line!(page, "  Last block    {}", last_block(&producer["last_block"]));
    line!(
        page,
        "  Silent for    {} of {} that this role waits",
        human(&producer["silent_ms"]),
        human(&producer["wait_ms"])
    );
    line!(page, "  Next turn     {} UTC, or running since", text(&producer["next_turn"]));
    line!(
        page,
        "  Missed        {} slots in the turns seen; rounds without a block, up to now: {}",
        text(&producer["missed_slots"]),
        text(&producer["missed_rounds"]),
    );
    promotion(page, status, style);
}

fn last_block(block: &Value) -> String {
    if block.is_null() {
        return "none seen yet".to_owned();
    }
    format!(
        "#{} of {}, {} {} ago",
        text(&block["number"]),
        text(&block["time"]),
        text(&block["via"]),
        human(&block["seen_ago_ms"])
    )
}

fn promotion(page: &mut String, status: &Value, style: Style) {
    let promotion = &status["promotion"];
    line!(page, "\n{}", style.bold("Promotion"));
    let means = match (promotion["configured"] == true, promotion["dry_run"] == true) {
        (false, _) => "nothing configured to act with",
        (true, true) => "dry run",
        (true, false) => "configured",
    };
    line!(page, "  Stage         {} ({means})", text(&promotion["stage"]));
    line!(page, "  Position      {}", others::position(status));
    if let Some(gate) = list(&status["gates"]).find(|gate| gate["name"] == "budget") {
        let used = text(&gate["sentence"]);
        let used = if gate["closed"].is_null() { used } else { style.bad(&used) };
        line!(page, "  Budget        {used}");
    }
    if let Value::String(since) = &promotion["promoted_at"] {
        line!(page, "  Promoted at   {since}");
    }
    // The other gates open and close with the chain; this one waits for a person.
    if let Some(gate) = list(&status["gates"]).find(|g| g["closed"] == "latch_unusable") {
        line!(page, "  State         {}", style.bad(&text(&gate["sentence"])));
    }
}

fn references(page: &mut String, status: &Value, style: Style) {
    let all: Vec<&Value> = list(&status["references"]).collect();
    if all.is_empty() {
        return;
    }
    line!(page, "\n{}", style.bold("References"));
    let chain = &status["chain"];
    line!(
        page,
        "  {} of {} agree; best head #{}, median #{}; this node is {} the median",
        text(&chain["agree"]),
        all.len(),
        text(&chain["best"]),
        text(&chain["median"]),
        watched::lag(&chain["lag_blocks"])
    );
    for reference in all {
        let standing = text(&reference["standing"]);
        let mark = format!("{standing:<11}");
        let mark = if standing == "agrees" { style.good(&mark) } else { style.warn(&mark) };
        let failure = match &reference["failure"] {
            Value::String(why) => format!(", {why}"),
            _ => String::new(),
        };
        line!(
            page,
            "  {mark} {}: head #{}{failure}",
            text(&reference["name"]),
            text(&reference["head"])
        );
    }
}

/// The rules that fire, each with what it is measured by and since when.
fn findings(page: &mut String, status: &Value, style: Style) {
    let firing: Vec<&Value> =
        list(&status["findings"]).filter(|f| f["state"] == "firing").collect();
    if firing.is_empty() {
        line!(page, "\n{}", style.good("No finding."));
        return;
    }
    line!(page, "\n{}", style.bold("Findings"));
    for finding in firing {
        let mark = match finding["severity"].as_str() {
            Some("page") => style.bad("firing "),
            _ => style.warn("firing "),
        };
        line!(page, "  {mark} {:<22} {}", text(&finding["rule"]), text(&finding["saw"]));
        let (threshold, since) = (text(&finding["threshold"]), text(&finding["since"]));
        let more = format!("{:33}fires at: {threshold}; since {since} UTC", "");
        line!(page, "{}", style.dim(&more));
    }
}

/// The rules that do not fire, a line each.
fn quiet_rules(page: &mut String, status: &Value, style: Style) {
    line!(page, "\n{}", style.bold("Rules that do not fire"));
    for finding in list(&status["findings"]).filter(|f| f["state"] != "firing") {
        let mark = match finding["state"].as_str() {
            Some("unknown") => style.dim("unknown"),
            _ => style.good("fine   "),
        };
        let threshold = style.dim(&format!("(fires at: {})", text(&finding["threshold"])));
        let saw = text(&finding["saw"]);
        line!(page, "  {mark} {:<22} {saw} {threshold}", text(&finding["rule"]));
    }
}

fn gates(page: &mut String, status: &Value, style: Style) {
    let all: Vec<&Value> = list(&status["gates"]).collect();
    if all.is_empty() {
        return;
    }
    line!(page, "\n{}", style.bold("Gates before a promotion"));
    for gate in all {
        let mark = match &gate["closed"] {
            Value::String(_) => style.warn("closed"),
            _ => style.good("open  "),
        };
        let opens = match &gate["opens_in_ms"] {
            Value::Null => String::new(),
            ms => format!(" Opens in {}, if nothing else changes.", human(ms)),
        };
        line!(page, "  {mark} {:<10} {}{opens}", text(&gate["name"]), text(&gate["sentence"]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::keeper::Keeper;
    use crate::core::settings::{Role, Settings};
    use crate::core::time::Now;

    #[test]
    fn shows_every_gate_and_finding_of_a_keeper_that_has_just_started() {
        let settings = Settings::new(Role::FirstStandby, "eosstorebest".parse().unwrap());
        let mut keeper = Keeper::new(settings, Now::default(), Ok(None));
        let now = Now::default().plus_ms(1_000);
        keeper.tick(now);
        let status = serde_json::to_value(keeper.status(now)).unwrap();
        let page = render(&status, true, Style::of_stdout());
        for gate in keeper.gates() {
            assert!(page.contains(&*gate.sentence), "{}:\n{page}", gate.name);
        }
        for finding in keeper.findings() {
            assert!(page.contains(finding.rule.as_str()), "{}:\n{page}", finding.rule);
        }
        assert!(page.starts_with("The active schedule is not known"), "{page}");
        let short = render(&status, false, Style::of_stdout());
        assert!(short.contains("No finding.") && !short.contains("Gates"), "{short}");
    }

    #[test]
    fn the_node_s_name_its_process_and_the_budget_are_shown() {
        let spent = "3 of 3 promotions used within 1 day 0 h.";
        let status = serde_json::json!({
            "node_name": "tokyo-1", "role": "B",
            "node": { "process": "ended: process 4711 ended" },
            "gates": [{ "name": "budget", "closed": "budget_spent", "sentence": spent }],
        });
        let page = render(&status, false, Style::plain());
        for expected in [
            "  Process       ended: process 4711 ended".to_owned(),
            format!("  Budget        {spent}"),
        ] {
            assert!(page.lines().any(|line| line == expected), "{expected}\n{page}");
        }
        assert!(page.contains("node tokyo-1, role B"), "{page}");
    }

    #[test]
    fn a_head_before_its_time_has_no_negative_age() {
        for (ms, expected) in [(-400, "400 ms ahead of this host's clock"), (900, "900 ms old")] {
            assert_eq!(age(&serde_json::json!(ms)), expected);
        }
        assert_eq!(age(&Value::Null), "- old");
    }

    #[test]
    fn what_moves_a_cursor_is_not_passed_on() {
        let saw = "last unknown line: \x1b]0;title\x07\x1b[2J\u{9b}31m";
        let finding = serde_json::json!({ "rule": "log_deaf", "state": "firing", "saw": saw });
        let status = serde_json::json!({ "findings": [finding] });
        let page = render(&status, true, Style::plain());
        assert!(page.contains("last unknown line: \u{fffd}]0;title"), "{page}");
        assert!(!page.contains(|c: char| c.is_control() && c != '\n'), "{page:?}");
    }

    #[test]
    fn a_state_that_cannot_be_used_is_shown_without_why() {
        let settings = Settings::new(Role::FirstStandby, "eosstorebest".parse().unwrap());
        let latch = Err("state.sqlite is damaged".to_owned());
        let mut keeper = Keeper::new(settings, Now::default(), latch);
        let now = Now::default().plus_ms(1_000);
        keeper.tick(now);
        let status = serde_json::to_value(keeper.status(now)).unwrap();
        let page = render(&status, false, Style::plain());
        let line = "  State         The state on disk cannot be used: state.sqlite is damaged.";
        assert!(page.lines().any(|shown| shown == line), "{page}");
    }
}
