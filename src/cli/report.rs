//! `eoskeeper report`: the report of some hours, as the channels get it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::cli::span::{self, Moment};
use crate::cli::{EXIT_USAGE, ended, print};
use crate::config::{self, Config};
use crate::core::alarm::language::Language;
use crate::core::report::Zone;
use crate::history::gather;

/// Which part of the past, and how it is shown.
#[derive(Args, Debug)]
pub struct Options {
    /// The configuration file that names the state directory.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// NAME of a [node:NAME], where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// How far back: hour, day, week, or 6h, 30m, 3d.
    #[arg(long, value_name = "LENGTH", default_value = "6h", value_parser = parse_last)]
    last: i64,
    /// Until when: an age or a time (UTC); otherwise now.
    #[arg(long, value_name = "AGE", value_parser = span::parse)]
    until: Option<Moment>,
    /// en, zh or ru; otherwise as [alarm] language says.
    #[arg(long, value_name = "LANGUAGE", value_parser = parse_language)]
    language: Option<Language>,
    /// As Markdown.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// The figures, one JSON object, and the text in it.
    #[arg(long)]
    json: bool,
}

/// Prints; exit code 1 when there is nothing to read or it cannot be read.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    match config::load_node(options.config.as_deref(), options.node.as_deref()) {
        Ok(config) => ended(show(&config, options)),
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn show(config: &Config, options: &Options) -> anyhow::Result<()> {
    let now = span::now();
    let until = options.until.map_or(now, |until| until.time(now));
    let history = span::open(config)?;
    let settings = &config.settings;
    let report = gather::report(
        &history.past(),
        &settings.node,
        settings.producer,
        (until.plus_ms(-options.last), until),
    )?;
    let language = options.language.unwrap_or(config.alarm.language);
    let zone = Zone { name: &config.report.zone, offsets: &config.report.offsets };
    let text = if options.json {
        let text = report.markdown(language, &zone);
        let value = json!({ "report": report, "language": language, "markdown": text });
        format!("{}\n", serde_json::to_string_pretty(&value)?)
    } else if options.markdown {
        report.markdown(language, &zone)
    } else {
        report.plain(language, &zone)
    };
    print(&text)
}

fn parse_last(text: &str) -> Result<i64, String> {
    let text = match text {
        "hour" => "1h",
        "day" => "1d",
        "week" => "7d",
        other => other,
    };
    match span::parse(text) {
        Ok(Moment::Ago(ms)) if ms > 0 => Ok(ms),
        _ => Err("a length is hour, day, week, or looks like 30m, 6h or 3d".to_owned()),
    }
}

fn parse_language(text: &str) -> Result<Language, String> {
    let found = Language::ALL.into_iter().find(|language| language.as_str() == text);
    found.ok_or_else(|| "en, zh or ru".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        for (text, hours) in [("hour", 1), ("6h", 6), ("day", 24), ("week", 168), ("3d", 72)] {
            assert_eq!(parse_last(text), Ok(hours * 3_600_000), "{text}");
        }
        for bad in ["", "0h", "month", "2026-11-21T02:50"] {
            assert!(parse_last(bad).unwrap_err().starts_with("a length is"), "{bad}");
        }
    }
}
