//! What a peer's words must be like before the keeper is told them.

use super::Party;
use super::refusal::Refusal;
use crate::core::handover::{Handover, PeerStatus, Taken};
use crate::core::name::Name;

/// Longest sentence of a peer that is kept, characters.
const SENTENCE_CHARS: usize = 1_000;
/// Longest id of a handover, bytes.
const ID_BYTES: usize = 128;

impl Party {
    /// Whether a status is the standing of the node named `from`, of our producer and chain.
    /// Its sentences are cut and cleaned.
    pub(super) fn status(
        &self,
        from: &str,
        own: &PeerStatus,
        mut status: PeerStatus,
    ) -> Result<PeerStatus, Refusal> {
        if status.node != from {
            return Err(Refusal::Names);
        }
        self.same_chain(own, status.producer, status.chain_id.as_deref())?;
        status.sentence = one_line(&status.sentence);
        status.version = status.version.as_deref().map(one_line);
        status.taken = status.taken.map(taken).transpose()?;
        if let Some(refused) = &mut status.refused {
            refused.to = one_line(&refused.to);
            refused.sentence = one_line(&refused.sentence);
        }
        Ok(status)
    }

    /// Whether a handover is from the node named `from` to us, of our producer and chain.
    pub(super) fn handover(
        &self,
        from: &str,
        own: &PeerStatus,
        mut handover: Handover,
    ) -> Result<Handover, Refusal> {
        let is_ours = handover.to.is_empty() || handover.to == self.node;
        if handover.from != from || !is_ours {
            return Err(Refusal::Names);
        }
        self.same_chain(own, handover.producer, handover.chain_id.as_deref())?;
        handover.id = id(handover.id)?;
        handover.reason = one_line(&handover.reason);
        Ok(handover)
    }

    fn same_chain(
        &self,
        own: &PeerStatus,
        producer: Name,
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        if producer != self.producer {
            return Err(Refusal::Producer(producer.to_string(), self.producer.to_string()));
        }
        if let Some(chain) = chain {
            if chain.len() != 64 || !chain.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(Refusal::Body("chain_id is not 64 hex digits".to_owned()));
            }
            if own.chain_id.as_deref().is_some_and(|ours| !ours.eq_ignore_ascii_case(chain)) {
                return Err(Refusal::Chain);
            }
        }
        Ok(())
    }
}

fn taken(mut taken: Taken) -> Result<Taken, Refusal> {
    taken.id = id(taken.id)?;
    taken.sentence = one_line(&taken.sentence);
    Ok(taken)
}

fn id(id: String) -> Result<String, Refusal> {
    let is_right = (1..=ID_BYTES).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    if is_right { Ok(id) } else { Err(Refusal::Body("the id is no id of a handover".to_owned())) }
}

/// Text of another host that ends up in logs and on terminals: bounded, without control characters.
pub(super) fn one_line(text: &str) -> String {
    let shown = text.chars().take(SENTENCE_CHARS);
    shown.map(|c| if c.is_control() { ' ' } else { c }).collect()
}
