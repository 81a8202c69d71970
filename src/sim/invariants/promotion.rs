//! What a promotion and an order must be: needed, fit, true to its reason, and within what was set.

use crate::core::action::{Act, LatchStage, Order};
use crate::core::schedule::{Slot, TURN_SLOTS};
use crate::core::time::Human;
use crate::sim::host::DiskFault;
use crate::sim::promises::Trouble;
use crate::sim::scenario::Acting;
use crate::sim::site::Site;
use crate::sim::world::World;

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

/// Milliseconds of a day, the window of the budget.
const DAY_MS: u64 = 86_400_000;
/// Blocks are kept for longer than this, milliseconds: three hours.
const KEPT_MS: u64 = 3 * 3_600_000;

impl World<'_> {
    /// A keeper has decided to make its node sign, and is about to write that down.
    pub(in crate::sim) fn promotion_begins(&mut self, site: Site, reason: &str) {
        let now_ms = self.now_ms();
        let ordered_ms = self.hosts[site.at()].ordered_ms;
        let is_ordered = ordered_ms.is_some_and(|at| now_ms.saturating_sub(at) < 5_000);
        let ground = if is_ordered { Ground::Order } else { Ground::of(reason) };
        *self.summary.promotions.entry(ground.as_str().to_owned()).or_default() += 1;
        // The active node's own start replaces nobody and is not counted, nor is what a person orders:
        // here, or where the producer comes from.
        let is_planned =
            reason.contains(&format!("A person ordered that {} takes over", site.name()));
        let is_counted = site != Site::A && ground != Ground::Order && !is_planned;
        self.hosts[site.at()].is_counted = is_counted;
        if is_counted {
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
            let node = &self.nodes[other.at()];
            // Hands at the producer API are noticed later; and see `crosses`.
            *other != site
                && node.can_sign()
                && node.by_hand_ms.is_none()
                && fit_ms > 10_000
                && !self.crosses(ground, *other)
        });
        if let Some(other) = other {
            let why = ground.as_str();
            let sentence = format!("{site} is promoted because {why}, and {other} can sign");
            self.break_promise("reason_untrue", sentence);
        }
    }

    /// Known weakness: two begin within the second in which their words cross. With a lease the second
    /// is refused; that it does not sign is looked at where it is ordered to.
    fn crosses(&self, ground: Ground, other: Site) -> bool {
        let took_it = self.scenario.config.mode.has_lease()
            && self.etcd.read().is_some_and(|r| r.released.is_none() && r.holder == other.name())
            && self.now_ms().saturating_sub(self.etcd.taken_ms) < 2_000;
        if ground == Ground::Handover && took_it && !self.scenario.strict {
            return true;
        }
        let began = self.hosts[other.at()].promotions_ms.last();
        ground == Ground::NobodySigns
            && !self.scenario.strict
            && began.is_some_and(|at| self.now_ms().saturating_sub(*at) < 2_000)
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
        let wall = self.wall();
        // A schedule that has just changed may not be known yet.
        let known_ms = Trouble::NotScheduled.notice_ms().cast_signed();
        let before = Slot::at(wall.plus_ms(-known_ms));
        let wait_ms = self.wait_begun(site, self.slot()).min(self.wait_begun(site, before));
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
        // As far back as the keeper saw for itself, and three waits: the turn may have passed before
        // the chain stood still, for however long.
        let far_ms = watched_ms.clamp(3 * wait_ms, KEPT_MS.max(3 * wait_ms));
        let far = Slot::at(wall.plus_ms(-far_ms.cast_signed()));
        let ours = self.chain.branch(head, far).find(|block| block.producer == self.ours);
        let first = ours.map_or(far, |block| Slot(block.slot.0 + 1));
        let last = self.chain.get(self.chain.get(head).lib).slot;
        let owed = (first.0..last.0)
            .filter(|slot| self.schedules.of(Slot(*slot)).owner(Slot(*slot)) == Some(self.ours));
        // A keeper judges what was before a change by the schedule it knows now.
        let is_same = self.schedules.of(first).version == self.schedules.newest().version;
        if is_same && owed.count() < TURN_SLOTS as usize {
            let sentence = format!("{site} is promoted, and no empty turn of ours is irreversible");
            self.break_promise("reason_untrue", sentence);
        }
    }

    /// How long the producer must be silent by the schedule of a slot for this node to be made to sign,
    /// milliseconds. A arms itself after one round, and after four when it gave the producer away.
    fn wait_begun(&self, site: Site, slot: Slot) -> u64 {
        let wait_ms = self.wait_by(site, slot);
        let disk = &self.hosts[site.at()].disk;
        let latch = disk.latch.as_ref().filter(|_| disk.faults.is_empty());
        match latch.map(|latch| latch.stage) {
            _ if site != Site::A => wait_ms,
            Some(LatchStage::HandedOver) => 2 * wait_ms,
            _ => wait_ms / u64::from(site.role().wait_rounds()),
        }
    }

    /// A keeper ordered something.
    pub(in crate::sim) fn ordered(&mut self, site: Site, order: &Order) {
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
