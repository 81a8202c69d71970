//! What follows when an order or a write of the latch comes back.

use super::{Machine, Stage, SwitchStep};
use crate::core::action::{Act, ActResult, LatchStage};
use crate::core::handover::{Fence, Signing, TakenState};
use crate::core::rules::View;
use crate::core::schedule::SLOT_MS;
use crate::core::settings::Role;

/// After the state could not be written it is tried again no sooner than this.
pub(super) const LATCH_RETRY_MS: u64 = 60_000;
/// After etcd did not say whether the lease is ours it is asked again no sooner than this.
pub(super) const LEASE_RETRY_MS: u64 = 2_000;

impl Machine {
    pub(super) fn saved(&mut self, view: &View<'_>, id: u64, result: &ActResult) {
        match (&self.stage, result) {
            (Stage::Latching { act, id: expected, .. }, ActResult::Done(_)) if *expected == id => {
                let act = *act;
                if self.is_over(view) {
                    self.call_off(view, "it was seen, or nothing of the chain");
                } else if let Some(name) = first_to_begin(view).filter(|_| act == Act::Promote) {
                    self.call_off(view, &format!("{name} is being made to sign"));
                } else {
                    self.after_latch(view, act);
                }
            }
            (_, ActResult::Done(_)) => {}
            (Stage::Latching { id: expected, .. }, failed) if *expected == id => {
                let why = failed.to_string();
                self.latch_failed(view, &why);
            }
            (_, failed) => {
                let text = format!("The state could not be written: {failed}.");
                self.tell("state_not_written", text, true);
            }
        }
    }

    /// The latch is on disk: the first step.
    fn after_latch(&mut self, view: &View<'_>, act: Act) {
        self.latch.since = view.now.wall;
        match act {
            Act::Promote if self.needs_lease(view) => self.act(view, Act::AcquireLease, None),
            Act::Promote => self.act(view, Act::Promote, None),
            _ => self.fence_own(view),
        }
    }

    fn needs_lease(&self, view: &View<'_>) -> bool {
        let lease = view.settings.lease;
        lease.is_some_and(|lease| !view.holds_lease(&lease))
    }

    /// Whether what the latch was written for is over: the producer was seen meanwhile.
    fn is_over(&self, view: &View<'_>) -> bool {
        if self.giving.as_ref().is_some_and(|giving| giving.is_certain) {
            return false;
        }
        if self.is_quick {
            let Stage::Latching { since, .. } = &self.stage else { return false };
            // The giver's last block may arrive after its word.
            let given = self.given_at.map(|at| at.plus_ms(SLOT_MS));
            return view.evidence.own.last.is_some_and(|own| {
                own.seen_at.mono > *since && given.is_none_or(|given| own.time > given)
            });
        }
        !self.is_still_missing(view)
    }

    /// Whether the producer is silent for as long as it was when the gates opened.
    fn is_still_missing(&self, view: &View<'_>) -> bool {
        let silent_ms = view.silent_since().map(|since| view.now.mono.since_ms(since.mono));
        silent_ms.zip(self.waited_ms).is_some_and(|(silent_ms, wait_ms)| silent_ms >= wait_ms)
    }

    /// Writing the latch took so long that what it was written for is over.
    pub(super) fn call_off(&mut self, view: &View<'_>, why: &str) {
        self.uncount();
        let producer = view.settings.producer;
        let text = format!("Nothing was done for {producer}: while the state was written, {why}.");
        self.tell("promotion_called_off", text, false);
        self.giving = None;
        self.back(view, "a promotion was called off");
    }

    /// Back to where a promotion began.
    pub(super) fn back(&mut self, view: &View<'_>, why: &str) {
        if view.settings.role == Role::Active && view.settings.promotion.can_promote {
            self.arm(view, why);
        } else {
            self.rest(view, why);
        }
    }

    fn uncount(&mut self) {
        if std::mem::take(&mut self.is_counted) {
            self.latch.promotions.pop();
        }
    }

    pub(super) fn latch_failed(&mut self, view: &View<'_>, why: &str) {
        self.uncount();
        self.latch.stage = match self.came_from {
            Stage::Producing { .. } | Stage::Switching { since: Some(_), .. } => {
                LatchStage::Promoted
            }
            Stage::HandedOver { .. } => LatchStage::HandedOver,
            _ => LatchStage::Standby,
        };
        self.latch_fault = Some((why.to_owned(), view.now.mono + LATCH_RETRY_MS));
        self.giving = None;
        self.decline();
        self.stage = match self.came_from.clone() {
            Stage::Switching { since: Some(since), .. } => Stage::Producing { since },
            Stage::Switching { since: None, .. } => Stage::Resting,
            stage => stage,
        };
        if self.switch.as_ref().is_some_and(|switch| switch.step == SwitchStep::Giving) {
            self.end_switch(
                SwitchStep::Failed,
                "The state could not be written; nothing was done.",
            );
        }
        self.tell(
            "state_not_written",
            format!("Nothing was done: the state cannot be written: {why}."),
            true,
        );
    }

    pub(super) fn acted(&mut self, view: &View<'_>, act: Act, result: &ActResult) {
        if matches!(
            act,
            Act::Promote | Act::Demote | Act::Fence | Act::Restart | Act::PromoteRemote
        ) {
            self.acted_at = view.now.mono;
        }
        match (act, result) {
            (Act::Promote | Act::PromoteRemote, ActResult::Done(_)) => {
                if act == Act::Promote {
                    self.is_stopped = false;
                    self.resumed();
                }
                self.stage = Stage::Verifying { act, since: self.latch.since, until: None };
            }
            (Act::Promote, ActResult::Refused(why)) => {
                if self.arming_failed(view) {
                    let text = format!("The promotion was refused: {why}.");
                    self.tell("promotion_refused", text, true);
                }
                self.back(view, "a promotion was refused");
            }
            (Act::Promote, failed) => {
                let why = format!("the promotion did not succeed ({failed})");
                self.undo(view, why);
            }
            (Act::Demote | Act::Fence, ActResult::Done(_)) => self.fenced(view),
            (Act::Demote, failed) => {
                if view.settings.promotion.can_fence {
                    self.act(view, Act::Fence, None);
                } else {
                    let failed = failed.clone();
                    self.not_fenced(view, fence_of(&failed), &failed);
                }
            }
            (Act::Fence, failed) => {
                let failed = failed.clone();
                self.not_fenced(view, fence_of(&failed), &failed);
            }
            (Act::PromoteRemote, failed) => {
                let text = format!(
                    "This node is stopped, but the standby was not promoted ({failed}): see to the standby."
                );
                self.tell("handover_failed", text, true);
                self.handed_over(view.now.wall, false);
            }
            (Act::ReleaseLease, result) => {
                if let Some(giving) = &mut self.giving {
                    giving.has_released = matches!(result, ActResult::Done(_));
                }
                if !matches!(result, ActResult::Done(_)) {
                    let text = format!("The lease could not be let go of ({result}); it runs out.");
                    self.tell("lease_not_released", text, true);
                }
                self.offer(view);
            }
            (Act::HandOver, result) => {
                let result = result.clone();
                self.given(view, &result);
            }
            (Act::AcquireLease, result) => self.lease_came_back(view, result),
            // Whether it helped shows on the node.
            (Act::Restart, _) => self.stage = Stage::Resting,
            (Act::Ask, _) => {}
        }
    }

    /// A promotion that did not work is undone.
    pub(super) fn undo(&mut self, view: &View<'_>, why: String) {
        if self.arming_failed(view) {
            self.step_down(view, why);
        } else {
            self.demote(view, why);
        }
    }

    fn resumed(&mut self) {
        if let Some(taken) = &mut self.taken {
            taken.state = TakenState::Resumed;
            taken.sentence = "It was resumed; the chain has not shown its block yet.".to_owned();
        }
    }

    fn lease_came_back(&mut self, view: &View<'_>, result: &ActResult) {
        match result {
            ActResult::Done(_) => {
                self.latch.token = view.evidence.lease.held.map(|(_, token)| token);
                self.act(view, Act::Promote, None);
            }
            ActResult::Refused(why) => {
                self.uncount();
                if self.arming_failed(view) {
                    let text = format!("Nothing was done: the lease was refused: {why}.");
                    self.tell("lease_refused", text, false);
                }
                self.back(view, "the lease was refused");
            }
            ActResult::Failed(why) => {
                self.uncount();
                // It may be ours after all; nobody shall wait for a lease that nobody uses.
                self.push(view, Act::ReleaseLease, None);
                if self.arming_failed(view) {
                    let text =
                        format!("Nothing was done: whether the lease is ours is not known: {why}.");
                    self.tell("lease_refused", text, true);
                }
                self.back(view, "the lease was not to be had");
            }
        }
    }
}

/// Name of a peer that is being made to sign as well and goes first: by its role, then by its name;
/// each of the two comes to the same answer.
fn first_to_begin<'a>(view: &View<'a>) -> Option<&'a str> {
    let ours = (view.settings.role, view.settings.node.as_str());
    let mut speaking = view.evidence.peers.speaking(view.now);
    let (index, _) = speaking.find(|(index, peer)| {
        let name = view.settings.peers.names.get(*index).map_or("", String::as_str);
        peer.signing == Signing::Beginning && (peer.role, name) < ours
    })?;
    view.settings.peers.names.get(index).map(String::as_str)
}

fn fence_of(result: &ActResult) -> Fence {
    match result {
        ActResult::Done(_) => Fence::Fenced,
        ActResult::Refused(_) => Fence::Refused,
        ActResult::Failed(_) => Fence::Unknown,
    }
}
