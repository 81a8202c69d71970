//! The lease: whether each member of etcd answers with a majority behind it, how fast, and who
//! holds the key. Nothing is written.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::actions::lease::etcd::Etcd;
use crate::actions::lease::{Reading, key_of};
use crate::cli::check::row::Row;
use crate::config::{Config, LeaseAccess};
use crate::core::event::ApiFailure;
use crate::core::settings::Lease;
use crate::daemon::lease::access;
use crate::nodeos::rpc::Client;

const WHAT: &str = "lease";
/// Of this part of the timeout a good answer takes less: a renewal is two of them, and a busy disk
/// makes one slow.
const GOOD_PART: u32 = 4;
/// In the key where the node does not say its chain's id; nobody holds that.
const NO_CHAIN: &str = "unknown";

/// A member's answer, and how long it took.
struct Answer<'a> {
    endpoint: &'a str,
    reading: Result<Reading, ApiFailure>,
    took: Duration,
}

/// Asks every member.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let (Some(times), Some(way)) = (config.settings.lease, &config.lease) else {
        return Vec::new();
    };
    let etcd = match Etcd::new(&access(way, times.timeout_ms)) {
        Ok(etcd) => etcd,
        Err(error) => return vec![Row::failed(WHAT, &error.to_string())],
    };
    let chain = chain_id(config).await;
    let id = chain.as_deref().unwrap_or(NO_CHAIN);
    let key = key_of(&way.prefix, id, config.settings.producer);
    let asked = (0..etcd.endpoints().len()).map(|member| ask(&etcd, member, &key));
    let answers = join_all(asked).await;
    let mut rows: Vec<Row> = answers.iter().map(|answer| answer.row(times)).collect();
    rows.extend(cluster(&etcd, &answers).await);
    if chain.is_some() {
        rows.extend(holder(&key, &answers));
    } else {
        let detail = "the node does not say its chain's id, so that the key is not known";
        rows.push(Row::warn(WHAT, detail, "check again when nodeos answers"));
    }
    rows.extend(readable_by_others(way));
    rows
}

async fn chain_id(config: &Config) -> Option<String> {
    let deadline = Duration::from_millis(config.settings.rules.poll_timeout_ms);
    let client = Client::new(config.http_url.as_str(), deadline).ok()?;
    client.get_info().await.ok()?.chain_id
}

async fn ask<'e>(etcd: &'e Etcd, member: usize, key: &str) -> Answer<'e> {
    let endpoint = etcd.endpoints()[member].as_str();
    // The first question pays for the connection and the token; the second is as it will be.
    let first = etcd.read_at(member, key).await;
    let began = Instant::now();
    let reading = match first {
        Ok(_) => etcd.read_at(member, key).await,
        Err(failure) => Err(failure),
    };
    Answer { endpoint, reading, took: began.elapsed() }
}

impl Answer<'_> {
    fn row(&self, times: Lease) -> Row {
        let limit = Duration::from_millis(times.timeout_ms);
        let took = self.took.as_millis();
        match &self.reading {
            Err(failure) => {
                let text = format!("{}: {failure}", self.endpoint);
                let next = match failure {
                    ApiFailure::Tls(_) => {
                        "give [lease] ca_file the certificate etcd's is signed by"
                    }
                    _ => "see that etcd runs there with a majority of its members",
                };
                // etcd's refusals name their own next step.
                let (detail, next) = text.split_once("; ").unwrap_or((&text, next));
                Row::fail(WHAT, detail, next)
            }
            Ok(_) if self.took > limit / GOOD_PART => Row::warn(
                WHAT,
                format!(
                    "{} answers after {took} ms of the {} it has",
                    self.endpoint, times.timeout_ms
                ),
                "give [lease] timeout_seconds and ttl_seconds more, or etcd a faster disk",
            ),
            Ok(_) => {
                let detail = format!("{} answers for a majority after {took} ms", self.endpoint);
                Row::ok(WHAT, detail)
            }
        }
    }
}

/// Whether those that answer are one cluster, and all of it.
async fn cluster(etcd: &Etcd, answers: &[Answer<'_>]) -> Option<Row> {
    let readings: Vec<&Reading> =
        answers.iter().filter_map(|answer| answer.reading.as_ref().ok()).collect();
    let first = readings.first()?;
    if readings.iter().any(|reading| reading.cluster != first.cluster) {
        let detail = "the endpoints belong to different clusters: each would give a lease";
        return Some(Row::fail(WHAT, detail, "name the members of one cluster"));
    }
    let mut members: Vec<u64> = readings.iter().map(|reading| reading.member).collect();
    members.sort_unstable();
    members.dedup();
    let twice = "two endpoints are the same member";
    if members.len() < readings.len() {
        return Some(Row::warn(WHAT, twice, "name each member once"));
    }
    match etcd.members(etcd.deadline()).await {
        Ok(count) if count < 3 => Some(Row::warn(
            WHAT,
            format!("the cluster has {count} members and cannot lose one"),
            "run three, on hosts of their own",
        )),
        Ok(count) if count > answers.len() => Some(Row::warn(
            WHAT,
            format!("the cluster has {count} members, and endpoints names {}", answers.len()),
            "name all of them",
        )),
        Ok(count) => Some(Row::ok(WHAT, format!("one cluster of {count} members"))),
        Err(failure) => Some(Row::warn(
            WHAT,
            format!("the members cannot be listed: {failure}"),
            "it is not needed; see that endpoints names all of them",
        )),
    }
}

/// Who holds the key.
fn holder(key: &str, answers: &[Answer<'_>]) -> Option<Row> {
    let reading = answers.iter().find_map(|answer| answer.reading.as_ref().ok())?;
    let Some(found) = &reading.found else {
        return Some(Row::ok(WHAT, format!("{key} is free")));
    };
    Some(match found.record(key) {
        Ok(record) => {
            let state = if record.released.is_some() { "was released by" } else { "is held by" };
            Row::ok(WHAT, format!("{key} {state} {}, token {}", record.holder, record.token))
        }
        Err(failure) => Row::failed(WHAT, &failure.to_string()),
    })
}

/// A password that others on this host can read.
fn readable_by_others(way: &LeaseAccess) -> Option<Row> {
    use std::os::unix::fs::PermissionsExt;
    let path = way.password_file.as_ref()?;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        Row::warn(
            WHAT,
            format!("{} can be read by others (mode {:o})", path.display(), mode & 0o777),
            format!("chmod 600 {}", path.display()),
        )
    })
}
