//! What must hold after every step, and what is exempt; `doc/simulator.md` says why.

mod alarms;
mod none;
mod promotion;
mod truth;
mod two;

use serde::{Deserialize, Serialize};

use crate::core::schedule::Slot;
use crate::core::settings::Settings;
use crate::sim::promises::keep;
use crate::sim::site::Site;
use crate::sim::world::World;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which, one word.
    pub promise: String,
    /// When, milliseconds from the start.
    pub at_ms: u64,
    /// What happened, one sentence.
    pub sentence: String,
}

impl World<'_> {
    pub(in crate::sim) fn break_promise(&mut self, promise: &str, sentence: String) {
        let at_ms = self.now_ms();
        self.broken(Violation { promise: promise.to_owned(), at_ms, sentence });
    }

    pub(in crate::sim) fn settings_of(&self, site: Site) -> Option<&Settings> {
        self.hosts[site.at()].keeper.as_ref().map(|keeper| keeper.settings())
    }

    /// How long a keeper waits by the schedule that is active, milliseconds.
    pub(in crate::sim) fn wait_ms(&self, site: Site) -> u64 {
        self.wait_by(site, self.slot())
    }

    /// How long a keeper waits by the schedule of a slot, milliseconds.
    pub(in crate::sim) fn wait_by(&self, site: Site, slot: Slot) -> u64 {
        let schedule = self.schedules.of(slot);
        let rounds = u64::from(site.role().wait_rounds());
        let grace_ms = self.settings_of(site).map_or(4_000, |s| s.rules.round_grace_ms);
        (schedule.round_ms() + grace_ms) * rounds
    }

    /// Looks at the world: what is true, and what is promised.
    pub(super) fn look(&mut self) {
        let now_ms = self.now_ms();
        let chain_is_fit = self.is_chain_fit();
        keep(&mut self.promises.chain_fit_since, chain_is_fit, now_ms);
        for site in Site::KEEPERS {
            self.look_at(site, now_ms);
            let fit = self.is_fit(site);
            keep(&mut self.promises.fit_since[site.at()], fit, now_ms);
        }
        self.check_none(now_ms);
        self.check_alarms(now_ms);
    }
}
