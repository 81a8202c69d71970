//! What is looked at while a promotion is under way: its proof, its deadline, other hands.

use super::giving::KEEPS_PAUSED;
use super::{Machine, Stage};
use crate::core::action::{Act, LatchStage};
use crate::core::evidence::own::OwnBlock;
use crate::core::handover::TakenState;
use crate::core::rules::View;
use crate::core::schedule::{TURN_MS, Turn};
use crate::core::settings::Role;
use crate::core::time::{Human, Timestamp};

/// A turn with less than this left when the node is promoted is not waited for: nodeos may need a
/// slot or two to begin.
const TURN_LEFT_MIN_MS: i64 = 3_000;
/// After our turn another producer must build on our block; two turns and a second, because the
/// next producer may be missing too: 2 × 6 s + 1 s.
const BUILT_ON_MS: i64 = 2 * TURN_MS + 1_000;

/// Rounds until the schedule carries another key: it is proposed within a minute, and active once two
/// blocks are irreversible one after the other, each after a round and a half where consensus is
/// legacy; twice that. Under Savanna it takes seconds.
const KEY_ROUNDS: u64 = 6;

impl Machine {
    /// The deadline of the verification; set once the schedule is known, and again when it changes.
    pub(super) fn deadline(
        &mut self,
        view: &View<'_>,
        set: Option<Timestamp>,
    ) -> Option<Timestamp> {
        // A promotion by key is proven from when the schedule carries the key.
        let carried = u64::from(view.key_signs() == Some(true)) << 32;
        let version = view.schedule().map(|schedule| u64::from(schedule.version) | carried);
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

    pub(super) fn verify(
        &mut self,
        view: &View<'_>,
        act: Act,
        since: Timestamp,
        until: Option<Timestamp>,
    ) {
        if act == Act::Promote && view.is_paused() == Some(true) {
            // Paused by a hand, by a restart of nodeos, or never resumed: it does not sign.
            let text = "This node is paused again, by other hands than eoskeeper's.";
            self.tell("promotion_undone", text.to_owned(), true);
            self.make_pause_explicit(view);
            return;
        }
        if let Some(block) = proof(view, act, since) {
            let text = format!(
                "{} signs again: block #{} ({}) is on the chain.",
                view.settings.producer, block.number, block.time
            );
            if act == Act::Promote {
                self.proven(view, since, text);
            } else {
                self.tell("handed_over", text, false);
                self.handed_over(since, true);
            }
        } else if self.deadline(view, until).is_some_and(|until| view.now.wall >= until) {
            let why = "no block of ours was seen on the chain within our next turn".to_owned();
            if act == Act::Promote {
                if self.arming.tries() == 0 {
                    let text = format!("The promotion is undone: {why}.");
                    self.tell("promotion_undone", text, true);
                }
                self.undo(view, why);
            } else {
                self.tell("handover_failed", format!("The standby was promoted, but {why}."), true);
                self.handed_over(since, false);
            }
        }
    }

    /// The chain shows that this node signs.
    fn proven(&mut self, view: &View<'_>, since: Timestamp, text: String) {
        if let Some(taken) = &mut self.taken {
            taken.state = TakenState::Proven;
            taken.sentence.clone_from(&text);
        }
        self.unpaused_at = Some(view.now.mono);
        if view.settings.role == Role::Active {
            self.arming.reset();
            let was_paused = self.latch.reason.ends_with(KEEPS_PAUSED);
            let hint = if was_paused { KEEPS_PAUSED } else { "" };
            self.tell("armed", format!("{text}{hint}"), false);
            self.latch.incident.clear();
            self.latch.reason.clear();
            self.save(view.now, LatchStage::Standby);
            self.stage = Stage::Resting;
            return;
        }
        self.tell("promoted", text, false);
        self.save(view.now, LatchStage::Promoted);
        self.latch.since = since;
        self.stage = Stage::Producing { since };
    }

    pub(super) fn watch_producing(&mut self, view: &View<'_>, since: Timestamp) {
        if view.is_paused() == Some(true) && !self.is_left_to_giving(view) {
            let text = format!(
                "This node, promoted {} ago, is paused by other hands than eoskeeper's: it is a standby again.",
                Human(view.now.wall.since_ms(since).max(0).cast_unsigned())
            );
            self.tell("promotion_ended", text, true);
            self.make_pause_explicit(view);
        }
    }

    /// Whether a pause by other hands is no matter of the stage: where there is another to give the
    /// producer to it is handed over, and a dry run does nothing.
    fn is_left_to_giving(&self, view: &View<'_>) -> bool {
        let policy = &view.settings.promotion;
        let may_give = Self::can_give(view)
            && policy.can_demote
            && self.unpaused_at.is_some()
            && self.latch_fault.is_none()
            && view.maintenance_until.is_none_or(|until| until <= view.now.wall)
            && view.evidence.api.is_scheduled(view.settings.producer) != Some(false);
        policy.dry_run || may_give
    }

    /// Makes the pause of other hands our own. From Spring 1.0 on missing votes pause a node too,
    /// the RPC does not tell the two apart, and such a pause lifts itself: a node believed to be a
    /// standby would sign again.
    fn make_pause_explicit(&mut self, view: &View<'_>) {
        self.demote(view, "this node was paused by other hands".to_owned());
    }

    pub(super) fn handed_over(&mut self, since: Timestamp, verified: bool) {
        self.stage = Stage::HandedOver { since, verified, was_paused: false };
    }

    /// A that was resumed by hand is the active node again, and may hand over again.
    pub(super) fn watch_handed_over(
        &mut self,
        view: &View<'_>,
        since: Timestamp,
        verified: bool,
        was_paused: bool,
    ) {
        let paused = view.is_paused();
        if self.stops_again(view) {
            return;
        }
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
    if view.key_signs() == Some(false) {
        return Some(end.plus_ms((schedule.round_ms() * KEY_ROUNDS).cast_signed()));
    }
    let more = schedule.round_ms() * u64::from(policy.verify_rounds.saturating_sub(1));
    Some(end.plus_ms(more.cast_signed() + BUILT_ON_MS))
}

/// The block that proves a promotion: ours, newer than the promotion, and built on by another.
pub(super) fn proof(view: &View<'_>, act: Act, since: Timestamp) -> Option<OwnBlock> {
    let own = &view.evidence.own;
    let log_follows = view.evidence.log_shows_blocks(view.now, view.settings.rules.log_deaf_ms);
    let is_new = |block: &OwnBlock| block.time >= since && is_built_on(view, block);
    if act == Act::Promote && log_follows {
        // The last blocks of a turn may be taken back at the handoff; one that stays is enough.
        return own
            .produced()
            .find(|block| is_new(block) && !may_be_taken_back(view, block))
            .copied();
    }
    // With the log deaf the head's name must do.
    own.last.filter(is_new)
}

fn is_built_on(view: &View<'_>, block: &OwnBlock) -> bool {
    let head = view.evidence.api.info.as_ref();
    view.evidence
        .log
        .last_foreign
        .is_some_and(|(at, number)| at >= block.seen_at.mono && number > block.number)
        || head.is_some_and(|info| {
            info.head_producer != view.settings.producer && info.head > block.number
        })
}

/// Whether a fork switch since the block was seen reached back to it.
fn may_be_taken_back(view: &View<'_>, block: &OwnBlock) -> bool {
    let since_ms = view.now.mono.since_ms(block.seen_at.mono);
    view.evidence.log.fork_switches.recent(view.now.mono, since_ms).any(|switch| {
        let depth = switch.depth.unwrap_or(1);
        switch.head.is_none_or(|head| block.number.saturating_add(depth) >= head)
    })
}
