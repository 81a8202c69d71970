//! The history as lines for people.

use serde_json::Value;

use crate::cli::style::Style;
use crate::history::entry::{Entry, What};

/// A line, and beneath it the evidence if that is wanted.
pub(super) fn render(entry: &Entry, has_evidence: bool, style: Style) -> String {
    let label = match entry.what {
        What::Decision | What::Start | What::End | What::Reload | What::Gap => entry.kind.clone(),
        What::Order | What::Outcome | What::Unknown => {
            format!("{} {}", entry.what.as_str(), entry.kind)
        }
    };
    let hold = entry.hold.as_deref().unwrap_or("");
    // Padded before it is coloured: the codes have a width too.
    let label = coloured(entry, &format!("{:<22}", printable(&label)), style);
    let (at, hold) = (style.dim(&entry.at.to_string()), printable(hold));
    let mut text = format!("{at}  {label} {hold:<18} {}\n", printable(&entry.sentence));
    if has_evidence {
        for line in evidence(entry) {
            text.push_str(&format!("    {}\n", printable(&line)));
        }
    }
    text
}

fn coloured(entry: &Entry, label: &str, style: Style) -> String {
    match (entry.what, entry.kind.as_str()) {
        (What::Decision, "watch" | "produce") => style.good(label),
        (What::Decision, "alarm" | "step_down") | (What::Gap, _) => style.bad(label),
        (What::Decision, "act" | "verify" | "handed_over") | (What::Order | What::Outcome, _) => {
            style.warn(label)
        }
        _ => label.to_owned(),
    }
}

/// Gates and findings a line each, in the words they had; the rest as it is kept.
fn evidence(entry: &Entry) -> Vec<String> {
    let Some(fields) = entry.evidence.as_object() else {
        return vec![entry.evidence.to_string()];
    };
    let mut lines = Vec::new();
    for (name, value) in fields {
        match (name.as_str(), value.as_array()) {
            ("gates", Some(gates)) => lines.extend(gates.iter().map(gate)),
            ("findings", Some(findings)) => lines.extend(findings.iter().map(finding)),
            _ => lines.push(format!("{name} {value}")),
        }
    }
    lines
}

fn gate(gate: &Value) -> String {
    let state = gate["closed"].as_str().unwrap_or("open");
    format!("gate {:<12} {state:<18} {}", word(&gate["name"]), word(&gate["sentence"]))
}

fn finding(finding: &Value) -> String {
    format!(
        "finding {} ({}): {}",
        word(&finding["rule"]),
        word(&finding["severity"]),
        word(&finding["saw"])
    )
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

/// A sentence may quote a log or a script; a terminal must not obey what it says.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::time::Timestamp;

    fn entry(what: What, kind: &str, hold: Option<&str>) -> Entry {
        Entry {
            at: Timestamp::from_ms(1_795_229_317_098),
            what,
            kind: kind.to_owned(),
            hold: hold.map(str::to_owned),
            sentence: "It said \u{1b}[2J and rang \u{7}.".to_owned(),
            incident: String::new(),
            evidence: json!({
                "gates": [
                    { "name": "scheduled", "closed": null, "sentence": "It is." },
                    { "name": "chain", "closed": "cut_off", "sentence": "The head rests." },
                ],
                "findings": [{ "rule": "head_stalled", "severity": "page", "saw": "12 s" }],
                "chain": { "head": 7 },
            }),
        }
    }

    #[test]
    fn a_line_has_time_kind_hold_and_sentence_and_nothing_a_terminal_obeys() {
        let cases = [
            (entry(What::Decision, "hold", Some("cut_off")), "hold                   cut_off "),
            (entry(What::Order, "promote", None), "order promote          "),
            (entry(What::Outcome, "promote", None), "outcome promote        "),
            (entry(What::Start, "start", None), "start                  "),
        ];
        for (entry, label) in cases {
            let line = render(&entry, false, Style::plain());
            let begin = format!("2026-11-21T02:48:37.098  {label}");
            assert!(line.starts_with(&begin), "{line}");
            assert!(line.ends_with("It said \u{fffd}[2J and rang \u{fffd}.\n"), "{line}");
            assert_eq!(line.lines().count(), 1);
        }
    }

    #[test]
    fn the_evidence_is_beneath_it_if_wanted() {
        let text = render(&entry(What::Decision, "hold", Some("cut_off")), true, Style::plain());
        let lines: Vec<_> = text.lines().skip(1).collect();
        let expected = [
            "    chain {\"head\":7}",
            "    finding head_stalled (page): 12 s",
            "    gate scheduled    open               It is.",
            "    gate chain        cut_off            The head rests.",
        ];
        assert_eq!(lines, expected);
    }
}
