//! `eoskeeper incidents`: what was the matter, from when to when.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::span::{self, Column, Moment};
use crate::cli::style::{Style, printable};
use crate::cli::{EXIT_USAGE, ended, print};
use crate::config::{self, Config};
use crate::core::action::Severity;
use crate::core::time::{Human, Timestamp};
use crate::history::record::{IncidentRow, Notification};

/// Which part of the past, and how it is shown.
#[derive(Args, Debug)]
pub struct Options {
    /// The configuration file that names the state directory.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// NAME of a [node:NAME], where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// Those that stood at some time since: 90s, 30m, 24h, 7d, or a time (UTC).
    #[arg(long, value_name = "AGE", default_value = "7d", value_parser = span::parse)]
    since: Moment,
    /// How many at most, the last ones.
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    number: u32,
    /// One JSON object a line, with what was seen and what was sent.
    #[arg(long)]
    json: bool,
}

/// Prints; exit code 1 when there is nothing to read or it cannot be read.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let chosen = config::load_site(options.config.as_deref())
        .and_then(|site| Ok(site.chosen(options.node.as_deref())?));
    match chosen {
        Ok(nodes) => ended(show(&nodes, options)),
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn show(nodes: &[Config], options: &Options) -> anyhow::Result<()> {
    let now = span::now();
    let all = (Timestamp::from_ms(i64::MIN), Timestamp::from_ms(i64::MAX));
    let histories = span::open_each(nodes)?;
    let mut found = Vec::new();
    for (at, (_, history)) in histories.iter().enumerate() {
        let rows = history.past().incidents((options.since.time(now), all.1), options.number)?;
        found.extend(rows.into_iter().map(|incident| (at, incident)));
    }
    found.sort_by_key(|(_, incident)| incident.began);
    found.drain(..found.len().saturating_sub(options.number as usize));
    let (style, column) = (Style::of_stdout(), Column::of(nodes));
    let mut text = String::new();
    for (at, incident) in &found {
        let (name, history) = &histories[*at];
        if options.json {
            let sent = span::sent_about(nodes, history, &incident.id)?;
            let mut value = serde_json::to_value(incident)?;
            value["notifications"] = serde_json::to_value(sent)?;
            text.push_str(&format!("{}\n", column.json(name, value)));
        } else {
            text.push_str(&column.line(name, &line(incident, now, style)));
        }
    }
    if found.is_empty() && !options.json {
        text.push_str("No incident in this time.\n");
    }
    print(&text)
}

/// An incident as a line.
pub(super) fn line(incident: &IncidentRow, now: Timestamp, style: Style) -> String {
    let lasted = incident.ended.unwrap_or(now).since_ms(incident.began).max(0).cast_unsigned();
    let (state, word) = match incident.ended {
        Some(_) => ("over", "lasted"),
        None => ("STANDS", "for"),
    };
    let severity = match incident.severity {
        Severity::Page => style.bad("page"),
        Severity::Warn => style.warn("warn"),
        Severity::Info => style.dim("info"),
    };
    format!(
        "{}  {severity}  {state:<6} {:<28} {} ({word} {})  {}\n",
        style.dim(&incident.began.to_string()),
        printable(&incident.cause),
        printable(&incident.title),
        Human(lasted),
        style.dim(&printable(&incident.id)),
    )
}

/// A notification as a line.
pub(super) fn sent(sent: &Notification, style: Style) -> String {
    format!(
        "{}  {:<10} {:<9} {}  {}\n",
        style.dim(&sent.at.to_string()),
        printable(&sent.channel),
        printable(&sent.kind),
        printable(&sent.outcome),
        style.dim(&printable(&sent.incident)),
    )
}
