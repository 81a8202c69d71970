//! `eoskeeper history`: what the keeper decided and did, from its state on disk.
//!
//! The file is only read, whether the keeper runs or not.

mod page;

use std::io::{self, BufWriter, ErrorKind, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::cli::style::Style;
use crate::cli::{EXIT_USAGE, ended};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::core::time::Timestamp;
use crate::history::store::History;

/// Which part of the past, and how it is shown.
#[derive(Args, Debug)]
pub struct Options {
    /// The configuration file that names the state directory.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only what is not older: 90s, 30m, 24h, 7d, or a time (UTC) such as 2026-11-21T02:50.
    #[arg(long, value_name = "AGE", value_parser = parse_since)]
    since: Option<Since>,
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
}

/// Where the part begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    /// So many milliseconds ago.
    Ago(i64),
    /// At this time.
    At(Timestamp),
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
    let dir = config.state_dir.display();
    let history = History::open(&config.state_dir)?
        .with_context(|| format!("no history in {dir} yet; has a keeper run with this file?"))?;
    let since = match options.since {
        None => Timestamp::from_ms(i64::MIN),
        Some(Since::At(time)) => time,
        Some(Since::Ago(ms)) => Clock::start().now().wall.plus_ms(-ms),
    };
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

fn parse_since(text: &str) -> Result<Since, String> {
    let wrong = "an age looks like 90s, 30m, 24h or 7d, a time like 2026-11-21T02:50 (UTC)";
    let Some((digits, unit)) = text.char_indices().last().map(|(at, unit)| (&text[..at], unit))
    else {
        return Err(wrong.to_owned());
    };
    let unit_ms = match unit {
        's' => 1000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return super::replay::parse_time(text).map(Since::At).map_err(|_| wrong.to_owned()),
    };
    let count = digits.parse::<u32>().map_err(|_| wrong.to_owned())?;
    Ok(Since::Ago(i64::from(count) * unit_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_or_a_time_says_where_to_begin() {
        let at = |ms| Since::At(Timestamp::from_ms(ms));
        for (text, expected) in [
            ("90s", Since::Ago(90_000)),
            ("30m", Since::Ago(1_800_000)),
            ("24h", Since::Ago(86_400_000)),
            ("400d", Since::Ago(34_560_000_000)),
            ("4294967295d", Since::Ago(371_085_174_288_000_000)),
            ("2026-11-21T02:48:37.098", at(1_795_229_317_098)),
            ("2026-11-21T02:48", at(1_795_229_280_000)),
        ] {
            assert_eq!(parse_since(text), Ok(expected), "{text}");
        }
        for bad in
            ["", "h", "24", "-1h", "1.5h", "24 h", "24hours", "4294967296d", "yesterday", "ü"]
        {
            let error = parse_since(bad).unwrap_err();
            assert!(error.starts_with("an age looks like"), "{bad}: {error}");
        }
    }
}
