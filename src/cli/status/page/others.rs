//! The part of the page about the others: who signs, the peers, the lease, what a person ordered.

use std::fmt::Write;

use serde_json::Value;

use super::{human, list, text};
use crate::cli::style::Style;
use crate::core::time::{Human, Timestamp};

/// A peer that has said nothing for longer than this is not believed any more, milliseconds; peers
/// speak every second, and the keeper's own judgement has the same bound.
const FRESH_MS: u64 = 5_000;

/// A line of the page; writing to a String cannot fail.
macro_rules! line {
    ($page:expr, $($part:tt)*) => { let _ = writeln!($page, $($part)*); };
}

/// What must not be overlooked, above all else: another node signs, maintenance.
pub(super) fn notices(page: &mut String, status: &Value, style: Style) {
    for peer in list(&status["peers"]).filter(|peer| is_fresh(peer)) {
        let said = &peer["status"];
        if said["signing"] != "yes" || status["role"] == "F" {
            continue;
        }
        let standby =
            if matches!(said["role"].as_str(), Some("B" | "C")) { "Standby " } else { "" };
        let notice =
            format!("{standby}{} signs{}.", text(&peer["name"]), since(&said["signing_since"]));
        // On a standby it is as it should be while the active node signs.
        let is_usual = said["role"] == "A";
        line!(page, "{}", if is_usual { style.dim(&notice) } else { style.warn(&notice) });
    }
    let maintenance = &status["maintenance"];
    if maintenance.is_object() {
        let notice = format!(
            "Maintenance until {} UTC{}: {}. Nothing is done by itself.",
            text(&maintenance["until"]),
            left(&status["at"], &maintenance["until"]),
            text(&maintenance["reason"])
        );
        line!(page, "{}", style.warn(&notice));
    }
}

/// What this node is at the moment, in words.
pub(super) fn position(status: &Value) -> String {
    let promotion = &status["promotion"];
    let position = match promotion["position"].as_str() {
        _ if status["role"] == "F" => return "observes".to_owned(),
        Some("active") => "signs, or is meant to",
        Some("standby") => "at rest",
        Some("arming") => "stopped; waits until it may sign",
        Some("handed_over") => "stopped; the producer was given to another node",
        _ => return text(&promotion["position"]),
    };
    let ready = match promotion["position"].as_str() {
        Some("active") => "",
        _ if promotion["ready"] == true => ", would take a handover",
        _ => ", would not take a handover now",
    };
    format!("{position}{ready}")
}

/// The keepers of our other nodes, a line each.
pub(super) fn peers(page: &mut String, status: &Value, style: Style) {
    let all: Vec<&Value> = list(&status["peers"]).collect();
    if all.is_empty() {
        return;
    }
    line!(page, "\n{}", style.bold("Peers"));
    for peer in all {
        line!(page, "  {}", peer_line(peer, style));
    }
}

fn peer_line(peer: &Value, style: Style) -> String {
    let (name, said) = (text(&peer["name"]), &peer["status"]);
    if !is_fresh(peer) {
        let why = match &peer["failure"] {
            Value::Null if said.is_null() => "not heard yet".to_owned(),
            Value::Null => "says nothing more".to_owned(),
            why => text(why),
        };
        let last = match &peer["said_ago_ms"] {
            Value::Null => String::new(),
            ms => format!("; last heard {} ago", human(ms)),
        };
        return format!("{} {name}: {why}{last}", style.bad("silent    "));
    }
    let (mark, signing) = match said["signing"].as_str() {
        Some("yes") => (style.good("signs     "), since(&said["signing_since"])),
        Some("beginning") => (style.warn("begins    "), String::new()),
        Some("no") => (style.dim("is passive"), String::new()),
        _ => (style.bad("unclear   "), ": whether it signs is not known".to_owned()),
    };
    let moves = if said["head_moves"] == true { "" } else { " (does not move)" };
    // One that signs takes no handover.
    let ready = match (said["signing"] == "yes", said["ready"] == true) {
        (true, _) => "",
        (_, true) => ", ready",
        (_, false) => ", not ready",
    };
    let maintenance = match &said["maintenance_until"] {
        Value::Null => String::new(),
        until => format!(", under maintenance until {}", text(until)),
    };
    let mut shown = format!(
        "{mark} {name} (role {}){signing}{ready}, head #{}{moves}{maintenance}; heard {} ago",
        text(&said["role"]),
        text(&said["head"]),
        human(&peer["said_ago_ms"])
    );
    let taken = &said["taken"];
    if taken.is_object() {
        let _ = write!(
            shown,
            "; handover {}: {}: {}",
            text(&taken["id"]),
            text(&taken["state"]),
            text(&taken["sentence"])
        );
    }
    shown
}

/// Whether what a peer said last counts still.
fn is_fresh(peer: &Value) -> bool {
    peer["status"].is_object() && peer["said_ago_ms"].as_u64().is_some_and(|ms| ms <= FRESH_MS)
}

/// Who may sign, as etcd keeps it.
pub(super) fn lease(page: &mut String, status: &Value, style: Style) {
    let lease = &status["lease"];
    if !lease.is_object() {
        return;
    }
    line!(page, "\n{}", style.bold("Lease"));
    let gate = list(&status["gates"]).find(|gate| gate["name"] == "lease");
    let held = match (&lease["holder"], &lease["ours_for_ms"]) {
        (holder, Value::Number(_)) => style.good(&format!(
            "{} (this node), token {}, ours for {}",
            text(holder),
            text(&lease["token"]),
            human(&lease["ours_for_ms"])
        )),
        (Value::Null, _) => gate.map_or_else(
            || "nobody, or not known".to_owned(),
            // It says which of the two.
            |gate| text(&gate["sentence"]),
        ),
        (holder, _) => format!("{}, token {}", text(holder), text(&lease["token"])),
    };
    line!(page, "  Holder        {held}");
    if let Value::String(_) = lease["failure"] {
        let why = format!("gives no answer: {}", text(&lease["failure"]));
        line!(page, "  etcd          {}", style.bad(&why));
    }
}

/// The switchover that was ordered last.
pub(super) fn switchover(page: &mut String, status: &Value, style: Style) {
    let switchover = &status["switchover"];
    if !switchover.is_object() {
        return;
    }
    line!(page, "\n{}", style.bold(&format!("Switchover to {}", text(&switchover["to"]))));
    let step = text(&switchover["step"]);
    let mark = match step.as_str() {
        "done" => style.good(&step),
        "failed" | "unknown" => style.bad(&step),
        _ => style.warn(&step),
    };
    let until = match &switchover["until"] {
        Value::Null => String::new(),
        until => format!(" Until {} UTC{}.", text(until), left(&status["at"], until)),
    };
    line!(page, "  {mark}: {}{until}", text(&switchover["step_sentence"]));
}

/// ` since …`, where that is known.
fn since(at: &Value) -> String {
    match at {
        Value::Null => String::new(),
        at => format!(" since {} UTC", text(at)),
    }
}

/// ` (1 h left)`, counted from the keeper's own judgement.
fn left(at: &Value, until: &Value) -> String {
    let time = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    let left_ms = time(until).zip(time(at)).map(|(until, at)| until.since_ms(at));
    match left_ms {
        Some(ms) if ms > 0 => format!(" ({} left)", Human(ms.unsigned_abs())),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
