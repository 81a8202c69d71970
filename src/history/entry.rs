//! What is kept of the past: each change of decision with what it was judged by, each act, and
//! what came of it.

use serde::Serialize;
use serde_json::{Value, json};

use crate::core::action::{ActResult, Order};
use crate::core::rules::State;
use crate::core::status::Status;
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
    const ALL: [Self; 6] =
        [Self::Start, Self::End, Self::Decision, Self::Order, Self::Outcome, Self::Gap];

    /// The word in the file and on the page.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
            Self::Decision => "decision",
            Self::Order => "order",
            Self::Outcome => "outcome",
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

/// Every gate, the findings that fire, and the facts they stand on; not the thresholds, which the
/// sentences name, nor the turns, which the chain keeps.
fn evidence(status: &Status) -> Value {
    let firing: Vec<_> = status.findings.iter().filter(|f| f.state == State::Firing).collect();
    let mut producer = json(&status.producer);
    if let Some(fields) = producer.as_object_mut() {
        fields.remove("turns");
    }
    json!({
        "role": json(&status.role),
        "gates": json(&status.gates),
        "findings": json(&firing),
        "node": json(&status.node),
        "chain": json(&status.chain),
        "producer": producer,
        "references": json(&status.references),
        "promotion": json(&status.promotion),
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
