//! Where the alarms of a keeper put what they make.

use std::time::Duration;

use tokio::sync::mpsc;

use super::alarms::DESK;
use super::common::{Left, Watched};
use super::mouth::Line;
use super::outbox::{Batch, Outbox};
use crate::core::status::ChannelStatus;

/// An outbox of its own, or that of all nodes of the file.
pub(super) enum Mail {
    /// Its own.
    Own(Outbox),
    /// That of all nodes.
    Shared(Line),
}

impl Mail {
    /// Queues what a tick made; never waits.
    pub(super) fn post(&mut self, batch: Batch) {
        match self {
            Self::Own(outbox) => outbox.post(batch),
            Self::Shared(line) => line.post(batch),
        }
    }

    /// Where batches are queued by tasks beside the loop.
    pub(super) fn sender(&self) -> mpsc::Sender<Batch> {
        match self {
            Self::Own(outbox) => outbox.sender(),
            Self::Shared(line) => line.sender(),
        }
    }

    /// How each channel stands.
    pub(super) fn states(&self) -> Vec<ChannelStatus> {
        match self {
            Self::Own(outbox) => outbox.states(),
            Self::Shared(line) => line.states(),
        }
    }

    /// Whether the task runs that sends messages.
    pub(super) fn runs(&self) -> bool {
        match self {
            Self::Own(outbox) => outbox.runs(),
            Self::Shared(line) => line.runs(),
        }
    }

    /// Batches dropped since the start because the disk was stuck.
    pub(super) fn lost(&self) -> u64 {
        match self {
            Self::Own(outbox) => outbox.lost(),
            Self::Shared(line) => line.lost(),
        }
    }

    /// By what name the store keeps what the desk knows.
    pub(super) fn desk(&self) -> &str {
        match self {
            Self::Own(_) => DESK,
            Self::Shared(line) => line.desk(),
        }
    }

    /// This keeper watches this of what all nodes of the file have in common.
    pub(super) fn watch(&self, watched: Watched) {
        if let Self::Shared(line) = self {
            line.watch(watched);
        }
    }

    /// What it leaves to other nodes of the file.
    pub(super) fn left(&self) -> Left {
        match self {
            Self::Own(_) => Left::default(),
            Self::Shared(line) => line.left(),
        }
    }

    /// Delivers what can be delivered within `deadline`; what is shared goes on.
    pub(super) async fn finish(self, deadline: Duration) {
        match self {
            Self::Own(outbox) => outbox.finish(deadline).await,
            Self::Shared(_) => {}
        }
    }
}
