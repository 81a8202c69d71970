//! `eoskeeper ledger`: what became of our slots, and what each lost block was lost by.
//!
//! The file is only read, whether the keeper runs or not.

mod page;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::cli::span::{self, Moment};
use crate::cli::style::Style;
use crate::cli::{EXIT_USAGE, ended, print};
use crate::config::{self, Config};
use crate::core::ledger::{LedgerSummary, SettledTurn};
use crate::history::store::{Past, ROWS_MAX, Span};

/// Most turns shown by `--turns`: a month with 21 producers.
const TURNS_SHOWN_MAX: usize = 25_000;

/// Which part of the past, and how it is shown.
#[derive(Args, Debug)]
pub struct Options {
    /// The configuration file that names the state directory.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// NAME of a [node:NAME], where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// From when on: 90s, 30m, 24h, 7d, or a time (UTC) such as 2026-11-21T02:50.
    #[arg(long, value_name = "AGE", default_value = "7d", value_parser = span::parse)]
    since: Moment,
    /// Until when; otherwise now.
    #[arg(long, value_name = "AGE", value_parser = span::parse)]
    until: Option<Moment>,
    /// Each turn, a line: its twelve slots, and what it lost by what.
    #[arg(long)]
    turns: bool,
    /// One JSON object; with --turns one object a turn, a line each.
    #[arg(long)]
    json: bool,
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

/// One node after the other: each has turns of its own.
fn show_each(nodes: &[Config], options: &Options) -> anyhow::Result<()> {
    if let [one] = nodes {
        return show(one, options, None);
    }
    for node in nodes {
        let name = node.section.as_deref().unwrap_or_default();
        if !options.json {
            print(&format!("[node:{name}]\n"))?;
        }
        show(node, options, Some(name))?;
    }
    Ok(())
}

fn show(config: &Config, options: &Options, node: Option<&str>) -> anyhow::Result<()> {
    let now = span::now();
    let until = options.until.map_or(now, |until| until.time(now));
    let span = (options.since.time(now), until);
    anyhow::ensure!(span.0 < span.1, "--since {} is not before --until {}", span.0, span.1);
    let history = span::open(config)?;
    let past = history.past();
    if options.turns {
        return show_turns(&past, span, options.json, node);
    }
    let summary = past.ledger(span)?;
    let text = if options.json {
        let value = named(as_json(span, &summary), node);
        // Of several nodes each is a line.
        let text = match node {
            None => serde_json::to_string_pretty(&value)?,
            Some(_) => value.to_string(),
        };
        format!("{text}\n")
    } else {
        page::summary(config.settings.producer, span, &summary, Style::of_stdout())
    };
    print(&text)
}

/// The figures, and the two shares as percent.
fn as_json(span: Span, summary: &LedgerSummary) -> serde_json::Value {
    let percent = |share: Option<u64>| share.map(|share| share as f64 / 1000.0);
    json!({
        "since": span.0,
        "until": span.1,
        "summary": summary,
        "met_percent_of_known": percent(summary.met_share()),
        "unknown_percent": percent(summary.unknown_share()),
    })
}

/// With the node's name where there are several.
fn named(mut value: serde_json::Value, node: Option<&str>) -> serde_json::Value {
    if let Some(node) = node {
        value["node"] = node.into();
    }
    value
}

fn show_turns(
    past: &Past<'_>,
    (since, until): Span,
    json: bool,
    node: Option<&str>,
) -> anyhow::Result<()> {
    let (mut from, mut shown) = (since, 0);
    let style = Style::of_stdout();
    loop {
        let page = past.turns((from, until), ROWS_MAX)?;
        let mut text = String::new();
        for turn in &page {
            text.push_str(&if json { turn_json(turn, node)? } else { page::turn(turn, style) });
            text.push('\n');
        }
        print(&text)?;
        shown += page.len();
        match page.last() {
            Some(last) if page.len() == ROWS_MAX as usize && shown < TURNS_SHOWN_MAX => {
                from = last.start.plus_ms(1);
            }
            Some(_) => break,
            None if shown == 0 && !json => return print("No turn was settled in this time.\n"),
            None => break,
        }
    }
    if shown >= TURNS_SHOWN_MAX {
        eprintln!("eoskeeper: there may be more; go on with --since {from}");
    }
    Ok(())
}

fn turn_json(turn: &SettledTurn, node: Option<&str>) -> anyhow::Result<String> {
    let slots: Vec<_> = turn.fates().collect();
    let mut value = serde_json::to_value(turn)?;
    value["slots"] = serde_json::to_value(slots)?;
    Ok(named(value, node).to_string())
}
