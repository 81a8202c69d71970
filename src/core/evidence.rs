//! What was seen lately, bounded, and for how long without a gap.
//!
//! Facts are recorded here as they come; nothing is judged. A tear (a poll gap, a clock jump, a
//! stopped process) discards what the windows hold, so that silence from before it counts nothing.

pub mod api;
pub mod coverage;
pub mod host;
pub mod lease;
pub mod log;
pub mod missed;
pub mod motion;
pub mod offset;
pub mod own;
pub mod peers;
pub mod process;
pub mod references;
pub mod turns;

use crate::core::event::{ApiFailure, ChainInfo, Event, EventName, LogEvent, Reason};
use crate::core::evidence::api::ApiEvidence;
use crate::core::evidence::coverage::Coverage;
use crate::core::evidence::host::HostEvidence;
use crate::core::evidence::lease::LeaseEvidence;
use crate::core::evidence::log::LogEvidence;
use crate::core::evidence::missed::MissedTurn;
use crate::core::evidence::motion::Motion;
use crate::core::evidence::own::{OwnBlock, OwnBlocks, Via};
use crate::core::evidence::peers::PeersEvidence;
use crate::core::evidence::process::ProcessEvidence;
use crate::core::evidence::references::ReferencesEvidence;
use crate::core::evidence::turns::TurnLedger;
use crate::core::name::Name;
use crate::core::process::ProcessEvent;
use crate::core::schedule::Schedule;
use crate::core::time::{Mono, Now, Timestamp};

/// More blocks than this between two polls, and the log silent: one of them may have been ours.
/// At 2 blocks/s a poll a second sees every second block; five stand for 3 s without a look.
const UNSEEN_BLOCKS_MAX: u32 = 5;

/// [`Schedule::standstill_ms`] of 21 producers, while the schedule is not known: 7 × 6 s.
const STANDSTILL_MS: u64 = 42_000;

/// Keys of one producer that are kept; a schedule has one, or a few that sign together.
const SIGNING_KEYS_MAX: usize = 8;

/// Upper bound of what all windows together may hold, bytes; a test floods them and asserts it.
pub const EVIDENCE_BYTES_MAX: usize = 96 * 1024;

/// Everything that was seen and still counts.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The producer that is watched.
    pub producer: Name,
    /// What the RPC said.
    pub api: ApiEvidence,
    /// What the log said.
    pub log: LogEvidence,
    /// Blocks that carry our producer's name.
    pub own: OwnBlocks,
    /// What other nodes of the chain said.
    pub references: ReferencesEvidence,
    /// What the keepers of our other nodes said.
    pub peers: PeersEvidence,
    /// Who may sign, as etcd keeps it.
    pub lease: LeaseEvidence,
    /// This host's resources.
    pub host: HostEvidence,
    /// Whether nodeos's process lives.
    pub process: ProcessEvidence,
    /// Whether it is final that our slots stayed empty.
    pub missed: MissedTurn,
    /// Our turns, slot by slot.
    pub turns: TurnLedger,
    /// Since when there was no gap.
    pub coverage: Coverage,
    /// Whether the chain moves.
    pub motion: Motion,
}

impl Evidence {
    /// Nothing seen yet, with so many references and peers.
    #[must_use]
    pub fn new(producer: Name, references: usize, peers: usize, now: Now) -> Self {
        Self {
            producer,
            api: ApiEvidence::new(now),
            log: LogEvidence::new(now),
            own: OwnBlocks::new(producer, now),
            references: ReferencesEvidence::new(references),
            peers: PeersEvidence::new(peers),
            lease: LeaseEvidence::default(),
            host: HostEvidence::default(),
            process: ProcessEvidence::default(),
            missed: MissedTurn::default(),
            turns: TurnLedger::new(producer),
            coverage: Coverage::new(now),
            motion: Motion::default(),
        }
    }

    /// Records one fact.
    pub fn record(&mut self, now: Now, event: &Event) {
        match event {
            Event::Log(line) => self.record_line(now, line),
            Event::OtherLines(lines) => self.log.record_others(now, lines),
            Event::LogSource(change) => self.log.record_source(now, change),
            Event::Info(Ok(info)) => self.record_info(now, info),
            Event::Info(Err(failure)) => self.api.record_failure(now, failure),
            Event::Schedule(answer) => self.record_schedule(now, answer),
            Event::SigningKeys { keys } => {
                self.api.signing_keys = Some(keys.iter().take(SIGNING_KEYS_MAX).cloned().collect());
            }
            Event::Paused(answer) => self.api.record_paused(now, answer),
            Event::Reference(event) => self.references.record(now, event),
            Event::Process(event) => self.record_process(now, event),
            Event::Lease(event) => self.lease.record(now, event),
            Event::Peer(event) => self.peers.record(now, self.producer, event),
            Event::Host(reading) => self.host.record(now, reading),
            // The keeper's own business, the ledger's, and what says nothing of this node.
            Event::Outcome(_) | Event::Member(_) | Event::Pool(_) | Event::ChainBlock(_) => {}
        }
    }

    /// Throws away what was seen, because it has a hole.
    pub fn discard(&mut self, now: Now, why: String) {
        self.api.discard(now);
        self.log.discard(now);
        self.turns.discard();
        self.missed.begin(now.wall);
        self.coverage.tear(now, why);
    }

    /// Notes a hole since the last look.
    pub fn check_coverage(&mut self, now: Now, gap_ms: u64) {
        self.coverage.check(now, gap_ms);
        if self.coverage.since().is_none() {
            self.missed.begin(now.wall);
        }
    }

    /// When the node was last started or came back, as the system, its log or its RPC shows; at first
    /// when this keeper began to ask.
    #[must_use]
    pub fn node_came_back(&self) -> Mono {
        let found = self.process.found.map(|at| at.mono);
        self.api.since.max(found.unwrap_or_default()).max(self.log.started.unwrap_or_default())
    }

    /// Whether the node gave any sign of life since this keeper's start: an answer, or a line.
    #[must_use]
    pub fn has_shown_life(&self) -> bool {
        self.api.last_ok.is_some() || self.log.last_line.is_some()
    }

    /// Whether the log shows blocks right now.
    #[must_use]
    pub fn log_shows_blocks(&self, now: Now, within_ms: u64) -> bool {
        self.log.last_block.is_some_and(|at| now.mono.since_ms(at) <= within_ms)
    }

    /// Begins to listen anew after an act of ours. Nothing has a hole: a chain that stands still has
    /// stood still all the while, and a branch that this node left a moment ago it has left.
    pub fn begin_anew(&mut self, now: Now, why: String) {
        let (head_moved, lib_moved) = (self.api.head_moved, self.api.lib_moved);
        let fork_switches = self.log.fork_switches.clone();
        self.discard(now, why);
        (self.api.head_moved, self.api.lib_moved) = (head_moved, lib_moved);
        self.log.fork_switches = fork_switches;
    }

    /// Bytes held by all windows.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.api.bytes()
            + self.log.bytes()
            + self.own.bytes()
            + self.references.bytes()
            + self.peers.bytes()
            + self.lease.bytes()
            + self.host.bytes()
            + self.process.bytes()
            + self.turns.bytes()
    }

    /// Without a new block for longer than this the chain stands still, milliseconds.
    #[must_use]
    pub fn standstill_ms(&self) -> u64 {
        self.api.schedule.as_ref().map_or(STANDSTILL_MS, Schedule::standstill_ms)
    }

    /// A new process after one that ended is a start, whether or not the log shows its line.
    fn record_process(&mut self, now: Now, event: &ProcessEvent) {
        if let (ProcessEvent::Running { .. }, Some((ended, _))) = (event, &self.process.ended) {
            self.log.process_ended(ended.mono);
        }
        self.process.record(now, event);
    }

    fn record_line(&mut self, now: Now, line: &LogEvent) {
        self.log.record(now, line);
        if line.name == EventName::BlockDoubleProduced && line.producer == Some(self.producer) {
            self.own.record_reported_double(now, line.block.unwrap_or_default());
        }
        if line.reason == Some(Reason::DoubleConfirming) && line.producer == Some(self.producer) {
            self.own.last_double_confirming = Some(now.mono);
        }
        if let (EventName::BlockDropped, Some(number)) = (line.name, line.block) {
            self.own.record_dropped(now, number, line.block_id, self.log.last_foreign_time);
        }
        let via = match line.name {
            EventName::BlockReceived => Via::Received,
            EventName::BlockProduced => Via::Produced,
            _ => return,
        };
        self.coverage.sighting(now);
        self.motion.moved(now.mono, self.standstill_ms());
        if line.producer != Some(self.producer) {
            self.log.record_foreign(now, line);
            if let (Some(number), Some(time)) = (line.block, line.block_time) {
                self.see_foreign(number, time);
            }
            if via == Via::Produced {
                self.log.record_wrong_producer(now, line);
            }
            return;
        }
        if let (Some(number), Some(time)) = (line.block, line.block_time) {
            self.turns.see(time, via);
            self.own.record(OwnBlock { number, time, id: line.block_id, seen_at: now, via });
            self.see_ours();
        }
    }

    fn record_info(&mut self, now: Now, info: &ChainInfo) {
        let polled = self.api.info.as_ref().map(|before| before.head);
        if self.api.info.as_ref().is_none_or(|before| before.head_id != info.head_id) {
            self.motion.moved(now.mono, self.standstill_ms());
        }
        self.api.record_info(now, info, self.producer);
        if let Some(seen) = polled.max(self.log.head) {
            let unseen = info.head.saturating_sub(seen).saturating_sub(1);
            if unseen > UNSEEN_BLOCKS_MAX {
                let why = format!("{unseen} blocks came between two polls and the log showed none");
                self.coverage.tear(now, why);
                self.missed.begin(now.wall);
            }
        }
        self.coverage.sighting(now);
        if info.head_producer == self.producer {
            self.turns.see(info.head_time, Via::Polled);
            self.own.record(OwnBlock {
                number: info.head,
                time: info.head_time,
                id: None,
                seen_at: now,
                via: Via::Polled,
            });
            self.see_ours();
        } else {
            self.see_foreign(info.head, info.head_time);
        }
    }

    fn see_foreign(&mut self, number: u32, time: Timestamp) {
        self.missed.see(self.api.schedule.as_ref(), self.producer, number, time);
    }

    fn see_ours(&mut self) {
        if let Some(last) = self.own.last {
            self.missed.begin(last.time);
        }
    }

    fn record_schedule(&mut self, now: Now, answer: &Result<Schedule, ApiFailure>) {
        self.api.record_schedule(now, answer, self.producer);
        if let Ok(schedule) = answer {
            self.turns.set_schedule(schedule);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_left_before_an_act_of_ours_counts_after_it_and_not_after_a_hole() {
        let now = Now::default();
        let switches = |lose: fn(&mut Evidence, Now, String)| {
            let mut evidence = Evidence::new("eosstorebest".parse().unwrap(), 0, 0, now);
            evidence.record(now, &Event::Log(LogEvent::new(EventName::ForkSwitched)));
            lose(&mut evidence, now, "a test".to_owned());
            evidence.log.fork_switches.recent(now.mono, 1_000).count()
        };
        assert_eq!((switches(Evidence::begin_anew), switches(Evidence::discard)), (1, 0));
    }
}
