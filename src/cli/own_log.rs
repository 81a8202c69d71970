//! The keeper's own log, on standard error.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, OwnLog};

/// Starts the log; once in a process. `EOSKEEPER_LOG` overrides the level, in the syntax of
/// `tracing_subscriber::EnvFilter`.
pub(super) fn start(own: OwnLog) {
    // What they draw and ask is our business, and each picture has lines without a width.
    let others = "hyper=warn,reqwest=warn,bollard=warn,aws=warn,tiny_skia=error";
    let quiet = format!("{},{others}", own.level.as_str());
    let filter = EnvFilter::try_from_env("EOSKEEPER_LOG").unwrap_or_else(|_| EnvFilter::new(quiet));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    let started = match own.format {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Text => log.with_ansi(stderr().is_terminal() && !no_color()).try_init(),
    };
    // A second start in one process keeps the first.
    drop(started);
}

/// Whether the user asked for no colours (<https://no-color.org>).
pub(super) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
