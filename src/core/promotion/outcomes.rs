//! What follows when an order or a write of the latch comes back.

use super::{Machine, Stage};
use crate::core::action::{Act, ActResult, LatchStage};
use crate::core::rules::View;

/// Pauses between tries to stop this node, milliseconds; the last one repeats.
const DEMOTE_RETRY_MS: [u64; 4] = [2_000, 5_000, 15_000, 60_000];
/// After the state could not be written it is tried again no sooner than this.
const LATCH_RETRY_MS: u64 = 60_000;

impl Machine {
    pub(super) fn saved(&mut self, view: &View<'_>, id: u64, result: &ActResult) {
        match (&self.stage, result) {
            (Stage::Latching { act, id: expected, .. }, ActResult::Done(_)) if *expected == id => {
                if !is_still_missing(view) {
                    self.call_off(view);
                    return;
                }
                // A hands over only what it has let go of: stop this node first.
                let act = if *act == Act::PromoteRemote { Act::Demote } else { *act };
                let order = self.order(view, act);
                self.latch.since = view.now.wall;
                self.stage = Stage::Acting { act, id: order, since: view.now.mono };
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

    /// Writing the latch took so long that what it was written for is over.
    pub(super) fn call_off(&mut self, view: &View<'_>) {
        self.latch.promotions.pop();
        let producer = view.settings.producer;
        let text = format!(
            "Nothing was done: {producer} was seen, or nothing of the chain, while the state was written."
        );
        self.tell("promotion_called_off", text, false);
        self.rest(view, "a promotion was called off");
    }

    pub(super) fn latch_failed(&mut self, view: &View<'_>, why: &str) {
        self.latch.promotions.pop();
        self.latch.stage = LatchStage::Standby;
        self.latch_fault = Some((why.to_owned(), view.now.mono + LATCH_RETRY_MS));
        self.stage = Stage::Resting;
        self.tell(
            "state_not_written",
            format!("Nothing was done: the state cannot be written: {why}."),
            true,
        );
    }

    pub(super) fn acted(&mut self, view: &View<'_>, act: Act, result: &ActResult) {
        self.acted_at = view.now.mono;
        match (act, result) {
            (Act::Promote | Act::PromoteRemote, ActResult::Done(_)) => {
                self.stage = Stage::Verifying { act, since: self.latch.since, until: None };
            }
            (Act::Promote, ActResult::Refused(why)) => {
                self.tell("promotion_refused", format!("The promotion was refused: {why}."), true);
                self.rest(view, "a promotion was refused");
            }
            (Act::Promote, failed) => {
                let why = format!("the promotion did not succeed ({failed})");
                self.step_down(view, why);
            }
            // Only A gets here: its own node is stopped, so the other may start.
            (Act::Demote, ActResult::Done(_)) => {
                self.save(view.now, LatchStage::HandedOver);
                let id = self.order(view, Act::PromoteRemote);
                self.stage = Stage::Acting { act: Act::PromoteRemote, id, since: view.now.mono };
            }
            (Act::Demote, failed) => {
                let text = format!(
                    "Nothing is handed over: this node could not be stopped first ({failed})."
                );
                self.tell("handover_not_fenced", text, true);
                self.rest(view, "this node could not be stopped before handing over");
            }
            (Act::PromoteRemote, failed) => {
                let text = format!(
                    "This node is stopped, but the standby was not promoted ({failed}): see to the standby."
                );
                self.tell("handover_failed", text, true);
                self.handed_over(view.now.wall, false);
            }
            (_, _) => {}
        }
    }

    pub(super) fn demoted(&mut self, view: &View<'_>, why: String, tries: u32, result: &ActResult) {
        self.acted_at = view.now.mono;
        if let ActResult::Done(_) = result {
            self.tell("stopped", format!("This node has stopped signing: {why}."), false);
            self.rest(view, "this node was promoted and stopped again");
            return;
        }
        if tries == 0 {
            let text =
                format!("This node should stop signing ({why}), but may not have: {result}.");
            self.tell("demotion_failed", text, true);
        }
        let pause = DEMOTE_RETRY_MS[(tries as usize).min(DEMOTE_RETRY_MS.len() - 1)];
        let next = view.now.mono + pause;
        self.stage = Stage::Demoting { why, order: None, tries: tries.saturating_add(1), next };
    }
}

/// Whether the producer is silent for longer than this role waits, as it was when the gates opened.
fn is_still_missing(view: &View<'_>) -> bool {
    let silent_ms = view.silent_since().map(|since| view.now.mono.since_ms(since.mono));
    silent_ms.zip(view.wait_ms()).is_some_and(|(silent_ms, wait_ms)| silent_ms >= wait_ms)
}
