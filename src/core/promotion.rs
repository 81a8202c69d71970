//! The life of a promotion: latch, act, verify, and undo when the chain does not show it.
//!
//! A script's exit code and `/v1/producer/paused` are claims; a block with our name that another
//! producer built on is proof.

use serde::Serialize;

use crate::core::action::{Act, ActResult, Action, Latch, LatchStage, Order};
use crate::core::evidence::own::OwnBlock;
use crate::core::rules::View;
use crate::core::schedule::{TURN_MS, Turn};
use crate::core::time::{Human, Mono, Now, Timestamp};

/// A turn with less than this left when the node is promoted is not waited for: nodeos may need a
/// slot or two to begin.
const TURN_LEFT_MIN_MS: i64 = 3_000;

/// After our turn another producer must build on our block; two turns and a second, because the
/// next producer may be missing too: 2 × 6 s + 1 s.
const BUILT_ON_MS: i64 = 2 * TURN_MS + 1_000;

/// An act that has not come back this long after its own deadline is taken as failed.
const OUTCOME_GRACE_MS: u64 = 5_000;

/// Pauses between tries to stop this node, milliseconds; the last one repeats.
const DEMOTE_RETRY_MS: [u64; 4] = [2_000, 5_000, 15_000, 60_000];

/// After the state could not be written it is tried again no sooner than this.
const LATCH_RETRY_MS: u64 = 60_000;

/// A moment that does not come.
const NEVER: Mono = Mono::from_ms(u64::MAX);

/// Most promotions remembered in the latch; more than the largest budget.
const PROMOTIONS_MAX: usize = 128;

/// Where this node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Passive, or A signing by itself: nothing is under way.
    Resting,
    /// The latch is being written; nothing was done yet.
    Latching {
        /// The act that follows.
        act: Act,
        /// Number of the write.
        id: u64,
        /// Since when.
        since: Mono,
    },
    /// An order is out.
    Acting {
        /// Which.
        act: Act,
        /// Its number.
        id: u64,
        /// Since when.
        since: Mono,
    },
    /// Promoted by claim; the chain must show it.
    Verifying {
        /// [`Act::Promote`] for this node, [`Act::PromoteRemote`] for another.
        act: Act,
        /// When the claim came.
        since: Timestamp,
        /// When it is given up; `None` until the schedule is known.
        until: Option<Timestamp>,
    },
    /// This node signs, by us, and the chain has shown it.
    Producing {
        /// When it was promoted.
        since: Timestamp,
    },
    /// To be stopped; tried until it is known to have stopped.
    Demoting {
        /// Why.
        why: String,
        /// The order that is out, and since when.
        order: Option<(u64, Mono)>,
        /// Failed tries.
        tries: u32,
        /// No try before this.
        next: Mono,
    },
    /// A gave the producer to another node and stays paused.
    HandedOver {
        /// When.
        since: Timestamp,
        /// Whether the chain has shown the other node's block.
        verified: bool,
        /// Whether this node was seen paused since then.
        was_paused: bool,
    },
}

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
    /// When the last act came back, or the keeper started: whether the node was paused before then
    /// says nothing about now. [`NEVER`] while an act is under way.
    acted_at: Mono,
    /// Version of the schedule by which the deadline of the verification was set.
    verified_by: Option<u32>,
    saves: Vec<u64>,
    next_id: u64,
    actions: Vec<Action>,
    milestones: Vec<Milestone>,
    discard: Option<String>,
}

impl Machine {
    /// Starts from what was on disk; `Err` says why that cannot be used.
    #[must_use]
    pub fn new(view: &View<'_>, found: Result<Option<Latch>, String>) -> Self {
        let producer = view.settings.producer;
        let fresh = Latch {
            stage: LatchStage::Standby,
            producer,
            incident: String::new(),
            reason: String::new(),
            since: view.now.wall,
            promotions: Vec::new(),
        };
        let (latch, latch_fault) = match found {
            Ok(Some(latch)) if latch.producer == producer => (latch, None),
            Ok(Some(latch)) => {
                let why = format!("it is about {}, not {producer}", latch.producer);
                (fresh, Some((why, NEVER)))
            }
            Ok(None) => (fresh, None),
            // What is on disk may say that this node was promoted: never act over it.
            Err(why) => (fresh, Some((why, NEVER))),
        };
        let mut machine = Self {
            stage: Stage::Resting,
            latch,
            latch_fault,
            confirmed_ticks: 0,
            acted_at: view.now.mono,
            verified_by: None,
            saves: Vec::new(),
            next_id: 1,
            actions: Vec::new(),
            milestones: Vec::new(),
            discard: None,
        };
        machine.resume(view);
        machine.tell_unusable_state(view);
        machine
    }

    /// A standby that would not act must not look ready until the day it is needed.
    fn tell_unusable_state(&mut self, view: &View<'_>) {
        if let (Some((why, _)), true) = (&self.latch_fault, view.settings.promotion.configured) {
            let text = format!("This node will not act: the state cannot be used: {why}.");
            self.tell("state_unusable", text, true);
        }
    }

    /// Takes up what the latch says was under way when the keeper stopped.
    fn resume(&mut self, view: &View<'_>) {
        let since = self.latch.since;
        if view.settings.promotion.dry_run && self.latch.stage.is_under_way() {
            let why = "an act is under way, and a dry run does not finish it; see whether this \
                       node signs, then start once without dry_run";
            self.latch_fault = Some((why.to_owned(), NEVER));
            return;
        }
        self.stage = match self.latch.stage {
            LatchStage::Standby => Stage::Resting,
            // Whether the act took place is not known; the chain will tell, or it is undone.
            LatchStage::Promoting => Stage::Verifying { act: Act::Promote, since, until: None },
            LatchStage::Promoted => Stage::Producing { since },
            LatchStage::Demoting => Stage::Demoting {
                why: self.latch.reason.clone(),
                order: None,
                tries: 0,
                next: view.now.mono,
            },
            // The keeper may have stopped before the order to promote the standby went out.
            LatchStage::HandedOver => {
                Stage::Verifying { act: Act::PromoteRemote, since, until: None }
            }
        };
    }

    /// Since when this node was made to produce by us.
    #[must_use]
    pub fn promoted_at(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Verifying { act: Act::Promote, since, .. } | Stage::Producing { since } => {
                Some(*since)
            }
            Stage::Acting { act: Act::Promote, .. } => Some(self.latch.since),
            _ => None,
        }
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_resting(&self) -> bool {
        self.stage == Stage::Resting
    }

    /// What is to be done and to be told since last asked.
    pub fn take(&mut self) -> (Vec<Action>, Vec<Milestone>) {
        (std::mem::take(&mut self.actions), std::mem::take(&mut self.milestones))
    }

    /// Why the evidence is to be discarded, if the last step asks for it.
    pub fn take_discard(&mut self) -> Option<String> {
        self.discard.take()
    }

    /// All gates are open: begin.
    pub fn begin(&mut self, view: &View<'_>, act: Act, reason: String) {
        self.confirmed_ticks = 0;
        let stage = match act {
            Act::Promote => LatchStage::Promoting,
            Act::Demote | Act::PromoteRemote => LatchStage::Demoting,
        };
        let compact: String = view
            .now
            .wall
            .to_string()
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == 'T')
            .take(15)
            .collect();
        self.latch.incident = format!("{compact}-producer_missing");
        self.latch.reason = reason;
        if self.latch.promotions.len() >= PROMOTIONS_MAX {
            self.latch.promotions.remove(0);
        }
        self.latch.promotions.push(view.now.wall);
        let id = self.save(view.now, stage);
        self.stage = Stage::Latching { act, id, since: view.now.mono };
    }

    /// Stop this node, now.
    pub fn step_down(&mut self, view: &View<'_>, why: String) {
        self.tell("stepping_down", format!("This node stops signing: {why}."), true);
        self.latch.reason.clone_from(&why);
        self.save(view.now, LatchStage::Demoting);
        self.stage = Stage::Demoting { why, order: None, tries: 0, next: view.now.mono };
        self.push_demotion(view);
    }

    /// What came of an action.
    pub fn outcome(&mut self, view: &View<'_>, id: u64, result: &ActResult) {
        if let Some(at) = self.saves.iter().position(|save| *save == id) {
            self.saves.remove(at);
            self.saved(view, id, result);
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
            Stage::Verifying { act, since, until } => self.verify(view, act, since, until),
            Stage::Producing { since } => self.watch_producing(view, since),
            Stage::Demoting { why, order, tries, next } => {
                self.watch_demoting(view, why, order, tries, next, limit_ms);
            }
            Stage::HandedOver { since, verified, was_paused } => {
                self.watch_handed_over(view, since, verified, was_paused);
            }
            Stage::Resting | Stage::Latching { .. } | Stage::Acting { .. } => {}
        }
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

    fn order(&mut self, view: &View<'_>, act: Act) -> u64 {
        self.acted_at = NEVER;
        let id = self.id();
        let chain_id = view.evidence.api.info.as_ref().and_then(|info| info.chain_id.clone());
        self.actions.push(Action::Act(Order {
            id,
            act,
            reason: self.latch.reason.clone(),
            incident: self.latch.incident.clone(),
            producer: view.settings.producer,
            chain_id,
        }));
        id
    }

    fn saved(&mut self, view: &View<'_>, id: u64, result: &ActResult) {
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
    fn call_off(&mut self, view: &View<'_>) {
        self.latch.promotions.pop();
        let producer = view.settings.producer;
        let text = format!(
            "Nothing was done: {producer} was seen, or nothing of the chain, while the state was written."
        );
        self.tell("promotion_called_off", text, false);
        self.rest(view, "a promotion was called off");
    }

    fn latch_failed(&mut self, view: &View<'_>, why: &str) {
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

    /// Since when what the node says of being paused counts.
    #[must_use]
    pub fn acted_at(&self) -> Mono {
        self.acted_at
    }

    fn acted(&mut self, view: &View<'_>, act: Act, result: &ActResult) {
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
        }
    }

    fn rest(&mut self, view: &View<'_>, why: &str) {
        self.latch.incident.clear();
        self.latch.reason.clear();
        self.save(view.now, LatchStage::Standby);
        self.stage = Stage::Resting;
        self.confirmed_ticks = 0;
        self.discard = Some(why.to_owned());
    }

    /// The deadline of the verification; set once the schedule is known, and again when it changes.
    fn deadline(&mut self, view: &View<'_>, set: Option<Timestamp>) -> Option<Timestamp> {
        let version = view.schedule().map(|schedule| schedule.version);
        let deadline = match set {
            Some(_) if version == self.verified_by => set,
            // With another schedule our turn may be later than it was to be.
            _ => verify_until(view).max(set),
        };
        self.verified_by = version;
        if let Stage::Verifying { until, .. } = &mut self.stage {
            *until = deadline;
        }
        deadline
    }

    /// Whether this node was seen paused since it was made to produce.
    fn is_paused_by_others(&self, view: &View<'_>) -> bool {
        view.is_paused() == Some(true)
    }

    fn verify(&mut self, view: &View<'_>, act: Act, since: Timestamp, until: Option<Timestamp>) {
        if act == Act::Promote && self.is_paused_by_others(view) {
            // Paused by a hand, by a restart of nodeos, or never resumed: it does not sign.
            self.tell(
                "promotion_undone",
                "This node is paused again, by other hands than eoskeeper's.".to_owned(),
                true,
            );
            self.rest(view, "this node was paused by other hands");
            return;
        }
        if let Some(block) = proof(view, act, since) {
            let text = format!(
                "{} signs again: block #{} ({}) is on the chain.",
                view.settings.producer, block.number, block.time
            );
            if act == Act::Promote {
                self.tell("promoted", text, false);
                self.save(view.now, LatchStage::Promoted);
                self.latch.since = since;
                self.stage = Stage::Producing { since };
            } else {
                self.tell("handed_over", text, false);
                self.handed_over(since, true);
            }
        } else if self.deadline(view, until).is_some_and(|until| view.now.wall >= until) {
            let why = "no block of ours was seen on the chain within our next turn".to_owned();
            if act == Act::Promote {
                self.tell("promotion_undone", format!("The promotion is undone: {why}."), true);
                self.step_down(view, why);
            } else {
                self.tell("handover_failed", format!("The standby was promoted, but {why}."), true);
                self.handed_over(since, false);
            }
        }
    }

    fn watch_producing(&mut self, view: &View<'_>, since: Timestamp) {
        if self.is_paused_by_others(view) {
            let text = format!(
                "This node, promoted {} ago, is paused by other hands than eoskeeper's: it is a standby again.",
                Human(view.now.wall.since_ms(since).max(0).cast_unsigned())
            );
            self.tell("promotion_ended", text, true);
            self.rest(view, "this node was paused by other hands");
        }
    }

    fn handed_over(&mut self, since: Timestamp, verified: bool) {
        self.stage = Stage::HandedOver { since, verified, was_paused: false };
    }

    /// A that was resumed by hand is the active node again, and may hand over again.
    fn watch_handed_over(
        &mut self,
        view: &View<'_>,
        since: Timestamp,
        verified: bool,
        was_paused: bool,
    ) {
        let paused = view.is_paused();
        // Not paused says nothing where another means than the producer API stopped this node.
        let resumed = was_paused && paused == Some(false);
        let signs = view.evidence.own.last_produced.is_some_and(|own| {
            own.time > since.plus_ms(TURN_MS) && own.seen_at.mono >= view.acted_at
        });
        if resumed || signs {
            let text = "This node was resumed by other hands than eoskeeper's: it is the active node again.";
            self.tell("handover_ended", text.to_owned(), true);
            self.rest(view, "this node was resumed by other hands");
            return;
        }
        let was_paused = was_paused || paused == Some(true);
        self.stage = Stage::HandedOver { since, verified, was_paused };
    }

    /// Whether this node gave the producer to another, or is about to.
    #[must_use]
    pub fn has_handed_over(&self) -> bool {
        self.latch.stage == LatchStage::HandedOver
    }

    fn push_demotion(&mut self, view: &View<'_>) {
        let id = self.order(view, Act::Demote);
        if let Stage::Demoting { order, .. } = &mut self.stage {
            *order = Some((id, view.now.mono));
        }
    }

    fn watch_demoting(
        &mut self,
        view: &View<'_>,
        why: String,
        order: Option<(u64, Mono)>,
        tries: u32,
        next: Mono,
        limit_ms: u64,
    ) {
        match order {
            Some((_, since)) if view.now.mono.since_ms(since) > limit_ms => {
                let failed = ActResult::Failed("no outcome within its deadline".to_owned());
                self.demoted(view, why, tries, &failed);
            }
            None if view.now.mono >= next => self.push_demotion(view),
            Some(_) | None => {}
        }
    }

    fn demoted(&mut self, view: &View<'_>, why: String, tries: u32, result: &ActResult) {
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

/// When a promotion that the chain has not shown is given up: the end of our turn, of as many
/// rounds on as configured, and time for another producer to build on it. `None` while the schedule
/// is not known.
fn verify_until(view: &View<'_>) -> Option<Timestamp> {
    let policy = &view.settings.promotion;
    let schedule = view.schedule()?;
    let from = view.now.wall.plus_ms(TURN_LEFT_MIN_MS);
    let turn = schedule.turn_ending_after(view.settings.producer, from);
    // Not in the schedule any more: nothing can be proven; a round is enough to see that.
    let end = turn.map_or(view.now.wall, Turn::end);
    let more = schedule.round_ms() * u64::from(policy.verify_rounds.saturating_sub(1));
    Some(end.plus_ms(more.cast_signed() + BUILT_ON_MS))
}

/// Whether the producer is silent for longer than this role waits, as it was when the gates opened.
fn is_still_missing(view: &View<'_>) -> bool {
    let silent_ms = view.silent_since().map(|since| view.now.mono.since_ms(since.mono));
    silent_ms.zip(view.wait_ms()).is_some_and(|(silent_ms, wait_ms)| silent_ms >= wait_ms)
}

/// The block that proves a promotion: ours, newer than the promotion, and built on by another.
fn proof(view: &View<'_>, act: Act, since: Timestamp) -> Option<OwnBlock> {
    let own = &view.evidence.own;
    let log_follows = view.evidence.log_shows_blocks(view.now, view.settings.rules.log_deaf_ms);
    let block = match act {
        // With the log deaf the head's name must do.
        Act::Promote if log_follows => own.last_produced,
        Act::Promote | Act::PromoteRemote | Act::Demote => own.last,
    }?;
    if block.time < since {
        return None;
    }
    let head = view.evidence.api.info.as_ref();
    let built_on = view
        .evidence
        .log
        .last_foreign
        .is_some_and(|(at, number)| at >= block.seen_at.mono && number > block.number)
        || head.is_some_and(|info| {
            info.head_producer != view.settings.producer && info.head > block.number
        });
    built_on.then_some(block)
}
