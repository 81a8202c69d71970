//! The lease: who may sign, as etcd keeps it.

use serde::{Deserialize, Serialize};

use crate::core::event::ApiFailure;
use crate::core::handover::Handover;
use crate::core::time::Mono;

/// What the key says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRecord {
    /// Name of the node that holds it, or that released it.
    pub holder: String,
    /// The fencing token: the key's `mod_revision`, which only grows.
    pub token: u64,
    /// Set when the holder has let go of it, with what it hands over.
    pub released: Option<Handover>,
}

/// What is learnt of the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseEvent {
    /// The key was read; `None`: there is no such key, the lease was never taken or has lapsed.
    Read {
        /// When the question was sent.
        asked: Mono,
        /// The answer.
        record: Option<LeaseRecord>,
    },
    /// This node took or renewed it. It is ours until `asked` and the TTL.
    Held {
        /// When the question was sent.
        asked: Mono,
        /// The fencing token.
        token: u64,
    },
    /// etcd says that it is not ours any more.
    Lost(
        /// One sentence.
        String,
    ),
    /// etcd gave no usable answer.
    Failed(ApiFailure),
}
