//! Why a node that does not sign may be made to sign: the grounds there are.
//!
//! Silence of the producer is the one ground that needs nobody's word, and takes two rounds. The
//! others are acts of the one that had the producer (it stopped its node and handed it over), of
//! etcd (the lease lapsed, and our slots pass unsigned), or of nobody (a plain restart). A ground
//! replaces the waiting and nothing else: every other gate is asked the same.

use serde::Serialize;

use crate::core::handover::{Fence, HANDOVER_VOID_MS, Handover};
use crate::core::rules::View;
use crate::core::schedule::{SLOT_MS, Schedule, TURN_SLOTS, Turn};
use crate::core::settings::{OnLeaseOutage, Role};
use crate::core::time::{Human, Timestamp};

/// How long the others of the standbys let the first one be before they take what was released to
/// nobody in particular, milliseconds: three looks.
const RANK_DELAY_MS: u64 = 3_000;
/// So many slots of ours more pass before another than the first standby takes a lapsed lease.
const RANK_SLOTS: u32 = 3;
/// A slot counts as unsigned this long after its time, milliseconds: a block around the world.
const LATE_MS: i64 = 1_000;
/// Clocks of our hosts may be so far apart, milliseconds: less than a slot.
const SKEW_MS: i64 = 250;
/// After a stop nothing is begun again for so long, milliseconds: three looks.
const RESTART_MS: u64 = 3_000;
/// A standby may begin so much later than its wait says, milliseconds: its looks, and its clock.
const BEGINS_LATE_MS: i64 = 10_000;
/// While every peer says for so long that its node does not sign, nobody does, milliseconds.
const NOBODY_MS: u64 = 10_000;

/// What this node is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// It signs by right, or an act of ours is under way.
    Active,
    /// A standby at rest.
    Standby,
    /// The active node, stopped, waits until it may sign.
    Arming,
    /// The active node gave the producer to another.
    HandedOver,
}

/// A right to sign that needs no waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// This node signed until a moment ago and was restarted: nobody can have taken over since.
    Restarted,
    /// It gave the producer away, and the other declined.
    Declined,
}

/// Why this node may be made to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground<'a> {
    /// The one that had the producer stopped its node and gave it to this one.
    Handover(&'a Handover),
    /// The holder's lease ran out, and so many of our slots in a row passed unsigned.
    Lapsed(u32),
    /// A plain restart, or a handover that was declined.
    Right(Right),
    /// Every peer says that its node does not sign.
    NobodySigns,
    /// The producer is silent for as long as this node waits.
    Silence,
}

impl Ground<'_> {
    /// Whether it stands at once, without looking several times.
    #[must_use]
    pub const fn is_quick(self) -> bool {
        !matches!(self, Self::Silence)
    }

    /// Whether this node looks several times although the ground is quick: what was given to nobody in
    /// particular is the first standby's, and all of us may become able to take it in the same moment,
    /// as when the chain moves again.
    #[must_use]
    pub fn is_another_first(self, view: &View<'_>) -> bool {
        let Self::Handover(given) = self else { return false };
        given.to != view.settings.node && view.settings.role != Role::FirstStandby
    }

    /// One sentence: why.
    #[must_use]
    pub fn sentence(self, view: &View<'_>) -> String {
        let producer = view.settings.producer;
        match self {
            Self::Handover(given) => {
                format!("{} handed {producer} over: {}", given.from, given.reason)
            }
            Self::Lapsed(slots) => format!(
                "The lease of {producer} lapsed without a handover, and {slots} of its slots passed unsigned."
            ),
            Self::Right(Right::Restarted) => {
                format!("This node signed for {producer} until a moment ago and was restarted.")
            }
            Self::Right(Right::Declined) => {
                format!("This node gave {producer} away, and the other declined.")
            }
            Self::NobodySigns => {
                format!("No node signs for {producer}: every peer says so.")
            }
            Self::Silence => {
                let silent_ms = view.silent_since().map_or(0, |s| view.now.mono.since_ms(s.mono));
                format!("No block of {producer} for {}.", Human(silent_ms))
            }
        }
    }
}

/// The first ground that stands.
#[must_use]
pub fn ground<'a>(view: &View<'a>) -> Option<Ground<'a>> {
    if let Some(given) = handed_over(view) {
        return Some(Ground::Handover(given));
    }
    if view.position == Position::Arming {
        let rested_ms = view.now.mono.since_ms(view.position_since);
        let settled = |right: &Right| *right == Right::Declined || rested_ms >= RESTART_MS;
        if let Some(right) = view.right.filter(|r| settled(r) && !is_signed_elsewhere(view)) {
            return Some(Ground::Right(right));
        }
        let alone = !another_may_begin(view) && !is_signed_elsewhere(view);
        if rested_ms >= NOBODY_MS && alone && view.evidence.peers.none_signs(view.now) {
            return Some(Ground::NobodySigns);
        }
    }
    if view.position != Position::Active
        && let Some(slots) = lapsed(view)
    {
        return Some(Ground::Lapsed(slots));
    }
    let silent_ms = view.now.mono.since_ms(view.silent_since()?.mono);
    let waits = view.position == Position::Arming && another_may_begin(view);
    (silent_ms >= view.wait_ms()? && !waits).then_some(Ground::Silence)
}

/// Whether a standby may be taking over at this moment by the silence of the producer: its wait since
/// our last block is nearly over, or was over, and no turn of ours has passed since in which its
/// block would have been seen. With a lease it cannot begin beside us.
fn another_may_begin(view: &View<'_>) -> bool {
    let Some(schedule) = view.schedule().filter(|_| view.settings.lease.is_none()) else {
        return false;
    };
    let heard = view.evidence.peers.speaking(view.now).filter_map(|(_, peer)| peer.last_own).max();
    let last = view.evidence.own.last.map(|own| own.time).max(view.last_active).max(heard);
    let Some(last) = last else { return false };
    let round_ms = schedule.round_ms() + view.settings.rules.round_grace_ms;
    [Role::FirstStandby, Role::SecondStandby].into_iter().any(|role| {
        let wait_ms = round_ms * u64::from(role.wait_rounds());
        let begins = last.plus_ms(wait_ms.cast_signed());
        // What this node signs next would be seen in time only if its turn comes before.
        let ours = schedule.turn_starting_from(view.settings.producer, view.now.wall);
        let too_late = ours.is_none_or(|turn| turn.end() >= begins);
        let shown = schedule
            .turn_starting_from(view.settings.producer, begins.plus_ms(BEGINS_LATE_MS))
            .map_or(begins, |turn| turn.end().plus_ms(BEGINS_LATE_MS));
        let from = begins.plus_ms(-(schedule.round_ms().cast_signed()));
        (from..shown).contains(&view.now.wall) && too_late
    })
}

/// A handover to this node that stands: from a peer, or as the lease's record.
fn handed_over<'a>(view: &View<'a>) -> Option<&'a Handover> {
    if view.position == Position::Active {
        return None;
    }
    let peers = &view.evidence.peers;
    let offered =
        peers.valid_offer(view.now).filter(|offered| view.used_offer != Some(offered.at.mono));
    let offered = offered.map(|offered| (&offered.handover, offered.at.mono));
    let lease = &view.evidence.lease;
    let read = view.settings.lease.and(lease.fresh_read(view.now)).flatten();
    let released = read.and_then(|record| record.released.as_ref()).zip(lease.released);
    [offered, released].into_iter().flatten().find_map(|(given, since)| {
        let waited_ms = view.now.mono.since_ms(since);
        // What this node let go of itself is no ground to begin again: it stopped for a reason.
        if given.from == view.settings.node {
            return None;
        }
        let for_us = given.to == view.settings.node
            || given.to.is_empty() && waited_ms >= rank_delay_ms(view.settings.role)
            // The one it was meant for has not come: whoever is there may take it.
            || waited_ms >= HANDOVER_VOID_MS;
        (for_us && stands(view, given)).then_some(given)
    })
}

/// Whether a handover says what it must, and the chain has not shown otherwise since.
fn stands(view: &View<'_>, given: &Handover) -> bool {
    let chain_id = view.evidence.api.info.as_ref().and_then(|info| info.chain_id.as_ref());
    let is_our_chain = given.chain_id.is_none() || given.chain_id.as_ref() == chain_id;
    let signed_since =
        view.evidence.own.last.is_some_and(|block| block.time > given.fenced_at.plus_ms(SLOT_MS));
    // The giver may still have blocks under way.
    let is_due = view.now.wall.plus_ms(SKEW_MS) >= given.fenced_at;
    is_due
        && given.producer == view.settings.producer
        && is_our_chain
        && given.fence == Fence::Fenced
        && !signed_since
}

const fn rank_delay_ms(role: Role) -> u64 {
    match role {
        Role::FirstStandby => 0,
        Role::Active => RANK_DELAY_MS / 2,
        Role::SecondStandby | Role::Observer => RANK_DELAY_MS,
    }
}

/// Whether another node signed for us since this one stopped.
pub(crate) fn is_signed_elsewhere(view: &View<'_>) -> bool {
    let own = &view.evidence.own;
    own.last.is_some_and(|last| {
        last.seen_at.mono > view.position_since
            && own.last_produced.is_none_or(|produced| produced.time < last.time)
    })
}

/// How many slots of ours passed unsigned, when the lease lapsed and they are enough.
fn lapsed(view: &View<'_>) -> Option<u32> {
    let lease = view.settings.lease?;
    let evidence = &view.evidence.lease;
    let record = evidence.fresh_read(view.now)?;
    let is_free = match record {
        None => evidence.lapsed.is_some(),
        // Released by a node of which nobody knows whether it stopped.
        Some(record) => record.released.as_ref().is_some_and(|given| given.fence != Fence::Fenced),
    };
    if !is_free || lease.on_outage != OnLeaseOutage::Hold || view.chain_stands_still() {
        return None;
    }
    let slots = unsigned_slots(view)?;
    // The first standby first: the others of us let three slots more pass.
    let more = if view.settings.role == Role::FirstStandby { 0 } else { RANK_SLOTS };
    (slots >= lease.lapsed_slots + more).then_some(slots)
}

/// Slots of ours in a row, up to now, without a block, as far back as this node listened.
fn unsigned_slots(view: &View<'_>) -> Option<u32> {
    let schedule = view.schedule()?;
    let covered = view.evidence.coverage.since()?.wall;
    let from = match view.evidence.own.last {
        Some(last) => last.time.plus_ms(1).max(covered),
        None => covered,
    };
    let to = view.now.wall.plus_ms(-LATE_MS);
    Some(slots_between(view, schedule, from, to))
}

/// Our slots whose time is in `from..=to`; at most those of two rounds.
fn slots_between(view: &View<'_>, schedule: &Schedule, from: Timestamp, to: Timestamp) -> u32 {
    let mut count = 0;
    let mut at = from.max(to.plus_ms(-(2 * schedule.round_ms()).cast_signed()));
    while let Some(turn) = schedule.turn_ending_after(view.settings.producer, at) {
        if turn.start() > to {
            break;
        }
        count += slots_of(turn, from, to);
        at = turn.end();
    }
    count
}

fn slots_of(turn: Turn, from: Timestamp, to: Timestamp) -> u32 {
    (0..TURN_SLOTS)
        .map(|slot| turn.start().plus_ms(SLOT_MS * i64::from(slot)))
        .filter(|time| *time >= from && *time <= to)
        .count() as u32
}
