//! What is kept of the past: each change of decision with what it was judged by, each act, and
//! what came of it.

use serde::Serialize;
use serde_json::{Value, json};

use crate::core::action::{ActResult, Order};
use crate::core::rules::State;
use crate::core::status::{PeerView, Status};
use crate::core::time::Timestamp;

/// Most bytes of one entry's evidence, as JSON. With every gate closed and every rule firing it is
/// under 20 KiB.
pub const EVIDENCE_BYTES: usize = 64 * 1024;
/// Most bytes of a sentence.
pub const SENTENCE_BYTES: usize = 2000;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// When (UTC).
    pub at: Timestamp,
    /// What it is.
    pub what: What,
    /// The decision's kind, or the act.
    pub kind: String,
    /// Why nothing is promoted, where that is the decision.
    pub hold: Option<String>,
    /// One sentence for a person.
    pub sentence: String,
    /// The incident it belongs to, empty when there is none.
    pub incident: String,
    /// What it was judged by, or the order, or its outcome.
    pub evidence: Value,
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The keeper started.
    Start,
    /// The keeper ended as it was told to; a start without an end before it followed a crash.
    End,
    /// The keeper changed its mind.
    Decision,
    /// It ordered an act.
    Order,
    /// An act came back.
    Outcome,
    /// The configuration was read anew, and taken or refused.
    Reload,
    /// Entries before this one could not be written.
    Gap,
    /// Written by a later eoskeeper.
    Unknown,
}

impl Entry {
    /// The decision of a status, and what it was judged by.
    #[must_use]
    pub fn decision(status: &Status) -> Self {
        let decision = &status.decision;
        Self {
            at: status.at,
            what: What::Decision,
            kind: word(&decision.kind),
            hold: decision.hold.as_ref().map(word),
            sentence: bounded(&decision.sentence),
            incident: status.promotion.incident.clone(),
            evidence: fitting(evidence(status)),
        }
    }

    /// An order, as it is given.
    #[must_use]
    pub fn order(at: Timestamp, order: &Order) -> Self {
        Self {
            at,
            what: What::Order,
            kind: order.act.as_str().to_owned(),
            hold: None,
            sentence: bounded(&order.reason),
            incident: order.incident.clone(),
            evidence: fitting(json(order)),
        }
    }

    /// What came of an order.
    #[must_use]
    pub fn outcome(at: Timestamp, order: &Order, result: &ActResult) -> Self {
        Self {
            at,
            what: What::Outcome,
            kind: order.act.as_str().to_owned(),
            hold: None,
            sentence: bounded(&result.to_string()),
            incident: order.incident.clone(),
            evidence: fitting(json!({ "id": order.id, "result": json(result) })),
        }
    }

    /// Something about the keeper itself.
    #[must_use]
    pub fn own(at: Timestamp, what: What, sentence: &str, evidence: Value) -> Self {
        Self {
            at,
            what,
            kind: what.as_str().to_owned(),
            hold: None,
            sentence: bounded(sentence),
            incident: String::new(),
            evidence: fitting(evidence),
        }
    }
}

impl What {
    const ALL: [Self; 7] = [
        Self::Start,
        Self::End,
        Self::Decision,
        Self::Order,
        Self::Outcome,
        Self::Reload,
        Self::Gap,
    ];

    /// The word in the file and on the page.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
            Self::Decision => "decision",
            Self::Order => "order",
            Self::Outcome => "outcome",
            Self::Reload => "reload",
            Self::Gap => "gap",
            Self::Unknown => "unknown",
        }
    }

    /// From the word; what is not known is [`What::Unknown`].
    #[must_use]
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|what| what.as_str() == word).unwrap_or(Self::Unknown)
    }
}

/// Every gate, the findings that fire, and the facts they stand on (the process is among the
/// node's); not the thresholds, which the
/// sentences name, nor the turns, which the chain keeps.
fn evidence(status: &Status) -> Value {
    let firing: Vec<_> = status.findings.iter().filter(|f| f.state == State::Firing).collect();
    let mut producer = json(&status.producer);
    if let Some(fields) = producer.as_object_mut() {
        fields.remove("turns");
    }
    // What a peer says is bounded where it comes in; whoever is configured is asked, at most 16.
    let peers: Vec<_> = status.peers.iter().map(peer).collect();
    json!({
        "role": json(&status.role),
        "gates": json(&status.gates),
        "findings": json(&firing),
        "node": json(&status.node),
        "chain": json(&status.chain),
        "producer": producer,
        "references": json(&status.references),
        "promotion": json(&status.promotion),
        "peers": json(&peers),
        "lease": json(&status.lease),
        "maintenance": json(&status.maintenance),
        "switchover": json(&status.switchover),
    })
}

/// What a decision may have been about: whether it signs and could, and why it is silent.
fn peer(peer: &PeerView) -> Value {
    let said = peer.status.as_ref().map(|said| {
        json!({
            "role": json(&said.role),
            "signing": json(&said.signing),
            "signing_since": json(&said.signing_since),
            "ready": said.ready,
            "head": said.head,
            "lib": said.lib,
            "head_moves": said.head_moves,
            "maintenance_until": json(&said.maintenance_until),
            "taken": json(&said.taken),
        })
    });
    json!({
        "name": peer.name,
        "said": said,
        "said_ago_ms": peer.said_ago_ms,
        "failure": peer.failure,
    })
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// The word by which the status and the documents know a value: `step_down`.
fn word(value: &impl Serialize) -> String {
    json(value).as_str().unwrap_or("?").to_owned()
}

fn fitting(evidence: Value) -> Value {
    let bytes = evidence.to_string().len();
    if bytes <= EVIDENCE_BYTES { evidence } else { json!({ "left_out_bytes": bytes }) }
}

fn bounded(sentence: &str) -> String {
    let end =
        (0..=sentence.len().min(SENTENCE_BYTES)).rev().find(|at| sentence.is_char_boundary(*at));
    sentence[..end.unwrap_or_default()].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::Event;
    use crate::core::handover::{PeerEvent, PeerSaid, Taken, TakenState};
    use crate::core::keeper::Keeper;
    use crate::core::process::ProcessEvent;
    use crate::core::settings::{Lease, PEERS_MAX, Role, Settings};
    use crate::core::time::Now;

    #[test]
    fn a_decision_keeps_peers_lease_maintenance_and_process_within_its_bound() {
        let mut settings = Settings::new(Role::Active, "eosstorebest".parse().unwrap());
        settings.peers.names = (0..PEERS_MAX).map(|n| format!("peer-{n}")).collect();
        settings.lease = Some(Lease::DEFAULT);
        let now = Now::default().plus_ms(1_000);
        let mut keeper = Keeper::new(settings, Now::default(), Ok(None));
        let mut said = keeper.peer_status(now);
        said.sentence = "x".repeat(100_000);
        said.taken = Some(Taken {
            id: "y".repeat(100_000),
            state: TakenState::Waiting,
            sentence: "z".repeat(100_000),
        });
        for index in 0..PEERS_MAX {
            let said = PeerSaid::Status(Box::new(said.clone()));
            keeper.record(now, &Event::Peer(PeerEvent { index, said }));
            let said = PeerSaid::Silent("w".repeat(100_000));
            keeper.record(now, &Event::Peer(PeerEvent { index, said }));
        }
        let how = "process 4711 ended".to_owned();
        keeper.record(now, &Event::Process(ProcessEvent::Ended { how }));
        keeper.tick(now);
        let evidence = Entry::decision(&keeper.status(now)).evidence;
        assert!(evidence.to_string().len() < EVIDENCE_BYTES / 2, "{}", evidence.to_string().len());
        let peers = evidence["peers"].as_array().unwrap();
        assert_eq!(peers.len(), PEERS_MAX);
        assert_eq!(peers[0]["said"]["taken"]["state"], "waiting");
        assert!(peers[0]["failure"].as_str().unwrap().starts_with("www"));
        assert!(evidence["lease"].is_object() && evidence["maintenance"].is_null(), "{evidence}");
        assert_eq!(evidence["node"]["process"], "ended: process 4711 ended");
    }
}
