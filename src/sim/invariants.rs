//! What must hold after every step, and what is exempt; `doc/simulator.md` says why.

use serde::{Deserialize, Serialize};

use crate::core::action::{Act, Notice, NoticeKind, Order};
use crate::core::schedule::{Schedule, Slot, TURN_MS, TURN_SLOTS};
use crate::core::settings::Settings;
use crate::core::time::Human;
use crate::sim::chain::BlockId;
use crate::sim::host::DiskFault;
use crate::sim::net::Traffic;
use crate::sim::node::Process;
use crate::sim::promises::{Trouble, keep};
use crate::sim::queue::Happening;
use crate::sim::scenario::{Acting, Mode};
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

/// What a promotion says it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    Silence,
    Handover,
    Lapse,
    Restart,
    NobodySigns,
    Order,
}

impl Ground {
    /// Told by the words of the reason, as people read them.
    fn of(reason: &str) -> Self {
        let words = [
            ("handed", Self::Handover),
            ("lapsed", Self::Lapse),
            ("restarted", Self::Restart),
            ("declined", Self::Restart),
            ("every peer says", Self::NobodySigns),
        ];
        let found = words.iter().find(|(word, _)| reason.contains(word));
        found.map_or(Self::Silence, |(_, ground)| *ground)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Silence => "the producer is missing",
            Self::Handover => "it was handed over",
            Self::Lapse => "the lease lapsed",
            Self::Restart => "it was restarted, or another declined",
            Self::NobodySigns => "nobody signs",
            Self::Order => "a person ordered it",
        }
    }
}

/// A finding stands for so long after a single line, milliseconds (`recent_ms`, the longest window),
/// and is resolved 10 s later; a minute for what comes after an operator's repair.
const ALARMS_END_MS: u64 = 300_000 + 10_000 + 60_000;
/// Tries to stop a node are at most this far apart, milliseconds, and a write that hangs has given
/// up by then.
const SETTLES_MS: u64 = 75_000;
/// A node that was resumed by hand is stopped again within this time, milliseconds: `paused` is asked
/// every 3 s, an answer settles for 5 s, and the call takes its while.
const BY_HAND_MS: u64 = 15_000;
/// From the end of a wait to the order: looks in a row, and the write of the latch; milliseconds.
const BEGINS_MS: u64 = 15_000;
/// Slots in which two nodes may sign before that is a doubled turn; fewer are a handoff.
const DOUBLED_MIN: usize = 4;
/// Milliseconds of a day, the window of the budget.
const DAY_MS: u64 = 86_400_000;

impl World<'_> {
    fn break_promise(&mut self, promise: &str, sentence: String) {
        let at_ms = self.now_ms();
        self.broken(Violation { promise: promise.to_owned(), at_ms, sentence });
    }

    fn settings_of(&self, site: Site) -> Option<&Settings> {
        self.hosts[site.at()].keeper.as_ref().map(|keeper| keeper.settings())
    }

    /// How long a keeper waits by the schedule that is active, milliseconds.
    fn wait_ms(&self, site: Site) -> u64 {
        let schedule = self.schedules.of(self.slot());
        let rounds = u64::from(site.role().wait_rounds());
        let grace_ms = self.settings_of(site).map_or(4_000, |s| s.rules.round_grace_ms);
        (schedule.round_ms() + grace_ms) * rounds
    }

    /// A keeper has decided to make its node sign, and is about to write that down.
    pub(super) fn promotion_begins(&mut self, site: Site, reason: &str) {
        let now_ms = self.now_ms();
        let ordered_ms = self.hosts[site.at()].ordered_ms;
        let is_ordered = ordered_ms.is_some_and(|at| now_ms.saturating_sub(at) < 5_000);
        let ground = if is_ordered { Ground::Order } else { Ground::of(reason) };
        *self.summary.promotions.entry(ground.as_str().to_owned()).or_default() += 1;
        // The active node's own start replaces nobody and is not counted.
        if site != Site::A {
            self.hosts[site.at()].promotions_ms.push(now_ms);
        }
        self.look_at(site, now_ms);
        let found = self.promises.noticeable(site, now_ms);
        if let Some((trouble, age_ms)) = found.filter(|(t, _)| !self.is_known(*t, ground)) {
            self.break_promise(
                promise_of(trouble),
                format!("{site} is promoted although {trouble:?} was there for {}", Human(age_ms)),
            );
        }
        self.check_policy(site, now_ms, ground);
        match ground {
            Ground::Silence => self.check_silence(site, now_ms),
            // With a lease the order to sign is looked at; and a person is not questioned.
            Ground::Lapse | Ground::Order => {}
            Ground::Handover | Ground::Restart | Ground::NobodySigns => {
                self.check_others_stopped(site, ground);
            }
        }
    }

    /// With a lease nobody is made to sign without it.
    fn check_lease(&mut self, site: Site) {
        let holds = self
            .etcd
            .read()
            .is_some_and(|record| record.holder == site.name() && record.released.is_none());
        if self.scenario.config.mode.has_lease() && !holds && self.is_left_to_keepers() {
            let holder = self.etcd.read().map_or("nobody", |record| record.holder.as_str());
            let sentence =
                format!("{site} is made to sign without the lease, which {holder} holds");
            self.break_promise("no_lease", sentence);
        }
    }

    /// Known weaknesses: a person is obeyed; and what was seen before a stop is thrown away, so that
    /// a quick ground meets windows that are empty still.
    fn is_known(&self, trouble: Trouble, ground: Ground) -> bool {
        let by_window = matches!(
            trouble,
            Trouble::HeadStalled | Trouble::LibStalled | Trouble::CutOff | Trouble::ForkSwitched
        );
        // Whoever gives the producer away, or lost it, may be slow to say that it stopped.
        let by_giver = trouble == Trouble::PeerSigns && ground != Ground::Silence;
        ground == Ground::Order
            || by_giver
            || by_window && ground != Ground::Silence && !self.scenario.strict
    }

    /// Nobody else is said to sign: no fit node of ours can.
    fn check_others_stopped(&mut self, site: Site, ground: Ground) {
        let now_ms = self.now_ms();
        let other = Site::SIGNERS.into_iter().find(|other| {
            let fit_ms = self.promises.fit_since[other.at()].map_or(0, |at| now_ms - at);
            *other != site && self.nodes[other.at()].can_sign() && fit_ms > 10_000
        });
        if let Some(other) = other {
            let why = ground.as_str();
            let sentence = format!("{site} is promoted because {why}, and {other} can sign");
            self.break_promise("reason_untrue", sentence);
        }
    }

    /// What a person has set is kept to.
    fn check_policy(&mut self, site: Site, now_ms: u64, ground: Ground) {
        let config = self.scenario.config;
        if config.acting != Acting::Yes {
            self.break_promise(
                "acts_unasked",
                format!("{site} begins a promotion with {:?}", config.acting),
            );
        }
        let host = &self.hosts[site.at()];
        // An order that a keeper forgot with its memory is no order any more.
        let since = host.maintained_since_ms;
        let is_known =
            since >= self.promises.started_ms[site.at()] && host.disk.failed_ms.is_none();
        let error_ms = host.clocks.error_ms(now_ms).unsigned_abs() + 1_000;
        let until_ms = host.maintained_ms;
        let acts_unasked = !matches!(ground, Ground::Order | Ground::Restart);
        if until_ms > now_ms + error_ms && is_known && acts_unasked {
            let sentence = format!("{site} begins a promotion under maintenance");
            self.break_promise("acts_in_maintenance", sentence);
        }
        let host = &self.hosts[site.at()];
        let of_today = host.promotions_ms.iter().filter(|at| now_ms - **at < DAY_MS).count();
        if of_today > config.max_promotions as usize {
            self.break_promise(
                "budget_overrun",
                format!("{site} begins promotion {of_today} of {}", config.max_promotions),
            );
        }
        let host = &self.hosts[site.at()];
        let (ready, need) =
            (host.ready_ticks, self.settings_of(site).map_or(0, |s| s.promotion.confirm_ticks));
        if ready < need && ground == Ground::Silence {
            self.break_promise("not_confirmed", format!("{site} looked {ready} times of {need}"));
        }
        let host = &self.hosts[site.at()];
        let failed = host.disk.failed_ms.is_some_and(|at| now_ms.saturating_sub(at) < 59_000);
        if host.is_latch_unreadable || failed && host.disk.has(DiskFault::Fails) {
            let sentence = format!("{site} begins a promotion that it cannot write down");
            self.break_promise("state_unusable", sentence);
        }
    }

    /// The stated reason is true: nothing of ours on this node's chain for as long as it waits, and
    /// a turn of ours went by.
    fn check_silence(&mut self, site: Site, now_ms: u64) {
        let wait_ms = self.wait_ms(site);
        let wall = self.wall();
        let since = wall.plus_ms(-(wait_ms.cast_signed()) + 2_000);
        let head = self.nodes[site.at()].head;
        let seen = self
            .chain
            .branch(head, Slot::at(since))
            .find(|block| block.producer == self.ours && block.slot.time() > since);
        if let Some(block) = seen {
            let age = Human(wall.since_ms(block.slot.time()).max(0).unsigned_abs());
            let (number, signer) = (block.number, block.signer);
            self.break_promise(
                "reason_untrue",
                format!("{site} is promoted, and its chain has our block #{number} of {signer}, {age} old"),
            );
            return;
        }
        let watched_ms = now_ms.saturating_sub(self.promises.started_ms[site.at()]);
        if watched_ms + 1_000 < wait_ms {
            let watched = Human(watched_ms);
            self.break_promise(
                "reason_untrue",
                format!("{site} is promoted after {watched} of watching"),
            );
        }
        let first = Slot::at(since);
        let last = self.chain.get(self.chain.get(head).lib).slot;
        let owed = (first.0..last.0)
            .filter(|slot| self.schedules.of(Slot(*slot)).owner(Slot(*slot)) == Some(self.ours));
        if owed.count() < TURN_SLOTS as usize {
            let sentence = format!("{site} is promoted, and no empty turn of ours is irreversible");
            self.break_promise("reason_untrue", sentence);
        }
    }

    /// A keeper ordered something.
    pub(super) fn ordered(&mut self, site: Site, order: &Order) {
        if site == Site::F {
            self.break_promise("observer_acts", format!("F orders {}", order.act));
        }
        if self.scenario.config.acting != Acting::Yes {
            let how = self.scenario.config.acting;
            self.break_promise("acts_unasked", format!("{site} orders {} with {how:?}", order.act));
        }
        if order.act == Act::Demote {
            self.check_stop(site);
        }
        if order.act == Act::Promote {
            self.check_lease(site);
        }
    }

    /// A node that signs well and alone is not stopped.
    fn check_stop(&mut self, site: Site) {
        let now_ms = self.now_ms();
        let round_ms = self.schedules.of(self.slot()).round_ms();
        let (at_ms, signer) = self.promises.on_chain;
        let calm_ms = now_ms.saturating_sub(self.promises.disturbed_ms);
        let alone = self.promises.signed.values().all(|signers| *signers & !site.bit() == 0);
        if signer == Some(site)
            && alone
            && now_ms.saturating_sub(at_ms) < round_ms
            && calm_ms > 2 * round_ms + 60_000
            && self.promises.fit_ms(site, now_ms) > 2 * round_ms + 60_000
            && !self.nodes[site.at()].paused
        {
            let sentence = format!("{site} is stopped, and signs well and alone for two rounds");
            self.break_promise("stopped_without_cause", sentence);
        }
    }

    /// An alarm is raised once and resolved once.
    pub(super) fn noticed(&mut self, site: Site, notice: &Notice) {
        let now_ms = self.now_ms();
        let alarms = &mut self.hosts[site.at()].alarms;
        match notice.kind {
            NoticeKind::Raised => {
                self.summary.incidents += 1;
                if alarms.insert(notice.key.clone(), now_ms).is_some() {
                    let sentence = format!("{site} raises {} twice", notice.key);
                    self.break_promise("alarm_twice", sentence);
                }
            }
            NoticeKind::Resolved => {
                if alarms.remove(&notice.key).is_none() {
                    let sentence = format!("{site} resolves {} that was not raised", notice.key);
                    self.break_promise("alarm_twice", sentence);
                }
            }
            // What was not done is not counted.
            NoticeKind::Told
                if matches!(notice.key.as_str(), "promotion_called_off" | "state_not_written") =>
            {
                self.hosts[site.at()].promotions_ms.pop();
            }
            NoticeKind::Told => {}
        }
    }

    /// One of our nodes signed a slot of ours.
    pub(super) fn signed_ours(&mut self, site: Site, slot: Slot) {
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

    /// A block of ours became part of the chain, or stopped being part of it.
    pub(super) fn on_chain(&mut self, head: BlockId, fork: BlockId) {
        let from = self.chain.get(fork).slot;
        let ours = self.chain.branch(head, Slot(from.0 + 1)).find(|b| b.producer == self.ours);
        if let Some(signer) = ours.map(|block| block.signer) {
            let (before, _) = self.promises.on_chain;
            let now_ms = self.now_ms();
            let round_ms = self.schedules.of(self.slot()).round_ms();
            let gap_ms = now_ms.saturating_sub(before);
            if gap_ms > round_ms {
                self.summary.longest_outage_ms = self.summary.longest_outage_ms.max(gap_ms);
            }
            if self.promises.on_chain.1 != Some(signer) {
                self.say(format!("the chain has blocks of {signer}"));
            }
            self.promises.on_chain = (now_ms, Some(signer));
        }
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

    fn look_at(&mut self, site: Site, now_ms: u64) {
        let node = &self.nodes[site.at()];
        let head = *self.chain.get(node.head);
        let (head_id, many) = (node.head.0, self.nodes[Site::Many.at()].head);
        let now = &mut self.promises;
        if now.libs[site.at()].0 != head.lib_number {
            now.libs[site.at()] = (head.lib_number, now_ms);
        }
        if now.heads[site.at()].0 != head_id {
            now.heads[site.at()] = (head_id, now_ms);
        }
        let lib_still_ms = now_ms - now.libs[site.at()].1;
        let head_still_ms = now_ms - now.heads[site.at()].1;
        let wall = self.wall();
        let host = &self.hosts[site.at()];
        let error_ms = host.clocks.error_ms(now_ms);
        let cut = !self.net.is_calm()
            && !self.net.is_up(Site::Many, site, Traffic::Blocks)
            && !self.net.is_up(Site::Few, site, Traffic::Blocks);
        let is_own_branch = self.chain.fork_of(node.head, many) != node.head
            && head_still_ms < 10_000
            && self.chain.get(many).number.saturating_sub(head.number) > 60;
        let switched = node.deep_switch_ms.is_some_and(|at| now_ms.saturating_sub(at) < 50_000);
        let troubles = [
            (Trouble::NoAnswer, !node.answers()),
            (Trouble::CutOff, cut || is_own_branch),
            (Trouble::HeadStalled, head_still_ms > 0),
            (Trouble::Behind, wall.since_ms(head.slot.time()) > 34_000 && error_ms.abs() < 1_000),
            (Trouble::LibStalled, lib_still_ms > 31_000),
            (Trouble::Stopping, node.stopping),
            (Trouble::DatabaseFault, node.database_fault && host.log_silent == 0),
            (Trouble::ClockOff, error_ms < -2_500),
            (Trouble::Unpaused, !node.paused && node.process == Process::Running),
            (Trouble::NoReferences, self.lack_references(site)),
            (Trouble::NotScheduled, !self.schedules.of(self.slot()).contains(self.ours)),
            (Trouble::ForkSwitched, switched && host.log_silent == 0),
            (Trouble::PeerSigns, self.is_told_of_a_signer(site, now_ms)),
            (Trouble::LeaseElsewhere, self.is_lease_elsewhere(site)),
        ];
        for (trouble, there) in troubles {
            self.promises.trouble(site, trouble, there, now_ms);
        }
    }

    /// Another of our nodes is able to sign on the same chain, and its keeper is heard to say so.
    fn is_told_of_a_signer(&self, site: Site, now_ms: u64) -> bool {
        if !self.scenario.config.mode.has_peers() || !self.hosts[site.at()].runs() {
            return false;
        }
        let round = self.schedules.of(self.slot()).producers.len() as u32 * TURN_SLOTS;
        let lib = |site: Site| self.chain.get(self.nodes[site.at()].head).lib_number;
        Site::SIGNERS.into_iter().filter(|other| *other != site).any(|other| {
            let node = &self.nodes[other.at()];
            let told_ms = now_ms.saturating_sub(self.promises.started_ms[other.at()]);
            node.can_sign()
                && node.answers()
                && self.hosts[other.at()].runs()
                && told_ms > 10_000
                && self.is_well_heard(site, other)
                && now_ms.saturating_sub(self.promises.heads[other.at()].1) < 4_000
                && lib(site).abs_diff(lib(other)) * 2 < round
        })
    }

    /// Another holds the lease, and nothing is wrong with etcd or the way to it.
    fn is_lease_elsewhere(&self, site: Site) -> bool {
        let etcd = &self.etcd;
        self.scenario.config.mode.has_lease()
            && etcd.has_quorum()
            && etcd.slow == 0
            && etcd.answers_lost == 0
            && self.net.is_whole(site, Site::Etcd)
            && etcd.read().is_some_and(|r| r.released.is_none() && r.holder != site.name())
    }

    /// References are configured, and fewer than most of them can be asked and tell the truth.
    fn lack_references(&self, site: Site) -> bool {
        let reachable = self.net.is_up(site, Site::Many, Traffic::Keepers)
            && self.net.is_up(Site::Many, site, Traffic::Keepers);
        let well = self.references.iter().filter(|faults| faults.is_empty()).count();
        self.scenario.config.references && (!reachable || well * 2 <= self.references.len())
    }

    /// Whether a host, its keeper, its node and its links are without any fault.
    fn is_fit(&self, site: Site) -> bool {
        let (host, node) = (&self.hosts[site.at()], &self.nodes[site.at()]);
        let now_ms = self.now_ms();
        host.runs()
            && host.log_silent == 0
            && host.log_held == 0
            && host.scripts.is_empty()
            && host.disk.faults.is_empty()
            && !host.is_latch_unreadable
            && host.clocks.error_ms(now_ms).abs() < 200
            && node.answers()
            && !node.stopping
            && !node.database_fault
            && !node.fenced
            && node.lag_ms(now_ms) == 0
            && node.deep_switch_ms.is_none_or(|at| now_ms.saturating_sub(at) > 60_000)
            && Site::ALL.iter().all(|other| *other == site || self.net.is_whole(site, *other))
            && !self.lack_references(site)
    }

    /// Whether the chain goes on as it should, our producer among those who sign.
    fn is_chain_fit(&self) -> bool {
        let slot = self.slot();
        let newest = self.schedules.newest();
        self.stalled == 0
            && self.missing == 0
            && self.net.is_whole(Site::Many, Site::Few)
            && newest.contains(self.ours)
            && self.schedules.of(slot).version == newest.version
            && self.references.iter().all(Vec::is_empty)
            && self.is_left_to_keepers()
            && (self.scenario.strict || !self.signs_in_vain())
    }

    /// Known weakness: blocks of ours that are refused or lost to another branch hold every standby.
    /// They count as seen, and refused ones close the gate `fork_unsettled`.
    fn signs_in_vain(&self) -> bool {
        let now_ms = self.now_ms();
        Site::SIGNERS.into_iter().any(|site| {
            let node = &self.nodes[site.at()];
            node.can_sign()
                && (self.hosts[site.at()].clocks.error_ms(now_ms).abs() > 400
                    || node.lag_ms(now_ms) > 400
                    || !self.net.is_whole(site, Site::Many))
        })
    }

    /// No person overrules the keepers, and what helps them is well.
    fn is_left_to_keepers(&self) -> bool {
        let now_ms = self.now_ms();
        let etcd = &self.etcd;
        let lease_is_well = etcd.has_quorum() && etcd.slow == 0 && etcd.answers_lost == 0;
        !self.overruled
            && self.hosts.iter().all(|host| host.maintained_ms <= now_ms)
            && (lease_is_well || !self.scenario.config.mode.has_lease())
    }

    /// Never none: a fit standby takes over within its time.
    fn check_none(&mut self, now_ms: u64) {
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
            if resting_ms.min(fit_ms) > wait_ms + BEGINS_MS {
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

    /// Every alarm ends when its cause does.
    fn check_alarms(&mut self, now_ms: u64) {
        let round_ms = self.schedules.of(self.slot()).round_ms();
        let calm_ms = now_ms.saturating_sub(self.promises.disturbed_ms);
        let silent_ms = now_ms.saturating_sub(self.promises.on_chain.0);
        if silent_ms > round_ms || self.promises.on_chain.1 != Some(Site::A) {
            return;
        }
        for site in Site::KEEPERS {
            let fit_ms = self.promises.fit_ms(site, now_ms).min(calm_ms);
            if fit_ms < ALARMS_END_MS + 2 * round_ms {
                continue;
            }
            let host = &self.hosts[site.at()];
            let others = Site::STANDBYS.iter().any(|s| !self.nodes[s.at()].paused);
            let old = host.alarms.iter().find(|(_, at)| now_ms.saturating_sub(**at) >= fit_ms);
            if let Some((key, _)) = old.filter(|_| !others) {
                let sentence = format!(
                    "{site} still tells of {key}; everything has been well for {}",
                    Human(fit_ms)
                );
                self.break_promise("alarm_stands", sentence);
                return;
            }
        }
    }

    /// Counts our turns, one after another, when their blocks have settled.
    pub(super) fn queue_count(&mut self, from: Slot) {
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

    pub(super) fn count_turn(&mut self) {
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

/// By when it is irreversible that our slots stayed empty, milliseconds from our last block: a round
/// until the end of the next turn, and two times two thirds and one of the producers, who build on
/// it; two turns for those that are late.
fn final_ms(schedule: &Schedule) -> u64 {
    let producers = schedule.producers.len() as u64;
    let builders = 2 * (producers * 2 / 3 + 1);
    (producers + 1 + builders + 2) * TURN_MS.unsigned_abs()
}

/// The promise that a trouble at a promotion breaks.
const fn promise_of(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::HeadStalled | Trouble::LibStalled => "promoted_on_stall",
        Trouble::CutOff | Trouble::ForkSwitched => "promoted_in_isolation",
        Trouble::NoAnswer | Trouble::NoReferences | Trouble::Behind => "promoted_blindly",
        Trouble::Stopping | Trouble::DatabaseFault | Trouble::ClockOff => "promoted_unfit",
        Trouble::Unpaused | Trouble::NotScheduled => "promoted_without_need",
        Trouble::PeerSigns => "promoted_beside_another",
        Trouble::LeaseElsewhere => "no_lease",
    }
}
