//! nodeos's RPC: where it stands, who is scheduled, whether it is paused.

use std::time::Duration;

use crate::cli::check::blocking;
use crate::cli::check::row::Row;
use crate::clock::Clock;
use crate::config::{Actuator, Config};
use crate::core::action::LatchStage;
use crate::core::event::{ApiFailure, ChainInfo};
use crate::core::schedule::Schedule;
use crate::core::settings::Role;
use crate::core::time::{Human, Now};
use crate::history::store;
use crate::nodeos::rpc::Client;

/// A head older than this is not in sync; nodeos itself calls a head recent for 30 s.
const HEAD_OLD_MS: i64 = 30_000;
/// A head younger than this tells whether this host's clock is right.
const HEAD_FRESH_MS: i64 = 5_000;

/// Asks the node everything at once.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let deadline = Duration::from_millis(config.settings.rules.poll_timeout_ms);
    let client = match Client::new(config.http_url.as_str(), deadline) {
        Ok(client) => client,
        Err(error) => {
            return vec![Row::fail("get_info", error.to_string(), "correct http_url")];
        }
    };
    let (info, schedule, paused, was_promoted) = tokio::join!(
        client.get_info(),
        client.producer_schedule(),
        client.paused(),
        was_promoted(config)
    );
    let now = Clock::start().now();
    let mut rows = vec![info_row(config, now, &info)];
    rows.extend(info.iter().map(|info| clock_row(config, now, info)));
    rows.push(schedule_row(config, &schedule));
    rows.push(paused_row(config, &paused, was_promoted));
    rows.extend(exposed(config, &paused));
    rows
}

/// Whether the keeper has promoted this standby, as far as its state tells.
async fn was_promoted(config: &Config) -> bool {
    let (dir, producer) = (config.state_dir.clone(), config.settings.producer);
    // Why it cannot be read is told with the state directory.
    let latch = blocking::call("latch", move || store::peek(&dir, producer)).await;
    let signs = [LatchStage::Promoting, LatchStage::Promoted];
    matches!(latch, Ok(Ok(Some(latch))) if signs.contains(&latch.stage))
}

fn info_row(config: &Config, now: Now, info: &Result<ChainInfo, ApiFailure>) -> Row {
    let url = &config.http_url;
    let info = match info {
        Ok(info) => info,
        Err(failure) => {
            let next = "see whether nodeos runs there with chain_api_plugin; else correct \
                        http_port or http_url";
            return Row::fail("get_info", format!("{url}: {failure}"), next);
        }
    };
    let age_ms = now.wall.since_ms(info.head_time);
    let age = Human(age_ms.max(0).cast_unsigned());
    let version = info.version.as_deref().unwrap_or("of unknown version");
    let chain = info.chain_id.as_deref().unwrap_or("unknown");
    let detail =
        format!("nodeos {version} at {url}, head #{} is {age} old, chain {chain}", info.head);
    if age_ms > HEAD_OLD_MS {
        return Row::warn("get_info", detail, "wait until the node is in sync, or see its peers");
    }
    Row::ok("get_info", detail)
}

fn clock_row(config: &Config, now: Now, info: &ChainInfo) -> Row {
    let ahead_ms = info.head_time.since_ms(now.wall);
    let limit_ms = config.settings.rules.clock_skew_ms.cast_signed();
    if ahead_ms >= limit_ms {
        let detail = format!(
            "the head block is {} ahead of this host's clock",
            Human(ahead_ms.unsigned_abs())
        );
        return Row::fail("clock", detail, "see the state of chrony or systemd-timesyncd");
    }
    if -ahead_ms > HEAD_FRESH_MS {
        let detail = "cannot be compared: the head block is not new";
        return Row::warn("clock", detail, "see chrony or systemd-timesyncd, or check again later");
    }
    Row::ok("clock", format!("within {} of the head block", Human(ahead_ms.unsigned_abs())))
}

fn schedule_row(config: &Config, schedule: &Result<Schedule, ApiFailure>) -> Row {
    let producer = config.settings.producer;
    match schedule {
        Ok(schedule) => {
            let count = schedule.producers.len();
            match schedule.producers.iter().position(|name| *name == producer) {
                Some(at) => {
                    Row::ok("schedule", format!("{producer} is {} of {count} producers", at + 1))
                }
                None => Row::warn(
                    "schedule",
                    format!("{producer} is not among the {count} active producers"),
                    "correct producer_name if it is wrong; nothing is promoted until it is elected",
                ),
            }
        }
        Err(failure) => Row::fail(
            "schedule",
            format!("get_producer_schedule: {failure}"),
            "see whether nodeos runs with chain_api_plugin; without the schedule nothing is \
             promoted",
        ),
    }
}

fn paused_row(config: &Config, paused: &Result<bool, ApiFailure>, was_promoted: bool) -> Row {
    let what = "paused";
    let acts_by_api = [&config.promote, &config.demote].contains(&&Some(Actuator::Api));
    match paused {
        Ok(paused) => paused_as(config.settings.role, *paused, was_promoted),
        Err(ApiFailure::NoSuchApi) if config.settings.role == Role::Observer => {
            Row::ok(what, "producer_api_plugin is not loaded; an observer needs none")
        }
        Err(failure) => {
            let next = match (failure, acts_by_api) {
                (ApiFailure::NoSuchApi, true) => {
                    "add plugin = eosio::producer_api_plugin to nodeos's config.ini: promote and \
                     demote = api need it"
                }
                (ApiFailure::NoSuchApi, false) => {
                    "add plugin = eosio::producer_api_plugin to nodeos's config.ini, so that the \
                     keeper sees whether the node can sign"
                }
                _ => "see whether nodeos runs there and answers",
            };
            let detail = format!("producer API: {failure}");
            if acts_by_api { Row::fail(what, detail, next) } else { Row::warn(what, detail, next) }
        }
    }
}

/// Whether what is meant to sign can sign, and nothing else.
fn paused_as(role: Role, paused: bool, was_promoted: bool) -> Row {
    let what = "paused";
    match (role, paused) {
        (Role::Active, true) => Row::warn(
            what,
            "the active node is paused: it signs nothing",
            "resume it, unless the producer was handed to a standby",
        ),
        (Role::Active, false) => Row::ok(what, "the active node is not paused"),
        (Role::FirstStandby | Role::SecondStandby, false) if was_promoted => {
            Row::ok(what, "the standby is not paused: the keeper has promoted it")
        }
        (Role::FirstStandby | Role::SecondStandby, true) => Row::ok(what, "the standby is paused"),
        (Role::FirstStandby | Role::SecondStandby, false) => Row::fail(
            what,
            "the standby is not paused: it may sign beside the active node",
            "pause it and set pause-on-startup = true, unless it was promoted",
        ),
        (Role::Observer, _) => Row::ok(what, "the producer API answers"),
    }
}

/// The producer API is for whoever reaches it.
fn exposed(config: &Config, paused: &Result<bool, ApiFailure>) -> Option<Row> {
    let host = config.http_url.host_str()?.trim_matches(['[', ']']);
    let is_loopback = host == "localhost"
        || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.to_canonical().is_loopback());
    let is_open = paused.is_ok() && !is_loopback;
    is_open.then(|| {
        Row::warn(
            "producer API",
            format!("reachable at {}: whoever reaches it can pause and resume", config.http_url),
            "let nodeos listen on 127.0.0.1, or close the port to all but this host",
        )
    })
}
