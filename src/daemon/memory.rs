//! Remembers over a restart which members of the fleet have reported.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::core::fleet::FleetState;
use crate::core::keeper::Keeper;
use crate::core::time::{Mono, Now};
use crate::history::store::Store;

/// What it is remembered by.
const NAME: &str = "fleet";
/// Between two writes: a minute of silence more or less is none in ten.
const EVERY_MS: u64 = 60_000;

/// Writes it down now and then, beside the loop.
pub(super) struct FleetMemory {
    store: Option<Arc<Store>>,
    /// When it was looked at last, and what was written.
    written: Option<(Mono, String)>,
    writing: Option<JoinHandle<()>>,
}

impl FleetMemory {
    /// Tells the keeper what the last one knew. Without a store it knows nothing, and a member that
    /// does not report is taken for one that never did.
    pub(super) fn restore(store: Option<Arc<Store>>, keeper: &mut Keeper) -> Self {
        match store.as_deref().map(|store| store.kept(NAME)) {
            Some(Ok(Some(text))) => match serde_json::from_str::<FleetState>(&text) {
                Ok(kept) => keeper.restore_fleet(kept),
                Err(error) => {
                    tracing::warn!(%error, "Who of the fleet reported before is not understood.");
                }
            },
            Some(Err(error)) => {
                tracing::warn!(%error, "Who of the fleet reported before cannot be read.");
            }
            Some(Ok(None)) | None => {}
        }
        Self { store, written: None, writing: None }
    }

    /// Writes it when it is time and something changed; one write at a time.
    pub(super) fn tick(&mut self, now: Now, keeper: &Keeper) {
        let due = self.written.as_ref().is_none_or(|(at, _)| now.mono.since_ms(*at) >= EVERY_MS);
        if due && self.writing.as_ref().is_none_or(JoinHandle::is_finished) {
            self.write(now, keeper);
        }
    }

    /// Writes it a last time.
    pub(super) async fn finish(mut self, now: Now, keeper: &Keeper) {
        if let Some(writing) = self.writing.take() {
            let _ = writing.await;
        }
        self.write(now, keeper);
        if let Some(writing) = self.writing.take() {
            let _ = writing.await;
        }
    }

    fn write(&mut self, now: Now, keeper: &Keeper) {
        let Some(store) = self.store.clone() else { return };
        let state = keeper.fleet_state();
        // A keeper without a fleet has nothing to remember, and nothing to write over.
        let text = match serde_json::to_string(&state) {
            Ok(text) if !state.members.is_empty() => text,
            _ => return,
        };
        let is_new = self.written.as_ref().is_none_or(|(_, before)| *before != text);
        self.written = Some((now.mono, text.clone()));
        if is_new {
            self.writing = Some(tokio::task::spawn_blocking(move || {
                if let Err(error) = store.keep(NAME, &text) {
                    tracing::warn!(%error, "Who of the fleet reports could not be written down.");
                }
            }));
        }
    }
}
