//! Node, chain, producer, standbys: a line or two for each.

use serde_json::Value;

use crate::cli::top::level::is_fresh;
use crate::cli::top::page::Page;
use crate::cli::top::paint::Mark;
use crate::cli::top::words::{count, list, spaced, span, span_of, text, time};

/// Node, chain, producer, our other nodes, the lease and a switchover.
pub(in crate::cli::top) fn cards(page: &mut Page, status: &Value) {
    page.title("Now", "");
    node(page, status);
    chain(page, status);
    producer(page, status);
    standbys(page, status);
    lease(page, status);
    switchover(page, status);
}

fn node(page: &mut Page, status: &Value) {
    let node = &status["node"];
    let process = text(&node["process"]);
    let (mark, word) = match (process.starts_with("ended"), &node["api_failure"], &node["paused"]) {
        (true, ..) => (Mark::Bad, "Has ended"),
        (_, Value::String(_), _) => (Mark::Bad, "Does not answer"),
        _ if node["api_answers"] != true => (Mark::Unknown, "Not asked yet"),
        (_, _, Value::Bool(true)) => (Mark::Good, "Runs, paused"),
        (_, _, Value::Bool(false)) if status["role"] != "F" => (Mark::Good, "Runs, able to sign"),
        _ => (Mark::Good, "Runs"),
    };
    let mut rest: Vec<String> = Vec::new();
    match &node["api_failure"] {
        Value::String(why) => rest.push(text(&Value::from(why.as_str()))),
        _ => rest.push(format!("nodeos {}", text(&node["version"]))),
    }
    if let Value::String(why) = &node["paused_failure"] {
        rest.push(format!("not known whether paused: {why}"));
    }
    if node["process"].is_string() {
        rest.push(process);
    }
    rest.push(format!("log: {}", text(&node["log"]).trim_end_matches('.')));
    if let Some(peers) = node["peers"].as_u64() {
        rest.push(count(peers, "peer"));
    }
    page.row("Node", mark, word, &rest.join("; "));
}

/// Rules that say that the chain does not go on here, or is another, and what each amounts to.
const CHAIN_RULES: [(&str, &str); 4] = [
    ("forked_from_references", "On its own fork"),
    ("head_stalled", "Stands still"),
    ("lib_stalled", "Becomes final no more"),
    ("behind_references", "Behind the others"),
];

fn chain(page: &mut Page, status: &Value) {
    let chain = &status["chain"];
    let fires = |rule: &str| {
        list(&status["findings"]).any(|it| it["rule"] == *rule && it["state"] == "firing")
    };
    let bad = CHAIN_RULES.iter().find(|(rule, _)| fires(rule));
    let (mark, word) = match (bad, &chain["head"], &chain["watched_since"]) {
        (Some((_, word)), ..) => (Mark::Bad, *word),
        (None, Value::Null, _) => (Mark::Unknown, "Not seen yet"),
        (None, _, Value::Null) => (Mark::Unknown, "Cannot be seen now"),
        (None, ..) => (Mark::Good, "Moves"),
    };
    let mut rest = Vec::new();
    if let Some(head) = chain["head"].as_u64() {
        let age = match chain["head_age_ms"].as_i64() {
            None => String::new(),
            Some(ms) if ms < 0 => {
                format!(", {} ahead of this host's clock", span(ms.unsigned_abs()))
            }
            Some(ms) => format!(", {} old", span(ms.unsigned_abs())),
        };
        rest.push(format!("#{head} by {}{age}", text(&chain["head_producer"])));
        if let Some(lib) = chain["lib"].as_u64() {
            rest.push(format!("final up to {} before", count(head.saturating_sub(lib), "block")));
        }
    }
    rest.push(references(status));
    page.row("Chain", mark, word, &rest.join("; "));
}

fn references(status: &Value) -> String {
    let all = list(&status["references"]).count();
    if all == 0 {
        return "no references".to_owned();
    }
    let lag = match status["chain"]["lag_blocks"].as_i64() {
        None => "not comparable with their median".to_owned(),
        Some(0) => "level with their median".to_owned(),
        Some(lag) => {
            let how = if lag > 0 { "behind" } else { "ahead of" };
            format!("{} {how} their median", count(lag.unsigned_abs(), "block"))
        }
    };
    format!("{} of {all} references agree, {lag}", text(&status["chain"]["agree"]))
}

fn producer(page: &mut Page, status: &Value) {
    let producer = &status["producer"];
    let (silent, wait) = (producer["silent_ms"].as_u64(), producer["wait_ms"].as_u64());
    let round = status["chain"]["round_ms"].as_u64();
    let has_block = !producer["last_block"].is_null();
    let (mark, word) = match silent {
        _ if producer["scheduled"] == false => (Mark::Quiet, "Not in the schedule".to_owned()),
        None if has_block => (Mark::Unknown, "Cannot be seen now".to_owned()),
        None => (Mark::Unknown, "Not seen yet".to_owned()),
        Some(ms) if wait.is_some_and(|wait| ms >= wait) => {
            (Mark::Bad, format!("Missing for {}", span(ms)))
        }
        Some(ms) if round.is_some_and(|round| ms > round) => {
            (Mark::Warn, format!("Silent for {}", span(ms)))
        }
        Some(_) if has_block => (Mark::Good, "Signs".to_owned()),
        Some(_) => (Mark::Unknown, "No block seen yet".to_owned()),
    };
    let block = &producer["last_block"];
    let mut rest = Vec::new();
    if has_block {
        let via = match block["via"].as_str() {
            Some("produced") => "signed here",
            Some("received") => "received",
            _ => "polled",
        };
        let ago = span_of(&block["seen_ago_ms"]);
        rest.push(format!("#{}, {ago} ago, {via}", text(&block["number"])));
    }
    if let (Some(silent), Some(wait)) = (silent, wait) {
        rest.push(format!("silent for {} of {} that this role waits", span(silent), span(wait)));
    }
    if let rounds @ 1.. = producer["missed_rounds"].as_u64().unwrap_or_default() {
        rest.push(format!("{} in a row without a block", count(rounds, "round")));
    }
    page.row("Producer", mark, &word, &rest.join("; "));
}

fn standbys(page: &mut Page, status: &Value) {
    let peers: Vec<&Value> = list(&status["peers"]).collect();
    let label = if status["role"] == "A" { "Standbys" } else { "Our others" };
    if peers.is_empty() {
        page.row(label, Mark::Quiet, "None that we talk to", "");
        return;
    }
    let heard: Vec<&Value> = peers.iter().filter(|peer| is_fresh(peer)).copied().collect();
    let signer = heard.iter().find(|peer| peer["status"]["signing"] == "yes");
    let ready = heard.iter().filter(|peer| peer["status"]["ready"] == true).count();
    let (silent, all) = (peers.len() - heard.len(), peers.len());
    let is_ours = status["promotion"]["position"] == "active" && status["role"] != "F";
    let (mark, word) = match signer {
        _ if silent > 0 => (Mark::Warn, format!("{silent} of {all} silent")),
        Some(signer) => (Mark::Good, format!("{} signs", text(&signer["name"]))),
        None if is_ours && ready == 0 => (Mark::Warn, "None is ready".to_owned()),
        None if is_ours => (Mark::Good, format!("{ready} of {all} ready")),
        None => (Mark::Warn, "None of them signs".to_owned()),
    };
    page.row(label, mark, &word, "");
    for peer in peers {
        let (mark, said) = standing(peer);
        let role = match &peer["status"]["role"] {
            Value::String(role) => format!(" ({role})"),
            _ => String::new(),
        };
        page.item(mark, &format!("{}{role} {said}", text(&peer["name"])));
    }
}

/// What a peer's keeper says of its node, in a few words.
fn standing(peer: &Value) -> (Mark, String) {
    let said = &peer["status"];
    if !is_fresh(peer) {
        let why = match &peer["failure"] {
            Value::String(_) => text(&peer["failure"]),
            _ => "says nothing".to_owned(),
        };
        let last = match peer["said_ago_ms"].as_u64() {
            None => "never heard".to_owned(),
            Some(ms) => format!("last heard {} ago", span(ms)),
        };
        return (Mark::Bad, format!("is silent: {why}; {last}"));
    }
    let (mark, signs) = match (said["signing"].as_str(), said["ready"] == true) {
        (Some("yes"), _) => (Mark::Good, "signs"),
        (Some("beginning"), _) => (Mark::Warn, "begins to sign"),
        (Some("no"), true) => (Mark::Good, "at rest, ready"),
        (Some("no"), false) => (Mark::Quiet, "at rest, not ready"),
        _ => (Mark::Warn, "cannot say whether it signs"),
    };
    let is_still = said["head_moves"] != true;
    let moves = if is_still { ", its head stands still" } else { "" };
    let maintenance =
        if said["maintenance_until"].is_string() { ", under maintenance" } else { "" };
    let mark = if is_still { mark.max(Mark::Warn) } else { mark };
    (mark, format!("{signs}{moves}{maintenance}, head #{}", text(&said["head"])))
}

fn lease(page: &mut Page, status: &Value) {
    let lease = &status["lease"];
    if !lease.is_object() {
        return;
    }
    let held = match (&lease["holder"], lease["ours_for_ms"].as_u64()) {
        (_, Some(ms)) => format!("Ours for {}", span(ms)),
        (Value::String(_), None) => format!("Held by {}", text(&lease["holder"])),
        _ => "Held by nobody, or not known".to_owned(),
    };
    match &lease["failure"] {
        Value::String(_) => {
            let why = format!("etcd gives no answer: {}", text(&lease["failure"]));
            page.row("Lease", Mark::Bad, &held, &why);
        }
        _ => page.row("Lease", Mark::Good, &held, &format!("token {}", text(&lease["token"]))),
    }
}

fn switchover(page: &mut Page, status: &Value) {
    let switchover = &status["switchover"];
    if !switchover.is_object() {
        return;
    }
    let mark = match switchover["step"].as_str() {
        Some("done") => Mark::Good,
        Some("failed" | "unknown") => Mark::Bad,
        _ => Mark::Warn,
    };
    let word = format!("{}, to {}", spaced(&text(&switchover["step"])), text(&switchover["to"]));
    let until = time(&switchover["until"]).map(crate::cli::top::words::clock);
    let until = until.map(|until| format!(" Until {until} UTC.")).unwrap_or_default();
    let said = format!("{}{until}", text(&switchover["step_sentence"]));
    page.row("Switchover", mark, &word, &said);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::top::paint::Paint;
    use crate::cli::top::sample;

    fn shown(change: fn(&mut Value)) -> String {
        let mut status = sample::signing();
        change(&mut status);
        let mut page = Page::new(200, Paint::of(false, true));
        cards(&mut page, &status);
        page.into_lines().iter().map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn each_line_says_the_worst_that_is_known() {
        type Case = (&'static str, fn(&mut Value), &'static str);
        let cases: [Case; 14] = [
            ("well", |_| {}, "Node       ✓ Runs, able to sign  nodeos v1.2.2"),
            ("paused", |s| s["node"]["paused"] = json!(true), "✓ Runs, paused"),
            (
                "mute",
                |s| s["node"]["api_failure"] = json!("timed out"),
                "✗ Does not answer  timed out",
            ),
            ("ended", |s| s["node"]["process"] = json!("ended: process 7 ended"), "✗ Has ended"),
            (
                "chain",
                |_| {},
                "#181223344 by eosstorebest, 0 ms old; final up to 333 blocks before",
            ),
            ("level", |_| {}, "1 of 1 references agree, level with their median"),
            ("behind", |s| s["chain"]["lag_blocks"] = json!(3), "3 blocks behind their median"),
            ("late", |s| s["producer"]["silent_ms"] = json!(19_000), "▲ Silent for 19 s"),
            (
                "missing",
                |s| s["producer"]["silent_ms"] = json!(400_000),
                "✗ Missing for 6 min 40 s",
            ),
            ("unelected", |s| s["producer"]["scheduled"] = json!(false), "· Not in the schedule"),
            ("ready", |_| {}, "Standbys   ✓ 2 of 2 ready"),
            ("silent", |s| s["peers"][1]["said_ago_ms"] = json!(60_000), "▲ 1 of 2 silent"),
            (
                "held",
                |s| s["lease"] = json!({ "holder": "b\u{1b}[2J", "token": 7 }),
                "Lease      ✓ Held by b\u{fffd}[2J  token 7",
            ),
            (
                "moved",
                |s| {
                    s["switchover"] =
                        json!({ "step": "failed", "to": "b", "step_sentence": "No." });
                },
                "Switchover ✗ failed, to b  No.",
            ),
        ];
        for (name, change, expected) in cases {
            let page = shown(change);
            assert!(page.contains(expected), "{name}: {expected}\n{page}");
        }
    }

    #[test]
    fn a_peer_is_believed_only_while_it_speaks() {
        let peer = sample::signing()["peers"][0].clone();
        assert_eq!(standing(&peer), (Mark::Good, "at rest, ready, head #181223344".to_owned()));
        let mut old = peer.clone();
        old["said_ago_ms"] = json!(5_001);
        assert_eq!(standing(&old).1, "is silent: says nothing; last heard 5 s ago");
        let never =
            json!({ "name": "x", "status": null, "said_ago_ms": null, "failure": "refused" });
        assert_eq!(standing(&never), (Mark::Bad, "is silent: refused; never heard".to_owned()));
    }
}
