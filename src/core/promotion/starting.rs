//! How the machine starts: from what the latch on disk says was under way.

use super::backoff::Backoff;
use super::{Machine, NEVER, Stage};
use crate::core::action::{Act, Latch, LatchStage};
use crate::core::entitlement::Position;
use crate::core::rules::View;
use crate::core::time::Mono;

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
            giving: None,
            taken: None,
            refused: None,
            switch: None,
            unpaused_at: None,
            acted_at: view.now.mono,
            retaking: None,
            is_stopped: false,
            given_at: None,
            asked: None,
            asked_of: None,
            lease_retry: Mono::default(),
            right: None,
            last_active: None,
            used_offer: None,
            position: (Position::Active, view.now.mono),
            beaten_at: None,
            beats: Vec::new(),
            is_counted: false,
            waited_ms: None,
            is_quick: false,
            forced_switch: false,
            came_from: Stage::Resting,
            reminded_at: None,
            is_mending: false,
            coma_head: 0,
            // What was before this keeper is not known.
            has_obeyed: true,
            is_stopped_once: false,
            unheeded: Backoff::default(),
            arming: Backoff::default(),
            restarted_at: None,
            verified_by: None,
            saves: Vec::new(),
            next_id: 1,
            actions: Vec::new(),
            milestones: Vec::new(),
            discard: None,
            lets_go: false,
        };
        machine.last_active = machine.latch.active_at;
        machine.resume(view);
        machine.note_position(view.settings.role, view.now.mono);
        machine.tell_unusable_state(view);
        machine
    }

    /// A standby that would not act must not look ready until the day it is needed.
    fn tell_unusable_state(&mut self, view: &View<'_>) {
        if let (Some((why, _)), true) = (&self.latch_fault, view.settings.promotion.acts()) {
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
}
