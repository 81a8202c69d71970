//! Lines become events: the classifier between a log's reader and the keeper.

use tokio::sync::{Notify, mpsc};

use crate::core::event::{Event, EventName, OTHER_LINE_BYTES, OtherLines};
use crate::nodeos::log::Classifier;
use crate::sources::lines::LogItem;

/// Lines that are none of our events are told in bulk, at the latest after so many.
const OTHERS_MAX: u64 = 10_000;

/// Classifies what the reader hands over until it ends or nobody receives any more. Lines that are
/// no event of ours are counted and told together, before the next event or when the log pauses.
pub async fn classify(
    mut items: mpsc::Receiver<LogItem>,
    events: mpsc::Sender<Event>,
    schedule_changed: &Notify,
) {
    let mut reading = Reading {
        classifier: Classifier::new(),
        others: Others::default(),
        events,
        schedule_changed,
    };
    while let Some(item) = items.recv().await {
        let told = match item {
            LogItem::Source(change) => reading.tell(Event::LogSource(change)).await,
            LogItem::Lines(lines) => reading.lines(&lines).await,
        };
        let told = if items.is_empty() { reading.tell_others().await } else { told };
        if told.is_err() {
            return;
        }
    }
}

/// Nobody receives any more.
struct Gone;

struct Reading<'a> {
    classifier: Classifier,
    others: Others,
    events: mpsc::Sender<Event>,
    schedule_changed: &'a Notify,
}

impl Reading<'_> {
    async fn lines(&mut self, lines: &[Vec<u8>]) -> Result<(), Gone> {
        for line in lines {
            let event = self.classifier.classify(line);
            if event.name == EventName::Other {
                self.others.add(line);
                if self.others.count >= OTHERS_MAX {
                    self.tell_others().await?;
                }
                continue;
            }
            if event.name == EventName::ScheduleChanged {
                self.schedule_changed.notify_one();
            }
            self.tell(Event::Log(event)).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, event: Event) -> Result<(), Gone> {
        self.tell_others().await?;
        self.events.send(event).await.map_err(|_| Gone)
    }

    async fn tell_others(&mut self) -> Result<(), Gone> {
        let Some(lines) = self.others.take() else { return Ok(()) };
        self.events.send(Event::OtherLines(lines)).await.map_err(|_| Gone)
    }
}

#[derive(Default)]
struct Others {
    count: u64,
    last: Vec<u8>,
}

impl Others {
    fn add(&mut self, line: &[u8]) {
        self.count += 1;
        self.last.clear();
        self.last.extend_from_slice(&line[..line.len().min(OTHER_LINE_BYTES)]);
    }

    fn take(&mut self) -> Option<OtherLines> {
        if self.count == 0 {
            return None;
        }
        let last = String::from_utf8_lossy(&self.last).into_owned();
        Some(OtherLines { count: std::mem::take(&mut self.count), last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::LogSourceEvent;

    #[tokio::test]
    async fn unknown_lines_are_told_in_bulk_and_in_order() {
        let (to_lines, items) = mpsc::channel(100);
        let (to_events, mut events) = mpsc::channel(100);
        let known = "info  2024-09-27T03:44:56.027 nodeos    controller.cpp:3637           \
            log_applied          ] Received block 8b667a463df4659c... #396368586 @ \
            2024-09-27T03:44:56.000 signed by eosflytomars [trxs: 11, lib: 396368584, net: 87944, \
            cpu: 39114, elapsed: 66392, time: 136260, latency: 26 ms]";
        let lines = |texts: &[&str]| {
            LogItem::Lines(texts.iter().map(|text| text.as_bytes().to_vec()).collect())
        };
        let long = "y".repeat(5_000);
        for item in [
            LogItem::Source(LogSourceEvent::Following { what: "x".to_owned() }),
            lines(&["a", "b"]),
            lines(&["c", known, &long]),
        ] {
            to_lines.send(item).await.unwrap();
        }
        drop(to_lines);
        classify(items, to_events, &Notify::new()).await;
        let mut told = Vec::new();
        while let Some(event) = events.recv().await {
            told.push(match event {
                Event::LogSource(_) => "source".to_owned(),
                Event::OtherLines(lines) => format!("{} to {}", lines.count, lines.last.len()),
                Event::Log(event) => event.name.to_string(),
                other => format!("{other:?}"),
            });
        }
        assert_eq!(told, ["source", "3 to 1", "block_received", "1 to 300"]);
    }
}
