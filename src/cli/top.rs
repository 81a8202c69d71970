//! `eoskeeper top`: what the keeper sees, live on a terminal.
//!
//! It reads what `eoskeeper status` reads, each second, and the past each ten seconds. How it looks is
//! a pure function of what was read (`frame::draw`); nothing on it acts.

mod ask;
mod facts;
mod frame;
mod keys;
mod level;
mod live;
mod page;
mod paint;
mod parts;
#[cfg(test)]
mod sample;
mod screen;
mod words;

use std::io::{IsTerminal, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::cli::{EXIT_NOT_REACHED, EXIT_USAGE, failed, print, runtime, status};
use facts::{Facts, Word};
use paint::Paint;

/// How long the keeper may take to answer; it answers from memory.
const DEADLINE: Duration = Duration::from_secs(3);
/// Columns of `--once` where no terminal says how wide it is.
const ONCE_COLUMNS: u16 = 100;

/// Whom to ask, and how to show it.
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
    /// Print it once, plain and whole, and end.
    #[arg(long)]
    once: bool,
}

/// Shows it until the person leaves. Exit code 2 where there is no terminal to show it on, 3 for
/// `--once` when the keeper does not answer.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    if let (false, Some(why)) = (options.once, no_terminal()) {
        eprintln!(
            "eoskeeper: top needs a terminal, and {why}; use `eoskeeper status`, or \
             `eoskeeper top --once` for one plain frame"
        );
        return ExitCode::from(EXIT_USAGE);
    }
    let (config, url, node) = (&options.config, &options.url, &options.node);
    let client = status::client(config.as_deref(), url.as_deref(), node.as_deref(), DEADLINE);
    let client = match client {
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
    let code = if options.once {
        runtime.block_on(once(&client))
    } else {
        let ended = runtime.block_on(live::show(client, Paint::of_environment()));
        ended.unwrap_or_else(failed)
    };
    // The thread that reads keys may still wait for one.
    runtime.shutdown_background();
    code
}

/// Why nothing can be drawn on standard output, if so.
fn no_terminal() -> Option<&'static str> {
    if !stdout().is_terminal() {
        return Some("standard output is none");
    }
    match std::env::var("TERM").as_deref() {
        Ok("dumb") => Some("this one (TERM=dumb) cannot move its cursor"),
        Ok("") | Err(_) => Some("TERM does not say which this is"),
        Ok(_) => None,
    }
}

async fn once(client: &crate::cli::keeper_client::KeeperClient) -> ExitCode {
    let status = match ask::status(client).await {
        Ok(status) => status,
        Err(error) => {
            eprintln!("eoskeeper: {error:#}");
            return ExitCode::from(EXIT_NOT_REACHED);
        }
    };
    let past = ask::past(client, &status, facts::Past::default()).await;
    let facts = Facts { status: Some(status), past };
    let columns = match stdout().is_terminal() {
        true => ratatui::crossterm::terminal::size().map_or(ONCE_COLUMNS, |(columns, _)| columns),
        false => ONCE_COLUMNS,
    };
    let text = frame::text(&facts, &Word::default(), Paint::plain(), columns);
    crate::cli::ended(print(&text))
}
