//! Asks the keeper: its status each second, what it keeps of the past each ten.

use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::facts::Past;
use super::words;
use crate::cli::keeper_client::KeeperClient;
use crate::cli::status::{check_version, json};
use crate::core::ledger::SettledTurn;
use crate::core::slots::TurnSlots;
use crate::core::time::Timestamp;

/// The keeper judges once a second.
const EVERY: Duration = Duration::from_secs(1);
/// The keeper writes what it measured every ten seconds.
const PAST_EVERY: Duration = Duration::from_secs(10);
/// Turns of so long are shown, milliseconds.
const TURNS_MS: i64 = 2 * 3_600_000;
/// Incidents of so long, milliseconds.
const INCIDENTS_MS: i64 = 7 * 86_400_000;
/// Most of them.
const INCIDENTS_MAX: usize = 20;
/// Measurements of so long, milliseconds.
pub(super) const SAMPLES_MS: i64 = 3_600_000;

/// What came of a question.
#[derive(Debug)]
pub(super) enum Told {
    /// The status, or why there is none.
    Status(Result<Value, String>),
    /// The past.
    Past(Past),
}

/// A page of rows, as the keeper answers it.
#[derive(Deserialize)]
struct Rows<T> {
    items: Vec<T>,
}

/// Asks until nobody listens any more.
pub(super) async fn again_and_again(client: KeeperClient, tell: Sender<Told>) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut known, mut read) = (Past::default(), None::<(Instant, String)>);
    loop {
        tick.tick().await;
        let status = status(&client).await.map_err(|error| format!("{error:#}"));
        let seen = status.as_ref().ok().cloned();
        if tell.send(Told::Status(status)).await.is_err() {
            return;
        }
        let Some(status) = seen else { continue };
        // A change is in the past a moment later.
        let key = key(&status);
        let is_fresh = |(at, last): &(Instant, String)| at.elapsed() < PAST_EVERY && *last == key;
        if read.as_ref().is_some_and(is_fresh) {
            continue;
        }
        known = past(&client, &status, known).await;
        read = Some((Instant::now(), key));
        if tell.send(Told::Past(known.clone())).await.is_err() {
            return;
        }
    }
}

/// What makes the past longer when it changes.
fn key(status: &Value) -> String {
    let incidents = words::list(&status["alarms"]["incidents"]);
    let incidents: Vec<String> =
        incidents.map(|incident| format!("{}{}", incident["id"], incident["ended"])).collect();
    format!("{}/{}/{}", status["started"], status["decision"]["kind"], incidents.join(","))
}

/// The status, of a version that this command knows.
pub(super) async fn status(client: &KeeperClient) -> anyhow::Result<Value> {
    let text = client.status().await?;
    let status = json(client.url(), &text)?;
    check_version(client.url(), &status)?;
    Ok(status)
}

/// The past as it is now; of the measurements only what is new is asked for.
pub(super) async fn past(client: &KeeperClient, status: &Value, known: Past) -> Past {
    let Some(now) = words::time(&status["at"]) else { return known };
    match read(client, now, &known).await {
        Ok(past) => past,
        // What was read before is shown on, and that it is old.
        Err(error) => Past { failure: Some(format!("This may be old: {error:#}.")), ..known },
    }
}

async fn read(client: &KeeperClient, now: Timestamp, known: &Past) -> anyhow::Result<Past> {
    let since = |ms: i64| now.plus_ms(-ms).ms();
    let ledger = format!("/api/ledger?since={}&limit=1000", since(TURNS_MS));
    let turns: Vec<SettledTurn> = rows(client, &ledger).await?;
    let incidents = format!("/api/incidents?since={}&limit={INCIDENTS_MAX}", since(INCIDENTS_MS));
    let incidents = rows(client, &incidents).await?;
    let mut samples = known.samples.clone();
    samples.retain(|sample| (since(SAMPLES_MS)..=now.ms()).contains(&sample.at.ms()));
    let from = samples.last().map_or(since(SAMPLES_MS), |last| last.at.ms() + 1);
    samples.extend(rows(client, &format!("/api/samples?since={from}&limit=1000")).await?);
    let turns = turns.iter().filter_map(TurnSlots::of).collect();
    Ok(Past { turns, incidents, samples, failure: None })
}

async fn rows<T: DeserializeOwned>(client: &KeeperClient, path: &str) -> anyhow::Result<Vec<T>> {
    let text = client.get(path).await?;
    let rows: Rows<T> = serde_json::from_str(&text)
        .with_context(|| format!("what {path} answers is not understood"))?;
    Ok(rows.items)
}
