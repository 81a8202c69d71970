//! `eoskeeper chart`: a picture of what was measured, from the state on disk or from a file.
//!
//! The state is only read, whether the keeper runs or not.

mod output;
mod rows;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use crate::chart::{self, Cadence, Data, Limits, Period, Size, Subject, Zone};
use crate::cli::keeper_client::KeeperClient;
use crate::cli::span::{self, Moment};
use crate::cli::{EXIT_USAGE, ended, runtime};
use crate::config::{self, Config};
use crate::core::alarm::message::PictureKind;
use crate::core::time::Timestamp;

use self::output::Format;
use self::rows::Rows;

const DAY_MS: i64 = 86_400_000;
/// A keeper answers from memory.
const STATUS_DEADLINE: Duration = Duration::from_secs(1);

/// Which picture, of what time, and where it goes.
#[derive(Args, Debug)]
pub struct Options {
    /// What it shows: lag, host, production, slots or pool.
    #[arg(value_name = "KIND", value_parser = parse_kind)]
    kind: PictureKind,
    /// The configuration file that names the state directory.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// NAME of a [node:NAME], where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// How long before its right edge it begins: hour, day, week, or 90s, 30m, 6h, 30d.
    #[arg(long, value_name = "LENGTH", default_value = "day", value_parser = parse_length)]
    last: i64,
    /// Its right edge, UTC, for example 2026-11-21T02:50; otherwise now.
    #[arg(long, value_name = "TIME", value_parser = super::replay::parse_time)]
    at: Option<Timestamp>,
    /// The file, ending in .png or .svg; - is standard output.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What is written, where the file's name does not say it.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Width and height in pixels.
    #[arg(long, value_name = "WxH", default_value_t = Size::MESSAGE)]
    size: Size,
    /// The time zone of its times, by IANA's name, for example Asia/Shanghai.
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = Zone::named)]
    time_zone: Zone,
    /// Read rows from a file of JSON lines instead of the state; - is standard input.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

/// Draws; exit code 1 when there is nothing to draw or it cannot be read or written.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    // A file of rows needs no configuration, but may have one for the names.
    let config = match (&options.config, &options.from) {
        (None, Some(_)) => None,
        (named, _) => match config::load_node(named.as_deref(), options.node.as_deref()) {
            Ok(config) => Some(config),
            Err(error) => {
                eprintln!("eoskeeper: {error}");
                return ExitCode::from(EXIT_USAGE);
            }
        },
    };
    ended(picture(config.as_ref(), options))
}

fn picture(config: Option<&Config>, options: &Options) -> anyhow::Result<()> {
    let format = Format::of(&options.output, options.format)?;
    let mut rows = Rows::default();
    if let Some(config) = config {
        rows.subject.node.clone_from(&config.settings.node);
        rows.subject.producer = config.settings.producer.to_string();
        rows.subject.chain = chain(config);
    }
    let at = match (&options.from, config) {
        (Some(file), _) => {
            rows.read_lines(file)?;
            // Rows of another day are drawn up to their end, not to now.
            options.at.or_else(|| rows.ends(options.kind).map(|(_, last)| last))
        }
        (None, Some(config)) => {
            let period = Period::before(options.at.unwrap_or_else(span::now), options.last);
            rows.read_history(&config.state_dir, options.kind, period)?;
            Some(period.to)
        }
        (None, None) => bail!("neither a configuration nor a file of rows was named"),
    };
    let to = at.unwrap_or_else(span::now);
    let period = Period::before(to, options.last);
    must_have_rows(&rows, options.kind, period)?;
    let bytes = draw(&rows, config, options, period, format)?;
    output::write(&options.output, format, &bytes)
}

fn draw(
    rows: &Rows,
    config: Option<&Config>,
    options: &Options,
    period: Period,
    format: Format,
) -> anyhow::Result<Vec<u8>> {
    let data = Data {
        subject: subject(rows, options),
        period,
        samples: &rows.samples,
        hours: &rows.hours,
        turns: &rows.turns,
        pool: &rows.pool,
        cadence: Cadence::every(every_ms(rows, config, options)),
        limits: config.map_or_else(Limits::default, |config| Limits::of(&config.settings)),
        zone: options.time_zone.clone(),
    };
    Ok(match format {
        Format::Png => chart::png(options.kind, &data, options.size)?,
        Format::Svg => chart::svg(options.kind, &data, options.size)?.into_bytes(),
    })
}

/// How often rows come. A keeper's configuration says how often it asks its pool.
fn every_ms(rows: &Rows, config: Option<&Config>, options: &Options) -> i64 {
    let pool = config.and_then(|config| config.settings.pool);
    match pool {
        Some(pool) if options.kind == PictureKind::Pool && options.from.is_none() => {
            pool.interval_ms.cast_signed()
        }
        _ => rows.every_ms(options.kind),
    }
}

/// Whose rows they are; those of a file without names have the name of the file.
fn subject(rows: &Rows, options: &Options) -> Subject {
    let mut subject = rows.subject.clone();
    if subject == Subject::default()
        && let Some(name) = options.from.as_ref().and_then(|file| file.file_name())
    {
        subject.node = name.to_string_lossy().into_owned();
    }
    subject
}

/// The chain, if the keeper runs: it stands in no row. A picture without it is one, too.
fn chain(config: &Config) -> Option<String> {
    let client = KeeperClient::of(config, STATUS_DEADLINE).ok()?;
    let status = runtime().ok()?.block_on(client.status()).ok()?;
    let status: serde_json::Value = serde_json::from_str(&status).ok()?;
    status["chain"]["chain_id"].as_str().map(str::to_owned)
}

/// A picture of nothing helps nobody: says from when to when there is something.
fn must_have_rows(rows: &Rows, kind: PictureKind, period: Period) -> anyhow::Result<()> {
    if rows.has_any(kind, period) {
        return Ok(());
    }
    let (words, from, to) = (rows::words(kind), period.from, period.to);
    let nothing = format!("there is nothing to draw from {from} to {to}");
    match (rows.ends(kind), rows.since) {
        (Some((first, last)), _) => bail!(
            "{nothing}: the {words} are from {first} to {last}; ask for another time with --at, or \
             for a longer --last"
        ),
        (None, Some(since)) => bail!(
            "{nothing}: there are {words} since {since}; ask for another time with --at, or for a \
             longer --last"
        ),
        (None, None) => bail!("{nothing}: there are no {words} yet; {}", rows::advice(kind)),
    }
}

fn parse_kind(text: &str) -> Result<PictureKind, String> {
    PictureKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| "a picture is one of lag, host, production, slots and pool".to_owned())
}

fn parse_length(text: &str) -> Result<i64, String> {
    let text = match text {
        "hour" => "1h",
        "day" => "1d",
        "week" => "7d",
        other => other,
    };
    match span::parse(text) {
        Ok(Moment::Ago(ms)) if (10_000..=400 * DAY_MS).contains(&ms) => Ok(ms),
        _ => Err("a length is hour, day, week, or looks like 90s, 30m, 6h or 30d; 10 seconds to \
                  400 days"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_a_word_or_a_number_with_a_unit() {
        for (text, ms) in [
            ("hour", 3_600_000),
            ("day", DAY_MS),
            ("week", 7 * DAY_MS),
            ("5m", 300_000),
            ("6h", 21_600_000),
            ("400d", 400 * DAY_MS),
        ] {
            assert_eq!(parse_length(text), Ok(ms), "{text}");
        }
        for bad in ["", "month", "0h", "9s", "401d", "2026-11-21T02:50", "-1h"] {
            assert!(parse_length(bad).is_err_and(|why| why.contains("week")), "{bad}");
        }
        assert!(parse_kind("lags").is_err_and(|why| why.contains("production")));
    }
}
