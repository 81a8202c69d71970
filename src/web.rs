//! What the keeper shows over HTTP, read-only: the page, the JSON of [`api`], health and metrics.
//!
//! `doc/api.md` is the document of it. Nothing here acts, and nothing here is asked of nodeos: all
//! is answered from what was judged last ([`facts::Facts`]) and from the history.

pub mod api;
pub mod facts;
pub mod page;

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use facts::Facts;

/// How long requests under way may take when the keeper ends.
const END_DEADLINE: Duration = Duration::from_secs(2);
/// Sent with every answer that does not say otherwise itself: what is shown is nobody else's
/// business, never stale, and no place for anything foreign.
const HEADERS: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
];

/// Serves until `stop` is cancelled.
pub async fn serve(listener: TcpListener, facts: Facts, stop: CancellationToken) {
    let routes = routes(facts);
    let ending = stop.clone();
    let serving = axum::serve(listener, routes)
        .with_graceful_shutdown(async move { ending.cancelled().await });
    let bounded = async {
        stop.cancelled().await;
        tokio::time::sleep(END_DEADLINE).await;
    };
    tokio::select! {
        ended = serving => {
            if let Err(error) = ended {
                tracing::error!(%error, "The status page ended.");
            }
        }
        () = bounded => {}
    }
}

/// Everything that is answered.
pub fn routes(facts: Facts) -> Router {
    Router::new()
        .merge(api::routes())
        .merge(page::routes())
        .fallback(unknown)
        .layer(middleware::map_response(secure))
        .with_state(facts)
}

async fn secure(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        set(response.headers_mut(), name, value);
    }
    response
}

/// A route's own word stands: the page has a policy of its own.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

async fn unknown() -> Response {
    (StatusCode::NOT_FOUND, "There are /api/status and /healthz.\n").into_response()
}
