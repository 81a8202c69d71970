//! JSON for programs. `doc/api.md` has the promise of compatibility; `/api/openapi.json` the whole
//! description, which a test compares with [`ROUTES`] and with real answers.

#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
pub(super) mod past;
pub(super) mod query;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use axum::{Json, Router, routing};

use super::facts::Facts;
use super::{health, metrics, nodes, openapi};

/// Every address for programs; the page's own are not among them.
pub const ROUTES: [&str; 10] = [
    "/api/status",
    "/api/history",
    "/api/incidents",
    "/api/ledger",
    "/api/samples",
    "/api/nodes",
    "/api/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
];

/// The routes for programs.
pub(super) fn routes() -> Router<Facts> {
    ROUTES.iter().fold(Router::new(), |router, path| router.route(path, of(path)))
}

/// What answers at an address.
fn of(path: &str) -> MethodRouter<Facts> {
    match path {
        "/api/status" => routing::get(status),
        "/api/history" => routing::get(past::history),
        "/api/incidents" => routing::get(past::incidents),
        "/api/ledger" => routing::get(past::ledger),
        "/api/samples" => routing::get(past::samples),
        "/api/nodes" => routing::get(nodes::only),
        "/api/openapi.json" => routing::get(openapi::show),
        "/healthz" => routing::get(health::healthz),
        "/readyz" => routing::get(health::readyz),
        _ => routing::get(metrics::show),
    }
}

/// The last judgement, whole. Its own `version` counts its compatibility: other keepers read it.
async fn status(State(facts): State<Facts>) -> Response {
    Json(facts.status().as_ref()).into_response()
}

/// An answer that is text already.
pub(super) fn text(content_type: &'static str, body: String) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}
