//! No message counts twice: nonces are remembered while their time is in the accepted window.
//!
//! A message is accepted from [`WINDOW_MS`] before to [`WINDOW_MS`] after this host's wall clock,
//! and not before the time up to which nonces were forgotten: the start of this process at first
//! (an earlier run may have accepted it), later whatever left the window. So a clock that is set
//! back opens nothing that was closed.

use std::collections::HashMap;

use super::envelope::Nonce;
use super::refusal::Refusal;
use crate::core::time::Timestamp;

/// How far a message's time may be from our wall clock, milliseconds.
pub const WINDOW_MS: i64 = 30_000;
/// Most nonces remembered for a peer. It sends at most ten messages a second, and one of each side's
/// window counts: 60 s × 10 = 600.
pub const NONCES_MAX: usize = 1_024;

/// The nonces of each peer.
#[derive(Clone, Debug)]
pub struct Memory {
    peers: Vec<Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    /// Nothing signed before this is accepted: its nonce may be forgotten.
    forgotten: Timestamp,
    started: Timestamp,
    nonces: HashMap<Nonce, Timestamp>,
}

impl Memory {
    /// For so many peers, begun at `start`.
    #[must_use]
    pub fn new(peers: usize, start: Timestamp) -> Self {
        let seen = Seen { forgotten: start, started: start, nonces: HashMap::new() };
        Self { peers: vec![seen; peers] }
    }

    /// Takes note of a message of the peer at `index`, whose signature was verified.
    ///
    /// # Errors
    /// [`Refusal`]: its time is out of the window or before what is remembered, it was here before,
    /// or the memory is full.
    pub fn admit(
        &mut self,
        index: usize,
        at: Timestamp,
        nonce: Nonce,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let seen = self.peers.get_mut(index).ok_or(Refusal::UnknownPeer)?;
        seen.forget(now);
        let skew_ms = at.since_ms(now);
        if skew_ms.unsigned_abs() > WINDOW_MS.unsigned_abs() {
            return Err(Refusal::Clock { skew_ms });
        }
        if at < seen.started {
            return Err(Refusal::BeforeStart);
        }
        if at < seen.forgotten || seen.nonces.contains_key(&nonce) {
            return Err(Refusal::Replayed);
        }
        if seen.nonces.len() >= NONCES_MAX {
            return Err(Refusal::MemoryFull);
        }
        seen.nonces.insert(nonce, at);
        Ok(())
    }

    /// Nonces held for all peers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.peers.iter().map(|seen| seen.nonces.len()).sum()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Seen {
    fn forget(&mut self, now: Timestamp) {
        let forgotten = &mut self.forgotten;
        self.nonces.retain(|_, at| {
            let is_in_window = now.since_ms(*at) <= WINDOW_MS;
            if !is_in_window {
                *forgotten = (*forgotten).max(at.plus_ms(1));
            }
            is_in_window
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(n: u16) -> Nonce {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        Nonce::from_bytes(bytes)
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_000_000 + ms)
    }

    #[test]
    fn a_message_counts_once() {
        let mut memory = Memory::new(2, at(0));
        for (name, peer, time, n, now, expected) in [
            ("the first", 0, 10, 1, 10, Ok(())),
            ("the same again", 0, 10, 1, 20, Err(Refusal::Replayed)),
            ("its nonce with another time", 0, 15, 1, 20, Err(Refusal::Replayed)),
            ("the same nonce of another peer", 1, 10, 1, 20, Ok(())),
            ("a peer that is none", 2, 10, 9, 20, Err(Refusal::UnknownPeer)),
            ("at the window's end", 0, 30_020, 2, 20, Ok(())),
            ("beyond it", 0, 30_021, 3, 20, Err(Refusal::Clock { skew_ms: 30_001 })),
            ("too old", 0, 20, 4, 30_021, Err(Refusal::Clock { skew_ms: -30_001 })),
            ("of an earlier run", 0, -1, 5, 20, Err(Refusal::BeforeStart)),
            ("forgotten by time", 0, 10, 1, 40_011, Err(Refusal::Clock { skew_ms: -40_001 })),
            ("forgotten, the clock set back", 0, 10, 1, 20, Err(Refusal::Replayed)),
            ("as old as what was forgotten", 0, 10, 6, 20, Err(Refusal::Replayed)),
            ("younger than that", 0, 11, 7, 20, Ok(())),
        ] {
            assert_eq!(memory.admit(peer, at(time), nonce(n), at(now)), expected, "{name}");
        }
    }

    #[test]
    fn a_full_memory_refuses_and_empties_itself() {
        let mut memory = Memory::new(1, at(0));
        for n in 0..NONCES_MAX as u16 {
            assert_eq!(memory.admit(0, at(1), nonce(n), at(1)), Ok(()));
        }
        assert_eq!(memory.admit(0, at(1), nonce(9_999), at(1)), Err(Refusal::MemoryFull));
        assert_eq!(memory.len(), NONCES_MAX);
        assert_eq!(memory.admit(0, at(30_002), nonce(9_999), at(30_002)), Ok(()));
        assert_eq!(memory.len(), 1);
    }
}
