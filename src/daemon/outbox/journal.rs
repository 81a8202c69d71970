//! What the outbox keeps on disk, off the runtime's threads. Where the disk fails, or hangs, it goes
//! on in memory: an alarm must not depend on the disk it may be about.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::core::alarm::lane::Parcel;
use crate::core::alarm::message::Message;
use crate::core::time::Timestamp;
use crate::history::record::{Notification, Record};
use crate::history::store::{Bounds, Removal, Store, StoreError, Waiting};

/// Longest wait for the disk: a write is some fsyncs, and SQLite waits for another program's look at
/// the file for two seconds at the most. A disk that takes longer hangs, as one of a network does
/// when that is gone.
const DISK_DEADLINE: Duration = Duration::from_secs(5);

/// The outbox's side of the store; clones share it.
#[derive(Clone)]
pub struct Journal {
    store: Option<Arc<Store>>,
    /// Numbers of what is in memory only: below zero.
    memory: Arc<AtomicI64>,
    is_failing: Arc<AtomicBool>,
    /// Whether something the disk was asked has not come back: until then it is asked no more.
    is_stuck: Arc<AtomicBool>,
}

impl Journal {
    /// A journal in this store.
    #[must_use]
    pub fn new(store: Option<Arc<Store>>) -> Self {
        let memory = Arc::new(AtomicI64::new(-1));
        Self { store, memory, is_failing: Arc::default(), is_stuck: Arc::default() }
    }

    /// Whether what was to be written last was not, so that it is in memory only.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// What waited before this start.
    pub async fn waiting(&self) -> Vec<Waiting> {
        self.look(|store| store.waiting()).await.unwrap_or_default()
    }

    /// Writes down what the pipeline remembers and what is to be told; the parcels, in order.
    pub async fn enqueue(
        &self,
        desk: Option<(String, String)>,
        queued: Timestamp,
        messages: Vec<(&'static str, Message)>,
    ) -> Vec<Parcel> {
        let rows = messages.clone();
        let write = move |store: &Store| {
            let rows: Vec<_> = rows.iter().map(|(channel, message)| (*channel, message)).collect();
            let desk = desk.as_ref().map(|(name, body)| (name.as_str(), body.as_str()));
            store.enqueue(desk, queued, &rows)
        };
        // What comes to disk when it was sent from memory long ago is not to be sent again.
        let undo = |store: &Store, ids: Vec<i64>| drop(store.replace(&ids, None));
        let written = self.with_undo(write, undo);
        let ids = written.await.unwrap_or_default();
        let each = messages.into_iter().enumerate().map(|(index, (_, message))| {
            let id = ids.get(index).copied().unwrap_or_else(|| self.own_id());
            Parcel { id, queued, message }
        });
        each.collect()
    }

    /// Puts a summary in the place of what expired.
    pub async fn replace(
        &self,
        channel: &'static str,
        removed: Vec<i64>,
        queued: Timestamp,
        summary: Message,
    ) -> Parcel {
        let row = summary.clone();
        let written =
            self.with(move |store| store.replace(&removed, Some((channel, queued, &row)))).await;
        let id = written.flatten().unwrap_or_else(|| self.own_id());
        Parcel { id, queued, message: summary }
    }

    /// Forgets a message that was given up, and remembers why.
    pub async fn give_up(&self, parcel: &Parcel, channel: &'static str, at: Timestamp, why: &str) {
        let (id, lost) = (parcel.id, notification(parcel, channel, at, why));
        self.with(move |store| {
            store.replace(&[id], None)?;
            store.write(&[Record::Notification(lost)], &Bounds::DEFAULT)
        })
        .await;
    }

    /// A message was delivered.
    pub async fn delivered(
        &self,
        parcel: &Parcel,
        channel: &'static str,
        at: Timestamp,
        shown: Option<String>,
        remove_at: Option<Timestamp>,
    ) {
        let (id, incident) = (parcel.id, about(&parcel.message).to_owned());
        let sent = notification(parcel, channel, at, "sent");
        self.with(move |store| {
            store.delivered(id, channel, &incident, at, (shown.as_deref(), remove_at))?;
            store.write(&[Record::Notification(sent)], &Bounds::DEFAULT)
        })
        .await;
    }

    /// A channel shows more of a message than when it was delivered.
    pub async fn shows(
        &self,
        message: &Message,
        channel: &'static str,
        at: Timestamp,
        shown: String,
    ) {
        let incident = about(message).to_owned();
        self.with(move |store| store.shows(channel, &incident, at, &shown)).await;
    }

    /// What a channel shows of an incident.
    pub async fn shown(&self, channel: &'static str, incident: &str) -> Option<String> {
        let incident = incident.to_owned();
        self.look(move |store| store.shown(channel, &incident)).await.flatten()
    }

    /// The next message a channel is to take back.
    pub async fn removal(&self, channel: &'static str, now: Timestamp) -> Option<Removal> {
        self.look(move |store| store.removal(channel, now)).await.flatten()
    }

    /// A message was taken back.
    pub async fn removed(&self, channel: &'static str, incident: String) {
        self.with(move |store| store.removed(channel, &incident)).await;
    }

    fn own_id(&self) -> i64 {
        self.memory.fetch_sub(1, Ordering::Relaxed)
    }

    /// `None` where there is no store, or it failed or hangs; a failure is told of when it begins and
    /// when it ends.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<T> {
        self.with_undo(work, |_, _| {}).await
    }

    /// The same for what only reads: on a full disk that goes well while nothing can be written, and
    /// ends no failure.
    async fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<T> {
        let done = self.done(work, |_, _| {}).await;
        done.map_err(|error| self.tell_failure(&error)).ok().flatten()
    }

    /// [`Journal::with`]; `undo` is done with what comes after the deadline.
    async fn with_undo<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
        undo: impl FnOnce(&Store, T) + Send + 'static,
    ) -> Option<T> {
        match self.done(work, undo).await {
            Ok(Some(value)) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("Messages are kept on disk again.");
                }
                Some(value)
            }
            Ok(None) => None,
            Err(error) => {
                self.tell_failure(&error);
                None
            }
        }
    }

    /// `Ok(None)` where there is no store, or an earlier question hangs.
    async fn done<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
        undo: impl FnOnce(&Store, T) + Send + 'static,
    ) -> Result<Option<T>, String> {
        let Some(store) = self.store.clone() else { return Ok(None) };
        if self.is_stuck.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let is_late = Arc::new(AtomicBool::new(false));
        let (late, stuck) = (Arc::clone(&is_late), Arc::clone(&self.is_stuck));
        let job = spawn_blocking(move || {
            let result = work(&store);
            if !late.load(Ordering::Relaxed) {
                return Some(result);
            }
            let _ = result.map(|value| undo(&store, value));
            stuck.store(false, Ordering::Relaxed);
            None
        });
        let Ok(ended) = timeout(DISK_DEADLINE, job).await else {
            self.is_stuck.store(true, Ordering::Relaxed);
            is_late.store(true, Ordering::Relaxed);
            return Err(format!("the disk took more than {} s", DISK_DEADLINE.as_secs()));
        };
        // A question that panicked says so itself.
        let Ok(Some(result)) = ended else { return Ok(None) };
        result.map(Some).map_err(|error| error.to_string())
    }

    fn tell_failure(&self, error: &str) {
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            tracing::error!(error, "Messages cannot be kept on disk; they are sent from memory.");
        }
    }
}

/// By what a channel's message is found again: its incident, or itself where it has none.
fn about(message: &Message) -> &str {
    match message.incident.as_str() {
        "" => &message.id,
        incident => incident,
    }
}

/// What came of a message, for the history.
fn notification(
    parcel: &Parcel,
    channel: &'static str,
    at: Timestamp,
    outcome: &str,
) -> Notification {
    let message = &parcel.message;
    Notification {
        at,
        channel: channel.to_owned(),
        message: message.id.clone(),
        incident: message.incident.clone(),
        kind: message.kind.as_str().to_owned(),
        outcome: outcome.to_owned(),
    }
}
