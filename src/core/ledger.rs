//! The slot ledger: what became of each of our slots, for good, and why one was lost.
//!
//! A turn is settled once it is irreversible. What is on the final chain then is asked of the node
//! by block number ([`Ledger::wanted`]); where it does not tell, the log's word counts as far as
//! it goes. What nobody can know is `unknown`, and never counted as met or missed.

mod cause;
mod settled;
mod summary;
mod turn;
mod walk;

use std::collections::VecDeque;

use crate::core::event::{ApiFailure, ChainBlock, Event, EventName, LogEvent};
use crate::core::evidence::own::Via;
use crate::core::name::Name;
use crate::core::schedule::{Schedule, Slot, Turn};
use crate::core::time::{Now, Timestamp};
use turn::{Pending, Seen};

pub use cause::LostCause;
pub(crate) use cause::standing;
pub use settled::{Loss, Proof, SLOTS_ALL, SettledTurn, SlotFate};
pub use summary::{CauseCount, LedgerSummary};

/// Turns that may wait to be irreversible: more than an hour with 21 producers.
const PENDING_MAX: usize = 32;
/// Turns nobody watched that are still asked for, the newest; older ones are told of as unknown.
const UNWATCHED_MAX: usize = 8;
/// Settled turns that wait to be fetched.
const SETTLED_MAX: usize = 16;
/// Blocks of others remembered, to see two of one number.
const OTHERS_MAX: usize = 32;
/// A turn is settled this long after its end at the earliest, milliseconds: two turns, so that what
/// stopped the node has come to light.
const SETTLE_MS: i64 = 12_000;
/// Without any answer about the chain for so long after a turn became irreversible, the log's word
/// must do, milliseconds: a restart of nodeos takes less …
const UNTOLD_MS: i64 = 120_000;
/// … and without all of them for so long, milliseconds.
const HALF_TOLD_MS: i64 = 600_000;
/// A turn was watched from its beginning if it was begun so soon after it, milliseconds: three
/// looks.
const BEGUN_MS: i64 = 3_000;
/// A block of ours further from now than this begins no turn, milliseconds: it is an old one that
/// the node catches up with, or its time is wrong.
const FRESH_MS: i64 = 60_000;
/// A block is late when it is there later than one slot after its time, milliseconds: the next one
/// should have been built on it by then.
const LATE_MS: i64 = 500;
/// Blocks older than this come while the node catches up, milliseconds: when they were there at
/// first is not known.
const CATCHING_UP_MS: i64 = 60_000;
/// A clock that moved so much further than the other has jumped, milliseconds.
const JUMP_MS: i64 = 60_000;
/// The longest time that is told of as not watched, milliseconds: as long as anything is kept.
const GAP_MAX_MS: i64 = 400 * 86_400_000;

/// Our turns that are not settled yet.
#[derive(Clone, Debug)]
pub struct Ledger {
    producer: Name,
    schedule: Option<Schedule>,
    /// Oldest first.
    pending: VecDeque<Pending>,
    /// Turns up to this one were begun; `None` at the start.
    begun_to: Option<Turn>,
    /// Blocks of other producers seen last: number and time.
    others: VecDeque<(u32, Timestamp)>,
    /// How late the last block of another producer was, milliseconds.
    others_late_ms: Option<i64>,
    /// Greatest last irreversible block that the RPC or the log told.
    lib: u32,
    /// The same, of the RPC alone: what it can be asked for.
    polled_lib: u32,
    last_tick: Option<Now>,
    settled: VecDeque<SettledTurn>,
}

impl Ledger {
    /// An empty ledger.
    #[must_use]
    pub fn new(producer: Name) -> Self {
        Self {
            producer,
            schedule: None,
            pending: VecDeque::new(),
            begun_to: None,
            others: VecDeque::new(),
            others_late_ms: None,
            lib: 0,
            polled_lib: 0,
            last_tick: None,
            settled: VecDeque::new(),
        }
    }

    /// Goes on where the last run ended: `last` is the start of the last turn that is in the
    /// history. To be told before the first tick.
    pub fn resume(&mut self, last: Timestamp) {
        self.begun_to = Some(Slot::at(last).turn());
    }

    /// Records a fact.
    pub fn record(&mut self, now: Now, event: &Event) {
        match event {
            Event::Log(line) => self.record_line(now, line),
            Event::Info(Ok(info)) => {
                (self.lib, self.polled_lib) = (self.lib.max(info.lib), info.lib);
                if info.head_producer == self.producer {
                    self.see_ours(now, info.head, info.head_time, Via::Polled, None);
                }
                self.see_after(info.head, info.head_time);
            }
            Event::Schedule(Ok(schedule)) => self.schedule = Some(schedule.clone()),
            Event::ChainBlock(block) => self.record_block(block),
            _ => {}
        }
    }

    /// Begins the turns that are due, notes what stands in the way, and settles what is final.
    /// `watched` is from when to when the log shows every block, as
    /// [`crate::core::evidence::log::LogEvidence::watched`] says it.
    pub fn tick(
        &mut self,
        now: Now,
        watched: Option<(Timestamp, Timestamp)>,
        cause: Option<LostCause>,
    ) {
        let before = self.last_tick.replace(now);
        self.notice_jump(before, now);
        self.begin_turns(now);
        let since = before.map_or(now.wall, |before| before.wall);
        for pending in &mut self.pending {
            pending.stands(since, now.wall, cause);
            pending.note_watched(watched);
            if pending.seed.is_some_and(|seed| seed <= self.lib) {
                pending.final_since.get_or_insert(now.wall);
            }
        }
        self.settle_due(now.wall);
    }

    /// Numbers of blocks, up to the last irreversible one, that the node is to be asked for: a
    /// handful, the same ones again until they are answered.
    #[must_use]
    pub fn wanted(&self) -> Vec<u32> {
        let lib = self.polled_lib;
        let mut wanted = self.pending.iter().map(|pending| pending.wanted(lib));
        wanted.find(|wanted| !wanted.is_empty()).unwrap_or_default()
    }

    /// The turns that were settled since this was last asked, oldest first, each once.
    pub fn take_settled(&mut self) -> Vec<SettledTurn> {
        self.settled.drain(..).collect()
    }

    /// Bytes held beside the struct itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let names = self.schedule.as_ref().map_or(0, |s| s.producers.capacity());
        let losses = |turn: &SettledTurn| turn.losses.capacity() * (size_of::<Loss>() + 32);
        self.pending.capacity() * size_of::<Pending>()
            + self.others.capacity() * size_of::<(u32, Timestamp)>()
            + self.settled.capacity() * size_of::<SettledTurn>()
            + self.settled.iter().map(losses).sum::<usize>()
            + names * size_of::<Name>()
    }

    fn record_line(&mut self, now: Now, line: &LogEvent) {
        self.lib = self.lib.max(line.lib.unwrap_or_default());
        if line.name == EventName::BlockDropped
            && let Some(number) = line.block
        {
            self.pending.iter_mut().for_each(|pending| pending.contest(number));
        }
        let via = match line.name {
            EventName::BlockReceived => Via::Received,
            EventName::BlockProduced => Via::Produced,
            _ => return,
        };
        let (Some(number), Some(time)) = (line.block, line.block_time) else { return };
        let came = line.logged_at.unwrap_or(now.wall);
        let late_ms = line.latency_ms.filter(|_| via == Via::Received);
        let late_ms = late_ms.unwrap_or_else(|| came.since_ms(time));
        if line.producer == Some(self.producer) {
            self.see_ours(now, number, time, via, Some(late_ms));
        } else {
            self.see_other(number, time, late_ms);
        }
        self.see_after(number, time);
    }

    fn see_ours(&mut self, now: Now, number: u32, time: Timestamp, via: Via, late_ms: Option<i64>) {
        let slot = Slot::at(time);
        let is_fresh = now.wall.since_ms(time).abs() <= FRESH_MS;
        if is_fresh && self.begun_to.is_none_or(|begun| slot.turn() > begun) {
            // It comes before the tick, or the schedule is not known yet.
            self.begin(slot.turn(), true);
        }
        let is_behind = via == Via::Received && self.others_late_ms.is_some_and(|ms| ms > LATE_MS);
        let is_late = late_ms.is_some_and(|ms| ms > LATE_MS && ms <= CATCHING_UP_MS) && !is_behind;
        let is_contested =
            self.others.iter().any(|(other, at)| *other == number && *at != slot.time());
        let seen = Seen { at: slot.in_turn(), number, via, is_late, is_contested };
        if let Some(pending) = self.pending.iter_mut().find(|p| p.turn == slot.turn()) {
            pending.see(seen);
        }
    }

    fn see_other(&mut self, number: u32, time: Timestamp, late_ms: i64) {
        self.others_late_ms = Some(late_ms);
        if self.others.len() >= OTHERS_MAX {
            self.others.pop_front();
        }
        self.others.push_back((number, time));
        self.pending.iter_mut().for_each(|pending| pending.contest(number));
    }

    /// A block after a turn tells where on the chain the turn was.
    fn see_after(&mut self, number: u32, time: Timestamp) {
        for pending in &mut self.pending {
            if pending.seed.is_none() && time >= pending.turn.end() {
                pending.seed = Some(number);
            }
        }
    }

    fn record_block(&mut self, block: &ChainBlock) {
        let (lib, ours) = (self.polled_lib, self.producer);
        let asked = self.pending.iter_mut().find(|p| p.wanted(lib).contains(&block.number));
        let Some(pending) = asked else { return };
        match &block.answer {
            Ok(facts) => pending.walk.block(block.number, facts.time, facts.producer, ours),
            Err(
                ApiFailure::HttpStatus(_)
                | ApiFailure::NoSuchApi
                | ApiFailure::NotJson(_)
                | ApiFailure::UnexpectedAnswer(_)
                | ApiFailure::BodyTooLarge(_),
            ) => pending.walk.refused(),
            // A node that is down may tell later.
            Err(_) => {}
        }
    }

    /// A clock that was put: what lies between is no time that passed.
    fn notice_jump(&mut self, before: Option<Now>, now: Now) {
        let running = Slot::at(now.wall).turn();
        let jumped = before.is_some_and(|before| {
            let mono_ms = now.mono.since_ms(before.mono).cast_signed();
            (now.wall.since_ms(before.wall) - mono_ms).abs() > JUMP_MS
        });
        if jumped || self.begun_to.is_some_and(|begun| begun.0 > running.0 + 1) {
            self.pending.retain(|pending| pending.turn <= running);
            self.begun_to = Some(Turn(running.0.saturating_sub(1)));
        }
    }

    /// Begins our turns up to the running one.
    fn begin_turns(&mut self, now: Now) {
        let running = Slot::at(now.wall).turn();
        let Some(schedule) = &self.schedule else { return };
        let before = Turn(running.0.saturating_sub(1));
        let begun = self.begun_to.replace(running).unwrap_or(before);
        let is_kept = running.start().since_ms(begun.start()) <= GAP_MAX_MS;
        let begun = if is_kept { begun } else { before };
        let count = schedule.producers.len() as u32;
        let newest = (0..count)
            .map(|back| Turn(running.0.saturating_sub(back)))
            .find(|turn| schedule.owner_of_turn(*turn) == Some(self.producer));
        let Some(mut next) = newest else { return };
        let mut due = Vec::new();
        while next > begun && due.len() < UNWATCHED_MAX {
            due.push(next);
            next = Turn(next.0.saturating_sub(count));
        }
        if next > begun {
            self.tell_gap(begun, next, count, now.wall);
        }
        for turn in due.into_iter().rev() {
            self.begin(turn, now.wall.since_ms(turn.start()) <= BEGUN_MS);
        }
    }

    /// Tells of the turns that are too many to ask for, after `begun` and up to `newest`.
    fn tell_gap(&mut self, begun: Turn, newest: Turn, count: u32, now: Timestamp) {
        let turns = (newest.0 - begun.0).div_ceil(count);
        let first = Turn(newest.0.saturating_sub((turns - 1) * count));
        let span = (first.start(), newest.start());
        self.push_settled(SettledTurn::not_watched(span, turns, self.producer, now));
    }

    fn begin(&mut self, turn: Turn, is_watched: bool) {
        if self.pending.iter().any(|pending| pending.turn == turn) {
            return;
        }
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            let now = self.last_tick.map_or(turn.start(), |now| now.wall);
            self.push_settled(oldest.settle(self.producer, now, false));
        }
        let place = self.pending.iter().position(|pending| pending.turn > turn);
        self.pending.insert(place.unwrap_or(self.pending.len()), Pending::new(turn, is_watched));
    }

    fn settle_due(&mut self, now: Timestamp) {
        while let Some(oldest) = self.pending.front().filter(|pending| pending.is_due(now)) {
            let settled = oldest.settle(self.producer, now, true);
            self.pending.pop_front();
            self.push_settled(settled);
        }
    }

    fn push_settled(&mut self, turn: SettledTurn) {
        if self.settled.len() >= SETTLED_MAX {
            self.settled.pop_front();
        }
        self.settled.push_back(turn);
    }
}
