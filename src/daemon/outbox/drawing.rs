//! The pictures of one message, drawn beside it: a page must not wait for what shows it.

use std::future::pending;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::Draw;
use crate::actions::notify::channel::Picture;
use crate::core::alarm::message::{Message, MessageKind};

/// A message waits so long for its pictures. They take a tenth of a second; more where the disk or
/// the processors are what the message is about.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// A report is of no use without them, and nobody is woken by it.
const REPORT_PATIENCE: Duration = Duration::from_secs(10);

/// Pictures that are being drawn.
pub(super) struct Drawing {
    message: Message,
    task: JoinHandle<Vec<Picture>>,
    /// What the channel shows of the message, once that was delivered without them.
    owed: Option<Option<String>>,
}

/// What became of a message's pictures when it has to leave.
pub(super) enum Drawn {
    /// They are here; none, where there is nothing to draw.
    Here(Vec<Picture>),
    /// They are still being drawn.
    Late,
    /// Those of another message are still being drawn.
    Busy,
}

/// One drawing at a time: however long each takes, a channel keeps one thread busy.
#[derive(Default)]
pub(super) struct Easel {
    drawing: Option<Drawing>,
}

impl Easel {
    /// The pictures of a message, where they are drawn in time. A message that is tried again goes on
    /// with the drawing of before.
    pub(super) async fn pictures(&mut self, draw: &Draw, message: &Message) -> Drawn {
        self.forget_about(message);
        let drawing = match self.drawing.take() {
            Some(drawing) if drawing.message.id == message.id => drawing,
            Some(drawing) if !drawing.task.is_finished() => {
                self.drawing = Some(drawing);
                return Drawn::Busy;
            }
            _ => Drawing::begin(draw, message),
        };
        let patience = if message.kind == MessageKind::Report { REPORT_PATIENCE } else { PATIENCE };
        let drawing = self.drawing.insert(drawing);
        match timeout(patience, &mut drawing.task).await {
            Ok(pictures) => {
                self.drawing = None;
                // A thread that ended early drew nothing: a message without its picture is better
                // than none.
                Drawn::Here(pictures.unwrap_or_default())
            }
            Err(_) => Drawn::Late,
        }
    }

    /// The message left without its pictures; they are to follow what the channel shows of it.
    pub(super) fn owe(&mut self, message: &Message, shown: Option<String>) {
        if let Some(drawing) = self.drawing.as_mut().filter(|d| d.message.id == message.id) {
            drawing.owed = Some(shown);
        }
    }

    /// Waits until pictures that are owed are drawn: their message, and what is shown of it. Never
    /// ends where nothing is drawn. May be given up at any time.
    pub(super) async fn late(&mut self) -> (Message, Option<String>, Vec<Picture>) {
        let owed = self.drawing.as_mut().filter(|drawing| drawing.owed.is_some());
        if let Some(drawing) = owed {
            let pictures = (&mut drawing.task).await.unwrap_or_default();
            if let Some(Drawing { message, owed: Some(shown), .. }) = self.drawing.take()
                && !pictures.is_empty()
            {
                return (message, shown, pictures);
            }
        }
        pending().await
    }

    /// Something newer is said of the incident: its pictures come with that, or not at all.
    fn forget_about(&mut self, message: &Message) {
        let is_about = |drawing: &&mut Drawing| {
            drawing.message.id != message.id
                && !message.incident.is_empty()
                && drawing.message.incident == message.incident
        };
        if let Some(drawing) = self.drawing.as_mut().filter(is_about) {
            drawing.owed = None;
        }
    }
}

impl Drawing {
    fn begin(draw: &Draw, message: &Message) -> Self {
        let (draw, drawn) = (Draw::clone(draw), message.clone());
        let task = spawn_blocking(move || {
            drawn.pictures.iter().filter_map(|kind| draw(*kind, &drawn)).collect()
        });
        Self { message: message.clone(), task, owed: None }
    }
}

/// Whether the pictures of a message may come after it: those of what begins. What changes or ends
/// soon has others.
pub(super) const fn may_follow(message: &Message) -> bool {
    matches!(message.kind, MessageKind::Raised | MessageKind::Told)
}
