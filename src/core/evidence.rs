//! What was seen lately, bounded, and for how long without a gap.
//!
//! Facts are recorded here as they come; nothing is judged. A tear (a poll gap, a clock jump, a
//! stopped process) discards what the windows hold, so that silence from before it counts nothing.

pub mod api;
pub mod coverage;
pub mod log;
pub mod motion;
pub mod own;
pub mod references;
pub mod turns;

use crate::core::event::{ApiFailure, ChainInfo, Event, EventName, LogEvent, Reason};
use crate::core::evidence::api::ApiEvidence;
use crate::core::evidence::coverage::Coverage;
use crate::core::evidence::log::LogEvidence;
use crate::core::evidence::motion::Motion;
use crate::core::evidence::own::{OwnBlock, OwnBlocks, Via};
use crate::core::evidence::references::ReferencesEvidence;
use crate::core::evidence::turns::TurnLedger;
use crate::core::name::Name;
use crate::core::schedule::Schedule;
use crate::core::time::Now;

/// More blocks than this between two polls, and the log silent: one of them may have been ours.
/// At 2 blocks/s a poll a second sees every second block; five stand for 3 s without a look.
const UNSEEN_BLOCKS_MAX: u32 = 5;

/// [`Schedule::standstill_ms`] of 21 producers, while the schedule is not known: 7 × 6 s.
const STANDSTILL_MS: u64 = 42_000;

/// Upper bound of what all windows together may hold, bytes; a test floods them and asserts it.
pub const EVIDENCE_BYTES_MAX: usize = 64 * 1024;

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
    /// Our turns, slot by slot.
    pub turns: TurnLedger,
    /// Since when there was no gap.
    pub coverage: Coverage,
    /// Whether the chain moves.
    pub motion: Motion,
}

impl Evidence {
    /// Nothing seen yet, with so many references.
    #[must_use]
    pub fn new(producer: Name, references: usize, now: Now) -> Self {
        Self {
            producer,
            api: ApiEvidence::new(now),
            log: LogEvidence::new(now),
            own: OwnBlocks::new(producer, now),
            references: ReferencesEvidence::new(references),
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
            Event::Paused(answer) => self.api.record_paused(now, answer),
            Event::Reference(event) => self.references.record(now, event),
            // The keeper's own business.
            Event::SigningKeys { .. }
            | Event::Process(_)
            | Event::Lease(_)
            | Event::Peer(_)
            | Event::Outcome(_) => {}
        }
    }

    /// Throws away what was seen, because it has a hole.
    pub fn discard(&mut self, now: Now, why: String) {
        self.api.discard(now);
        self.log.discard(now);
        self.turns.discard();
        self.coverage.tear(now, why);
    }

    /// Whether the log shows blocks right now.
    #[must_use]
    pub fn log_shows_blocks(&self, now: Now, within_ms: u64) -> bool {
        self.log.last_block.is_some_and(|at| now.mono.since_ms(at) <= within_ms)
    }

    /// Bytes held by all windows.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.api.bytes()
            + self.log.bytes()
            + self.own.bytes()
            + self.references.bytes()
            + self.turns.bytes()
    }

    /// Without a new block for longer than this the chain stands still, milliseconds.
    #[must_use]
    pub fn standstill_ms(&self) -> u64 {
        self.api.schedule.as_ref().map_or(STANDSTILL_MS, Schedule::standstill_ms)
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
            if via == Via::Produced {
                self.log.record_wrong_producer(now, line);
            }
            return;
        }
        if let (Some(number), Some(time)) = (line.block, line.block_time) {
            self.turns.see(time, via);
            self.own.record(OwnBlock { number, time, id: line.block_id, seen_at: now, via });
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
        }
    }

    fn record_schedule(&mut self, now: Now, answer: &Result<Schedule, ApiFailure>) {
        self.api.record_schedule(now, answer, self.producer);
        if let Ok(schedule) = answer {
            self.turns.set_schedule(schedule);
        }
    }
}
