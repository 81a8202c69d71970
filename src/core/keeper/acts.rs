//! What the keeper begins by itself: a promotion when every gate is open, a handover when its node
//! cannot sign, stepping down when two sign, and stopping when the lease runs out.

use super::{Keeper, view};
use crate::core::action::Act;
use crate::core::entitlement::{Ground, Position, ground};
use crate::core::gates::{self, HoldReason};
use crate::core::handover::Refused;
use crate::core::incapable::{Cause, Incapable, incapable};
use crate::core::promotion::{Machine, Stage};
use crate::core::rules::{self, Rule, View};
use crate::core::settings::Role;
use crate::core::time::Now;

/// A peer's request that is older than this is not acted on any more, milliseconds.
const ASKED_MS: u64 = 10_000;

impl Keeper {
    /// Never two: with a lease nobody signs without it.
    pub(super) fn guard_lease(&mut self, now: Now) {
        self.with_machine(now, |machine, view| machine.guard_lease(view));
    }

    /// Never two: a standby that signs while another node signs our name stops at once.
    pub(super) fn step_down_if_two(&mut self, now: Now) {
        let is_signing = self.settings.role.is_standby()
            && (self.machine.promoted_at().is_some()
                || self.fires(Rule::StandbyUnpaused) && self.settings.promotion.can_demote);
        // An act under way ends first, within its deadline: a script that is still about to resume
        // this node would undo what stops it.
        if self.settings.promotion.dry_run
            || matches!(
                self.machine.stage,
                Stage::Acting { .. } | Stage::Demoting { .. } | Stage::HandedOver { .. }
            )
            || !is_signing
        {
            return;
        }
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        let Some(block) = rules::signed_elsewhere(&view) else { return };
        let why = format!("our block #{} ({}) was signed elsewhere", block.number, block.time);
        if self.machine.promoted_at().is_none() {
            let mut is_seen_to = false;
            self.with_machine(now, |machine, view| is_seen_to = machine.sees_to_unheeded(view));
            if is_seen_to {
                return;
            }
        }
        self.with_machine(now, |machine, view| machine.step_down(view, why));
    }

    /// Never none: a node that is meant to sign and cannot hands over at once.
    pub(super) fn hand_over_if_incapable(&mut self, now: Now) {
        let found = self.find_incapable(now);
        let same = found.as_ref().map(|found| found.cause);
        if same != self.incapable.0 {
            self.incapable = (same, 0);
        }
        let Some(found) = found else { return };
        if self.is_new_look(now) || self.incapable.1 == 0 {
            self.incapable.1 += 1;
        }
        let need = self.settings.promotion.confirm_ticks;
        if !found.cause.is_certain() && self.incapable.1 < need {
            return;
        }
        let in_coma = found.cause == Cause::CutOff && self.evidence.api.failed_in_row == 0;
        let may_restart = in_coma && self.settings.role == Role::Active;
        self.incapable = (None, 0);
        self.with_machine(now, |machine, view| {
            if may_restart && machine.restart_once(view, &found.sentence) {
                return;
            }
            machine.begin_handover(view, &found, None);
        });
    }

    fn find_incapable(&self, now: Now) -> Option<Incapable> {
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        let signs = match self.machine.stage {
            Stage::Resting => self.settings.role == Role::Active && !self.machine.is_stopped(),
            Stage::Producing { .. } | Stage::Switching { .. } => true,
            // It was started paused, and is in coma still.
            Stage::Arming { .. } => self.machine.is_mending(),
            _ => false,
        };
        let policy = &self.settings.promotion;
        let may_act = !policy.dry_run
            && policy.can_demote
            && self.machine.latch_fault.is_none()
            && view.maintenance_until.is_none_or(|until| until <= now.wall)
            && (view.evidence.api.is_scheduled(self.settings.producer) != Some(false)
                || keeps_lease_blindly(&view));
        let is_due = self.machine.is_stop_due(&view);
        if !signs || !may_act || !is_due || self.machine.is_restarting(&view) {
            return None;
        }
        let can_give = Machine::can_give(&view);
        let unpaused = self.machine.unpaused_at.is_some();
        let found = incapable(&view, &self.findings, unpaused)?;
        // Without anybody to give it to, this node stops only where it would sign on a branch of
        // its own, and only if it can start again by itself.
        let stops = matches!(found.cause, Cause::CutOff | Cause::Forked) && policy.can_promote;
        (can_give || stops).then_some(found)
    }

    /// A peer asked for the producer, on behalf of a person.
    pub(super) fn answer_request(&mut self, now: Now) {
        let Some((at, index, behalf)) = self.evidence.peers.asked.take() else { return };
        if now.mono.since_ms(at) > ASKED_MS {
            return;
        }
        let Some(name) = self.settings.peers.names.get(index).cloned() else { return };
        let answer = self.switch_to(now, &name, false, false);
        let said = answer.sentences.join(" ");
        let verb = if answer.accepted { "granted" } else { "refused" };
        let text = format!("{name} asked for the producer ({behalf}): {verb}. {said}");
        let refused =
            (!answer.accepted).then_some(Refused { to: name, at: now.wall, sentence: said });
        self.with_machine(now, |machine, _| {
            machine.refused = refused;
            machine.note("handover_asked", text);
        });
    }

    pub(super) fn promote_if_open(&mut self, now: Now) {
        let is_open = !self.gates.is_empty() && self.gates.iter().all(|g| g.closed.is_none());
        if !self.machine.is_resting() || !is_open {
            return;
        }
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        let ground = ground(&view);
        let need = self.settings.promotion.confirm_ticks;
        let is_at_once = |ground: Ground<'_>| ground.is_quick() && !ground.is_another_first(&view);
        if !ground.is_some_and(is_at_once) && self.machine.confirmed_ticks < need {
            return;
        }
        if self.machine.arming_waits(&view).is_some() {
            return;
        }
        let act = match (self.settings.role, self.machine.position().0) {
            (Role::Observer, _) => return,
            (Role::Active, Position::Active) => Act::PromoteRemote,
            _ => Act::Promote,
        };
        let reason = match ground {
            Some(ground) if ground.is_quick() => ground.sentence(&view),
            _ => {
                let missing = self.findings.iter().find(|f| f.rule == Rule::ProducerMissing);
                let saw = missing.map_or("", |finding| finding.saw.as_str());
                format!("{} is missing: {saw}.", self.settings.producer)
            }
        };
        self.with_machine(now, |machine, view| machine.begin(view, act, reason));
    }

    /// Says when the budget is spent, and when it is not any more.
    pub(super) fn tell_budget(&mut self, now: Now) {
        let gate = self.gates.iter().find(|gate| gate.name == "budget");
        let Some(gate) = gate else { return };
        let is_spent = gate.closed == Some(HoldReason::BudgetSpent);
        if is_spent == self.is_budget_spent {
            return;
        }
        self.is_budget_spent = is_spent;
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        let (used, _) = gates::promotions_within(&view, &self.machine.latch.promotions);
        let sentence = gates::budget_sentence(&view, used);
        let (key, text) = if is_spent {
            ("budget_spent", format!("This node promotes itself no more for now: {sentence}"))
        } else {
            ("budget_rearmed", format!("This node may promote itself again: {sentence}"))
        };
        self.with_machine(now, |machine, _| machine.note(key, text));
    }
}

/// Whether this keeper renews the lease for a node that does not answer any more. By the node's last word
/// the producer is not in the schedule, but it may have been elected since, and nobody else could sign.
fn keeps_lease_blindly(view: &View<'_>) -> bool {
    view.settings.lease.is_some()
        && view.evidence.lease.held.is_some()
        && view.evidence.api.schedule_failure.is_some()
}
