//! Never none: a fit standby takes over within its time.

use crate::core::schedule::{Schedule, Slot, TURN_MS};
use crate::core::time::Human;
use crate::sim::chain::BlockId;
use crate::sim::scenario::Acting;
use crate::sim::site::Site;
use crate::sim::world::World;

/// Tries to stop a node are at most this far apart, milliseconds, and a write that hangs has given
/// up by then.
const SETTLES_MS: u64 = 75_000;
/// From the end of a wait to the order: looks in a row, and the write of the latch; milliseconds.
const BEGINS_MS: u64 = 15_000;
/// Milliseconds of a day, the window of the budget.
const DAY_MS: u64 = 86_400_000;

impl World<'_> {
    /// A block of ours became part of the chain, or stopped being part of it.
    pub(in crate::sim) fn on_chain(&mut self, head: BlockId, fork: BlockId) {
        let from = self.chain.get(fork).slot;
        let ours = self.chain.branch(head, Slot(from.0 + 1)).find(|b| b.producer == self.ours);
        if let Some(signer) = ours.map(|block| block.signer) {
            let (before, _) = self.promises.on_chain;
            let now_ms = self.now_ms();
            let round_ms = self.schedules.of(self.slot()).round_ms();
            let gap_ms = now_ms.saturating_sub(before);
            if gap_ms > round_ms {
                self.promises.signs_since_ms = now_ms;
                self.summary.longest_outage_ms = self.summary.longest_outage_ms.max(gap_ms);
            }
            if self.promises.on_chain.1 != Some(signer) {
                self.say(format!("the chain has blocks of {signer}"));
            }
            self.promises.on_chain = (now_ms, Some(signer));
        }
    }

    /// Never none: a fit standby takes over within its time.
    pub(in crate::sim) fn check_none(&mut self, now_ms: u64) {
        if self.scenario.config.acting != Acting::Yes {
            return;
        }
        let schedule: &Schedule = self.schedules.of(self.slot());
        let (round_ms, final_ms) = (schedule.round_ms(), final_ms(schedule));
        let silent_ms = now_ms.saturating_sub(self.promises.on_chain.0);
        for site in Site::STANDBYS {
            let wait_ms = self.wait_ms(site);
            let fit_ms = self.promises.fit_ms(site, now_ms).min(silent_ms);
            let wait_ms = wait_ms.max(final_ms);
            if fit_ms <= wait_ms + BEGINS_MS || self.is_budget_spent(site, now_ms) {
                continue;
            }
            let resting = self.promises.resting_since[site.at()];
            let resting_ms = resting.map_or(0, |since| now_ms.saturating_sub(since));
            let turn_ms = TURN_MS.unsigned_abs();
            let limit_ms = wait_ms + SETTLES_MS + 2 * round_ms + 4 * turn_ms + BEGINS_MS;
            // A node that can sign already need not begin; and beside one that came back and is heard
            // to be able to it must not, until that one fails to sign as well.
            let may_begin =
                !self.nodes[site.at()].can_sign() && !self.is_told_of_a_signer(site, now_ms);
            if may_begin && resting_ms.min(fit_ms) > wait_ms + BEGINS_MS {
                let silent = Human(silent_ms);
                let sentence =
                    format!("{site} is fit and does nothing; no block of ours for {silent}");
                self.break_promise("nobody_begins", sentence);
            } else if fit_ms > limit_ms {
                let silent = Human(silent_ms);
                let sentence = format!("{site} is fit; no block of ours for {silent}");
                self.break_promise("nobody_signs", sentence);
            }
        }
    }

    fn is_budget_spent(&self, site: Site, now_ms: u64) -> bool {
        let of_today = self.hosts[site.at()].promotions_ms.iter();
        of_today.filter(|at| now_ms - **at < DAY_MS).count()
            >= self.scenario.config.max_promotions as usize
    }
}

/// By when it is irreversible that our slots stayed empty, milliseconds from our last block: a round
/// until the end of the next turn, and two times two thirds and one of the producers, who build on
/// it; two turns for those that are late.
fn final_ms(schedule: &Schedule) -> u64 {
    let producers = schedule.producers.len() as u64;
    let builders = 2 * (producers * 2 / 3 + 1);
    (producers + 1 + builders + 2) * TURN_MS.unsigned_abs()
}
