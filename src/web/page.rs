//! The page for people. Until it is there, whoever opens the address sees the status as JSON.

use axum::response::Redirect;
use axum::{Router, routing};

use super::facts::Facts;

/// The page's routes.
pub(super) fn routes() -> Router<Facts> {
    Router::new().route("/", routing::get(async || Redirect::temporary("/api/status")))
}
