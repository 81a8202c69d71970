//! Why a slot of ours was lost, as far as this node's keeper can tell: what stood at the time.

use std::borrow::Cow;

use crate::core::action::Act;
use crate::core::decision::Decision;
use crate::core::entitlement::Position;
use crate::core::event::Reason;
use crate::core::gates::HoldReason;
use crate::core::handover::Signing;
use crate::core::incapable::Cause;
use crate::core::promotion::{Machine, Stage};
use crate::core::rules::{self, Finding, Rule, View};
use crate::core::settings::Role;

/// A line of nodeos's log explains what is lost for so long after it, milliseconds: a turn and the
/// time to be told again.
const SAID_MS: u64 = 12_000;
/// nodeos needs so long after a start until it signs, milliseconds.
const STARTING_MS: u64 = 60_000;

/// The cause of a lost slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostCause {
    /// The node could not sign, and the keeper was sure of it.
    Incapable(Cause),
    /// nodeos said why it did not sign.
    Skipped(Reason),
    /// nodeos was stopping, starting or replaying.
    Restarting,
    /// Production was paused, and not by the keeper.
    Paused,
    /// The producer was being handed to another node.
    Handover,
    /// The keeper was stopping its node: two signed, or it had no right to sign.
    StepDown,
    /// A node was being made to sign.
    Promotion,
    /// The active node waited until it may sign again.
    Arming,
    /// A rule fired.
    Finding(Rule),
    /// Nobody signed, and a gate kept this standby from it.
    Hold(HoldReason),
    /// Another node should have signed; its keeper knows why it did not.
    Elsewhere,
    /// The block was there too late for the others to build on it.
    LateBlock,
    /// The producer before us was late: our first blocks did not know its last.
    LatePredecessor,
    /// The producer after us did not have our last blocks in time.
    NotHeardInTime,
    /// Another branch won.
    ForkedOff,
    /// No keeper ran here.
    NotWatched,
    /// Nothing that was seen explains it.
    Unexplained,
}

impl LostCause {
    /// The name in the ledger, in JSON and in the documents.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Incapable(cause) => cause.as_str(),
            Self::Skipped(reason) => return format!("skipped_{reason}").into(),
            Self::Restarting => "node_restarting",
            Self::Paused => "paused",
            Self::Handover => "handover",
            Self::StepDown => "step_down",
            Self::Promotion => "promotion",
            Self::Arming => "arming",
            Self::Finding(rule) => rule.as_str(),
            Self::Hold(reason) => return format!("hold_{}", word(reason)).into(),
            Self::Elsewhere => "elsewhere",
            Self::LateBlock => "late_block",
            Self::LatePredecessor => "late_predecessor",
            Self::NotHeardInTime => "not_heard_in_time",
            Self::ForkedOff => "forked_off",
            Self::NotWatched => "not_watched",
            Self::Unexplained => "unexplained",
        })
    }

    /// Whether it explains that another branch won.
    pub(super) const fn explains_fork(self) -> bool {
        matches!(
            self,
            Self::Incapable(Cause::Forked | Cause::CutOff)
                | Self::Skipped(Reason::MinorityFork | Reason::LowParticipation)
                | Self::Handover
                | Self::StepDown
                | Self::Promotion
                | Self::Finding(
                    Rule::DuplicateProduction
                        | Rule::ForkedFromReferences
                        | Rule::Alone
                        | Rule::HeadStalled
                        | Rule::BehindReferences
                        | Rule::NoBlockReceived
                        | Rule::PeersLow
                        | Rule::Unlinkable
                        | Rule::ClockSkew
                )
        )
    }
}

/// The word of a reason, as the status has it: `StillWaiting` is `still_waiting`.
fn word(reason: HoldReason) -> String {
    let mut word = String::new();
    for letter in format!("{reason:?}").chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

/// What stands in the way of a block of ours now; `None` while nothing is known to.
#[must_use]
pub(crate) fn standing(
    view: &View<'_>,
    findings: &[Finding],
    machine: &Machine,
    decision: &Decision,
    incapable: Option<Cause>,
) -> Option<LostCause> {
    let is_meant = view.position == Position::Active && view.settings.role != Role::Observer;
    if is_meant && view.evidence.process.ended.is_some() {
        return Some(LostCause::Incapable(Cause::ProcessEnded));
    }
    if let Some(cause) = under_way(&machine.stage) {
        return Some(cause);
    }
    if is_meant {
        of_signer(view, findings, incapable)
    } else {
        of_standby(view, findings, decision)
    }
}

/// What an act under way makes of it.
fn under_way(stage: &Stage) -> Option<LostCause> {
    match stage {
        Stage::Latching { act, .. } | Stage::Acting { act, .. } | Stage::Verifying { act, .. } => {
            Some(match act {
                Act::Promote | Act::AcquireLease | Act::PromoteRemote | Act::Ask => {
                    LostCause::Promotion
                }
                Act::HandOver | Act::ReleaseLease => LostCause::Handover,
                Act::Demote | Act::Fence => LostCause::StepDown,
                Act::Restart => LostCause::Restarting,
            })
        }
        Stage::Demoting { .. } => Some(LostCause::StepDown),
        Stage::HandedOver { verified: false, .. } => Some(LostCause::Handover),
        Stage::Arming { .. } => Some(LostCause::Arming),
        Stage::HandedOver { .. }
        | Stage::Resting
        | Stage::Producing { .. }
        | Stage::Switching { .. } => None,
    }
}

/// Rules that tell why a node that is meant to sign loses blocks, the most telling first.
const OF_SIGNER: [Rule; 17] = [
    Rule::DuplicateProduction,
    Rule::ForkedFromReferences,
    Rule::Alone,
    Rule::ApiDown,
    Rule::HeadStalled,
    Rule::LibStalled,
    Rule::BehindReferences,
    Rule::WrongProducer,
    Rule::DatabaseFault,
    Rule::NoBlockReceived,
    Rule::PeersLow,
    Rule::Unlinkable,
    Rule::BlockRejected,
    Rule::ForkSwitch,
    Rule::Finality,
    Rule::ClockSkew,
    Rule::LogSilent,
];

fn of_signer(view: &View<'_>, findings: &[Finding], incapable: Option<Cause>) -> Option<LostCause> {
    let log = &view.evidence.log;
    let said = |at| view.now.mono.since_ms(at) <= SAID_MS;
    // A fault that stands outside of our turn must not be hidden by what the node says of itself.
    let skipped = log.skipped.filter(|(at, _)| said(*at)).map(|(_, reason)| reason);
    let is_starting = log.stopping.is_some()
        || log.started.is_some_and(|at| view.now.mono.since_ms(at) <= STARTING_MS)
        || log.replaying.is_some_and(said);
    match (skipped, incapable) {
        (_, Some(cause)) if cause != Cause::TurnMissed => Some(LostCause::Incapable(cause)),
        (Some(Reason::Paused), _) => Some(LostCause::Paused),
        _ if is_starting => Some(LostCause::Restarting),
        (Some(reason), _) => Some(LostCause::Skipped(reason)),
        _ if view.is_paused() == Some(true) => Some(LostCause::Paused),
        _ => firing(findings, &OF_SIGNER),
    }
}

/// Beside a node that is not meant to sign, what is seen is mostly the others' business.
fn of_standby(view: &View<'_>, findings: &[Finding], decision: &Decision) -> Option<LostCause> {
    if let Some(cause) = firing(findings, &[Rule::HeadStalled, Rule::LibStalled]) {
        return Some(cause);
    }
    let peer_signs =
        view.evidence.peers.all().iter().any(|peer| {
            peer.status.as_ref().is_some_and(|(_, status)| status.signing == Signing::Yes)
        });
    match decision.hold {
        _ if peer_signs => Some(LostCause::Elsewhere),
        None | Some(HoldReason::ProducerSeen | HoldReason::PeerSigning) => {
            Some(LostCause::Elsewhere)
        }
        Some(reason) => Some(LostCause::Hold(reason)),
    }
}

fn firing(findings: &[Finding], of: &[Rule]) -> Option<LostCause> {
    let fires = |rule: &Rule| rules::firing(findings, *rule).is_some();
    of.iter().copied().find(fires).map(LostCause::Finding)
}
