//! A host: its clocks, its disk, its scripts, and the keeper that runs there.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::core::action::Latch;
use crate::core::answered::Answered;
use crate::core::decision::DecisionKind;
use crate::core::event::{Event, EventName};
use crate::core::gates::HoldReason;
use crate::core::keeper::Keeper;
use crate::core::time::{Mono, Now, Timestamp};
use crate::core::urgency::Urgency;

/// What the monotonic clock shows at the start of the run, milliseconds.
const MONO_START_MS: u64 = 1_000_000;
/// Writes of the latch that wait, as in the daemon; one more has no outcome.
pub(super) const WRITES_MAX: usize = 16;
/// Events that wait for a keeper that does not run, as in the daemon; lines wait in the file.
pub(super) const EVENTS_MAX: usize = 4096;

/// What is the matter with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskFault {
    /// Full or read-only: a write fails.
    Fails,
    /// A write does not end.
    Hangs,
    /// A write takes four seconds.
    Slow,
    /// What is there cannot be read by a keeper that starts.
    Unreadable,
}

/// What comes of a script or of the producer API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptFault {
    /// It says so and changes nothing.
    Refuses,
    /// It fails and changes nothing.
    Fails,
    /// It does nothing until its deadline.
    Hangs,
    /// It does what it should and fails.
    HalfDone,
    /// It says done and did nothing.
    Lies,
}

/// The clocks of a host.
#[derive(Clone, Debug)]
pub struct Clocks {
    start: Timestamp,
    /// How far the wall clock is off, milliseconds.
    pub off_ms: i64,
    /// Parts per million it gains, and since when.
    pub drift: Option<(i64, u64)>,
    /// What the monotonic clock missed, milliseconds: Linux stops it in a suspend.
    pub mono_missed_ms: u64,
}

impl Clocks {
    /// True clocks.
    #[must_use]
    pub const fn new(start: Timestamp) -> Self {
        Self { start, off_ms: 0, drift: None, mono_missed_ms: 0 }
    }

    /// How far the wall clock is off, milliseconds.
    #[must_use]
    pub fn error_ms(&self, now_ms: u64) -> i64 {
        let drifted = self.drift.map_or(0, |(ppm, since)| {
            now_ms.saturating_sub(since).cast_signed().saturating_mul(ppm) / 1_000_000
        });
        self.off_ms + drifted
    }

    /// Both clocks.
    #[must_use]
    pub fn now(&self, now_ms: u64) -> Now {
        Now {
            mono: Mono::from_ms((MONO_START_MS + now_ms).saturating_sub(self.mono_missed_ms)),
            wall: self.start.plus_ms(now_ms.cast_signed() + self.error_ms(now_ms)),
        }
    }
}

/// The disk with the state.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// What is on it.
    pub latch: Option<Latch>,
    /// What is the matter with it, the newest fault last.
    pub faults: Vec<DiskFault>,
    /// Writes in order, the first of them under way.
    pub(super) queue: VecDeque<(u64, Latch)>,
    /// When a write last failed, milliseconds.
    pub(super) failed_ms: Option<u64>,
}

impl Disk {
    /// Whether it has a fault of a kind.
    #[must_use]
    pub fn has(&self, fault: DiskFault) -> bool {
        self.faults.contains(&fault)
    }
}

/// What a keeper knows of its node by a single line, and by nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heard {
    /// That nodeos stops.
    pub(super) stopping: bool,
    /// That its database is faulty.
    pub(super) database_fault: bool,
}

impl Heard {
    /// A line reached the keeper.
    pub(super) fn line(&mut self, name: EventName) {
        match name {
            EventName::NodeStopping => self.stopping = true,
            EventName::DatabaseFault => self.database_fault = true,
            EventName::NodeStarted => *self = Self::default(),
            _ => {}
        }
    }
}

/// A host with its keeper.
#[derive(Debug)]
pub struct Host {
    /// Its clocks.
    pub clocks: Clocks,
    /// Its disk.
    pub disk: Disk,
    /// What is the matter with its scripts, the newest fault last.
    pub scripts: Vec<ScriptFault>,
    /// The keeper while its process is there.
    pub keeper: Option<Box<Keeper>>,
    /// Faults that keep the keeper from running.
    pub dead: u8,
    /// Faults that stop its process as SIGSTOP does.
    pub frozen: u8,
    /// Faults that hide the log.
    pub log_silent: u8,
    /// Faults that hold the log back.
    pub log_held: u8,
    /// Counts the keeper's lives.
    pub life: u32,
    /// What waits for a keeper that is frozen.
    pub(super) waiting: Vec<Event>,
    /// Lines that wait in the file.
    pub(super) lines: Vec<Event>,
    /// The state could not be read when this keeper started.
    pub(super) is_latch_unreadable: bool,
    /// Alarms that stand: raised and not resolved, with when that was, milliseconds.
    pub(super) alarms: BTreeMap<String, u64>,
    /// What the keeper was told of its node, in this life.
    pub(super) heard: Heard,
    /// What the node last answered to the keeper.
    pub(super) answered: Answered,
    /// What the keeper last decided.
    pub(super) decided: Option<(DecisionKind, Option<HoldReason>)>,
    /// What the keeper heard last, to tell what it judges at once.
    pub(super) urgency: Urgency,
    /// Ticks in a row with all gates before the confirmation open.
    pub(super) ready_ticks: u32,
    /// The incident of the promotion that was begun last.
    pub(super) begun: String,
    /// When promotions were begun, milliseconds; of all lives of the keeper.
    pub(super) promotions_ms: Vec<u64>,
    /// Whether the last of them is under way and is taken out again when it comes to nothing.
    pub(super) is_counted: bool,
    /// Until when a person ordered that nothing is done there, milliseconds; 0: not.
    pub(super) maintained_ms: u64,
    /// When a person last ordered that, milliseconds.
    pub(super) maintained_since_ms: u64,
    /// When a person last ordered that this node sign, milliseconds.
    pub(super) ordered_ms: Option<u64>,
    /// What the lease's task does.
    pub(super) lease: super::etcd::Client,
}

impl Host {
    /// A host whose keeper does not run yet.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self {
            clocks: Clocks::new(start),
            disk: Disk::default(),
            scripts: Vec::new(),
            keeper: None,
            dead: 0,
            frozen: 0,
            log_silent: 0,
            log_held: 0,
            life: 0,
            waiting: Vec::new(),
            lines: Vec::new(),
            is_latch_unreadable: false,
            alarms: BTreeMap::new(),
            heard: Heard::default(),
            answered: Answered::default(),
            decided: None,
            urgency: Urgency::default(),
            ready_ticks: 0,
            begun: String::new(),
            promotions_ms: Vec::new(),
            is_counted: false,
            maintained_ms: 0,
            maintained_since_ms: 0,
            ordered_ms: None,
            lease: super::etcd::Client::default(),
        }
    }

    /// Whether the keeper's process is there and not stopped.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.keeper.is_some() && self.frozen == 0
    }
}
