//! What a status amounts to, as the status page judges it: well, to be looked at, or to be acted on.

use serde_json::Value;

use super::paint::Mark;
use super::words::list;

/// A peer that has said nothing for longer than this is not believed any more, milliseconds; peers
/// speak every second, and the keeper's own judgement has the same bound.
const PEER_FRESH_MS: u64 = 5_000;

/// The mark of the whole, and one to three words that say why.
pub(super) fn judge(status: &Value) -> (Mark, &'static str) {
    let kind = status["decision"]["kind"].as_str().unwrap_or_default();
    let mark = if is_bad(status, kind) {
        Mark::Bad
    } else if is_odd(status, kind) {
        Mark::Warn
    } else {
        Mark::Good
    };
    let word = match (kind, mark) {
        ("act" | "step_down", _) => "Acting",
        ("verify", _) => "Waiting for proof",
        (_, Mark::Bad) => "Act now",
        ("produce", Mark::Warn) => "Signing on standby",
        ("handed_over", Mark::Warn) => "Handed over",
        (_, Mark::Warn) if status["maintenance"].is_object() => "Maintenance",
        (_, Mark::Warn) => "Look into it",
        _ => "All is well",
    };
    (mark, word)
}

/// The mark of a severity's word.
pub(super) fn mark_of(severity: &Value) -> Mark {
    match severity.as_str() {
        Some("page") => Mark::Bad,
        Some("warn") => Mark::Warn,
        _ => Mark::Quiet,
    }
}

/// Whether what a peer said last counts still.
pub(super) fn is_fresh(peer: &Value) -> bool {
    let heard = peer["said_ago_ms"].as_u64();
    peer["status"].is_object() && heard.is_some_and(|ms| ms <= PEER_FRESH_MS)
}

/// Incidents that stand, the worst first, of equals the newest.
pub(super) fn standing(status: &Value) -> Vec<&Value> {
    let all = list(&status["alarms"]["incidents"]);
    let mut standing: Vec<&Value> = all.filter(|incident| incident["ended"].is_null()).collect();
    standing.reverse();
    standing.sort_by_key(|incident| std::cmp::Reverse(mark_of(&incident["severity"])));
    standing
}

/// Rules that fire and are more than good to know.
pub(super) fn firing(status: &Value) -> impl Iterator<Item = &Value> {
    list(&status["findings"])
        .filter(|finding| finding["state"] == "firing" && finding["severity"] != "info")
}

fn is_bad(status: &Value, kind: &str) -> bool {
    matches!(kind, "alarm" | "act" | "step_down") || worst(status) == Mark::Bad
}

/// The worst that fires or stands.
fn worst(status: &Value) -> Mark {
    let all = firing(status).chain(standing(status));
    all.map(|it| mark_of(&it["severity"])).max().unwrap_or(Mark::Good)
}

fn is_odd(status: &Value, kind: &str) -> bool {
    let decides = match kind {
        "verify" | "produce" | "handed_over" => true,
        // Reasons to hold while all is as it should be.
        "hold" => !matches!(
            status["decision"]["hold"].as_str(),
            Some("producer_seen" | "peer_signing" | "not_scheduled" | "already_producing")
        ),
        _ => false,
    };
    decides
        || worst(status) == Mark::Warn
        || status["maintenance"].is_object()
        || list(&status["peers"]).any(|peer| !is_fresh(peer))
        || list(&status["alarms"]["channels"]).any(|channel| !channel["failing"].is_null())
        || status["lease"]["failure"].is_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::top::sample;

    #[test]
    fn the_level_is_the_worst_that_is_known() {
        type Case = (&'static str, fn(&mut Value), Mark, &'static str);
        let incident = |severity: &str| json!([{ "severity": severity, "ended": null }]);
        let cases: [Case; 9] = [
            ("all well", |_| {}, Mark::Good, "All is well"),
            (
                "at rest",
                |s| s["decision"] = json!({ "kind": "hold", "hold": "producer_seen" }),
                Mark::Good,
                "All is well",
            ),
            (
                "blind",
                |s| s["decision"] = json!({ "kind": "hold", "hold": "evidence_torn" }),
                Mark::Warn,
                "Look into it",
            ),
            ("alarm", |s| s["decision"]["kind"] = json!("alarm"), Mark::Bad, "Act now"),
            ("acts", |s| s["decision"]["kind"] = json!("act"), Mark::Bad, "Acting"),
            (
                "on standby",
                |s| s["decision"]["kind"] = json!("produce"),
                Mark::Warn,
                "Signing on standby",
            ),
            (
                "maintained",
                |s| s["maintenance"] = json!({ "until": "x" }),
                Mark::Warn,
                "Maintenance",
            ),
            (
                "peer lost",
                |s| s["peers"][0]["said_ago_ms"] = json!(5_001),
                Mark::Warn,
                "Look into it",
            ),
            (
                "lease lost",
                |s| s["lease"] = json!({ "failure": "timed out" }),
                Mark::Warn,
                "Look into it",
            ),
        ];
        for (name, change, mark, word) in cases {
            let mut status = sample::signing();
            change(&mut status);
            assert_eq!(judge(&status), (mark, word), "{name}");
        }
        for (severity, mark) in [("page", Mark::Bad), ("warn", Mark::Warn), ("info", Mark::Good)] {
            let mut status = sample::signing();
            status["alarms"]["incidents"] = incident(severity);
            assert_eq!(judge(&status).0, mark, "{severity}");
        }
    }

    #[test]
    fn the_worst_incident_stands_first_and_what_ended_does_not() {
        let incident = |id: &str, severity: &str, ended: Value| json!({ "id": id, "severity": severity, "ended": ended });
        let status = json!({ "alarms": { "incidents": [
            incident("old", "warn", Value::Null),
            incident("over", "page", json!("t")),
            incident("bad", "page", Value::Null),
            incident("new", "warn", Value::Null),
        ] } });
        let ids: Vec<_> = standing(&status).iter().map(|it| it["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["bad", "new", "old"]);
    }
}
