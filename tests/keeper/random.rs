//! Faults by chance, in virtual time: whatever happens to the chain, the node and the keeper, B
//! never takes over from a producer that signs, and always from one that does not.

#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use eoskeeper::core::action::{Act, ActResult};
use eoskeeper::core::event::{Event, EventName, LogEvent};
use eoskeeper::core::schedule::{Slot, TURN_SLOTS};
use eoskeeper::core::settings::Role;
use keeper_support::{BP, World, armed, name};

/// xorshift64*: the same faults for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }
}

/// A world with faults, and what it remembers to judge the keeper by.
struct Play {
    world: World,
    dice: Dice,
    /// Slot by slot whether it was ours and the active node signed it, or would have.
    was_signed: Vec<bool>,
    is_up: bool,
    story: Vec<String>,
    seen_orders: usize,
    seed: u64,
}

impl Play {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let producers = [4, 7, 21][dice.below(3) as usize];
        let mut settings = armed(Role::FirstStandby);
        settings.promotion.max_promotions = 100;
        let world = World::with(settings, producers, Ok(None));
        Self {
            world,
            dice,
            was_signed: Vec::new(),
            is_up: true,
            story: Vec::new(),
            seen_orders: 0,
            seed,
        }
    }

    fn round_s(&self) -> u64 {
        self.world.schedule.round_ms() / 1000
    }

    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds * 2 {
            self.world.run_slot();
            self.note(self.world.knobs.active_signs);
            self.second_signer();
            self.check_orders();
        }
    }

    fn note(&mut self, up: bool) {
        let owner = self.world.schedule.owner(Slot::at(self.world.now.wall));
        self.was_signed.push(up && owner == Some(name(BP)));
        self.is_up = up;
    }

    /// The block of a returned active node reaches this one beside its own.
    fn second_signer(&mut self) {
        let world = &mut self.world;
        let slot = Slot::at(world.now.wall);
        let ours = world.schedule.owner(slot) == Some(name(BP));
        let here = !world.knobs.paused && world.knobs.api && world.knobs.promote_works;
        let there = world.knobs.active_signs && world.knobs.connected && world.knobs.log;
        if ours && here && there && slot.in_turn() < TURN_SLOTS {
            world.received_ours(1_000_000 + slot.0, slot.time(), 0xdead_0000 + u64::from(slot.0));
        }
    }

    fn check_orders(&mut self) {
        while self.seen_orders < self.world.orders.len() {
            let (at, order) = &self.world.orders[self.seen_orders];
            self.seen_orders += 1;
            // A node that is down signs nothing beside this one.
            if order.act != Act::Promote || !self.is_up {
                continue;
            }
            let window = (2 * self.round_s() * 2) as usize;
            let from = self.was_signed.len().saturating_sub(window);
            let signed = self.was_signed[from..].iter().filter(|signed| **signed).count();
            // One turn may have gone by in a short halt of the whole chain.
            assert!(
                signed <= TURN_SLOTS as usize,
                "seed {}: promoted at {at} although the active node signed {signed} slots; {:?}; {:?}",
                self.seed,
                self.story,
                self.world.decisions
            );
        }
    }

    fn fault(&mut self) {
        let round = self.round_s();
        let long = 1 + self.dice.below(3 * round);
        let kind = self.dice.below(13);
        self.story.push(format!("{}: fault {kind} for {long}", self.world.elapsed_ms / 1000));
        match kind {
            0 => {
                let was = self.world.knobs.active_signs;
                (self.world.knobs.active_signs, self.world.knobs.others_sign) = (false, false);
                // A chain that stands still says nothing about the active node.
                for _ in 0..long * 2 {
                    self.world.run_slot();
                    self.note(was);
                    self.check_orders();
                }
                (self.world.knobs.active_signs, self.world.knobs.others_sign) = (was, true);
            }
            1 => self.with(long, |w, on| w.knobs.api = !on),
            2 => self.with(long, |w, on| w.knobs.log = !on),
            3 => self.with(long, |w, on| w.knobs.connected = !on),
            4 => self.with(long, |w, on| (w.knobs.api, w.knobs.log) = (!on, !on)),
            5 => self.with(long, |w, on| w.knobs.lib_moves = !on),
            6 => self.world.jump(long * 1000, (long * 1000).cast_signed()),
            7 => self.world.jump(1000, 1000 + (long * 100).cast_signed() - 5_000),
            8 => self.with(long, |w, on| w.knobs.active_signs = !on),
            9 => {
                let answers = [
                    ActResult::Refused("no".to_owned()),
                    ActResult::Failed("exit code 3".to_owned()),
                ];
                let answer = answers[self.dice.below(2) as usize].clone();
                self.with(long, |w, on| {
                    let done = ActResult::Done(String::new());
                    w.knobs.answer = Some(if on { answer.clone() } else { done });
                });
            }
            10 => {
                let mut line = LogEvent::new(EventName::ForkSwitched);
                line.count = Some(4);
                self.world.tell(Event::Log(line));
            }
            11 => {
                // nodeos is restarted with pause-on-startup.
                self.world.tell(Event::Log(LogEvent::new(EventName::NodeStopping)));
                self.with(1 + long % 60, |w, on| {
                    (w.knobs.api, w.knobs.log, w.knobs.paused) = (!on, !on, true);
                });
                self.world.tell(Event::Log(LogEvent::new(EventName::NodeStarted)));
            }
            _ => self.with(long, |w, on| w.knobs.active_slots = if on { 1 } else { 12 }),
        }
    }

    fn with(&mut self, seconds: u64, set: impl Fn(&mut World, bool)) {
        set(&mut self.world, true);
        self.run(seconds);
        set(&mut self.world, false);
    }
}

#[test]
fn by_chance_never_two_and_never_none() {
    let seeds: u64 = std::env::var("SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let first: u64 = std::env::var("SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    for seed in first..first + seeds {
        let mut play = Play::new(seed);
        let round = play.round_s();
        play.run(3 * round);
        for _ in 0..8 {
            play.fault();
            let quiet = play.dice.below(2 * round);
            play.run(quiet);
        }
        // Never none: the active node dies for good.
        play.world.knobs.active_signs = false;
        play.story.push(format!("{}: dead", play.world.elapsed_ms / 1000));
        play.run(8 * round + 400);
        let at = |p: &Play| (p.seed, p.story.clone(), p.world.decisions.clone());
        assert_eq!(play.world.code(), "produce", "{:?}", at(&play));
        assert!(!play.world.knobs.paused, "{:?}", at(&play));
        let orders = play.world.orders.len();
        play.run(4 * round);
        assert_eq!(play.world.orders.len(), orders, "a healthy node stopped: {:?}", at(&play));
        // Never two: the active node returns.
        play.world.knobs.active_signs = true;
        play.story.push(format!("{}: returns", play.world.elapsed_ms / 1000));
        play.run(2 * round + 30);
        assert!(play.world.knobs.paused, "two sign: {:?}", at(&play));
        play.run(4 * round);
        assert!(play.world.knobs.paused, "two sign again: {:?}", at(&play));
    }
}

/// One run by chance: what was decided, ordered and told.
fn heard_of(seed: u64, is_terse: bool) -> impl PartialEq + std::fmt::Debug {
    let mut play = Play::new(seed);
    if is_terse {
        play.world.keeper = play.world.keeper.clone().terse();
    }
    let round = play.round_s();
    play.run(3 * round);
    (0..6).for_each(|_| play.fault());
    play.world.knobs.active_signs = false;
    play.run(6 * round);
    (play.world.decisions, play.world.orders, play.world.notices)
}

#[test]
fn a_terse_keeper_decides_orders_and_tells_the_same() {
    for seed in 1..=12 {
        assert_eq!(heard_of(seed, true), heard_of(seed, false), "seed {seed}");
    }
}
