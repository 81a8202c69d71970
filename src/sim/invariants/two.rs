//! Never two: who signs the same slot, and what excuses it.

use crate::core::schedule::{Slot, TURN_MS, TURN_SLOTS};
use crate::sim::queue::Happening;
use crate::sim::scenario::{Acting, Mode};
use crate::sim::site::Site;
use crate::sim::world::World;

/// A node that was resumed by hand is stopped again within this time, milliseconds: `paused` is asked
/// every 3 s, an answer settles for 5 s, and the call takes its while.
const BY_HAND_MS: u64 = 15_000;
/// Slots in which two nodes may sign before that is a doubled turn; fewer are a handoff.
const DOUBLED_MIN: usize = 4;

impl World<'_> {
    /// One of our nodes signed a slot of ours.
    pub(in crate::sim) fn signed_ours(&mut self, site: Site, slot: Slot) {
        let now_ms = self.now_ms();
        let signers = self.promises.signed.entry(slot).or_default();
        let before = *signers;
        *signers |= site.bit();
        if before != 0 && before & site.bit() == 0 {
            self.summary.doubled += 1;
            self.promises.doubled_ms = Some(now_ms);
            if before.count_ones() == 1 {
                let names = Site::SIGNERS.iter().filter(|s| (before | site.bit()) & s.bit() != 0);
                let names: Vec<String> = names.map(ToString::to_string).collect();
                if slot.in_turn() == 0 {
                    self.say(format!("{} both sign", names.join(" and ")));
                }
                self.check_two(site, before);
            }
        }
    }

    /// With a lease or peers nobody signs beside another, unless a fault that is named excuses it.
    fn check_two(&mut self, site: Site, before: u8) {
        if self.scenario.config.mode == Mode::None {
            return;
        }
        let other = Site::SIGNERS.into_iter().find(|s| before & s.bit() != 0).unwrap_or(Site::A);
        if self.exempt(site, other) {
            return;
        }
        let sentence = format!("{other} and {site} sign the same slot");
        self.break_promise("two_sign", sentence);
    }

    /// What excuses two signers where there is a lease or peers: for either of the two, a keeper that
    /// does not run, a node that does not obey, a script that does not do what it says, hands at the
    /// producer API, or a clock that lies; with peers alone, also that the two keepers do not hear
    /// each other.
    fn exempt(&self, one: Site, other: Site) -> bool {
        let now_ms = self.now_ms();
        let lately =
            |since: Option<u64>| since.is_some_and(|at| now_ms.saturating_sub(at) > 60_000);
        let unfit = |site: Site| !lately(self.promises.fit_since[site.at()]);
        let deaf = self.scenario.config.mode == Mode::Peers && !self.hear_each_other(one, other);
        // Until its keeper has seen and stopped it; without an end by a known weakness: a standby
        // that was resumed by hand is stopped only when it is seen to sign beside another.
        let by_hand = |site: Site| {
            let since = self.nodes[site.at()].by_hand_ms;
            since.is_some_and(|at| !self.scenario.strict || now_ms.saturating_sub(at) < BY_HAND_MS)
        };
        unfit(one) || unfit(other) || by_hand(one) || by_hand(other) || deaf
    }

    /// Counts our turns, one after another, when their blocks have settled.
    pub(in crate::sim) fn queue_count(&mut self, from: Slot) {
        self.promises.next_turn = None;
        let schedule = self.schedules.of(from);
        let turn = schedule.turn_starting_from(self.ours, from.time());
        // Out of the schedule: looked for again in a minute.
        let (at_ms, first) = match turn {
            Some(turn) => (self.slot_ms(turn.first_slot()) + TURN_MS + 20_000, Some(turn)),
            None => (self.slot_ms(from) + 60_000, None),
        };
        self.promises.next_turn = first.map(|turn| turn.first_slot());
        self.queue.at(at_ms.max(0).unsigned_abs(), Happening::Count);
    }

    pub(in crate::sim) fn count_turn(&mut self) {
        let Some(first) = self.promises.next_turn else { return self.queue_count(self.slot()) };
        let end = Slot(first.0 + TURN_SLOTS);
        let of_ours = |slot: Slot| self.schedules.of(slot).owner(slot) == Some(self.ours);
        let owed = (first.0..end.0).filter(|slot| of_ours(Slot(*slot))).count() as u64;
        let many = self.nodes[Site::Many.at()].head;
        let kept = self
            .chain
            .branch(many, first)
            .filter(|block| block.slot < end && block.producer == self.ours)
            .count() as u64;
        self.summary.owed += owed;
        self.summary.lost += owed.saturating_sub(kept);
        self.trace.note(kept);
        self.check_doubled_turn(first, end);
        // Three rounds are remembered.
        let old = Slot(end.0.saturating_sub(3 * 25 * TURN_SLOTS));
        self.promises.signed = self.promises.signed.split_off(&old);
        self.queue_count(end);
    }

    /// With chain proof only two may sign for a turn; a fit standby does not in a second.
    fn check_doubled_turn(&mut self, first: Slot, end: Slot) {
        // Whoever may not act cannot stop its node either.
        if self.scenario.config.acting != Acting::Yes {
            return;
        }
        let now_ms = self.now_ms();
        let turn: Vec<u8> = self.promises.signed.range(first..end).map(|(_, s)| *s).collect();
        for site in Site::STANDBYS {
            let doubled =
                turn.iter().filter(|s| **s & site.bit() != 0 && s.count_ones() > 1).count();
            let others = turn.iter().fold(0, |bits, s| bits | s) & !site.bit();
            let others_fit = Site::SIGNERS.into_iter().filter(|s| others & s.bit() != 0).all(|s| {
                Site::ALL.iter().all(|o| *o == s || self.net.is_whole(s, *o))
                    && self.hosts[s.at()].clocks.error_ms(now_ms).abs() < 200
            });
            // From before the turn until now, 20 s after it.
            let began_ms = self.slot_ms(first).max(0).unsigned_abs();
            let fit = self.promises.fit_since[site.at()].is_some_and(|at| at + 10_000 < began_ms)
                && self.promises.chain_fit_since.is_some_and(|at| at + 10_000 < began_ms);
            let count = &mut self.promises.doubled_turns[site.at()];
            *count = if doubled >= DOUBLED_MIN && fit && others_fit { *count + 1 } else { 0 };
            if *count >= 2 {
                let sentence = format!("{site} signs beside another node for a second turn");
                self.break_promise("two_sign", sentence);
            }
        }
    }
}
