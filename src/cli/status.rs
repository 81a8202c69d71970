//! `eoskeeper status`: asks the running keeper.

mod page;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;

use crate::cli::keeper_client::KeeperClient;
use crate::cli::style::Style;
use crate::cli::{EXIT_NOT_REACHED, EXIT_USAGE, ended, failed, print, runtime};
use crate::config;
use crate::core::status::STATUS_VERSION;

/// How long the keeper may take to answer; it answers from memory.
const DEADLINE: Duration = Duration::from_secs(5);

/// What to ask, and how to show it.
#[derive(Args, Debug)]
pub struct Options {
    /// The configuration file that names the keeper's address.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The keeper's address, instead of the configuration's.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    url: Option<String>,
    /// Print the whole status as JSON.
    #[arg(long)]
    json: bool,
    /// Show every finding and every gate, open or closed, with value and threshold.
    #[arg(long)]
    why: bool,
}

/// Asks and prints; exit code 3 when the keeper does not answer.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let client = match client(options) {
        Ok(client) => client,
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return failed(error),
    };
    match runtime.block_on(client.status()) {
        Ok(text) => ended(show(client.url(), &text, options)),
        Err(error) => {
            eprintln!("eoskeeper: {error:#}");
            ExitCode::from(EXIT_NOT_REACHED)
        }
    }
}

fn client(options: &Options) -> Result<KeeperClient, String> {
    let client = match &options.url {
        Some(url) => KeeperClient::new(url, DEADLINE),
        None => {
            let config = config::load(options.config.as_deref()).map_err(|e| e.to_string())?;
            KeeperClient::at(config.status_listen, DEADLINE)
        }
    };
    client.map_err(|error| format!("{error:#}"))
}

fn show(url: &str, text: &str, options: &Options) -> anyhow::Result<()> {
    let status: Value = serde_json::from_str(text)
        .with_context(|| format!("{url} did not answer JSON; is it eoskeeper?"))?;
    if options.json {
        return print(&format!("{text}\n"));
    }
    let version = status["version"].as_u64();
    if version != Some(u64::from(STATUS_VERSION)) {
        bail!(
            "the keeper at {url} speaks status version {}, this command {STATUS_VERSION}; use \
             the command of the keeper's own version, or --json",
            version.map_or_else(|| "unknown".to_owned(), |v| v.to_string())
        );
    }
    print(&page::render(&status, options.why, Style::of_stdout()))
}
