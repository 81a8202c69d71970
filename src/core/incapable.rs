//! When the keeper of a node that is meant to sign is sure that its node cannot.
//!
//! Then it need not wait until the producer is missing: it stops the node, so that it cannot sign
//! either, and hands the producer over. Each cause is one that the node itself, the system or a
//! majority of others shows; silence alone is none.

use serde::Serialize;

use crate::core::event::Reason;
use crate::core::rules::{self, Finding, Rule, View};
use crate::core::schedule::TURN_SLOTS;
use crate::core::time::Human;

/// Why a node cannot sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its process has ended.
    ProcessEnded,
    /// nodeos says that its database is faulty.
    DatabaseFault,
    /// Most references have another irreversible block.
    Forked,
    /// It hears nothing of the others, who go on.
    CutOff,
    /// It gives no sign of life: neither its RPC nor its log.
    Hung,
    /// It was paused by other hands than ours.
    PausedByHand,
    /// A whole turn of its own passed without a block.
    TurnMissed,
}

/// A cause, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incapable {
    /// The cause.
    pub cause: Cause,
    /// One sentence.
    pub sentence: String,
}

impl Cause {
    /// The cause as incidents and the documents name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProcessEnded => "process_ended",
            Self::DatabaseFault => "database_fault",
            Self::Forked => "forked",
            Self::CutOff => "cut_off",
            Self::Hung => "hung",
            Self::PausedByHand => "paused_by_hand",
            Self::TurnMissed => "turn_missed",
        }
    }

    /// Whether one look is enough.
    #[must_use]
    pub const fn is_certain(self) -> bool {
        matches!(self, Self::ProcessEnded)
    }
}

/// The worst cause there is, for a node that is meant to sign. `unpaused` says whether it was seen
/// able to sign since it was started.
#[must_use]
pub fn incapable(view: &View<'_>, findings: &[Finding], unpaused: bool) -> Option<Incapable> {
    let firing = |rule| rules::firing(findings, rule);
    let found = |cause, sentence| Some(Incapable { cause, sentence });
    if let Some((_, how)) = &view.evidence.process.ended {
        return found(Cause::ProcessEnded, format!("Its nodeos is gone: {how}."));
    }
    let is_disk = view.evidence.log.database_fault.is_some_and(|(_, why)| why == Reason::Disk);
    if let Some(fault) = firing(Rule::DatabaseFault).filter(|_| !is_disk) {
        return found(Cause::DatabaseFault, format!("nodeos reports a {}.", fault.saw));
    }
    if let Some(fork) = firing(Rule::ForkedFromReferences) {
        return found(Cause::Forked, format!("It is on its own fork: {}.", fork.saw));
    }
    if let Some(sentence) = hung(view) {
        return found(Cause::Hung, sentence);
    }
    if let Some(sentence) = cut_off(view) {
        return found(Cause::CutOff, sentence);
    }
    if unpaused && view.is_paused() == Some(true) {
        let sentence = "It was paused by other hands than eoskeeper's.";
        return found(Cause::PausedByHand, sentence.to_owned());
    }
    turn_missed(view).and_then(|sentence| found(Cause::TurnMissed, sentence))
}

/// Milliseconds without a block of another producer.
fn quiet_ms(view: &View<'_>) -> u64 {
    let log = &view.evidence.log;
    let foreign = log.last_foreign.map(|(at, _)| at).max(view.evidence.api.last_foreign_head);
    let since = view.evidence.api.since.max(log.since);
    view.now.mono.since_ms(foreign.unwrap_or(since).max(since))
}

/// How many of those outside whom we can hear see blocks of others, and how many answer.
fn outside(view: &View<'_>) -> (usize, usize) {
    let within_ms = view.settings.rules.head_stalled_ms;
    let ours = view.settings.producer;
    let references = view.evidence.references.foreign_moving(view.now, within_ms, ours);
    let peers: Vec<bool> = view
        .evidence
        .peers
        .speaking(view.now)
        .map(|(_, peer)| peer.head_moves && peer.head_time > peer.last_own)
        .collect();
    let moving = peers.iter().filter(|moves| **moves).count();
    // One keeper of ours that sees blocks of others is enough; the node of another that sees none
    // may be as dead as this one.
    let answering = if moving > 0 { moving } else { peers.len() };
    (references.0 + moving, references.1 + answering)
}

/// This node hears no block of others: the whole chain stands still, or it is cut off. Those
/// outside tell which; when none of them answers and none of our keepers either, it is us.
fn cut_off(view: &View<'_>) -> Option<String> {
    let quiet_ms = quiet_ms(view);
    if quiet_ms < view.settings.rules.head_stalled_ms || view.schedule()?.producers.len() < 2 {
        return None;
    }
    let (moving, answering) = outside(view);
    let configured = view.settings.references.names.len() + view.settings.peers.names.len();
    let age = Human(quiet_ms);
    if moving * 2 > answering {
        return Some(format!(
            "It is cut off: no block of another producer for {age}, while {moving} of {answering} others that answer see some."
        ));
    }
    let nobody = answering == 0 && configured > 0 && quiet_ms > view.evidence.standstill_ms();
    nobody.then(|| {
        format!("It is cut off: no block of another producer for {age}, and none of the {configured} others answers.")
    })
}

/// Neither RPC nor log gives a sign of life, while others go on.
fn hung(view: &View<'_>) -> Option<String> {
    let api = &view.evidence.api;
    let rules = &view.settings.rules;
    // Never heard of since the keeper's start: its addresses may be wrong.
    if !view.evidence.has_shown_life() {
        return None;
    }
    let log = &view.evidence.log;
    let log_ms = view.now.mono.since_ms(log.last_line.unwrap_or(log.since).max(log.since));
    if api.failed_in_row < 2 || log_ms < rules.head_stalled_ms {
        return None;
    }
    let (moving, answering) = outside(view);
    let configured = view.settings.references.names.len() + view.settings.peers.names.len();
    // Where nobody else can be asked, a node that is silent altogether for longer than any chain
    // that moves hangs.
    let others_go_on =
        moving * 2 > answering || configured == 0 && log_ms > view.evidence.standstill_ms();
    let is_hung = others_go_on
        && api.last_ok.is_none_or(|at| view.now.mono.since_ms(at.mono) >= rules.head_stalled_ms);
    is_hung.then(|| {
        format!(
            "It gives no sign of life: no answer of its RPC and no line of its log for {}.",
            Human(log_ms)
        )
    })
}

/// A whole turn of this node passed without a block, and the log shows that others signed.
fn turn_missed(view: &View<'_>) -> Option<String> {
    let last = view.evidence.turns.records().next_back()?;
    let since = view.now.wall.plus_ms(-view.now.mono.since_ms(view.position_since).cast_signed());
    let missed = last.missed() == Some(TURN_SLOTS)
        && last.start >= since
        && view.evidence.missed.first_after().is_some()
        && !view.chain_stands_still();
    missed.then(|| format!("All of its turn at {} passed without a block.", last.start))
}
