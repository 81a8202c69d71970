//! What the loop tells beside its judgement: that it lives, and counts since it started.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::producers::Producers;
use crate::core::decision::DecisionKind;
use crate::core::event::{Event, EventName, LogSourceEvent, Reason};
use crate::core::ledger::{LedgerSummary, SettledTurn};
use crate::core::time::Now;

/// Shared by the loop, which tells, and the routes, which ask. Neither holds it for longer than it
/// takes to copy it.
#[derive(Debug, Default)]
pub struct Pulse {
    told: Mutex<Told>,
}

/// All that was told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Judgements made.
    pub judgements: u64,
    /// When `get_info` last came back, with an answer or without.
    pub polled: Option<Instant>,
    /// Whether the log is followed, and why not; `None` until the reader said something.
    pub log: Option<Result<String, String>>,
    /// When a line, or word of the reader, came last.
    pub read: Option<Instant>,
    /// Facts recorded, by kind.
    pub events: BTreeMap<&'static str, u64>,
    /// Changes of decision, by kind.
    pub decisions: BTreeMap<DecisionKind, u64>,
    /// Slots this node was due in and signed nothing, by nodeos's reason.
    pub skipped: BTreeMap<Reason, u64>,
    /// What became of our slots, of turns settled since the start.
    pub ledger: LedgerSummary,
    /// Every producer, as the log shows it.
    pub producers: Producers,
    /// How what is written beside the loop stands.
    pub beat: Beat,
}

/// How what is written beside the loop stands, as of a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    /// Whether the task runs that writes the state.
    pub writer_runs: bool,
    /// Whether the task runs that keeps messages and gives them to the channels.
    pub outbox_runs: bool,
    /// Records of the history that did not get to disk.
    pub history_lost: u64,
    /// Batches of messages that were dropped because the disk was stuck.
    pub outbox_lost: u64,
}

impl Pulse {
    /// Records a fact.
    pub fn record(&self, now: Now, event: &Event) {
        let mut told = self.held();
        *told.events.entry(kind(event)).or_default() += 1;
        match event {
            Event::Info(_) => told.polled = Some(Instant::now()),
            Event::Log(line) => {
                told.read = Some(Instant::now());
                if line.name == EventName::ProductionSkipped {
                    let reason = line.reason.unwrap_or(Reason::Other);
                    // Builds of early 2018 say it of every slot of the others.
                    if reason != Reason::NotMyTurn {
                        *told.skipped.entry(reason).or_default() += 1;
                    }
                }
            }
            Event::OtherLines(_) => told.read = Some(Instant::now()),
            Event::LogSource(source) => {
                told.read = Some(Instant::now());
                match source {
                    LogSourceEvent::Following { what } => told.log = Some(Ok(what.clone())),
                    LogSourceEvent::Unavailable { why } => told.log = Some(Err(why.clone())),
                    LogSourceEvent::Replaced { .. } | LogSourceEvent::Lost { .. } => {}
                }
            }
            _ => {}
        }
        told.producers.record(now, event);
    }

    /// Counts a turn of ours that was settled.
    pub fn settled(&self, turn: &SettledTurn) {
        let mut told = self.held();
        told.ledger.add(turn);
    }

    /// Counts a change of decision.
    pub fn decided(&self, kind: DecisionKind) {
        *self.held().decisions.entry(kind).or_default() += 1;
    }

    /// A judgement was made.
    pub fn beat(&self, beat: Beat) {
        let mut told = self.held();
        told.judgements += 1;
        told.beat = beat;
    }

    /// All that was told so far.
    #[must_use]
    pub fn told(&self) -> Told {
        self.held().clone()
    }

    fn held(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn kind(event: &Event) -> &'static str {
    match event {
        Event::Log(_) => "log",
        Event::OtherLines(_) => "other_lines",
        Event::LogSource(_) => "log_source",
        Event::Info(_) => "info",
        Event::Schedule(_) => "schedule",
        Event::SigningKeys { .. } => "signing_keys",
        Event::Paused(_) => "paused",
        Event::Reference(_) => "reference",
        Event::Process(_) => "process",
        Event::Lease(_) => "lease",
        Event::Peer(_) => "peer",
        Event::Host(_) => "host",
        Event::Member(_) => "member",
        Event::Pool(_) => "pool",
        Event::Outcome(_) => "outcome",
        Event::ChainBlock(_) => "chain_block",
    }
}
