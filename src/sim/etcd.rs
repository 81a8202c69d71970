//! etcd as keepers see it: one key that everybody sees alike, leases by its own clock, and answers
//! that may be late, lost, or never come.

use crate::core::handover::Handover;
use crate::core::lease::LeaseRecord;

/// The cluster.
#[derive(Clone, Debug, Default)]
pub struct Etcd {
    revision: u64,
    record: Option<LeaseRecord>,
    /// The grant the key hangs on, and when it ends, milliseconds.
    grant: Option<(u64, u64)>,
    grants: u64,
    /// When the lease was last taken, milliseconds.
    pub(super) taken_ms: u64,
    /// Faults that keep it from having a quorum.
    pub no_quorum: u8,
    /// Faults that make it slow.
    pub slow: u8,
    /// Faults that lose its answers after the write.
    pub answers_lost: u8,
}

/// What a keeper's lease task is at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The token it renews; `None`: it only reads.
    pub(super) token: Option<u64>,
    /// When the lease was granted or last renewed by an answer, milliseconds of the world: when the
    /// question was sent.
    pub(super) held_ms: Option<u64>,
}

/// What came of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Done; the key's revision.
    Done(u64),
    /// Somebody else holds it; nothing was changed.
    Refused(String),
}

impl Etcd {
    /// Whether it answers at all.
    #[must_use]
    pub const fn has_quorum(&self) -> bool {
        self.no_quorum == 0
    }

    /// The key.
    #[must_use]
    pub const fn read(&self) -> Option<&LeaseRecord> {
        self.record.as_ref()
    }

    /// Takes the lease if it is free, released, or ours already.
    pub fn acquire(&mut self, holder: &str, now_ms: u64, ttl_ms: u64) -> Written {
        let taken = self.record.as_ref().filter(|r| r.released.is_none() && r.holder != holder);
        if let Some(record) = taken {
            return Written::Refused(format!("{} holds the lease", record.holder));
        }
        self.revision += 1;
        self.grants += 1;
        self.taken_ms = now_ms;
        self.record =
            Some(LeaseRecord { holder: holder.to_owned(), token: self.revision, released: None });
        self.grant = Some((self.grants, now_ms + ttl_ms));
        Written::Done(self.revision)
    }

    /// Keeps a lease alive; false when it is not that one's any more.
    pub fn renew(&mut self, token: u64, now_ms: u64, ttl_ms: u64) -> bool {
        let holds = self.record.as_ref().is_some_and(|r| r.token == token && r.released.is_none());
        if holds && let Some((_, ends)) = &mut self.grant {
            *ends = now_ms + ttl_ms;
        }
        holds
    }

    /// Lets go of a lease and says to whom; the record stays, for whoever comes.
    pub fn release(&mut self, token: u64, handover: Option<Handover>) -> Written {
        match &mut self.record {
            Some(record) if record.token == token => {
                self.revision += 1;
                record.token = self.revision;
                self.grant = None;
                if handover.is_none() {
                    self.record = None;
                } else {
                    record.released = handover;
                }
                Written::Done(self.revision)
            }
            Some(record) => Written::Refused(format!("{} holds the lease", record.holder)),
            None => Written::Refused("the lease has lapsed".to_owned()),
        }
    }

    /// The grant that runs, and when it ends.
    #[must_use]
    pub const fn grant(&self) -> Option<(u64, u64)> {
        self.grant
    }

    /// The time of a grant has come; true when it is over and the key is gone. A cluster without a
    /// quorum revokes nothing.
    pub fn ends(&mut self, grant: u64, now_ms: u64) -> bool {
        let over =
            self.has_quorum() && self.grant.is_some_and(|(id, ends)| id == grant && ends <= now_ms);
        if over {
            self.revision += 1;
            self.record = None;
            self.grant = None;
        }
        over
    }

    /// Another leader: a lease runs its whole time again.
    pub fn change_leader(&mut self, now_ms: u64, ttl_ms: u64) {
        if let Some((_, ends)) = &mut self.grant {
            *ends = now_ms + ttl_ms;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_the_lease_at_a_time_and_tokens_grow() {
        let mut etcd = Etcd::default();
        assert_eq!(etcd.acquire("a", 0, 10), Written::Done(1));
        assert!(matches!(etcd.acquire("b", 1, 10), Written::Refused(_)));
        assert!(etcd.renew(1, 5, 10));
        let (grant, ends) = etcd.grant().unwrap();
        assert_eq!(ends, 15);
        assert!(!etcd.ends(grant, 14));
        etcd.no_quorum = 1;
        assert!(!etcd.ends(grant, 15), "nobody to revoke it");
        etcd.no_quorum = 0;
        etcd.change_leader(15, 10);
        assert!(!etcd.ends(grant, 16), "a new leader extends it");
        assert!(etcd.ends(grant, 25));
        assert!(!etcd.renew(1, 26, 10), "it lapsed");
        assert_eq!(etcd.acquire("b", 27, 10), Written::Done(3));
        assert!(matches!(etcd.release(1, None), Written::Refused(_)), "an old token");
        assert_eq!(etcd.release(3, None), Written::Done(4));
        assert_eq!(etcd.read(), None);
    }
}
