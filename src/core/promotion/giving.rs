//! Giving the producer to another node: stop this one, let go of the lease, tell a peer or run the
//! script, and watch whether it is taken.

use super::{Machine, Stage, SwitchStep};
use crate::core::action::{Act, ActResult, LatchStage};
use crate::core::entitlement::Right;
use crate::core::handover::{Fence, HANDOVER_VOID_MS, Handover, Signing, TakenState};
use crate::core::incapable::{Cause, Incapable};
use crate::core::rules::View;
use crate::core::schedule::SLOT_MS;
use crate::core::settings::{REFERENCES_MAX, Role};
use crate::core::time::{Mono, Now, Timestamp};

/// After a pause a nodeos may still sign the slot under way and the next, milliseconds.
const PAUSE_SETTLES_MS: i64 = 2 * SLOT_MS;

/// What a person who paused the node by nodeos's API must know.
pub(super) const KEEPS_PAUSED: &str = " A pause by nodeos's API does not keep it stopped: order `eoskeeper demote` or `eoskeeper maintenance`.";

/// What this node is giving to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Giving {
    /// One sentence: why.
    pub reason: String,
    /// Whether this node knows that it cannot sign, or a person ordered it; else the producer was
    /// merely missing, and must be still.
    pub is_certain: bool,
    /// Whether other hands than ours paused this node.
    pub was_paused: bool,
    /// The peer a person named.
    pub planned: Option<usize>,
    /// What is known of this node.
    pub fence: Option<Fence>,
    /// Since when it does not sign.
    pub fenced_at: Timestamp,
    /// The peer it was given to last.
    pub to: Option<usize>,
    /// When the order to give went out.
    pub given_at: Option<Mono>,
    /// Peers that declined.
    pub tried: Vec<usize>,
    /// Whether the lease was let go of.
    pub has_released: bool,
    /// Of each reference: the number of a block of ours that it had as its head since this node is
    /// stopped.
    pub shown: [Option<u32>; REFERENCES_MAX],
}

impl Giving {
    /// Because the producer was silent for as long as this role waits.
    #[must_use]
    pub fn silence(reason: &str, now: Now) -> Self {
        Self {
            reason: reason.to_owned(),
            is_certain: false,
            was_paused: false,
            planned: None,
            fence: None,
            fenced_at: now.wall,
            to: None,
            given_at: None,
            tried: Vec::new(),
            has_released: false,
            shown: [None; REFERENCES_MAX],
        }
    }
}

/// Whether this node's own chain goes on, as far as its keeper sees.
fn sees_chain(view: &View<'_>) -> bool {
    let moved = view.evidence.api.head_moved.max(view.evidence.log.last_block);
    moved.is_some_and(|at| view.now.mono.since_ms(at) <= view.settings.rules.head_stalled_ms)
}

/// What a peer shows: a block of ours that another must have signed, and a chain that went on behind it.
fn shown_by_peer(view: &View<'_>, since: Timestamp) -> Option<String> {
    let mut speaking = view.evidence.peers.speaking(view.now);
    let (_, peer) = speaking.find(|(_, peer)| {
        let is_new = peer.last_own.is_some_and(|own| own > since);
        is_new && peer.head_moves && peer.head_time > peer.last_own
    })?;
    let (ours, node, at) = (view.settings.producer, &peer.node, peer.last_own?);
    Some(format!(
        "{ours} signs again: {node} shows its block of {at}; this node's own chain cannot be seen."
    ))
}

/// From when on another may sign, after this node was stopped just now. A dead process signs nothing;
/// a pause lets the block under way be signed, and nodeos makes blocks ahead of their slot: within
/// our turn two slots are left empty rather than signed twice.
pub(super) fn not_before(view: &View<'_>) -> Timestamp {
    let now = view.now.wall;
    let is_dead = view.evidence.process.ended.is_some();
    let turn = view
        .schedule()
        .and_then(|s| s.turn_ending_after(view.settings.producer, now.plus_ms(-SLOT_MS)));
    let is_near = turn.is_some_and(|turn| turn.start() <= now.plus_ms(PAUSE_SETTLES_MS));
    if is_near && !is_dead { now.plus_ms(PAUSE_SETTLES_MS) } else { now }
}

impl Machine {
    /// Whether there is anything to hand over by: the lease, a peer, the script.
    #[must_use]
    pub fn can_give(view: &View<'_>) -> bool {
        let settings = view.settings;
        settings.lease.is_some()
            || !settings.peers.names.is_empty()
            || settings.role == Role::Active && settings.promotion.configured
    }

    /// This node cannot sign, or a person wants another to: hand over now.
    pub fn begin_handover(&mut self, view: &View<'_>, found: &Incapable, planned: Option<usize>) {
        let cause = if planned.is_some() { "switchover" } else { found.cause.as_str() };
        if planned.is_none() {
            self.end_waiting(&found.sentence);
        }
        // From here on a restart is none of a node that signs by right.
        self.latch.active_at = None;
        self.open_incident(view, cause, found.sentence.clone());
        self.is_counted = false;
        self.came_from = self.stage.clone();
        self.giving = Some(Giving {
            is_certain: true,
            was_paused: planned.is_none() && found.cause == Cause::PausedByHand,
            planned,
            ..Giving::silence(&found.sentence, view.now)
        });
        self.taken = None;
        self.is_mending = false;
        let id = self.save(view.now, LatchStage::Demoting);
        self.stage = Stage::Latching { act: Act::HandOver, id, since: view.now.mono };
    }

    /// A hands over only what it has let go of: stop this node first.
    pub(super) fn fence_own(&mut self, view: &View<'_>) {
        if view.evidence.process.ended.is_some() {
            self.fenced(view);
            return;
        }
        self.act(view, Act::Demote, None);
    }

    pub(super) fn act(&mut self, view: &View<'_>, act: Act, handover: Option<Handover>) {
        let id = self.order(view, act, handover);
        self.stage = Stage::Acting { act, id, since: view.now.mono };
    }

    /// While this node is being stopped its process may end, which is as good.
    pub(super) fn watch_stopping(&mut self, view: &View<'_>) {
        if self.giving.is_some() && view.evidence.process.ended.is_some() {
            self.acted_at = view.now.mono;
            self.fenced(view);
        }
    }

    /// This node does not sign: let go.
    pub(super) fn fenced(&mut self, view: &View<'_>) {
        let Some(giving) = &mut self.giving else { return };
        giving.fence = Some(Fence::Fenced);
        giving.fenced_at = not_before(view);
        self.latch.active_at = None;
        self.right = None;
        self.save(view.now, LatchStage::HandedOver);
        if view.evidence.lease.held.is_some() && view.settings.lease.is_some() {
            let given = self.handover(view, Fence::Fenced);
            self.act(view, Act::ReleaseLease, given);
        } else {
            self.offer(view);
        }
    }

    /// Whether it stopped is not known: nothing is given, and stopping is tried on.
    pub(super) fn not_fenced(&mut self, view: &View<'_>, fence: Fence, failed: &ActResult) {
        let text =
            format!("Nothing is handed over: this node could not be stopped first ({failed}).");
        self.tell("handover_not_fenced", text, true);
        self.end_switch(
            SwitchStep::Failed,
            "This node could not be stopped; nothing was handed over.",
        );
        let is_certain = self.giving.as_ref().is_some_and(|giving| giving.is_certain);
        if !is_certain {
            self.giving = None;
            self.rest(view, "this node could not be stopped before handing over");
            return;
        }
        if let Some(giving) = &mut self.giving {
            giving.fence = Some(fence);
        }
        // Whoever takes it must see our slots pass unsigned first.
        if view.evidence.lease.held.is_some() {
            let given = self.handover(view, fence);
            self.push(view, Act::ReleaseLease, given);
        }
        let why = self.latch.reason.clone();
        self.latch.active_at = None;
        self.save(view.now, LatchStage::Demoting);
        let next = view.now.mono + super::stopping::DEMOTE_RETRY_MS[0];
        self.stage = Stage::Demoting { why, order: None, tries: 1, next };
    }

    /// What is handed over, to the peer that was picked or to nobody in particular.
    fn handover(&self, view: &View<'_>, fence: Fence) -> Option<Handover> {
        let giving = self.giving.as_ref()?;
        let to = self.pick(view).or(giving.to);
        let to = to.and_then(|index| view.settings.peers.names.get(index).cloned());
        let info = view.evidence.api.info.as_ref();
        Some(Handover {
            id: self.latch.incident.clone(),
            from: view.settings.node.clone(),
            to: to.unwrap_or_default(),
            producer: view.settings.producer,
            chain_id: info.and_then(|info| info.chain_id.clone()),
            reason: giving.reason.clone(),
            fence,
            fenced_at: giving.fenced_at,
            planned: giving.planned.is_some(),
        })
    }

    /// The peer to give to: the one a person named, else the first that is ready and did not
    /// decline.
    fn pick(&self, view: &View<'_>) -> Option<usize> {
        let giving = self.giving.as_ref()?;
        let is_free = |index: &usize| !giving.tried.contains(index);
        if giving.planned.is_some() {
            return giving.planned.filter(is_free);
        }
        let mut speaking = view.evidence.peers.speaking(view.now);
        speaking.find(|(index, peer)| peer.ready && is_free(index)).map(|(index, _)| index)
    }

    /// Gives it to a peer, by the script, or leaves it to whoever takes the lease.
    pub(super) fn offer(&mut self, view: &View<'_>) {
        let target = self.pick(view);
        let given = self.handover(view, Fence::Fenced);
        let Some(giving) = &mut self.giving else { return };
        if let Some(index) = target {
            giving.to = Some(index);
            giving.given_at = Some(view.now.mono);
            self.act(view, Act::HandOver, given);
        } else if view.settings.role == Role::Active
            && view.settings.promotion.configured
            && giving.planned.is_none()
        {
            self.act(view, Act::PromoteRemote, given);
        } else if giving.has_released {
            giving.to = None;
            giving.given_at = Some(view.now.mono);
            let since = giving.fenced_at;
            self.stage = Stage::Verifying { act: Act::HandOver, since, until: None };
        } else {
            self.no_taker(view);
        }
    }

    /// The order to give came back.
    pub(super) fn given(&mut self, view: &View<'_>, result: &ActResult) {
        let Some(giving) = &mut self.giving else { return };
        let since = giving.fenced_at;
        if let (ActResult::Refused(_), Some(to)) = (result, giving.to) {
            giving.tried.push(to);
            self.declined(view, &result.to_string());
            return;
        }
        // Also when it is not known whether it arrived: to give it to two would be worse than to
        // wait. The last try may be as late as this.
        giving.given_at = Some(view.now.mono);
        self.stage = Stage::Verifying { act: Act::HandOver, since, until: None };
    }

    /// Watches whether it is taken.
    pub(super) fn watch_given(&mut self, view: &View<'_>) {
        let Some(giving) = self.giving.clone() else {
            self.handed_over(view.now.wall, false);
            return;
        };
        if self.is_proven(view, giving.fenced_at) {
            return;
        }
        let waited_ms = giving.given_at.map_or(0, |at| view.now.mono.since_ms(at));
        let Some(to) = giving.to else {
            let read = view.evidence.lease.fresh_read(view.now).flatten();
            let is_ours =
                read.is_some_and(|r| r.holder == view.settings.node && r.released.is_some());
            if is_ours && waited_ms >= HANDOVER_VOID_MS {
                self.no_taker(view);
            } else {
                self.give_up_in_time(view, giving.fenced_at);
            }
            return;
        };
        // Whoever signs already needs nothing, and a third must not get it: the chain will show.
        if view.evidence.peers.any_signs(view.now) {
            self.give_up_in_time(view, giving.fenced_at);
            return;
        }
        let peer = view.evidence.peers.fresh(view.now, to);
        let taken = peer.and_then(|p| p.taken.as_ref()).filter(|t| t.id == self.latch.incident);
        let is_void = waited_ms >= HANDOVER_VOID_MS
            && peer.is_some_and(|p| p.signing == Signing::No)
            && taken.is_none_or(|t| t.state == TakenState::Waiting);
        match taken.map(|t| (t.state, t.sentence.clone())) {
            Some((TakenState::Declined, why)) => self.try_another(view, to, &why),
            _ if is_void => self.try_another(view, to, "it did not take it up"),
            _ => self.give_up_in_time(view, giving.fenced_at),
        }
    }

    fn try_another(&mut self, view: &View<'_>, to: usize, why: &str) {
        if let Some(giving) = &mut self.giving {
            giving.tried.push(to);
        }
        let name = view.settings.peers.names.get(to).map_or("?", String::as_str);
        self.declined(view, &format!("{name}: {why}"));
    }

    /// The one it was given to does not sign, and said so.
    fn declined(&mut self, view: &View<'_>, why: &str) {
        if self.giving.as_ref().is_some_and(|giving| giving.planned.is_some()) {
            self.tell("switchover_declined", format!("The switchover was declined ({why})."), true);
            self.end_switch(
                SwitchStep::Failed,
                &format!("It was declined ({why}); this node signs on."),
            );
            self.way_back(view);
            return;
        }
        self.offer(view);
    }

    /// Nobody takes it.
    fn no_taker(&mut self, view: &View<'_>) {
        let reason = &self.latch.reason;
        let mut text = format!("This node is stopped ({reason}), and no other is ready to sign.");
        if self.giving.as_ref().is_some_and(|giving| giving.was_paused) {
            text.push_str(" It is resumed as soon as it may sign.");
            text.push_str(KEEPS_PAUSED);
        }
        self.tell("handover_no_taker", text, true);
        let has_released = self.giving.as_ref().is_some_and(|giving| giving.has_released);
        self.stopped(view, "no other node was ready to sign");
        // Nobody came for the lease that this node let go of: it may take it back.
        if has_released && matches!(self.stage, Stage::Arming { .. }) {
            self.right = Some(Right::Declined);
        }
    }

    fn give_up_in_time(&mut self, view: &View<'_>, since: Timestamp) {
        let Stage::Verifying { until, .. } = self.stage.clone() else { return };
        if self.deadline(view, until).is_none_or(|until| view.now.wall < until) {
            return;
        }
        let text = "The producer was handed over, but no block of ours was seen on the chain within our next turn.";
        self.tell("handover_failed", text.to_owned(), true);
        self.end_switch(
            SwitchStep::Unknown,
            "The outcome is not known: no block of ours was seen.",
        );
        self.handed_over(since, false);
    }

    /// Whether the chain shows that the other signs; then it is done. Where this node sees no chain,
    /// because its nodeos is gone or cut off, what peers and references see must do; a block that this
    /// node itself may have made ahead of its slot is none.
    fn is_proven(&mut self, view: &View<'_>, since: Timestamp) -> bool {
        let last = view.evidence.own.last_produced.map(|own| own.time);
        let theirs = since.plus_ms(PAUSE_SETTLES_MS).max(last.unwrap_or_default());
        let shown = self.shown_by_references(view, theirs);
        let text = match super::watch::proof(view, Act::HandOver, since) {
            Some(block) => format!(
                "{} signs again: block #{} ({}) is on the chain.",
                view.settings.producer, block.number, block.time
            ),
            None if sees_chain(view) => return false,
            None => match shown_by_peer(view, theirs).or(shown) {
                Some(text) => text,
                None => return false,
            },
        };
        self.end_switch(SwitchStep::Done, &text);
        self.tell("handed_over", text, false);
        self.handed_over(since, true);
        true
    }

    /// What the references show: most of them had a block of ours as their head, and have gone on behind
    /// it with blocks of others.
    fn shown_by_references(&mut self, view: &View<'_>, since: Timestamp) -> Option<String> {
        let (ours, giving) = (view.settings.producer, self.giving.as_mut()?);
        let all = view.evidence.references.all();
        let mut beyond = 0;
        for (reference, shown) in all.iter().zip(&mut giving.shown) {
            match reference.fresh_info(view.now) {
                Some(info) if info.head_producer != ours => {
                    beyond += usize::from(shown.is_some_and(|number| info.head > number));
                }
                Some(info) if info.head_time > since => *shown = Some(info.head),
                _ => {}
            }
        }
        let number = giving.shown.iter().flatten().max()?;
        let text = format!(
            "{ours} signs again: {beyond} references show block #{number}; this node's own chain cannot be seen."
        );
        (2 * beyond > all.len()).then_some(text)
    }
}
