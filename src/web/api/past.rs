//! The past: what was decided and done, incidents, our slots, and what was measured.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::query::Asked;
use crate::core::ledger::SettledTurn;
use crate::core::sample::{HourSample, Sample};
use crate::core::time::Timestamp;
use crate::history::entry::What;
use crate::history::record::IncidentRow;
use crate::web::answer::{API_VERSION, Refusal};
use crate::web::facts::{Facts, Unread};

/// Kinds of entries that can be asked for alone.
pub(in crate::web) const WHATS: [&str; 6] = ["start", "end", "decision", "order", "outcome", "gap"];
/// What can be had of the measurements.
pub(in crate::web) const STEPS: [&str; 2] = ["sample", "hour"];

/// A page of rows.
#[derive(Debug, Serialize)]
struct Page<T> {
    api_version: u32,
    since: Timestamp,
    until: Timestamp,
    items: Vec<T>,
    /// To be given as `cursor` for the next page; `None` when there is none.
    next: Option<String>,
}

impl IntoResponse for Unread {
    fn into_response(self) -> Response {
        let code = match self {
            Self::NoState => "no_history",
            Self::TooSlow => "too_slow",
            Self::Failed(_) => "history_failed",
        };
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code)
            .because(self.to_string())
            .into_response()
    }
}

/// `GET /api/history`: entries, the newest first.
pub(super) async fn history(
    State(facts): State<Facts>,
    asked: Asked,
) -> Result<Response, Response> {
    asked.knows(&["what"]).map_err(IntoResponse::into_response)?;
    let what = asked.word("what", &WHATS).map_err(IntoResponse::into_response)?.map(What::of);
    let before = match &asked.after {
        None => None,
        Some((at, row)) => match row.parse() {
            Ok(row) => Some((at.ms(), row)),
            Err(_) => return Err(wrong_cursor()),
        },
    };
    let (span, limit) = (asked.span, asked.limit);
    let rows = facts.archive().ask(move |past| past.entries_before(span, before, what, limit + 1));
    let rows = rows.await.map_err(IntoResponse::into_response)?;
    Ok(page(&asked, rows, |(id, entry)| format!("{}.{id}", entry.at.ms()), |(_, entry)| entry))
}

/// `GET /api/incidents`: those that stood at some time within the span, the newest first.
pub(super) async fn incidents(
    State(facts): State<Facts>,
    asked: Asked,
) -> Result<Response, Response> {
    asked.knows(&[]).map_err(IntoResponse::into_response)?;
    let (span, limit, before) = (asked.span, asked.limit, asked.after.clone());
    let rows = facts.archive().ask(move |past| past.incidents_before(span, before, limit + 1));
    let rows: Vec<IncidentRow> = rows.await.map_err(IntoResponse::into_response)?;
    Ok(page(&asked, rows, |row| format!("{}.{}", row.began.ms(), row.id), |row| row))
}

/// `GET /api/ledger`: our settled turns by when they began, oldest first.
pub(super) async fn ledger(State(facts): State<Facts>, asked: Asked) -> Result<Response, Response> {
    asked.knows(&[]).map_err(IntoResponse::into_response)?;
    let (span, limit) = (onward(&asked), asked.limit);
    let rows = facts.archive().ask(move |past| past.turns(span, limit + 1));
    let rows: Vec<SettledTurn> = rows.await.map_err(IntoResponse::into_response)?;
    Ok(page(&asked, rows, |turn| format!("{}.", turn.start.ms()), |turn| turn))
}

/// `GET /api/samples`: what was measured, oldest first: each ten seconds for a week, or by the hour
/// for what is older.
pub(super) async fn samples(
    State(facts): State<Facts>,
    asked: Asked,
) -> Result<Response, Response> {
    asked.knows(&["step"]).map_err(IntoResponse::into_response)?;
    let step = asked.word("step", &STEPS).map_err(IntoResponse::into_response)?;
    let (span, limit) = (onward(&asked), asked.limit);
    if step == Some("hour") {
        let rows = facts.archive().ask(move |past| past.hours(span, limit + 1));
        let rows: Vec<HourSample> = rows.await.map_err(IntoResponse::into_response)?;
        return Ok(page(&asked, rows, |hour| format!("{}.", hour.at.ms()), |hour| hour));
    }
    let rows = facts.archive().ask(move |past| past.samples(span, limit + 1));
    let rows: Vec<Sample> = rows.await.map_err(IntoResponse::into_response)?;
    Ok(page(&asked, rows, |sample| format!("{}.", sample.at.ms()), |sample| sample))
}

/// The span after the page before, for rows of which each time has one.
fn onward(asked: &Asked) -> (Timestamp, Timestamp) {
    let (since, until) = asked.span;
    let after = asked.after.as_ref().map(|(at, _)| at.plus_ms(1));
    (after.map_or(since, |after| after.max(since)), until)
}

/// The page, of one row more than was asked for: that there is one tells that there is a next page.
fn page<T, U: Serialize>(
    asked: &Asked,
    mut rows: Vec<T>,
    place: impl Fn(&T) -> String,
    show: impl Fn(T) -> U,
) -> Response {
    let limit = asked.limit as usize;
    let is_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| is_more).map(place);
    let (since, until) = asked.span;
    let items = rows.into_iter().map(show).collect();
    Json(Page { api_version: API_VERSION, since, until, items, next }).into_response()
}

fn wrong_cursor() -> Response {
    Refusal::parameter("cursor", "give the `next` of the page before, unchanged").into_response()
}
