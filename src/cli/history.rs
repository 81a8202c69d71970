//! `eoskeeper history`: what the keeper decided and did, from its state on disk.
//!
//! The file is only read, whether the keeper runs or not.

mod page;

use std::io::{self, BufWriter, ErrorKind, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use crate::cli::span::{self, Column, Moment};
use crate::cli::style::Style;
use crate::cli::{EXIT_USAGE, ended, incidents, print};
use crate::config::{self, Config};
use crate::core::time::Timestamp;
use crate::history::store::Past;

/// Most entries that are put in order of several nodes.
const TOGETHER_MAX: u32 = 10_000;

/// Which part of the past, and how it is shown.
#[derive(Args, Debug)]
pub struct Options {
    /// The configuration file that names the state directory.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// NAME of a [node:NAME], where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
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
    let chosen = config::load_site(options.config.as_deref())
        .and_then(|site| Ok(site.chosen(options.node.as_deref())?));
    match chosen {
        Ok(nodes) => ended(show_each(&nodes, options)),
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

/// The past of one node as it is read; that of several in the order of time.
fn show_each(nodes: &[Config], options: &Options) -> anyhow::Result<()> {
    if let [one] = nodes {
        return show(one, options);
    }
    let number = options.number.min(TOGETHER_MAX);
    let since = options.since.map(|since| since.time(span::now()));
    let since = since.unwrap_or(Timestamp::from_ms(i64::MIN));
    let (style, now, column) = (Style::of_stdout(), span::now(), Column::of(nodes));
    let span = (since, Timestamp::from_ms(i64::MAX));
    let mut rows: Vec<(Timestamp, String)> = Vec::new();
    for (name, history) in &span::open_each(nodes)? {
        let past = history.past();
        let mut add = |at, line: String| rows.push((at, line));
        let shown = |value: Value| format!("{}\n", column.json(name, value));
        if options.incidents {
            for row in past.incidents(span, number)? {
                add(
                    row.began,
                    match options.json {
                        true => shown(serde_json::to_value(&row)?),
                        false => column.line(name, &incidents::line(&row, now, style)),
                    },
                );
            }
        } else if options.notifications {
            for row in past.notifications(span, None, number)? {
                add(
                    row.at,
                    match options.json {
                        true => shown(serde_json::to_value(&row)?),
                        false => column.line(name, &incidents::sent(&row, style)),
                    },
                );
            }
        } else {
            for entry in past.entries(span, number)? {
                add(
                    entry.at,
                    match options.json {
                        true => shown(serde_json::to_value(&entry)?),
                        false => column.line(name, &page::render(&entry, options.evidence, style)),
                    },
                );
            }
        }
    }
    if options.notifications {
        // Those of all nodes are where their messages waited.
        for row in span::sent(nodes, span, number)? {
            let value = serde_json::to_value(&row)?;
            rows.push((
                row.at,
                match options.json {
                    true => format!("{value}\n"),
                    false => column.line("", &incidents::sent(&row, style)),
                },
            ));
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    rows.drain(..rows.len().saturating_sub(number as usize));
    print(&rows.into_iter().map(|(_, line)| line).collect::<String>())
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
