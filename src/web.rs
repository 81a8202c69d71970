//! The keeper's status over HTTP, read-only.
//!
//! `/api/status` is the whole [`Status`] as JSON; `/healthz` says whether the watcher itself works:
//! 200 while the last judgement is fresh, 503 when the loop has stopped judging.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::core::status::Status;

/// A judgement older than this means that the loop hangs: it ticks once a second.
const FRESH: Duration = Duration::from_secs(10);
/// How long requests under way may take when the keeper ends.
const END_DEADLINE: Duration = Duration::from_secs(2);
/// Sent with every answer: what is shown is nobody else's business and never stale.
const HEADERS: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
];

#[derive(Clone)]
struct Shown {
    status: watch::Receiver<Arc<Status>>,
    judged: watch::Receiver<Instant>,
}

/// Serves until `stop` is cancelled.
pub async fn serve(
    listener: TcpListener,
    status: watch::Receiver<Arc<Status>>,
    stop: CancellationToken,
) {
    let (judge, judged) = watch::channel(Instant::now());
    let watching = tokio::spawn(note_judgements(status.clone(), judge));
    let routes = Router::new()
        .route("/api/status", routing::get(show))
        .route("/healthz", routing::get(health))
        .fallback(unknown)
        .with_state(Shown { status, judged });
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
    watching.abort();
}

async fn note_judgements(mut status: watch::Receiver<Arc<Status>>, judge: watch::Sender<Instant>) {
    while status.changed().await.is_ok() {
        judge.send_replace(Instant::now());
    }
}

async fn show(State(shown): State<Shown>) -> Response {
    let status = Arc::clone(&shown.status.borrow());
    (HEADERS, Json(status.as_ref())).into_response()
}

async fn health(State(shown): State<Shown>) -> Response {
    let age = shown.judged.borrow().elapsed();
    if age <= FRESH {
        return (StatusCode::OK, HEADERS, "ok\n").into_response();
    }
    let text = format!("the last judgement is {} s old\n", age.as_secs());
    (StatusCode::SERVICE_UNAVAILABLE, HEADERS, text).into_response()
}

async fn unknown() -> Response {
    (StatusCode::NOT_FOUND, HEADERS, "There are /api/status and /healthz.\n").into_response()
}
