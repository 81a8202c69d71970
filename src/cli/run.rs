//! `eoskeeper run`: the daemon in the foreground.

use std::path::Path;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::{EXIT_USAGE, ended, own_log, runtime};
use crate::config::{self, Config};
use crate::daemon;

/// Loads the configuration and runs until SIGTERM or SIGINT.
#[must_use]
pub fn run(path: Option<&Path>) -> ExitCode {
    let config = match config::load(path) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    own_log::start(config.own_log);
    ended(runtime().and_then(|runtime| runtime.block_on(until_signalled(config))))
}

async fn until_signalled(config: Config) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
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
    daemon::run(config, stop).await
}
