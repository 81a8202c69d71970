//! The restart rung: a node in coma is restarted once before the producer is handed over; and what
//! keeps a node that was stopped from being made to sign too early or too often.

use super::{Machine, Stage};
use crate::core::action::Act;
use crate::core::rules::View;
use crate::core::settings::Role;
use crate::core::time::Human;

impl Machine {
    /// Orders the restart of a node in coma, once an hour at most.
    pub fn restart_once(&mut self, view: &View<'_>, sentence: &str) -> bool {
        let policy = &view.settings.promotion;
        let is_due = self.restarted_at.is_none_or(|at| view.now.mono.since_ms(at) >= 3_600_000);
        if !policy.can_restart || !is_due {
            return false;
        }
        self.restarted_at = Some(view.now.mono);
        self.is_mending = true;
        self.coma_head = view.evidence.api.info.as_ref().map_or(0, |info| info.head);
        self.open_incident(view, "restart", sentence.to_owned());
        self.tell(
            "restarting",
            format!("nodeos is restarted once before the producer is handed over: {sentence}"),
            true,
        );
        self.act(view, Act::Restart, None);
        true
    }

    /// Whether nodeos was restarted so short a time ago that it may still be coming up.
    #[must_use]
    pub fn is_restarting(&self, view: &View<'_>) -> bool {
        let wait_ms = view.settings.promotion.restart_wait_ms;
        self.restarted_at.is_some_and(|at| view.now.mono.since_ms(at) < wait_ms)
    }

    /// Whether nodeos was restarted by us and has not been able to sign since: it was started paused,
    /// so that a coma which the restart did not end is still ours to hand over.
    #[must_use]
    pub const fn is_mending(&self) -> bool {
        self.is_mending && matches!(self.stage, Stage::Arming { .. })
    }

    /// Whether this node, which was restarted in coma, has not got a block of others since.
    fn is_in_coma(&self, view: &View<'_>) -> bool {
        let Some(restarted) = self.restarted_at.filter(|_| self.is_mending()) else {
            return false;
        };
        let api = &view.evidence.api;
        let is_ahead = api.info.as_ref().is_some_and(|info| info.head > self.coma_head);
        let heard = view.evidence.log.last_foreign.map(|(at, _)| at);
        let heard = heard.max(api.last_foreign_head.filter(|_| is_ahead));
        heard.is_none_or(|at| at <= restarted)
    }

    /// Why the active node is not made to sign although it may be; one sentence.
    #[must_use]
    pub fn arming_waits(&self, view: &View<'_>) -> Option<String> {
        if !matches!(self.stage, Stage::Arming { .. }) {
            return None;
        }
        if self.is_in_coma(view) {
            return Some("nodeos was restarted, and got no block of others since.".to_owned());
        }
        if self.arming.is_due(view.now.mono) {
            return None;
        }
        let left = Human(self.arming.next().since_ms(view.now.mono));
        let tries = self.arming.tries();
        Some(format!("Making this node sign failed {tries} times; it is tried again in {left}."))
    }

    /// A try to make the active node sign did not work: whether people hear of it.
    pub(super) fn arming_failed(&mut self, view: &View<'_>) -> bool {
        if view.settings.role != Role::Active {
            return true;
        }
        self.arming.failed(view.now.mono);
        self.arming.is_to_be_told(view.now.mono, view.settings.promotion.remind_ms)
    }
}
