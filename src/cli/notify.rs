//! `eoskeeper notify`: tries a channel as the keeper uses it, or lists the channels.
//!
//! A test message goes to one channel, at once and once: no outbox, no route, no retry.

mod picture;
mod sample;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::actions::notify::channel::{Channel, Delivery, DeliveryError};
use crate::cli::style::printable;
use crate::cli::{EXIT_USAGE, failed, print, runtime};
use crate::clock::Clock;
use crate::config::channels::Route;
use crate::config::{self, Config};
use crate::core::action::Severity;
use crate::core::alarm::message::Message;
use crate::daemon::channels::{Routed, channels};
use crate::daemon::cloudwatch;

pub(super) use sample::test as test_message;

/// How long one message may take: what the keeper gives it.
const DEADLINE: Duration = Duration::from_secs(30);

/// Which channel is tried, and with what.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Options {
    /// The configuration file that names the channels.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// NAME of a [node:NAME], where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// The channel to try, by the name of its section.
    #[arg(long, value_name = "NAME", group = "what")]
    test: Option<String>,
    /// List the channels that are configured, and which messages they get.
    #[arg(long, group = "what", conflicts_with_all = ["severity", "kind", "with_picture"])]
    list: bool,
    /// How bad the message says it is.
    #[arg(long, value_enum, default_value_t = Level::Info)]
    severity: Level,
    /// What it is: a test, a beginning, a beginning and its end, or a report.
    #[arg(long, value_enum, default_value_t = Kind::Test)]
    kind: Kind,
    /// With a picture, where the channel shows any.
    #[arg(long)]
    with_picture: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// How bad the message says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    /// Get up.
    Page,
    /// Look at it today.
    Warn,
    /// Good to know.
    Info,
}

/// What the message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A message that says that it is a test.
    Test,
    /// An incident that begins, and stays open.
    Raised,
    /// An incident that begins and is over.
    Resolved,
    /// A report.
    Report,
}

impl Level {
    const fn severity(self) -> Severity {
        match self {
            Self::Page => Severity::Page,
            Self::Warn => Severity::Warn,
            Self::Info => Severity::Info,
        }
    }
}

/// A channel that is configured.
#[derive(Debug, Serialize)]
struct Listed {
    name: &'static str,
    levels: Vec<Severity>,
    reports: bool,
    pictures: bool,
}

/// What came of a test.
#[derive(Debug, Serialize)]
struct Outcome {
    channel: &'static str,
    /// Messages that were delivered.
    delivered: usize,
    /// Messages that were to be.
    messages: usize,
    took_ms: u64,
    /// Why one was not.
    error: Option<String>,
    /// Whether the keeper would try that again.
    again: bool,
    /// Whether the service refuses us, and not this message: the keeper's would wait until a person
    /// has mended the token, key or address.
    refuses_us: bool,
}

/// The channels that are configured, as the keeper has them.
pub(super) fn every(config: &Config, clock: Clock) -> anyhow::Result<Vec<Routed>> {
    let mut all = channels(config, clock)?;
    all.extend(cloudwatch::alone(config, clock)?);
    Ok(all)
}

/// Tries or lists; exit code 1 when a message was not delivered, 2 when there is no such channel.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let config = match config::load_node(options.config.as_deref(), options.node.as_deref()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let clock = Clock::start();
    let all = match every(&config, clock) {
        Ok(all) => all,
        Err(error) => return failed(error),
    };
    let Some(name) = &options.test else {
        return show(
            &all.iter().map(|(channel, route)| listed(channel.as_ref(), route)).collect::<Vec<_>>(),
            options.json,
        );
    };
    let names: Vec<&str> = all.iter().map(|(channel, _)| channel.name()).collect();
    let Some((channel, _)) = all.iter().find(|(channel, _)| channel.name() == name) else {
        eprintln!("eoskeeper: {}", unknown(name, &names, &config));
        return ExitCode::from(EXIT_USAGE);
    };
    let messages = sample::messages(&config, clock.now().wall, options);
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return failed(error),
    };
    let outcome = runtime.block_on(test(channel.as_ref(), messages, options.with_picture));
    let is_delivered = outcome.error.is_none();
    match say(&outcome, options) {
        Ok(()) if is_delivered => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => failed(error),
    }
}

fn unknown(name: &str, names: &[&str], config: &Config) -> String {
    let name = printable(name);
    let source = config.source.display();
    if names.is_empty() {
        return format!(
            "no channel is configured in {source}; give one its section, see config.ini.example"
        );
    }
    format!("'{name}' is no channel of {source}; those are: {}", names.join(", "))
}

/// Delivers each message in turn, each knowing what the one before it showed.
async fn test(channel: &dyn Channel, messages: Vec<Message>, with_picture: bool) -> Outcome {
    let begin = Instant::now();
    let count = messages.len();
    let pictures =
        if with_picture && channel.takes_pictures() { vec![picture::sample()] } else { Vec::new() };
    let mut shown = None;
    let (mut delivered, mut fault) = (0, None);
    for mut message in messages {
        message.pictures = pictures.iter().map(|picture| picture.kind).collect();
        let delivery = Delivery { message, pictures: pictures.clone(), shown: shown.clone() };
        let ended = tokio::time::timeout(DEADLINE, channel.deliver(&delivery)).await;
        match ended.unwrap_or_else(|_| {
            let seconds = DEADLINE.as_secs();
            Err(DeliveryError::passing(format!("not delivered within {seconds} s")))
        }) {
            Ok(done) => {
                delivered += 1;
                shown = done.shown.or(shown);
            }
            Err(error) => {
                fault = Some(error);
                break;
            }
        }
    }
    Outcome {
        channel: channel.name(),
        delivered,
        messages: count,
        took_ms: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
        again: matches!(fault, Some(DeliveryError::Passing { .. } | DeliveryError::Refused(_))),
        refuses_us: matches!(fault, Some(DeliveryError::Refused(_))),
        error: fault.map(|error| error.to_string()),
    }
}

fn say(outcome: &Outcome, options: &Options) -> anyhow::Result<()> {
    if options.json {
        let text = serde_json::to_string_pretty(outcome).context("no JSON")?;
        return print(&format!("{text}\n"));
    }
    let Outcome { channel, delivered, messages, took_ms, error, again, refuses_us } = outcome;
    let Some(error) = error else {
        let what = if *messages == 1 { "the message was" } else { "both messages were" };
        return print(&format!("{channel}: {what} delivered in {took_ms} ms\n"));
    };
    let next = if *refuses_us {
        "the service refuses us, and the keeper's messages would wait; correct the token, key or \
         address"
    } else if *again {
        "the keeper would try again; see that the service can be reached from here"
    } else {
        "trying again is useless; correct the section"
    };
    eprintln!(
        "eoskeeper: {channel}: not delivered ({delivered} of {messages} were): {}\n  → {next}; \
         doc/alarms/{channel}.md has a table of failures",
        printable(error)
    );
    Ok(())
}

fn listed(channel: &dyn Channel, route: &Route) -> Listed {
    Listed {
        name: channel.name(),
        levels: route.levels.clone(),
        reports: route.reports,
        pictures: channel.takes_pictures(),
    }
}

fn show(all: &[Listed], json: bool) -> ExitCode {
    let text = if json {
        match serde_json::to_string_pretty(all) {
            Ok(text) => format!("{text}\n"),
            Err(error) => return failed(error.into()),
        }
    } else if all.is_empty() {
        "No channel is configured; alarms are in the keeper's own log only.\n".to_owned()
    } else {
        all.iter().map(line).collect()
    };
    match print(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error),
    }
}

fn line(channel: &Listed) -> String {
    let level = |severity: &Severity| match severity {
        Severity::Page => "page",
        Severity::Warn => "warn",
        Severity::Info => "info",
    };
    let levels: Vec<&str> = channel.levels.iter().map(level).collect();
    let extra = |is_so: bool, word: &str| if is_so { format!(", {word}") } else { String::new() };
    format!(
        "{:10}  {}{}{}\n",
        channel.name,
        levels.join(", "),
        extra(channel.reports, "reports"),
        extra(channel.pictures, "pictures")
    )
}
