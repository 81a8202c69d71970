//! What a log source sent, and waiting for it.

use std::time::Duration;

use eoskeeper::core::event::{LogSourceEvent, Replacement};
use eoskeeper::sources::lines::LogItem;
use tokio::sync::mpsc;

/// Generous: it only ends a test that has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Gathers what comes out of a source.
pub(crate) struct Received {
    rx: mpsc::Receiver<LogItem>,
    /// Every line so far.
    pub(crate) lines: Vec<Vec<u8>>,
    /// Every event so far, with the number of lines that came before it.
    pub(crate) events: Vec<(usize, LogSourceEvent)>,
}

impl Received {
    pub(crate) fn new(rx: mpsc::Receiver<LogItem>) -> Self {
        Self { rx, lines: Vec::new(), events: Vec::new() }
    }

    async fn next(&mut self, until: tokio::time::Instant, wanted: &str) {
        let item = match tokio::time::timeout_at(until, self.rx.recv()).await {
            Ok(item) => item.expect("the source ended by itself"),
            Err(_) => panic!(
                "never came: {wanted}; {} lines, last {:?}; events {:?}",
                self.lines.len(),
                self.lines.last().map(|line| text(line)),
                self.events
            ),
        };
        match item {
            LogItem::Lines(lines) => self.lines.extend(lines),
            LogItem::Source(event) => self.events.push((self.lines.len(), event)),
        }
    }

    /// Waits until `wanted` is among the lines.
    pub(crate) async fn line(&mut self, wanted: &str) {
        let until = tokio::time::Instant::now() + PATIENCE;
        let mut looked_at = 0;
        loop {
            if self.lines[looked_at..].iter().any(|line| line == wanted.as_bytes()) {
                return;
            }
            looked_at = self.lines.len();
            self.next(until, wanted).await;
        }
    }

    /// Waits for `count` lines in all.
    pub(crate) async fn count(&mut self, count: usize) {
        let until = tokio::time::Instant::now() + PATIENCE;
        while self.lines.len() < count {
            self.next(until, &format!("{count} lines")).await;
        }
    }

    /// Waits for an event from the `from`-th on, and says how many events there are then.
    pub(crate) async fn event_since(
        &mut self,
        from: usize,
        wanted: &str,
        is_it: impl Fn(&LogSourceEvent) -> bool,
    ) -> usize {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let new = self.events.iter().skip(from).position(|(_, event)| is_it(event));
            if let Some(at) = new {
                return from + at + 1;
            }
            self.next(until, wanted).await;
        }
    }

    pub(crate) async fn following(&mut self) {
        self.event_since(0, "Following", |event| matches!(event, LogSourceEvent::Following { .. }))
            .await;
    }

    pub(crate) async fn replaced(&mut self, wanted: Replacement) {
        let is_it = |event: &LogSourceEvent| matches!(event, LogSourceEvent::Replaced { how } if *how == wanted);
        self.event_since(0, &format!("{wanted:?}"), is_it).await;
    }

    /// Waits to be told that there is nothing to read, for a reason that has `part` in it.
    pub(crate) async fn unavailable(&mut self, part: &str) {
        let is_it = |event: &LogSourceEvent| matches!(event, LogSourceEvent::Unavailable { why } if why.contains(part));
        self.event_since(0, &format!("Unavailable: {part}"), is_it).await;
    }

    /// All lines so far as text, to compare and to show.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.lines.iter().map(|line| text(line)).collect()
    }
}

pub(crate) fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}
