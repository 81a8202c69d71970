//! One turn of ours on its way to being settled.

use crate::core::evidence::own::Via;
use crate::core::ledger::cause::LostCause;
use crate::core::ledger::walk::Walk;
use crate::core::ledger::{
    HALF_TOLD_MS, Loss, Proof, SETTLE_MS, SLOTS_ALL, SettledTurn, UNTOLD_MS,
};
use crate::core::name::Name;
use crate::core::schedule::{TURN_SLOTS, Turn};
use crate::core::time::Timestamp;

const SLOTS: usize = TURN_SLOTS as usize;

/// A block of ours, as the ledger sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Its slot's place in the turn, 0..12.
    pub(super) at: u32,
    pub(super) number: u32,
    pub(super) via: Via,
    pub(super) is_late: bool,
    /// Whether another block of the same number was seen before.
    pub(super) is_contested: bool,
}

/// What is known of a turn that is not settled.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) turn: Turn,
    /// Slots a block was seen of; the other masks are subsets.
    seen: u16,
    here: u16,
    late: u16,
    /// Another block of the same number was seen: one of the two is not on the final chain.
    contested: u16,
    /// A later block of ours was built on something before it.
    abandoned: u16,
    numbers: [u32; SLOTS],
    /// Whether the keeper looked while it lasted.
    is_watched: bool,
    /// Whether the log showed every block while it lasted; told when it is over.
    is_complete: bool,
    causes: [Option<LostCause>; SLOTS],
    /// The first cause after the turn.
    after: Option<LostCause>,
    /// Number of the first block that was seen after it.
    pub(super) seed: Option<u32>,
    /// When it was first known to be irreversible.
    pub(super) final_since: Option<Timestamp>,
    pub(super) walk: Walk,
}

impl Pending {
    pub(super) fn new(turn: Turn, is_watched: bool) -> Self {
        Self {
            turn,
            seen: 0,
            here: 0,
            late: 0,
            contested: 0,
            abandoned: 0,
            numbers: [0; SLOTS],
            is_watched,
            is_complete: false,
            causes: [None; SLOTS],
            after: None,
            seed: None,
            final_since: None,
            walk: Walk::new(turn),
        }
    }

    /// Records a block of ours.
    pub(super) fn see(&mut self, block: Seen) {
        let (at, bit) = (block.at as usize, 1_u16 << block.at);
        // What a poll shows adds nothing to what the log has shown.
        if block.via == Via::Polled && self.seen & bit != 0 {
            return;
        }
        for earlier in 0..at {
            if self.seen & (1 << earlier) != 0 && self.numbers[earlier] >= block.number {
                self.abandoned |= 1 << earlier;
            }
        }
        self.seen |= bit;
        self.numbers[at] = block.number;
        let set = |mask: &mut u16, is_so: bool| *mask |= if is_so { bit } else { 0 };
        set(&mut self.here, block.via == Via::Produced);
        set(&mut self.late, block.is_late);
        set(&mut self.contested, block.is_contested);
    }

    /// Another block of this number was seen.
    pub(super) fn contest(&mut self, number: u32) {
        for at in 0..SLOTS {
            if self.seen & (1 << at) != 0 && self.numbers[at] == number {
                self.contested |= 1 << at;
            }
        }
    }

    /// Notes what stands in the way now; for the slots that began after `since` and up to `now`, or
    /// for the whole turn when it is over.
    pub(super) fn stands(&mut self, since: Timestamp, now: Timestamp, cause: Option<LostCause>) {
        let Some(cause) = cause else { return };
        let over_ms = now.since_ms(self.turn.end());
        // Nothing of it began lately, and what came after is too late to tell.
        if over_ms > SETTLE_MS && since >= self.turn.end() {
            return;
        }
        if (0..=SETTLE_MS).contains(&over_ms) && self.after.is_none() {
            self.after = Some(cause);
        }
        for (at, slot) in self.causes.iter_mut().enumerate() {
            let time = self.turn.start().plus_ms(500 * at as i64);
            if time > since && time <= now && slot.is_none() {
                *slot = Some(cause);
            }
        }
    }

    /// `watched` is from when to when the log shows every block.
    pub(super) fn note_watched(&mut self, watched: Option<(Timestamp, Timestamp)>) {
        let (start, end) = (self.turn.start(), self.turn.end());
        self.is_complete |= watched.is_some_and(|(since, last)| since <= start && last >= end);
    }

    /// The numbers to ask for; none while it is not irreversible.
    pub(super) fn wanted(&self, lib: u32) -> Vec<u32> {
        let seed = self.seed.filter(|seed| *seed <= lib);
        seed.map_or_else(Vec::new, |seed| self.walk.wanted(seed, lib))
    }

    /// Whether no more will be known of it than now.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let Some(since) = self.final_since else { return false };
        let final_ms = now.since_ms(since);
        let is_told = self.walk.slots().is_some() || self.walk.is_given_up();
        now.since_ms(self.turn.end()) >= SETTLE_MS
            && (is_told
                || final_ms > UNTOLD_MS && !self.walk.has_begun()
                || final_ms > HALF_TOLD_MS)
    }

    /// Judges it by the final chain if that is known, else by the log. `is_final` says whether the
    /// turn is irreversible.
    pub(super) fn settle(&self, producer: Name, now: Timestamp, is_final: bool) -> SettledTurn {
        let (met, forked, missed, proof) = match self.walk.slots() {
            Some(ours) => {
                let forked = self.seen & !ours;
                (ours, forked, SLOTS_ALL & !ours & !forked, Proof::Chain)
            }
            None => self.by_log(is_final),
        };
        SettledTurn {
            start: self.turn.start(),
            last: self.turn.start(),
            turns: 1,
            producer,
            met,
            late: met & self.late,
            forked,
            missed,
            here: self.here,
            losses: self.losses(met, forked, missed),
            proof,
            settled: now,
        }
    }

    /// Without the chain's word: what the log showed, and only where it showed all.
    fn by_log(&self, is_final: bool) -> (u16, u16, u16, Proof) {
        if !self.is_complete || !is_final {
            // A block that was left for another of ours is gone in any case.
            return (0, self.abandoned, 0, Proof::None);
        }
        let forked = self.abandoned;
        let met = self.seen & !self.contested & !forked;
        (met, forked, SLOTS_ALL & !self.seen, Proof::Log)
    }

    fn losses(&self, met: u16, forked: u16, missed: u16) -> Vec<Loss> {
        let mut losses: Vec<Loss> = Vec::new();
        for at in 0..TURN_SLOTS {
            let bit = 1_u16 << at;
            let cause = match (forked & bit != 0, missed & bit != 0) {
                (true, _) => self.fork_cause(met, at),
                (_, true) => self.miss_cause(at),
                (false, false) => continue,
            };
            let name = cause.name();
            match losses.iter_mut().find(|loss| loss.cause == name) {
                Some(loss) => loss.slots |= bit,
                None => losses.push(Loss { cause: name.into_owned(), slots: bit }),
            }
        }
        losses
    }

    /// What stood at the slot; else the next that came to light; else what stood before.
    fn miss_cause(&self, at: u32) -> LostCause {
        if !self.is_watched {
            return LostCause::NotWatched;
        }
        let (before, from) = self.causes.split_at(at as usize);
        let next = from.iter().flatten().next().copied().or(self.after);
        next.or_else(|| before.iter().flatten().next_back().copied())
            .unwrap_or(LostCause::Unexplained)
    }

    fn fork_cause(&self, met: u16, at: u32) -> LostCause {
        if let Some(cause) = Some(self.miss_cause(at)).filter(|cause| cause.explains_fork()) {
            return cause;
        }
        let bit = 1_u16 << at;
        let (before, behind) = (met & (bit - 1), met & !(bit | (bit - 1)));
        if self.late & bit != 0 {
            LostCause::LateBlock
        } else if before == 0 && behind != 0 {
            LostCause::LatePredecessor
        } else if behind == 0 && before != 0 {
            LostCause::NotHeardInTime
        } else {
            LostCause::ForkedOff
        }
    }
}
