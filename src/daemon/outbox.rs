//! The outbox: every message goes to disk first and then to each channel's lane, so that a channel
//! that is down, a restart or a crash costs nothing but time.

mod drawing;
mod gallery;
mod journal;
mod post;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::actions::notify::channel::{Channel, Picture};
use crate::config::channels::Route;
use crate::core::alarm::lane::Parcel;
use crate::core::alarm::message::{Message, MessageKind, PictureKind};
use crate::core::status::ChannelStatus;
use crate::core::time::Timestamp;
use crate::history::store::Store;

pub use journal::Journal;
use post::Post;

/// Batches that wait for the disk; one is made each second at the most.
const BATCHES_MAX: usize = 64;

/// What time it is; virtual in tests.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Draws a picture as it would have looked at a moment; `None` where there is nothing to draw. May
/// take its time, on a thread of its own.
pub type Draw = Arc<dyn Fn(PictureKind, &Message) -> Option<Picture> + Send + Sync>;

/// A channel with its route.
pub struct Outlet {
    /// The channel.
    pub channel: Box<dyn Channel>,
    /// What it gets.
    pub route: Route,
}

/// What is made in one tick.
#[derive(Clone, Debug)]
pub struct Batch {
    /// What the pipeline remembers, by its name and as JSON; `None` leaves it.
    pub desk: Option<(String, String)>,
    /// What it tells.
    pub messages: Vec<Message>,
}

/// The outbox's handle.
pub struct Outbox {
    batches: mpsc::Sender<Batch>,
    states: Arc<Mutex<Vec<ChannelStatus>>>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
    lost: u64,
}

/// How long one delivery may take.
pub const DELIVERY_DEADLINE: Duration = Duration::from_secs(30);

/// Where the messages of one channel go.
struct Mailbox {
    name: &'static str,
    route: Route,
    parcels: mpsc::UnboundedSender<Parcel>,
}

/// What an outbox works with.
pub struct Tools {
    /// Where messages are kept; without it, in memory only.
    pub store: Option<Arc<Store>>,
    /// Draws pictures.
    pub draw: Draw,
    /// What time it is.
    pub clock: WallClock,
    /// A message that waited for longer is summed up, milliseconds.
    pub expire_ms: u64,
}

impl Outbox {
    /// Starts a task for each channel, and one for the disk. What waited before a restart is
    /// delivered first.
    #[must_use]
    pub fn start(outlets: Vec<Outlet>, tools: Tools) -> Self {
        let journal = Journal::new(tools.store);
        let draw = gallery::once(tools.draw);
        let stop = CancellationToken::new();
        let names = outlets.iter().map(|outlet| outlet.channel.name().to_owned());
        let states = names.map(|name| ChannelStatus { name, ..ChannelStatus::default() });
        let states = Arc::new(Mutex::new(states.collect::<Vec<_>>()));
        let (mut mailboxes, mut posts) = (Vec::new(), Vec::new());
        for (index, Outlet { channel, route }) in outlets.into_iter().enumerate() {
            let (parcels, queue) = mpsc::unbounded_channel();
            mailboxes.push(Mailbox { name: channel.name(), route, parcels });
            posts.push(Post {
                channel: Arc::from(channel),
                queue,
                journal: journal.clone(),
                draw: Arc::clone(&draw),
                easel: drawing::Easel::default(),
                clock: Arc::clone(&tools.clock),
                states: Arc::clone(&states),
                index,
                expire_ms: tools.expire_ms,
            });
        }
        let (batches, inbox) = mpsc::channel(BATCHES_MAX);
        let mut tasks = JoinSet::new();
        let sorter = Sorter { inbox, journal, mailboxes, clock: tools.clock };
        tasks.spawn(sorter.run(posts, stop.clone()));
        Self { batches, states, tasks, stop, lost: 0 }
    }

    /// Queues what a tick made; never waits.
    pub fn post(&mut self, batch: Batch) {
        if let Err(error) = self.batches.try_send(batch) {
            self.lost += 1;
            tracing::error!(lost = self.lost, %error, "The disk is stuck; messages were dropped.");
        }
    }

    /// Whether the task runs that keeps messages and gives them to the channels.
    #[must_use]
    pub fn runs(&self) -> bool {
        !self.batches.is_closed()
    }

    /// Batches dropped since the start because the disk was stuck.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Where batches are queued by tasks beside the loop.
    #[must_use]
    pub fn sender(&self) -> mpsc::Sender<Batch> {
        self.batches.clone()
    }

    /// How each channel stands, for whoever outlives this.
    pub(super) fn shared_states(&self) -> Arc<Mutex<Vec<ChannelStatus>>> {
        Arc::clone(&self.states)
    }

    /// How each channel stands.
    #[must_use]
    pub fn states(&self) -> Vec<ChannelStatus> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Delivers what can be delivered within `deadline`, then ends; the rest waits on disk.
    pub async fn finish(mut self, deadline: Duration) {
        drop(self.batches);
        self.stop.cancel();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(deadline, all).await.is_err() {
            tracing::warn!("Not every message was delivered; the next start goes on with them.");
        }
    }
}

/// The task that writes each batch to disk and then gives it to the channels.
struct Sorter {
    inbox: mpsc::Receiver<Batch>,
    journal: Journal,
    mailboxes: Vec<Mailbox>,
    clock: WallClock,
}

impl Sorter {
    async fn run(mut self, posts: Vec<Post>, stop: CancellationToken) {
        let waiting = self.journal.waiting().await;
        let mut running = JoinSet::new();
        for post in posts {
            let name = post.channel.name();
            let mine = waiting.iter().filter(|w| w.channel == name).cloned().collect();
            running.spawn(post.run(mine, stop.clone()));
        }
        while let Some(batch) = self.inbox.recv().await {
            self.sort(batch).await;
        }
        drop(self.mailboxes);
        while running.join_next().await.is_some() {}
    }

    async fn sort(&self, batch: Batch) {
        let (mut takers, mut rows) = (Vec::new(), Vec::new());
        for message in batch.messages {
            for mailbox in self.mailboxes.iter().filter(|m| takes(&m.route, &message)) {
                takers.push(mailbox);
                rows.push((mailbox.name, message.clone()));
            }
        }
        let parcels = self.journal.enqueue(batch.desk, (self.clock)(), rows).await;
        for (mailbox, parcel) in takers.into_iter().zip(parcels) {
            // A channel's task ends only after this one.
            let _ = mailbox.parcels.send(parcel);
        }
    }
}

/// Whether a message goes to a channel with this route.
fn takes(route: &Route, message: &Message) -> bool {
    match message.kind {
        MessageKind::Report => route.reports,
        MessageKind::Test => true,
        // The end goes to whoever heard of the beginning.
        MessageKind::Resolved => {
            let first = message.first_told_as.unwrap_or(message.severity);
            route.levels.contains(&message.severity) || route.levels.contains(&first)
        }
        _ => route.levels.contains(&message.severity),
    }
}
