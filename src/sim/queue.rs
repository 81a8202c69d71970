//! What is going to happen, in the order of time; of two things at once the one queued first.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::core::action::Order;
use crate::core::event::Event;
use crate::sim::chain::BlockId;
use crate::sim::site::Site;

/// Something that is going to happen.
#[derive(Debug)]
pub(super) enum Happening {
    /// A slot of the chain begins; the other producers sign.
    Slot,
    /// A slot begins by a node's own clock. The number tells a timer of before a restart or a clock
    /// step from the one that runs.
    NodeSlot(Site, u32),
    /// A block arrives.
    Deliver(Site, BlockId),
    /// A node has started.
    NodeUp(Site, u32),
    /// A node that said it stops has ended.
    NodeGone(Site, u32),
    /// A keeper's second. The number is the keeper's life.
    Tick(Site, u32),
    /// A keeper's loop of questions comes round.
    Poll(Site, u32, Question),
    /// A question had no answer within its deadline.
    PollTimeout(Site, u32, Question),
    /// Something reaches a keeper.
    Tell(Site, u32, Box<Event>),
    /// A write of the latch ends.
    Written(Site, u32),
    /// An order takes effect.
    Effect(Site, u32, Box<Order>),
    /// A fault begins.
    FaultOn(usize),
    /// A fault ends.
    FaultOff(usize),
    /// The operator makes A sign, having stopped the others.
    ResumeActive,
    /// The world is looked at.
    Look,
    /// Our turn that ended a while ago is counted.
    Count,
    /// The lease of this grant runs out by etcd's clock.
    LeaseEnds(u64),
}

/// What a keeper asks in a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// `get_info`.
    Info,
    /// `get_producer_schedule`.
    Schedule,
    /// `get_producer_schedule` out of turn, after the log announced a change or the node came back; it
    /// ends when the newest is active.
    Announced,
    /// `paused`.
    Paused,
    /// A reference.
    Reference(u8),
    /// A peer.
    Peer(u8),
    /// The lease.
    Lease,
}

/// What is so near lies in a ring with a place for every millisecond; what comes later, the faults of
/// weeks, waits in a heap. A power of two.
const SPAN_MS: usize = 8_192;
/// No entry.
const NONE: u32 = u32::MAX;

/// An entry of the ring.
#[derive(Debug)]
struct Entry {
    what: Option<Happening>,
    /// The next of the same millisecond, or the next that is free.
    next: u32,
}

/// Something that is too far for the ring.
#[derive(Debug)]
struct Later {
    at_ms: u64,
    order: u64,
    what: Happening,
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Later {}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Later {
    /// The greatest comes out first: the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_ms, other.order).cmp(&(self.at_ms, self.order))
    }
}

/// The queue, and the time.
#[derive(Debug)]
pub(super) struct Queue {
    /// First and last entry of each millisecond.
    places: Vec<(u32, u32)>,
    /// A bit for every millisecond that has an entry.
    busy: Vec<u64>,
    entries: Vec<Entry>,
    free: u32,
    /// What is beyond the ring. It goes into the ring as soon as it fits, before anything is queued
    /// for the same moment, so that of two things at once the one queued first comes first.
    later: BinaryHeap<Later>,
    queued: u64,
    /// Milliseconds since the start of the run.
    pub(super) now_ms: u64,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            places: vec![(NONE, NONE); SPAN_MS],
            busy: vec![0; SPAN_MS / 64],
            entries: Vec::new(),
            free: NONE,
            later: BinaryHeap::new(),
            queued: 0,
            now_ms: 0,
        }
    }
}

impl Queue {
    /// Queues something for a moment, not before now.
    pub(super) fn at(&mut self, at_ms: u64, what: Happening) {
        let at_ms = at_ms.max(self.now_ms);
        if at_ms - self.now_ms < SPAN_MS as u64 {
            self.enter(at_ms, what);
        } else {
            self.queued += 1;
            self.later.push(Later { at_ms, order: self.queued, what });
        }
    }

    /// Queues something for a while from now.
    pub(super) fn after(&mut self, ms: u64, what: Happening) {
        self.at(self.now_ms + ms, what);
    }

    /// Moves the time on to the next thing that happens, not beyond the end.
    pub(super) fn pop(&mut self, end_ms: u64) -> Option<Happening> {
        let next_ms = self.next_ms().or_else(|| self.later.peek().map(|later| later.at_ms))?;
        if next_ms > end_ms {
            return None;
        }
        if next_ms > self.now_ms {
            self.now_ms = next_ms;
            while self.later.peek().is_some_and(|l| l.at_ms - next_ms < SPAN_MS as u64)
                && let Some(Later { at_ms, what, .. }) = self.later.pop()
            {
                self.enter(at_ms, what);
            }
        }
        self.leave(next_ms)
    }

    /// When the first entry of the ring is due.
    fn next_ms(&self) -> Option<u64> {
        let from = self.now_ms as usize % SPAN_MS;
        let words = self.busy.len();
        let (first, bit) = (from / 64, from % 64);
        let ahead = self.busy[first] & (u64::MAX << bit);
        if ahead != 0 {
            return Some(self.now_ms + (ahead.trailing_zeros() as usize - bit) as u64);
        }
        // The first word again at the end: what is before the place of now comes last.
        let word = (1..=words).find(|ahead| self.busy[(first + ahead) % words] != 0)?;
        let found = self.busy[(first + word) % words].trailing_zeros() as usize;
        Some(self.now_ms + (64 * word + found - bit) as u64)
    }

    fn enter(&mut self, at_ms: u64, what: Happening) {
        let entry = Entry { what: Some(what), next: NONE };
        let new = self.free;
        let new = if let Some(free) = self.entries.get_mut(new as usize) {
            self.free = free.next;
            *free = entry;
            new
        } else {
            self.entries.push(entry);
            (self.entries.len() - 1) as u32
        };
        let at = at_ms as usize % SPAN_MS;
        let (first, last) = &mut self.places[at];
        if *first == NONE {
            *first = new;
            self.busy[at / 64] |= 1 << (at % 64);
        } else {
            self.entries[*last as usize].next = new;
        }
        *last = new;
    }

    fn leave(&mut self, at_ms: u64) -> Option<Happening> {
        let at = at_ms as usize % SPAN_MS;
        let taken = self.places[at].0;
        let entry = self.entries.get_mut(taken as usize)?;
        let what = entry.what.take();
        self.places[at].0 = std::mem::replace(&mut entry.next, self.free);
        self.free = taken;
        if self.places[at].0 == NONE {
            self.busy[at / 64] &= !(1 << (at % 64));
        }
        what
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_comes_in_the_order_of_time_and_then_of_queueing() {
        let mut queue = Queue::default();
        let span = SPAN_MS as u64;
        let mut expected = Vec::new();
        // Near, at the edge of the ring, beyond it, and at one moment.
        for (number, at_ms) in [5, 0, 5, span - 1, span, span, 3 * span + 7, 40 * span, 63, 64, 5]
            .into_iter()
            .enumerate()
        {
            queue.at(at_ms, Happening::FaultOn(number));
            expected.push((at_ms, number));
        }
        let mut got = Vec::new();
        while let Some(Happening::FaultOn(number)) = queue.pop(50 * span) {
            got.push((queue.now_ms, number));
            if number == 0 {
                // Queued now for a moment that has had an entry from far away for long.
                queue.at(span, Happening::FaultOn(100));
                queue.at(0, Happening::FaultOn(101));
                expected.extend([(span, 100), (5, 101)]);
            }
        }
        expected.sort_by_key(|(at_ms, _)| *at_ms);
        assert_eq!(got, expected);
    }

    #[test]
    fn nothing_comes_after_the_end() {
        let mut queue = Queue::default();
        queue.at(10, Happening::Look);
        assert!(queue.pop(9).is_none() && queue.now_ms == 0);
        assert!(queue.pop(10).is_some() && queue.pop(u64::MAX).is_none());
    }
}
