//! Says when to look at the file: soon after something happened to it, and at least each tick.
//!
//! linemux (inotify) makes the look prompt; the tick makes it certain, where inotify is not to be
//! had, misses an event, or cannot watch because the directory is not there yet.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use linemux::MuxedEvents;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

/// Longest time between two looks.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// How often the file is given to the watcher again: what it watched may have been removed.
const REWATCH: Duration = Duration::from_secs(2);

/// Wakes the reader of one file.
pub(super) struct Waker {
    something: Arc<Notify>,
    /// The task that turns events into wake-ups. It reads them even while the reader is held up
    /// by a full channel, so they do not pile up.
    watch: Option<AbortOnDropHandle<()>>,
}

impl Waker {
    /// Watches `path` with linemux.
    ///
    /// # Errors
    /// When no watcher can be made, for example because the user has no inotify instance left.
    pub(super) fn watching(path: &Path) -> std::io::Result<Self> {
        let events = MuxedEvents::new()?;
        let something = Arc::new(Notify::new());
        let task = tokio::spawn(watch(events, path.to_owned(), Arc::clone(&something)));
        Ok(Self { something, watch: Some(AbortOnDropHandle::new(task)) })
    }

    /// Only ticks.
    pub(super) fn polling() -> Self {
        Self { something: Arc::new(Notify::new()), watch: None }
    }

    /// Whether nothing but the tick wakes.
    pub(super) fn is_polling(&self) -> bool {
        self.watch.as_ref().is_none_or(AbortOnDropHandle::is_finished)
    }

    /// Returns when it is time to look again.
    pub(super) async fn wait(&self) {
        // Either is a reason to look.
        let _ = tokio::time::timeout(TICK, self.something.notified()).await;
    }
}

async fn watch(mut events: MuxedEvents, path: PathBuf, something: Arc<Notify>) {
    loop {
        // The directory may be absent, the path a directory: tried again until it can be watched.
        if let Err(error) = events.add_file(&path).await {
            tracing::debug!(%error, path = %path.display(), "The log file cannot be watched yet.");
        }
        let again = tokio::time::Instant::now() + REWATCH;
        loop {
            match tokio::time::timeout_at(again, events.next_event()).await {
                Ok(Ok(Some(_))) | Ok(Err(_)) => something.notify_one(),
                // Nothing is being watched, so there is no event to wait for.
                Ok(Ok(None)) => tokio::time::sleep_until(again).await,
                Err(_) => break,
            }
        }
    }
}
