//! `eoskeeper silence`: nobody is told of a cause for a while, or the end of that, or what there is.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;

use crate::cli::keeper_client::KeeperClient;
use crate::cli::length::parse_ms;
use crate::cli::order::{self, Common};
use crate::cli::style::printable;
use crate::cli::{EXIT_NOT_REACHED, print};
use crate::config::Config;
use crate::core::command::Command;
use crate::daemon::control::bounds::{check_cause, check_note, check_silence};

/// How long the keeper may take to answer; it answers from memory.
const DEADLINE: Duration = Duration::from_secs(5);

/// Begin, end, or show.
#[derive(Args, Debug)]
pub struct Options {
    /// For how long, 1 minute to 30 days: 90s, 30m, 2h, 1d, 1h30m.
    #[arg(value_name = "TIME", value_parser = parse_length)]
    length_ms: Option<u64>,
    /// Only this cause, as an alarm names it, with or without its subject.
    #[arg(long, value_name = "CAUSE", value_parser = parse_cause)]
    cause: Option<String>,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = parse_note, requires = "length_ms")]
    reason: Option<String>,
    /// It is over: the silence of --cause, or every one.
    #[arg(long, conflicts_with_all = ["length_ms", "reason"])]
    end: bool,
    #[command(flatten)]
    common: Common,
}

fn parse_length(text: &str) -> Result<u64, String> {
    let ms = parse_ms(text)?;
    check_silence(ms).map(|()| ms)
}

fn parse_cause(text: &str) -> Result<String, String> {
    check_cause(text).map(|()| text.to_owned())
}

fn parse_note(text: &str) -> Result<String, String> {
    check_note(text).map(|()| text.to_owned())
}

/// Gives the order, or shows what there is.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let cause = options.cause.clone();
    match (options.end, options.length_ms) {
        (true, _) => order::tell(&options.common, &Command::EndSilence { cause }),
        (false, Some(for_ms)) => {
            let reason = options.reason.clone().unwrap_or_default();
            let by = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).ok();
            let by = by.filter(|name| !name.is_empty() && check_note(name).is_ok());
            order::tell(&options.common, &Command::Silence { for_ms, cause, by, reason })
        }
        (false, None) => order::with_config(&options.common, async |config| {
            show(&config, options.common.json).await
        }),
    }
}

async fn show(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let client = KeeperClient::of(config, DEADLINE)?;
    let text = match client.status().await {
        Ok(text) => text,
        Err(error) => {
            eprintln!("eoskeeper: {error:#}");
            return Ok(ExitCode::from(EXIT_NOT_REACHED));
        }
    };
    let url = client.url();
    let status: Value = serde_json::from_str(&text)
        .with_context(|| format!("{url} did not answer JSON; is it eoskeeper?"))?;
    let Some(silences) = status["alarms"]["silences"].as_array() else {
        bail!(
            "the keeper at {url} says nothing about silences; use the command of its own version"
        );
    };
    let shown = if json { Value::from(silences.clone()).to_string() } else { sentences(silences) };
    print(&format!("{shown}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// What a person reads.
fn sentences(silences: &[Value]) -> String {
    if silences.is_empty() {
        return "No silence: people are told of every cause.".to_owned();
    }
    let each = silences.iter().map(|silence| {
        let text = |key: &str| printable(silence[key].as_str().unwrap_or("-"));
        let cause = silence["cause"].as_str().map_or_else(|| "every cause".to_owned(), printable);
        let reason = match silence["reason"].as_str() {
            None | Some("") => String::new(),
            Some(reason) => format!(": {}", printable(reason)),
        };
        format!("{cause}: silent until {} UTC, by {}{reason}", text("until"), text("by"))
    });
    each.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn silences_are_shown_one_a_line() {
        let shown = [
            json!({ "until": "2026-11-21T04:00:00.000", "cause": null, "by": "anna", "reason": "" }),
            json!({ "until": "2026-11-21T05:00:00.000", "cause": "api_down", "by": "user 0",
                    "reason": "new\u{7}disk" }),
        ];
        assert_eq!(
            sentences(&shown),
            "every cause: silent until 2026-11-21T04:00:00.000 UTC, by anna\n\
             api_down: silent until 2026-11-21T05:00:00.000 UTC, by user 0: new\u{fffd}disk"
        );
        assert_eq!(sentences(&[]), "No silence: people are told of every cause.");
    }
}
