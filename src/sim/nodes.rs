//! What nodes do: they sign, pass on, apply, switch branches, start and end; and say so in the log.

use crate::core::event::{ChainInfo, Event, EventName, LogEvent, Reason, ShortId};
use crate::core::process::ProcessEvent;
use crate::core::schedule::{SLOT_MS, Slot};
use crate::core::time::Timestamp;
use crate::sim::chain::BlockId;
use crate::sim::node::Process;
use crate::sim::queue::Happening;
use crate::sim::rng::draw;
use crate::sim::site::Site;
use crate::sim::world::World;

/// nodeos refuses a block from further in the future, milliseconds (`block_timestamp`, 7 s).
const FUTURE_MAX_MS: i64 = 7_000;
/// Blocks older than this are applied without a line.
const LINE_AGE_MAX_MS: i64 = 300_000;
/// A node signs only when its head was once this recent since it started, milliseconds.
const SYNCED_MS: i64 = 5_000;
/// From the start of the process until its RPC answers, milliseconds.
const START_MS: u64 = 4_000;
/// As long again at the most for a replay after it was killed.
const REPLAY_MAX_MS: u64 = 40_000;
/// A switch of so many blocks is deep.
const DEEP: u32 = 3;

impl World<'_> {
    /// The other producers sign, unless they cannot.
    pub(super) fn others_sign(&mut self) {
        let slot = self.slot();
        let schedule = self.schedules.of(slot);
        let Some(owner) = schedule.owner(slot).filter(|owner| *owner != self.ours) else { return };
        let names = &self.schedules.first().producers;
        let place = names.iter().position(|name| *name == owner);
        let is_missing = place.is_some_and(|at| at >= 2 && at < 2 + self.missing as usize);
        if self.stalled > 0 || is_missing {
            return;
        }
        // Three of ten are the few.
        let by = if place.is_some_and(|at| matches!(at % 10, 2 | 5 | 8)) {
            Site::Few
        } else {
            Site::Many
        };
        self.sign(by, slot);
    }

    /// A node's own timer: signs when it is our turn by its own clock.
    pub(super) fn node_slot(&mut self, site: Site, timer: u32) {
        let node = &self.nodes[site.at()];
        if node.timer != timer || node.process != Process::Running {
            return;
        }
        let wall = self.hosts[site.at()].clocks.now(self.now_ms()).wall;
        let slot = Slot::at(wall);
        if self.schedules.of(slot).owner(slot) == Some(self.ours)
            && self.nodes[site.at()].can_sign()
            && self.stalled == 0
        {
            self.sign(site, slot);
        }
        self.next_timer(site, wall);
    }

    /// The node's timer starts, or starts anew after its clock was set.
    pub(super) fn start_timer(&mut self, site: Site) {
        if Site::SIGNERS.contains(&site) {
            self.nodes[site.at()].timer += 1;
            let wall = self.hosts[site.at()].clocks.now(self.now_ms()).wall;
            self.next_timer(site, wall);
        }
    }

    fn next_timer(&mut self, site: Site, wall: Timestamp) {
        let node = &self.nodes[site.at()];
        // A paused node needs no timer; it gets one when it is resumed.
        if node.paused || node.process != Process::Running {
            return;
        }
        let next = Slot(Slot::at(wall).0 + 1).time().since_ms(wall);
        self.queue.after(next.max(1).unsigned_abs(), Happening::NodeSlot(site, node.timer));
    }

    /// Pauses or resumes a node.
    pub(super) fn set_paused(&mut self, site: Site, paused: bool) {
        let node = &mut self.nodes[site.at()];
        if node.paused == paused {
            return;
        }
        node.paused = paused;
        node.by_hand_ms = None;
        self.say(format!("{site} {}", if paused { "is paused" } else { "is resumed" }));
        let name = if paused { EventName::ProducerPaused } else { EventName::ProducerResumed };
        self.line(site, LogEvent::new(name));
        self.start_timer(site);
    }

    fn sign(&mut self, by: Site, slot: Slot) {
        let node = &self.nodes[by.at()];
        let head = node.head;
        if self.chain.get(head).slot >= slot || node.signed.is_some_and(|last| last >= slot) {
            return;
        }
        let schedule = self.schedules.of(slot);
        let Some(owner) = schedule.owner(slot) else { return };
        let block = self.chain.sign(head, slot, by, schedule, owner);
        self.nodes[by.at()].signed = Some(slot);
        self.nodes[by.at()].head = block;
        if owner == self.ours {
            self.signed_ours(by, slot);
        }
        if Site::KEEPERS.contains(&by) {
            self.line_of(by, EventName::BlockProduced, block);
        }
        let relays = Site::NODES.iter().filter(|site| self.nodes[site.at()].works());
        let relays = relays.fold(0, |bits, site| bits | site.bit());
        let after = self.net.spread(by, relays);
        for to in Site::NODES {
            if let Some(ms) = after[to.at()] {
                let late_ms = self.nodes[to.at()].lag_ms(self.now_ms());
                self.queue.after(ms + late_ms, Happening::Deliver(to, block));
            }
        }
    }

    /// A block arrives, with all before it that the node lacks.
    pub(super) fn deliver(&mut self, site: Site, block: BlockId) {
        if !self.nodes[site.at()].works() || self.chain.knows(site, block) {
            return;
        }
        let wall = self.wall_of(site);
        let found = *self.chain.get(block);
        if found.slot.time().since_ms(wall) > FUTURE_MAX_MS {
            let mut line = LogEvent::new(EventName::BlockRejected);
            line.reason = Some(Reason::Invalid);
            line.block = Some(found.number);
            self.line(site, line);
            return;
        }
        if self.is_signing(site, wall) {
            let mut line = LogEvent::new(EventName::BlockDropped);
            line.block = Some(found.number);
            line.block_id = Some(self.short_id(block));
            self.line(site, line);
            return;
        }
        let new = self.chain.learn(site, block);
        let before = self.nodes[site.at()].head;
        if self.chain.is_better(block, before) {
            self.switch(site, before, block);
        }
        if Site::KEEPERS.contains(&site) {
            for id in new {
                let age_ms = wall.since_ms(self.chain.get(id).slot.time());
                if age_ms < LINE_AGE_MAX_MS {
                    self.line_of(site, EventName::BlockReceived, id);
                }
            }
        }
    }

    /// Whether a node is in the middle of its turn: it drops what comes.
    fn is_signing(&self, site: Site, wall: Timestamp) -> bool {
        let node = &self.nodes[site.at()];
        let slot = Slot::at(wall);
        Site::SIGNERS.contains(&site)
            && node.can_sign()
            && node.signed.is_some_and(|last| last == slot)
            && self.schedules.of(slot).owner(slot) == Some(self.ours)
            && slot.in_turn() + 1 < crate::core::schedule::TURN_SLOTS
    }

    /// A node goes over to another head.
    fn switch(&mut self, site: Site, before: BlockId, head: BlockId) {
        let fork = self.chain.fork_of(before, head);
        let removed = self.chain.get(before).number.saturating_sub(self.chain.get(fork).number);
        if removed > 0 && Site::KEEPERS.contains(&site) {
            let mut line = LogEvent::new(EventName::ForkSwitched);
            line.block = Some(self.chain.get(head).number);
            line.count = Some(removed);
            self.line(site, line);
        }
        let (now_ms, wall) = (self.now_ms(), self.wall_of(site));
        let found = *self.chain.get(head);
        let node = &mut self.nodes[site.at()];
        node.head = head;
        if removed >= DEEP {
            node.deep_switch_ms = Some(now_ms);
        }
        if wall.since_ms(found.slot.time()) < SYNCED_MS {
            node.is_synced = true;
        }
        if site == Site::Many {
            self.on_chain(head, fork);
        }
    }

    /// Ends a node's process.
    pub(super) fn end_node(&mut self, site: Site, how: &str) {
        let node = &mut self.nodes[site.at()];
        if node.process == Process::Ended {
            return;
        }
        let was_running = node.process == Process::Running;
        node.process = Process::Ended;
        node.life += 1;
        node.timer += 1;
        node.unread.clear();
        node.stopping = false;
        self.say(format!("nodeos of {site} {how}"));
        if was_running {
            let how = format!("process {} {how}", self.nodes[site.at()].life);
            self.tell_soon(site, Event::Process(ProcessEvent::Ended { how }), 3);
        }
    }

    /// Starts a node's process.
    pub(super) fn start_node(&mut self, site: Site, was_killed: bool) {
        let now_ms = self.now_ms();
        let node = &mut self.nodes[site.at()];
        if node.process != Process::Ended || node.down > 0 || node.fenced {
            return;
        }
        node.process = Process::Starting;
        node.life += 1;
        let life = node.life;
        let replay = draw(self.scenario.seed, now_ms, 77) % REPLAY_MAX_MS;
        let ms = START_MS + if was_killed { replay } else { 0 };
        self.say(format!("nodeos of {site} starts"));
        self.line(site, LogEvent::new(EventName::NodeStarted));
        self.queue.after(ms, Happening::NodeUp(site, life));
        let what = format!("process {life}");
        self.tell_soon(site, Event::Process(ProcessEvent::Running { what }), 500);
    }

    pub(super) fn node_up(&mut self, site: Site, life: u32) {
        let node = &mut self.nodes[site.at()];
        if node.life != life || node.process != Process::Starting {
            return;
        }
        node.process = Process::Running;
        node.paused = node.starts_paused;
        node.is_synced = false;
        node.database_fault = false;
        let paused = if node.paused { "paused" } else { "not paused" };
        self.say(format!("nodeos of {site} is up, {paused}"));
        self.start_timer(site);
    }

    /// A node that said it stops has ended.
    pub(super) fn node_gone(&mut self, site: Site, life: u32) {
        if self.nodes[site.at()].life == life {
            self.end_node(site, "ends");
        }
    }

    /// A frozen node goes on: it obeys what it was told meanwhile.
    pub(super) fn obey(&mut self, site: Site) {
        if self.nodes[site.at()].answers() {
            let told = std::mem::take(&mut self.nodes[site.at()].unread);
            for paused in told {
                self.set_paused(site, paused);
            }
        }
    }

    /// The wall clock of a place.
    pub(super) fn wall_of(&self, site: Site) -> Timestamp {
        self.hosts.get(site.at()).map_or_else(|| self.wall(), |h| h.clocks.now(self.now_ms()).wall)
    }

    fn short_id(&self, id: BlockId) -> ShortId {
        ShortId(draw(self.scenario.seed, id.0, 3) >> 1)
    }

    fn line_of(&mut self, site: Site, name: EventName, id: BlockId) {
        let block = self.chain.get(id);
        let mut line = LogEvent::new(name);
        line.block = Some(block.number);
        line.block_id = Some(self.short_id(id));
        line.producer = Some(block.producer);
        line.block_time = Some(block.slot.time());
        line.lib = Some(block.lib_number);
        line.latency_ms = Some(self.wall_of(site).since_ms(block.slot.time()));
        self.line(site, line);
    }

    /// What a node's `get_info` answers.
    pub(super) fn info_of(&self, site: Site) -> ChainInfo {
        let id = self.nodes[site.at()].head;
        let head = self.chain.get(id);
        ChainInfo {
            chain_id: Some(self.chain_id.clone()),
            head: head.number,
            head_id: full_id(id),
            head_time: head.slot.time(),
            head_producer: head.producer,
            lib: head.lib_number,
            lib_id: Some(full_id(head.lib)),
            version: Some("v4.0.4".to_owned()),
        }
    }
}

/// A block's id as the RPC prints it.
pub(super) fn full_id(id: BlockId) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(64);
    for at in (0..16).rev() {
        text.push(char::from(DIGITS[(id.0 >> (4 * at) & 15) as usize]));
    }
    text.push_str("000000000000000000000000000000000000000000000000");
    text
}

/// Slots of half a second.
const _: () = assert!(SLOT_MS == 500);
