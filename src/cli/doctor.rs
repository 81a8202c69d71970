//! `eoskeeper doctor`: what `check` tries, and advice on the host, the node and the configuration.
//!
//! Nothing is changed: no script is run, and messages are sent with `--send` alone. What is asked of
//! nodeos is what anybody may ask.

mod api;
pub mod cases;
mod clock;
mod configured;
mod disk;
mod facts;
mod keys;
mod logs;
mod others;
mod page;
mod peers;
mod scripts;
mod send;
mod votes;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::check::{Row, Scope, State, examine};
use crate::cli::{EXIT_USAGE, failed, runtime};
use crate::config::{self, Config};
use cases::{Advice, Verdict};
use facts::Facts;
use others::Other;

/// What is looked at, and how it is shown.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// NAME of a `[node:NAME]`, where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
    /// Send a test message through every channel.
    #[arg(long)]
    pub send: bool,
    /// What `eoskeeper doctor --json` printed on another host of the producer, to compare keys and
    /// versions; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub with: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Looks and prints. Exit code 0: nothing failed and nothing is dangerous; 1: something is; 2: the
/// configuration or a file given by `--with` is wrong.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let config = match config::load_node(options.config.as_deref(), options.node.as_deref()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let mut others = Vec::new();
    for path in &options.with {
        match Other::read(path) {
            Ok(other) => others.push(other),
            Err(why) => {
                eprintln!("eoskeeper: {why}");
                return ExitCode::from(EXIT_USAGE);
            }
        }
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return failed(error),
    };
    let told = runtime.block_on(look(&config, &others, options.send));
    let is_bad = told.rows.iter().any(|row| row.state == State::Fail)
        || told.advice.iter().any(|advice| advice.verdict == Verdict::Danger);
    // A look that hangs in a file system is left behind.
    runtime.shutdown_background();
    match page::show(&told, options.json) {
        Ok(()) if is_bad => ExitCode::FAILURE,
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error),
    }
}

/// All that is told.
struct Told {
    rows: Vec<Row>,
    advice: Vec<Advice>,
    /// This node, for the other hosts' `--with`.
    own: Other,
}

async fn look(config: &Config, others: &[Other], send: bool) -> Told {
    let (rows, facts) = tokio::join!(examine(config, Scope::Everything), Facts::gather(config));
    let own = Other::of(config, &facts).await;
    let (clock, api, log, disk, scripts, channels) = tokio::join!(
        clock::look(&facts),
        api::look(config, &facts),
        logs::look(config, &facts),
        disk::look(config),
        scripts::look(config),
        send::look(config, &rows, send),
    );
    let parts = [
        configured::acting(config),
        clock,
        configured::starts(config, &facts),
        keys::look(config, &facts),
        api,
        configured::production(config, &facts),
        peers::look(config, &facts).await,
        log,
        others::versions(&own, &facts, others),
        scripts,
        channels,
        disk,
        votes::look(&own, &facts, others),
        configured::same_host(config, &facts),
        configured::references(config),
    ];
    Told { rows, advice: parts.into_iter().flatten().collect(), own }
}
