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
    /// `paused`.
    Paused,
    /// A reference.
    Reference(u8),
    /// A peer.
    Peer(u8),
    /// The lease.
    Lease,
}

#[derive(Debug)]
struct Entry {
    at_ms: u64,
    order: u64,
    what: Happening,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    /// The greatest comes out first: the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_ms, other.order).cmp(&(self.at_ms, self.order))
    }
}

/// The queue, and the time.
#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Entry>,
    queued: u64,
    /// Milliseconds since the start of the run.
    pub(super) now_ms: u64,
}

impl Queue {
    /// Queues something for a moment, not before now.
    pub(super) fn at(&mut self, at_ms: u64, what: Happening) {
        self.queued += 1;
        self.heap.push(Entry { at_ms: at_ms.max(self.now_ms), order: self.queued, what });
    }

    /// Queues something for a while from now.
    pub(super) fn after(&mut self, ms: u64, what: Happening) {
        self.at(self.now_ms + ms, what);
    }

    /// Moves the time on to the next thing that happens, not beyond the end.
    pub(super) fn pop(&mut self, end_ms: u64) -> Option<Happening> {
        if self.heap.peek().is_none_or(|next| next.at_ms > end_ms) {
            return None;
        }
        let next = self.heap.pop()?;
        self.now_ms = next.at_ms;
        Some(next.what)
    }
}
