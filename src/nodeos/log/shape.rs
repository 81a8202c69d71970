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
    /// Whether lines may follow that belong to it, or it holds text of others.
    pub open: bool,
    /// Whether the network plugins print it. Any other message is not accepted from them.
    pub network: bool,
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
    Shape { event, reason: None, starts, rest: Rest::End, open: false, network: false }
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
        self.open = true;
        self
    }

    /// Printed by a network plugin, or by one of them too.
    pub(super) const fn network(mut self) -> Self {
        self.network = true;
        self
    }
}
