//! The node beside the recorded log: what its RPC would have said, as far as the log tells.
//!
//! A recording holds no RPC. The head is the newest block logged, the last irreversible block what
//! that line says; whether production is paused is what nodeos last said about it. A log that is
//! quiet for long is taken for that of a node that does not run or hangs: its RPC does not answer
//! until it shows a block again.

use crate::core::event::{ApiFailure, ChainInfo, Event, EventName, LogEvent, Reason};
use crate::core::time::{Human, Mono, Now};

/// The daemon asks whether production is paused every 3 s.
const PAUSED_EVERY_MS: u64 = 3_000;

/// Why a node would not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mute {
    /// The log has been, or was, quiet.
    Quiet,
    /// nodeos said that it starts.
    Starting,
}

/// What is known of the node.
#[derive(Debug)]
pub(super) struct Node {
    /// A log quiet for longer is that of a node that does not run, or hangs.
    quiet_max_ms: u64,
    last_line: Mono,
    /// Why the RPC would not answer, until the next block.
    mute: Option<Mute>,
    head: Option<ChainInfo>,
    /// Whether a line ever told the last irreversible block.
    tells_lib: bool,
    paused: Option<bool>,
    paused_told: Option<Mono>,
}

impl Node {
    /// A node of which nothing is known.
    pub(super) fn new(quiet_max_ms: u64, now: Now) -> Self {
        Self {
            quiet_max_ms,
            last_line: now.mono,
            mute: None,
            head: None,
            tells_lib: false,
            paused: None,
            paused_told: None,
        }
    }

    /// A line came that is none of our events.
    pub(super) fn other_line(&mut self, now: Now) {
        self.last_line = now.mono;
    }

    /// A line came.
    pub(super) fn line(&mut self, now: Now, line: &LogEvent) {
        self.last_line = now.mono;
        match line.name {
            EventName::BlockReceived => self.block(line),
            EventName::BlockProduced => {
                self.paused = Some(false);
                self.block(line);
            }
            EventName::ProducerPaused => self.paused = Some(true),
            EventName::ProducerResumed => self.paused = Some(false),
            EventName::ProductionSkipped if line.reason == Some(Reason::Paused) => {
                self.paused = Some(true);
            }
            EventName::NodeStarted => {
                self.mute = Some(Mute::Starting);
                (self.head, self.paused) = (None, None);
            }
            _ => {}
        }
    }

    /// Whether the log has just become quiet for longer than a running node is.
    pub(super) fn falls_quiet(&mut self, now: Now) -> bool {
        let is_quiet = now.mono.since_ms(self.last_line) > self.quiet_max_ms;
        let falls = is_quiet && self.mute != Some(Mute::Quiet);
        if falls {
            self.mute = Some(Mute::Quiet);
        }
        falls
    }

    /// What the RPC would have answered on this tick; nothing while that cannot be told.
    pub(super) fn info(&self, now: Now) -> Option<Event> {
        let why = match self.mute {
            None => return self.head.clone().map(|head| Event::Info(Ok(head))),
            Some(Mute::Starting) => "nodeos has started and shows no block yet".to_owned(),
            Some(Mute::Quiet) => {
                let quiet_ms = now.mono.since_ms(self.last_line);
                if quiet_ms > self.quiet_max_ms {
                    format!("the log shows no line for {}", Human(quiet_ms))
                } else {
                    "the log was quiet and shows no block since".to_owned()
                }
            }
        };
        Some(Event::Info(Err(ApiFailure::Other(why))))
    }

    /// What `paused` would have answered, when it would have been asked again.
    pub(super) fn paused(&mut self, now: Now) -> Option<bool> {
        let due = self.paused_told.is_none_or(|told| now.mono.since_ms(told) >= PAUSED_EVERY_MS);
        if !due || self.mute.is_some() {
            return None;
        }
        self.paused_told = Some(now.mono);
        self.paused
    }

    /// After an order the daemon asks whether it took effect.
    pub(super) fn ask_paused_again(&mut self) {
        self.paused_told = None;
    }

    fn block(&mut self, line: &LogEvent) {
        let (Some(number), Some(time), Some(producer)) =
            (line.block, line.block_time, line.producer)
        else {
            return;
        };
        self.mute = None;
        // A block of another branch, or one that comes again while the node catches up.
        if self.head.as_ref().is_some_and(|head| time < head.head_time) {
            return;
        }
        self.tells_lib |= line.lib.is_some();
        let before = self.head.as_ref().map_or(0, |head| head.lib);
        // DAWN's lines do not tell it: it moves with the head, and is not judged.
        let lib = if self.tells_lib { line.lib.unwrap_or(before) } else { number };
        self.head = Some(ChainInfo {
            chain_id: None,
            head: number,
            head_id: line.block_id.map_or_else(String::new, |id| format!("{:016x}", id.0)),
            head_time: time,
            head_producer: producer,
            lib,
            lib_id: None,
            version: None,
        });
    }
}
