//! What goes into the archive.

use std::time::{Duration, Instant};

use serde_json::json;

use super::archive::Archive;
use super::block_on;
use super::subject::Subject;
use crate::cli::keeper_client::KeeperClient;
use crate::cli::span;
use crate::config::{Config, LogSource};
use crate::history::store::{Past, ROWS_MAX};
use crate::nodeos::rpc::Client;
use crate::sources::journal::{self, Journal};
use crate::sources::window::LineWindow;
use crate::sources::{docker, file};

/// Longest reading of the log.
const LOG_DEADLINE: Duration = Duration::from_secs(60);
/// Deadline of a question to nodeos or to the keeper.
const ASK_DEADLINE: Duration = Duration::from_secs(5);

/// Adds all of it; what cannot be had is noted.
pub(super) fn all(
    archive: &mut Archive,
    config: &Config,
    past: &Past<'_>,
    subject: &Subject,
    log_mib: u32,
) -> anyhow::Result<()> {
    archive.add_json("incident.json", subject)?;
    rows(archive, past, subject, config)?;
    let version = now(archive, config)?;
    versions(archive, version.as_deref())?;
    log(archive, config, subject, log_mib)
}

/// What the history has.
fn rows(
    archive: &mut Archive,
    past: &Past<'_>,
    subject: &Subject,
    config: &Config,
) -> anyhow::Result<()> {
    let time = subject.span();
    macro_rules! rows {
        ($name:literal, $rows:expr) => {
            match $rows {
                Ok(rows) => {
                    if rows.len() >= ROWS_MAX as usize {
                        archive.miss($name, format!("there are more than {ROWS_MAX} rows"));
                    }
                    archive.add_lines($name, &rows)?;
                }
                Err(error) => archive.miss($name, error),
            }
        };
    }
    rows!("decisions.jsonl", past.entries(time, ROWS_MAX));
    rows!("incidents.jsonl", past.incidents(time, ROWS_MAX));
    let sent = past.notifications(time, None, ROWS_MAX).map_err(anyhow::Error::from);
    // Of a node among several they are with what the nodes share.
    rows!(
        "notifications.jsonl",
        sent.and_then(|own| {
            let shared = span::sent(std::slice::from_ref(config), time, ROWS_MAX)?;
            Ok([own, shared].concat())
        })
    );
    rows!("turns.jsonl", past.turns(time, ROWS_MAX));
    rows!("samples.jsonl", past.samples(time, ROWS_MAX));
    if config.settings.pool.is_some() {
        rows!("pool.jsonl", past.pool(time, ROWS_MAX));
    }
    match past.oldest_sample() {
        Ok(Some(oldest)) if oldest <= subject.since => {}
        Ok(oldest) => {
            let first = oldest
                .map_or_else(|| "there is none".to_owned(), |at| format!("the first is of {at}"));
            archive.miss(
                "samples.jsonl",
                format!("{first}; what is over a week old is in hours.jsonl"),
            );
            let hours = (time.0.plus_ms(-crate::core::sample::HOUR_MS), time.1);
            rows!("hours.jsonl", past.hours(hours, ROWS_MAX));
        }
        Err(error) => archive.miss("samples.jsonl", error),
    }
    Ok(())
}

/// What nodeos and the keeper say now; returns nodeos's version.
fn now(archive: &mut Archive, config: &Config) -> anyhow::Result<Option<String>> {
    let (schedule, info, status) = block_on(async {
        let client = Client::new(config.http_url.as_str(), ASK_DEADLINE);
        let (schedule, info) = match &client {
            Ok(client) => {
                let schedule = client.producer_schedule().await.map_err(|e| e.to_string());
                (schedule, client.get_info().await.map_err(|e| e.to_string()))
            }
            Err(error) => (Err(error.to_string()), Err(error.to_string())),
        };
        let status = match KeeperClient::of(config, ASK_DEADLINE) {
            Ok(keeper) => keeper.status().await.map_err(|error| format!("{error:#}")),
            Err(error) => Err(format!("{error:#}")),
        };
        (schedule, info, status)
    })?;
    match schedule {
        Ok(schedule) => archive.add_json("schedule.json", &schedule)?,
        Err(why) => archive.miss("schedule.json", format!("nodeos was asked now: {why}")),
    }
    match status {
        Ok(status) => archive.add("status-now.json", status.as_bytes())?,
        Err(why) => archive.miss("status-now.json", why),
    }
    if let Err(why) = &info {
        archive.miss("versions.json", format!("nodeos was asked now: {why}"));
    }
    Ok(info.ok().and_then(|info| info.version))
}

fn versions(archive: &mut Archive, nodeos: Option<&str>) -> anyhow::Result<()> {
    let system = rustix::system::uname();
    let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    let versions = json!({
        "eoskeeper": env!("CARGO_PKG_VERSION"),
        "nodeos": nodeos,
        "system": text(system.sysname()),
        "release": text(system.release()),
        "machine": text(system.machine()),
    });
    archive.add_json("versions.json", &versions)
}

/// nodeos's log around the incident.
fn log(
    archive: &mut Archive,
    config: &Config,
    subject: &Subject,
    log_mib: u32,
) -> anyhow::Result<()> {
    const NAME: &str = "nodeos.log";
    let bytes_max = log_mib as usize * 1024 * 1024;
    let mut window = LineWindow::new(subject.span(), subject.began, bytes_max);
    let problems = match &config.log {
        LogSource::File(path) => file::window(path, &mut window, Instant::now() + LOG_DEADLINE),
        LogSource::Docker { container, host } => {
            let reading = docker::window(container, host.as_deref(), &mut window, LOG_DEADLINE);
            block_on(reading)?.err().into_iter().collect()
        }
        LogSource::Journal { unit } => {
            let own = Journal::default();
            let reading = journal::window(unit, &own, &mut window, LOG_DEADLINE);
            block_on(reading)?.err().into_iter().collect()
        }
    };
    let (text, gathered) = window.finish();
    problems.into_iter().for_each(|why| archive.miss(NAME, why));
    if gathered.left_out > 0 {
        let (left, lines) = (gathered.left_out, gathered.lines);
        archive.miss(
            NAME,
            format!("{left} of {} lines had no room in {log_mib} MiB (--log-mib)", left + lines),
        );
    }
    match (gathered.first, gathered.last) {
        (Some(first), Some(last)) => {
            archive.add_json("nodeos-log.json", &json!({
                "first": first, "last": last, "lines": gathered.lines, "left_out": gathered.left_out,
            }))?;
            archive.add(NAME, &text)
        }
        _ => {
            archive.miss(NAME, "no line of that time was found");
            Ok(())
        }
    }
}
