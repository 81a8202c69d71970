//! Starts what watches: the log's reader, the classifier, the poller.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::actions::lease::Handle;
use crate::clock::Clock;
use crate::config::{Config, LogSource, Watch};
use crate::core::event::Event;
use crate::daemon::{lease, watched};
use crate::nodeos::rpc::Client;
use crate::sources::get_info::Pace;
use crate::sources::process::Target;
use crate::sources::references::{self, Pace as ReferencePace};
use crate::sources::{docker, file, get_info, log, process};

/// Batches of lines between the reader and the classifier.
const BATCHES_MAX: usize = 16;
/// Deadline of a question to a reference, which may be on another continent.
const REFERENCE_DEADLINE: Duration = Duration::from_secs(5);
/// How long the sources may take to end; what they hold is read again or not needed.
const END_DEADLINE: Duration = Duration::from_secs(3);

/// The tasks that watch, and the client they poll with.
pub(super) struct Senses {
    pub(super) client: Arc<Client>,
    /// To tell the references' tasks our last irreversible block.
    pub(super) lib: watch::Sender<u32>,
    /// To tell the lease's task which chain this is.
    pub(super) chain_id: watch::Sender<Option<String>>,
    /// Where orders about the lease are given, where one is configured.
    pub(super) lease: Option<Handle>,
    tasks: JoinSet<()>,
}

/// Starts them.
pub(super) fn start(
    config: &Config,
    clock: Clock,
    events: &mpsc::Sender<Event>,
    stop: &CancellationToken,
) -> anyhow::Result<Senses> {
    let rules = &config.settings.rules;
    let deadline = Duration::from_millis(rules.poll_timeout_ms);
    let client = Client::new(config.http_url.as_str(), deadline)
        .with_context(|| format!("no client for {} ([global] http_url)", config.http_url))?;
    let client = Arc::new(client);
    let schedule_changed = Arc::new(Notify::new());
    let mut tasks = JoinSet::new();

    let (lines, items) = mpsc::channel(BATCHES_MAX);
    match config.log.clone() {
        LogSource::File(path) => {
            tasks.spawn(file::follow(path, lines, stop.clone()));
        }
        LogSource::Docker { container, host } => {
            tasks.spawn(docker::follow(container, host, lines, stop.clone()));
        }
    }
    let (to, changed) = (events.clone(), Arc::clone(&schedule_changed));
    tasks.spawn(async move { log::classify(items, to, &changed).await });
    let ending = stop;
    let (to, polling, stop) = (events.clone(), Arc::clone(&client), stop.clone());
    let (pace, producer) = (Pace::of(rules), config.settings.producer);
    tasks.spawn(async move {
        let dropped = get_info::poll(&polling, pace, producer, &schedule_changed, to, stop).await;
        if dropped > 0 {
            tracing::warn!(dropped, "Answers of the RPC were dropped: the keeper was too slow.");
        }
    });
    if let Some(target) = target(config) {
        tasks.spawn(process::watch(target, events.clone(), ending.clone()));
    }
    watched::start(config, events, &mut tasks, ending)?;
    let (lib, lib_seen) = watch::channel(0);
    for (index, url) in config.references.iter().enumerate() {
        let client = Client::new(url.as_str(), REFERENCE_DEADLINE)
            .with_context(|| format!("no client for {url} ([references] urls)"))?;
        let (lib, events, stop) = (lib_seen.clone(), events.clone(), ending.clone());
        tasks.spawn(references::ask(client, index, ReferencePace::DAEMON, lib, events, stop));
    }
    let (chain_id, chain_known) = watch::channel(None);
    let lease = lease::start(config, clock, chain_known, events, &mut tasks, ending)?;
    Ok(Senses { client, lib, chain_id, lease, tasks })
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

impl Senses {
    /// Waits until all have ended, for a moment.
    pub(super) async fn finish(mut self) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(END_DEADLINE, all).await.is_err() {
            tracing::warn!("A source did not end in time and was cut off.");
        }
    }
}
