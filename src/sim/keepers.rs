//! What the daemon does around a keeper: tells it what happens, has it judge once a second and at
//! once where it matters, and carries out what it decides.

use crate::core::action::{ActResult, Action, Latch, LatchStage, Notice, Outcome};
use crate::core::answered::Answered;
use crate::core::decision::DecisionKind;
use crate::core::event::{Event, EventName, LogEvent, LogSourceEvent};
use crate::core::gates;
use crate::core::keeper::Keeper;
use crate::core::process::ProcessEvent;
use crate::core::urgency::Urgency;
use crate::sim::host::{DiskFault, EVENTS_MAX, Heard, WRITES_MAX};
use crate::sim::node::Process;
use crate::sim::queue::{Happening, Question};
use crate::sim::rng::draw;
use crate::sim::scenario::{REFERENCES, peers_of};
use crate::sim::site::Site;
use crate::sim::world::World;

/// The daemon's tick, milliseconds.
const TICK_MS: u64 = 1_000;
/// A write of the latch with its fsync, milliseconds.
const WRITE_MS: u64 = 8;
/// A write of a slow disk, milliseconds.
const SLOW_WRITE_MS: u64 = 4_000;
/// From an order to its effect, milliseconds.
const EFFECT_MS: u64 = 20;

impl World<'_> {
    /// Starts a keeper from what is on its disk.
    pub(super) fn start_keeper(&mut self, site: Site) {
        if site == Site::F && !self.scenario.config.observer {
            return;
        }
        let now_ms = self.now_ms();
        let settings = self.scenario.config.settings(site);
        let producer = self.ours;
        let host = &mut self.hosts[site.at()];
        host.life += 1;
        let is_unreadable = host.disk.has(DiskFault::Unreadable);
        let latch = if is_unreadable {
            Err("/var/lib/eoskeeper/latch.json cannot be read".to_owned())
        } else {
            Ok(host.disk.latch.clone().filter(|latch| latch.producer == producer))
        };
        host.is_latch_unreadable = is_unreadable;
        #[allow(unused_mut, reason = "changed where gates may be forced open")]
        let mut keeper = Keeper::new(settings, host.clocks.now(now_ms), latch).terse();
        #[cfg(feature = "mutants")]
        self.blind.iter().for_each(|reason| keeper.blind(*reason));
        host.keeper = Some(Box::new(keeper));
        host.urgency = Urgency::default();
        host.heard = Heard::default();
        host.answered = Answered::default();
        host.is_counted = false;
        host.disk.queue.clear();
        host.waiting.clear();
        host.lines.clear();
        host.alarms.clear();
        host.lease = super::etcd::Client::default();
        self.promises.keeper_started(site, now_ms);
        self.say(format!("the keeper of {site} starts"));
        self.start_loops(site);
        self.tell(site, Event::LogSource(LogSourceEvent::Following { what: "a file".to_owned() }));
        if self.nodes[site.at()].process != Process::Ended {
            let what = "process 1".to_owned();
            self.tell_soon(site, Event::Process(ProcessEvent::Running { what }), 50);
        }
    }

    fn start_loops(&mut self, site: Site) {
        let life = self.hosts[site.at()].life;
        let phase = draw(self.scenario.seed, u64::from(life), site.at() as u64) % TICK_MS;
        self.queue.after(phase, Happening::Tick(site, life));
        let mut loops = vec![(Question::Info, 1), (Question::Schedule, 2), (Question::Paused, 3)];
        if self.scenario.config.references {
            loops.extend((0..REFERENCES).map(|i| (Question::Reference(i), 10 + u64::from(i))));
        }
        if Site::SIGNERS.contains(&site) {
            if self.scenario.config.mode.has_peers() {
                let peers = 0..peers_of(site).count() as u8;
                loops.extend(peers.map(|i| (Question::Peer(i), 20 + u64::from(i))));
            }
            if self.scenario.config.mode.has_lease() {
                loops.push((Question::Lease, 30));
            }
        }
        for (question, ms) in loops {
            self.queue.after(ms, Happening::Poll(site, life, question));
        }
    }

    /// Ends a keeper's process; what it was writing may or may not be on the disk.
    pub(super) fn end_keeper(&mut self, site: Site) {
        let now_ms = self.now_ms();
        let lucky = draw(self.scenario.seed, now_ms, 99).is_multiple_of(2);
        let host = &mut self.hosts[site.at()];
        host.keeper = None;
        host.life += 1;
        let under_way = host.disk.queue.pop_front();
        let writes = !host.disk.has(DiskFault::Fails) && !host.disk.has(DiskFault::Hangs);
        if let Some((_, latch)) = under_way.filter(|_| lucky && writes) {
            host.disk.latch = Some(latch);
        }
        host.disk.queue.clear();
        self.say(format!("the keeper of {site} ends"));
    }

    /// A line of the node's log reaches the keeper.
    pub(super) fn line(&mut self, site: Site, line: LogEvent) {
        let Some(host) = self.hosts.get_mut(site.at()) else { return };
        if host.keeper.is_none() || host.log_silent > 0 {
            return;
        }
        if host.log_held > 0 || host.frozen > 0 {
            // The file holds them; the memory of this world must not grow without end.
            if host.lines.len() < 100_000 {
                host.lines.push(Event::Log(line));
            }
            return;
        }
        self.tell_line(site, Event::Log(line));
    }

    /// A line is read; one that announces another schedule has it asked for.
    fn tell_line(&mut self, site: Site, line: Event) {
        let announces =
            matches!(&line, Event::Log(line) if line.name == EventName::ScheduleChanged);
        self.tell(site, line);
        if announces {
            let life = self.hosts[site.at()].life;
            self.queue.after(1, Happening::Poll(site, life, Question::Announced));
        }
    }

    /// Lines that waited are read.
    pub(super) fn read_lines(&mut self, site: Site) {
        let host = &mut self.hosts[site.at()];
        if host.log_held > 0 || host.frozen > 0 {
            return;
        }
        for line in std::mem::take(&mut host.lines) {
            self.tell_line(site, line);
        }
    }

    /// What waited for a keeper that was stopped.
    pub(super) fn wake_keeper(&mut self, site: Site) {
        if self.hosts[site.at()].frozen > 0 {
            return;
        }
        // The tick comes before events, as in the daemon.
        if self.hosts[site.at()].keeper.is_some() {
            self.tick(site);
        }
        for event in std::mem::take(&mut self.hosts[site.at()].waiting) {
            self.tell(site, event);
        }
        self.read_lines(site);
    }

    /// Tells a keeper something, a little later.
    pub(super) fn tell_soon(&mut self, site: Site, event: Event, after_ms: u64) {
        if let Some(host) = self.hosts.get(site.at()) {
            let life = host.life;
            self.queue.after(after_ms, Happening::Tell(site, life, Box::new(event)));
        }
    }

    /// Tells a keeper something.
    pub(super) fn tell(&mut self, site: Site, event: Event) {
        let now_ms = self.now_ms();
        let host = &mut self.hosts[site.at()];
        if host.frozen > 0 {
            if host.waiting.len() < EVENTS_MAX {
                host.waiting.push(event);
            }
            return;
        }
        let now = host.clocks.now(now_ms);
        let Some(keeper) = &mut host.keeper else { return };
        keeper.record(now, &event);
        if let Event::Log(line) = &event {
            host.heard.line(line.name);
        }
        let is_urgent = host.urgency.is_urgent(&event);
        if let Event::Outcome(outcome) = &event {
            let line = format!("{site}: order {} came back, {}", outcome.id, outcome.result);
            self.say(line);
        }
        if is_urgent {
            self.tick(site);
        }
    }

    /// A keeper's second.
    pub(super) fn second(&mut self, site: Site, life: u32) {
        if self.hosts[site.at()].life != life {
            return;
        }
        if self.hosts[site.at()].runs() {
            self.tick(site);
        }
        self.queue.after(TICK_MS, Happening::Tick(site, life));
    }

    pub(super) fn tick(&mut self, site: Site) {
        let now_ms = self.now_ms();
        let host = &mut self.hosts[site.at()];
        let now = host.clocks.now(now_ms);
        let Some(keeper) = &mut host.keeper else { return };
        let actions = keeper.tick(now);
        let ready = gates::ready_to_confirm(keeper.gates());
        host.ready_ticks = if ready { host.ready_ticks + 1 } else { 0 };
        let decision = keeper.decision();
        let is_resting = !matches!(
            decision.kind,
            DecisionKind::Act
                | DecisionKind::Verify
                | DecisionKind::Produce
                | DecisionKind::StepDown
        );
        let decided = Some((decision.kind, decision.hold));
        let is_new = host.decided != decided;
        host.decided = decided;
        self.promises.keeper_rests(site, is_resting, now_ms);
        match decided {
            Some((_, Some(hold))) if is_new => self.say(format!("{site} decides hold: {hold:?}")),
            Some((kind, None)) if is_new => self.say(format!("{site} decides {kind:?}")),
            _ => {}
        }
        for action in actions {
            self.carry_out(site, action);
        }
    }

    fn carry_out(&mut self, site: Site, action: Action) {
        let life = self.hosts[site.at()].life;
        match action {
            Action::SaveLatch { id, latch } => self.save(site, id, latch),
            Action::Act(order) => {
                self.say(format!("{site} orders {} ({}): {}", order.act, order.id, order.reason));
                self.ordered(site, &order);
                self.queue.after(EFFECT_MS, Happening::Effect(site, life, Box::new(order)));
            }
            Action::Alarm(notice) => self.notice(site, &notice),
        }
    }

    fn notice(&mut self, site: Site, notice: &Notice) {
        let line = format!("{site} tells {:?} {}: {}", notice.kind, notice.key, notice.text);
        self.say(line);
        self.noticed(site, notice);
    }

    fn save(&mut self, site: Site, id: u64, latch: Latch) {
        match latch.stage {
            // Written again while it is under way, as when maintenance is ordered: it began before.
            LatchStage::Promoting if self.hosts[site.at()].begun == latch.incident => {}
            LatchStage::Promoting => {
                self.hosts[site.at()].begun.clone_from(&latch.incident);
                self.promotion_begins(site, &latch.reason);
            }
            LatchStage::Demoting => self.hosts[site.at()].is_counted = false,
            LatchStage::Standby | LatchStage::Promoted | LatchStage::HandedOver => {}
        }
        let host = &mut self.hosts[site.at()];
        if host.disk.queue.len() >= WRITES_MAX {
            return;
        }
        host.disk.queue.push_back((id, latch));
        if host.disk.queue.len() == 1 {
            self.write_next(site);
        }
    }

    fn write_next(&mut self, site: Site) {
        let host = &self.hosts[site.at()];
        if host.disk.queue.is_empty() || host.disk.has(DiskFault::Hangs) {
            return;
        }
        let ms = if host.disk.has(DiskFault::Slow) { SLOW_WRITE_MS } else { WRITE_MS };
        self.queue.after(ms, Happening::Written(site, host.life));
    }

    /// A disk that hung goes on.
    pub(super) fn disk_goes_on(&mut self, site: Site) {
        if !self.hosts[site.at()].disk.has(DiskFault::Hangs) {
            self.write_next(site);
        }
    }

    pub(super) fn written(&mut self, site: Site, life: u32) {
        let now_ms = self.now_ms();
        let host = &mut self.hosts[site.at()];
        if host.life != life || host.disk.has(DiskFault::Hangs) {
            return;
        }
        let Some((id, latch)) = host.disk.queue.pop_front() else { return };
        let result = if host.disk.has(DiskFault::Fails) {
            host.disk.failed_ms = Some(now_ms);
            ActResult::Failed("No space left on device (os error 28)".to_owned())
        } else {
            host.disk.latch = Some(latch);
            ActResult::Done("written".to_owned())
        };
        self.tell(site, Event::Outcome(Outcome { id, result }));
        self.write_next(site);
    }

    /// An order's outcome goes back to the keeper that gave it.
    pub(super) fn answer(&mut self, site: Site, life: u32, id: u64, result: ActResult, ms: u64) {
        let event = Box::new(Event::Outcome(Outcome { id, result }));
        self.queue.after(ms, Happening::Tell(site, life, event));
    }
}
