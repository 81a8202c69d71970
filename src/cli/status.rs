//! `eoskeeper status`: asks the running keeper.

mod page;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;

use crate::cli::style::Style;
use crate::cli::{EXIT_USAGE, ended, runtime};
use crate::config;
use crate::core::status::STATUS_VERSION;

/// How long the keeper may take to answer; it answers from memory.
const DEADLINE: Duration = Duration::from_secs(5);
/// Largest answer that is read.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

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

/// Asks and prints; exit code 1 when the keeper does not answer.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let base = match address(options) {
        Ok(base) => base,
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    ended(runtime().and_then(|runtime| runtime.block_on(ask_and_print(&base, options))))
}

fn address(options: &Options) -> Result<String, config::ConfigError> {
    if let Some(url) = &options.url {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let config = config::load(options.config.as_deref())?;
    let mut listen = config.status_listen;
    if listen.ip().is_unspecified() {
        // 0.0.0.0 and [::] are heard on loopback as well.
        listen.set_ip(match listen {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(format!("http://{listen}"))
}

async fn ask_and_print(base: &str, options: &Options) -> anyhow::Result<()> {
    let text = ask(base).await?;
    let status: Value = serde_json::from_str(&text)
        .with_context(|| format!("{base}/api/status did not answer JSON; is it eoskeeper?"))?;
    if options.json {
        println!("{text}");
        return Ok(());
    }
    let version = status["version"].as_u64();
    if version != Some(u64::from(STATUS_VERSION)) {
        bail!(
            "the keeper at {base} speaks status version {}, this command {STATUS_VERSION}; use \
             the command of the keeper's own version, or --json",
            version.map_or_else(|| "unknown".to_owned(), |v| v.to_string())
        );
    }
    print!("{}", page::render(&status, options.why, Style::of_stdout()));
    Ok(())
}

async fn ask(base: &str) -> anyhow::Result<String> {
    let url = format!("{base}/api/status");
    crate::nodeos::rpc::install_tls();
    let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build()?;
    let not_there = || {
        format!("no keeper answers at {url}; is `eoskeeper run` running, and is the address right?")
    };
    let mut answer = client.get(&url).send().await.with_context(not_there)?;
    if !answer.status().is_success() {
        bail!("{url} answered {}; is it eoskeeper?", answer.status());
    }
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.with_context(not_there)? {
        if bytes.len() + piece.len() > ANSWER_BYTES {
            bail!("{url} answered more than {ANSWER_BYTES} bytes; is it eoskeeper?");
        }
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).with_context(|| format!("{url} did not answer text"))
}
