//! The task that samples every judgement and sends what it collected, once an interval.
//!
//! A sample is taken when the keeper has judged and at no other time: a keeper that hangs sends no
//! heartbeat. A request under way keeps nothing waiting; what could not be sent waits, within
//! bounds, and goes out with its own times.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Plan;
use super::aggregator::{Aggregator, Batch};
use super::client::{Client, of_datum};
use super::failure::{Failure, Kind};
use super::metric::Reader;
use super::standing::Standing;
use crate::actions::notify::setup::WallClock;
use crate::core::status::Status;
use crate::core::time::Timestamp;

/// A boundary of the interval is passed by so much: the last judgement before it has come then.
const SETTLE: Duration = Duration::from_millis(700);
/// After a failure; doubled after each further one, to [`RETRY_MAX`].
const RETRY: Duration = Duration::from_secs(5);
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How long the last data may take when the keeper ends.
const END: Duration = Duration::from_secs(4);

/// What the task needs.
pub struct Publisher {
    /// CloudWatch.
    pub client: Arc<Client>,
    /// What is sent, and how often.
    pub plan: Arc<Plan>,
    /// The incidents people were told of.
    pub standing: Standing,
    /// The keeper's judgements.
    pub shown: watch::Receiver<Arc<Status>>,
    /// The time.
    pub wall: WallClock,
}

type Sent = (Batch, Result<(), Failure>);

struct Task {
    publisher: Publisher,
    aggregator: Aggregator,
    reader: Reader,
    /// At most one request.
    sending: JoinSet<Sent>,
    next: Instant,
    /// The pause after the last failure, while there is an outage.
    outage: Option<Duration>,
}

impl Publisher {
    /// Samples and sends until `stop` is cancelled or the keeper is gone; then sends what is left,
    /// within `END`.
    pub async fn run(self, stop: CancellationToken) {
        let aggregator = Aggregator::new(self.plan.resolution, self.plan.selection);
        let next = Instant::now() + until_boundary((self.wall)(), self.plan.interval);
        let (reader, sending) = (Reader::default(), JoinSet::new());
        let mut task = Task { publisher: self, aggregator, reader, sending, next, outage: None };
        task.watch(&stop).await;
        task.end().await;
    }
}

impl Task {
    async fn watch(&mut self, stop: &CancellationToken) {
        loop {
            let is_free = self.sending.is_empty();
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                changed = self.publisher.shown.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.observe();
                }
                Some(sent) = self.sending.join_next() => self.take(sent.ok()),
                () = sleep_until(self.next), if is_free => self.send(),
            }
        }
    }

    fn observe(&mut self) {
        let status = Arc::clone(&self.publisher.shown.borrow_and_update());
        let values = self.reader.read(&status);
        self.aggregator.observe(status.at, &values, self.publisher.standing.counts());
    }

    /// Sends what there is; the next time is set when it has come back.
    fn send(&mut self) {
        self.aggregator.flush((self.publisher.wall)());
        self.begin();
        if self.sending.is_empty() {
            self.rest();
        }
    }

    fn begin(&mut self) {
        let Some(batch) = self.aggregator.take() else { return };
        let (client, plan) = (Arc::clone(&self.publisher.client), Arc::clone(&self.publisher.plan));
        self.sending.spawn(async move {
            let data = batch.data().map(|datum| of_datum(&plan, &datum)).collect();
            let result = client.put(&plan, data).await;
            (batch, result)
        });
    }

    fn take(&mut self, sent: Option<Sent>) {
        match sent {
            Some((_, Ok(()))) => {
                self.tell_end_of_outage();
                // After an outage there is more than one request.
                self.begin();
                if self.sending.is_empty() {
                    self.rest();
                }
            }
            Some((batch, Err(failure))) => self.failed(batch, &failure),
            // The task ended: what it had is lost with it.
            None => self.rest(),
        }
    }

    fn failed(&mut self, batch: Batch, failure: &Failure) {
        if failure.kind == Kind::Refused {
            let data = batch.len();
            tracing::warn!(data, error = %failure, "CloudWatch refuses data; they are given up.");
            return self.rest();
        }
        self.aggregator.give_back(batch);
        if self.outage.is_none() {
            tracing::warn!(error = %failure, "CloudWatch does not take the metrics; they are kept.");
        }
        let pause = self.outage.map_or(RETRY, |pause| (pause * 2).min(RETRY_MAX));
        self.outage = Some(pause);
        self.next = Instant::now() + pause;
    }

    fn tell_end_of_outage(&mut self) {
        let dropped = self.aggregator.take_dropped();
        if self.outage.take().is_some() {
            let late = self.aggregator.waiting();
            tracing::info!(late, dropped, "CloudWatch takes the metrics again.");
        }
    }

    fn rest(&mut self) {
        let wall = (self.publisher.wall)();
        self.next = Instant::now() + until_boundary(wall, self.publisher.plan.interval);
    }

    async fn end(&mut self) {
        let end = Instant::now() + END;
        self.aggregator.flush((self.publisher.wall)());
        let last = async {
            while let Some(sent) = self.sending.join_next().await {
                // Once more only where it went well: nobody waits for what hangs.
                if matches!(sent, Ok((_, Ok(())))) {
                    self.begin();
                }
            }
            self.begin();
            self.sending.join_next().await
        };
        let sent = timeout_at(end, last).await;
        if !matches!(sent, Ok(Some(Ok((_, Ok(()))))) | Ok(None)) {
            tracing::warn!("The last metrics were not sent to CloudWatch before the keeper ended.");
        }
    }
}

/// How long until the wall clock has passed a multiple of the interval.
fn until_boundary(wall: Timestamp, interval: Duration) -> Duration {
    let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
    let rest = interval_ms - wall.ms().rem_euclid(interval_ms);
    Duration::from_millis(rest.unsigned_abs()) + SETTLE
}
