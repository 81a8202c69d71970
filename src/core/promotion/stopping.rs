//! Stopping this node: tried until it is known, by the pause and then by the fence.

use super::{Machine, Stage};
use crate::core::action::{Act, ActResult, LatchStage};
use crate::core::entitlement::Position;
use crate::core::handover::{Fence, Handover};
use crate::core::rules::View;
use crate::core::settings::{OnLeaseOutage, Role};
use crate::core::time::Mono;

/// Pauses between tries to stop this node, milliseconds; the last one repeats.
pub(super) const DEMOTE_RETRY_MS: [u64; 4] = [2_000, 5_000, 15_000, 60_000];
/// A lease that is held by a node that does not sign is let go of after so long, milliseconds: a
/// nodeos that is started again has caught up by then, or takes long.
const IDLE_LEASE_MS: u64 = 10_000;

impl Machine {
    /// Stop this node, now.
    pub fn step_down(&mut self, view: &View<'_>, why: String) {
        self.tell("stepping_down", format!("This node stops signing: {why}."), true);
        self.demote(view, why);
    }

    /// Orders that this node be stopped, and remembers it on disk; the order does not wait for that.
    pub(super) fn demote(&mut self, view: &View<'_>, why: String) {
        self.demote_from(view, why, 0);
    }

    /// The same, as if so many tries had failed already.
    pub(super) fn demote_from(&mut self, view: &View<'_>, why: String, tries: u32) {
        self.end_waiting(&why);
        if self.position.0 == Position::HandedOver {
            // Another has it, or may have: this node has nothing to offer again.
            self.giving = None;
        }
        self.latch.reason.clone_from(&why);
        self.latch.active_at = None;
        self.right = None;
        self.save(view.now, LatchStage::Demoting);
        self.is_mending = false;
        self.stage = Stage::Demoting { why, order: None, tries, next: view.now.mono };
        self.push_demotion(view);
    }

    pub(super) fn push_demotion(&mut self, view: &View<'_>) {
        // The pause first; a node that does not obey is fenced, where there is a way to.
        let tries = match &self.stage {
            Stage::Demoting { tries, .. } => *tries,
            _ => 0,
        };
        let fence = view.settings.promotion.can_fence && tries % 2 == 1;
        let id = self.order(view, if fence { Act::Fence } else { Act::Demote }, None);
        if let Stage::Demoting { order, .. } = &mut self.stage {
            *order = Some((id, view.now.mono));
        }
    }

    pub(super) fn watch_demoting(
        &mut self,
        view: &View<'_>,
        why: String,
        order: Option<(u64, Mono)>,
        tries: u32,
        next: Mono,
        limit_ms: u64,
    ) {
        if view.evidence.process.ended.as_ref().is_some_and(|(at, _)| at.wall >= self.latch.since) {
            let done = ActResult::Done("its process has ended".to_owned());
            self.demoted(view, why, tries, &done);
            return;
        }
        match order {
            Some((_, since))
                if view.now.mono.since_ms(since) > limit_ms
                    || tries == 0 && super::pause_is_late(view, since) =>
            {
                let failed = ActResult::Failed("no outcome within its deadline".to_owned());
                self.demoted(view, why, tries, &failed);
            }
            None if view.now.mono >= next => self.push_demotion(view),
            Some(_) | None => {}
        }
    }

    pub(super) fn demoted(&mut self, view: &View<'_>, why: String, tries: u32, result: &ActResult) {
        self.acted_at = view.now.mono;
        if let ActResult::Done(_) = result {
            if self.giving.as_ref().is_some_and(|g| g.is_certain && g.fence != Some(Fence::Fenced))
            {
                self.fenced(view);
                return;
            }
            if self.unheeded.tries() == 0 {
                self.tell("stopped", format!("This node has stopped signing: {why}."), false);
            }
            self.let_go(view, &why, Fence::Fenced);
            self.stopped(view, &why);
            return;
        }
        // It may sign still: whoever takes the lease must see our slots pass unsigned first. Kept, it
        // would be renewed for as long as this node is not stopped, and nobody could sign.
        if tries == u32::from(view.settings.promotion.can_fence) {
            self.let_go(view, &why, Fence::Unknown);
        }
        if tries == 0 {
            let text =
                format!("This node should stop signing ({why}), but may not have: {result}.");
            self.tell("demotion_failed", text, true);
        }
        // The fence follows a failed pause at once.
        let pause = if tries == 0 && view.settings.promotion.can_fence {
            0
        } else {
            DEMOTE_RETRY_MS[(tries as usize).min(DEMOTE_RETRY_MS.len() - 1)]
        };
        let next = view.now.mono + pause;
        self.stage = Stage::Demoting { why, order: None, tries: tries.saturating_add(1), next };
        if pause == 0 {
            self.push_demotion(view);
        }
    }

    /// Lets go of the lease of a node that was stopped, for whoever is ready.
    fn let_go(&mut self, view: &View<'_>, why: &str, fence: Fence) {
        let Some(lease) = view.settings.lease.filter(|_| view.evidence.lease.held.is_some()) else {
            return;
        };
        self.lease_retry = view.now.mono + lease.renew_ms;
        let info = view.evidence.api.info.as_ref();
        let given = Handover {
            id: format!("{}-released", self.latch.incident),
            from: view.settings.node.clone(),
            to: String::new(),
            producer: view.settings.producer,
            chain_id: info.and_then(|info| info.chain_id.clone()),
            reason: format!("{} was stopped: {why}.", view.settings.node),
            fence,
            fenced_at: super::giving::not_before(view),
            planned: false,
        };
        self.push(view, Act::ReleaseLease, Some(given));
    }

    /// Lets go of a lease that this node does not need: nobody else could sign while it is renewed.
    pub(super) fn let_go_idle(&mut self, view: &View<'_>) {
        let Some(lease) = view.settings.lease else { return };
        let rested_ms = view.now.mono.since_ms(self.position.1);
        let is_idle = match self.stage {
            Stage::Resting if view.settings.role.is_standby() => true,
            // A handover needs the state on disk. Without one nobody could sign while this node is
            // gone and its lease renewed; and what is gone signs nothing.
            Stage::Resting => self.latch_fault.is_some() && view.evidence.process.ended.is_some(),
            // Kept for a while, and for as long as no other could use it.
            Stage::Arming { .. } => rested_ms >= IDLE_LEASE_MS && has_taker(view),
            Stage::HandedOver { .. } => true,
            _ => false,
        };
        if !is_idle
            || view.is_paused() == Some(false)
            || view.now.mono < self.lease_retry
            || view.settings.promotion.dry_run
            || view.maintenance_until.is_some_and(|until| until > view.now.wall)
            || !view.evidence.lease.is_held(view.now, lease.ttl_ms)
        {
            return;
        }
        if self.latch.incident.is_empty() {
            self.open_incident(view, "idle_lease", String::new());
        }
        let why = match (&self.latch_fault, view.settings.role) {
            (Some((fault, _)), Role::Active) => format!("its state cannot be used: {fault}"),
            _ => "it holds the lease and does not sign".to_owned(),
        };
        self.let_go(view, &why, Fence::Fenced);
        self.right = None;
    }

    /// A person stops this node. The active one does not begin again by itself.
    pub fn stop_by_hand(&mut self, view: &View<'_>) {
        self.latch.stopped_by_hand = view.settings.role == Role::Active;
        self.step_down(view, "a person ordered it".to_owned());
    }

    /// This node is stopped: a standby is at rest, the active node waits until it may sign again.
    pub(super) fn stopped(&mut self, view: &View<'_>, why: &str) {
        let policy = &view.settings.promotion;
        self.is_stopped = true;
        self.is_stopped_once = true;
        self.unpaused_at = None;
        // What was missing is promoted on another node by the script, as before.
        let only_remote = policy.configured && !policy.can_promote;
        if view.settings.role != Role::Active || only_remote {
            self.giving = None;
            self.rest(view, "this node was promoted and stopped again");
            return;
        }
        self.arm(view, why);
    }

    /// The active node waits until it may sign.
    pub(super) fn arm(&mut self, view: &View<'_>, why: &str) {
        self.latch.incident.clear();
        self.latch.reason.clear();
        self.save(view.now, LatchStage::Standby);
        self.decline();
        self.stage = Stage::Arming { why: why.to_owned() };
        self.confirmed_ticks = 0;
        self.discard = Some("this node was stopped".to_owned());
    }

    /// With a lease nobody signs without it: stops this node before another could take it.
    pub fn guard_lease(&mut self, view: &View<'_>) {
        let Some(lease) = view.settings.lease else { return };
        let signs = match &self.stage {
            Stage::Resting => view.settings.role == Role::Active && !self.is_stopped,
            Stage::Acting { act: Act::Promote, .. }
            | Stage::Verifying { act: Act::Promote, .. }
            | Stage::Producing { .. }
            | Stage::Switching { .. } => true,
            _ => false,
        };
        let is_stopped = view.is_paused() == Some(true) || view.evidence.process.ended.is_some();
        if !signs || is_stopped || view.settings.promotion.dry_run {
            return;
        }
        let evidence = &view.evidence.lease;
        let keeps = lease.on_outage == OnLeaseOutage::KeepIfChainProves && chain_proves(view);
        // It lapsed while etcd was out: it is taken again, unless another has it.
        let lost = evidence.lost.as_ref().filter(|_| !keeps).map(|(_, why)| why.clone());
        let read = evidence.fresh_read(view.now).flatten();
        let elsewhere = read
            .filter(|r| r.released.is_none() && r.holder != view.settings.node)
            .map(|r| format!("{} holds it (token {})", r.holder, r.token));
        if evidence.held.is_none()
            && let Some(why) = lost.or(elsewhere)
        {
            self.lose_lease(view, &why);
            return;
        }
        let spare_ms = lease.spare_ms();
        let until = match evidence.held_until(lease.ttl_ms) {
            Some(until) => until,
            // The keeper was started beside a node that signs. etcd says that nobody else holds the
            // lease: it is being taken.
            None if evidence.fresh_read(view.now).is_some() => return,
            // The keeper's predecessor may have held it.
            None => view.position_since + lease.ttl_ms,
        };
        if view.now.mono < until - spare_ms {
            return;
        }
        if keeps {
            return;
        }
        let why = evidence.failing.as_ref().map(|(_, failure)| failure.to_string());
        self.lose_lease(view, &why.unwrap_or_else(|| "it was not renewed in time".to_owned()));
    }

    fn lose_lease(&mut self, view: &View<'_>, why: &str) {
        let text = format!("This node stops signing, for the lease is not ours: {why}.");
        self.tell("lease_lost", text, true);
        self.demote(view, format!("the lease is not ours: {why}"));
    }

    /// A node that signs already needs the lease: takes it, or takes it again, as after a start of
    /// the keeper.
    pub(super) fn ensure_lease(&mut self, view: &View<'_>) {
        let Some(lease) = view.settings.lease else { return };
        let evidence = &view.evidence.lease;
        let limit_ms = view.settings.promotion.act_timeout_ms + super::OUTCOME_GRACE_MS;
        let is_asked =
            self.retaking.is_some_and(|(_, since)| view.now.mono.since_ms(since) <= limit_ms);
        let Some(record) = evidence.fresh_read(view.now).filter(|_| evidence.held.is_none()) else {
            return;
        };
        let is_ours =
            record.is_some_and(|r| r.holder == view.settings.node && r.released.is_none());
        let is_free = record.is_none_or(|r| r.released.is_some());
        // As the node says it, also right after the keeper's start: to wait would let it lapse.
        let paused = view.evidence.api.is_paused();
        let signs = match &self.stage {
            Stage::Resting => {
                view.settings.role == Role::Active
                    && !self.is_stopped
                    && (is_ours || paused == Some(false))
            }
            Stage::Verifying { act: Act::Promote, .. }
            | Stage::Producing { .. }
            | Stage::Switching { .. } => true,
            _ => false,
        };
        if signs
            && (is_ours || is_free)
            && paused != Some(true)
            && !is_asked
            && view.evidence.process.ended.is_none()
            // A keeper started beside a node that is gone would keep the lease for it.
            && view.evidence.has_shown_life()
            && view.now.mono >= self.lease_retry
            && !view.settings.promotion.dry_run
        {
            self.lease_retry = view.now.mono + lease.renew_ms;
            let id = self.push(view, Act::AcquireLease, None);
            self.retaking = Some((id, view.now.mono));
        }
    }
}

/// Whether another node may be ready to sign.
fn has_taker(view: &View<'_>) -> bool {
    let mut speaking = view.evidence.peers.speaking(view.now);
    view.settings.peers.names.is_empty() || speaking.any(|(_, peer)| peer.ready)
}

/// While etcd is out: the chain goes on, builds on what we sign, and nobody outside says otherwise.
fn chain_proves(view: &View<'_>) -> bool {
    let moves_ms = view.settings.rules.head_stalled_ms;
    let log = &view.evidence.log;
    let foreign = log.last_foreign.map(|(at, _)| at).max(view.evidence.api.last_foreign_head);
    let hears = foreign.is_some_and(|at| view.now.mono.since_ms(at) <= moves_ms + moves_ms / 2);
    let another = view.evidence.peers.any_signs(view.now);
    hears && !another && crate::core::rules::signed_elsewhere(view).is_none()
}
