//! The one task that writes to disk: the latch, and the history when no latch waits.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use crate::core::action::{ActResult, Latch};
use crate::core::event::Event;
use crate::daemon::hands::report;
use crate::daemon::recorder::History;
use crate::history::entry::{Entry, What};
use crate::history::store::{Bounds, Store, StoreError};

/// Writes of the latch that wait for the disk.
pub(super) const LATCHES_MAX: usize = 16;
/// Entries of the history in one write: a latch that comes meanwhile waits for it.
const BATCH_MAX: usize = 16;
/// Until entries that could not be written are tried again.
const RETRY: Duration = Duration::from_secs(5);
/// Until it is seen that the keeper ends.
const LOOK: Duration = Duration::from_millis(500);
/// How often the same entries are tried before they are given up: a reader that holds the file,
/// or a disk that was full for a moment.
const TRIES_MAX: u32 = 6;

/// Writes until both queues are closed and empty. Where there is no store, every latch fails and
/// nothing is kept of the history.
pub(super) async fn run(
    store: Option<Arc<Store>>,
    mut latches: mpsc::Receiver<(u64, Latch)>,
    history: History,
    events: mpsc::Sender<Event>,
) {
    let mut pages = Pages::new(store.clone(), history);
    loop {
        tokio::select! {
            biased;
            Some((id, latch)) = latches.recv() => {
                let result = write_latch(store.clone(), latch).await;
                report(&events, id, result).await;
            }
            is_open = pages.next() => match is_open {
                true => pages.write().await,
                false => break,
            },
        }
    }
    while let Some((id, latch)) = latches.recv().await {
        let result = write_latch(store.clone(), latch).await;
        report(&events, id, result).await;
    }
    pages.write().await;
    pages.give_up_rest();
}

/// On a thread where waiting for the disk holds nobody up.
async fn write_latch(store: Option<Arc<Store>>, latch: Latch) -> ActResult {
    let Some(store) = store else {
        return ActResult::Failed("the state directory could not be opened".to_owned());
    };
    match spawn_blocking(move || store.save(&latch)).await {
        Ok(Ok(())) => ActResult::Done("written".to_owned()),
        Ok(Err(error)) => ActResult::Failed(error.to_string()),
        Err(error) => ActResult::Failed(error.to_string()),
    }
}

/// The history's entries on their way to disk.
struct Pages {
    store: Option<Arc<Store>>,
    history: History,
    /// Taken from the queue and not yet on disk.
    batch: Vec<Entry>,
    tries: u32,
    /// When the batch may be tried again.
    again: Instant,
    /// Whether the last try failed, so that a disk that stays full is told of once.
    has_failed: bool,
}

impl Pages {
    fn new(store: Option<Arc<Store>>, history: History) -> Self {
        let again = Instant::now();
        Self { store, history, batch: Vec::new(), tries: 0, again, has_failed: false }
    }

    /// Waits for something to write; `false` when nothing will come any more. May be given up at
    /// any time without losing anything.
    async fn next(&mut self) -> bool {
        while !self.batch.is_empty() {
            let now = Instant::now();
            if self.history.entries.is_closed() {
                return false;
            }
            if now >= self.again {
                return true;
            }
            sleep_until(self.again.min(now + LOOK)).await;
        }
        self.history.entries.recv_many(&mut self.batch, BATCH_MAX).await > 0
    }

    /// Tries to write what was taken; on a failure it is kept for the next time, a few times.
    async fn write(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let Some(store) = self.store.clone() else { return self.give_up() };
        let lost = self.history.lost.take();
        let mut entries: Vec<_> = self.gap(lost).into_iter().collect();
        let noted = entries.len();
        let taken = self.batch.len() as u64;
        entries.append(&mut self.batch);
        let written = spawn_blocking(move || {
            let result = store.append(&entries, &Bounds::DEFAULT);
            (entries, result)
        });
        match written.await {
            Ok((_, Ok(()))) => {
                self.tries = 0;
                if std::mem::take(&mut self.has_failed) {
                    tracing::info!("The history is written again.");
                }
            }
            Ok((entries, Err(error))) => {
                self.history.lost.add(lost);
                self.batch = entries.into_iter().skip(noted).collect();
                self.failed(&error);
            }
            // The thread ended: what it had is lost with it.
            Err(_) => self.history.lost.add(lost + taken),
        }
    }

    fn failed(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.has_failed, true) {
            tracing::warn!(%error, "The history could not be written; acts do not depend on it.");
        }
        self.tries += 1;
        self.again = Instant::now() + RETRY;
        if self.tries >= TRIES_MAX {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        self.history.lost.add(self.batch.len() as u64);
        self.batch.clear();
        self.tries = 0;
    }

    /// An entry in the place of those that were lost.
    fn gap(&self, count: u64) -> Option<Entry> {
        let at = self.history.clock.now().wall;
        let sentence = format!("{count} entries before this one could not be written.");
        (count > 0).then(|| Entry::own(at, What::Gap, &sentence, json!({ "entries": count })))
    }

    /// Says what never came to disk.
    fn give_up_rest(&mut self) {
        while self.history.entries.try_recv().is_ok() {
            self.history.lost.add(1);
        }
        self.give_up();
        let lost = self.history.lost.take();
        if lost > 0 && self.store.is_some() {
            tracing::warn!(lost, "Entries of the history were not written.");
        }
    }
}
