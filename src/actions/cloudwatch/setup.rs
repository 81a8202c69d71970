//! Makes the alarms, compares them, removes them. Only those of ours are touched.

use aws_sdk_cloudwatch::types::MetricAlarm;
use serde::Serialize;

use super::Plan;
use super::alarms::{Wanted, differences, is_ours, name_prefix, wanted};
use super::client::Client;
use super::failure::Failure;

/// What was done with one alarm, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name.
    pub alarm: String,
    /// What was done.
    pub outcome: Outcome,
    /// Fields that differed, by AWS's names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<&'static str>,
}

/// What was done with an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was not there.
    Created,
    /// It was there as it should be.
    Unchanged,
    /// It was there, and something differed.
    Updated,
    /// It has our name, and eoskeeper did not make it: it was left alone.
    NotOurs,
    /// It was removed.
    Removed,
}

/// What has to be done for the alarms to be as wanted.
///
/// # Errors
/// [`Failure`] of asking.
pub async fn compare(client: &Client, plan: &Plan) -> Result<Vec<(Wanted, Step)>, Failure> {
    let found = client.alarms(&name_prefix(plan)).await?;
    Ok(wanted(plan).into_iter().map(|alarm| step(alarm, &found)).collect())
}

/// Makes the alarms that are not there and changes those that differ; with `dry_run` only says so.
/// An alarm that is as it should be is not touched: a change of it would begin its history anew.
///
/// # Errors
/// [`Failure`]; some alarms may have been made then, and the next time goes on from there.
pub async fn set_up(client: &Client, plan: &Plan, dry_run: bool) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    for (alarm, step) in compare(client, plan).await? {
        let is_to_do = matches!(step.outcome, Outcome::Created | Outcome::Updated);
        if is_to_do && !dry_run {
            client.make(&alarm).await?;
        }
        steps.push(step);
    }
    Ok(steps)
}

/// Removes every alarm of this node that eoskeeper made; with `dry_run` only says which.
///
/// # Errors
/// [`Failure`]; nothing was removed then.
pub async fn tear_down(client: &Client, plan: &Plan, dry_run: bool) -> Result<Vec<Step>, Failure> {
    let found = client.alarms(&name_prefix(plan)).await?;
    let steps: Vec<Step> = found
        .iter()
        .filter_map(|alarm| {
            let outcome = if is_ours(alarm) { Outcome::Removed } else { Outcome::NotOurs };
            let alarm = alarm.alarm_name()?.to_owned();
            Some(Step { alarm, outcome, fields: Vec::new() })
        })
        .collect();
    let ours = steps.iter().filter(|step| step.outcome == Outcome::Removed);
    let names: Vec<String> = ours.map(|step| step.alarm.clone()).collect();
    if !names.is_empty() && !dry_run {
        client.remove(names).await?;
    }
    Ok(steps)
}

fn step(alarm: Wanted, found: &[MetricAlarm]) -> (Wanted, Step) {
    let there = found.iter().find(|other| other.alarm_name() == Some(alarm.name.as_str()));
    let fields = there.map(|there| differences(&alarm, there)).unwrap_or_default();
    let outcome = match there {
        None => Outcome::Created,
        Some(there) if !is_ours(there) => Outcome::NotOurs,
        Some(_) if fields.is_empty() => Outcome::Unchanged,
        Some(_) => Outcome::Updated,
    };
    let step = Step { alarm: alarm.name.clone(), outcome, fields };
    (alarm, step)
}
