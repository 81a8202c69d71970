//! What a person orders: a switchover in the gap between two of our turns, maintenance, and the
//! answers to both.

use serde::Serialize;

use super::{Machine, Stage};
use crate::core::action::Maintenance;
use crate::core::handover::TakenState;
use crate::core::incapable::{Cause, Incapable};
use crate::core::rules::View;
use crate::core::schedule::TURN_MS;
use crate::core::time::{Human, Timestamp};

/// The last block of our turn is on its way for so long, milliseconds.
const TURN_OVER_MS: i64 = 1_000;
/// So much must be left until our next turn begins, milliseconds: the switch takes well under a
/// second, and a step may be tried again.
const GAP_LEFT_MS: i64 = 8_000;
/// A person may still change their mind, milliseconds.
const COUNTDOWN_MS: i64 = 3_000;

/// How far a switchover is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SwitchStep {
    /// The node that signs was asked to hand over to this one.
    Asked,
    /// The gap between two of our turns is waited for.
    Waiting,
    /// This node is being stopped, and the other told.
    Giving,
    /// The other's block is on the chain.
    Done,
    /// It did not take place; this node signs on, or will again.
    Failed,
    /// Whether the other signs is not known.
    Unknown,
}

/// A switchover, for the status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Switch {
    /// Name of the node that takes over.
    pub to: String,
    /// How far it is.
    pub step: SwitchStep,
    /// One sentence.
    pub step_sentence: String,
    /// When the waiting ends.
    pub until: Option<Timestamp>,
}

/// When a switchover should begin: now, when our next turn is far enough away, else after it.
#[must_use]
pub fn gap(view: &View<'_>) -> Timestamp {
    let soon = view.now.wall.plus_ms(COUNTDOWN_MS);
    let ours = view.settings.producer;
    let Some(schedule) = view.schedule() else { return soon };
    // The turn that runs, or was over a moment ago, must have arrived.
    let recent = soon.plus_ms(-TURN_OVER_MS);
    match schedule.turn_ending_after(ours, recent) {
        Some(turn) if turn.start().since_ms(soon) < GAP_LEFT_MS.min(gap_max_ms(view)) => {
            turn.end().plus_ms(TURN_OVER_MS)
        }
        _ => soon,
    }
}

/// Half of the time between two of our turns.
fn gap_max_ms(view: &View<'_>) -> i64 {
    let round_ms = view.schedule().map_or(0, |s| s.round_ms().cast_signed());
    (round_ms - TURN_MS) / 2
}

/// A clock that is put right by so much says nothing of a maintenance's length, milliseconds.
const CLOCK_SLACK_MS: i64 = 60_000;

impl Machine {
    /// Begins to wait for the gap.
    pub fn plan_switch(&mut self, view: &View<'_>, to: usize) -> Timestamp {
        let go_at = gap(view);
        let since = self.promoted_at();
        let name = view.settings.peers.names.get(to).cloned().unwrap_or_default();
        self.switch = Some(Switch {
            to: name.clone(),
            step: SwitchStep::Waiting,
            step_sentence: format!("{name} takes over at {go_at}, between two of our turns."),
            until: Some(go_at),
        });
        self.stage = Stage::Switching { to, go_at, since };
        go_at
    }

    pub(super) fn watch_switching(&mut self, view: &View<'_>, to: usize, go_at: Timestamp) {
        if view.now.wall < go_at {
            return;
        }
        // The schedule may have changed meanwhile: never in a turn of ours, nor right before it.
        let schedule = view.schedule().filter(|schedule| schedule.producers.len() > 1);
        let next =
            schedule.and_then(|s| s.turn_ending_after(view.settings.producer, view.now.wall));
        if let Some(turn) = next.filter(|turn| turn.start().since_ms(view.now.wall) < TURN_OVER_MS)
        {
            let later = turn.end().plus_ms(TURN_OVER_MS);
            if let Stage::Switching { go_at, .. } = &mut self.stage {
                *go_at = later;
            }
            if let Some(switch) = &mut self.switch {
                switch.until = Some(later);
            }
            return;
        }
        let name = view.settings.peers.names.get(to).cloned().unwrap_or_default();
        let is_ready = view.evidence.peers.fresh(view.now, to).is_some_and(|peer| peer.ready);
        if !is_ready && !self.forced_switch {
            let text = format!("{name} is not ready any more; nothing was done.");
            self.tell("switchover_called_off", text.clone(), false);
            self.end_switch(SwitchStep::Failed, &text);
            self.unplan(view);
            return;
        }
        if let Some(switch) = &mut self.switch {
            switch.step = SwitchStep::Giving;
            switch.step_sentence = format!("This node is being stopped, then {name} is resumed.");
            switch.until = None;
        }
        let reason = format!("A person ordered that {name} takes over.");
        let found = Incapable { cause: Cause::PausedByHand, sentence: reason };
        self.begin_handover(view, &found, Some(to));
    }

    /// Back to signing, when nothing was begun.
    fn unplan(&mut self, _view: &View<'_>) {
        self.stage = match self.stage {
            Stage::Switching { since: Some(since), .. } => Stage::Producing { since },
            _ => Stage::Resting,
        };
    }

    /// What was asked of a peer is done when this node signs, and not known when the time is over.
    pub(super) fn watch_asked(&mut self, view: &View<'_>) {
        let Some(switch) = self.switch.as_ref().filter(|s| s.step == SwitchStep::Asked) else {
            return;
        };
        if self.taken.as_ref().is_some_and(|taken| taken.state == TakenState::Proven) {
            self.end_switch(SwitchStep::Done, "This node signs again, and the chain shows it.");
        } else if let Some(why) = self.is_refused(view) {
            self.end_switch(SwitchStep::Failed, &why);
        } else if switch.until.is_some_and(|until| view.now.wall >= until) {
            self.end_switch(
                SwitchStep::Unknown,
                "The outcome is not known: the node that was asked has not handed over.",
            );
        }
    }

    /// Whether the peer that was asked has refused since; one sentence.
    fn is_refused(&self, view: &View<'_>) -> Option<String> {
        let (index, before) = self.asked_of.as_ref()?;
        let refused = view.evidence.peers.fresh(view.now, *index)?.refused.as_ref()?;
        let is_new = before.as_ref() != Some(refused) && refused.to == view.settings.node;
        let name = view.settings.peers.names.get(*index)?;
        is_new.then(|| format!("{name} refused: {}", refused.sentence))
    }

    pub(super) fn end_switch(&mut self, step: SwitchStep, sentence: &str) {
        if let Some(switch) = self.switch.as_mut().filter(|s| s.step != SwitchStep::Done) {
            switch.step = step;
            sentence.clone_into(&mut switch.step_sentence);
            switch.until = None;
        }
    }

    /// What a person planned does not take place: something else came first.
    pub(super) fn end_waiting(&mut self, why: &str) {
        if self.switch.as_ref().is_some_and(|switch| switch.step == SwitchStep::Waiting) {
            self.end_switch(
                SwitchStep::Failed,
                &format!("It did not take place, for something else came first: {why}."),
            );
        }
    }

    /// Begins or changes the maintenance.
    pub fn maintain(&mut self, view: &View<'_>, for_ms: u64, reason: String) -> Timestamp {
        let until = view.now.wall.plus_ms(for_ms.cast_signed());
        let text = format!("Maintenance until {until}: {reason}.");
        self.latch.maintenance = Some(Maintenance { since: view.now.wall, until, reason });
        self.save_as_is();
        self.tell("maintenance_begins", text, false);
        until
    }

    /// Ends the maintenance at its time, or by order.
    pub(super) fn end_maintenance(&mut self, view: &View<'_>) {
        self.keep_maintenance_bounded(view);
        let is_over = self.latch.maintenance.as_ref().is_some_and(|m| m.until <= view.now.wall);
        if is_over {
            self.finish_maintenance(view, "its time is over");
        }
    }

    /// A clock that was set back to before its beginning would make it last for as long as it was
    /// set back: it gets its length anew, and no more.
    fn keep_maintenance_bounded(&mut self, view: &View<'_>) {
        let Some(maintenance) = &mut self.latch.maintenance else { return };
        if maintenance.since.since_ms(view.now.wall) <= CLOCK_SLACK_MS {
            return;
        }
        let length_ms = maintenance.until.since_ms(maintenance.since);
        maintenance.since = view.now.wall;
        maintenance.until = view.now.wall.plus_ms(length_ms);
        self.save_as_is();
    }

    /// Ends the maintenance; whether there was one.
    pub fn finish_maintenance(&mut self, view: &View<'_>, why: &str) -> bool {
        let Some(maintenance) = self.latch.maintenance.take() else { return false };
        let age = Human(view.now.wall.since_ms(maintenance.since).max(0).cast_unsigned());
        self.save_as_is();
        let text = format!("Maintenance is over after {age} ({why}): {}.", maintenance.reason);
        self.tell("maintenance_ends", text, false);
        true
    }

    /// Counts promotions anew.
    pub fn rearm(&mut self) -> usize {
        let forgotten = self.latch.promotions.len();
        self.latch.promotions.clear();
        self.arming.reset();
        self.save_as_is();
        forgotten
    }

    /// Writes the latch without a change of its stage.
    pub(super) fn save_as_is(&mut self) {
        let id = self.id();
        self.saves.push(id);
        self.actions.push(crate::core::action::Action::SaveLatch { id, latch: self.latch.clone() });
    }
}
