//! Starts what watches: the log's reader, the classifier, the polls. In parts, so that a reload
//! starts anew what the configuration changed, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use reqwest::Url;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::actions::lease::Handle;
use crate::clock::Clock;
use crate::config::{Config, LogSource, Watch};
use crate::core::event::Event;
use crate::daemon::{lease, watched};
use crate::nodeos::rpc::Client;
use crate::sources::get_info::Pace;
use crate::sources::journal::{self, Journal};
use crate::sources::process::Target;
use crate::sources::references::{self, Pace as ReferencePace};
use crate::sources::{chain_blocks, docker, file, get_info, log, process};

/// Batches of lines between the reader and the classifier.
const BATCHES_MAX: usize = 16;
/// Deadline of a question to a reference, which may be on another continent.
const REFERENCE_DEADLINE: Duration = Duration::from_secs(5);
/// How long the sources may take to end; what they hold is read again or not needed.
const END_DEADLINE: Duration = Duration::from_secs(3);
/// The same at a reload, during which nothing is judged.
const CHANGE_DEADLINE: Duration = Duration::from_millis(500);

/// The tasks that watch, and the client they poll with.
pub(super) struct Senses {
    pub(super) client: Arc<Client>,
    /// To tell the references' tasks our last irreversible block.
    pub(super) lib: watch::Sender<u32>,
    /// To tell the lease's task which chain this is.
    pub(super) chain_id: watch::Sender<Option<String>>,
    /// To tell which blocks of the final chain the slot ledger wants to be told of.
    pub(super) wanted: watch::Sender<Vec<u32>>,
    /// Where orders about the lease are given, where one is configured.
    pub(super) lease: Option<Handle>,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
    schedule_changed: Arc<Notify>,
    groups: Vec<Group>,
    /// The lease's tasks, which outlive a reload.
    lasting: JoinSet<()>,
}

/// What is started anew together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The log.
    Log,
    /// The node's RPC and its process.
    Node,
    /// The host, the fleet, a mining pool.
    Beside,
    /// Other nodes of the chain.
    References,
}

impl Part {
    /// As a person calls it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "the log's reader",
            Self::Node => "what asks the node",
            Self::Beside => "what watches the host, the fleet and the pool",
            Self::References => "what asks the references",
        }
    }
}

/// The tasks of a part.
struct Group {
    part: Part,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

/// What a configuration needs before anything of it is started; making it is what can fail.
pub(super) struct Prepared {
    client: Arc<Client>,
    references: Vec<Client>,
    askers: watched::Askers,
}

impl Prepared {
    /// Makes the clients.
    ///
    /// # Errors
    /// The first that cannot be made, by its key.
    pub(super) fn new(config: &Config) -> anyhow::Result<Self> {
        let deadline = Duration::from_millis(config.settings.rules.poll_timeout_ms);
        let client = Client::new(config.http_url.as_str(), deadline)
            .with_context(|| format!("no client for {} ([global] http_url)", config.http_url))?;
        let reference = |url: &Url| {
            Client::new(url.as_str(), REFERENCE_DEADLINE)
                .with_context(|| format!("no client for {url} ([references] urls)"))
        };
        let references = config.references.iter().map(reference).collect::<Result<_, _>>()?;
        let askers = watched::Askers::new(config).map_err(|why| anyhow!(why))?;
        Ok(Self { client: Arc::new(client), references, askers })
    }
}

/// Starts them.
pub(super) fn start(
    config: &Config,
    clock: Clock,
    events: &mpsc::Sender<Event>,
    stop: &CancellationToken,
) -> anyhow::Result<Senses> {
    let prepared = Prepared::new(config)?;
    let (chain_id, chain_known) = watch::channel(None);
    let mut lasting = JoinSet::new();
    let lease = lease::start(config, clock, chain_known, events, &mut lasting, stop)?;
    let mut senses = Senses {
        client: Arc::clone(&prepared.client),
        lib: watch::Sender::new(0),
        chain_id,
        wanted: watch::Sender::new(Vec::new()),
        lease,
        events: events.clone(),
        stop: stop.clone(),
        schedule_changed: Arc::new(Notify::new()),
        groups: Vec::new(),
        lasting,
    };
    senses.begin(&[Part::Log, Part::Node, Part::Beside, Part::References], config, prepared);
    Ok(senses)
}

/// What is watched to see the end of nodeos; `None` where nothing is to be.
pub(crate) fn target(config: &Config) -> Option<Target> {
    let url = config.http_url.clone();
    Some(match (config.watch.clone()?, &config.log) {
        (Watch::Container, LogSource::Docker { container, host }) => {
            Target::Container { name: container.clone(), host: host.clone() }
        }
        (Watch::Unit(name), _) => Target::Unit { name, url, systemctl: "systemctl".into() },
        (Watch::Port | Watch::Container, _) => Target::Port(url),
    })
}

/// The parts that another configuration changes.
pub(super) fn changed(before: &Config, after: &Config) -> Vec<Part> {
    let (old, new) = (&before.settings, &after.settings);
    let paced = |config: &Config| {
        let rules = &config.settings.rules;
        (rules.poll_interval_ms, rules.poll_timeout_ms)
    };
    let has_log = before.log != after.log;
    let has_target = has_log || before.watch != after.watch;
    let beside = (&old.host, &old.fleet, &old.pool) != (&new.host, &new.fleet, &new.pool)
        || (&before.host, &before.fleet, &before.pool) != (&after.host, &after.fleet, &after.pool);
    let parts = [
        (Part::Log, has_log),
        (Part::Node, has_target || paced(before) != paced(after)),
        (Part::Beside, has_target || beside),
        (Part::References, before.references != after.references),
    ];
    parts.into_iter().filter_map(|(part, is_changed)| is_changed.then_some(part)).collect()
}

impl Senses {
    /// Ends the tasks of these parts. Afterwards nothing of theirs is sent any more.
    pub(super) async fn end(&mut self, parts: &[Part]) {
        let (ending, staying): (Vec<_>, Vec<_>) =
            self.groups.drain(..).partition(|group| parts.contains(&group.part));
        self.groups = staying;
        ending.iter().for_each(|group| group.stop.cancel());
        for mut group in ending {
            let all = async { while group.tasks.join_next().await.is_some() {} };
            if timeout(CHANGE_DEADLINE, all).await.is_err() {
                tracing::warn!(part = ?group.part, "A source did not end in time and was cut off.");
            }
            let _ = timeout(CHANGE_DEADLINE, group.tasks.shutdown()).await;
        }
    }

    /// Starts these parts; none of them may run.
    pub(super) fn begin(&mut self, parts: &[Part], config: &Config, prepared: Prepared) {
        let Prepared { client, references, mut askers } = prepared;
        self.client = client;
        let mut references = Some(references);
        for part in parts {
            let stop = self.stop.child_token();
            let mut tasks = JoinSet::new();
            match part {
                Part::Log => self.read_log(config, &mut tasks, &stop),
                Part::Node => self.watch_node(config, &mut tasks, &stop),
                Part::Beside => {
                    let askers = std::mem::take(&mut askers);
                    watched::start(config, askers, &self.events, &mut tasks, &stop);
                }
                Part::References => {
                    let clients = references.take().unwrap_or_default();
                    self.ask_references(clients, &mut tasks, &stop);
                }
            }
            self.groups.push(Group { part: *part, tasks, stop });
        }
    }

    fn read_log(&self, config: &Config, tasks: &mut JoinSet<()>, stop: &CancellationToken) {
        let (lines, items) = mpsc::channel(BATCHES_MAX);
        match config.log.clone() {
            LogSource::File(path) => {
                tasks.spawn(file::follow(path, lines, stop.clone()).in_current_span());
            }
            LogSource::Docker { container, host } => {
                tasks.spawn(docker::follow(container, host, lines, stop.clone()).in_current_span());
            }
            LogSource::Journal { unit } => {
                let journal = Journal::default();
                tasks.spawn(journal::follow(unit, journal, lines, stop.clone()).in_current_span());
            }
        }
        let (to, changed) = (self.events.clone(), Arc::clone(&self.schedule_changed));
        tasks.spawn(async move { log::classify(items, to, &changed).await }.in_current_span());
    }

    fn watch_node(&self, config: &Config, tasks: &mut JoinSet<()>, stop: &CancellationToken) {
        let (to, polling, ending) = (self.events.clone(), Arc::clone(&self.client), stop.clone());
        let (pace, producer) = (Pace::of(&config.settings.rules), config.settings.producer);
        let changed = Arc::clone(&self.schedule_changed);
        let polls = async move {
            let dropped = get_info::poll(&polling, pace, producer, &changed, to, ending).await;
            if dropped > 0 {
                tracing::warn!(
                    dropped,
                    "Answers of the RPC were dropped: the keeper was too slow."
                );
            }
        };
        tasks.spawn(polls.in_current_span());
        if let Some(target) = target(config) {
            tasks
                .spawn(process::watch(target, self.events.clone(), stop.clone()).in_current_span());
        }
        let (asking, to_ask) = (Arc::clone(&self.client), self.wanted.subscribe());
        tasks.spawn(
            chain_blocks::ask(asking, to_ask, self.events.clone(), stop.clone()).in_current_span(),
        );
    }

    fn ask_references(
        &self,
        clients: Vec<Client>,
        tasks: &mut JoinSet<()>,
        stop: &CancellationToken,
    ) {
        for (index, client) in clients.into_iter().enumerate() {
            let (lib, events, stop) = (self.lib.subscribe(), self.events.clone(), stop.clone());
            tasks.spawn(
                references::ask(client, index, ReferencePace::DAEMON, lib, events, stop)
                    .in_current_span(),
            );
        }
    }

    /// Waits until all have ended, for a moment.
    pub(super) async fn finish(mut self) {
        let all = async {
            for group in &mut self.groups {
                while group.tasks.join_next().await.is_some() {}
            }
            while self.lasting.join_next().await.is_some() {}
        };
        if timeout(END_DEADLINE, all).await.is_err() {
            tracing::warn!("A source did not end in time and was cut off.");
        }
    }
}
