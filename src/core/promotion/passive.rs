//! A node that does not sign: what it waits for, and what it must not overlook.

use super::able::Able;
use super::{Machine, Stage};
use crate::core::action::{ActResult, Action};
use crate::core::entitlement::{Right, is_signed_elsewhere};
use crate::core::evidence::own::OwnBlock;
use crate::core::handover::{Fence, Signing, Taken, TakenState};
use crate::core::rules::View;
use crate::core::schedule::TURN_MS;
use crate::core::settings::Role;
use crate::core::time::{Human, Timestamp};

/// Between two writes of when this node last signed, milliseconds.
const BEAT_MS: u64 = 2_000;

impl Machine {
    /// A at rest: it signs by right, or was started paused.
    pub(super) fn watch_resting(&mut self, view: &View<'_>) {
        if view.settings.role.is_standby() && view.is_paused() == Some(false) {
            self.stops_again(view);
            return;
        }
        if view.settings.role != Role::Active {
            return;
        }
        let can_arm = view.settings.promotion.can_promote;
        if can_arm && view.is_paused() == Some(true) && self.unpaused_at.is_none() {
            self.stage = Stage::Arming { why: "it was started paused".to_owned() };
            return;
        }
        self.yields(view);
    }

    /// Another of our nodes took over while this one was away: of the two, this one stops.
    fn yields(&mut self, view: &View<'_>) {
        let is_stopped = view.is_paused() == Some(true) || view.evidence.process.ended.is_some();
        if is_stopped || view.settings.promotion.dry_run || !view.settings.promotion.can_demote {
            return;
        }
        let since = view.now.wall.plus_ms(-view.now.mono.since_ms(self.position.1).cast_signed());
        let later = |from: Option<Timestamp>| {
            from.is_some_and(|from| self.latch.active_at.is_none_or(|at| from > at.min(since)))
        };
        let other = view
            .evidence
            .peers
            .speaking(view.now)
            .find(|(_, peer)| peer.signing == Signing::Yes && later(peer.signing_since));
        let Some((index, _)) = other else { return };
        let name = view.settings.peers.names.get(index).map_or("?", String::as_str).to_owned();
        self.step_down(view, format!("{name} signs: it was promoted while this node was away"));
    }

    /// A that is stopped: whether it may sign again is what the gates tell; here only what must not
    /// be.
    pub(super) fn watch_arming(&mut self, view: &View<'_>) {
        if view.settings.role != Role::Active {
            if self.right.is_none() {
                self.rest(view, "this node is at rest");
            }
            return;
        }
        let another = view.evidence.peers.any_signs(view.now);
        if another || is_signed_elsewhere(view) {
            // It is not this node's to give any more, however silent the other is later.
            self.giving = None;
        }
        if self.stops_again(view) {
            return;
        }
        let said = view.evidence.api.paused.is_some_and(|(at, _)| at > self.position.1);
        if said && view.is_paused() == Some(false) {
            if self.able(view) == Some(Able::Unheeded) {
                self.tell_unheeded(view);
            }
            self.giving = None;
            self.latch.incident.clear();
            self.latch.stopped_by_hand = false;
            self.stage = Stage::Resting;
            return;
        }
        if self.latch.stopped_by_hand && (another || is_signed_elsewhere(view)) {
            // It was about who signs now, and another does.
            self.latch.stopped_by_hand = false;
            self.save_as_is();
        }
        if self.right.is_none() && self.is_plain_restart(view) {
            self.right = Some(Right::Restarted);
        } else if self.right == Some(Right::Restarted)
            && view.settings.lease.is_none()
            && !self.is_plain_restart(view)
        {
            // So late that another may have seen our turn pass.
            self.right = None;
        }
        let unfit = view.evidence.process.ended.is_some() || view.evidence.api.failed_in_row > 0;
        let offers = self.giving.as_ref().is_some_and(|g| g.fence == Some(Fence::Fenced));
        let ready = !another && view.evidence.peers.speaking(view.now).any(|(_, peer)| peer.ready);
        if unfit && offers && ready && !view.settings.promotion.dry_run && !in_maintenance(view) {
            if let Some(giving) = &mut self.giving {
                giving.tried.clear();
                self.latch.reason.clone_from(&giving.reason);
            }
            let reason = self.latch.reason.clone();
            self.open_incident(view, "offered_again", reason);
            self.fenced(view);
        }
    }

    /// Whether this node signed until a moment ago, so that nobody can have taken over by the
    /// producer's silence: less than a round since its last block, or the lease is still ours.
    fn is_plain_restart(&self, view: &View<'_>) -> bool {
        if let Some(lease) = view.settings.lease {
            let read = view.evidence.lease.fresh_read(view.now).flatten();
            let ours = read.is_some_and(|r| r.holder == view.settings.node && r.released.is_none());
            return ours || view.holds_lease(&lease);
        }
        // Before the end of our next turn nobody can have seen one pass.
        let turn_ms = TURN_MS.cast_unsigned();
        let round_ms = view.schedule().map(|s| s.round_ms().saturating_sub(turn_ms));
        let away_ms = self.latch.active_at.map(|at| view.now.wall.since_ms(at));
        let another = view.evidence.peers.speaking(view.now).any(|(_, p)| p.signing != Signing::No);
        away_ms.zip(round_ms).is_some_and(|(away, round)| (0..round.cast_signed()).contains(&away))
            && !another
    }

    /// The other declined what a person ordered: this node signs on.
    pub(super) fn way_back(&mut self, view: &View<'_>) {
        self.giving = None;
        self.arm(view, "the switchover was declined");
        self.right = Some(Right::Declined);
        // What was seen before stands: this node stopped a moment ago, and nobody took over.
        self.discard = None;
    }

    /// What became of the handover this node took up: nothing.
    pub(super) fn decline(&mut self) {
        if let Some(taken) = self.taken.as_mut().filter(|t| t.state != TakenState::Proven) {
            taken.state = TakenState::Declined;
            taken.sentence = "This node does not sign.".to_owned();
        }
    }

    /// How far the handover is that this node got.
    #[must_use]
    pub fn taken_state(&self, view: &View<'_>) -> Option<Taken> {
        let offered = view.evidence.peers.offered.as_ref()?;
        if self.used_offer == Some(offered.at.mono) {
            return self.taken.clone();
        }
        let is_valid = view.evidence.peers.valid_offer(view.now).is_some();
        let (state, sentence) = if is_valid {
            (TakenState::Waiting, "It came, and a gate is closed.")
        } else {
            (TakenState::Declined, "It was not taken up in time.")
        };
        Some(Taken { id: offered.handover.id.clone(), state, sentence: sentence.to_owned() })
    }

    /// Notes whether the node was able to sign since it was started.
    pub(super) fn note_unpaused(&mut self, view: &View<'_>) {
        let started = view.evidence.node_came_back();
        if self.unpaused_at.is_some_and(|at| started >= at) {
            self.unpaused_at = None;
        }
        // What it said before it was started again is about the process before.
        let said = view.evidence.api.paused.map(|(at, _)| at);
        let said = said.filter(|said| *said > started);
        if let (Some(at), Some(false)) = (said, view.is_paused()) {
            self.unpaused_at = Some(at);
            self.is_stopped = false;
            self.is_mending = false;
        }
        if view.is_paused() == Some(true) || view.evidence.process.ended.is_some() {
            self.has_obeyed = true;
            self.unheeded.reset();
        }
        // Where nobody says whether it is paused, a block of its own long after it was stopped does.
        let settled = view.settings.rules.poll_timeout_ms;
        let signs = |own: &OwnBlock| own.seen_at.mono.since_ms(self.acted_at) > settled;
        if view.evidence.own.last_produced.as_ref().is_some_and(signs) {
            self.is_stopped = false;
        }
    }

    /// Remembers on disk when this node last signed by right, so that a plain restart is known.
    pub(super) fn beat(&mut self, view: &View<'_>) {
        let signs = match &self.stage {
            Stage::Resting => view.settings.role == Role::Active,
            Stage::Producing { .. } => true,
            _ => false,
        };
        let last =
            view.evidence.own.last_produced.filter(|own| own.seen_at.mono >= self.position.1);
        let Some(last) = last.filter(|_| signs && view.settings.promotion.can_promote) else {
            return;
        };
        let is_due = self.beaten_at.is_none_or(|at| view.now.mono.since_ms(at) >= BEAT_MS);
        // One that was not queued never comes back.
        let late_ms = super::outcomes::LATCH_RETRY_MS;
        if self.beaten_at.is_some_and(|at| view.now.mono.since_ms(at) >= late_ms) {
            self.beats.clear();
        }
        if !is_due || !self.beats.is_empty() || self.latch.active_at == Some(last.time) {
            return;
        }
        self.beaten_at = Some(view.now.mono);
        self.latch.active_at = Some(last.time);
        self.latch.token = view.evidence.lease.held.map(|(_, token)| token);
        let id = self.id();
        self.beats.push(id);
        self.actions.push(Action::SaveLatch { id, latch: self.latch.clone() });
    }

    /// A beat was written, or not: without it a restart waits a round, and nothing else.
    pub(super) fn beaten(&mut self, view: &View<'_>, result: &ActResult) {
        if let ActResult::Done(_) = result {
            return;
        }
        // Tried again no sooner than a minute from now; the first failure is told.
        if self.latch_fault.is_none() {
            let text = format!("The state could not be written: {result}.");
            self.tell("state_not_written", text, true);
        }
        self.beaten_at = Some(view.now.mono + super::outcomes::LATCH_RETRY_MS);
    }

    /// Reminds people that a standby signs.
    pub(super) fn remind(&mut self, view: &View<'_>) {
        let every_ms = view.settings.promotion.remind_ms;
        let since = match &self.stage {
            Stage::Producing { since } if view.settings.role.is_standby() => *since,
            // A standby that gave it back is where it should be.
            Stage::HandedOver { since, .. } if view.settings.role == Role::Active => *since,
            _ => {
                self.reminded_at = None;
                return;
            }
        };
        let last = *self.reminded_at.get_or_insert(view.now.mono);
        if every_ms == 0 || view.now.mono.since_ms(last) < every_ms {
            return;
        }
        self.reminded_at = Some(view.now.mono);
        let who = match &self.stage {
            Stage::Producing { .. } => format!("This standby, {},", view.settings.node),
            _ => self.who_signs(view),
        };
        let age = Human(view.now.wall.since_ms(since).max(0).cast_unsigned());
        self.tell("standby_signs", format!("{who} signs since {since} ({age})."), false);
    }

    /// Who signs now, as far as the peers say.
    #[must_use]
    pub fn who_signs(&self, view: &View<'_>) -> String {
        let mut speaking = view.evidence.peers.speaking(view.now);
        let other = speaking.find(|(_, peer)| peer.signing == Signing::Yes);
        let name = other.and_then(|(index, _)| view.settings.peers.names.get(index));
        name.map_or_else(|| "Another node".to_owned(), |name| format!("Standby {name}"))
    }
}

fn in_maintenance(view: &View<'_>) -> bool {
    view.maintenance_until.is_some_and(|until| until > view.now.wall)
}
