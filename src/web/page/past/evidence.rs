//! What a decision was judged by, as the history keeps it: the gates that were closed, what fired,
//! and the facts they stood on.

use maud::{Markup, html};
use serde_json::Value;

use crate::web::page::escape::clean;
use crate::web::page::words;

/// Most gates or findings of one decision.
const LINES_MAX: usize = 40;

/// The evidence of one decision.
pub(super) fn list(evidence: &Value) -> Markup {
    let gates = lines(&evidence["gates"], |gate| {
        let is_closed = gate["closed"].is_string();
        is_closed.then(|| (text(&gate["name"]), text(&gate["sentence"])))
    });
    let findings = lines(&evidence["findings"], |finding| {
        let saw = format!("{}; fires at: {}", text(&finding["saw"]), text(&finding["threshold"]));
        Some((text(&finding["rule"]), saw))
    });
    let facts = facts(evidence);
    html! {
        @for (title, lines) in [("Gates that were closed", &gates), ("What fired", &findings), ("Facts", &facts)] {
            @if !lines.is_empty() {
                p class="quiet" { (title) }
                dl {
                    @for (name, value) in lines { div { dt { (name) } dd { (value) } } }
                }
            }
        }
        @if gates.is_empty() && findings.is_empty() && facts.is_empty() {
            p { "No evidence was kept with it." }
        }
    }
}

fn lines(
    value: &Value,
    line: impl Fn(&Value) -> Option<(String, String)>,
) -> Vec<(String, String)> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(line).map(|(name, said)| (words::spaced(&name), said)).take(LINES_MAX).collect()
}

/// The few figures a person asks for first.
fn facts(evidence: &Value) -> Vec<(String, String)> {
    let (chain, producer, node) = (&evidence["chain"], &evidence["producer"], &evidence["node"]);
    let rows = [
        ("head", block(&chain["head"]), &chain["head_age_ms"], " old"),
        ("irreversible", block(&chain["lib"]), &Value::Null, ""),
        (
            "last own block",
            block(&producer["last_block"]["number"]),
            &producer["silent_ms"],
            " silent",
        ),
        ("RPC", failure(&node["api_failure"]), &Value::Null, ""),
        ("process", string(&node["process"]), &Value::Null, ""),
    ];
    let rows = rows.into_iter().filter_map(|(name, said, ms, after)| {
        let age = ms.as_i64().map_or_else(String::new, |ms| {
            format!(", {}{after}", words::span(ms.max(0).unsigned_abs()))
        });
        said.map(|said| (name.to_owned(), format!("{said}{age}")))
    });
    rows.collect()
}

fn block(value: &Value) -> Option<String> {
    value.as_u64().map(|number| format!("#{number}"))
}

fn failure(value: &Value) -> Option<String> {
    string(value).map(|why| format!("does not answer: {why}"))
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(clean)
}

fn text(value: &Value) -> String {
    string(value).unwrap_or_else(|| "?".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::entry::Entry;
    use crate::web::page::sample;

    #[test]
    fn the_evidence_of_a_real_decision_is_told() {
        let status = sample::at_rest();
        let page = list(&Entry::decision(&status).evidence).into_string();
        let closed = status.gates.iter().find(|gate| gate.closed.is_some()).unwrap();
        assert!(page.contains("Gates that were closed"), "{page}");
        assert!(page.contains(&words::spaced(closed.name)), "{page}");
        assert!(page.contains("<dt>head</dt>"), "{page}");
    }

    #[test]
    fn evidence_of_another_shape_is_no_fault() {
        for odd in [Value::Null, serde_json::json!({ "left_out_bytes": 70_000 }), "x".into()] {
            assert!(list(&odd).into_string().contains("No evidence was kept"), "{odd}");
        }
    }
}
