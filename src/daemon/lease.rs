//! The lease's task, from the configuration.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::actions::lease::{self, Access, Handle, Setup};
use crate::clock::Clock;
use crate::config::{Config, LeaseAccess};
use crate::core::event::Event;

/// Starts it where a lease is configured.
pub(super) fn start(
    config: &Config,
    clock: Clock,
    chain_id: watch::Receiver<Option<String>>,
    events: &mpsc::Sender<Event>,
    tasks: &mut JoinSet<()>,
    stop: &CancellationToken,
) -> anyhow::Result<Option<Handle>> {
    let settings = &config.settings;
    let (Some(times), Some(etcd)) = (settings.lease, &config.lease) else { return Ok(None) };
    let setup = Setup {
        access: access(etcd, times.timeout_ms),
        prefix: etcd.prefix.clone(),
        times,
        node: settings.node.clone(),
        producer: settings.producer,
        chain_id,
        clock: Arc::new(move || clock.now().mono),
        events: events.clone(),
    };
    let handle = lease::start(setup, tasks, stop).context("no client for etcd ([lease])")?;
    Ok(Some(handle))
}

/// The way to etcd, as the action takes it.
pub(crate) fn access(etcd: &LeaseAccess, timeout_ms: u64) -> Access {
    Access {
        endpoints: etcd.endpoints.clone(),
        user: etcd.user.clone(),
        password_file: etcd.password_file.clone(),
        ca_file: etcd.ca_file.clone(),
        deadline: Duration::from_millis(timeout_ms),
    }
}
