//! A node that was stopped and may not sign, and that can all the same: it is stopped again.

use super::{Machine, Stage};
use crate::core::handover::Signing;
use crate::core::rules::View;

/// How a node that was stopped came to be able to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Able {
    /// It was started anew since, and says that it is not paused.
    Returned,
    /// It was started anew since, and whether it is paused is not known yet.
    StartsAgain,
    /// It was seen stopped, and says now that it is not paused.
    Resumed,
    /// It was never seen stopped: it says that it is not paused, as it did before.
    Unheeded,
}

impl Machine {
    /// How this node, which was stopped, came to be able to sign; `None` while it is not, or while
    /// nothing is known.
    pub(super) fn able(&self, view: &View<'_>) -> Option<Able> {
        let answers = view.evidence.api.failed_in_row == 0 && view.evidence.process.ended.is_none();
        if !answers || view.key_signs() == Some(false) {
            return None;
        }
        let came_back = view.evidence.node_came_back() > self.acted_at;
        // What was said before is about a node that signed by right.
        let is_new = view.evidence.api.paused.is_some_and(|(at, _)| at > self.position.1);
        match view.is_paused() {
            Some(true) => None,
            Some(false) if is_new && came_back => Some(Able::Returned),
            Some(false) if is_new && self.has_obeyed => Some(Able::Resumed),
            Some(false) if is_new => Some(Able::Unheeded),
            _ if came_back && view.evidence.api.last_ok.is_some() => Some(Able::StartsAgain),
            _ => None,
        }
    }

    /// Whether another signs, or the lease is not ours: this node must not be resumed by anything
    /// but us.
    pub(super) fn must_stay_stopped(&self, view: &View<'_>) -> bool {
        let lease = view.settings.lease;
        let holds = lease.is_none_or(|lease| view.holds_lease(&lease));
        let another = view.evidence.peers.any_signs(view.now);
        (!holds || another) && may_stop(view)
    }

    /// A node that may not sign is stopped when it is seen able to, and as soon as it answers after
    /// it was started again: whether it starts paused need not be waited for.
    pub(super) fn stops_again(&mut self, view: &View<'_>) -> bool {
        if !self.must_stay_stopped(view) {
            return false;
        }
        match self.able(view) {
            None => return false,
            Some(Able::StartsAgain) => {
                self.demote(view, "it was started again while it may not sign".to_owned());
            }
            Some(Able::Unheeded) if !self.unheeded.is_due(view.now.mono) => {}
            Some(Able::Unheeded) => self.stop_harder(view),
            Some(Able::Returned | Able::Resumed) => self.tell_unpaused(view),
        }
        true
    }

    /// Whether this node, which is giving the producer away, was started again and could sign.
    /// After a start of the keeper nobody knows what was before.
    pub(super) fn is_back_unpaused(&self, view: &View<'_>) -> bool {
        let settled = view.settings.rules.poll_timeout_ms;
        let paused = view.evidence.api.paused;
        let is_asked = paused.is_some_and(|(at, _)| at.since_ms(self.position.1) >= settled);
        let mut speaking = view.evidence.peers.speaking(view.now);
        let is_taken = speaking.any(|(_, p)| p.signing != Signing::No);
        let is_back = match self.able(view) {
            Some(Able::Returned) => true,
            Some(Able::Resumed | Able::Unheeded) => self.giving.is_none(),
            Some(Able::StartsAgain) | None => false,
        };
        is_back && is_asked && may_stop(view) && (is_taken || self.must_stay_stopped(view))
    }

    pub(super) fn tell_unpaused(&mut self, view: &View<'_>) {
        let text = "This node was resumed by other hands than eoskeeper's, or started unpaused, although it may not sign: it is stopped again.";
        self.tell("returned_unpaused", text.to_owned(), true);
        self.demote(view, "it may not sign now".to_owned());
    }

    /// The way to stop this node says that it did, and the node says otherwise.
    fn stop_harder(&mut self, view: &View<'_>) {
        self.tell_unheeded(view);
        // What came of the first way is known; the fence is the other one, where there is one.
        let tries = u32::from(view.settings.promotion.can_fence);
        self.demote_from(view, "it was stopped, and says that it is not paused".to_owned(), tries);
    }

    /// Counts a stop without effect, and tells people of the first, and again as a reminder.
    pub(super) fn tell_unheeded(&mut self, view: &View<'_>) {
        self.unheeded.failed(view.now.mono);
        if self.unheeded.is_to_be_told(view.now.mono, view.settings.promotion.remind_ms) {
            let text = format!(
                "This node was stopped, but says that it is not paused: [promotion] demote does not do what it reports. It is tried again, ever more rarely (so far {} without effect). Stop nodeos by hand.",
                self.unheeded.tries()
            );
            self.tell("stop_unheeded", text, true);
        }
    }

    /// Whether stopping this node is worth a try: the last one had an effect, or is long ago.
    #[must_use]
    pub fn is_stop_due(&self, view: &View<'_>) -> bool {
        self.unheeded.is_due(view.now.mono)
    }

    /// A standby at rest that signs although it was stopped and never heeded it: whether that is
    /// what is seen, and seen to.
    pub fn sees_to_unheeded(&mut self, view: &View<'_>) -> bool {
        let is_unheeded = self.stage == Stage::Resting
            && self.is_stopped_once
            && may_stop(view)
            && self.able(view) == Some(Able::Unheeded);
        if is_unheeded && self.unheeded.is_due(view.now.mono) {
            self.stop_harder(view);
        }
        is_unheeded
    }
}

fn may_stop(view: &View<'_>) -> bool {
    view.settings.promotion.can_demote && !view.settings.promotion.dry_run
}
