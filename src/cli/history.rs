//! `eoskeeper history`: what the keeper decided and did, from its state on disk.
//!
//! The file is only read, whether the keeper runs or not.

mod page;

use std::io::{self, BufWriter, ErrorKind, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::cli::span::{self, Moment};
use crate::cli::style::Style;
use crate::cli::{EXIT_USAGE, ended, incidents, print};
use crate::config::{self, Config};
use crate::core::time::Timestamp;
use crate::history::store::Past;

/// Which part of the past, and how it is shown.
#[derive(Args, Debug)]
pub struct Options {
    /// The configuration file that names the state directory.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only what is not older: 90s, 30m, 24h, 7d, or a time (UTC) such as 2026-11-21T02:50.
    #[arg(long, value_name = "AGE", value_parser = span::parse)]
    since: Option<Moment>,
    /// How many entries at most, the last ones.
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    number: u32,
    /// One JSON object a line, with the evidence.
    #[arg(long)]
    json: bool,
    /// Show the evidence beneath each line.
    #[arg(long)]
    evidence: bool,
    /// The incidents instead of the entries.
    #[arg(long, conflicts_with_all = ["evidence", "notifications"])]
    incidents: bool,
    /// What was sent to people instead of the entries.
    #[arg(long, conflicts_with = "evidence")]
    notifications: bool,
}

/// Prints; exit code 1 when there is nothing to read or it cannot be read.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    match config::load(options.config.as_deref()) {
        Ok(config) => ended(show(&config, options)),
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn show(config: &Config, options: &Options) -> anyhow::Result<()> {
    let history = span::open(config)?;
    let since = options.since.map(|since| since.time(span::now()));
    let since = since.unwrap_or(Timestamp::from_ms(i64::MIN));
    if options.incidents || options.notifications {
        return show_people(&history.past(), since, options);
    }
    let mut out = BufWriter::new(stdout().lock());
    let style = Style::of_stdout();
    let mut result = Ok(());
    history.last(since, options.number, |entry| {
        result = match (options.json, options.evidence) {
            (true, _) => serde_json::to_string(entry)
                .map_err(io::Error::from)
                .and_then(|line| writeln!(out, "{line}")),
            (false, has_evidence) => {
                out.write_all(page::render(entry, has_evidence, style).as_bytes())
            }
        };
        result.is_ok()
    })?;
    match result.and_then(|()| out.flush()) {
        // Who closed the pipe has read what it wanted.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written"),
    }
}

/// What people were told of: incidents, or the messages themselves.
fn show_people(past: &Past<'_>, since: Timestamp, options: &Options) -> anyhow::Result<()> {
    let span = (since, Timestamp::from_ms(i64::MAX));
    let (style, now) = (Style::of_stdout(), span::now());
    let mut text = String::new();
    if options.incidents {
        for incident in past.incidents(span, options.number)? {
            text.push_str(&match options.json {
                true => format!("{}\n", serde_json::to_string(&incident)?),
                false => incidents::line(&incident, now, style),
            });
        }
    } else {
        for sent in past.notifications(span, None, options.number)? {
            text.push_str(&match options.json {
                true => format!("{}\n", serde_json::to_string(&sent)?),
                false => incidents::sent(&sent, style),
            });
        }
    }
    print(&text)
}
