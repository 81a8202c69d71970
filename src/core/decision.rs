//! What the keeper decided on a tick: one kind, one named reason, one sentence.

use std::borrow::Cow;

use serde::Serialize;

use crate::core::action::Act;
use crate::core::entitlement::Position;
use crate::core::gates::{Gate, HoldReason};
use crate::core::promotion::{Machine, Stage};
use crate::core::rules::{Finding, Rule, State, View, firing, say};
use crate::core::settings::Role;
use crate::core::time::Human;

/// The kinds of decision there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// All is well, or nothing this role could do about it.
    Watch,
    /// Our producer is missing, and this role's part is to tell people.
    Alarm,
    /// Nothing is promoted; the reason says why.
    Hold,
    /// An order is being carried out.
    Act,
    /// Promoted by claim; the chain must show it.
    Verify,
    /// This node signs because eoskeeper promoted it.
    Produce,
    /// This node is being stopped.
    StepDown,
    /// A gave the producer to another node and stays paused.
    HandedOver,
}

/// The decision of a tick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What kind it is.
    pub kind: DecisionKind,
    /// Why nothing is promoted, where that is the decision.
    pub hold: Option<HoldReason>,
    /// One sentence for a person.
    pub sentence: String,
}

impl Decision {
    fn new(kind: DecisionKind, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, hold: None, sentence: sentence.into().into_owned() }
    }

    /// Whether the two say the same thing, whatever the figures in their sentences.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.hold == other.hold
    }
}

/// Puts the decision of this tick into words.
#[must_use]
pub fn decide(
    view: &View<'_>,
    findings: &[Finding],
    gates: &[Gate],
    machine: &Machine,
) -> Decision {
    under_way(view, machine).unwrap_or_else(|| at_rest(view, findings, gates))
}

fn under_way(view: &View<'_>, machine: &Machine) -> Option<Decision> {
    let producer = view.settings.producer;
    let reason = &machine.latch.reason;
    let decision = match &machine.stage {
        Stage::Resting => return None,
        Stage::Latching { act, .. } => {
            Decision::new(DecisionKind::Act, say!(view, "Writing the state before {act}: {reason}"))
        }
        Stage::Acting { act: Act::Promote, .. } => {
            Decision::new(DecisionKind::Act, say!(view, "Promoting this node: {reason}"))
        }
        Stage::Acting { act: Act::Demote, .. } => Decision::new(
            DecisionKind::Act,
            say!(view, "Stopping this node before the standby is promoted: {reason}"),
        ),
        Stage::Acting { act: Act::PromoteRemote, .. } => {
            Decision::new(DecisionKind::Act, say!(view, "Promoting the standby: {reason}"))
        }
        Stage::Acting { act, .. } => {
            Decision::new(DecisionKind::Act, say!(view, "Under way: {act}: {reason}"))
        }
        Stage::Verifying { act, until, .. } => {
            let done = if *act == Act::Promote { "Promoted" } else { "Handed over" };
            let left = until.map(|until| until.since_ms(view.now.wall).max(0).cast_unsigned());
            let left = left.map_or_else(String::new, |ms| format!(" ({} left)", Human(ms)));
            let sentence =
                say!(view, "{done}; waiting for a block of {producer} on the chain{left}.");
            Decision::new(DecisionKind::Verify, sentence)
        }
        Stage::Producing { since } => {
            let age = Human(view.now.wall.since_ms(*since).max(0).cast_unsigned());
            let sentence = say!(view, "This standby signs for {producer} since {since} ({age}).");
            Decision::new(DecisionKind::Produce, sentence)
        }
        Stage::Demoting { why, tries, .. } => {
            let again =
                if *tries > 0 { format!("; failed {tries} times so far") } else { String::new() };
            Decision::new(DecisionKind::StepDown, say!(view, "Stopping this node: {why}{again}."))
        }
        Stage::Switching { go_at, .. } => {
            let left = Human(go_at.since_ms(view.now.wall).max(0).cast_unsigned());
            let to = machine.switch.as_ref().map_or("another node", |switch| switch.to.as_str());
            let sentence = say!(view, "Handing {producer} over to {to} in {left}, as ordered.");
            Decision::new(DecisionKind::Act, sentence)
        }
        // What it waits for otherwise is said by the gates.
        Stage::Arming { .. } => Decision::new(DecisionKind::Hold, machine.arming_waits(view)?),
        Stage::HandedOver { since, verified, .. } => {
            let doubt =
                if *verified { "" } else { "; the chain has not shown the other node's block" };
            let is_standby = view.settings.role.is_standby();
            let then = if is_standby { "is a standby again" } else { "stays paused" };
            let sentence =
                say!(view, "{producer} was handed over at {since}; this node {then}{doubt}.");
            Decision::new(DecisionKind::HandedOver, sentence)
        }
    };
    Some(decision)
}

fn at_rest(view: &View<'_>, findings: &[Finding], gates: &[Gate]) -> Decision {
    let missing = firing(findings, Rule::ProducerMissing);
    let held = || {
        let gate = deciding(gates)?;
        Some(Decision {
            kind: DecisionKind::Hold,
            hold: gate.closed,
            sentence: gate.sentence.clone().into_owned(),
        })
    };
    match (view.settings.role, missing) {
        (Role::FirstStandby | Role::SecondStandby, _) => {
            held().unwrap_or_else(|| Decision::new(DecisionKind::Act, "Every gate is open."))
        }
        (Role::Active, _) if view.position != Position::Active => {
            held().unwrap_or_else(|| Decision::new(DecisionKind::Act, "Every gate is open."))
        }
        (Role::Active, Some(missing)) if view.settings.promotion.configured => {
            held().unwrap_or_else(|| alarm(view, missing))
        }
        (Role::Active | Role::Observer, Some(missing)) => alarm(view, missing),
        (Role::Active | Role::Observer, None) => watch(view, findings),
    }
}

/// The gate that decides: the first closed one. But a producer that was just seen signing needs no
/// long evidence, and is what a person wants to hear while all else is well.
fn deciding(gates: &[Gate]) -> Option<&Gate> {
    let first = gates.iter().find(|gate| gate.closed.is_some())?;
    let seen = gates.iter().find(|gate| gate.closed == Some(HoldReason::ProducerSeen));
    let well = ["maintenance", "scheduled", "node", "chain", "references"];
    let is_well = gates.iter().all(|g| g.closed.is_none() || !well.contains(&g.name));
    seen.filter(|_| is_well).or(Some(first))
}

fn alarm(view: &View<'_>, missing: &Finding) -> Decision {
    let sentence = say!(view, "{} is missing: {}.", view.settings.producer, missing.saw);
    Decision::new(DecisionKind::Alarm, sentence)
}

fn watch(view: &View<'_>, findings: &[Finding]) -> Decision {
    let producer = view.settings.producer;
    let worst = findings
        .iter()
        .filter(|f| f.state == State::Firing)
        .max_by_key(|f| (f.severity, std::cmp::Reverse(f.rule)));
    if let Some(finding) = worst {
        let sentence = say!(view, "{} {}.", finding.rule.meaning(), capital(&finding.saw));
        return Decision::new(DecisionKind::Watch, sentence);
    }
    let last = view.evidence.own.last.map(|block| {
        let age = Human(view.now.mono.since_ms(block.seen_at.mono));
        say!(view, "{producer} signs: its block #{} was seen {age} ago.", block.number)
    });
    Decision::new(
        DecisionKind::Watch,
        last.unwrap_or_else(|| say!(view, "No block of {producer} was seen yet.")),
    )
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
