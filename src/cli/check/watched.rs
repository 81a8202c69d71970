//! What is watched beside the node: the host can be read, the members of the fleet and the mining
//! pool answer.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::sleep;

use crate::cli::check::row::Row;
use crate::config::Config;
use crate::core::host::{HostReading, Resource};
use crate::core::pool::Hashrate;
use crate::daemon::watched::{fleet_asker, plan, pool_asker};
use crate::sources::host::Looker;

/// Between the two looks that the share of the processors needs.
const APART: Duration = Duration::from_millis(500);
/// Members that are asked at once.
const AT_ONCE: usize = 32;
/// Most members that are named when they do not answer.
const NAMED_MAX: usize = 10;

/// All of them at once.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let (host, fleet, pool) = tokio::join!(host(config), fleet(config), pool(config));
    [host, fleet, pool].into_iter().flatten().collect()
}

/// A look at the host.
async fn host(config: &Config) -> Vec<Row> {
    let Some(plan) = plan(config) else {
        return vec![Row::ok("host", "not watched: [host] watch is false")];
    };
    let mut looker = Looker::new(plan);
    looker.look().await;
    sleep(APART).await;
    let reading = looker.look().await;
    let mut rows = vec![Row::ok("host", figures(&reading))];
    for (resource, why) in &reading.unknown {
        // Whoever turned the watch of the process off knows it.
        if *resource == Resource::OpenFiles && config.watch.is_none() {
            continue;
        }
        let (what, next) = unknown(*resource);
        rows.push(Row::unknown("host", format!("{what} cannot be watched: {why}"), next));
    }
    rows
}

fn figures(reading: &HostReading) -> String {
    let sample = &reading.sample;
    let percent = |share: Option<u32>| {
        share.map_or_else(|| "-".to_owned(), |share| format!("{} %", share / 10))
    };
    let group = reading.memory_group.as_ref();
    let group = group.map_or_else(String::new, |name| format!(" of control group {name}"));
    let mut parts = vec![
        format!("processors {}", percent(sample.cpu_permille)),
        format!("memory {}{group}", percent(sample.memory_permille)),
    ];
    parts.extend(sample.swap_permille.map(|share| format!("swap {} %", share / 10)));
    parts.extend(
        sample.disks.iter().map(|disk| format!("disk {} {} %", disk.name, disk.used_permille / 10)),
    );
    parts.extend(sample.open_files.map(|(open, limit)| format!("{open} of {limit} files")));
    parts.join(", ")
}

const fn unknown(resource: Resource) -> (&'static str, &'static str) {
    let proc = "see that /proc is mounted and is this host's";
    match resource {
        Resource::Cpu => ("the processors", proc),
        Resource::Memory => ("memory", proc),
        Resource::Swap => ("swap", proc),
        Resource::Disk => ("a disk", "correct [host] disks, or mend its mount"),
        Resource::OpenFiles => (
            "nodeos's open files",
            "start nodeos, or run eoskeeper as nodeos's user, or with CAP_SYS_PTRACE",
        ),
    }
}

/// Every member of the fleet; those that answer in one row.
async fn fleet(config: &Config) -> Vec<Row> {
    if config.fleet.is_empty() {
        return Vec::new();
    }
    let asker = match fleet_asker(config) {
        Ok(asker) => asker,
        Err(why) => return vec![Row::failed("fleet", &why)],
    };
    let answers: Vec<_> = stream::iter(&config.fleet)
        .map(|(name, url)| {
            let asker = asker.clone();
            async move { (name, url, asker.ask(url).await) }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let silent: Vec<_> = answers.iter().filter(|(_, _, answer)| answer.is_err()).collect();
    let (all, answering) = (answers.len(), answers.len() - silent.len());
    let mut rows = vec![Row::ok("fleet", format!("{answering} of {all} members answer"))];
    for (name, url, answer) in silent.iter().take(NAMED_MAX) {
        let why = answer.as_ref().err().map_or("", String::as_str);
        let next = "see that eoskeeper runs there and [status] listen is reachable from here";
        rows.push(Row::warn("fleet", format!("{name} at {url}: {why}"), next));
    }
    if silent.len() > NAMED_MAX {
        let detail = format!("and {} more that do not answer", silent.len() - NAMED_MAX);
        rows.push(Row::warn("fleet", detail, "mend those above first"));
    }
    rows
}

/// The mining pool's account.
async fn pool(config: &Config) -> Vec<Row> {
    let Some(access) = &config.pool else { return Vec::new() };
    let answer = match pool_asker(access) {
        Ok(asker) => asker.ask().await,
        Err(why) => Err(why),
    };
    vec![match answer {
        Ok(report) => Row::ok(
            "pool",
            format!("{} workers, {}", report.workers.len(), Hashrate(report.hashrate)),
        ),
        Err(why) => Row::fail("pool", why, "correct [pool] url, account and token_file"),
    }]
}
