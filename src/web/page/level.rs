//! How the page looks as a whole: well, to be looked at, or to be acted on.

use crate::core::action::Severity;
use crate::core::decision::DecisionKind;
use crate::core::gates::HoldReason;
use crate::core::rules::State;
use crate::core::status::{PeerView, Status};

/// A peer that has said nothing for longer than this is not believed any more, milliseconds; peers
/// speak every second, and the keeper's own judgement has the same bound.
const PEER_FRESH_MS: u64 = 5_000;

/// The colour of the page, and the word for those who do not see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Nothing for a person to do.
    Well,
    /// To be looked at by day.
    Look,
    /// Blocks are lost or soon will be.
    Act,
}

/// The level and one or two words that say why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) level: Level,
    pub(super) word: &'static str,
}

impl Level {
    /// The class in the style, and the name of the icon.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Look => "look",
            Self::Act => "act",
        }
    }
}

/// What a status amounts to.
pub(super) fn judge(status: &Status) -> Verdict {
    let kind = status.decision.kind;
    let level = if is_bad(status) {
        Level::Act
    } else if is_odd(status) {
        Level::Look
    } else {
        Level::Well
    };
    let word = match (kind, level) {
        (DecisionKind::Act | DecisionKind::StepDown, _) => "Acting",
        (DecisionKind::Verify, _) => "Waiting for proof",
        (_, Level::Act) => "Act now",
        (DecisionKind::Produce, Level::Look) => "Signing on standby",
        (DecisionKind::HandedOver, Level::Look) => "Handed over",
        (_, Level::Look) if status.maintenance.is_some() => "Maintenance",
        (_, Level::Look) => "Look into it",
        (_, Level::Well) => "All is well",
    };
    Verdict { level, word }
}

fn is_bad(status: &Status) -> bool {
    let decides = matches!(
        status.decision.kind,
        DecisionKind::Alarm | DecisionKind::Act | DecisionKind::StepDown
    );
    decides || worst(status) == Some(Severity::Page)
}

/// The worst that fires or stands.
fn worst(status: &Status) -> Option<Severity> {
    let firing = status.findings.iter().filter(|finding| finding.state == State::Firing);
    let standing = status.alarms.incidents.iter().filter(|incident| incident.ended.is_none());
    let firing = firing.map(|finding| finding.severity);
    firing.chain(standing.map(|incident| incident.severity)).max()
}

fn is_odd(status: &Status) -> bool {
    let decision = &status.decision;
    let decides = match decision.kind {
        DecisionKind::Verify | DecisionKind::Produce | DecisionKind::HandedOver => true,
        DecisionKind::Hold => !is_at_rest(decision.hold),
        DecisionKind::Watch | DecisionKind::Alarm | DecisionKind::Act | DecisionKind::StepDown => {
            false
        }
    };
    decides
        || worst(status) == Some(Severity::Warn)
        || status.maintenance.is_some()
        || status.peers.iter().any(|peer| !is_fresh(peer))
        || status.alarms.channels.iter().any(|channel| channel.failing.is_some())
        || status.lease.as_ref().is_some_and(|lease| lease.failure.is_some())
}

/// Reasons to hold while all is as it should be.
const fn is_at_rest(hold: Option<HoldReason>) -> bool {
    use HoldReason::{AlreadyProducing, NotScheduled, PeerSigning, ProducerSeen};
    matches!(hold, Some(ProducerSeen | PeerSigning | NotScheduled | AlreadyProducing))
}

/// Whether what a peer said last counts still.
pub(super) fn is_fresh(peer: &PeerView) -> bool {
    peer.status.is_some() && peer.said_ago_ms.is_some_and(|ms| ms <= PEER_FRESH_MS)
}
