//! The life of a promotion: latch, act, verify, and undo when the chain does not show it.
//!
//! A script's exit code and `/v1/producer/paused` are claims; a block with our name that another
//! producer built on is proof.

mod outcomes;
mod watch;

use serde::Serialize;

use crate::core::action::{Act, ActResult, Action, Latch, LatchStage, Order};
use crate::core::rules::View;
use crate::core::time::{Mono, Now, Timestamp};

/// An act that has not come back this long after its own deadline is taken as failed.
const OUTCOME_GRACE_MS: u64 = 5_000;

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
        let fresh = Latch::at_rest(producer, view.now.wall);
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
            _ => LatchStage::Demoting,
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
        self.demote(view, why);
    }

    /// Orders that this node be stopped, and remembers it on disk; the order does not wait for that.
    fn demote(&mut self, view: &View<'_>, why: String) {
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
            token: None,
            handover: None,
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
        self.stage = Stage::Resting;
        self.confirmed_ticks = 0;
        self.discard = Some(why.to_owned());
    }

    /// Whether this node gave the producer to another, or is about to.
    #[must_use]
    pub fn has_handed_over(&self) -> bool {
        self.latch.stage == LatchStage::HandedOver
    }
}
