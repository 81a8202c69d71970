//! `eoskeeper maintenance`: no automatic act for a while, or the end of that, or what there is.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;

use crate::cli::keeper_client::KeeperClient;
use crate::cli::order::{self, Common};
use crate::cli::style::printable;
use crate::cli::{EXIT_NOT_REACHED, print};
use crate::config::Config;
use crate::core::command::Command;
use crate::core::time::{Human, Timestamp};
use crate::daemon::control::bounds::{check_maintenance, check_reason};

/// How long the keeper may take to answer; it answers from memory.
const DEADLINE: Duration = Duration::from_secs(5);

/// Begin, end, or show.
#[derive(Args, Debug)]
pub struct Options {
    /// For how long, 1 minute to 7 days: 90s, 30m, 2h, 1d, 1h30m.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_length, requires = "reason")]
    length_ms: Option<u64>,
    /// Why; it stands with every alarm until it is over.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason, requires = "length_ms")]
    reason: Option<String>,
    /// Also when no other node is ready to sign.
    #[arg(long, requires = "length_ms")]
    force: bool,
    /// It is over.
    #[arg(long, conflicts_with_all = ["length_ms", "reason", "force"])]
    end: bool,
    #[command(flatten)]
    common: Common,
}

fn parse_length(text: &str) -> Result<u64, String> {
    let ms = crate::cli::length::parse_ms(text)?;
    check_maintenance(ms).map(|()| ms)
}

fn parse_reason(text: &str) -> Result<String, String> {
    check_reason(text).map(|()| text.to_owned())
}

/// Gives the order, or shows what there is.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    match (options.end, options.length_ms, &options.reason) {
        (true, _, _) => order::tell(&options.common, &Command::EndMaintenance),
        (false, Some(for_ms), Some(reason)) => {
            let (reason, force) = (reason.clone(), options.force);
            let command = Command::Maintenance { for_ms, reason, force };
            order::tell(&options.common, &command)
        }
        (false, _, _) => order::with_config(&options.common, async |config| {
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
    let Some(maintenance) = status.get("maintenance") else {
        bail!(
            "the keeper at {url} says nothing about maintenance; use the command of its own version"
        );
    };
    let shown = if json { maintenance.to_string() } else { sentence(&status["at"], maintenance) };
    print(&format!("{shown}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// What a person reads.
fn sentence(at: &Value, maintenance: &Value) -> String {
    if maintenance.is_null() {
        return "No maintenance: the keeper acts as configured.".to_owned();
    }
    let text = |value: &Value| printable(value.as_str().unwrap_or("-"));
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let left = match (time(&maintenance["until"]), time(at)) {
        (Some(until), Some(at)) => {
            let ms = until.since_ms(at).max(0).cast_unsigned();
            format!(" ({} left)", Human(ms / 1000 * 1000))
        }
        _ => String::new(),
    };
    let [since, until, reason] = ["since", "until", "reason"].map(|key| text(&maintenance[key]));
    format!("Maintenance since {since} UTC, until {until} UTC{left}: {reason}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn maintenance_is_shown_with_what_is_left() {
        let at = json!("2026-11-21T03:00:00.250");
        let shown = json!({
            "since": "2026-11-21T02:48:37.000", "until": "2026-11-21T04:48:37.000",
            "reason": "new disk\u{1b}[2J",
        });
        assert_eq!(
            sentence(&at, &shown),
            "Maintenance since 2026-11-21T02:48:37.000 UTC, until 2026-11-21T04:48:37.000 UTC \
             (1 h 48 min left): new disk\u{fffd}[2J"
        );
        let none = "No maintenance: the keeper acts as configured.";
        assert_eq!(sentence(&at, &Value::Null), none);
    }
}
