//! How one message looks: the literal it starts with, and what may follow.

use crate::core::event::{EventName, Reason};

/// A message of nodeos that is an event of ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// What it means.
    pub event: EventName,
    /// Why, where the message has one cause only.
    pub reason: Option<Reason>,
    /// First bytes, taken literally; empty where the message starts with a value.
    pub starts: &'static str,
    /// What follows them.
    pub rest: Rest,
    /// What the lines below may be.
    pub after: After,
    /// Whether the network plugins print it. Any other message is not accepted from them.
    pub network: bool,
}

/// What a line without columns may be, below a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// No part of the record: that is known to be one line, and complete.
    Nothing,
    /// The rest of the record, or text of others that it holds: a peer's name, a description.
    Unknown,
    /// The cause of the refusal the record begins, in nodeos's own words.
    Cause,
}

/// What may follow a message's first bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rest {
    /// Nothing.
    End,
    /// Anything.
    Words,
    /// All of this pattern: a regex in which [`FIELDS`](super::table::FIELDS) stand for values.
    Pattern(&'static str),
}

/// A message that is these bytes and nothing else, printed by the chain's own plugins.
pub(super) const fn says(event: EventName, starts: &'static str) -> Shape {
    Shape { event, reason: None, starts, rest: Rest::End, after: After::Nothing, network: false }
}

impl Shape {
    /// With this cause.
    pub(super) const fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Followed by all of a pattern.
    pub(super) const fn then(mut self, pattern: &'static str) -> Self {
        self.rest = Rest::Pattern(pattern);
        self
    }

    /// Followed by anything.
    pub(super) const fn words(mut self) -> Self {
        self.rest = Rest::Words;
        self
    }

    /// Lines may follow that belong to it, or it holds text of others.
    pub(super) const fn open(mut self) -> Self {
        self.after = After::Unknown;
        self
    }

    /// The next line may name the cause.
    pub(super) const fn cause_follows(mut self) -> Self {
        self.after = After::Cause;
        self
    }

    /// Printed by a network plugin, or by one of them too.
    pub(super) const fn network(mut self) -> Self {
        self.network = true;
        self
    }
}
