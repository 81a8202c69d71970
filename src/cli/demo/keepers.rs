//! What the keepers say, and which of it is told: what changed, and what a person would be paged
//! for.

use std::collections::BTreeSet;

use crate::demo::Node;

use super::ask::Seen;
use super::timeline::{Mood, Remark};

/// The last that was heard of each keeper.
#[derive(Debug, Default)]
pub(super) struct Keepers {
    /// Last answers, in the order of [`Node::ALL`].
    seen: [Option<Seen>; Node::ALL.len()],
    /// Rules that fire, by keeper.
    firing: BTreeSet<(Node, String)>,
}

impl Keepers {
    /// The last answer of a node's keeper.
    pub(super) fn of(&self, node: Node) -> Option<&Seen> {
        self.seen[node.index()].as_ref()
    }

    /// Takes in an answer; returns what is new in it.
    pub(super) fn hear(&mut self, node: Node, seen: Seen) -> Vec<Remark> {
        // A keeper that does not know the schedule yet has just started: nothing to tell.
        if seen.producer.wait_ms.is_none() {
            return Vec::new();
        }
        let before = self.seen[node.index()].as_ref();
        let mut remarks = Vec::new();
        remarks.extend(decision(node, before, &seen));
        remarks.extend(producer(node, before, &seen));
        remarks.extend(self.findings(node, &seen));
        self.seen[node.index()] = Some(seen);
        remarks
    }

    /// Findings a person is paged for, when they begin.
    fn findings(&mut self, node: Node, seen: &Seen) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for finding in seen.findings.iter().filter(|finding| finding.severity == "page") {
            let key = (node, finding.rule.clone());
            if finding.state != "firing" {
                self.firing.remove(&key);
            } else if self.firing.insert(key) {
                let text = format!("Alarm: {}.", finding.saw);
                remarks.push(Remark::keeper(node, "finding", &finding.rule, Mood::Bad, text));
            }
        }
        remarks
    }
}

/// The decision, when it changed.
fn decision(node: Node, before: Option<&Seen>, seen: &Seen) -> Option<Remark> {
    let now = &seen.decision;
    let is_same = |b: &Seen| b.decision.kind == now.kind && b.decision.hold == now.hold;
    if before.is_some_and(is_same) {
        return None;
    }
    let mood = match now.kind.as_str() {
        "act" | "verify" => Mood::Warn,
        "alarm" | "step_down" => Mood::Bad,
        "produce" => Mood::Good,
        _ => Mood::Plain,
    };
    let remark = Remark::keeper(node, "decision", &now.kind, mood, now.sentence.clone());
    Some(Remark { hold: now.hold.clone(), ..remark })
}

/// What a standby sees of the producer, when that changed and its decision does not say so.
fn producer(node: Node, before: Option<&Seen>, seen: &Seen) -> Option<Remark> {
    if node == Node::A {
        return None;
    }
    let closed = |seen: &Seen| {
        let gate = seen.gates.iter().find(|gate| gate.name == "producer")?;
        Some((gate.closed.clone()?, gate.sentence.clone()))
    };
    let (now, sentence) = closed(seen)?;
    let then = before.and_then(closed).map(|(reason, _)| reason);
    let is_news = match now.as_str() {
        "producer_seen" => then.as_deref() != Some("producer_seen"),
        "still_waiting" => then.as_deref() == Some("producer_seen"),
        _ => false,
    };
    if !is_news || seen.decision.hold.as_ref() == Some(&now) {
        return None;
    }
    Some(Remark::keeper(node, "gate", &now, Mood::Plain, sentence))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(hold: &str, producer: &str, alarm: &str) -> Seen {
        serde_json::from_value(json!({
            "decision": { "kind": "hold", "hold": hold, "sentence": "Because." },
            "findings": [
                { "rule": "api_down", "state": alarm, "severity": "page", "saw": "refused" },
                { "rule": "peers_low", "state": "firing", "severity": "warn", "saw": "0 peers" },
            ],
            "gates": [{ "name": "producer", "closed": producer, "sentence": "It signs." }],
            "promotion": { "stage": "resting" },
            "producer": { "silent_ms": 100, "wait_ms": 38000 },
        }))
        .unwrap()
    }

    fn kinds(remarks: &[Remark]) -> Vec<&str> {
        remarks.iter().map(Remark::label).collect()
    }

    #[test]
    fn only_what_changed_is_told() {
        let mut keepers = Keepers::default();
        let first = keepers.hear(Node::B, seen("evidence_too_young", "still_waiting", "fine"));
        assert_eq!(kinds(&first), ["evidence_too_young"]);
        let seen_now = keepers.hear(Node::B, seen("evidence_too_young", "producer_seen", "fine"));
        assert_eq!(kinds(&seen_now), ["producer_seen"]);
        let same = keepers.hear(Node::B, seen("evidence_too_young", "producer_seen", "fine"));
        assert_eq!(kinds(&same), [""; 0]);
        let decided = keepers.hear(Node::B, seen("still_waiting", "still_waiting", "firing"));
        assert_eq!(
            kinds(&decided),
            ["still_waiting", "api_down"],
            "and no gate that says it twice"
        );
        let again = keepers.hear(Node::B, seen("still_waiting", "still_waiting", "firing"));
        assert_eq!(kinds(&again), [""; 0]);
    }

    #[test]
    fn a_keeper_that_has_just_started_says_nothing() {
        let mut keepers = Keepers::default();
        let mut young = seen("schedule_unknown", "evidence_torn", "fine");
        young.producer.wait_ms = None;
        assert_eq!(kinds(&keepers.hear(Node::C, young)), [""; 0]);
        assert!(keepers.of(Node::C).is_none());
    }
}
