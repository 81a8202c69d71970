//! What the keeper shows over HTTP, read-only: the page, the JSON of [`api`], health and metrics.
//!
//! `doc/api.md` is the document of it. Nothing here acts, and nothing is asked of nodeos: all is
//! answered from what was judged last ([`facts::Facts`]) and from the history.

pub mod answer;
pub mod api;
pub mod facts;
pub mod guard;
pub mod health;
pub mod metrics;
pub mod nodes;
pub mod openapi;
pub mod page;
pub mod producers;
pub mod pulse;
pub mod server;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Router, http};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use answer::Refusal;
use facts::Facts;
use guard::Guard;
use nodes::Node;

/// How long it may take until an answer begins; what streams goes on for longer.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// Serves until `stop` is cancelled. `tls` is how HTTPS is spoken, where it is.
pub async fn serve(
    listener: TcpListener,
    facts: Facts,
    guard: Guard,
    tls: Option<Arc<rustls::ServerConfig>>,
    stop: CancellationToken,
) {
    server::serve(listener, routes(facts, guard), tls, stop).await;
}

/// The same for several nodes of one file.
pub async fn serve_site(
    listener: TcpListener,
    nodes: Vec<Node>,
    guard: Guard,
    tls: Option<Arc<rustls::ServerConfig>>,
    stop: CancellationToken,
) {
    server::serve(listener, routes_of_all(nodes, guard), tls, stop).await;
}

/// Everything that is answered, with the guard before it.
pub fn routes(facts: Facts, guard: Guard) -> Router {
    guarded(of_one(facts), guard)
}

/// The same for several nodes of one file.
pub fn routes_of_all(nodes: Vec<Node>, guard: Guard) -> Router {
    guarded(nodes::routes(nodes), guard)
}

fn of_one(facts: Facts) -> Router {
    Router::new()
        .merge(api::routes())
        .merge(page::routes())
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .with_state(facts)
}

fn guarded(router: Router, guard: Guard) -> Router {
    router
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(Arc::new(guard), guard::admit))
        .layer(middleware::map_response(guard::secure))
}

async fn in_time(request: Request, next: Next) -> Response {
    match timeout(ANSWER_DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too_slow")
            .because("the answer took too long; the host is short of something, ask again later")
            .into_response(),
    }
}

async fn unknown(uri: http::Uri) -> Response {
    // Only as much of the path as a person needs, and nothing a terminal would act on.
    let path: String = uri.path().chars().filter(char::is_ascii_graphic).take(60).collect();
    Refusal::new(StatusCode::NOT_FOUND, "not_found")
        .because(format!("there is no {path}; /api/openapi.json lists what there is"))
        .into_response()
}

async fn not_allowed() -> Response {
    let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
        .because("this address is only read: GET or HEAD; acting goes through the command line");
    ([(header::ALLOW, "GET, HEAD")], refusal).into_response()
}
