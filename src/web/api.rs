//! JSON for programs, and health.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};

use super::facts::Facts;

/// A judgement older than this means that the loop hangs: it ticks once a second.
const FRESH: Duration = Duration::from_secs(10);

/// The routes for programs.
pub(super) fn routes() -> Router<Facts> {
    Router::new().route("/api/status", routing::get(show)).route("/healthz", routing::get(health))
}

async fn show(State(facts): State<Facts>) -> Response {
    Json(facts.status().as_ref()).into_response()
}

async fn health(State(facts): State<Facts>) -> Response {
    let age = facts.judged_ago();
    if age <= FRESH {
        return (StatusCode::OK, "ok\n").into_response();
    }
    let text = format!("the last judgement is {} s old\n", age.as_secs());
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}
