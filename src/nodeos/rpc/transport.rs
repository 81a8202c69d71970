//! One HTTP call: connection, status and body, within one deadline and one bound.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{self, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Method, Response, StatusCode, Url};
use tokio::time::{Instant, timeout_at};

use super::failure;
use super::resolver::SystemResolver;
use crate::core::event::ApiFailure;
use crate::core::time::Timestamp;

/// Why there can be no client for an address.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// It cannot be read as an address.
    #[error("{0:?} is not an address: {1}; write http://HOST:PORT")]
    NoUrl(String, String),
    /// It is read, and is not what a nodeos has.
    #[error("{0:?} is not the address of a nodeos: {1}; write http://HOST:PORT")]
    WrongUrl(String, &'static str),
    /// TLS or HTTP could not be set up, for example because no CA certificates are installed.
    #[error("no HTTP client could be made: {0}; for https, install the package ca-certificates")]
    Setup(String),
}

/// HTTP to one host.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    base: String,
    deadline: Duration,
}

impl Transport {
    pub(super) fn new(text: &str, deadline: Duration) -> Result<Self, ClientError> {
        let url = read_url(text)?;
        install_tls();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("eoskeeper/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .http1_only()
            .connect_timeout(deadline / 2)
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(SystemResolver));
        // Without https the system's certificates are not asked for: a bare container has none.
        let builder =
            if url.scheme() == "https" { builder } else { builder.tls_certs_only(Vec::new()) };
        let http = builder.build().map_err(|error| ClientError::Setup(failure::text(&error)))?;
        Ok(Self { http, base: url.as_str().trim_end_matches('/').to_owned(), deadline })
    }

    /// Calls `path` and returns the body of a successful answer of at most `body_max` bytes.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body_max: usize,
    ) -> Result<Vec<u8>, ApiFailure> {
        self.call_dated(method, path, body_max).await.map(|(body, _)| body)
    }

    /// The same, with the time the server put on its answer.
    pub(super) async fn call_dated(
        &self,
        method: Method,
        path: &str,
        body_max: usize,
    ) -> Result<(Vec<u8>, Option<Timestamp>), ApiFailure> {
        // An empty body, not none: it makes a POST carry `Content-Length: 0`.
        let body = if method == Method::POST { Some(Vec::new()) } else { None };
        self.send(method, path, body, body_max).await
    }

    /// Posts `body`, JSON, and returns the body of a successful answer of at most `body_max` bytes.
    pub(super) async fn post(
        &self,
        path: &str,
        body: Vec<u8>,
        body_max: usize,
    ) -> Result<Vec<u8>, ApiFailure> {
        self.send(Method::POST, path, Some(body), body_max).await.map(|(body, _)| body)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        body_max: usize,
    ) -> Result<(Vec<u8>, Option<Timestamp>), ApiFailure> {
        let end = Instant::now() + self.deadline;
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = match timeout_at(end, request.send()).await {
            Err(_) => return Err(ApiFailure::AnswerTimeout),
            Ok(Err(error)) => return Err(failure::of_request(&error)),
            Ok(Ok(answer)) => answer,
        };
        let status = answer.status();
        if status == StatusCode::NOT_FOUND {
            return Err(ApiFailure::NoSuchApi);
        }
        if !status.is_success() {
            return Err(ApiFailure::HttpStatus(status.as_u16()));
        }
        let date = date(answer.headers());
        match timeout_at(end, read_body(answer, body_max)).await {
            Err(_) => Err(ApiFailure::EndlessBody),
            Ok(body) => Ok((body?, date)),
        }
    }
}

/// The time a server put on its answer; none on one that comes out of a cache, which is older.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    if headers.contains_key(header::AGE) {
        return None;
    }
    let time = httpdate::parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()?;
    let ms = time.duration_since(UNIX_EPOCH).ok()?.as_millis();
    i64::try_from(ms).ok().map(Timestamp::from_ms)
}

/// Reads the body piece by piece, so that one that is too large costs no more than its bound.
pub(crate) async fn read_body(mut answer: Response, max: usize) -> Result<Vec<u8>, ApiFailure> {
    let too_large = || ApiFailure::BodyTooLarge(max as u64);
    if answer.content_length().is_some_and(|announced| announced > max as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| failure::of_body(&error))? {
        if body.len() + piece.len() > max {
            return Err(too_large());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn read_url(text: &str) -> Result<Url, ClientError> {
    let wrong = |why| Err(ClientError::WrongUrl(without_secrets(text), why));
    let url = Url::parse(text)
        .map_err(|error| ClientError::NoUrl(without_secrets(text), error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("it begins neither with http:// nor with https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("a user or password in it would be printed; nodeos asks for none");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("it has a '?' or '#' part");
    }
    Ok(url)
}

/// The text, without what stands before an `@`: that may be a password.
fn without_secrets(text: &str) -> String {
    text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, host)| format!("…@{host}"))
}

/// Makes *ring* the cryptography of this process; whoever comes second finds it done.
pub(crate) fn install_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that another thread was faster, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}
