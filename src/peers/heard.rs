//! When each peer was heard last, by whichever way: it may reach us where we do not reach it.

use std::sync::{Mutex, PoisonError};

use crate::core::time::{Mono, Now, Timestamp};

/// A peer that was heard within this time is not silent, milliseconds: two statuses may be lost.
pub const SILENT_AFTER_MS: u64 = 3_000;

/// When each peer was heard last.
#[derive(Debug)]
pub struct Heard {
    peers: Mutex<Vec<Last>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Last {
    /// When, by our clock.
    at: Option<Mono>,
    /// The newest envelope's time, by its own clock.
    signed: Option<Timestamp>,
}

impl Heard {
    /// Of so many peers, none heard yet.
    #[must_use]
    pub fn new(peers: usize) -> Self {
        Self { peers: Mutex::new(vec![Last::default(); peers]) }
    }

    /// Takes note of a status. False when the peer said something newer before: what was held up
    /// on its way must not pass for its present standing. A clock that was set back makes a peer
    /// old news for as long as it was set back, which the accepted window bounds to a minute.
    pub fn note(&self, index: usize, signed: Timestamp, now: Now) -> bool {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = peers.get_mut(index) else { return false };
        let is_news = last.signed.is_none_or(|newest| signed >= newest);
        if is_news {
            *last = Last { at: Some(now.mono), signed: Some(signed) };
        }
        is_news
    }

    /// Whether the peer was not heard by any way for [`SILENT_AFTER_MS`].
    #[must_use]
    pub fn is_silent(&self, index: usize, now: Now) -> bool {
        let peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let at = peers.get(index).and_then(|last| last.at);
        at.is_none_or(|at| now.mono.since_ms(at) > SILENT_AFTER_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(mono: u64) -> Now {
        Now { mono: Mono::from_ms(mono), wall: Timestamp::default() }
    }

    #[test]
    fn old_news_is_no_news() {
        let heard = Heard::new(1);
        let signed = Timestamp::from_ms;
        assert!(heard.is_silent(0, now(0)), "never heard");
        for (name, time, at, is_news) in [
            ("the first", 100, 0, true),
            ("a newer one", 200, 10, true),
            ("one of the same instant", 200, 20, true),
            ("one that was held up", 199, 9_000, false),
        ] {
            assert_eq!(heard.note(0, signed(time), now(at)), is_news, "{name}");
        }
        assert!(!heard.is_silent(0, now(3_020)));
        assert!(heard.is_silent(0, now(3_021)));
        assert!(!heard.note(1, signed(1), now(0)) && heard.is_silent(1, now(0)), "no such peer");
    }
}
