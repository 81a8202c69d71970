//! A bounded way out: waits a moment for a full channel, then drops and counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;

use crate::core::event::Event;

/// How long a full channel is waited for. The keeper takes every event within a tick of 1 s; one
/// that does not is stuck, and old answers would only mislead it later.
const SEND_WAIT: Duration = Duration::from_secs(1);

/// Where a source's events go.
pub(super) struct Outlet {
    events: mpsc::Sender<Event>,
    dropped: AtomicU64,
}

impl Outlet {
    pub(super) fn new(events: mpsc::Sender<Event>) -> Self {
        Self { events, dropped: AtomicU64::new(0) }
    }

    /// Sends, or drops after [`SEND_WAIT`].
    pub(super) async fn send(&self, event: Event) {
        match self.events.send_timeout(event, SEND_WAIT).await {
            // Closed: `closed` ends the polling.
            Ok(()) | Err(SendTimeoutError::Closed(_)) => {}
            Err(SendTimeoutError::Timeout(_)) => {
                let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
                tracing::warn!(dropped, "The keeper takes no events; one of the RPC was dropped.");
            }
        }
    }

    /// Returns when nobody receives any more.
    pub(super) async fn closed(&self) {
        self.events.closed().await;
    }

    /// Events dropped so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::ApiFailure;

    #[tokio::test(start_paused = true)]
    async fn a_full_channel_costs_the_event_and_not_the_poller() {
        let (events, mut received) = mpsc::channel(1);
        let outlet = Outlet::new(events);
        for _ in 0..3 {
            outlet.send(Event::Info(Err(ApiFailure::ConnectionRefused))).await;
        }
        assert_eq!(outlet.dropped(), 2);
        assert!(received.try_recv().is_ok());
        outlet.send(Event::Paused(Ok(true))).await;
        assert_eq!(received.try_recv(), Ok(Event::Paused(Ok(true))));
        assert_eq!(outlet.dropped(), 2);
        drop(received);
        outlet.closed().await;
    }
}
