//! How a promotion begins: by the judgement, or by a person.

use super::{ASK_MS, Giving, Machine, PROMOTIONS_MAX, Stage, Switch, SwitchStep};
use crate::core::action::{Act, LatchStage};
use crate::core::entitlement::{Ground, ground};
use crate::core::handover::{Handover, Taken, TakenState};
use crate::core::rules::View;
use crate::core::schedule::Schedule;
use crate::core::settings::Role;

impl Machine {
    /// All gates are open: begin to make this node sign, or, from the active node, another by the
    /// script.
    pub fn begin(&mut self, view: &View<'_>, act: Act, mut reason: String) {
        if act == Act::Promote && self.giving.as_ref().is_some_and(|giving| giving.was_paused) {
            reason.push_str(" It had been paused by other hands.");
            reason.push_str(super::giving::KEEPS_PAUSED);
        }
        let ground = ground(view);
        let given = match ground {
            Some(Ground::Handover(given)) => Some(given.clone()),
            _ => None,
        };
        self.is_quick = ground.is_some_and(Ground::is_quick);
        self.waited_ms = view.wait_ms();
        let is_own_start = view.settings.role == Role::Active && act == Act::Promote;
        let is_ordered = given.as_ref().is_some_and(|given| {
            // What a person gave to another, and this node picks up, it does by itself.
            given.planned && given.to == view.settings.node
        });
        self.is_counted = !is_own_start && !is_ordered;
        self.came_from = self.stage.clone();
        self.right = None;
        if act == Act::Promote {
            self.take_up(view, given);
        } else {
            self.giving = Some(Giving::silence(&reason, view.now));
            // From here on a restart is none of a node that signs by right.
            self.latch.active_at = None;
        }
        let stage = match act {
            Act::Promote => LatchStage::Promoting,
            _ => LatchStage::Demoting,
        };
        self.open_incident(view, "producer_missing", reason);
        if self.is_counted {
            if self.latch.promotions.len() >= PROMOTIONS_MAX {
                self.latch.promotions.remove(0);
            }
            self.latch.promotions.push(view.now.wall);
        }
        let id = self.save(view.now, stage);
        self.stage = Stage::Latching { act, id, since: view.now.mono };
    }

    /// A person ordered that this node signs: no wait, and nothing counted.
    pub fn begin_by_hand(&mut self, view: &View<'_>, reason: String) {
        let given = match ground(view) {
            Some(Ground::Handover(given)) => Some(given.clone()),
            _ => None,
        };
        self.take_up(view, given);
        self.is_quick = true;
        self.is_counted = false;
        self.came_from = self.stage.clone();
        self.right = None;
        self.open_incident(view, "ordered", reason);
        let id = self.save(view.now, LatchStage::Promoting);
        self.stage = Stage::Latching { act: Act::Promote, id, since: view.now.mono };
    }

    /// Asks the peer that signs for the producer.
    pub fn ask(&mut self, view: &View<'_>, given: Handover) {
        let of = view.settings.peers.names.iter().position(|name| *name == given.to);
        self.asked_of = of.map(|index| {
            let peer = view.evidence.peers.fresh(view.now, index);
            (index, peer.and_then(|peer| peer.refused.clone()))
        });
        let round_ms = view.schedule().map_or(0, Schedule::round_ms);
        let until = view.now.wall.plus_ms((round_ms + ASK_MS).cast_signed());
        self.switch = Some(Switch {
            to: view.settings.node.clone(),
            step: SwitchStep::Asked,
            step_sentence: format!("{} was asked to hand over in its gap.", given.to),
            until: Some(until),
        });
        self.taken = None;
        let id = self.push(view, Act::Ask, Some(given));
        self.asked = Some(id);
    }

    /// Whether a switchover goes on although the other is not ready.
    pub const fn force_switch(&mut self, force: bool) {
        self.forced_switch = force;
    }

    /// Something a person should hear of once.
    pub fn note(&mut self, key: &'static str, text: String) {
        self.tell(key, text, key == "budget_spent");
    }

    /// Remembers which handover this promotion is for.
    fn take_up(&mut self, view: &View<'_>, given: Option<Handover>) {
        self.giving = None;
        self.latch.stopped_by_hand = false;
        self.given_at = given.as_ref().map(|given| given.fenced_at);
        self.used_offer = view.evidence.peers.offered.as_ref().map(|offered| offered.at.mono);
        self.taken = given.map(|given| Taken {
            id: given.id,
            state: TakenState::Acting,
            sentence: format!("{} is being made to sign.", view.settings.node),
        });
    }

    /// Names the incident that an act belongs to.
    pub(super) fn open_incident(&mut self, view: &View<'_>, cause: &str, reason: String) {
        self.confirmed_ticks = 0;
        let compact: String = view
            .now
            .wall
            .to_string()
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == 'T')
            .take(15)
            .collect();
        self.latch.incident = format!("{compact}-{cause}");
        self.latch.reason = reason;
    }
}
