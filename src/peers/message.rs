//! What is said: a body for each topic, as JSON.

use serde::{Deserialize, Serialize};

use super::envelope::Nonce;
use crate::core::handover::{Handover, PeerStatus};

/// What a message is about; each has its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Who are you? Changes nothing; gives a ticket.
    Hello,
    /// This is how I stand; how do you?
    Status,
    /// I give the producer to you.
    Handover,
    /// Give the producer to me.
    Ask,
}

/// The body of [`Topic::Hello`]: nothing yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {}

/// The answer to [`Topic::Hello`] and [`Topic::Status`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// How the node that answers stands.
    pub status: PeerStatus,
    /// What a handover or an ask must show, within [`super::tickets::TICKET_MS`].
    pub ticket: Nonce,
}

/// The body of [`Topic::Handover`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Give {
    /// [`Standing::ticket`] of the addressee.
    pub ticket: Nonce,
    /// What is given.
    pub handover: Handover,
}

/// The body of [`Topic::Ask`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// [`Standing::ticket`] of the addressee.
    pub ticket: Nonce,
    /// Who wants it, one sentence.
    pub on_behalf: String,
}

/// The answer to [`Topic::Handover`] and [`Topic::Ask`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Whether the keeper has it; what it does with it is in its next status.
    pub verdict: Word,
    /// One sentence.
    pub sentence: String,
}

/// Whether a keeper has what it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// It has it.
    Received,
    /// It does not, and will not.
    Refused,
    /// It does not: the ticket is too old, or of an earlier run; with a new one it might.
    StaleTicket,
}

impl Topic {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Hello, Self::Status, Self::Handover, Self::Ask];

    /// Where it is posted.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Hello => "/peer/v1/hello",
            Self::Status => "/peer/v1/status",
            Self::Handover => "/peer/v1/handover",
            Self::Ask => "/peer/v1/ask",
        }
    }

    /// The topic of a path.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.path() == path)
    }
}
