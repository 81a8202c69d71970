use serde_json::json;

use super::super::render;
use super::*;

fn page(status: &Value) -> String {
    render(status, false, Style::plain())
}

/// A peer that spoke half a second ago, with some fields changed.
fn peer(name: &str, role: &str, signing: &str, more: &Value) -> Value {
    let mut status = json!({
        "node": name, "role": role, "signing": signing, "signing_since": null, "ready": true,
        "head": 4711, "head_moves": true, "maintenance_until": null, "taken": null,
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        status[key] = value.clone();
    }
    json!({ "name": name, "status": status, "said_ago_ms": 500, "failure": null })
}

#[test]
fn a_peer_is_one_line_that_says_all() {
    let since = json!({ "signing_since": "2026-11-21T02:48:37.000" });
    let taken = json!({
        "ready": false,
        "taken": { "id": "20261121T024837-cut_off", "state": "proven", "sentence": "Block #9." },
    });
    let silent = |said: Value, why: Value| json!({ "name": "b", "status": said, "said_ago_ms": 60_000, "failure": why });
    let unheard = json!({ "name": "c", "status": null, "said_ago_ms": null, "failure": null });
    let said = peer("b", "B", "no", &json!({}))["status"].clone();
    for (name, peer, expected) in [
        (
            "signs",
            peer("a", "A", "yes", &since),
            "signs      a (role A) since 2026-11-21T02:48:37.000 UTC, head #4711; heard 500 ms ago",
        ),
        (
            "ready",
            peer("b", "B", "no", &json!({})),
            "is passive b (role B), ready, head #4711; heard 500 ms ago",
        ),
        (
            "took a handover",
            peer("b", "B", "beginning", &taken),
            "begins     b (role B), not ready, head #4711; heard 500 ms ago; handover \
             20261121T024837-cut_off: proven: Block #9.",
        ),
        (
            "its keeper cannot tell",
            peer("b", "B", "unknown", &json!({ "head": null, "head_moves": false })),
            "unclear    b (role B): whether it signs is not known, ready, head #- (does not move); heard 500 ms ago",
        ),
        (
            "maintenance",
            peer("b", "B", "no", &json!({ "maintenance_until": "2026-11-21T03:00:00.000" })),
            "is passive b (role B), ready, head #4711, under maintenance until \
             2026-11-21T03:00:00.000; heard 500 ms ago",
        ),
        (
            "silent",
            silent(said.clone(), json!("connection refused\u{1b}[2J")),
            "silent     b: connection refused\u{fffd}[2J; last heard 1 min ago",
        ),
        ("old", silent(said, Value::Null), "silent     b: says nothing more; last heard 1 min ago"),
        ("unheard", unheard, "silent     c: not heard yet"),
    ] {
        let shown = page(&json!({ "peers": [peer] }));
        let line = shown.lines().find(|line| *line == format!("  {expected}"));
        assert!(line.is_some(), "{name}: {expected}\n{shown}");
    }
}

#[test]
fn a_standby_that_signs_stands_at_the_top() {
    let since = json!({ "signing_since": "2026-11-21T02:48:37.000" });
    let b = peer("b", "B", "yes", &since);
    let shown = page(&json!({ "role": "A", "peers": [b.clone()] }));
    let third = shown.lines().nth(2).unwrap();
    assert_eq!(third, "Standby b signs since 2026-11-21T02:48:37.000 UTC.");
    let mut old = b;
    old["said_ago_ms"] = json!(5_001);
    let shown = page(&json!({ "role": "A", "peers": [old] }));
    assert!(!shown.contains("Standby b signs"), "what it said long ago is no news: {shown}");
}

#[test]
fn maintenance_and_a_switchover_say_what_is_left() {
    let shown = page(&json!({
        "at": "2026-11-21T02:48:37.000",
        "maintenance": { "until": "2026-11-21T03:48:37.000", "reason": "new disk" },
        "switchover": {
            "to": "b", "step": "waiting", "step_sentence": "The gap is waited for.",
            "until": "2026-11-21T02:49:20.000",
        },
    }));
    for expected in [
        "Maintenance until 2026-11-21T03:48:37.000 UTC (1 h left): new disk. Nothing is done \
         by itself.",
        "Switchover to b",
        "  waiting: The gap is waited for. Until 2026-11-21T02:49:20.000 UTC (43 s left).",
    ] {
        assert!(shown.lines().any(|line| line == expected), "{expected}\n{shown}");
    }
}

#[test]
fn the_lease_is_ours_another_s_free_or_not_known() {
    let gate = |sentence: &str| json!([{ "name": "lease", "closed": null, "sentence": sentence }]);
    for (name, lease, gates, expected) in [
        (
            "ours",
            json!({ "holder": "a", "token": 7, "ours_for_ms": 8_000, "failure": null }),
            json!([]),
            "  Holder        a (this node), token 7, ours for 8 s",
        ),
        (
            "another's",
            json!({ "holder": "b", "token": 9, "ours_for_ms": null, "failure": null }),
            json!([]),
            "  Holder        b, token 9",
        ),
        (
            "free",
            json!({ "holder": null, "token": null, "ours_for_ms": null, "failure": null }),
            gate("The lease is free."),
            "  Holder        The lease is free.",
        ),
        (
            "etcd is out",
            json!({ "holder": null, "token": null, "ours_for_ms": null, "failure": "refused" }),
            gate("Who holds the lease is not known: refused."),
            "  etcd          gives no answer: refused",
        ),
    ] {
        let shown = page(&json!({ "lease": lease, "gates": gates }));
        assert!(shown.lines().any(|line| line == expected), "{name}: {expected}\n{shown}");
    }
    assert!(!page(&json!({ "lease": null })).contains("Lease"), "none is configured");
}

#[test]
fn a_position_is_said_in_words() {
    for (role, position, ready, expected) in [
        ("A", "active", false, "signs, or is meant to"),
        ("A", "arming", true, "stopped; waits until it may sign, would take a handover"),
        ("A", "handed_over", false, "stopped; the producer was given to another node, would not"),
        ("B", "standby", true, "at rest, would take a handover"),
        ("F", "standby", false, "observes"),
    ] {
        let status = json!({ "role": role, "promotion": { "position": position, "ready": ready } });
        assert!(super::position(&status).starts_with(expected), "{role} {position}");
        assert!(page(&status).contains(expected), "{role} {position}");
    }
}
