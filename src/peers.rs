//! What the keepers of one producer say to each other: their standing, a handover, the wish for one.
//!
//! Every request and every answer is signed with a secret they share ([`envelope`]), a replay is
//! refused ([`replay`]), and a handover is good only for seconds after its addressee asked to be
//! trusted with one ([`tickets`]), whatever the clocks say. `doc/peers.md` has the protocol.
//!
//! [`server`] listens, [`desk`] judges what comes, [`client`] sends, [`exchange`] keeps each other
//! up to date. Nothing here decides: all of it becomes events.

pub mod client;
mod content;
pub mod desk;
pub mod envelope;
pub mod exchange;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
pub mod heard;
pub mod message;
pub mod refusal;
pub mod replay;
pub mod server;
pub mod tickets;

use crate::core::name::Name;
use envelope::Key;

/// Largest body of a request or an answer, bytes; a status takes about 1 KiB.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// This node, and the keepers it shares a secret with.
#[derive(Clone, Debug)]
pub struct Party {
    /// Name of this node.
    pub node: String,
    /// The producer all of them watch.
    pub producer: Name,
    /// The shared secret.
    pub key: Key,
    /// The others, in the order of [`crate::core::settings::Peers::names`].
    pub remotes: Vec<Remote>,
}

/// Another keeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Name of its node.
    pub name: String,
    /// Where it listens: `http://10.0.0.2:9881`.
    pub url: String,
}

impl Party {
    /// The place of a node of this name among the others.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        self.remotes.iter().position(|remote| remote.name == name)
    }
}
