//! What is known of the lease: who has it, and until when it is ours.

use crate::core::event::ApiFailure;
use crate::core::lease::{LeaseEvent, LeaseRecord};
use crate::core::time::{Mono, Now};

/// A key that was read longer ago than this says nothing about now, milliseconds; it is read every
/// second.
const FRESH_MS: u64 = 5_000;

/// What etcd said.
#[derive(Clone, Debug, Default)]
pub struct LeaseEvidence {
    /// Our last renewal: when it was asked for, and the fencing token.
    pub held: Option<(Mono, u64)>,
    /// What the key said when it was last read, and when that was asked; `None` inside: no key.
    pub read: Option<(Mono, Option<LeaseRecord>)>,
    /// Since when the key that another node held is gone without having been released.
    pub lapsed: Option<Mono>,
    /// When the record of a release was first seen.
    pub released: Option<Mono>,
    /// Since when etcd gives no answer, and why.
    pub failing: Option<(Mono, ApiFailure)>,
    /// When we let go of it: a renewal that was asked for before says nothing any more.
    let_go_at: Option<Mono>,
    /// Why the lease was lost, and when, if it was.
    pub lost: Option<(Mono, String)>,
}

impl LeaseEvidence {
    /// Records what was learnt.
    pub fn record(&mut self, now: Now, event: &LeaseEvent) {
        match event {
            LeaseEvent::Held { asked, .. } if self.let_go_at.is_some_and(|at| *asked <= at) => {}
            LeaseEvent::Held { asked, token } => {
                self.held = Some((*asked, *token));
                self.read = None;
                self.lapsed = None;
                self.released = None;
                self.failing = None;
                self.lost = None;
            }
            LeaseEvent::Read { asked, record } => self.record_read(now, *asked, record.as_ref()),
            LeaseEvent::Lost(why) => {
                self.held = None;
                self.failing = None;
                self.lost = Some((now.mono, why.clone()));
            }
            LeaseEvent::Failed(failure) => {
                let since = self.failing.as_ref().map_or(now.mono, |(since, _)| *since);
                self.failing = Some((since, failure.clone()));
            }
        }
    }

    fn record_read(&mut self, now: Now, asked: Mono, record: Option<&LeaseRecord>) {
        self.failing = None;
        // The key is only read while it is not ours.
        self.held = None;
        let was_held = matches!(&self.read, Some((_, Some(before))) if before.released.is_none());
        match record {
            None if was_held => self.lapsed = Some(now.mono),
            None => {}
            Some(_) => self.lapsed = None,
        }
        let before = self.read.as_ref().and_then(|(_, before)| before.as_ref());
        let is_same = before.map(|before| before.token) == record.map(|record| record.token);
        self.released = record
            .filter(|record| record.released.is_some())
            .map(|_| self.released.filter(|_| is_same).unwrap_or(now.mono));
        self.read = Some((asked, record.cloned()));
    }

    /// This node is letting go of it.
    pub fn let_go(&mut self, now: Now) {
        self.held = None;
        self.let_go_at = Some(now.mono);
    }

    /// Until when the lease is ours, as far as we may rely on it.
    #[must_use]
    pub fn held_until(&self, ttl_ms: u64) -> Option<Mono> {
        self.held.map(|(asked, _)| asked + ttl_ms)
    }

    /// Whether the lease is ours now.
    #[must_use]
    pub fn is_held(&self, now: Now, ttl_ms: u64) -> bool {
        self.held_until(ttl_ms).is_some_and(|until| now.mono < until)
    }

    /// Whether the lease is ours for so long that a node may sign by it: a node whose time is nearly
    /// over is being stopped.
    #[must_use]
    pub fn is_safe(&self, now: Now, ttl_ms: u64, spare_ms: u64) -> bool {
        self.held_until(ttl_ms).is_some_and(|until| now.mono + spare_ms < until)
    }

    /// What the key said a moment ago; `None` while that is not known.
    #[must_use]
    pub fn fresh_read(&self, now: Now) -> Option<Option<&LeaseRecord>> {
        let (asked, record) = self.read.as_ref()?;
        (now.mono.since_ms(*asked) <= FRESH_MS).then_some(record.as_ref())
    }

    /// Bytes held beside the struct itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let record = self.read.as_ref().and_then(|(_, record)| record.as_ref());
        let handover = record.and_then(|record| record.released.as_ref());
        record.map_or(0, |record| record.holder.capacity())
            + handover.map_or(0, super::peers::handover_bytes)
            + self.lost.as_ref().map_or(0, |(_, why)| why.capacity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_by(holder: &str) -> Option<LeaseRecord> {
        Some(LeaseRecord { holder: holder.to_owned(), token: 7, released: None })
    }

    #[test]
    fn a_lease_is_lapsed_only_if_it_was_seen_held() {
        let at = |ms| Now::default().plus_ms(ms);
        let read = |ms, record| LeaseEvent::Read { asked: at(ms).mono, record };
        let mut lease = LeaseEvidence::default();
        lease.record(at(0), &read(0, None));
        assert_eq!(lease.lapsed, None, "never held as far as we know");
        lease.record(at(1_000), &read(1_000, held_by("a")));
        lease.record(at(2_000), &read(2_000, None));
        assert_eq!(lease.lapsed, Some(at(2_000).mono));
        lease.record(at(3_000), &read(3_000, None));
        assert_eq!(lease.lapsed, Some(at(2_000).mono), "since it was first seen");
        lease.record(at(4_000), &read(4_000, held_by("c")));
        assert_eq!(lease.lapsed, None, "another took it");
    }

    #[test]
    fn a_renewal_from_before_we_let_go_does_not_count() {
        let at = |ms| Now::default().plus_ms(ms);
        let held = |ms| LeaseEvent::Held { asked: at(ms).mono, token: 3 };
        let mut lease = LeaseEvidence::default();
        lease.record(at(1_000), &held(1_000));
        lease.let_go(at(2_000));
        lease.record(at(2_100), &held(1_900));
        assert!(!lease.is_held(at(2_100), 10_000));
        lease.record(at(3_000), &held(2_900));
        assert!(lease.is_held(at(3_000), 10_000), "taken anew");
    }

    #[test]
    fn a_renewal_counts_from_when_it_was_asked_for() {
        let at = |ms| Now::default().plus_ms(ms);
        let mut lease = LeaseEvidence::default();
        assert!(!lease.is_held(at(0), 10_000));
        lease.record(at(3_000), &LeaseEvent::Held { asked: at(1_000).mono, token: 3 });
        assert!(lease.is_held(at(10_999), 10_000));
        assert!(!lease.is_held(at(11_000), 10_000));
        lease.record(at(5_000), &LeaseEvent::Lost("deleted".to_owned()));
        assert!(!lease.is_held(at(5_000), 10_000));
    }
}
