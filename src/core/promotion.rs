//! The life of a promotion: latch, lease, act, verify, and undo when the chain does not show it;
//! and of its counterpart, the handover: stop this node, let go of the lease, give the producer to
//! another, and watch whether it is taken.
//!
//! A script's exit code and `/v1/producer/paused` are claims; a block with our name that another
//! producer built on is proof.

mod able;
mod backoff;
mod beginning;
mod giving;
mod outcomes;
mod passive;
mod restart;
mod stage;
mod starting;
mod stopping;
mod switchover;
mod watch;

use serde::Serialize;

use crate::core::action::{Act, ActResult, Action, Latch, LatchStage, Order};
use crate::core::entitlement::{Position, Right};
use crate::core::handover::{Handover, Refused, Taken};
use crate::core::rules::View;
use crate::core::settings::Role;
use crate::core::time::{Mono, Now, Timestamp};

use backoff::Backoff;

pub use giving::Giving;
pub use stage::Stage;
pub use switchover::{Switch, SwitchStep, gap};

/// An act that has not come back this long after its own deadline is taken as failed.
const OUTCOME_GRACE_MS: u64 = 5_000;

/// A moment that does not come.
const NEVER: Mono = Mono::from_ms(u64::MAX);

/// Beside a round: how long the peer that was asked to hand over may take, milliseconds.
const ASK_MS: u64 = 30_000;

/// Most promotions remembered in the latch; more than the largest budget.
const PROMOTIONS_MAX: usize = 128;

/// Something a person must hear of once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Milestone {
    /// Names it: `promoted`, `promotion_undone`, `stepping_down`, …
    pub key: &'static str,
    /// One sentence.
    pub text: String,
    /// Whether it is bad news.
    pub is_trouble: bool,
}

/// The machine of one promotion after another.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Where this node stands.
    pub stage: Stage,
    /// What is, or is about to be, on disk.
    pub latch: Latch,
    /// Why the latch cannot be used, and when it may be tried again.
    pub latch_fault: Option<(String, Mono)>,
    /// Ticks in a row on which all gates before the confirmation were open.
    pub confirmed_ticks: u32,
    /// What this node is giving to another, or gave.
    pub giving: Option<Giving>,
    /// What came of the handover this node took up last.
    pub taken: Option<Taken>,
    /// The last request to hand over that this node refused.
    pub refused: Option<Refused>,
    /// The switchover that a person ordered last.
    pub switch: Option<Switch>,
    /// Whether the node was seen able to sign since it was started, and when last.
    pub unpaused_at: Option<Mono>,
    /// When the last act came back, or the keeper started: whether the node was paused before then
    /// says nothing about now. [`NEVER`] while an act is under way.
    acted_at: Mono,
    /// The order to take the lease for a node that signs already, and since when it is out.
    retaking: Option<(u64, Mono)>,
    /// Whether this node was stopped by us and not seen able to sign since.
    is_stopped: bool,
    /// Since when the giver of what is being taken up does not sign.
    given_at: Option<Timestamp>,
    /// The order that asks a peer to hand over.
    asked: Option<u64>,
    /// Which peer was asked to hand over, and what it had refused until then.
    asked_of: Option<(usize, Option<Refused>)>,
    /// No new try to take the lease before this.
    lease_retry: Mono,
    /// A right of the active node to sign again without waiting.
    right: Option<Right>,
    /// When this node is known to have signed last before this keeper began to listen.
    last_active: Option<Timestamp>,
    used_offer: Option<Mono>,
    /// Position, and since when.
    position: (Position, Mono),
    /// When the last beat of [`Latch::active_at`] was written.
    beaten_at: Option<Mono>,
    beats: Vec<u64>,
    /// Whether the last promotion stands in the budget and may be taken out again.
    is_counted: bool,
    /// How long the producer had to be silent for the last promotion, milliseconds.
    waited_ms: Option<u64>,
    /// Whether the last promotion had a ground that needs no waiting.
    is_quick: bool,
    /// Whether a person ordered the switchover although the other is not ready.
    forced_switch: bool,
    /// The stage a promotion or a handover began in.
    came_from: Stage,
    reminded_at: Option<Mono>,
    /// Whether nodeos was restarted by us and has not been able to sign since.
    is_mending: bool,
    /// Its head block when it was.
    coma_head: u32,
    /// Whether the node was seen stopped since it was last told to stop.
    has_obeyed: bool,
    /// Whether this keeper ever stopped the node.
    is_stopped_once: bool,
    /// Stops that came back as done, after which the node said that it is not paused.
    unheeded: Backoff,
    /// Tries to make the active node sign that did not work.
    arming: Backoff,
    restarted_at: Option<Mono>,
    /// Version of the schedule by which the deadline of the verification was set.
    verified_by: Option<u64>,
    saves: Vec<u64>,
    next_id: u64,
    actions: Vec<Action>,
    milestones: Vec<Milestone>,
    discard: Option<String>,
    lets_go: bool,
}

impl Machine {
    /// Since when this node was made to produce by us.
    #[must_use]
    pub fn promoted_at(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Verifying { act: Act::Promote, since, .. } | Stage::Producing { since } => {
                Some(*since)
            }
            Stage::Acting { act: Act::Promote, .. } => Some(self.latch.since),
            // A standby that signs stays one that was promoted while it prepares to give.
            Stage::Switching { since, .. } => *since,
            // Until it has stopped it signs as it did.
            Stage::Latching { act: Act::HandOver, .. }
            | Stage::Acting { act: Act::Demote | Act::Fence, .. } => self.signed_since(),
            _ => None,
        }
    }

    /// Since when a standby signed that began to hand over.
    const fn signed_since(&self) -> Option<Timestamp> {
        match self.came_from {
            Stage::Producing { since } => Some(since),
            Stage::Switching { since, .. } => since,
            _ => None,
        }
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_resting(&self) -> bool {
        matches!(self.stage, Stage::Resting | Stage::Arming { .. } | Stage::HandedOver { .. })
    }

    /// Whether nothing is under way that was begun by the settings in force: this node rests, or signs.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_resting() || matches!(self.stage, Stage::Producing { .. })
    }

    /// What this node is at the moment, and since when.
    #[must_use]
    pub const fn position(&self) -> (Position, Mono) {
        self.position
    }

    /// A right of the active node to sign again without waiting.
    #[must_use]
    pub const fn right(&self) -> Option<Right> {
        self.right
    }

    /// When this node is known to have signed last before this keeper began to listen.
    #[must_use]
    pub const fn last_active(&self) -> Option<Timestamp> {
        self.last_active
    }

    /// When the handover came that was taken up last.
    #[must_use]
    pub const fn used_offer(&self) -> Option<Mono> {
        self.used_offer
    }

    /// Notes what this node is now.
    pub fn note_position(&mut self, role: Role, now: Mono) {
        let position = match &self.stage {
            Stage::Resting if role.is_standby() => Position::Standby,
            Stage::Resting if role == Role::Observer => Position::Standby,
            Stage::Arming { .. } => Position::Arming,
            Stage::HandedOver { .. }
            | Stage::Acting {
                act: Act::ReleaseLease | Act::HandOver | Act::PromoteRemote, ..
            }
            | Stage::Verifying { act: Act::HandOver | Act::PromoteRemote, .. } => {
                Position::HandedOver
            }
            _ => Position::Active,
        };
        if position != self.position.0 {
            self.position = (position, now);
        }
    }

    /// What is to be done and to be told since last asked.
    pub fn take(&mut self) -> (Vec<Action>, Vec<Milestone>) {
        (std::mem::take(&mut self.actions), std::mem::take(&mut self.milestones))
    }

    /// Why the evidence is to be discarded, if the last step asks for it.
    pub fn take_discard(&mut self) -> Option<String> {
        self.discard.take()
    }

    /// Whether the last step lets go of the lease.
    pub fn take_lets_go(&mut self) -> bool {
        std::mem::take(&mut self.lets_go)
    }

    /// What came of an action.
    pub fn outcome(&mut self, view: &View<'_>, id: u64, result: &ActResult) {
        if let Some(at) = self.beats.iter().position(|beat| *beat == id) {
            self.beats.remove(at);
            self.beaten(view, result);
            return;
        }
        if let Some(at) = self.saves.iter().position(|save| *save == id) {
            self.saves.remove(at);
            self.saved(view, id, result);
            return;
        }
        if self.retaking.is_some_and(|(expected, _)| expected == id) {
            self.retaking = None;
            self.lease_retry = view.now.mono + outcomes::LEASE_RETRY_MS;
            return;
        }
        if self.asked == Some(id) {
            self.asked = None;
            if !matches!(result, ActResult::Done(_)) {
                self.end_switch(
                    SwitchStep::Failed,
                    &format!("The request was not heard ({result})."),
                );
            }
            return;
        }
        match self.stage.clone() {
            Stage::Acting { act, id: expected, .. } if expected == id => {
                self.acted(view, act, result);
            }
            Stage::Demoting { why, order: Some((expected, _)), tries, .. } if expected == id => {
                self.demoted(view, why, tries, result);
            }
            // A late answer of an order that was given up: what it did shows on the chain.
            _ => {}
        }
    }

    /// Time was torn: what the chain showed meanwhile was not seen, so our next turn decides.
    pub fn look_again(&mut self) {
        self.confirmed_ticks = 0;
        if let Stage::Verifying { until, .. } = &mut self.stage {
            *until = None;
        }
    }

    /// Moves on with time: deadlines, verification, tries again.
    pub fn tick(&mut self, view: &View<'_>) {
        if self.latch_fault.as_ref().is_some_and(|(_, retry)| view.now.mono >= *retry) {
            self.latch_fault = None;
        }
        self.end_maintenance(view);
        self.watch_asked(view);
        self.note_unpaused(view);
        let limit_ms = view.settings.promotion.act_timeout_ms + OUTCOME_GRACE_MS;
        match self.stage.clone() {
            Stage::Latching { id, since, .. } if view.now.mono.since_ms(since) > limit_ms => {
                self.saves.retain(|save| *save != id);
                self.latch_failed(view, "writing it did not end within its deadline");
            }
            Stage::Acting { act, since, .. } if view.now.mono.since_ms(since) > limit_ms => {
                self.acted(
                    view,
                    act,
                    &ActResult::Failed("no outcome within its deadline".to_owned()),
                );
            }
            // With a lease the fence must follow before another can sign.
            Stage::Acting { act: Act::Demote, since, .. } if pause_is_late(view, since) => {
                let late = ActResult::Failed("no outcome before the lease runs out".to_owned());
                self.acted(view, Act::Demote, &late);
            }
            Stage::Acting { act: Act::Demote | Act::Fence, .. } => self.watch_stopping(view),
            Stage::Verifying { act: Act::HandOver | Act::PromoteRemote, .. }
                if self.is_back_unpaused(view) =>
            {
                self.tell_unpaused(view);
            }
            Stage::Verifying { act: Act::HandOver, .. } => self.watch_given(view),
            Stage::Verifying { act, since, until } => self.verify(view, act, since, until),
            Stage::Producing { since } => self.watch_producing(view, since),
            Stage::Demoting { why, order, tries, next } => {
                self.watch_demoting(view, why, order, tries, next, limit_ms);
            }
            Stage::HandedOver { since, verified, was_paused } => {
                self.watch_handed_over(view, since, verified, was_paused);
            }
            Stage::Arming { .. } => self.watch_arming(view),
            Stage::Switching { to, go_at, .. } => self.watch_switching(view, to, go_at),
            Stage::Resting => self.watch_resting(view),
            Stage::Latching { .. } | Stage::Acting { .. } => {}
        }
        self.ensure_lease(view);
        self.let_go_idle(view);
        self.beat(view);
        self.remind(view);
    }

    fn tell(&mut self, key: &'static str, text: String, is_trouble: bool) {
        self.milestones.push(Milestone { key, text, is_trouble });
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }

    fn save(&mut self, now: Now, stage: LatchStage) -> u64 {
        self.latch.stage = stage;
        self.latch.since = now.wall;
        let id = self.id();
        self.saves.push(id);
        self.actions.push(Action::SaveLatch { id, latch: self.latch.clone() });
        id
    }

    /// Orders an act of which the outcome moves the stage on.
    fn order(&mut self, view: &View<'_>, act: Act, handover: Option<Handover>) -> u64 {
        if matches!(act, Act::Promote | Act::Demote | Act::Fence | Act::Restart) {
            self.acted_at = NEVER;
        }
        if matches!(act, Act::Demote | Act::Fence) {
            self.has_obeyed = false;
        }
        self.push(view, act, handover)
    }

    /// Orders an act, whatever comes of it.
    fn push(&mut self, view: &View<'_>, act: Act, handover: Option<Handover>) -> u64 {
        let id = self.id();
        self.lets_go |= act == Act::ReleaseLease;
        let chain_id = view.evidence.api.info.as_ref().and_then(|info| info.chain_id.clone());
        self.actions.push(Action::Act(Order {
            id,
            act,
            reason: self.latch.reason.clone(),
            incident: self.latch.incident.clone(),
            producer: view.settings.producer,
            chain_id,
            token: view.evidence.lease.held.map(|(_, token)| token),
            handover,
        }));
        id
    }

    /// Since when what the node says of being paused counts.
    #[must_use]
    pub fn acted_at(&self) -> Mono {
        self.acted_at
    }

    fn rest(&mut self, view: &View<'_>, why: &str) {
        self.latch.incident.clear();
        self.latch.reason.clear();
        self.save(view.now, LatchStage::Standby);
        self.decline();
        self.stage = Stage::Resting;
        self.confirmed_ticks = 0;
        self.discard = Some(why.to_owned());
    }

    /// Whether this node was stopped by us and not seen able to sign since.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Whether this node gave the producer to another, or is about to.
    #[must_use]
    pub fn has_handed_over(&self) -> bool {
        self.latch.stage == LatchStage::HandedOver
    }
}

/// Whether a pause has not come back within the lease's deadline, and there is a fence.
fn pause_is_late(view: &View<'_>, since: Mono) -> bool {
    let lease = view.settings.lease.filter(|_| view.settings.promotion.can_fence);
    lease.is_some_and(|lease| view.now.mono.since_ms(since) > lease.timeout_ms)
}
