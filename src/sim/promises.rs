//! What is true in the world, and since when: the measure of what the keepers do.

use std::collections::BTreeMap;

use crate::core::schedule::Slot;
use crate::sim::site::Site;

/// Troubles of a standby that must keep it from being promoted, each with the time it takes to be
/// noticed, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// Its RPC does not answer.
    NoAnswer,
    /// It is cut off from the chain.
    CutOff,
    /// Its head, or everybody's, stands still.
    HeadStalled,
    /// Its head moves and is old.
    Behind,
    /// Finality stands still.
    LibStalled,
    /// It said that it stops.
    Stopping,
    /// It said that its database is faulty.
    DatabaseFault,
    /// Its host's clock is behind.
    ClockOff,
    /// It is not paused.
    Unpaused,
    /// References are configured, and most of them cannot be asked or disagree.
    NoReferences,
    /// Our producer is not in the schedule.
    NotScheduled,
    /// It changed its branch a moment ago.
    ForkSwitched,
    /// Another of our nodes can sign, is on the same chain, and its keeper is heard to say so.
    PeerSigns,
    /// Another holds the lease, and etcd says so.
    LeaseElsewhere,
}

impl Trouble {
    /// All of them.
    pub(super) const ALL: [Self; 14] = [
        Self::NoAnswer,
        Self::CutOff,
        Self::HeadStalled,
        Self::Behind,
        Self::LibStalled,
        Self::Stopping,
        Self::DatabaseFault,
        Self::ClockOff,
        Self::Unpaused,
        Self::NoReferences,
        Self::NotScheduled,
        Self::ForkSwitched,
        Self::PeerSigns,
        Self::LeaseElsewhere,
    ];

    /// How long it may go unnoticed, milliseconds: the threshold of the rule that sees it, and the
    /// polls until then.
    #[must_use]
    pub(super) const fn notice_ms(self) -> u64 {
        match self {
            // A poll that hangs has a deadline of 5 s.
            Self::NoAnswer => 7_000,
            // head_stalled, 10 s.
            Self::CutOff | Self::HeadStalled => 13_000,
            Self::Behind | Self::Stopping | Self::DatabaseFault => 3_000,
            Self::LibStalled => 4_000,
            Self::ClockOff => 8_000,
            // The paused flag is asked every 3 s and settles for 5 s after an act.
            Self::Unpaused => 12_000,
            // Answers count for 15 s, and a question that hangs takes 5 s.
            Self::NoReferences => 25_000,
            // Asked every 30 s.
            Self::NotScheduled => 35_000,
            Self::ForkSwitched => 2_000,
            // `paused` is asked every 3 s and settles for 5 s, then it is told within two.
            Self::PeerSigns => 12_000,
            // Read every second, with a deadline.
            Self::LeaseElsewhere => 6_000,
        }
    }
}

/// What is true, kept up once a second and at what happens.
#[derive(Clone, Debug, Default)]
pub(super) struct Promises {
    /// Since when each trouble of each host has been there.
    troubles: [[Option<u64>; Trouble::ALL.len()]; 4],
    /// Since when each host, its node and its links have been without any fault.
    pub(super) fit_since: [Option<u64>; 4],
    /// Since when the chain has been without any fault.
    pub(super) chain_fit_since: Option<u64>,
    /// Since when each keeper has nothing under way.
    pub(super) resting_since: [Option<u64>; 4],
    /// When each keeper last started.
    pub(super) started_ms: [u64; 4],
    /// When a block of ours last became part of the chain, and who signed it.
    pub(super) on_chain: (u64, Option<Site>),
    /// When such a block last came after none had for more than a round.
    pub(super) signs_since_ms: u64,
    /// Who signed our slots: the last rounds.
    pub(super) signed: BTreeMap<Slot, u8>,
    /// Doubled turns in a row that a fit standby took part in.
    pub(super) doubled_turns: [u32; 4],
    /// When a slot was last signed twice.
    pub(super) doubled_ms: Option<u64>,
    /// When a fault last began or ended.
    pub(super) disturbed_ms: u64,
    /// Last irreversible block of each node, and since when.
    pub(super) libs: [(u32, u64); 4],
    /// Head of each node, and since when.
    pub(super) heads: [(u64, u64); 4],
    /// First slot of the turn that is counted next.
    pub(super) next_turn: Option<Slot>,
}

impl Promises {
    /// A keeper started.
    pub(super) fn keeper_started(&mut self, site: Site, now_ms: u64) {
        self.started_ms[site.at()] = now_ms;
        self.resting_since[site.at()] = None;
        self.fit_since[site.at()] = None;
    }

    /// A keeper has, or has not, something under way.
    pub(super) fn keeper_rests(&mut self, site: Site, rests: bool, now_ms: u64) {
        keep(&mut self.resting_since[site.at()], rests, now_ms);
    }

    /// A fault began or ended.
    pub(super) fn disturbed(&mut self, now_ms: u64) {
        self.disturbed_ms = now_ms;
    }

    /// A trouble is there, or is not.
    pub(super) fn trouble(&mut self, site: Site, trouble: Trouble, there: bool, now_ms: u64) {
        keep(&mut self.troubles[site.at()][trouble as usize], there, now_ms);
    }

    /// The first trouble that was there for long enough to be noticed.
    #[must_use]
    pub(super) fn noticeable(&self, site: Site, now_ms: u64) -> Option<(Trouble, u64)> {
        Trouble::ALL.into_iter().find_map(|trouble| {
            let since = self.troubles[site.at()][trouble as usize]?;
            let age_ms = now_ms.saturating_sub(since);
            (age_ms > trouble.notice_ms()).then_some((trouble, age_ms))
        })
    }

    /// For how long a host and the chain have been without any fault, milliseconds.
    #[must_use]
    pub(super) fn fit_ms(&self, site: Site, now_ms: u64) -> u64 {
        let since = self.fit_since[site.at()].zip(self.chain_fit_since);
        since.map_or(0, |(host, chain)| now_ms.saturating_sub(host.max(chain)))
    }
}

/// Since when something holds.
pub(super) fn keep(since: &mut Option<u64>, holds: bool, now_ms: u64) {
    *since = if holds { since.or(Some(now_ms)) } else { None };
}
