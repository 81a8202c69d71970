//! `eoskeeper status`: asks the running keeper.

mod all;
mod health;
mod page;

use std::path::{Path, PathBuf};
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
    /// NAME of a [node:NAME], where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// The keeper's address, instead of the configuration's.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    url: Option<String>,
    /// Print the whole status as JSON.
    #[arg(long)]
    json: bool,
    /// Show every finding and every gate, open or closed, with value and threshold.
    #[arg(long)]
    why: bool,
    /// Only whether the keeper itself works (its /healthz): exit code 0, or 1 when it does not. For a
    /// container's health check.
    #[arg(long, conflicts_with = "why")]
    health: bool,
}

/// Asks and prints; exit code 3 when the keeper does not answer.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let (config, node) = (options.config.as_deref(), options.node.as_deref());
    let all = match several(options) {
        Ok(all) => all,
        Err(error) => return wrong(&error),
    };
    if options.health {
        let client = match all {
            Some(client) => Ok(client),
            None => client(config, options.url.as_deref(), node, DEADLINE),
        };
        return match client {
            Ok(client) => health::run(&client, options.json),
            Err(error) => wrong(&error),
        };
    }
    if let Some(client) = all {
        return match answer(&client, client.nodes()) {
            Ok((url, text)) => ended(all::show(&url, &text, options.json, options.why)),
            Err(code) => code,
        };
    }
    match ask(config, options.url.as_deref(), node) {
        Ok((url, text)) => ended(show(&url, &text, options)),
        Err(code) => code,
    }
}

/// How to ask for all nodes at once: where the configuration has several, and none is named.
fn several(options: &Options) -> Result<Option<KeeperClient>, String> {
    if options.url.is_some() || options.node.is_some() {
        return Ok(None);
    }
    let site = config::load_site(options.config.as_deref()).map_err(|e| e.to_string())?;
    if site.nodes.len() == 1 {
        return Ok(None);
    }
    KeeperClient::of_all(&site, DEADLINE).map(Some).map_err(|error| format!("{error:#}"))
}

/// The keeper's address and its status as it answered it; or the exit code, when what went wrong was
/// told.
pub(super) fn ask(
    config: Option<&Path>,
    url: Option<&str>,
    node: Option<&str>,
) -> Result<(String, String), ExitCode> {
    let client = client(config, url, node, DEADLINE).map_err(|error| wrong(&error))?;
    answer(&client, client.status())
}

fn answer(
    client: &KeeperClient,
    said: impl Future<Output = anyhow::Result<String>>,
) -> Result<(String, String), ExitCode> {
    let runtime = runtime().map_err(failed)?;
    let text = runtime.block_on(said).map_err(|error| not_reached(&error))?;
    Ok((client.url().to_owned(), text))
}

fn wrong(error: &str) -> ExitCode {
    eprintln!("eoskeeper: {error}");
    ExitCode::from(EXIT_USAGE)
}

fn not_reached(error: &anyhow::Error) -> ExitCode {
    eprintln!("eoskeeper: {error:#}");
    ExitCode::from(EXIT_NOT_REACHED)
}

/// How to ask the keeper that the arguments name, for the node that they name; or what is wrong with
/// them, one sentence.
pub(super) fn client(
    config: Option<&Path>,
    url: Option<&str>,
    node: Option<&str>,
    deadline: Duration,
) -> Result<KeeperClient, String> {
    let client = match url {
        Some(url) => KeeperClient::of_node(url, node, deadline),
        None => {
            let config = config::load_node(config, node).map_err(|e| e.to_string())?;
            KeeperClient::of(&config, deadline)
        }
    };
    client.map_err(|error| format!("{error:#}"))
}

fn show(url: &str, text: &str, options: &Options) -> anyhow::Result<()> {
    let status = json(url, text)?;
    if options.json {
        return print(&format!("{text}\n"));
    }
    check_version(url, &status)?;
    print(&page::render(&status, options.why, Style::of_stdout()))
}

/// The answer as JSON.
pub(super) fn json(url: &str, text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text)
        .with_context(|| format!("{url} did not answer JSON; is it eoskeeper?"))
}

/// Whether this command knows what the status says.
pub(super) fn check_version(url: &str, status: &Value) -> anyhow::Result<()> {
    let version = status["version"].as_u64();
    if version != Some(u64::from(STATUS_VERSION)) {
        bail!(
            "the keeper at {url} speaks status version {}, this command {STATUS_VERSION}; use \
             the command of the keeper's own version, or --json",
            version.map_or_else(|| "unknown".to_owned(), |v| v.to_string())
        );
    }
    Ok(())
}
