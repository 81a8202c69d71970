//! Rules on our producer: missing, skipped, doubled, signed by the wrong node, alone.

use crate::core::entitlement::Position;
use crate::core::evidence::own::OwnBlock;
use crate::core::rules::{Verdict, View, say};
use crate::core::schedule::{SLOT_MS, Schedule};
use crate::core::settings::Role;
use crate::core::time::Human;

/// `producer_missing`: no block of ours for longer than this role waits.
pub(super) fn missing(view: &View<'_>) -> Verdict {
    let Some(wait_ms) = view.wait_ms() else {
        return Verdict::unknown("the schedule is not known yet", "the role's wait");
    };
    let threshold = say!(view, "no block of {} for {}", view.settings.producer, Human(wait_ms));
    match view.evidence.api.is_scheduled(view.settings.producer) {
        None => return Verdict::unknown("the schedule is not known yet", threshold),
        Some(false) => return Verdict::fine("it owes none: not in the active schedule", threshold),
        Some(true) => {}
    }
    if view.chain_stands_still() {
        return Verdict::unknown(
            "the whole chain stands still, or this node is cut off",
            threshold,
        );
    }
    let Some(since) = view.silent_since() else {
        let why = say!(view, "nothing is seen of the chain: {}", view.evidence.coverage.torn());
        return Verdict::unknown(why, threshold);
    };
    let silent_ms = view.now.mono.since_ms(since.mono);
    let saw = match view.evidence.own.last {
        Some(block) if block.seen_at == since => {
            say!(view, "last block #{} seen {} ago", block.number, Human(silent_ms))
        }
        _ => say!(view, "none in {} of watching without a gap", Human(silent_ms)),
    };
    Verdict::when(silent_ms >= wait_ms, saw, threshold)
}

/// A node that has just come to be the one that signs is paused still: it is being resumed, or its
/// keeper has just begun and finds out whether it may sign. Milliseconds.
const SETTLING_MS: u64 = 10_000;

/// `production_skipped`: the node that is meant to sign says why it does not.
pub(super) fn skipped(view: &View<'_>) -> Verdict {
    let threshold = "any cause, on the node that is meant to sign";
    if !view.is_meant_to_sign() {
        return Verdict::fine("this node is not meant to sign", threshold);
    }
    let is_new = view.now.mono.since_ms(view.position_since) < SETTLING_MS;
    match view.is_paused() {
        Some(true) if is_new => return Verdict::fine("it is being made to sign", threshold),
        Some(true) => return Verdict::when(true, "production is paused", threshold),
        _ => {}
    }
    let recent_ms = view.settings.rules.recent_ms;
    match view.evidence.log.skipped {
        Some((at, reason)) if at >= view.acted_at && view.now.mono.since_ms(at) <= recent_ms => {
            let age = Human(view.now.mono.since_ms(at));
            Verdict::when(true, say!(view, "not producing ({reason}) {age} ago"), threshold)
        }
        _ => Verdict::fine("no skipped slot reported", threshold),
    }
}

/// `not_scheduled`: the chain did not elect our producer.
pub(super) fn not_scheduled(view: &View<'_>) -> Verdict {
    let threshold = "not in the active schedule";
    let producer = view.settings.producer;
    match (view.evidence.api.is_scheduled(producer), &view.evidence.api.schedule_failure) {
        (None, Some(failure)) => Verdict::unknown(failure.to_string(), threshold),
        (None, None) => Verdict::unknown("the schedule is not known yet", threshold),
        (Some(true), _) => Verdict::fine(say!(view, "{producer} is scheduled"), threshold),
        (Some(false), _) => {
            Verdict::when(true, say!(view, "{producer} is not scheduled"), threshold)
        }
    }
}

/// `standby_unpaused`: a standby that nobody promoted could sign.
pub(super) fn standby_unpaused(view: &View<'_>) -> Verdict {
    let threshold = "a standby that nobody promoted is not paused, or signs";
    if !view.settings.role.is_standby() {
        return Verdict::fine("this node is no standby", threshold);
    }
    if view.promoted_at.is_some() {
        return Verdict::fine("this standby was promoted", threshold);
    }
    // A pause takes effect with the next block; what was signed before the evidence began anew is
    // told by whatever discarded it.
    let since = view.evidence.coverage.since().map(|at| at.mono + PAUSE_TAKES_MS);
    let recent = |block: &OwnBlock| {
        since.is_some_and(|since| block.seen_at.mono >= since)
            && !is_before_giving(view, block)
            && view.now.mono.since_ms(block.seen_at.mono) <= view.settings.rules.log_silent_ms
    };
    if let Some(block) = view.evidence.own.last_produced.filter(recent) {
        return Verdict::when(true, say!(view, "it signed block #{}", block.number), threshold);
    }
    if view.key_signs() == Some(false) {
        return Verdict::fine("its key is not in the active schedule", threshold);
    }
    match view.is_paused() {
        Some(paused) => {
            let saw = if paused { "it is paused" } else { "it is not paused" };
            Verdict::when(!paused, saw, threshold)
        }
        None => Verdict::unknown("the producer API does not say whether it is paused", threshold),
    }
}

/// A block under way when the pause comes is still signed (`producer_plugin::pause`); 2 s cover it
/// and the log line about it.
const PAUSE_TAKES_MS: u64 = 2_000;

/// `wrong_producer`: this node signs under another name.
pub(super) fn wrong_producer(view: &View<'_>) -> Verdict {
    let threshold =
        say!(view, "this node signs under another name than {}", view.settings.producer);
    let recent_ms = view.settings.rules.recent_ms;
    match view.evidence.log.wrong_producer {
        Some((at, name, number)) if view.now.mono.since_ms(at) <= recent_ms => {
            Verdict::when(true, say!(view, "this node signed block #{number} as {name}"), threshold)
        }
        _ => Verdict::fine("no block under another name", threshold),
    }
}

/// `duplicate_production`: two nodes sign our name.
pub(super) fn duplicate(view: &View<'_>) -> Verdict {
    let threshold = "two nodes sign our name";
    let recent_ms = view.settings.rules.recent_ms;
    let recent = |block: &OwnBlock| view.now.mono.since_ms(block.seen_at.mono) <= recent_ms;
    if let Some(block) = view.evidence.own.last_double.filter(recent) {
        let saw = say!(view, "block #{} was signed twice", block.number);
        return Verdict::when(true, saw, threshold);
    }
    if let Some(block) = signed_elsewhere(view).filter(recent) {
        let saw = say!(view, "another node signed block #{} ({})", block.number, block.time);
        return Verdict::when(true, saw, threshold);
    }
    // Checked by nodeos before the signature is: a reason to look, and none to stop a node.
    let refused = view.age_ms(view.evidence.own.last_double_confirming);
    if let Some(age_ms) = refused.filter(|age_ms| *age_ms <= recent_ms) {
        let age = Human(age_ms);
        let saw = say!(view, "a block that confirms our blocks twice was refused {age} ago");
        return Verdict::when(true, saw, threshold);
    }
    Verdict::fine("no second signer seen", threshold)
}

/// A block of ours that another node signed although this one was signing: newer than our
/// promotion, or than a block this node signed itself.
#[must_use]
pub(crate) fn signed_elsewhere(view: &View<'_>) -> Option<OwnBlock> {
    let elsewhere = view.evidence.own.last_elsewhere?;
    // Whoever gave the producer away expects another to sign.
    if view.settings.role == Role::Active && view.position != Position::Active {
        return None;
    }
    let own = view.evidence.own.last_produced;
    let since = match view.promoted_at {
        // The slot that was running when we were promoted may still have been the old node's.
        Some(at) => at.plus_ms(SLOT_MS),
        None => {
            let signs = own.filter(|own| !is_quiet(view, own) && !is_before_giving(view, own));
            let signing = signs.and(view.evidence.own.signing_since)?;
            // Before the active node took over again another signed by right.
            let again_ms = view.now.mono.since_ms(view.position_since).cast_signed();
            let again = view.now.wall.plus_ms(SLOT_MS - again_ms);
            if view.settings.role == Role::Active { signing.max(again) } else { signing }
        }
    };
    (elsewhere.time >= since).then_some(elsewhere)
}

/// Whether this node signed a block by right, before it gave the producer to another: since then the
/// other is expected to sign.
fn is_before_giving(view: &View<'_>, own: &OwnBlock) -> bool {
    view.position == Position::HandedOver && own.seen_at.mono < view.position_since + PAUSE_TAKES_MS
}

/// Whether this node has stopped signing: it has signed nothing for a round and a turn.
fn is_quiet(view: &View<'_>, own: &OwnBlock) -> bool {
    let round_ms = view.schedule().map_or(0, Schedule::round_ms);
    view.now.mono.since_ms(own.seen_at.mono) > round_ms + 6_000 || view.is_paused() == Some(true)
}

/// A turn and a second for its last block to arrive, milliseconds.
const ONE_TURN_MS: u64 = 7_000;

/// `alone`: for a round every new block was ours.
pub(super) fn alone(view: &View<'_>) -> Verdict {
    let Some(schedule) = view.schedule().filter(|s| s.producers.len() > 1) else {
        return Verdict::unknown(
            "no schedule of several producers known",
            "other producers' blocks",
        );
    };
    let limit_ms = schedule.round_ms() * u64::from(view.settings.rules.alone_rounds);
    let threshold = say!(view, "no block of another producer for {}", Human(limit_ms));
    let log = &view.evidence.log;
    let foreign = log.last_foreign.map(|(at, _)| at).max(view.evidence.api.last_foreign_head);
    let heard = foreign.unwrap_or(log.since).max(log.since);
    let quiet_ms = view.now.mono.since_ms(heard);
    // The blocks of the turn after the last foreign one are no sign yet, and a node that died in it
    // is not alone but dead: only a later turn of ours is.
    let own_recent = view.evidence.own.last.is_some_and(|block| {
        view.now.mono.since_ms(block.seen_at.mono) < limit_ms
            && block.seen_at.mono.since_ms(heard) > ONE_TURN_MS
    });
    let saw = say!(view, "last block of another producer {} ago", Human(quiet_ms));
    Verdict::when(own_recent && quiet_ms >= limit_ms, saw, threshold)
}
