//! The loop: takes what happens next, and lets it happen.

use serde::Serialize;

use crate::core::gates::HoldReason;
use crate::core::name::Name;
use crate::core::schedule::{SLOT_MS, Schedule, Slot, TURN_SLOTS};
use crate::core::time::Timestamp;
use crate::sim::chain::{BlockId, Chain, Schedules};
use crate::sim::etcd::Etcd;
use crate::sim::faults::ReferenceFault;
use crate::sim::host::Host;
use crate::sim::invariants::Violation;
use crate::sim::net::Net;
use crate::sim::node::Node;
use crate::sim::promises::Promises;
use crate::sim::queue::{Happening, Queue};
use crate::sim::scenario::{REFERENCES, Scenario, ours};
use crate::sim::site::Site;
use crate::sim::summary::Summary;
use crate::sim::trace::Trace;

/// Slot of the start: a multiple of the turns of every small schedule, in 2032.
const START: Slot = Slot(84 * TURN_SLOTS * 1_000_000);
/// Rounds of the chain's past that every node has at the start, so that finality moves.
const PAST_ROUNDS: u32 = 3;
/// The world is looked at once a second.
const LOOK_MS: u64 = 1_000;

/// How a run ended.
#[derive(Clone, Debug, Serialize)]
pub struct Ended {
    /// Its figures.
    pub summary: Summary,
    /// The promise that was broken; the run ends there.
    pub violation: Option<Violation>,
    /// The last lines of the trace.
    pub trace: Vec<String>,
    /// Equal for equal runs.
    pub hash: u64,
}

/// The world.
pub struct World<'a> {
    pub(super) scenario: &'a Scenario,
    /// Gates forced open, to see whether it is noticed.
    #[cfg_attr(not(feature = "mutants"), allow(dead_code, reason = "there is nothing to force"))]
    pub(super) blind: &'a [HoldReason],
    pub(super) queue: Queue,
    pub(super) start: Timestamp,
    pub(super) ours: Name,
    pub(super) chain: Chain,
    pub(super) schedules: Schedules,
    pub(super) chain_id: String,
    pub(super) net: Net,
    pub(super) nodes: Vec<Node>,
    pub(super) hosts: Vec<Host>,
    pub(super) etcd: Etcd,
    pub(super) references: [Vec<ReferenceFault>; REFERENCES as usize],
    /// Faults that stop every producer.
    pub(super) stalled: u8,
    /// Other producers that do not sign: those that follow ours in the first schedule.
    pub(super) missing: u32,
    /// A person ordered a node to stop, or forced something: who signs is that person's business
    /// until everything is set right.
    pub(super) overruled: bool,
    /// Tries of the operator to set everything right, still to come.
    pub(super) repairs: u32,
    pub(super) promises: Promises,
    pub(super) summary: Summary,
    pub(super) trace: Trace,
    pub(super) violation: Option<Violation>,
}

/// Plays a scenario to its end, or until a promise is broken.
#[must_use]
pub fn play(scenario: &Scenario) -> Ended {
    play_blind(scenario, &[])
}

/// Plays it with these gates forced open in every keeper, where the feature `mutants` is there;
/// elsewhere as [`play`].
#[must_use]
pub fn play_blind(scenario: &Scenario, blind: &[HoldReason]) -> Ended {
    let mut world = World::new(scenario, blind);
    world.run();
    Ended {
        trace: world.trace.last(60),
        hash: world.trace.hash(),
        violation: world.violation,
        summary: world.summary,
    }
}

impl<'a> World<'a> {
    pub(super) fn new(scenario: &'a Scenario, blind: &'a [HoldReason]) -> Self {
        let names = scenario.config.names();
        let schedule = Schedule { version: 1, producers: names };
        let (chain, head) = past(&schedule);
        let start = START.time();
        let config = &scenario.config;
        let nodes = Site::NODES
            .map(|site| {
                let can_sign = matches!(site, Site::A | Site::Many | Site::Few);
                Node::new(head, !can_sign, site != Site::A || config.a_starts_paused)
            })
            .to_vec();
        Self {
            scenario,
            blind,
            queue: Queue::default(),
            start,
            ours: ours(),
            chain,
            schedules: Schedules::new(schedule),
            chain_id: "aca376f206b8fc25a6ed44dbdc66547c36c6c33e3a119ffbeaef943642f0e906".to_owned(),
            net: Net::new(scenario.seed),
            nodes,
            hosts: Site::KEEPERS.map(|_| Host::new(start)).into_iter().collect(),
            etcd: Etcd::default(),
            references: Default::default(),
            stalled: 0,
            missing: 0,
            overruled: false,
            repairs: 0,
            promises: Promises::default(),
            summary: Summary::default(),
            trace: Trace::default(),
            violation: None,
        }
    }

    pub(super) fn run(&mut self) {
        self.queue.at(0, Happening::Slot);
        self.queue.at(LOOK_MS, Happening::Look);
        for site in Site::KEEPERS {
            self.start_keeper(site);
        }
        self.start_timer(Site::A);
        for (index, fault) in self.scenario.faults.iter().enumerate() {
            self.queue.at(fault.at_ms, Happening::FaultOn(index));
        }
        self.queue_count(Slot(START.0));
        let end_ms = self.scenario.length_ms;
        while self.violation.is_none()
            && let Some(what) = self.queue.pop(end_ms)
        {
            self.happen(what);
        }
        self.summary.simulated_ms = self.queue.now_ms;
        self.trace.note(self.chain.get(self.nodes[Site::Many.at()].head).number.into());
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Slot => {
                self.others_sign();
                self.queue.after(SLOT_MS.unsigned_abs(), Happening::Slot);
            }
            Happening::NodeSlot(site, timer) => self.node_slot(site, timer),
            Happening::Deliver(site, block) => self.deliver(site, block),
            Happening::NodeUp(site, life) => self.node_up(site, life),
            Happening::NodeGone(site, life) => self.node_gone(site, life),
            Happening::Tick(site, life) => self.second(site, life),
            Happening::Poll(site, life, question) => self.poll(site, life, question),
            Happening::PollTimeout(site, life, question) => self.timed_out(site, life, question),
            Happening::Tell(site, life, event) => {
                if self.hosts[site.at()].life == life {
                    self.tell(site, *event);
                }
            }
            Happening::Written(site, life) => self.written(site, life),
            Happening::Effect(site, life, order) => self.effect(site, life, &order),
            Happening::FaultOn(index) => self.fault_on(index),
            Happening::FaultOff(index) => self.fault_off(index),
            Happening::ResumeActive => self.resume_active(),
            Happening::Look => {
                self.look();
                self.queue.after(LOOK_MS, Happening::Look);
            }
            Happening::Count => self.count_turn(),
            Happening::LeaseEnds(grant) => self.lease_ends(grant),
        }
    }

    /// The time of the world.
    pub(super) fn now_ms(&self) -> u64 {
        self.queue.now_ms
    }

    /// A moment of the world as everybody with a true clock sees it.
    pub(super) fn wall(&self) -> Timestamp {
        self.start.plus_ms(self.queue.now_ms.cast_signed())
    }

    /// The slot that begins or runs.
    pub(super) fn slot(&self) -> Slot {
        Slot::at(self.wall())
    }

    /// A slot's beginning, milliseconds of the world.
    pub(super) fn slot_ms(&self, slot: Slot) -> i64 {
        slot.time().since_ms(self.start)
    }

    /// Adds a line to the trace.
    pub(super) fn say(&mut self, line: String) {
        self.trace.add(self.queue.now_ms, line);
    }

    /// A promise is broken; the first one counts.
    pub(super) fn broken(&mut self, violation: Violation) {
        if self.violation.is_none() {
            self.say(format!("BROKEN {}: {}", violation.promise, violation.sentence));
            self.violation = Some(violation);
        }
    }
}

/// A chain of the last rounds before the start, which every node has.
fn past(schedule: &Schedule) -> (Chain, BlockId) {
    let slots = schedule.producers.len() as u32 * TURN_SLOTS * PAST_ROUNDS;
    let first = Slot(START.0 - slots);
    let owner = |slot| schedule.owner(slot).unwrap_or_else(ours);
    let mut chain = Chain::new(first, owner(first));
    let mut head = BlockId(0);
    for slot in (first.0 + 1..START.0).map(Slot) {
        head = chain.sign(head, slot, Site::Many, schedule, owner(slot));
    }
    for site in Site::NODES {
        chain.learn(site, head);
    }
    (chain, head)
}
