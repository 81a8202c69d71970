//! Blocks that carry our producer's name: here, elsewhere, or both.

use std::collections::VecDeque;

use serde::Serialize;

use crate::core::event::ShortId;
use crate::core::name::Name;
use crate::core::schedule::{SLOT_MS, Slot, TURN_SLOTS};
use crate::core::time::{Mono, Now, Timestamp};
use crate::core::window::Window;

/// Own blocks remembered: 256 are the blocks of 21 turns, 45 minutes with 21 producers.
const PRODUCED_MAX: usize = 256;

/// A received block of ours counts as signed elsewhere only while it is this fresh: older ones are
/// our own, coming back while the node catches up after a restart.
const ELSEWHERE_FRESH_MS: i64 = 60_000;

/// A node that signed nothing for so long began a new run of turns: the longest round there is,
/// 125 producers × 6 s = 750 s, and a minute.
const RUN_BREAK_MS: i64 = 810_000;

/// Blocks of the same numbers as ours, dropped while this node is in its turn, that tell of a second
/// signer: so many different numbers …
const CONTESTED_MIN: usize = 8;
/// … over so long, milliseconds. The late blocks of the producer before us come at once, when the
/// network or this host wakes up, or every 500 ms for as long as that producer is late; those of a
/// second signer come through the whole turn. Blocks 3.5 s late are of no use to anybody.
const CONTESTED_SPREAD_MS: u64 = 3_500;
/// Fewer are enough once the producer before us is known to have delivered its last block: then
/// nobody but a second signer has blocks for our slots. Four in the rhythm of slots, and not what
/// a peer sends at once of an old fork.
const CONTESTED_MIN_ALL_HEARD: usize = 4;
/// … over so long, milliseconds: four blocks span 1.5 s, less what arrives unevenly.
const CONTESTED_SPREAD_ALL_HEARD_MS: u64 = 1_200;
/// A turn, milliseconds; dropped blocks of an older one do not count.
const CONTESTED_WINDOW_MS: u64 = 6_000;
/// This node is in its turn while its last block is not older, milliseconds.
const IN_TURN_MS: u64 = 1_500;

/// How a block was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// This node's log says that it signed it.
    Produced,
    /// This node's log says that it received it.
    Received,
    /// It was the head when `get_info` was asked.
    Polled,
}

/// A block with our producer's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnBlock {
    /// Its number.
    pub number: u32,
    /// Its own time.
    pub time: Timestamp,
    /// First digits of its id, where the log prints them.
    pub id: Option<ShortId>,
    /// When it was seen.
    pub seen_at: Now,
    /// How it was seen.
    pub via: Via,
}

impl OwnBlock {
    /// Whether a received block is this produced one. From EOSIO 1.0 to 1.8 a produced line prints
    /// the id's digits 0..16 (the first eight are the block number), a received line 8..24.
    fn is_same_block(&self, received: &Self) -> bool {
        if self.number != received.number {
            return false;
        }
        let (Some(ours), Some(theirs)) = (self.id, received.id) else { return true };
        let starts_with_number = ours.0 >> 32 == u64::from(self.number);
        ours == theirs || starts_with_number && ours.0 & 0xffff_ffff == theirs.0 >> 32
    }
}

/// What is known of our producer's blocks.
#[derive(Clone, Debug)]
pub struct OwnBlocks {
    producer: Name,
    /// Blocks from before this may be our own although we did not see them made.
    listening_since: Timestamp,
    /// The newest by block time.
    pub last: Option<OwnBlock>,
    /// The newest that this node signed.
    pub last_produced: Option<OwnBlock>,
    /// Time of the first block of the run of turns this node is signing.
    pub signing_since: Option<Timestamp>,
    /// The newest that another node signed while this one was signing too.
    pub last_elsewhere: Option<OwnBlock>,
    /// The newest slot that was signed twice, with different ids.
    pub last_double: Option<OwnBlock>,
    /// When nodeos last refused a block because our producer confirmed one range twice.
    pub last_double_confirming: Option<Mono>,
    produced: VecDeque<OwnBlock>,
    /// Numbers of the blocks dropped during this node's turn.
    contested: Window<u32>,
}

impl OwnBlocks {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(producer: Name, now: Now) -> Self {
        Self {
            producer,
            listening_since: now.wall,
            last: None,
            last_produced: None,
            signing_since: None,
            last_elsewhere: None,
            last_double: None,
            last_double_confirming: None,
            produced: VecDeque::new(),
            contested: Window::new(2 * TURN_SLOTS as usize),
        }
    }

    /// Blocks that this node signed, oldest first; the newest 256.
    pub fn produced(&self) -> impl Iterator<Item = &OwnBlock> {
        self.produced.iter()
    }

    /// The producer whose blocks these are.
    #[must_use]
    pub fn producer(&self) -> Name {
        self.producer
    }

    /// Records a block.
    pub fn record(&mut self, block: OwnBlock) {
        // The head of a stalled chain is polled again and again; it is seen once.
        if self.last.is_none_or(|last| block.time > last.time || block.via != Via::Polled) {
            self.last = Some(block);
        }
        match block.via {
            Via::Produced => self.record_produced(block),
            Via::Received => self.record_received(block),
            Via::Polled => {}
        }
    }

    fn record_produced(&mut self, block: OwnBlock) {
        let before = self.last_produced.replace(block);
        if before.is_none_or(|last| block.time.since_ms(last.time) > RUN_BREAK_MS) {
            self.signing_since = Some(block.time);
        }
        if self.produced.len() >= PRODUCED_MAX {
            self.produced.pop_front();
        }
        self.produced.push_back(block);
    }

    fn record_received(&mut self, block: OwnBlock) {
        let twin = self.produced.iter().rev().find(|own| own.time == block.time);
        if twin.is_some_and(|own| own.is_same_block(&block)) {
            return;
        }
        if block.seen_at.wall.since_ms(block.time) > ELSEWHERE_FRESH_MS {
            return;
        }
        if twin.is_none() && block.time < self.listening_since {
            return;
        }
        if twin.is_some() {
            self.last_double = Some(block);
        }
        self.last_elsewhere = Some(block);
    }

    /// A block of another node was dropped because this one is producing (nodeos 1.8.10 to Leap 5).
    /// In a legacy chain that is how a second signer first shows; its `Received block` lines come
    /// only after the fork is settled, some ten seconds later.
    ///
    /// `last_foreign` is the block time of the newest block of another producer.
    pub fn record_dropped(
        &mut self,
        now: Now,
        number: u32,
        id: Option<ShortId>,
        last_foreign: Option<Timestamp>,
    ) {
        let Some(own) = self.last_produced else { return };
        if now.mono.since_ms(own.seen_at.mono) > IN_TURN_MS
            || own.number.abs_diff(number) > TURN_SLOTS
            || id.is_some() && self.produced.iter().any(|own| own.number == number && own.id == id)
        {
            return;
        }
        if !self.contested.recent(now.mono, CONTESTED_WINDOW_MS).any(|n| *n == number) {
            self.contested.push(now.mono, number);
        }
        let count = self.contested.recent(now.mono, CONTESTED_WINDOW_MS).count();
        let spread_ms = self.contested.oldest_age_ms(now.mono, CONTESTED_WINDOW_MS);
        let before_us = Slot::at(own.time).turn().start().plus_ms(-SLOT_MS);
        let (count_min, spread_min_ms) = if last_foreign.is_some_and(|time| time >= before_us) {
            (CONTESTED_MIN_ALL_HEARD, CONTESTED_SPREAD_ALL_HEARD_MS)
        } else {
            (CONTESTED_MIN, CONTESTED_SPREAD_MS)
        };
        if count >= count_min && spread_ms >= spread_min_ms {
            let block =
                OwnBlock { number, time: own.time, id: None, seen_at: now, via: Via::Received };
            self.last_elsewhere = Some(block);
            self.last_double = Some(block);
        }
    }

    /// Notes that a node reported the double production of a block of ours (Spring ≥ 1.1.1).
    pub fn record_reported_double(&mut self, now: Now, number: u32) {
        let time = now.wall;
        let block = OwnBlock { number, time, id: None, seen_at: now, via: Via::Received };
        self.last_double = Some(block);
        // The line names no slot. Whoever signs now has to take it for a slot of its own: that both
        // go on would be worse than that neither does.
        self.last_elsewhere = Some(block);
    }

    /// Bytes held beside the struct itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.produced.capacity() * size_of::<OwnBlock>() + self.contested.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u32, slot: i64, id: u64, via: Via) -> OwnBlock {
        let time = Timestamp::from_ms(1_800_000_000_000 + slot * 500);
        let seen_at = Now { wall: time.plus_ms(100), ..Now::default() };
        OwnBlock { number, time, id: Some(ShortId(id)), seen_at, via }
    }

    fn blocks(seen: &[OwnBlock]) -> OwnBlocks {
        let mut own = OwnBlocks::new("eosstorebest".parse().unwrap(), Now::default());
        seen.iter().for_each(|b| own.record(*b));
        own
    }

    #[test]
    fn tells_our_own_block_from_one_signed_elsewhere() {
        let ours = block(10, 1, 7, Via::Produced);
        let cases = [
            ("the same block comes back", block(10, 1, 7, Via::Received), (false, false)),
            ("the same, from a poll", block(10, 1, 0, Via::Polled), (false, false)),
            ("another block in a slot of ours", block(10, 1, 8, Via::Received), (true, true)),
            ("same slot, other number", block(11, 1, 8, Via::Received), (true, true)),
            ("a slot we did not sign", block(11, 2, 9, Via::Received), (true, false)),
        ];
        for (name, received, (elsewhere, double)) in cases {
            let own = blocks(&[ours, received]);
            assert_eq!(own.last_elsewhere.is_some(), elsewhere, "{name}");
            assert_eq!(own.last_double.is_some(), double, "{name}");
        }
    }

    #[test]
    fn short_ids_of_eosio_1_overlap() {
        let ours = block(0x00aa_0001, 1, 0x00aa_0001_1234_5678, Via::Produced);
        let same = block(0x00aa_0001, 1, 0x1234_5678_9abc_def0, Via::Received);
        let other = block(0x00aa_0001, 1, 0x8234_5678_9abc_def0, Via::Received);
        assert_eq!(blocks(&[ours, same]).last_double, None);
        assert_eq!(blocks(&[ours, other]).last_double, Some(other));
    }

    #[test]
    fn a_head_that_stands_still_is_seen_once() {
        let first = block(12, 3, 0, Via::Polled);
        let mut again = first;
        again.seen_at.wall = again.seen_at.wall.plus_ms(5_000);
        assert_eq!(blocks(&[first, again]).last, Some(first));
    }

    #[test]
    fn old_blocks_that_come_back_while_catching_up_are_not_elsewhere() {
        let mut late = block(10, 1, 7, Via::Received);
        late.seen_at.wall = late.time.plus_ms(ELSEWHERE_FRESH_MS + 1);
        assert_eq!(blocks(&[late]).last_elsewhere, None);
    }

    #[test]
    fn a_poll_of_an_old_head_does_not_replace_a_newer_line() {
        let own = blocks(&[block(12, 3, 1, Via::Received), block(11, 2, 0, Via::Polled)]);
        assert_eq!(own.last.map(|b| b.number), Some(12));
    }

    #[test]
    fn dropped_blocks_in_the_rhythm_of_a_signer_are_a_second_signer() {
        // (what, milliseconds between the dropped blocks, how many, the producer before us has
        // delivered its last block, second signer)
        let cases = [
            ("a second signer", 500, 9, false, true),
            ("a producer before us that is 3 s late", 500, 7, false, false),
            ("the late blocks of the producer before us", 5, 11, false, false),
            ("one late block", 500, 1, false, false),
            ("four blocks, and nobody else can be late", 450, 4, true, true),
            ("three blocks, and nobody else can be late", 500, 3, true, false),
            ("an old fork that a peer sends at once", 5, 11, true, false),
        ];
        // The first millisecond of a turn.
        let turn = Slot::at(Timestamp::from_ms(1_800_000_000_000)).turn().start();
        for (what, gap_ms, count, all_heard, expected) in cases {
            let mut own = blocks(&[]);
            let mut now = Now { wall: turn, ..Now::default().plus_ms(1_000_000) };
            let heard = turn.plus_ms(if all_heard { -SLOT_MS } else { -2 * SLOT_MS });
            for n in 0..count {
                now = now.plus_ms(gap_ms);
                let time = Timestamp::from_ms(now.wall.ms());
                let id = Some(ShortId(1));
                own.record(OwnBlock { number: 50 + n, time, id, seen_at: now, via: Via::Produced });
                own.record_dropped(now, 50 + n, Some(ShortId(9)), Some(heard));
            }
            assert_eq!(own.last_double.is_some(), expected, "{what}");
        }
        let mut own = blocks(&[block(50, 1, 1, Via::Produced)]);
        let later = Now::default().plus_ms(60_000);
        (0..12).for_each(|n| own.record_dropped(later.plus_ms(n * 500), 50 + n as u32, None, None));
        assert_eq!(own.last_double, None, "not in our turn");
    }

    #[test]
    fn memory_is_bounded() {
        let many: Vec<_> = (0..5000).map(|n| block(n, i64::from(n), 1, Via::Produced)).collect();
        let bound = 2 * PRODUCED_MAX * size_of::<OwnBlock>();
        assert!(blocks(&many).bytes() <= bound + 1024);
    }
}
