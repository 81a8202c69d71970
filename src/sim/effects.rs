//! What orders and faults do to the world.

use crate::core::action::{Act, ActResult, Order};
use crate::core::command::Command;
use crate::core::event::{Event, EventName, LogEvent, LogSourceEvent, Reason, Replacement};
use crate::core::schedule::{Slot, TURN_SLOTS};
use crate::core::settings::Lease;
use crate::sim::faults::{EtcdFault, ScheduleChange, What};
use crate::sim::host::{DiskFault, ScriptFault};
use crate::sim::net::Traffic;
use crate::sim::node::Process;
use crate::sim::queue::Happening;
use crate::sim::scenario::Mode;
use crate::sim::site::Site;
use crate::sim::world::World;

/// From a call of the producer API to its confirmed answer, milliseconds.
const CALL_MS: u64 = 30;
/// Deadline of a call that is not answered, milliseconds.
const CALL_DEADLINE_MS: u64 = 5_000;
/// A restart by script, milliseconds.
const RESTART_MS: u64 = 3_000;
/// The operator lets this pass between stopping the others and starting A, milliseconds.
const RESUME_AFTER_MS: u64 = 10_000;
/// Between two orders of the operator to give the producer back, milliseconds, and how many.
const REPAIR_MS: u64 = 30_000;
const REPAIRS_MAX: u32 = 20;

impl World<'_> {
    /// An order takes effect.
    pub(super) fn effect(&mut self, site: Site, life: u32, order: &Order) {
        let deadline_ms = self.scenario.config.settings(site).promotion.act_timeout_ms;
        match order.act {
            Act::HandOver => return self.hand_over(site, life, order),
            Act::Ask => return self.ask_for_it(site, life, order),
            Act::AcquireLease => return self.acquire(site, life, order),
            Act::ReleaseLease => return self.release(site, life, order),
            _ => {}
        }
        let (result, ms) = match self.hosts[site.at()].scripts.last().copied() {
            Some(ScriptFault::Refuses) => (ActResult::Refused("exit code 10".to_owned()), 50),
            Some(ScriptFault::Fails) => (ActResult::Failed("exit code 3".to_owned()), 50),
            Some(ScriptFault::Hangs) => {
                (ActResult::Failed("no end within its deadline".to_owned()), deadline_ms)
            }
            Some(ScriptFault::Lies) => (ActResult::Done("exit code 0".to_owned()), 50),
            Some(ScriptFault::HalfDone) => {
                let (_, ms) = self.do_it(site, order.act);
                (ActResult::Failed("exit code 1".to_owned()), ms)
            }
            None => self.do_it(site, order.act),
        };
        self.answer(site, life, order.id, result, ms);
    }

    fn do_it(&mut self, site: Site, act: Act) -> (ActResult, u64) {
        match act {
            Act::Promote => self.call(site, false),
            Act::Demote => self.call(site, true),
            Act::PromoteRemote => {
                let b = Site::B;
                if !self.net.is_up(site, b, Traffic::Keepers)
                    || !self.net.is_up(b, site, Traffic::Keepers)
                {
                    let why = "no route to host".to_owned();
                    return (ActResult::Failed(why), CALL_DEADLINE_MS);
                }
                self.call(b, false)
            }
            Act::Fence => {
                self.nodes[site.at()].fenced = true;
                self.nodes[site.at()].frozen = 0;
                self.end_node(site, "is ended by its fence");
                (ActResult::Done("stopped".to_owned()), 1_000)
            }
            Act::Restart => {
                self.end_node(site, "is restarted");
                self.start_node(site, true);
                (ActResult::Done("restarted".to_owned()), RESTART_MS)
            }
            Act::AcquireLease | Act::ReleaseLease | Act::HandOver | Act::Ask => {
                (ActResult::Refused("not done by a script".to_owned()), 1)
            }
        }
    }

    /// A call of the producer API.
    fn call(&mut self, site: Site, paused: bool) -> (ActResult, u64) {
        let node = &mut self.nodes[site.at()];
        if node.process != Process::Running {
            let why = "connection refused: nothing listens there".to_owned();
            return (ActResult::Refused(why), CALL_MS);
        }
        if !node.answers() {
            node.unread.push(paused);
            let why = "connected, but no answer within the deadline".to_owned();
            return (ActResult::Failed(why), CALL_DEADLINE_MS);
        }
        self.set_paused(site, paused);
        (ActResult::Done(format!("nodeos says paused = {paused}")), CALL_MS)
    }

    /// A fault begins.
    pub(super) fn fault_on(&mut self, index: usize) {
        let fault = &self.scenario.faults[index];
        self.summary.faults += 1;
        *self.summary.kinds.entry(fault.what.kind()).or_default() += 1;
        self.say(format!("* {}", fault.what.sentence()));
        if fault.for_ms > 0 {
            self.queue.after(fault.for_ms, Happening::FaultOff(index));
        }
        self.change(&fault.what, true);
        self.promises.disturbed(self.queue.now_ms);
    }

    /// A fault ends.
    pub(super) fn fault_off(&mut self, index: usize) {
        let fault = &self.scenario.faults[index];
        self.say(format!("* over: {}", fault.what.sentence()));
        self.change(&fault.what, false);
        self.promises.disturbed(self.queue.now_ms);
    }

    fn change(&mut self, what: &What, begins: bool) {
        match what {
            What::Kill { .. }
            | What::Stop { .. }
            | What::Freeze { .. }
            | What::HangApi { .. }
            | What::DatabaseFault { .. }
            | What::Laggard { .. } => self.change_node(what, begins),
            What::Suspend { .. }
            | What::KeeperCrash { .. }
            | What::KeeperFreeze { .. }
            | What::ClockStep { .. }
            | What::ClockDrift { .. }
            | What::LogSilent { .. }
            | What::LogHeld { .. }
            | What::LogRotated { .. }
            | What::Disk { .. }
            | What::Script { .. } => self.change_host(what, begins),
            What::Cut { sites, one_way, plane } => self.net.cut(sites, *one_way, *plane, begins),
            What::Slow { site, ms } => self.net.slow(*site, *ms, begins),
            What::Lossy { site, per_mille } => self.net.lossy(*site, *per_mille, begins),
            What::Reference { index, how } => {
                let at = usize::from(*index) % self.references.len();
                step(&mut self.references[at], *how, begins);
            }
            What::ChainStall => count(&mut self.stalled, begins),
            What::OthersMissing { count } => {
                self.missing =
                    if begins { self.missing + count } else { self.missing.saturating_sub(*count) };
            }
            What::Schedule { how } => self.change_schedule(*how, begins),
            What::Etcd { how } => self.change_etcd(*how, begins),
            What::Paused { site } if begins => self.set_paused(*site, true),
            What::Paused { site } => self.resume_by_hand(*site),
            What::Resumed { site } if begins => self.resume_by_hand(*site),
            What::Order { site, order } if begins => {
                self.command(*site, order);
            }
            What::Restore if begins => self.restore(),
            What::Resumed { .. } | What::Order { .. } | What::Restore => {}
        }
    }

    fn resume_by_hand(&mut self, site: Site) {
        if self.nodes[site.at()].paused && self.nodes[site.at()].answers() {
            self.set_paused(site, false);
            self.nodes[site.at()].by_hand_ms = Some(self.queue.now_ms);
        }
    }

    fn change_node(&mut self, what: &What, begins: bool) {
        match what {
            What::Kill { site } => {
                count(&mut self.nodes[site.at()].down, begins);
                if begins {
                    self.end_node(*site, "is killed");
                } else {
                    self.start_node(*site, true);
                }
            }
            What::Stop { site, slow_ms } => {
                count(&mut self.nodes[site.at()].down, begins);
                if !begins {
                    self.start_node(*site, false);
                } else if self.nodes[site.at()].process == Process::Running {
                    self.nodes[site.at()].stopping = true;
                    self.line(*site, LogEvent::new(EventName::NodeStopping));
                    let life = self.nodes[site.at()].life;
                    self.queue.after(*slow_ms, Happening::NodeGone(*site, life));
                }
            }
            What::Freeze { site } => {
                count(&mut self.nodes[site.at()].frozen, begins);
                if !begins {
                    self.obey(*site);
                    self.start_timer(*site);
                }
            }
            What::HangApi { site } => {
                count(&mut self.nodes[site.at()].hung, begins);
                self.obey(*site);
            }
            What::DatabaseFault { site } => {
                if begins {
                    self.nodes[site.at()].database_fault = true;
                    let mut line = LogEvent::new(EventName::DatabaseFault);
                    line.reason = Some(Reason::Memory);
                    self.line(*site, line);
                } else if self.nodes[site.at()].database_fault {
                    self.end_node(*site, "is ended to be repaired");
                    self.start_node(*site, true);
                }
            }
            What::Laggard { site } => {
                let now_ms = self.now_ms();
                let node = &mut self.nodes[site.at()];
                node.laggard = match (begins, node.laggard) {
                    (true, _) => Some((now_ms, None)),
                    (false, lag) => lag.map(|(since, _)| (since, Some(now_ms))),
                };
            }
            _ => {}
        }
    }

    fn change_host(&mut self, what: &What, begins: bool) {
        let now_ms = self.now_ms();
        match *what {
            What::Suspend { site, mono_stops } => {
                count(&mut self.nodes[site.at()].frozen, begins);
                count(&mut self.hosts[site.at()].frozen, begins);
                if begins {
                    return;
                }
                let slept_ms = self
                    .scenario
                    .faults
                    .iter()
                    .find(|f| f.what == *what && f.at_ms.saturating_add(f.for_ms) == now_ms);
                if let Some(fault) = slept_ms.filter(|_| mono_stops) {
                    self.hosts[site.at()].clocks.mono_missed_ms += fault.for_ms;
                }
                self.obey(site);
                self.start_timer(site);
                self.wake_keeper(site);
            }
            What::KeeperCrash { site } => {
                count(&mut self.hosts[site.at()].dead, begins);
                if begins {
                    self.end_keeper(site);
                } else if self.hosts[site.at()].dead == 0 {
                    self.start_keeper(site);
                }
            }
            What::KeeperFreeze { site } => {
                count(&mut self.hosts[site.at()].frozen, begins);
                self.wake_keeper(site);
            }
            What::ClockStep { site, ms } => {
                let off_ms = if begins { ms } else { -ms };
                self.hosts[site.at()].clocks.off_ms += off_ms;
                self.start_timer(site);
            }
            What::ClockDrift { site, ppm } => {
                self.hosts[site.at()].clocks.drift = begins.then_some((ppm, now_ms));
                self.start_timer(site);
            }
            What::LogSilent { site } => {
                count(&mut self.hosts[site.at()].log_silent, begins);
                let event = if begins {
                    LogSourceEvent::Unavailable { why: "there is no log file".to_owned() }
                } else {
                    LogSourceEvent::Following { what: "a file".to_owned() }
                };
                self.tell_soon(site, Event::LogSource(event), 5);
            }
            What::LogHeld { site } => {
                count(&mut self.hosts[site.at()].log_held, begins);
                self.read_lines(site);
            }
            What::LogRotated { site } if begins => {
                let how = Replacement::Rotated;
                self.tell_soon(site, Event::LogSource(LogSourceEvent::Replaced { how }), 5);
            }
            What::Disk { site, how } => {
                let hung = self.hosts[site.at()].disk.has(DiskFault::Hangs);
                step(&mut self.hosts[site.at()].disk.faults, how, begins);
                if hung {
                    self.disk_goes_on(site);
                }
            }
            What::Script { site, how } => step(&mut self.hosts[site.at()].scripts, how, begins),
            _ => {}
        }
    }

    fn change_schedule(&mut self, how: ScheduleChange, begins: bool) {
        // Announced now, active from a turn two turns on, as in practice.
        let from = Slot((self.slot().turn().0 + 2) * TURN_SLOTS);
        let mut names = self.schedules.newest().producers.clone();
        let mut extra: Vec<_> =
            ["newproda", "newprodb"].iter().filter_map(|n| n.parse().ok()).collect();
        match (how, begins) {
            (ScheduleChange::VotedOut, true) => names.retain(|name| *name != self.ours),
            (ScheduleChange::VotedOut, false) => {
                if !names.contains(&self.ours) {
                    names.insert(names.len().min(1), self.ours);
                }
            }
            (ScheduleChange::Shuffled, true) => names.rotate_left(1),
            (ScheduleChange::Shuffled, false) => return,
            (ScheduleChange::Grown, true) => {
                extra.retain(|name| !names.contains(name));
                names.extend(extra);
            }
            (ScheduleChange::Grown, false) => names.retain(|name| !extra.contains(name)),
        }
        self.schedules.change(from, names);
        for site in Site::KEEPERS {
            self.line(site, LogEvent::new(EventName::ScheduleChanged));
        }
    }

    fn change_etcd(&mut self, how: EtcdFault, begins: bool) {
        match how {
            EtcdFault::NoQuorum => count(&mut self.etcd.no_quorum, begins),
            EtcdFault::Slow => count(&mut self.etcd.slow, begins),
            EtcdFault::AnswersLost => count(&mut self.etcd.answers_lost, begins),
            EtcdFault::LeaderChange if begins => {
                self.etcd.change_leader(self.queue.now_ms, Lease::DEFAULT.ttl_ms);
                self.watch_lease();
            }
            EtcdFault::LeaderChange => {}
        }
    }

    /// The operator sets everything right, as the runbook says: others are stopped first.
    fn restore(&mut self) {
        for site in Site::SIGNERS {
            self.nodes[site.at()].fenced = false;
            self.start_node(site, false);
        }
        self.overruled = false;
        self.repairs = REPAIRS_MAX;
        if self.scenario.config.mode == Mode::None {
            self.pause_standbys();
        }
        self.queue.after(RESUME_AFTER_MS, Happening::ResumeActive);
    }

    fn pause_standbys(&mut self) {
        for site in Site::STANDBYS {
            if self.nodes[site.at()].answers() {
                self.set_paused(site, true);
            }
        }
    }

    /// A person orders something.
    pub(super) fn command(&mut self, site: Site, order: &Command) -> bool {
        let now_ms = self.now_ms();
        let host = &mut self.hosts[site.at()];
        let now = host.clocks.now(now_ms);
        let Some(keeper) = host.keeper.as_mut().filter(|_| host.frozen == 0) else { return false };
        let answer = keeper.command(now, order);
        let text = answer.sentences.join(" ");
        self.say(format!("{site} answers: accepted {}: {text}", answer.accepted));
        if !answer.accepted {
            return false;
        }
        match order {
            Command::Maintenance { for_ms, .. } => {
                self.hosts[site.at()].maintained_ms = now_ms + for_ms;
                self.hosts[site.at()].maintained_since_ms = now_ms;
            }
            Command::Promote { force, .. } => {
                self.hosts[site.at()].ordered_ms = Some(now_ms);
                self.overruled |= force;
            }
            Command::Rearm => self.hosts[site.at()].promotions_ms.clear(),
            Command::EndMaintenance => self.hosts[site.at()].maintained_ms = 0,
            Command::Demote { .. }
            | Command::Switchover { force: true, .. }
            | Command::Failback { force: true, .. } => self.overruled = true,
            _ => {}
        }
        self.promises.disturbed(now_ms);
        self.tick(site);
        true
    }

    pub(super) fn resume_active(&mut self) {
        if self.scenario.config.mode != Mode::None {
            return self.order_failback();
        }
        let others = Site::STANDBYS.iter().any(|site| self.nodes[site.at()].can_sign());
        if self.nodes[Site::A.at()].answers() && !others {
            self.set_paused(Site::A, false);
        } else {
            // Tried again until it can be done.
            self.queue.after(RESUME_AFTER_MS, Happening::ResumeActive);
            self.pause_standbys();
        }
    }

    /// Where the keepers can, they are asked to give the producer back.
    fn order_failback(&mut self) {
        let signs = |site: Site| self.nodes[site.at()].can_sign();
        let standby = Site::STANDBYS.into_iter().find(|site| signs(*site));
        let order = match standby {
            None if signs(Site::A) => return,
            Some(site) => (site, Command::Failback { force: false, dry_run: false }),
            None => (Site::A, Command::Promote { force: false, dry_run: false }),
        };
        if self.repairs == 0 {
            return;
        }
        self.repairs -= 1;
        self.command(order.0, &order.1);
        self.queue.after(REPAIR_MS, Happening::ResumeActive);
    }
}

fn count(of: &mut u8, begins: bool) {
    *of = if begins { of.saturating_add(1) } else { of.saturating_sub(1) };
}

fn step<T: PartialEq>(faults: &mut Vec<T>, fault: T, begins: bool) {
    if begins {
        faults.push(fault);
    } else if let Some(at) = faults.iter().position(|f| *f == fault) {
        faults.remove(at);
    }
}
