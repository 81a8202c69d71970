//! Tells people: one trait, one file per channel.
//!
//! The [`Dispatcher`] gives each channel a queue and a task of its own, so that one that hangs
//! holds up neither the keeper nor the others. It does not decide what is worth telling.

mod call;
pub mod channel;
pub mod discord;
pub mod email;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
pub mod log;
pub mod pagerduty;
mod parts;
mod post;
pub mod reach;
pub mod script;
pub mod setup;
pub mod slack;
pub mod telegram;
pub mod webhook;
pub mod wecom;
mod words;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::core::action::Notice;

/// Notices that wait for one channel. The keeper raises each cause once, so that a hundred are
/// more than one incident has.
pub const QUEUE_NOTICES: usize = 100;
/// Tries to send one notice, when trying again makes sense.
const TRIES: u32 = 3;
/// Before the second try; doubled before each further one.
const RETRY_GAP: Duration = Duration::from_secs(2);

/// What [`Channel::send`] returns: async, and callable behind `dyn`.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>>;

/// A way to tell people.
pub trait Channel: Send + Sync {
    /// What the channel is called in configuration and logs.
    fn name(&self) -> &'static str;

    /// Sends one notice, once; deadline and retries are the dispatcher's.
    fn send<'a>(&'a self, notice: &'a Notice) -> Sending<'a>;
}

/// Why a notice was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Trying again may help: no connection, too many requests.
    #[error("{0}")]
    Passing(String),
    /// Trying again is useless: wrong key, refused text.
    #[error("{0}")]
    Lasting(String),
}

/// What became of the notices so far, over all channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sent.
    pub sent: u64,
    /// Given up after the last try.
    pub failed: u64,
    /// Dropped because a channel's queue was full.
    pub dropped: u64,
}

#[derive(Default)]
struct Counters {
    sent: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

/// Hands notices to channels.
pub struct Dispatcher {
    queues: Vec<(&'static str, mpsc::Sender<Arc<Notice>>)>,
    tasks: JoinSet<()>,
    counters: Arc<Counters>,
}

impl Dispatcher {
    /// Starts a task for each channel; `deadline` bounds one try to send. Needs a tokio runtime.
    #[must_use]
    pub fn start(channels: Vec<Box<dyn Channel>>, deadline: Duration) -> Self {
        let counters = Arc::new(Counters::default());
        let mut tasks = JoinSet::new();
        let mut queues = Vec::new();
        for channel in channels {
            let (queue, notices) = mpsc::channel(QUEUE_NOTICES);
            queues.push((channel.name(), queue));
            tasks.spawn(serve(channel, notices, deadline, Arc::clone(&counters)));
        }
        Self { queues, tasks, counters }
    }

    /// Queues a notice for every channel; never waits.
    pub fn tell(&self, notice: Notice) {
        let notice = Arc::new(notice);
        for (channel, queue) in &self.queues {
            if queue.try_send(Arc::clone(&notice)).is_err() {
                let dropped = self.counters.dropped.fetch_add(1, Ordering::Relaxed) + 1;
                let key = &notice.key;
                tracing::error!(channel, key, dropped, "A channel is stuck; a notice was dropped.");
            }
        }
    }

    /// What became of the notices so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            sent: self.counters.sent.load(Ordering::Relaxed),
            failed: self.counters.failed.load(Ordering::Relaxed),
            dropped: self.counters.dropped.load(Ordering::Relaxed),
        }
    }

    /// Sends what is queued, for at most `deadline`, then ends. Returns the final counts.
    pub async fn drain(mut self, deadline: Duration) -> Counts {
        self.queues.clear();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(deadline, all).await.is_err() {
            tracing::error!("Not every notice was sent before the keeper ended.");
        }
        self.counts()
    }
}

async fn serve(
    channel: Box<dyn Channel>,
    mut notices: mpsc::Receiver<Arc<Notice>>,
    deadline: Duration,
    counters: Arc<Counters>,
) {
    while let Some(notice) = notices.recv().await {
        match send(channel.as_ref(), &notice, deadline).await {
            Ok(()) => counters.sent.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                let (channel, key) = (channel.name(), &notice.key);
                tracing::error!(channel, key, %error, "A notice could not be sent.");
                counters.failed.fetch_add(1, Ordering::Relaxed)
            }
        };
    }
}

/// Sends one notice, trying again where that may help.
async fn send(channel: &dyn Channel, notice: &Notice, deadline: Duration) -> Result<(), SendError> {
    let (mut tries, mut gap) = (1, RETRY_GAP);
    loop {
        let ended = timeout(deadline, channel.send(notice)).await.unwrap_or_else(|_| {
            Err(SendError::Passing(format!("no answer within {} ms", deadline.as_millis())))
        });
        match ended {
            Err(SendError::Passing(_)) if tries < TRIES => sleep(gap).await,
            ended => return ended,
        }
        tries += 1;
        gap *= 2;
    }
}
