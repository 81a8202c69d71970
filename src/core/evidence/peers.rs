//! What the keepers of our producer's other nodes said.

use crate::core::handover::{
    HANDOVER_VALID_MS, Handover, PeerEvent, PeerSaid, PeerStatus, Signing,
};
use crate::core::name::Name;
use crate::core::settings::PEERS_MAX;
use crate::core::time::{Mono, Now};

/// A status that is older than this says nothing about now, milliseconds; peers speak every second.
const FRESH_MS: u64 = 5_000;
/// Longest sentence that is kept of a peer, bytes.
const SENTENCE_BYTES: usize = 300;
/// Longest name or id that is kept of a peer, bytes.
const WORD_BYTES: usize = 64;

/// What one peer said.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// Its last status, and when it came.
    pub status: Option<(Mono, PeerStatus)>,
    /// Since when it is silent, and why.
    pub silent: Option<(Mono, String)>,
}

/// A handover that came.
#[derive(Clone, Debug)]
pub struct Offered {
    /// When it came.
    pub at: Now,
    /// What it says.
    pub handover: Handover,
}

/// All peers.
#[derive(Clone, Debug, Default)]
pub struct PeersEvidence {
    all: Vec<Peer>,
    /// The last handover that came from one of them.
    pub offered: Option<Offered>,
    /// A peer's request that this node hand over to it: when, who, on whose behalf.
    pub asked: Option<(Mono, usize, String)>,
}

impl PeersEvidence {
    /// So many, of which nothing was heard yet; at most [`PEERS_MAX`].
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { all: vec![Peer::default(); count.min(PEERS_MAX)], offered: None, asked: None }
    }

    /// Records what a peer said. What is about another producer is nothing to us.
    pub fn record(&mut self, now: Now, ours: Name, event: &PeerEvent) {
        let Some(peer) = self.all.get_mut(event.index) else { return };
        match &event.said {
            PeerSaid::Status(status) if status.producer == ours => {
                let mut status = PeerStatus::clone(status);
                bound(&mut status);
                peer.status = Some((now.mono, status));
                peer.silent = None;
            }
            PeerSaid::Status(status) => {
                let why = format!("it watches another producer: {}", status.producer);
                peer.silent = Some((now.mono, why));
            }
            PeerSaid::Silent(why) => {
                let since = peer.silent.as_ref().map_or(now.mono, |(since, _)| *since);
                peer.silent = Some((since, cut(why, SENTENCE_BYTES)));
            }
            PeerSaid::Handover(handover) if handover.producer == ours => {
                let known = self.offered.as_ref().is_some_and(|o| o.handover.id == handover.id);
                if !known {
                    let mut handover = handover.clone();
                    handover.reason = cut(&handover.reason, SENTENCE_BYTES);
                    handover.id = cut(&handover.id, WORD_BYTES);
                    self.offered = Some(Offered { at: now, handover });
                }
            }
            PeerSaid::Handover(_) => {}
            PeerSaid::Ask(behalf) => {
                self.asked = Some((now.mono, event.index, cut(behalf, SENTENCE_BYTES)));
            }
        }
    }

    /// Each peer, in the order of the configuration.
    #[must_use]
    pub fn all(&self) -> &[Peer] {
        &self.all
    }

    /// The status of one peer, if it spoke a moment ago.
    #[must_use]
    pub fn fresh(&self, now: Now, index: usize) -> Option<&PeerStatus> {
        let (at, status) = self.all.get(index)?.status.as_ref()?;
        (now.mono.since_ms(*at) <= FRESH_MS).then_some(status)
    }

    /// The statuses of those that spoke a moment ago, with their places.
    pub fn speaking(&self, now: Now) -> impl Iterator<Item = (usize, &PeerStatus)> {
        (0..self.all.len()).filter_map(move |index| Some((index, self.fresh(now, index)?)))
    }

    /// Whether a peer spoke a moment ago and says that its node signs.
    #[must_use]
    pub fn any_signs(&self, now: Now) -> bool {
        self.speaking(now).any(|(_, peer)| peer.signing == Signing::Yes)
    }

    /// Whether every peer spoke a moment ago and says that its node does not sign.
    #[must_use]
    pub fn none_signs(&self, now: Now) -> bool {
        !self.all.is_empty()
            && (0..self.all.len())
                .all(|index| self.fresh(now, index).is_some_and(|s| s.signing == Signing::No))
    }

    /// The handover that may still be taken up.
    #[must_use]
    pub fn valid_offer(&self, now: Now) -> Option<&Offered> {
        self.offered
            .as_ref()
            .filter(|offered| now.mono.since_ms(offered.at.mono) <= HANDOVER_VALID_MS)
    }

    /// Bytes held beside the struct itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let texts = 3 * SENTENCE_BYTES + 7 * WORD_BYTES;
        self.all.capacity() * (size_of::<Peer>() + texts)
            + self.offered.as_ref().map_or(0, |offered| handover_bytes(&offered.handover))
            + self.asked.as_ref().map_or(0, |(_, _, behalf)| behalf.capacity())
    }
}

/// Bytes of a handover beside the struct itself.
pub(super) fn handover_bytes(handover: &Handover) -> usize {
    let chain_id = handover.chain_id.as_ref().map_or(0, String::capacity);
    handover.id.capacity()
        + handover.from.capacity()
        + handover.to.capacity()
        + handover.reason.capacity()
        + chain_id
}

fn bound(status: &mut PeerStatus) {
    shorten(&mut status.sentence, SENTENCE_BYTES);
    shorten(&mut status.node, WORD_BYTES);
    for text in [&mut status.chain_id, &mut status.version].into_iter().flatten() {
        shorten(text, WORD_BYTES);
    }
    if let Some(taken) = &mut status.taken {
        shorten(&mut taken.id, WORD_BYTES);
        shorten(&mut taken.sentence, SENTENCE_BYTES);
    }
    if let Some(refused) = &mut status.refused {
        shorten(&mut refused.to, WORD_BYTES);
        shorten(&mut refused.sentence, SENTENCE_BYTES);
    }
}

/// Leaves the beginning of a text that is too long.
fn shorten(text: &mut String, max: usize) {
    if text.len() > max {
        *text = cut(text, max);
    }
}

/// The beginning of a text, at most so many bytes, cut at a character.
fn cut(text: &str, max: usize) -> String {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
