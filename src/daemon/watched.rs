//! Starts what watches beside the node: the host, the fleet, a mining pool.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::config::watched::PoolAccess;
use crate::config::{Config, LogSource};
use crate::core::event::Event;
use crate::daemon::senses::target;
use crate::sources::host::{Plan, Roots};
use crate::sources::{fleet, host, pool};

/// What asks the fleet and the pool, where they are configured.
#[derive(Default)]
pub(super) struct Askers {
    fleet: Option<fleet::Asker>,
    pool: Option<pool::Asker>,
}

impl Askers {
    /// Makes them; nothing is asked yet.
    ///
    /// # Errors
    /// One sentence, by the section.
    pub(super) fn new(config: &Config) -> Result<Self, String> {
        let mut askers = Self::default();
        if !config.fleet.is_empty() {
            let asker = fleet_asker(config).map_err(|why| format!("[fleet]: {why}"))?;
            askers.fleet = Some(asker);
        }
        if let Some(access) = &config.pool {
            askers.pool = Some(pool_asker(access).map_err(|why| format!("[pool]: {why}"))?);
        }
        Ok(askers)
    }
}

/// Starts them.
pub(super) fn start(
    config: &Config,
    askers: Askers,
    events: &mpsc::Sender<Event>,
    tasks: &mut JoinSet<()>,
    stop: &CancellationToken,
) {
    let settings = &config.settings;
    if let (Some(limits), Some(plan)) = (settings.host, plan(config)) {
        let every = Duration::from_millis(limits.interval_ms);
        tasks.spawn(host::watch(plan, every, events.clone(), stop.clone()).in_current_span());
    }
    if let Some(asker) = askers.fleet {
        let every = Duration::from_millis(settings.fleet.poll_ms);
        let members = config.fleet.clone();
        tasks.spawn(
            fleet::watch(asker, members, every, events.clone(), stop.clone()).in_current_span(),
        );
    }
    if let (Some(limits), Some(asker)) = (settings.pool, askers.pool) {
        let every = Duration::from_millis(limits.interval_ms);
        tasks.spawn(pool::watch(asker, every, events.clone(), stop.clone()).in_current_span());
    }
}

/// What is looked at on this host; `None` where nothing is to be.
pub(crate) fn plan(config: &Config) -> Option<Plan> {
    let host = config.host.as_ref()?;
    let mut usual = Vec::new();
    if let LogSource::File(path) = &config.log
        && let Some(directory) = path.parent()
    {
        usual.push(("log".to_owned(), directory.to_owned()));
    }
    usual.push(("state".to_owned(), config.state_dir.clone()));
    Some(Plan { roots: Roots::default(), disks: host.disks.clone(), usual, node: target(config) })
}

/// The means to ask the fleet's members.
pub(crate) fn fleet_asker(config: &Config) -> Result<fleet::Asker, String> {
    let access = &config.fleet_access;
    let token = access.token.as_ref().and_then(|token| token.text());
    fleet::Asker::new(&config.fleet, token, access.ca.as_deref())
}

/// The means to ask the pool.
pub(crate) fn pool_asker(access: &PoolAccess) -> Result<pool::Asker, String> {
    let question = access.question.as_ref().map(|question| {
        let body = serde_json::json!({
            "currency": question.currency,
            "mining_user_name": question.account,
        });
        body.to_string().into_bytes()
    });
    let token = access.token.as_ref().and_then(|token| token.text());
    pool::Asker::new(access.url.clone(), question, token)
}
