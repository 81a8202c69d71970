//! Carries out what the keeper decided, each action a task of its own, and sends the outcome back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::Instrument;

use crate::actions::lease::Handle;
use crate::actions::notify::{self, Dispatcher};
use crate::actions::producer_api;
use crate::actions::script::{self, Host};
use crate::clock::Clock;
use crate::config::{Actuator, Config};
use crate::core::action::{Act, ActResult, Latch, Notice, Order, Outcome};
use crate::core::event::Event;
use crate::core::status::Status;
use crate::daemon::recorder::Recorder;
use crate::daemon::writer::{self, LATCHES_MAX};
use crate::history::record::Record;
use crate::history::store::Store;
use crate::nodeos::rpc::Client;
use crate::peers;

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
    recorder: Recorder,
    events: mpsc::Sender<Event>,
    tasks: JoinSet<()>,
    dispatcher: Dispatcher,
}

/// Who else has a say: etcd, and the other keepers.
pub(super) struct Helpers {
    /// The lease's task.
    pub(super) lease: Option<Handle>,
    /// The peers.
    pub(super) peers: Option<Arc<peers::client::Client>>,
}

/// The means there are, as configured.
struct Means {
    promote: Option<Actuator>,
    demote: Option<Actuator>,
    promote_remote: Option<Actuator>,
    lease: Option<Handle>,
    fence: Option<Actuator>,
    restart: Option<Actuator>,
    client: Arc<Client>,
    peers: Option<Arc<peers::client::Client>>,
    host: Host,
    deadline: Duration,
}

impl Hands {
    pub(super) fn new(
        config: &Config,
        store: Option<Arc<Store>>,
        client: Arc<Client>,
        helpers: Helpers,
        clock: Clock,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let means = Means::new(config, client, helpers);
        let (latches, queue) = mpsc::channel(LATCHES_MAX);
        let (recorder, history) = Recorder::new(clock);
        let mut tasks = JoinSet::new();
        tasks.spawn(writer::run(store, queue, history, events.clone()).in_current_span());
        recorder.start(&config.settings);
        let log = notify::log::Log { node: config.section.clone() };
        Self {
            means: Arc::new(means),
            latches,
            recorder,
            events,
            tasks,
            dispatcher: Dispatcher::start(vec![Box::new(log)], SEND_DEADLINE),
        }
    }

    /// Takes other means; an act under way ends with those it began with.
    pub(super) fn change(&mut self, config: &Config, client: Arc<Client>) {
        let helpers = Helpers { lease: self.means.lease.clone(), peers: self.means.peers.clone() };
        self.means = Arc::new(Means::new(config, client, helpers));
    }

    /// Keeps that the configuration was read anew.
    pub(super) fn reload(&self, sentence: &str, taken: bool) {
        self.recorder.reload(sentence, taken);
    }

    /// How long [`Self::finish`] may take at most.
    pub(super) fn finish_max(&self) -> Duration {
        self.means.deadline + FINISH_GRACE + DRAIN_DEADLINE
    }

    /// Queues the latch to be written, in the order it was asked for: of two writes the later is
    /// what must stay on disk.
    pub(super) fn save(&mut self, id: u64, latch: Latch) {
        if self.latches.try_send((id, latch)).is_err() {
            // No outcome will come: the keeper takes that as a failed write and does not act.
            tracing::error!("The disk is stuck: the state cannot be written.");
        }
    }

    /// Whether the task runs that writes the state.
    pub(super) fn writes(&self) -> bool {
        !self.latches.is_closed()
    }

    /// Records of the history that did not get to disk since the start.
    pub(super) fn lost_records(&self) -> u64 {
        self.recorder.lost_ever()
    }

    /// Carries out an order, within its deadline.
    pub(super) fn act(&mut self, order: Order) {
        tracing::warn!(
            act = %order.act, id = order.id, incident = order.incident, "{}", order.reason
        );
        let (means, events) = (Arc::clone(&self.means), self.events.clone());
        let recorder = self.recorder.clone();
        self.reap();
        recorder.order(&order);
        let act = async move {
            let result = means.act(&order).await;
            recorder.outcome(&order, &result);
            report(&events, order.id, result).await;
        };
        self.tasks.spawn(act.in_current_span());
    }

    /// Keeps a change of decision, with what it was judged by.
    pub(super) fn record(&self, status: &Status) {
        self.recorder.decision(status);
    }

    /// Keeps a sample, a settled turn, an incident or a notification.
    pub(super) fn keep(&self, record: Record) {
        self.recorder.keep(record);
    }

    /// Tells people.
    pub(super) fn tell(&self, notice: Notice) {
        self.dispatcher.tell(notice);
    }

    /// Lets what is under way end, then sends what is queued.
    pub(super) async fn finish(mut self) {
        let deadline = self.means.deadline + FINISH_GRACE;
        self.recorder.end();
        drop((self.latches, self.recorder));
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

/// Tells the keeper what came of an action.
pub(super) async fn report(events: &mpsc::Sender<Event>, id: u64, result: ActResult) {
    // Nobody listens any more when the keeper is ending; the latch on disk says what was begun.
    let _ = events.send(Event::Outcome(Outcome { id, result })).await;
}

fn no_peers() -> ActResult {
    ActResult::Refused("[peers] nodes is not set".to_owned())
}

impl Means {
    fn new(config: &Config, client: Arc<Client>, helpers: Helpers) -> Self {
        Self {
            promote: config.promote.clone(),
            demote: config.demote.clone(),
            promote_remote: config.promote_remote.clone(),
            lease: helpers.lease,
            fence: config.fence.clone(),
            restart: config.restart.clone(),
            client,
            peers: helpers.peers,
            host: Host {
                role: config.settings.role,
                node: config.settings.node.clone(),
                producer_key: config.settings.producer_key.clone(),
                http_url: config.http_url.to_string(),
                state_dir: config.state_dir.clone(),
            },
            deadline: Duration::from_millis(config.settings.promotion.act_timeout_ms),
        }
    }

    async fn act(&self, order: &Order) -> ActResult {
        if order.act == Act::HandOver {
            return self.hand_over(order).await;
        }
        let (means, key) = match order.act {
            Act::Promote => (&self.promote, "promote"),
            Act::Demote => (&self.demote, "demote"),
            Act::PromoteRemote => (&self.promote_remote, "promote_remote"),
            Act::Fence => (&self.fence, "fence"),
            Act::Restart => (&self.restart, "restart"),
            Act::AcquireLease | Act::ReleaseLease => return self.lease(order).await,
            Act::HandOver => return self.hand_over(order).await,
            Act::Ask => return self.ask(order).await,
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

    async fn ask(&self, order: &Order) -> ActResult {
        match (&self.peers, &order.handover) {
            (None, _) => no_peers(),
            (Some(_), None) => ActResult::Refused("the order names nobody to ask".to_owned()),
            (Some(peers), Some(wish)) => peers.ask(&wish.to, &wish.reason, self.deadline).await,
        }
    }

    async fn hand_over(&self, order: &Order) -> ActResult {
        match (&self.peers, &order.handover) {
            (None, _) => no_peers(),
            (Some(_), None) => ActResult::Refused("the order names nobody to give to".to_owned()),
            (Some(peers), Some(handover)) => peers.hand_over(handover, self.deadline).await,
        }
    }
}
