//! Tells what changed, and nothing twice.

use tokio::sync::mpsc;

use crate::core::event::Event;
use crate::core::process::ProcessEvent;

/// Sends what is true of the process when it becomes true.
pub(super) struct Teller {
    events: mpsc::Sender<Event>,
    told: Option<ProcessEvent>,
}

impl Teller {
    pub(super) fn new(events: mpsc::Sender<Event>) -> Self {
        Self { events, told: None }
    }

    /// It is watched.
    pub(super) async fn running(&mut self, what: String) {
        self.tell(ProcessEvent::Running { what }).await;
    }

    /// It has ended, and that was seen.
    pub(super) async fn ended(&mut self, how: String) {
        self.tell(ProcessEvent::Ended { how }).await;
    }

    /// It cannot be watched.
    pub(super) async fn not_watched(&mut self, why: String) {
        self.tell(ProcessEvent::NotWatched { why }).await;
    }

    /// There is none. After an end that was seen, the end stays what is known.
    pub(super) async fn nobody(&mut self, why: String) {
        if !matches!(self.told, Some(ProcessEvent::Ended { .. })) {
            self.not_watched(why).await;
        }
    }

    /// Whether nobody receives any more.
    pub(super) fn is_closed(&self) -> bool {
        self.events.is_closed()
    }

    /// A full channel is waited for: an end must not be lost.
    async fn tell(&mut self, news: ProcessEvent) {
        if self.told.as_ref() == Some(&news) {
            return;
        }
        match &news {
            ProcessEvent::Running { what } => tracing::info!("nodeos is watched: {what}."),
            ProcessEvent::Ended { how } => tracing::warn!("nodeos has ended: {how}."),
            ProcessEvent::NotWatched { why } => {
                tracing::warn!("The end of nodeos would not be seen at once: {why}.");
            }
        }
        // Closed: the keeper is ending.
        let _ = self.events.send(Event::Process(news.clone())).await;
        self.told = Some(news);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tells_each_change_once_and_keeps_an_end_until_another_runs() {
        let (events, mut received) = mpsc::channel(16);
        let mut teller = Teller::new(events);
        teller.nobody("nobody listens".to_owned()).await;
        teller.nobody("nobody listens".to_owned()).await;
        teller.running("process 1".to_owned()).await;
        teller.ended("process 1 ended".to_owned()).await;
        teller.nobody("nobody listens".to_owned()).await;
        teller.running("process 2".to_owned()).await;
        drop(teller);
        let mut told = Vec::new();
        while let Some(Event::Process(event)) = received.recv().await {
            told.push(event);
        }
        let expected = [
            ProcessEvent::NotWatched { why: "nobody listens".to_owned() },
            ProcessEvent::Running { what: "process 1".to_owned() },
            ProcessEvent::Ended { how: "process 1 ended".to_owned() },
            ProcessEvent::Running { what: "process 2".to_owned() },
        ];
        assert_eq!(told, expected);
    }
}
