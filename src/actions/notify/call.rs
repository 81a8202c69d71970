//! One HTTP call to a service on the internet: bounded, within the service's deadline, and without
//! the address in its errors, for the address may hold a key.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use tokio::time::{Instant, timeout_at};

use crate::core::event::ApiFailure;
use crate::nodeos::rpc::{SystemResolver, failure_text, install_tls, of_request, read_body};

/// Time for a connection: a service that is up takes a second from anywhere.
const CONNECT: Duration = Duration::from_secs(8);
/// Longest `Retry-After` that is believed; the outbox gives a message up after a day.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3_600);

/// What a service answered, whatever the status.
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// `Retry-After`, where it is there in seconds.
    pub(super) retry_after: Option<Duration>,
    /// The whole body.
    pub(super) body: Vec<u8>,
}

/// A client for `url`: no proxy of the environment, no redirect followed (a redirect would carry
/// what is secret elsewhere), the system's certificates.
///
/// # Errors
/// Why there can be none, in words for a person.
pub(super) fn client(url: &reqwest::Url) -> Result<reqwest::Client, String> {
    install_tls();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("eoskeeper/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(Policy::none())
        .http1_only()
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(30))
        .dns_resolver(Arc::new(SystemResolver));
    // Without https the system's certificates are not asked for: a bare container has none.
    let builder =
        if url.scheme() == "https" { builder } else { builder.tls_certs_only(Vec::new()) };
    builder.build().map_err(|error| {
        let why = failure_text(&error);
        format!("no HTTP client could be made: {why}; install the package ca-certificates")
    })
}

/// Sends a request and reads its whole answer of at most `max` bytes, until `end`.
///
/// # Errors
/// [`ApiFailure`], which never holds the address.
pub(super) async fn call(
    request: RequestBuilder,
    max: usize,
    end: Instant,
) -> Result<Answer, ApiFailure> {
    let answer = match timeout_at(end, request.send()).await {
        Err(_) => return Err(ApiFailure::AnswerTimeout),
        Ok(Err(error)) => return Err(of_request(&error)),
        Ok(Ok(answer)) => answer,
    };
    let (status, retry_after) = (answer.status().as_u16(), retry_after(&answer));
    let body = match timeout_at(end, read_body(answer, max)).await {
        Err(_) => return Err(ApiFailure::EndlessBody),
        Ok(body) => body?,
    };
    Ok(Answer { status, retry_after, body })
}

fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(believed(seconds))
}

/// A wish to be left alone for so many seconds, as far as it is believed.
pub(super) fn believed(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(RETRY_AFTER_MAX)
}

/// A text of a service for a log or an error: one line, bounded.
pub(super) fn quoted(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A secret within an address; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Of its text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, for the address alone.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
