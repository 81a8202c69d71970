//! What a channel is: something that delivers one message, once, when it is told to.
//!
//! Order, retries, deadlines and what is remembered of a delivery are the outbox's.

use std::pin::Pin;
use std::time::Duration;

use crate::core::alarm::message::{Message, PictureKind};

/// What [`Channel::deliver`] returns: async, and callable behind `dyn`.
pub type Delivering<'a> =
    Pin<Box<dyn Future<Output = Result<Delivered, DeliveryError>> + Send + 'a>>;

/// A way to tell people.
pub trait Channel: Send + Sync {
    /// What the channel is called in the configuration (its section) and in logs.
    fn name(&self) -> &'static str;

    /// Whether it shows pictures; none are drawn for a channel that does not.
    fn takes_pictures(&self) -> bool {
        false
    }

    /// Whether pictures may come after their message, by [`Channel::follow`]. Where they may not,
    /// those that are not drawn in time are left out.
    fn takes_late_pictures(&self) -> bool {
        false
    }

    /// Delivers one message, once. A future that is dropped (the outbox's deadline) leaves it open
    /// whether it arrived; the next try carries the same [`Message::id`].
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a>;

    /// Shows the pictures of a message that was delivered without them. Only asked where
    /// [`Channel::takes_late_pictures`] is true, once, and before anything else of the incident is
    /// delivered.
    fn follow<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        let _ = delivery;
        Box::pin(std::future::ready(Ok(Delivered::default())))
    }

    /// Takes back what an earlier delivery showed. Only asked of channels that answered with
    /// [`Delivered::remove_after`].
    fn remove<'a>(&'a self, shown: &'a str) -> Delivering<'a> {
        let _ = shown;
        Box::pin(std::future::ready(Ok(Delivered::default())))
    }
}

/// One message on its way to one channel.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What to say.
    pub message: Message,
    /// The pictures asked for that could be drawn; empty for a channel that takes none.
    pub pictures: Vec<Picture>,
    /// What this channel answered as [`Delivered::shown`] the last time it delivered something of
    /// the same incident: what to edit, to reply to, to resolve.
    pub shown: Option<String>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What it shows.
    pub kind: PictureKind,
    /// What it shows, for somebody who cannot see it: one sentence.
    pub caption: String,
    /// A PNG file.
    pub png: Vec<u8>,
}

/// What came of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// What the service calls the message, to be given back with the next one of its incident; at
    /// most 1,000 bytes. `None` leaves what was known.
    pub shown: Option<String>,
    /// When [`Channel::remove`] is to be called for it, from now; survives restarts.
    pub remove_after: Option<Duration>,
}

/// Why a message was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Trying again may help: no connection, a service that is busy or broken.
    #[error("{why}")]
    Passing {
        /// What happened; holds no secret.
        why: String,
        /// How long the service wants to be left alone (`Retry-After`).
        retry_after: Option<Duration>,
    },
    /// The service refuses us, whatever the message says: a token or key that is wrong or was revoked,
    /// an address that leads nowhere any more, a chat that put us out. The message is kept until a
    /// person has mended that.
    #[error("{0}")]
    Refused(String),
    /// Trying again is useless: this message is refused, others may not be.
    #[error("{0}")]
    Lasting(String),
}

impl DeliveryError {
    /// A passing failure without a wish of the service.
    #[must_use]
    pub fn passing(why: impl Into<String>) -> Self {
        Self::Passing { why: why.into(), retry_after: None }
    }
}
