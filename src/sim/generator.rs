//! Scenarios by chance: episodes of trouble, each followed by a quiet time in which the promises can
//! be held to account, and by an operator who sets everything right.
//!
//! Trouble that comes anywhere rarely matters. So half of the episodes have the active node fall
//! silent and put a second trouble where it does most harm: about when a standby's wait ends.

use crate::core::command::Command;
use crate::core::schedule::{Slot, TURN_MS, TURN_SLOTS};
use crate::sim::faults::{EtcdFault, Fault, ReferenceFault, ScheduleChange, What};
use crate::sim::host::{DiskFault, ScriptFault};
use crate::sim::net::Plane;
use crate::sim::rng::Dice;
use crate::sim::scenario::{Acting, Config, Mode, REFERENCES, Scenario};
use crate::sim::site::Site;

/// Grace of a round that is waited (`round_grace_ms`).
const GRACE_MS: u64 = 4_000;
/// Sizes of a schedule, when none is asked for.
const SIZES: [u32; 3] = [4, 7, 21];

/// What is asked of the generator.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Decides everything.
    pub seed: u64,
    /// What helps the keepers.
    pub mode: Mode,
    /// Producers in the schedule; `None`: 4, 7 or 21.
    pub producers: Option<u32>,
    /// How long the run lasts, milliseconds.
    pub length_ms: u64,
    /// Kinds of faults that may happen ([`What::kind`]); empty: all.
    pub kinds: Vec<String>,
}

struct Generator {
    dice: Dice,
    config: Config,
    round_ms: u64,
    faults: Vec<Fault>,
}

/// The scenario of a seed.
#[must_use]
pub fn scenario(wish: &Wish) -> Scenario {
    let mut dice = Dice::new(wish.seed);
    let producers = wish.producers.unwrap_or_else(|| dice.pick(&SIZES));
    let config = Config {
        mode: wish.mode,
        producers,
        references: dice.percent(40),
        remote: dice.percent(15),
        a_starts_paused: dice.percent(85),
        max_promotions: if dice.percent(85) { 100 } else { dice.between(1, 3) as u32 },
        acting: match dice.below(33) {
            0 => Acting::DryRun,
            1 => Acting::NotConfigured,
            _ => Acting::Yes,
        },
        // It orders nothing, and its alarms are those of the others.
        observer: wish.seed.is_multiple_of(4),
    };
    let round_ms = u64::from(producers) * TURN_MS.unsigned_abs();
    let mut generator = Generator { dice, config, round_ms, faults: Vec::new() };
    generator.fill(wish.length_ms);
    let allowed = |fault: &Fault| {
        wish.kinds.is_empty()
            || fault.what == What::Restore
            || wish.kinds.iter().any(|kind| kind == fault.what.kind())
    };
    generator.faults.retain(allowed);
    generator.faults.sort_by_key(|fault| fault.at_ms);
    Scenario {
        about: String::new(),
        breaks: String::new(),
        strict: false,
        seed: wish.seed,
        config,
        length_ms: wish.length_ms,
        faults: generator.faults,
    }
}

impl Generator {
    fn wait_ms(&self, site: Site) -> u64 {
        (self.round_ms + GRACE_MS) * u64::from(site.role().wait_rounds())
    }

    fn fill(&mut self, length_ms: u64) {
        let mut at_ms = 20_000 + self.wait_ms(Site::B) + self.dice.below(2 * self.round_ms);
        while at_ms < length_ms {
            let from = self.faults.len();
            match self.dice.below(20) {
                0..10 => self.trouble_at_the_wait(at_ms),
                10..14 => self.anything(at_ms),
                14..17 => self.trouble_after_takeover(at_ms),
                _ => self.chain_trouble(at_ms),
            }
            let ends = self.faults[from..].iter().map(|f| f.at_ms.saturating_add(f.for_ms));
            let ends_ms = ends.max().unwrap_or(at_ms);
            let quiet_ms = match self.dice.below(10) {
                0..2 => 5_000,
                2..8 => self.wait_ms(Site::B) + 3 * self.round_ms + 140_000,
                _ => self.wait_ms(Site::C) + 3 * self.round_ms + 140_000,
            };
            self.add(ends_ms + quiet_ms, 0, What::Restore);
            let settle_ms = self.wait_ms(Site::B) + self.dice.below(2 * self.round_ms);
            let long_ms = if self.dice.percent(25) { 420_000 + 3 * self.round_ms } else { 0 };
            at_ms = ends_ms + quiet_ms + 40_000 + settle_ms + long_ms;
        }
    }

    fn add(&mut self, at_ms: u64, for_ms: u64, what: What) {
        self.faults.push(Fault { at_ms, for_ms, what });
    }

    /// When our last turn before a moment ended, by the schedule of the start.
    fn turn_ended_ms(&self, at_ms: u64) -> u64 {
        let turn_ms = TURN_MS.unsigned_abs();
        let producers = u64::from(self.config.producers);
        // The start is a multiple of every size's round but those that do not divide 84 turns.
        let start = u64::from(Slot(84 * TURN_SLOTS * 1_000_000).turn().0);
        let turn = start + at_ms / turn_ms;
        let since = (turn + producers - 1 - 1 % producers) % producers;
        (at_ms / turn_ms).saturating_sub(since) * turn_ms
    }

    fn a_falls_silent(&mut self, at_ms: u64, for_ms: u64) {
        let site = Site::A;
        let what = match self.dice.below(10) {
            0..3 => What::Kill { site },
            3 => What::Stop { site, slow_ms: self.dice.between(500, 20_000) },
            4 => What::Freeze { site },
            5 => What::Suspend { site, mono_stops: self.dice.percent(50) },
            6 => What::Cut { sites: vec![site], one_way: false, plane: Plane::All },
            7 => What::Cut {
                sites: vec![site],
                one_way: self.dice.percent(50),
                plane: Plane::Blocks,
            },
            8 => What::Paused { site },
            _ => What::Cut { sites: vec![site, Site::F], one_way: false, plane: Plane::All },
        };
        self.add(at_ms, for_ms, what);
    }

    /// A falls silent; when a standby's wait ends it has a trouble of its own.
    fn trouble_at_the_wait(&mut self, at_ms: u64) {
        let site = if self.dice.percent(75) { Site::B } else { Site::C };
        let silent_ms = self.turn_ended_ms(at_ms);
        let due_ms = silent_ms + self.wait_ms(site);
        if site == Site::C {
            let down_ms = due_ms + 60_000 - at_ms;
            self.add(at_ms, down_ms, What::Kill { site: Site::B });
        }
        let long_ms = (due_ms - at_ms.min(due_ms)) + self.dice.between(10_000, 3 * self.round_ms);
        self.a_falls_silent(at_ms, long_ms);
        for _ in 0..self.dice.between(1, 2) {
            let early_ms = self.dice.duration_ms(1_000, 45_000);
            let begins_ms = (due_ms + 6_000).saturating_sub(early_ms).max(at_ms);
            let for_ms = self.dice.duration_ms(5_000, 120_000);
            let what = self.trouble_of(site);
            self.add(begins_ms, for_ms, what);
        }
        if self.dice.percent(30) {
            // A trouble that began long before.
            let what = self.trouble_of(site);
            let early_ms = self.dice.duration_ms(30_000, 600_000);
            let begins_ms = due_ms.saturating_sub(early_ms).max(10_000);
            let for_ms = early_ms + self.dice.between(10_000, 60_000);
            self.add(begins_ms, for_ms, what);
        }
    }

    fn anything(&mut self, at_ms: u64) {
        for _ in 0..self.dice.between(1, 4) {
            let site = self.dice.pick(&Site::KEEPERS);
            let begins_ms = at_ms + self.dice.below(300_000);
            let for_ms = self.dice.duration_ms(1_000, 900_000);
            let what = self.trouble_of(site);
            self.add(begins_ms, for_ms, what);
        }
    }

    /// B takes over; then something happens to it, to A that comes back, or to C.
    fn trouble_after_takeover(&mut self, at_ms: u64) {
        let taken_ms = self.turn_ended_ms(at_ms) + self.wait_ms(Site::B) + 10_000;
        let long_ms = taken_ms.saturating_sub(at_ms) + self.dice.between(1_000, 2 * self.round_ms);
        self.a_falls_silent(at_ms, long_ms);
        if self.dice.percent(50) {
            let begins_ms = at_ms + long_ms + self.dice.below(self.round_ms);
            self.add(begins_ms, 0, What::Resumed { site: Site::A });
        }
        for _ in 0..self.dice.between(0, 2) {
            let site = self.dice.pick(&[Site::B, Site::B, Site::C, Site::A]);
            let begins_ms = taken_ms + self.dice.below(2 * self.round_ms);
            let for_ms = self.dice.duration_ms(2_000, 300_000);
            let what = self.trouble_of(site);
            self.add(begins_ms, for_ms, what);
        }
    }

    fn chain_trouble(&mut self, at_ms: u64) {
        let for_ms = self.dice.duration_ms(10_000, 600_000);
        let what = match self.dice.below(5) {
            0 => What::ChainStall,
            1 => What::OthersMissing {
                count: self.dice.between(1, u64::from(self.config.producers / 2)) as u32,
            },
            2 => What::Cut { sites: vec![Site::Few], one_way: false, plane: Plane::All },
            3 => What::Cut { sites: self.few_and_some(), one_way: false, plane: Plane::All },
            _ => What::Schedule { how: self.schedule_change() },
        };
        let out = matches!(what, What::Schedule { how: ScheduleChange::VotedOut });
        let for_ms = if out { for_ms + self.wait_ms(Site::B) + self.round_ms } else { for_ms };
        self.add(at_ms, for_ms, what);
        if self.dice.percent(40) {
            let begins_ms = at_ms + self.dice.below(for_ms + 60_000);
            self.a_falls_silent(begins_ms, for_ms);
        }
        if self.dice.percent(40) {
            let site = self.dice.pick(&Site::STANDBYS);
            let begins_ms = at_ms + self.dice.below(for_ms);
            let what = self.trouble_of(site);
            self.add(begins_ms, for_ms / 2 + 1_000, what);
        }
    }

    fn few_and_some(&mut self) -> Vec<Site> {
        let mut sites = vec![Site::Few];
        for site in Site::KEEPERS {
            if self.dice.percent(40) {
                sites.push(site);
            }
        }
        sites
    }

    fn schedule_change(&mut self) -> ScheduleChange {
        self.dice.pick(&[ScheduleChange::VotedOut, ScheduleChange::Shuffled, ScheduleChange::Grown])
    }

    /// A trouble of a host, or of what it depends on.
    fn trouble_of(&mut self, site: Site) -> What {
        match self.dice.below(32) {
            0 => What::Kill { site },
            1 => What::Stop { site, slow_ms: self.dice.between(500, 25_000) },
            2 => What::Freeze { site },
            3 => What::HangApi { site },
            4 => What::DatabaseFault { site },
            5 => What::Laggard { site },
            6 => What::Suspend { site, mono_stops: self.dice.percent(50) },
            7 | 8 => What::KeeperCrash { site },
            9 => What::KeeperFreeze { site },
            10 => What::ClockStep { site, ms: self.step_ms() },
            11 => {
                What::ClockDrift { site, ppm: self.dice.between(0, 40_000).cast_signed() - 20_000 }
            }
            12 | 13 => self.cut(site),
            14 => What::Slow { site, ms: self.dice.duration_ms(100, 6_000) },
            15 => What::Lossy { site, per_mille: self.dice.between(10, 600) as u16 },
            16 => What::LogSilent { site },
            17 => What::LogHeld { site },
            18 => What::LogRotated { site },
            19 | 20 => What::Disk { site, how: self.disk() },
            21 | 22 => What::Script { site, how: self.script() },
            23 | 24 => What::Reference {
                index: self.dice.below(REFERENCES.into()) as u8,
                how: self.reference(),
            },
            25 => What::ChainStall,
            26 => What::OthersMissing {
                count: self.dice.between(1, u64::from(self.config.producers / 2)) as u32,
            },
            27 => What::Etcd { how: self.etcd() },
            28 => What::Paused { site },
            29 if site != Site::F => What::Resumed { site },
            30 => What::Order { site, order: self.order() },
            _ => What::Schedule { how: self.schedule_change() },
        }
    }

    fn cut(&mut self, site: Site) -> What {
        let mut sites = vec![site];
        for other in Site::KEEPERS {
            if other != site && self.dice.percent(20) {
                sites.push(other);
            }
        }
        let plane = self.dice.pick(&[Plane::All, Plane::Blocks, Plane::Keepers]);
        What::Cut { sites, one_way: self.dice.percent(25), plane }
    }

    fn step_ms(&mut self) -> i64 {
        let ms = self.dice.duration_ms(500, 100_000).cast_signed();
        if self.dice.percent(50) { ms } else { -ms }
    }

    fn disk(&mut self) -> DiskFault {
        self.dice.pick(&[
            DiskFault::Fails,
            DiskFault::Hangs,
            DiskFault::Slow,
            DiskFault::Unreadable,
        ])
    }

    fn script(&mut self) -> ScriptFault {
        self.dice.pick(&[
            ScriptFault::Refuses,
            ScriptFault::Fails,
            ScriptFault::Hangs,
            ScriptFault::HalfDone,
            ScriptFault::Lies,
        ])
    }

    fn reference(&mut self) -> ReferenceFault {
        self.dice.pick(&[
            ReferenceFault::Down,
            ReferenceFault::Slow,
            ReferenceFault::Lagging,
            ReferenceFault::Lying,
        ])
    }

    fn etcd(&mut self) -> EtcdFault {
        self.dice.pick(&[
            EtcdFault::NoQuorum,
            EtcdFault::Slow,
            EtcdFault::AnswersLost,
            EtcdFault::LeaderChange,
        ])
    }

    fn order(&mut self) -> Command {
        let to = self.dice.pick(&[Site::A, Site::B, Site::C]).name().to_owned();
        let force = self.dice.percent(10);
        match self.dice.below(7) {
            0 => Command::Promote { force, dry_run: false },
            1 => Command::Demote { force, dry_run: false },
            2 => Command::Switchover { to, force, dry_run: false },
            3 => Command::Failback { force, dry_run: false },
            4 => Command::Maintenance {
                for_ms: self.dice.duration_ms(60_000, 900_000),
                reason: "by chance".to_owned(),
                force,
            },
            5 => Command::EndMaintenance,
            _ => Command::Rearm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_scenario_and_every_kind_of_fault_comes_up() {
        let wish = |seed, kinds: &[&str]| Wish {
            seed,
            mode: Mode::None,
            producers: None,
            length_ms: 86_400_000,
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        };
        assert_eq!(scenario(&wish(5, &[])), scenario(&wish(5, &[])));
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..20 {
            seen.extend(scenario(&wish(seed, &[])).faults.iter().map(|f| f.what.kind()));
        }
        assert_eq!(seen.len(), What::KINDS.len(), "{seen:?}");
        let only = scenario(&wish(5, &["kill"]));
        assert!(only.faults.iter().all(|f| matches!(f.what, What::Kill { .. } | What::Restore)));
    }
}
