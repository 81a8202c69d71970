//! Whether the watcher itself works (`/healthz`), and whether it knows enough to be asked
//! (`/readyz`). A node that is down is neither: that is what the keeper is for.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;

use super::answer::API_VERSION;
use super::facts::Facts;
use super::guard::MayKnow;
use super::pulse::Told;
use crate::core::gates::HoldReason;
use crate::core::rules::State as RuleState;
use crate::core::status::Status;

/// A judgement older than this means that the loop hangs: it ticks once a second.
const FRESH: Duration = Duration::from_secs(10);
/// So many polls may be missed before they count as stopped.
const POLLS_MISSED: u64 = 3;
/// Time for polls beside their own pace, milliseconds: a busy host.
const POLLS_GRACE_MS: u64 = 5_000;

/// One thing that is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was seen, one sentence.
    pub sentence: String,
}

/// What is answered.
#[derive(Debug, Serialize)]
struct Answer {
    api_version: u32,
    ok: bool,
    /// Left out for those who showed no token.
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Vec<Check>>,
}

/// `GET /healthz`
pub(super) async fn healthz(
    State(facts): State<Facts>,
    Extension(may_know): Extension<MayKnow>,
) -> Response {
    answer(checks(&facts), may_know)
}

/// `GET /readyz`
pub(super) async fn readyz(
    State(facts): State<Facts>,
    Extension(may_know): Extension<MayKnow>,
) -> Response {
    answer(ready(&facts), may_know)
}

pub(super) fn answer(checks: Vec<Check>, MayKnow(may_know): MayKnow) -> Response {
    let ok = checks.iter().all(|check| check.ok);
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let checks = may_know.then_some(checks);
    (status, Json(Answer { api_version: API_VERSION, ok, checks })).into_response()
}

/// Whether the watcher works.
#[must_use]
pub fn checks(facts: &Facts) -> Vec<Check> {
    let (status, told) = (facts.status(), facts.told());
    vec![
        judging(facts.judged_ago()),
        log(&status, &told),
        polls(&status, &told, facts.runs_for()),
        outbox(&told),
        state(&status, &told),
    ]
}

/// Whether it knows enough to be asked: the node answered, the schedule is known, the log is read.
#[must_use]
pub fn ready(facts: &Facts) -> Vec<Check> {
    let (status, told) = (facts.status(), facts.told());
    let log = match &told.log {
        Some(Ok(_)) => check("log", true, "The log is followed."),
        Some(Err(why)) => check("log", false, format!("There is nothing to read: {why}.")),
        None => check("log", false, "The reader of the log has said nothing yet."),
    };
    let node = match &status.node.api_failure {
        None if status.node.api_answers => check("node", true, "nodeos answers."),
        None => check("node", false, "nodeos was not asked yet."),
        Some(why) => check("node", false, format!("nodeos does not answer: {why}.")),
    };
    let schedule = match status.chain.producers {
        Some(count) => check("schedule", true, format!("The schedule has {count} producers.")),
        None => check("schedule", false, "The active schedule is not known yet."),
    };
    vec![judging(facts.judged_ago()), log, node, schedule]
}

fn check(name: &'static str, ok: bool, sentence: impl Into<String>) -> Check {
    Check { name, ok, sentence: sentence.into() }
}

fn judging(age: Duration) -> Check {
    check("judging", age <= FRESH, format!("The last judgement is {} s old.", age.as_secs()))
}

/// That the log can be read; and that it is not silent while the chain moves.
fn log(status: &Status, told: &Told) -> Check {
    let deaf = status.findings.iter().find(|f| f.rule.as_str() == "log_deaf");
    match (&told.log, deaf) {
        (Some(Err(why)), _) => {
            check("log", false, format!("There is no log to read: {why}; see [global] log_file."))
        }
        (_, Some(finding)) if finding.state == RuleState::Firing => {
            check("log", false, format!("The log is silent while the head moves: {}", finding.saw))
        }
        (Some(Ok(what)), _) => check("log", true, format!("{what} is followed.")),
        (None, _) => check("log", true, "The reader begins."),
    }
}

/// That questions to nodeos come back, answered or not.
fn polls(status: &Status, told: &Told, runs_for: Duration) -> Check {
    let rules = &status.rules;
    let each_ms = rules.poll_interval_ms.saturating_add(rules.poll_timeout_ms);
    let most = Duration::from_millis(each_ms.saturating_mul(POLLS_MISSED) + POLLS_GRACE_MS);
    let age = told.polled.map_or(runs_for, |at| at.elapsed());
    let said = match told.polled {
        Some(_) => format!("The last question to nodeos came back {} s ago.", age.as_secs()),
        None => format!("No question to nodeos came back in {} s.", age.as_secs()),
    };
    check("polls", age <= most, said)
}

/// That messages are taken; whether a channel delivers is an alarm of its own.
fn outbox(told: &Told) -> Check {
    match (told.judgements, told.beat.outbox_runs, told.beat.outbox_lost) {
        (0, _, _) => check("outbox", true, "It begins."),
        (_, false, _) => check("outbox", false, "The task that sends messages has ended."),
        (_, true, 0) => check("outbox", true, "Messages are taken."),
        (_, true, lost) => {
            check("outbox", true, format!("{lost} batches were dropped: the disk was stuck."))
        }
    }
}

fn state(status: &Status, told: &Told) -> Check {
    let fault = status.gates.iter().find(|gate| gate.closed == Some(HoldReason::LatchUnusable));
    match fault {
        Some(gate) => check("state", false, gate.sentence.to_string()),
        None if told.judgements > 0 && !told.beat.writer_runs => {
            check("state", false, "The task that writes the state has ended.")
        }
        None => check("state", true, "The state on disk can be used."),
    }
}
