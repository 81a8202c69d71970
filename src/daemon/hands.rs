//! Carries out what the keeper decided, each action a task of its own, and sends the outcome back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::actions::lease::Handle;
use crate::actions::notify::{self, Dispatcher};
use crate::actions::producer_api;
use crate::actions::script::{self, Host};
use crate::config::{Actuator, Config};
use crate::core::action::{Act, ActResult, Latch, Notice, Order, Outcome};
use crate::core::event::Event;
use crate::history::latch::Store;
use crate::nodeos::rpc::Client;

/// Writes of the latch that wait for the disk.
const LATCHES_MAX: usize = 16;
/// Deadline of one try to send a notice.
const SEND_DEADLINE: Duration = Duration::from_secs(10);
/// How long the channels may take to send what is queued when the keeper ends.
const DRAIN_DEADLINE: Duration = Duration::from_secs(5);
/// Added to an act's own deadline when the keeper ends while it is under way.
const FINISH_GRACE: Duration = Duration::from_secs(3);

/// What acts.
pub(super) struct Hands {
    means: Arc<Means>,
    /// The keeper asks for a write only with a next stage: two wait at the most.
    latches: mpsc::Sender<(u64, Latch)>,
    events: mpsc::Sender<Event>,
    tasks: JoinSet<()>,
    dispatcher: Dispatcher,
}

/// The means there are, as configured.
struct Means {
    promote: Option<Actuator>,
    demote: Option<Actuator>,
    promote_remote: Option<Actuator>,
    lease: Option<Handle>,
    client: Arc<Client>,
    host: Host,
    deadline: Duration,
}

impl Hands {
    pub(super) fn new(
        config: &Config,
        store: Option<Arc<Store>>,
        client: Arc<Client>,
        lease: Option<Handle>,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let means = Means {
            promote: config.promote.clone(),
            demote: config.demote.clone(),
            promote_remote: config.promote_remote.clone(),
            lease,
            client,
            host: Host {
                role: config.settings.role,
                http_url: config.http_url.to_string(),
                state_dir: config.state_dir.clone(),
            },
            deadline: Duration::from_millis(config.settings.promotion.act_timeout_ms),
        };
        let (latches, queue) = mpsc::channel(LATCHES_MAX);
        let mut tasks = JoinSet::new();
        tasks.spawn(write_latches(store, queue, events.clone()));
        Self {
            means: Arc::new(means),
            latches,
            events,
            tasks,
            dispatcher: Dispatcher::start(vec![Box::new(notify::log::Log)], SEND_DEADLINE),
        }
    }

    /// Queues the latch to be written, in the order it was asked for: of two writes the later is
    /// what must stay on disk.
    pub(super) fn save(&mut self, id: u64, latch: Latch) {
        if self.latches.try_send((id, latch)).is_err() {
            // No outcome will come: the keeper takes that as a failed write and does not act.
            tracing::error!("The disk is stuck: the state cannot be written.");
        }
    }

    /// Carries out an order, within its deadline.
    pub(super) fn act(&mut self, order: Order) {
        tracing::warn!(
            act = %order.act, id = order.id, incident = order.incident, "{}", order.reason
        );
        let (means, events) = (Arc::clone(&self.means), self.events.clone());
        self.reap();
        self.tasks.spawn(async move {
            let result = means.act(&order).await;
            report(&events, order.id, result).await;
        });
    }

    /// Tells people.
    pub(super) fn tell(&self, notice: Notice) {
        self.dispatcher.tell(notice);
    }

    /// Lets what is under way end, then sends what is queued.
    pub(super) async fn finish(mut self) {
        let deadline = self.means.deadline + FINISH_GRACE;
        drop(self.latches);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(deadline, all).await.is_err() {
            tracing::error!("An action was under way when the keeper ended and was cut off.");
        }
        self.dispatcher.drain(DRAIN_DEADLINE).await;
    }

    /// Forgets tasks that have ended, so that their number stays that of the actions under way.
    fn reap(&mut self) {
        while self.tasks.try_join_next().is_some() {}
    }
}

/// Writes one latch after another, on a thread where waiting for the disk holds nobody up.
async fn write_latches(
    store: Option<Arc<Store>>,
    mut queue: mpsc::Receiver<(u64, Latch)>,
    events: mpsc::Sender<Event>,
) {
    while let Some((id, latch)) = queue.recv().await {
        let result = match store.clone() {
            None => ActResult::Failed("the state directory could not be opened".to_owned()),
            Some(store) => match tokio::task::spawn_blocking(move || store.save(&latch)).await {
                Ok(Ok(())) => ActResult::Done("written".to_owned()),
                Ok(Err(error)) => ActResult::Failed(error.to_string()),
                Err(error) => ActResult::Failed(error.to_string()),
            },
        };
        report(&events, id, result).await;
    }
}

async fn report(events: &mpsc::Sender<Event>, id: u64, result: ActResult) {
    // Nobody listens any more when the keeper is ending; the latch on disk says what was begun.
    let _ = events.send(Event::Outcome(Outcome { id, result })).await;
}

impl Means {
    async fn act(&self, order: &Order) -> ActResult {
        let (means, key) = match order.act {
            Act::Promote => (&self.promote, "promote"),
            Act::Demote => (&self.demote, "demote"),
            Act::PromoteRemote => (&self.promote_remote, "promote_remote"),
            Act::Fence | Act::Restart => (&None, "fence"),
            Act::AcquireLease | Act::ReleaseLease => return self.lease(order).await,
            Act::HandOver | Act::Ask => (&None, "peers"),
        };
        match means {
            None => ActResult::Refused(format!("[promotion] {key} is not set")),
            Some(Actuator::Api) => producer_api::run(&self.client, order.act, self.deadline).await,
            Some(Actuator::Script(path)) => {
                script::run(path, order, &self.host, self.deadline).await
            }
        }
    }

    async fn lease(&self, order: &Order) -> ActResult {
        match &self.lease {
            Some(lease) => lease.order(order).await,
            None => ActResult::Refused("[lease] endpoints is not set".to_owned()),
        }
    }
}
