//! What the node's log said.

use crate::core::event::{EventName, LogEvent, LogSourceEvent, OtherLines, Reason};
use crate::core::name::Name;
use crate::core::time::{Mono, Now, Timestamp};
use crate::core::window::{Sightings, Window};

/// Reports remembered of each rare kind.
const RARE_MAX: usize = 16;
/// Complaints remembered of the kinds that may come in bursts.
const BURST_MAX: usize = 64;

/// A log that shows no block for so long was not showing every block. Longer than three turns in a
/// row without a producer, which is silence of the chain and not of the log.
const BLOCKS_BREAK_MS: u64 = 30_000;

/// Whether the log can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogState {
    /// The reader has said nothing yet.
    Unknown,
    /// It is being followed.
    Following(String),
    /// There is nothing to read.
    Unavailable(String),
}

/// A switch from one branch to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForkSwitch {
    /// Number of the new head.
    pub head: Option<u32>,
    /// Blocks taken back, where that is printed.
    pub depth: Option<u32>,
}

/// Lines of the log, counted and remembered within bounds.
#[derive(Clone, Debug)]
pub struct LogEvidence {
    /// Since when lines are counted; moved on when evidence is discarded.
    pub since: Mono,
    /// Whether the log can be read, and since when that is so.
    pub state: (LogState, Mono),
    /// When any line came last.
    pub last_line: Option<Mono>,
    /// When a line about a block came last.
    pub last_block: Option<Mono>,
    /// Number of the newest block in the log.
    pub head: Option<u32>,
    /// When a block of another node came last.
    pub last_received: Option<Mono>,
    /// When a block of another producer came last.
    pub last_foreign: Option<(Mono, u32)>,
    /// Block time of the last block of another producer.
    pub last_foreign_time: Option<Timestamp>,
    /// Since when blocks have come without a break of 30 s; wall time.
    blocks_since: Option<Timestamp>,
    /// The last line that is none of our events.
    pub last_other: String,
    /// Lines so far that are none of our events.
    pub others: u64,
    /// Events so far.
    pub events: u64,
    /// Bytes or lines the reader had to drop: how often, and the last cause.
    pub lost: (u64, String),
    /// Since when the producers below are collected: nodeos's last start, where that was seen.
    pub producers_since: Mono,
    /// Producers of the blocks in the log.
    pub producers: Sightings,
    /// Counts of DAWN's missed-block reports.
    pub missed_reports: Window<u32>,
    /// Fork switches.
    pub fork_switches: Window<ForkSwitch>,
    /// Why blocks were rejected.
    pub rejected: Window<Reason>,
    /// Complaints about votes.
    pub finality: Window<Reason>,
    /// Peers connected, as last reported.
    pub peers: Option<(Mono, u32)>,
    /// The last database fault since nodeos started.
    pub database_fault: Option<(Mono, Reason)>,
    /// When nodeos last said that it starts.
    pub started: Option<Mono>,
    /// When nodeos said that it stops, and has not started since.
    pub stopping: Option<Mono>,
    /// When nodeos last said that it replays.
    pub replaying: Option<Mono>,
    /// The last skipped production of this node.
    pub skipped: Option<(Mono, Reason)>,
    /// A block this node signed under a name that is not ours.
    pub wrong_producer: Option<(Mono, Name, u32)>,
    /// How far the newest block was in the future when it came, milliseconds.
    pub block_ahead_ms: i64,
}

impl LogEvidence {
    /// Nothing read yet.
    #[must_use]
    pub fn new(now: Now) -> Self {
        Self {
            since: now.mono,
            state: (LogState::Unknown, now.mono),
            last_line: None,
            last_block: None,
            head: None,
            last_received: None,
            last_foreign: None,
            last_foreign_time: None,
            blocks_since: None,
            last_other: String::new(),
            others: 0,
            events: 0,
            lost: (0, String::new()),
            producers_since: now.mono,
            producers: Sightings::default(),
            missed_reports: Window::new(RARE_MAX),
            fork_switches: Window::new(RARE_MAX),
            rejected: Window::new(BURST_MAX),
            finality: Window::new(BURST_MAX),
            peers: None,
            database_fault: None,
            started: None,
            stopping: None,
            replaying: None,
            skipped: None,
            wrong_producer: None,
            block_ahead_ms: 0,
        }
    }

    /// Records a line that is an event.
    pub fn record(&mut self, now: Now, line: &LogEvent) {
        let at = now.mono;
        self.last_line = Some(at);
        self.events += 1;
        let reason = line.reason.unwrap_or(Reason::Other);
        match line.name {
            EventName::BlockReceived => {
                self.last_received = Some(at);
                self.record_block(now, line);
            }
            EventName::BlockProduced => self.record_block(now, line),
            EventName::BlocksMissed => {
                self.missed_reports.push(at, line.count.unwrap_or_default());
            }
            EventName::ForkSwitched => self.record_fork_switch(at, line),
            EventName::BlockRejected => self.rejected.push(at, reason),
            EventName::FinalityLag => self.finality.push(at, reason),
            EventName::PeerCounts => self.peers = line.count.map(|count| (at, count)),
            EventName::DatabaseFault => self.record_database_fault(at, reason),
            // Builds of early 2018 say it of every slot of the others.
            EventName::ProductionSkipped if reason == Reason::NotMyTurn => {}
            EventName::ProductionSkipped => self.skipped = Some((at, reason)),
            EventName::NodeStarted => {
                self.started = Some(at);
                self.stopping = None;
                self.database_fault = None;
                self.skipped = None;
                self.peers = None;
                self.producers.clear();
                self.producers_since = at;
            }
            EventName::NodeStopping => self.stopping = Some(at),
            EventName::Replaying => self.replaying = Some(at),
            EventName::BlockPopped
            | EventName::BlockDoubleProduced
            | EventName::ProducerPaused
            | EventName::ProducerResumed
            | EventName::BlockDropped
            | EventName::ScheduleChanged
            | EventName::Other => {}
        }
    }

    /// The process that wrote these lines ended, and another runs: what it said of itself is over. A
    /// line since then may be the new one's.
    pub fn process_ended(&mut self, at: Mono) {
        self.database_fault = self.database_fault.filter(|(said, _)| *said > at);
        self.stopping = self.stopping.filter(|said| *said > at);
        self.skipped = self.skipped.filter(|(said, _)| *said > at);
    }

    /// A warning about the disk does not hide a fault of the database itself.
    fn record_database_fault(&mut self, at: Mono, reason: Reason) {
        let is_worse = self.database_fault.is_some_and(|(_, before)| before != Reason::Disk);
        if reason != Reason::Disk || !is_worse {
            self.database_fault = Some((at, reason));
        }
    }

    /// nodeos prints one switch on two lines: `switching forks from … to …`, and, with the depth
    /// from Leap 5.0 on, `successfully switched fork to new head …`.
    fn record_fork_switch(&mut self, at: Mono, line: &LogEvent) {
        let switch = ForkSwitch { head: line.block, depth: line.count };
        match self.fork_switches.last_mut() {
            Some(last) if last.head == switch.head && last.depth.is_none() => *last = switch,
            Some(_) | None => self.fork_switches.push(at, switch),
        }
    }

    fn record_block(&mut self, now: Now, line: &LogEvent) {
        let gap = self.last_block.is_none_or(|at| now.mono.since_ms(at) > BLOCKS_BREAK_MS);
        if gap || self.blocks_since.is_none() {
            self.blocks_since = Some(now.wall);
        }
        self.last_block = Some(now.mono);
        self.head = line.block.or(self.head);
        if line.name == EventName::BlockProduced {
            // A node that signs is not held up by an older cause.
            self.skipped = None;
        }
        if let Some(time) = line.block_time {
            self.block_ahead_ms = time.since_ms(now.wall);
        }
        if let Some(producer) = line.producer {
            self.producers.see(producer, now.mono);
        }
    }

    /// From when to when the log shows every block; `None` while it does not.
    #[must_use]
    pub fn watched(&self, now: Now) -> Option<(Timestamp, Timestamp)> {
        let ago_ms = self.last_block.map(|at| now.mono.since_ms(at))?;
        let last = now.wall.plus_ms(-ago_ms.cast_signed());
        self.blocks_since.filter(|_| ago_ms <= BLOCKS_BREAK_MS).map(|since| (since, last))
    }

    /// Notes that a block of another producer came.
    pub fn record_foreign(&mut self, now: Now, line: &LogEvent) {
        self.last_foreign = Some((now.mono, line.block.unwrap_or_default()));
        self.last_foreign_time = line.block_time.or(self.last_foreign_time);
    }

    /// Notes a block this node signed under another name.
    pub fn record_wrong_producer(&mut self, now: Now, line: &LogEvent) {
        if let Some(producer) = line.producer {
            self.wrong_producer = Some((now.mono, producer, line.block.unwrap_or_default()));
        }
    }

    /// Records lines that are none of our events.
    pub fn record_others(&mut self, now: Now, lines: &OtherLines) {
        self.last_line = Some(now.mono);
        self.others = self.others.saturating_add(lines.count);
        self.last_other.clone_from(&lines.last);
    }

    /// Records what the reader met.
    pub fn record_source(&mut self, now: Now, change: &LogSourceEvent) {
        match change {
            LogSourceEvent::Following { what } => {
                self.state = (LogState::Following(what.clone()), now.mono);
            }
            LogSourceEvent::Unavailable { why } => {
                // Keep since when, however often the reader says so again.
                self.blocks_since = None;
                let since = match &self.state {
                    (LogState::Unavailable(_), since) => *since,
                    _ => now.mono,
                };
                self.state = (LogState::Unavailable(why.clone()), since);
            }
            LogSourceEvent::Replaced { .. } => {}
            LogSourceEvent::Lost { why, .. } => {
                self.lost = (self.lost.0 + 1, why.clone());
                self.blocks_since = None;
            }
        }
    }

    /// Forgets what counts over time.
    pub fn discard(&mut self, now: Now) {
        self.since = now.mono;
        self.state.1 = now.mono;
        self.last_line = None;
        self.last_block = None;
        self.last_received = None;
        self.last_foreign = None;
        self.last_foreign_time = None;
        self.blocks_since = None;
        self.producers.clear();
        self.producers_since = now.mono;
        self.missed_reports.clear();
        self.fork_switches.clear();
        self.rejected.clear();
        self.finality.clear();
        self.peers = None;
    }

    /// Bytes held beside the struct itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.producers.bytes()
            + self.missed_reports.bytes()
            + self.fork_switches.bytes()
            + self.rejected.bytes()
            + self.finality.bytes()
            + self.last_other.capacity()
            + self.lost.1.capacity()
    }
}
