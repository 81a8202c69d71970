//! Whoever gives the producer away must show a ticket of the one that is to take it.
//!
//! A handover that was held up on its way and arrives after the giver took the producer back would
//! make two signers. Its time of day does not prevent that, because two clocks may differ. A ticket
//! does: its addressee made it up, told it in an answer, and takes it back only for
//! [`TICKET_MS`] by its own clocks. A handover sent at some instant carries a ticket that was made
//! before, so that it is worth nothing [`TICKET_MS`] later, with any clocks.

use std::collections::VecDeque;

use super::envelope::Nonce;
use crate::core::handover::HANDOVER_VALID_MS;
use crate::core::time::Now;

/// How long a ticket is taken, milliseconds: what [`crate::core::handover::HANDOVER_VOID_MS`]
/// allows for a message on its way.
pub const TICKET_MS: u64 = HANDOVER_VALID_MS;
/// A ticket is told again for this long, milliseconds, so that few are held.
const AGAIN_MS: u64 = 500;
/// Most tickets held for a peer: one each [`AGAIN_MS`] for [`TICKET_MS`], and some.
const TICKETS_MAX: usize = 32;

/// The tickets a peer was given.
#[derive(Clone, Debug, Default)]
pub struct Tickets {
    given: VecDeque<(Nonce, Now)>,
}

impl Tickets {
    /// A ticket to tell; `None` when the system gives no randomness.
    pub fn give(&mut self, now: Now) -> Option<Nonce> {
        self.given.retain(|(_, at)| age_ms(*at, now) <= TICKET_MS);
        if let Some((ticket, at)) = self.given.back()
            && age_ms(*at, now) < AGAIN_MS
        {
            return Some(*ticket);
        }
        if self.given.len() >= TICKETS_MAX {
            self.given.pop_front();
        }
        let ticket = Nonce::random()?;
        self.given.push_back((ticket, now));
        Some(ticket)
    }

    /// Whether a ticket was given, and not too long ago.
    #[must_use]
    pub fn is_fresh(&self, ticket: Nonce, now: Now) -> bool {
        self.given.iter().any(|(given, at)| *given == ticket && age_ms(*at, now) <= TICKET_MS)
    }
}

/// By the clock that says more: the monotonic one stands still while the host is suspended, the
/// other may be set.
fn age_ms(at: Now, now: Now) -> u64 {
    now.mono.since_ms(at.mono).max(now.wall.since_ms(at.wall).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::{Mono, Timestamp};

    fn now(mono: u64, wall: i64) -> Now {
        Now { mono: Mono::from_ms(mono), wall: Timestamp::from_ms(1_000_000 + wall) }
    }

    #[test]
    fn a_ticket_lasts_ten_seconds_by_either_clock() {
        let mut tickets = Tickets::default();
        let ticket = tickets.give(now(0, 0)).unwrap();
        for (name, then, expected) in [
            ("at once", now(0, 0), true),
            ("just in time", now(10_000, 10_000), true),
            ("too late", now(10_001, 10_000), false),
            ("the host was suspended", now(10, 60_000), false),
            ("the clock was set back", now(10, -60_000), false),
        ] {
            assert_eq!(tickets.is_fresh(ticket, then), expected, "{name}");
        }
        assert!(!tickets.is_fresh(Nonce::from_bytes([1; 16]), now(0, 0)), "made up by another");
        assert!(!Tickets::default().is_fresh(ticket, now(0, 0)), "of an earlier run");
    }

    #[test]
    fn few_are_held_however_often_one_asks() {
        let mut tickets = Tickets::default();
        let first = tickets.give(now(0, 0));
        assert_eq!(tickets.give(now(499, 499)), first);
        assert_ne!(tickets.give(now(500, 500)), first);
        for ms in 0..100_000 {
            tickets.give(now(ms * 10, 0));
        }
        assert!(tickets.given.len() <= TICKETS_MAX);
    }
}
