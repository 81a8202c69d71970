//! `eoskeeper run`: the daemon in the foreground.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::cli::{EXIT_USAGE, ended, own_log, runtime};
use crate::config::{self, Site};
use crate::daemon::supervisor::Supervisor;
use crate::daemon::{self, Outside};

/// Loads the configuration and runs until SIGTERM or SIGINT; reads it anew on SIGHUP.
#[must_use]
pub fn run(path: Option<&Path>) -> ExitCode {
    let site = match config::load_site(path) {
        Ok(site) => site,
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    own_log::start(site.common().own_log);
    ended(runtime().and_then(|runtime| runtime.block_on(until_signalled(site))))
}

async fn until_signalled(site: Site) -> anyhow::Result<()> {
    let supervisor = Supervisor::of_environment();
    let (stop, reload) = (CancellationToken::new(), Arc::new(Notify::new()));
    let mut terminate = signal(SignalKind::terminate())?;
    // Before anything else: untaken it would end the keeper.
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopping = stop.clone();
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!("{name}: the keeper ends.");
        stopping.cancel();
    });
    let reloading = Arc::clone(&reload);
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            reloading.notify_one();
        }
    });
    daemon::run_site(site, Outside { stop, reload, supervisor }).await
}
