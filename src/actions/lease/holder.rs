//! The task: reads the key while it is not ours, renews it while it is, obeys the keeper.
//!
//! Reading and renewing are given up at once when an order comes: asking again does no harm. An
//! order is carried out to its end.

mod orders;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::etcd::Etcd;
use super::{Asked, Clock, Setup, key_of};
use crate::core::action::ActResult;
use crate::core::event::{ApiFailure, Event};
use crate::core::lease::{LeaseEvent, LeaseRecord};
use crate::core::name::Name;
use crate::core::settings::Lease;
use crate::core::time::Mono;

/// Between two readings of a key that is not ours.
const READ_EVERY: Duration = Duration::from_secs(1);
/// Between a renewal that failed and the next try.
const RENEW_AGAIN: Duration = Duration::from_millis(250);
/// Between two questions at least, however often the stream pokes.
const BREATH: Duration = Duration::from_millis(20);

/// The task's state.
pub(super) struct Holder {
    etcd: Arc<Etcd>,
    prefix: String,
    producer: Name,
    node: String,
    times: Lease,
    chain_id: watch::Receiver<Option<String>>,
    clock: Clock,
    events: mpsc::Sender<Event>,
    poke: Arc<Notify>,
    /// The key, once the chain id is known.
    key: Option<String>,
    held: Option<Held>,
    /// When the key is asked about next.
    due: Instant,
    /// When it was asked about last.
    last: Instant,
}

/// What makes the lease ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    /// The revision at which the key was made ours.
    token: u64,
    /// etcd's lease the key is bound to.
    lease: u64,
}

/// What a question about the key brought.
enum Learnt {
    /// It is ours still, from when it was asked on.
    Held(Mono),
    /// It is not ours any more.
    Lost(String),
    /// It was read.
    Read(Mono, Option<LeaseRecord>),
    /// Nothing can be said.
    Failed(ApiFailure),
}

impl Holder {
    pub(super) fn new(setup: Setup, etcd: Arc<Etcd>, poke: Arc<Notify>) -> Self {
        let now = Instant::now();
        Self {
            etcd,
            prefix: setup.prefix,
            producer: setup.producer,
            node: setup.node,
            times: setup.times,
            chain_id: setup.chain_id,
            clock: setup.clock,
            events: setup.events,
            poke,
            key: None,
            held: None,
            due: now,
            last: now,
        }
    }

    /// Works until `stop`, or until nobody can give orders any more.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Asked>, stop: CancellationToken) {
        let mut chain_id = self.chain_id.clone();
        chain_id.mark_changed();
        let mut is_chain_told = true;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                asked = inbox.recv() => match asked {
                    Some(asked) => self.obey(asked).await,
                    None => return,
                },
                changed = chain_id.changed(), if is_chain_told => {
                    // Nobody tells it any more when the keeper is ending.
                    is_chain_told = changed.is_ok();
                    let id = chain_id.borrow_and_update().clone();
                    self.follow_chain(id).await;
                }
                learnt = self.learn() => self.tell(learnt).await,
            }
        }
    }

    /// Another chain has another key.
    async fn follow_chain(&mut self, id: Option<String>) {
        let key = id.map(|id| key_of(&self.prefix, &id, self.producer));
        if key.is_none() || key == self.key {
            // A node that does not answer for a while is still on its chain.
            return;
        }
        self.key = key;
        self.due = Instant::now();
        if self.held.take().is_some() {
            self.send(LeaseEvent::Lost("this node is on another chain now".to_owned())).await;
        }
    }

    /// Waits until the key is due, or poked, and asks about it. Changes nothing here, so that it
    /// can be given up at any time.
    async fn learn(&self) -> Learnt {
        let Some(key) = &self.key else { return std::future::pending().await };
        tokio::select! {
            () = sleep_until(self.due) => {}
            () = self.poke.notified() => sleep_until(self.last + BREATH).await,
        }
        match self.held {
            Some(held) => self.renew(key, held).await,
            None => self.read(key).await,
        }
    }

    async fn read(&self, key: &str) -> Learnt {
        let asked = (self.clock)();
        let record = match self.etcd.read(key, self.etcd.deadline()).await {
            Err(failure) => return Learnt::Failed(failure),
            Ok(reading) => reading.found.map(|found| found.record(key)).transpose(),
        };
        match record {
            Ok(record) => Learnt::Read(asked, record),
            Err(failure) => Learnt::Failed(failure),
        }
    }

    /// Renews etcd's lease, and has a majority confirm that the key is bound to it still.
    ///
    /// A member that was leader and does not know yet that it is no more answers a renewal by
    /// itself. Its term is older then than that of the majority that confirms the reading after
    /// it, and the renewal is asked for once more.
    async fn renew(&self, key: &str, held: Held) -> Learnt {
        let end = self.etcd.deadline();
        let mut why = "etcd was changing its leader";
        for _ in 0..2 {
            let asked = (self.clock)();
            let kept = match self.etcd.keepalive(held.lease, end).await {
                Ok(kept) => kept,
                Err(failure) => return Learnt::Failed(failure),
            };
            let reading = match self.etcd.read(key, end).await {
                Ok(reading) => reading,
                Err(failure) => return Learnt::Failed(failure),
            };
            match reading.found {
                None => return Learnt::Lost(format!("{key} is gone: it lapsed or was deleted")),
                Some(found) if found.revision != held.token => {
                    return Learnt::Lost(lost_to(key, &found, held.token));
                }
                Some(_) if kept.ttl == 0 => why = "etcd has the key and does not know its lease",
                Some(_) if kept.term == reading.term => return Learnt::Held(asked),
                Some(_) => {}
            }
        }
        Learnt::Failed(ApiFailure::Other(why.to_owned()))
    }

    /// Tells the keeper, and sets when the key is asked about next.
    async fn tell(&mut self, learnt: Learnt) {
        self.last = Instant::now();
        let wait = match (&learnt, self.held) {
            (Learnt::Held(_), _) => Duration::from_millis(self.times.renew_ms),
            (Learnt::Failed(_), Some(_)) => RENEW_AGAIN,
            _ => READ_EVERY,
        };
        self.due = self.last + wait;
        let event = match (learnt, self.held) {
            (Learnt::Held(asked), Some(held)) => LeaseEvent::Held { asked, token: held.token },
            // Without a lease there is nothing to renew; it cannot come.
            (Learnt::Held(_), None) => return,
            (Learnt::Lost(why), _) => {
                tracing::warn!(why, "The lease is not ours any more.");
                self.held = None;
                self.due = self.last;
                LeaseEvent::Lost(why)
            }
            (Learnt::Read(asked, record), _) => LeaseEvent::Read { asked, record },
            (Learnt::Failed(failure), _) => LeaseEvent::Failed(failure),
        };
        self.send(event).await;
    }

    /// Waits for room: the keeper takes every event within a tick, and a lease that is lost must
    /// not be forgotten.
    async fn send(&self, event: LeaseEvent) {
        // Nobody listens any more when the keeper is ending.
        let _ = self.events.send(Event::Lease(event)).await;
    }

    /// The key, or why nothing can be ordered yet.
    fn key(&self) -> Result<String, ActResult> {
        self.key.clone().ok_or_else(|| {
            ActResult::Refused(
                "the chain id is not known yet, and with it the key of the lease".to_owned(),
            )
        })
    }
}

/// Who has the key now.
fn lost_to(key: &str, found: &super::Found, token: u64) -> String {
    let now = found.revision;
    match found.record(key) {
        Ok(record) => {
            format!("{key} was written by {} since: token {now} instead of {token}", record.holder)
        }
        Err(failure) => format!("{key} was overwritten at token {now}: {failure}"),
    }
}
