//! Makes records of the history and queues them; never waits, and is never missed by an act.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::core::action::{ActResult, Order};
use crate::core::settings::Settings;
use crate::core::status::Status;
use crate::core::time::Timestamp;
use crate::history::entry::{Entry, What};
use crate::history::record::Record;

/// Records that wait for the disk: minutes of the fastest changes of mind, a few MiB at the most.
const RECORDS_MAX: usize = 256;

/// Queues records. Clones share the queue and the count of what was lost.
#[derive(Clone)]
pub(super) struct Recorder {
    queue: Arc<Queue>,
    clock: Clock,
}

struct Queue {
    records: mpsc::Sender<Record>,
    lost: Arc<Lost>,
}

/// Records that were not written since this was last asked.
#[derive(Debug, Default)]
pub(super) struct Lost {
    count: AtomicU64,
    /// Counts only up: what could not be written is counted in `count` until an entry says so.
    ever: AtomicU64,
}

/// What the writer takes the records from.
pub(super) struct History {
    pub(super) records: mpsc::Receiver<Record>,
    pub(super) lost: Arc<Lost>,
    pub(super) clock: Clock,
}

impl Recorder {
    /// A recorder, and the other end of its queue.
    pub(super) fn new(clock: Clock) -> (Self, History) {
        let (records, queue) = mpsc::channel(RECORDS_MAX);
        let lost = Arc::new(Lost::default());
        let history = History { records: queue, lost: Arc::clone(&lost), clock };
        (Self { queue: Arc::new(Queue { records, lost }), clock }, history)
    }

    /// The keeper starts.
    pub(super) fn start(&self, settings: &Settings) {
        let (role, producer) = (settings.role, settings.producer);
        let version = env!("CARGO_PKG_VERSION");
        let sentence = format!(
            "eoskeeper {version} watches {producer} in role {} ({}).",
            role.letter(),
            role.meaning()
        );
        let facts = json!({ "eoskeeper": version, "role": role, "producer": producer });
        self.queue(Entry::own(self.now(), What::Start, &sentence, facts));
    }

    /// The keeper ends as it was told to.
    pub(super) fn end(&self) {
        self.queue(Entry::own(self.now(), What::End, "The keeper ended, as told.", json!({})));
    }

    /// The configuration was read anew.
    pub(super) fn reload(&self, sentence: &str, taken: bool) {
        self.queue(Entry::own(self.now(), What::Reload, sentence, json!({ "taken": taken })));
    }

    /// The keeper changed its mind.
    pub(super) fn decision(&self, status: &Status) {
        self.queue(Entry::decision(status));
    }

    /// An act begins.
    pub(super) fn order(&self, order: &Order) {
        self.queue(Entry::order(self.now(), order));
    }

    /// An act came back.
    pub(super) fn outcome(&self, order: &Order, result: &ActResult) {
        self.queue(Entry::outcome(self.now(), order, result));
    }

    fn queue(&self, entry: Entry) {
        self.keep(Record::Entry(Box::new(entry)));
    }

    fn now(&self) -> Timestamp {
        self.clock.now().wall
    }

    /// Records that did not get to disk since the start.
    pub(super) fn lost_ever(&self) -> u64 {
        self.queue.lost.ever.load(Ordering::Relaxed)
    }

    /// Anything else: a sample, a settled turn, an incident, a notification.
    pub(super) fn keep(&self, record: Record) {
        if self.queue.records.try_send(record).is_err() {
            self.queue.lost.add(1);
        }
    }
}

impl Lost {
    /// Counts records.
    pub(super) fn add(&self, count: u64) {
        self.count.fetch_add(count, Ordering::Relaxed);
        self.ever.fetch_add(count, Ordering::Relaxed);
    }

    /// Puts back what was taken and could not be told.
    pub(super) fn put_back(&self, count: u64) {
        self.count.fetch_add(count, Ordering::Relaxed);
    }

    /// How many there were since the last time.
    pub(super) fn take(&self) -> u64 {
        self.count.swap(0, Ordering::Relaxed)
    }
}
