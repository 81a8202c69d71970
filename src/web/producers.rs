//! What every producer of the schedule does, as this node's log shows it: nodeos counts none of it.
//!
//! These are counts of what was seen here and at once. What became of our own slots for good is the
//! slot ledger's to say ([`crate::core::ledger`]).

use std::collections::VecDeque;

use crate::core::event::{Event, EventName, LogEvent, LogSourceEvent, ShortId};
use crate::core::name::Name;
use crate::core::schedule::{Schedule, Slot};
use crate::core::time::{Now, Timestamp};

/// Most producers that are told apart: the longest schedule has 125, and it changes.
pub const PRODUCERS_MAX: usize = 256;
/// Upper bounds of the arrival's classes, milliseconds after the block's time.
pub const ARRIVAL_MS: [i64; 10] = [50, 100, 200, 300, 400, 500, 750, 1_000, 2_000, 5_000];
/// A block is late when it is there later than one slot after its time, milliseconds: the next one
/// should have been built on it by then.
const LATE_MS: i64 = 500;
/// Blocks older than this come while the node catches up, milliseconds: they tell nothing of when
/// they were there at first.
const FRESH_MS: i64 = 60_000;
/// The longest run of empty slots that is counted: an hour.
const GAP_MAX: u32 = 7_200;
/// Blocks remembered, newest last: more than may be reversible with 21 producers before Savanna.
const BLOCKS_MAX: usize = 512;
/// Blocks of another branch that are remembered.
const ASIDE_MAX: usize = 64;
/// Double blocks remembered, so that one is counted once.
const DOUBLES_MAX: usize = 64;

/// Counts of one producer since the keeper started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Its blocks, each slot once.
    pub blocks: u64,
    /// Its slots that stayed empty.
    pub missed: u64,
    /// Its blocks that another branch left behind.
    pub forked: u64,
    /// Its blocks that came later than a slot after their time.
    pub late: u64,
    /// How often it signed two blocks for one slot or of one number.
    pub double: u64,
    /// Time of its last block.
    pub last: Option<Timestamp>,
    /// How its blocks arrived.
    pub arrival: Arrival,
}

/// How long after their time blocks of others arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Blocks in each class of [`ARRIVAL_MS`], and those above the last.
    pub classes: [u64; ARRIVAL_MS.len() + 1],
    /// Sum, milliseconds; a block that came early counts as zero.
    pub sum_ms: u64,
}

/// All producers seen or scheduled.
#[derive(Clone, Debug, Default)]
pub struct Producers {
    of: Vec<(Name, Counts)>,
    schedule: Option<Schedule>,
    /// The branch this node is on.
    blocks: VecDeque<Block>,
    /// Blocks of other branches.
    aside: VecDeque<Block>,
    doubles: VecDeque<(Name, u32)>,
    /// The last slot up to which every slot was looked at.
    seen_to: Option<Slot>,
    is_switching: bool,
    switched_to: Option<u32>,
    switches: u64,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    number: u32,
    slot: Slot,
    producer: Name,
    /// The id as one kind of line prints it; the kinds cut it at different places.
    id: Option<(EventName, ShortId)>,
}

impl Arrival {
    fn add(&mut self, ms: i64) {
        let class = ARRIVAL_MS.iter().position(|bound| ms <= *bound).unwrap_or(ARRIVAL_MS.len());
        self.classes[class] += 1;
        self.sum_ms += u64::try_from(ms).unwrap_or(0);
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.classes.iter().sum()
    }
}

impl Producers {
    /// Each producer and its counts.
    #[must_use]
    pub fn counts(&self) -> &[(Name, Counts)] {
        &self.of
    }

    /// Fork switches seen.
    #[must_use]
    pub const fn switches(&self) -> u64 {
        self.switches
    }

    /// Records a fact.
    pub fn record(&mut self, now: Now, event: &Event) {
        match event {
            Event::Log(line) => self.record_line(now, line),
            Event::Schedule(Ok(schedule)) => self.schedule = Some(schedule.clone()),
            // What was not shown is not known to be empty.
            Event::LogSource(LogSourceEvent::Unavailable { .. } | LogSourceEvent::Lost { .. }) => {
                self.forget();
            }
            _ => {}
        }
    }

    fn forget(&mut self) {
        self.seen_to = None;
        self.blocks.clear();
        self.aside.clear();
        self.is_switching = false;
    }

    fn record_line(&mut self, now: Now, line: &LogEvent) {
        match line.name {
            EventName::BlockReceived | EventName::BlockProduced => self.record_block(now, line),
            EventName::ForkSwitched => self.record_switch(line),
            EventName::BlockDoubleProduced => {
                if let (Some(producer), Some(number)) = (line.producer, line.block) {
                    self.note_double(producer, number);
                }
            }
            EventName::NodeStarted | EventName::Replaying => self.forget(),
            _ => {}
        }
    }

    fn record_block(&mut self, now: Now, line: &LogEvent) {
        let (Some(number), Some(time), Some(producer)) =
            (line.block, line.block_time, line.producer)
        else {
            return;
        };
        if now.wall.since_ms(time).abs() > FRESH_MS {
            return self.forget();
        }
        let id = line.block_id.map(|id| (line.name, id));
        let block = Block { number, slot: Slot::at(time), producer, id };
        if self.is_known(&block) {
            return;
        }
        let came = line.logged_at.unwrap_or(now.wall);
        let arrival = line.latency_ms.unwrap_or_else(|| came.since_ms(time));
        let is_received = line.name == EventName::BlockReceived;
        self.count(producer, |counts| {
            counts.blocks += 1;
            counts.last = counts.last.max(Some(time));
            if is_received {
                counts.arrival.add(arrival);
                counts.late += u64::from(arrival > LATE_MS);
            }
        });
        self.look_for_empty_slots(&block);
        self.place(block);
        if let Some(lib) = line.lib {
            self.settle(lib);
        }
    }

    /// Whether this very block was counted already; a second one for its slot is a double.
    fn is_known(&mut self, block: &Block) -> bool {
        let all = self.blocks.iter().chain(&self.aside);
        let mut same = all.filter(|b| b.slot == block.slot && b.producer == block.producer);
        let Some(known) = same.next() else { return false };
        let is_other = match (known.id, block.id) {
            (Some((line, id)), Some((other_line, other))) if line == other_line => id != other,
            _ => known.number != block.number,
        };
        if is_other {
            self.note_double(block.producer, block.number);
        }
        true
    }

    fn note_double(&mut self, producer: Name, number: u32) {
        if self.doubles.contains(&(producer, number)) {
            return;
        }
        push(&mut self.doubles, (producer, number), DOUBLES_MAX);
        self.count(producer, |counts| counts.double += 1);
    }

    /// Counts the slots between the block before and this one. Only where both are where the
    /// schedule says: around a change of it nobody knows whose a slot was.
    fn look_for_empty_slots(&mut self, block: &Block) {
        let Some(before) = self.seen_to else {
            self.seen_to = Some(block.slot);
            return;
        };
        if block.slot <= before {
            return;
        }
        self.seen_to = Some(block.slot);
        let Some(schedule) = &self.schedule else { return };
        let last = self.blocks.back().is_some_and(|b| schedule.owner(b.slot) == Some(b.producer));
        let gap = block.slot.0 - before.0;
        if !last || gap > GAP_MAX || schedule.owner(block.slot) != Some(block.producer) {
            return;
        }
        let owners: Vec<Name> =
            (before.0 + 1..block.slot.0).filter_map(|slot| schedule.owner(Slot(slot))).collect();
        for owner in owners {
            self.count(owner, |counts| counts.missed += 1);
        }
    }

    /// Puts a block where it belongs: on this node's branch, or beside it.
    fn place(&mut self, block: Block) {
        let head = self.blocks.back().map_or(0, |last| last.number);
        if block.number > head {
            self.is_switching = false;
            push(&mut self.blocks, block, BLOCKS_MAX);
        } else if self.is_switching {
            self.leave_behind(block.number);
            push(&mut self.blocks, block, BLOCKS_MAX);
        } else {
            push(&mut self.aside, block, ASIDE_MAX);
        }
    }

    /// nodeos prints one switch on two lines, with the number of the new head.
    fn record_switch(&mut self, line: &LogEvent) {
        if line.block.is_none() || self.switched_to != line.block {
            self.switches += 1;
            self.switched_to = line.block;
            // Where the blocks of the branch came before the switch to it.
            if let Some(first) = self.aside.iter().map(|block| block.number).min() {
                self.leave_behind(first);
                let branch: Vec<Block> = self.aside.drain(..).collect();
                branch.into_iter().for_each(|block| push(&mut self.blocks, block, BLOCKS_MAX));
            }
        }
        self.is_switching = true;
    }

    /// The blocks from this number on are not this node's branch any more.
    fn leave_behind(&mut self, from: u32) {
        while self.blocks.back().is_some_and(|block| block.number >= from) {
            if let Some(block) = self.blocks.pop_back() {
                self.count(block.producer, |counts| counts.forked += 1);
            }
        }
    }

    /// What is beside the branch at an irreversible height lost for good.
    fn settle(&mut self, lib: u32) {
        let (lost, open): (Vec<Block>, Vec<Block>) =
            self.aside.drain(..).partition(|block| block.number <= lib);
        self.aside.extend(open);
        for block in lost {
            self.count(block.producer, |counts| counts.forked += 1);
        }
    }

    fn count(&mut self, producer: Name, add: impl FnOnce(&mut Counts)) {
        if let Some((_, counts)) = self.of.iter_mut().find(|(name, _)| *name == producer) {
            add(counts);
        } else if self.of.len() < PRODUCERS_MAX {
            let mut counts = Counts::default();
            add(&mut counts);
            self.of.push((producer, counts));
        }
    }
}

fn push<T>(ring: &mut VecDeque<T>, item: T, most: usize) {
    if ring.len() >= most {
        ring.pop_front();
    }
    ring.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slot 0 of a round of three producers.
    const START: u32 = 12 * 3 * 1_000_000;

    struct Log {
        producers: Producers,
    }

    impl Log {
        fn new() -> Self {
            let names = ["alice", "bob", "carol"].map(|name| name.parse().unwrap());
            let schedule = Schedule { version: 1, producers: names.to_vec() };
            let mut producers = Producers::default();
            producers.record(Now::default(), &Event::Schedule(Ok(schedule)));
            Self { producers }
        }

        /// A received block in a slot after the start, `late` milliseconds after its time.
        fn block(&mut self, number: u32, slot: u32, producer: &str, late: i64) -> &mut Self {
            self.line(number, slot, producer, late, u64::from(number) * 1_000 + u64::from(slot))
        }

        fn line(&mut self, number: u32, slot: u32, by: &str, late: i64, id: u64) -> &mut Self {
            let time = Slot(START + slot).time();
            let line = LogEvent {
                block: Some(number),
                block_time: Some(time),
                producer: Some(by.parse().unwrap()),
                latency_ms: Some(late),
                block_id: Some(ShortId(id)),
                lib: Some(number.saturating_sub(30)),
                ..LogEvent::new(EventName::BlockReceived)
            };
            let now = Now { wall: time.plus_ms(late), ..Now::default() };
            self.producers.record(now, &Event::Log(line));
            self
        }

        fn switch(&mut self, head: u32) -> &mut Self {
            let line = LogEvent { block: Some(head), ..LogEvent::new(EventName::ForkSwitched) };
            self.producers.record(Now::default(), &Event::Log(line));
            self
        }

        /// Blocks, missed, forked, late, double.
        fn counts(&self, name: &str) -> [u64; 5] {
            let name: Name = name.parse().unwrap();
            let found = self.producers.counts().iter().find(|(known, _)| *known == name);
            found.map_or([0; 5], |(_, c)| [c.blocks, c.missed, c.forked, c.late, c.double])
        }
    }

    #[test]
    fn empty_slots_belong_to_whom_the_schedule_says() {
        let mut log = Log::new();
        // alice signs 10 of 12, bob none, carol from the third on.
        for slot in 0..10 {
            log.block(100 + slot, slot, "alice", 90);
        }
        log.block(110, 26, "carol", 90).block(111, 27, "carol", 700);
        assert_eq!(log.counts("alice"), [10, 2, 0, 0, 0]);
        assert_eq!(log.counts("bob"), [0, 12, 0, 0, 0]);
        assert_eq!(log.counts("carol"), [2, 2, 0, 1, 0]);
        let carol: Name = "carol".parse().unwrap();
        let (_, carol) = log.producers.counts().iter().find(|(name, _)| *name == carol).unwrap();
        assert_eq!((carol.arrival.count(), carol.arrival.sum_ms), (2, 790));
    }

    #[test]
    fn nothing_is_missed_where_nothing_was_shown_or_the_schedule_is_another() {
        let mut log = Log::new();
        log.block(100, 0, "alice", 90);
        let why = "the file is gone".to_owned();
        let gone = Event::LogSource(LogSourceEvent::Unavailable { why });
        log.producers.record(Now::default(), &gone);
        log.block(110, 20, "bob", 90);
        assert_eq!((log.counts("alice")[1], log.counts("bob")[1]), (0, 0), "not shown");
        log.block(111, 30, "alice", 90).block(112, 35, "carol", 90);
        assert_eq!(log.counts("carol")[1], 0, "a block where it does not belong");
        log.block(200, 36, "alice", 70_000).block(201, 40, "alice", 90);
        assert_eq!(log.counts("alice")[1], 0, "the node caught up");
    }

    #[test]
    fn a_branch_that_was_left_is_forked_for_whoever_signed_it() {
        // Spring prints the switch, then the blocks of the new branch.
        let mut log = Log::new();
        log.block(100, 11, "alice", 90).block(101, 12, "bob", 90).block(102, 13, "bob", 90);
        log.switch(101).switch(101).block(101, 14, "bob", 90).block(102, 15, "bob", 90);
        assert_eq!(log.counts("bob"), [4, 0, 2, 0, 0]);
        assert_eq!((log.counts("alice")[2], log.producers.switches()), (0, 1));
        // EOSIO prints the blocks of the branch, then the switch.
        let mut log = Log::new();
        log.block(100, 11, "alice", 90).block(101, 12, "bob", 90).block(101, 13, "bob", 90);
        log.switch(102).block(102, 14, "bob", 90);
        assert_eq!(log.counts("bob"), [3, 0, 1, 0, 0]);
        // A branch nobody went to is lost once it is final.
        log.block(102, 15, "bob", 90);
        assert_eq!(log.counts("bob")[2], 1);
        for number in 103..140 {
            log.block(number, number, "bob", 90);
        }
        assert_eq!(log.counts("bob")[2], 2);
    }

    #[test]
    fn two_blocks_for_one_slot_are_double_once_and_the_same_line_again_is_nothing() {
        let mut log = Log::new();
        log.line(100, 0, "alice", 90, 7).line(100, 0, "alice", 95, 7);
        assert_eq!(log.counts("alice"), [1, 0, 0, 0, 0]);
        log.line(100, 0, "alice", 99, 8).line(100, 0, "alice", 99, 9);
        assert_eq!(log.counts("alice"), [1, 0, 0, 0, 1]);
        let said = LogEvent {
            block: Some(100),
            producer: Some("alice".parse().unwrap()),
            ..LogEvent::new(EventName::BlockDoubleProduced)
        };
        log.producers.record(Now::default(), &Event::Log(said));
        assert_eq!(log.counts("alice")[4], 1, "nodeos says the same");
    }

    #[test]
    fn memory_is_bounded() {
        let mut log = Log::new();
        for number in 0..2_000_u32 {
            let letters = |n: u32| char::from(b'a' + (n % 26) as u8);
            let name =
                format!("p{}{}{}", letters(number), letters(number / 26), letters(number / 676));
            log.block(number + 1, number, &name, 90).block(number + 1, number, "other", 90);
        }
        let producers = &log.producers;
        assert_eq!(producers.of.len(), PRODUCERS_MAX);
        assert!(producers.blocks.len() <= BLOCKS_MAX && producers.aside.len() <= ASIDE_MAX);
        assert!(producers.doubles.len() <= DOUBLES_MAX);
    }
}
