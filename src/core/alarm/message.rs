//! A message to people, as every channel gets it.

use serde::{Deserialize, Serialize};

use crate::core::action::Severity;
use crate::core::alarm::language::Language;
use crate::core::name::Name;
use crate::core::settings::Role;
use crate::core::time::Timestamp;

/// Counts up when a field is removed or changes its meaning.
pub const MESSAGE_VERSION: u32 = 1;
/// Most lines of proof in one message.
pub const PROOF_MAX: usize = 12;
/// Most bytes of one sentence in a message.
pub const SENTENCE_BYTES_MAX: usize = 600;

/// What a channel delivers. It is complete in itself: it may be read hours later, on a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// [`MESSAGE_VERSION`].
    pub version: u32,
    /// The same for every try and every channel, and for no other message: lets a receiver drop
    /// what it got twice.
    pub id: String,
    /// What it says about its incident.
    pub kind: MessageKind,
    /// How bad it is.
    pub severity: Severity,
    /// How bad people were told it is when it began: who heard of a warning hears of its end, also
    /// where it became a page. Only says who gets the message, and is no part of it.
    #[serde(skip)]
    pub first_told_as: Option<Severity>,
    /// Id of the incident: the same from its beginning to its end. Empty for a report, a summary
    /// or a test.
    pub incident: String,
    /// The cause's key, for example `api_down` or `member_offline:tokyo-2`.
    pub cause: String,
    /// The truth in one sentence.
    pub title: String,
    /// What was seen, the most telling first; at most [`PROOF_MAX`] sentences.
    pub proof: Vec<String>,
    /// What to do next; empty where there is nothing to do.
    pub next_step: String,
    /// What holds of the whole message: maintenance, a dry run, late delivery.
    pub marks: Vec<String>,
    /// Name of the node it is about.
    pub node: String,
    /// What that node is for.
    pub role: Role,
    /// The producer.
    pub producer: Name,
    /// Chain id, 64 hex digits, where it is known.
    pub chain_id: Option<String>,
    /// When it was said.
    pub at: Timestamp,
    /// When the incident began.
    pub began: Timestamp,
    /// When it ended, where it did.
    pub ended: Option<Timestamp>,
    /// How often was reminded before; 0 in the first message.
    pub reminder: u32,
    /// Which pictures go with it, for channels that take any.
    pub pictures: Vec<PictureKind>,
    /// The language it is written in.
    pub language: Language,
}

/// What a message says about its incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// It begins.
    Raised,
    /// It goes on: an escalation step.
    Reminder,
    /// It became worse, or another finding joined it.
    Changed,
    /// It is over.
    Resolved,
    /// Something happened that has no end.
    Told,
    /// The report of some hours.
    Report,
    /// What a channel missed while it could not be reached.
    Summary,
    /// A person tries the channel.
    Test,
}

/// The pictures there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureKind {
    /// Lag against the references.
    Lag,
    /// The host's resources.
    Host,
    /// Our turns as a grid of slots.
    Slots,
    /// Blocks produced and missed over time.
    Production,
    /// The pool's workers and hashrate.
    Pool,
}

impl MessageKind {
    /// The word in JSON, in logs and in the documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Reminder => "reminder",
            Self::Changed => "changed",
            Self::Resolved => "resolved",
            Self::Told => "told",
            Self::Report => "report",
            Self::Summary => "summary",
            Self::Test => "test",
        }
    }
}

impl PictureKind {
    /// Every picture.
    pub const ALL: [Self; 5] = [Self::Lag, Self::Host, Self::Slots, Self::Production, Self::Pool];

    /// The word on the command line and in file names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lag => "lag",
            Self::Host => "host",
            Self::Slots => "slots",
            Self::Production => "production",
            Self::Pool => "pool",
        }
    }
}
