//! `eoskeeper status`: asks the running keeper.

mod all;
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
use crate::config::{self, Site};
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
}

/// Asks and prints; exit code 3 when the keeper does not answer.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let site = match &options.url {
        None => config::load_site(options.config.as_deref()).ok(),
        Some(_) => None,
    };
    if let Some(site) = site.filter(|site| site.nodes.len() > 1 && options.node.is_none()) {
        return match ask_all(&site) {
            Ok((url, text)) => ended(all::show(&url, &text, options.json, options.why)),
            Err(code) => code,
        };
    }
    let node = options.node.as_deref();
    match ask(options.config.as_deref(), options.url.as_deref(), node) {
        Ok((url, text)) => ended(show(&url, &text, options)),
        Err(code) => code,
    }
}

/// The keeper's address and its list of nodes.
fn ask_all(site: &Site) -> Result<(String, String), ExitCode> {
    let client = KeeperClient::of_all(site, DEADLINE).map_err(failed)?;
    answer(&client)
}

/// The keeper's address and its status as it answered it; or the exit code, when what went wrong was
/// told.
pub(super) fn ask(
    config: Option<&Path>,
    url: Option<&str>,
    node: Option<&str>,
) -> Result<(String, String), ExitCode> {
    let client = client(config, url, node).map_err(|error| {
        eprintln!("eoskeeper: {error}");
        ExitCode::from(EXIT_USAGE)
    })?;
    answer(&client)
}

fn answer(client: &KeeperClient) -> Result<(String, String), ExitCode> {
    let runtime = runtime().map_err(failed)?;
    let text = runtime.block_on(client.status()).map_err(|error| {
        eprintln!("eoskeeper: {error:#}");
        ExitCode::from(EXIT_NOT_REACHED)
    })?;
    Ok((client.url().to_owned(), text))
}

fn client(
    config: Option<&Path>,
    url: Option<&str>,
    node: Option<&str>,
) -> Result<KeeperClient, String> {
    let client = match (url, node) {
        (Some(url), None) => KeeperClient::new(url, DEADLINE),
        (Some(url), Some(node)) => {
            KeeperClient::new(&format!("{}/node/{node}", url.trim_end_matches('/')), DEADLINE)
        }
        (None, node) => {
            let config = config::load_node(config, node).map_err(|e| e.to_string())?;
            KeeperClient::of(&config, DEADLINE)
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
