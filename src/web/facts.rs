//! What may be shown: the last judgement, and the past.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::pulse::{Pulse, Told};
use crate::core::status::Status;
use crate::core::time::Timestamp;
use crate::history::store::{Past, Store, StoreError};

/// Questions to the history that may be under way at once: each holds the file for a moment.
const READERS_MAX: usize = 2;
/// How long a question to the history may take, with the wait for its turn.
pub const READ_DEADLINE: Duration = Duration::from_secs(3);

/// All that a route may know. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Facts {
    status: watch::Receiver<Arc<Status>>,
    judged: watch::Receiver<Instant>,
    archive: Archive,
    pulse: Arc<Pulse>,
    names: Arc<Names>,
    started: Instant,
}

/// What things are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The host's own name, as the kernel says it; empty where it says none.
    pub host: String,
    /// What people call the chain, where the configuration says it.
    pub chain: Option<String>,
    /// NAME of its `[node:NAME]`, where the configuration has such sections.
    pub section: Option<String>,
}

impl Facts {
    /// Facts that follow `status`; the past is that of `store`, where there is one. Ends by itself
    /// when nobody sends a status any more.
    #[must_use]
    pub fn new(
        status: watch::Receiver<Arc<Status>>,
        store: Option<Arc<Store>>,
        names: Names,
    ) -> Self {
        let (judge, judged) = watch::channel(Instant::now());
        tokio::spawn(note_judgements(status.clone(), judge));
        let pulse = Arc::default();
        let archive = Archive { store, places: Arc::new(Semaphore::new(READERS_MAX)) };
        Self { status, judged, archive, pulse, names: Arc::new(names), started: Instant::now() }
    }

    /// Where the loop tells what it does beside its judgement.
    #[must_use]
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// What the loop told so far.
    #[must_use]
    pub fn told(&self) -> Told {
        self.pulse.told()
    }

    /// What time it is: that of the last judgement, and its age.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let age = i64::try_from(self.judged_ago().as_millis()).unwrap_or(i64::MAX);
        self.status.borrow().at.plus_ms(age)
    }

    /// How long the keeper has been running.
    #[must_use]
    pub fn runs_for(&self) -> Duration {
        self.started.elapsed()
    }

    /// The last judgement.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status.borrow())
    }

    /// Each judgement as it comes, about one a second: for what is shown live. The sender is
    /// dropped when the keeper ends.
    #[must_use]
    pub fn judgements(&self) -> watch::Receiver<Arc<Status>> {
        self.status.clone()
    }

    /// How long ago the last judgement was made, by the clock that never jumps.
    #[must_use]
    pub fn judged_ago(&self) -> Duration {
        self.judged.borrow().elapsed()
    }

    /// What things are called.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The past.
    #[must_use]
    pub const fn archive(&self) -> &Archive {
        &self.archive
    }
}

async fn note_judgements(mut status: watch::Receiver<Arc<Status>>, judge: watch::Sender<Instant>) {
    while status.changed().await.is_ok() {
        judge.send_replace(Instant::now());
    }
}

/// The history, read beside the keeper that writes it.
#[derive(Clone, Debug)]
pub struct Archive {
    store: Option<Arc<Store>>,
    places: Arc<Semaphore>,
}

/// Why the past cannot be shown now.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The keeper has no usable state directory.
    #[error("the keeper has no state on disk, and so no history; its log says why")]
    NoState,
    /// It took too long; the reading was broken off.
    #[error(
        "the history did not answer within {} s: the disk is slow, or many ask at once; ask for \
         less, or again later",
        READ_DEADLINE.as_secs()
    )]
    TooSlow,
    /// The file cannot be read.
    #[error("the history cannot be read; the keeper's log says why")]
    Failed(#[source] StoreError),
}

impl Archive {
    /// Asks the history, on a thread where waiting for the disk keeps nobody else. No row is read
    /// after the deadline. The keeper cannot write meanwhile, so ask for at most some thousand rows
    /// a question.
    ///
    /// # Errors
    /// [`Unread`]: why there is no answer.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Past<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Unread> {
        let store = Arc::clone(self.store.as_ref().ok_or(Unread::NoState)?);
        let end = Instant::now() + READ_DEADLINE;
        let place = timeout_at(end, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| Unread::TooSlow)?
            .map_err(|_| Unread::NoState)?;
        let reading = spawn_blocking(move || {
            let answer = store.past_until(end.into_std(), question);
            // Held by the reading itself: one that hangs is not joined by more and more others.
            drop(place);
            answer
        });
        match timeout_at(end, reading).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(StoreError::Io { error, .. })))
                if error.kind() == std::io::ErrorKind::TimedOut =>
            {
                Err(Unread::TooSlow)
            }
            Ok(Ok(Err(error))) => {
                tracing::warn!(%error, "The history could not be read for the page.");
                Err(Unread::Failed(error))
            }
            // It ended with the runtime.
            Ok(Err(_)) => Err(Unread::NoState),
            Err(_) => Err(Unread::TooSlow),
        }
    }
}
