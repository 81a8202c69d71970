//! The one loop: sources → keeper → actions, and outcomes back as events.
//!
//! Events are recorded as they come and judged once a second; the tick is never kept waiting by a
//! flood of events or by an action under way. On SIGTERM the sources end first, then the action
//! that is under way, then the channels.

mod acts;
mod alarms;
pub mod bot;
mod bot_of_all;
pub(crate) mod channels;
pub mod chats;
pub(crate) mod cloudwatch;
mod common;
pub mod control;
mod desk;
mod faults;
mod hands;
pub(crate) mod lease;
mod mail;
mod memory;
mod mouth;
pub mod outbox;
mod past;
pub(crate) mod peers;
mod pictures;
mod recorder;
mod reload;
mod reporter;
mod senses;
mod site;
pub mod supervisor;
mod twins;
mod voice;
pub(crate) mod watched;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::{Config, Site};
use crate::core::action::{Action, Latch};
use crate::core::command::{Command, CommandAnswer};
use crate::core::decision::Decision;
use crate::core::event::Event;
use crate::core::keeper::Keeper;
use crate::core::name::Name;
use crate::core::settings::{Role, Settings};
use crate::core::status::Status;
use crate::core::time::Now;
use crate::core::urgency::Urgency;
use crate::history::record::{IncidentRow, Record};
use crate::history::store::{Store, StoreError, adopt};
use crate::web;
use crate::web::facts::{Facts, Names};
use crate::web::guard::Guard;
use crate::web::pulse::{Beat, Pulse};
use control::{Request, Socket};
use hands::{Hands, Helpers};
use memory::FleetMemory;
use past::Sampler;
use peers::Peers;
use reload::Reload;
use senses::Senses;
use supervisor::Supervisor;
use voice::{Around, Voice};

pub(crate) use acts::acts;
pub(crate) use senses::target;

/// Where, in the state directory of several nodes, messages wait for the channels they share.
pub(crate) const OUTBOX: &str = "outbox";
/// Between two judgements.
const TICK: Duration = Duration::from_secs(1);
/// Events that wait to be recorded; a full queue holds the log reader up, and the file is the
/// buffer.
const EVENTS_MAX: usize = 4096;
/// Orders of people that wait for the loop; one more is told to come again.
const ORDERS_MAX: usize = 8;
/// How long the last answers to orders may take when the keeper ends.
const ORDERS_END: Duration = Duration::from_secs(2);
/// How long all but the acts may take to end: orders, channels, peers, sources.
const OTHERS_END: Duration = Duration::from_secs(30);

/// What a keeper is told from outside while it runs.
#[derive(Debug, Default)]
pub struct Outside {
    /// It ends when this is cancelled.
    pub stop: CancellationToken,
    /// It reads its configuration anew when this is notified.
    pub reload: Arc<Notify>,
    /// Whom it tells how it is.
    pub supervisor: Supervisor,
}

impl Outside {
    /// Nothing but its end.
    #[must_use]
    pub fn until(stop: CancellationToken) -> Self {
        Self { stop, ..Self::default() }
    }
}

/// Runs the keepers of a file until they are told to stop.
///
/// # Errors
/// When the status address cannot be listened on, another eoskeeper has the state directory, or a
/// channel cannot be set up; of a file about one node also what [`run`] names.
pub async fn run_site(site: Site, outside: Outside) -> anyhow::Result<()> {
    match site.has_sections() {
        true => site::run(site, outside).await,
        false => run(site.single()?, outside).await,
    }
}

/// Runs one keeper until it is told to stop.
///
/// # Errors
/// When the status address or that of the peers cannot be listened on, another keeper has the state
/// directory, or a client cannot be made. A state directory that cannot be used is no error here:
/// the keeper watches and alarms, and refuses to act.
pub async fn run(config: Config, outside: Outside) -> anyhow::Result<()> {
    let Outside { stop, reload, supervisor } = outside;
    let listener = listen(&config).await?;
    let (store, latch) = open_state(&config)?;
    let clock = Clock::start();
    let (show, shown) = watch::channel(first_status(&config, clock, &latch));
    let facts = Facts::new(shown, alarms::usable(store.as_ref()), names(&config));
    let (orders, ordered) = mpsc::channel(ORDERS_MAX);
    let place = Place {
        clock,
        store: store.clone(),
        latch,
        show,
        pulse: facts.pulse(),
        orders: orders.clone(),
        line: None,
        twin: None,
        faults: None,
        load: reload::load_one(&config),
        supervisor,
        stop: stop.clone(),
    };
    let (mut daemon, inbox) = Daemon::start(config, place).await?;
    let config = daemon.reload.config();
    let (guard, tls) = door(config);
    let page = tokio::spawn(web::serve(listener, facts, guard, tls, stop.clone()));
    let socket = match &store {
        Some(_) => listen_for_orders(&config.state_dir).await,
        None => None,
    };
    let taking = socket.map(|socket| tokio::spawn(socket.serve(orders, stop.clone())));
    tell_start(config);
    daemon.supervisor.ready();
    daemon.watch(inbox, ordered, &reload, &stop).await;
    daemon.end(taking).await;
    // The page ends with the same token; its error was logged where it happened.
    let _ = page.await;
    tracing::info!("The keeper has ended.");
    Ok(())
}

async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    TcpListener::bind(config.status_listen).await.with_context(|| {
        format!(
            "cannot listen on {} ([status] listen); is another eoskeeper running there?",
            config.status_listen
        )
    })
}

/// Who may come in, and how HTTPS is spoken where it is.
fn door(config: &Config) -> (Guard, Option<Arc<rustls::ServerConfig>>) {
    let access = &config.status_access;
    let guard = Guard::new(access.token.as_ref().map(|token| token.bytes()), access.tls.is_some());
    (guard, access.tls.as_ref().map(|tls| Arc::clone(&tls.server)))
}

/// What is shown until the keeper has judged.
fn first_status(config: &Config, clock: Clock, latch: &Found) -> Arc<Status> {
    let now = clock.now();
    Arc::new(Keeper::new(config.settings.clone(), now, latch.clone()).status(now))
}

/// The latch as it was found on disk, or why it cannot be used.
type Found = Result<Option<Latch>, String>;

/// What a keeper has around it, whoever started it.
struct Place {
    clock: Clock,
    store: Option<Arc<Store>>,
    latch: Found,
    show: watch::Sender<Arc<Status>>,
    pulse: Arc<Pulse>,
    orders: mpsc::Sender<Request>,
    /// The way to the channels, where all nodes of the file share them.
    line: Option<mouth::Line>,
    /// The other nodes of the file, where it has any.
    twin: Option<twins::Twin>,
    /// Which of their keepers do not run.
    faults: Option<(faults::Faults, usize)>,
    load: reload::Load,
    supervisor: Supervisor,
    stop: CancellationToken,
}

impl Daemon {
    /// Starts everything of a keeper but its loop; what is seen comes out of the queue.
    async fn start(config: Config, place: Place) -> anyhow::Result<(Self, mpsc::Receiver<Event>)> {
        let Place { clock, store, latch, show, pulse, orders, stop, .. } = place;
        let mut keeper = Keeper::new(config.settings.clone(), clock.now(), latch);
        let memory = FleetMemory::restore(alarms::usable(store.as_ref()), &mut keeper);
        past::resume(store.as_deref(), &mut keeper, clock.now());
        let (events, inbox) = mpsc::channel(EVENTS_MAX);
        let own = keeper.peer_status(clock.now());
        let peers = Peers::start(&config, clock, own, &events, &stop).await?;
        let senses = senses::start(&config, clock, &events, &stop)?;
        let helpers = Helpers { lease: senses.lease.clone(), peers: peers.client.clone() };
        let (shown, line) = (show.subscribe(), place.line);
        let around = Around { clock, store: store.clone(), shown, orders, stop, line };
        let voice = Voice::start(&config, around)?;
        let hands = Hands::new(&config, store, senses.client.clone(), helpers, clock, events);
        let daemon = Self {
            keeper,
            clock,
            hands,
            voice,
            memory,
            peers,
            senses,
            show,
            pulse,
            urgency: Urgency::default(),
            sampler: Sampler::default(),
            told: None,
            reload: Reload::new(config, clock.now().wall, place.load),
            twins: place.twin,
            twin: None,
            faults: place.faults,
            supervisor: place.supervisor,
        };
        Ok((daemon, inbox))
    }

    /// Ends all of it; `taking` takes orders, and ends by itself.
    async fn end(self, taking: Option<JoinHandle<()>>) {
        let Self { clock, keeper, hands, voice, memory, peers, senses, supervisor, .. } = self;
        supervisor.stopping(hands.finish_max() + OTHERS_END);
        if let Some(taking) = taking {
            // Before the state directory is unlocked: the next keeper's socket has the same name.
            let _ = timeout(ORDERS_END, taking).await;
        }
        hands.finish().await;
        voice.finish().await;
        memory.finish(clock.now(), &keeper).await;
        peers.finish().await;
        senses.finish().await;
    }

    /// The later of two nodes that act for the same producer on the same chain does not promote.
    fn meet_twin(&mut self, now: Now, status: &Status) {
        let (Some(twins), Some(chain)) = (&self.twins, &status.chain.chain_id) else { return };
        let settings = self.keeper.settings();
        if settings.role == Role::Observer || !settings.promotion.acts() {
            // It makes no node sign, and must not keep another from it.
            return;
        }
        let met = twins.meet(settings.producer, chain);
        let Some(other) = met.filter(|_| self.twin.is_none()) else { return };
        let mut config = self.reload.config().clone();
        twins::disarm(&mut config);
        // At once; the keeper follows when nothing is under way that it began.
        self.hands.change(&config, self.senses.client.clone());
        if self.keeper.may_change_settings() {
            tracing::error!(
                other,
                "This node does not promote: [node:{other}] has its producer on the same chain."
            );
            self.keeper.change_settings(now, config.settings, None);
            self.twin = Some(other);
        }
    }
}

fn tell_start(config: &Config) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        role = %config.settings.role.letter(),
        producer = %config.settings.producer,
        config = %config.source.display(),
        status = %config.status_listen,
        acts = may_do(&config.settings),
        "The keeper watches."
    );
    for note in &config.notes {
        tracing::warn!("{note}");
    }
}

/// What the page calls things.
fn names(config: &Config) -> Names {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let chain = config.channels.cloudwatch.as_ref().map(|keys| keys.chain.clone());
    Names { host, chain, section: config.section.clone() }
}

/// Opens the state directory and reads the latch. What makes it unusable goes to the keeper, who
/// then never acts; only another keeper in the same directory ends the start.
fn open_state(config: &Config) -> anyhow::Result<(Option<Arc<Store>>, Found)> {
    let producer: Name = config.settings.producer;
    let opened = Store::open(&config.state_dir);
    let store = match opened {
        Ok(store) => Arc::new(store),
        Err(error @ StoreError::InUse { .. }) => return Err(error.into()),
        Err(error) => return Ok((None, Err(unusable(&error)))),
    };
    if let Err(error) = adopt::must_be_of_one(&config.state_dir) {
        store.bar();
        return Ok((Some(store), Err(unusable(&error))));
    }
    let latch = store.load(producer).map_err(|error| unusable(&error));
    Ok((Some(store), latch))
}

fn unusable(error: &impl fmt::Display) -> String {
    tracing::error!(%error, "The state on disk cannot be used; the keeper watches and never acts.");
    error.to_string()
}

/// The socket for orders. Without one the keeper does all else; the commands say why they cannot.
async fn listen_for_orders(state_dir: &Path) -> Option<Socket> {
    let opened = Socket::open(state_dir).await;
    opened.map_err(|error| tracing::error!(%error, "No orders of a person can be taken.")).ok()
}

struct Daemon {
    keeper: Keeper,
    clock: Clock,
    hands: Hands,
    voice: Voice,
    memory: FleetMemory,
    peers: Peers,
    senses: Senses,
    show: watch::Sender<Arc<Status>>,
    pulse: Arc<Pulse>,
    urgency: Urgency,
    sampler: Sampler,
    told: Option<Decision>,
    reload: Reload,
    /// The other nodes of the file, where it has any.
    twins: Option<twins::Twin>,
    /// The node that acts for the same producer on the same chain, in place of this one.
    twin: Option<String>,
    /// Which keepers of the file do not run, and the place of this one, where it has several.
    faults: Option<(faults::Faults, usize)>,
    supervisor: Supervisor,
}

impl Daemon {
    async fn watch(
        &mut self,
        mut inbox: mpsc::Receiver<Event>,
        mut orders: mpsc::Receiver<Request>,
        reload: &Notify,
        stop: &CancellationToken,
    ) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = ticks.tick() => {
                    self.tick();
                    self.take_waiting(&mut inbox).await;
                }
                Some(request) = orders.recv() => self.take_order(request),
                () = reload.notified() => {
                    tracing::info!("SIGHUP: the configuration is read anew.");
                    self.reload(None);
                }
                read = self.reload.read() => self.take_read(read, &mut inbox).await,
                known = self.voice.ended() => self.voice.begin(self.reload.config(), known),
                event = inbox.recv() => match event {
                    Some(event) => self.record(&event),
                    None => return,
                },
            }
        }
    }

    fn record(&mut self, event: &Event) {
        if let Event::Outcome(outcome) = event {
            tracing::info!(id = outcome.id, result = %outcome.result, "An action came back.");
        }
        let now = self.clock.now();
        self.pulse.record(now, event);
        self.keeper.record(now, event);
        if self.urgency.is_urgent(event) {
            self.tick();
        }
    }

    /// Answers an order of a person. The answer goes out after the tick that follows, so that the
    /// status asked for next is already about it.
    fn take_order(&mut self, request: Request) {
        let Request { command, node, uid, reply } = request;
        if reply.is_closed() {
            tracing::warn!(uid, "An order came too late: nobody waits for its answer any more.");
            return;
        }
        if let (Some(name), None) = (&node, &self.reload.config().section) {
            let sentences = vec![format!("This keeper has no [node:{name}]; leave the name out.")];
            let _ = reply.send(CommandAnswer { accepted: false, sentences });
            return;
        }
        if command == Command::Reload {
            tracing::warn!(target: "order", uid, "The configuration is to be read anew.");
            return self.reload(Some(reply));
        }
        let now = self.clock.now();
        // Silences are for every role, also for an observer.
        let silenced = match self.voice.alarms() {
            Some(alarms) => alarms.command(now.wall, &command, uid),
            None if is_about_silence(&command) => Some(CommandAnswer {
                accepted: false,
                sentences: vec!["The channels change just now; try again in a moment.".to_owned()],
            }),
            None => None,
        };
        let answer = silenced.unwrap_or_else(|| self.keeper.command(now, &command));
        tell_order(&command, uid, &answer);
        // A question, or a refusal, changes nothing and must not count as a tick of its own.
        if answer.accepted && !is_dry_run(&command) {
            self.tick();
        }
        // Nobody waits any more: the log and the status have it.
        let _ = reply.send(answer);
    }

    fn tick(&mut self) {
        let now = self.clock.now();
        for action in self.keeper.tick(now) {
            self.carry_out(action);
        }
        let mut status = self.keeper.status(now);
        status.configuration = self.reload.status();
        let mut others = self.keeper.signals(now);
        others.push(self.reload.signal());
        if self.twins.is_some() {
            self.meet_twin(now, &status);
            others.push(twins::signal(self.keeper.settings().producer, self.twin.as_deref()));
        }
        if let Some((faults, own)) = &self.faults {
            others.extend(faults.signals(*own));
        }
        self.watch_common();
        // What fires in the seconds in which the channels change fires after them too.
        if let Some(alarms) = self.voice.alarms() {
            for incident in alarms.tick(now.wall, &status, others) {
                self.hands.keep(Record::Incident(IncidentRow::of(&incident, now.wall)));
            }
            status.alarms = alarms.status();
        }
        self.memory.tick(now, &self.keeper);
        self.tell_decision(&status);
        self.senses.lib.send_replace(status.chain.lib.unwrap_or_default());
        self.senses.chain_id.send_if_modified(|known| {
            let is_new = *known != status.chain.chain_id;
            known.clone_from(&status.chain.chain_id);
            is_new
        });
        self.keep_past(now, &status);
        // For the seconds in which the channels change they are not said to have failed.
        let (outbox_runs, outbox_lost) =
            self.voice.alarms().map_or((true, 0), |alarms| (alarms.sends(), alarms.lost_batches()));
        self.pulse.beat(Beat {
            writer_runs: self.hands.writes(),
            outbox_runs,
            history_lost: self.hands.lost_records(),
            outbox_lost,
        });
        let status = Arc::new(status);
        self.show.send_replace(Arc::clone(&status));
        self.peers.tell(self.keeper.peer_status(now));
        self.supervisor.judged(&status.decision.sentence);
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::SaveLatch { id, latch } => self.hands.save(id, latch),
            Action::Act(order) => self.hands.act(order),
            Action::Alarm(notice) => {
                self.voice.hear(&notice);
                self.hands.tell(notice);
            }
        }
    }

    fn tell_decision(&mut self, status: &Status) {
        let decision = &status.decision;
        if self.told.as_ref().is_none_or(|told| !told.is_same(decision)) {
            let kind = word(&decision.kind);
            let hold = decision.hold.as_ref().map(word);
            tracing::info!(target: "decision", kind, hold, "{}", decision.sentence);
            self.hands.record(status);
            self.pulse.decided(decision.kind);
            self.told = Some(decision.clone());
        }
    }
}

/// Who ordered what, and what was said: for the day somebody asks.
fn tell_order(command: &Command, uid: u32, answer: &CommandAnswer) {
    let order = serde_json::to_string(command).unwrap_or_default();
    let said = answer.sentences.join(" ");
    tracing::warn!(target: "order", uid, order, accepted = answer.accepted, "{said}");
}

/// Whether the order only asks what would be done.
const fn is_dry_run(command: &Command) -> bool {
    match command {
        Command::Promote { dry_run, .. }
        | Command::Demote { dry_run, .. }
        | Command::Switchover { dry_run, .. }
        | Command::Failback { dry_run, .. } => *dry_run,
        Command::Maintenance { .. }
        | Command::EndMaintenance
        | Command::Reload
        | Command::Rearm
        | Command::Silence { .. }
        | Command::EndSilence { .. } => false,
    }
}

const fn is_about_silence(command: &Command) -> bool {
    matches!(command, Command::Silence { .. } | Command::EndSilence { .. })
}

/// The first question after a start: may it do anything?
fn may_do(settings: &Settings) -> String {
    match acts(settings) {
        Ok(acts) => acts.join("; "),
        Err(why) => format!("never: {why}"),
    }
}

/// The word by which the status, the replay and the documents know a value: `step_down`.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::decision::DecisionKind;
    use crate::core::gates::HoldReason;

    #[test]
    fn the_log_has_the_words_of_the_status() {
        assert_eq!(word(&DecisionKind::StepDown), "step_down");
        assert_eq!(word(&HoldReason::ProducerSeen), "producer_seen");
    }
}
