//! HTTP to a service whose address may be a secret: bounded, no redirects, nothing of it printed.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use super::channel::DeliveryError;
use super::setup::{SetupError, WallClock};
use super::words;
use crate::nodeos::rpc::{SystemResolver, failure_text, install_tls, of_request};

/// How long a connection may take, TLS included.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// How long all of a request may take: less than a delivery has, so that the failure has a name.
const DEADLINE: Duration = Duration::from_secs(25);
/// How long is waited for the words that come with an error.
const WORDS_DEADLINE: Duration = Duration::from_secs(3);
/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Most characters of a service's words that are shown.
const SAID_CHARS_MAX: usize = 200;
/// Longest wish to be left alone that is followed; whoever says more is asked again then.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);
/// Shortest part of an address that is taken for a secret.
const SECRET_CHARS_MIN: usize = 6;

/// The way to one service.
pub(super) struct Post {
    http: reqwest::Client,
    url: Url,
    hidden: Vec<String>,
    now: WallClock,
}

/// What a service answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// What it wants to be left alone for.
    pub(super) retry_after: Option<Duration>,
    /// The beginning of the body: all of it, but for a service that floods or hangs.
    pub(super) body: Vec<u8>,
}

impl Post {
    /// `hidden` is what must not be shown beside what is secret in the address.
    pub(super) fn new(url: &Url, hidden: &[&str], now: WallClock) -> Result<Self, SetupError> {
        install_tls();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("eoskeeper/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .http1_only()
            .connect_timeout(CONNECT_DEADLINE)
            .timeout(DEADLINE)
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(SystemResolver));
        // Without https the system's certificates are not asked for: a bare container has none.
        let builder =
            if url.scheme() == "https" { builder } else { builder.tls_certs_only(Vec::new()) };
        let http = builder.build().map_err(|error| {
            let text = failure_text(&error);
            SetupError(format!("no HTTP client: {text}; install the package ca-certificates"))
        })?;
        let mut hidden: Vec<String> = hidden.iter().map(|text| (*text).to_owned()).collect();
        let query = url.query().unwrap_or_default();
        let parts = url.path().split('/').chain(query.split(['&', '=']));
        hidden.extend(parts.filter(|part| part.len() >= SECRET_CHARS_MIN).map(str::to_owned));
        Ok(Self { http, url: url.clone(), hidden, now })
    }

    /// Where it leads.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// What time it is.
    pub(super) fn now(&self) -> crate::core::time::Timestamp {
        (self.now)()
    }

    /// A request to an address of the service.
    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends it and reads the answer.
    ///
    /// # Errors
    /// [`DeliveryError::Passing`] where there is none.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, DeliveryError> {
        let answer = request.send().await.map_err(|error| {
            let host = self.url.host_str().unwrap_or_default();
            let why = if error.is_timeout() && !error.is_connect() {
                format!("no answer within {} s", DEADLINE.as_secs())
            } else {
                of_request(&error).to_string()
            };
            let why = self.shown(&why);
            let names_it = why.contains(host);
            DeliveryError::passing(if names_it { why } else { format!("{host}: {why}") })
        })?;
        let status = answer.status();
        let retry_after = self.retry_after(answer.headers());
        Ok(Answer { status, retry_after, body: beginning(answer).await })
    }

    /// An answer that is no success, as most services mean it: with 400, 413, 415 and 422 the message
    /// itself is refused; 408, 425, 429 and what is not of the 400s passes; the rest (401, 403, 404,
    /// 410…) stays as it is until a person mends the key or the address.
    pub(super) fn refusal(&self, answer: &Answer) -> DeliveryError {
        let status = answer.status.as_u16();
        let said = self.said(&answer.body);
        let why = match status {
            300..400 => format!("it answered {status}, and redirects are not followed{said}"),
            _ => format!("it answered {status}{said}"),
        };
        match status {
            408 | 425 | 429 => DeliveryError::Passing { why, retry_after: answer.retry_after },
            400 | 413 | 415 | 422 => DeliveryError::Lasting(why),
            400..500 => DeliveryError::Refused(why),
            _ => DeliveryError::Passing { why, retry_after: answer.retry_after },
        }
    }

    /// The service's words, fit to be shown: bounded, one line, without our secrets.
    pub(super) fn said(&self, body: &[u8]) -> String {
        let text = self.shown(&String::from_utf8_lossy(body));
        let text = words::clip(&words::clean(&text), SAID_CHARS_MAX);
        if text.is_empty() { String::new() } else { format!(": {text}") }
    }

    fn shown(&self, text: &str) -> String {
        self.hidden.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }

    /// `Retry-After`: seconds, or a date.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wish = match text.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let date = httpdate::parse_http_date(text).ok()?;
                let date_ms = date.duration_since(UNIX_EPOCH).ok()?.as_millis();
                let now_ms = u128::try_from((self.now)().ms()).ok()?;
                Duration::from_millis(u64::try_from(date_ms.saturating_sub(now_ms)).ok()?)
            }
        };
        Some(bounded(wish))
    }
}

/// A wish to be left alone, as far as it is followed.
pub(super) fn bounded(wish: Duration) -> Duration {
    wish.min(RETRY_AFTER_MAX)
}

/// Reads what comes of the body. The status has been said, so that a body that breaks off changes
/// nothing: a message that was taken must not be sent again.
async fn beginning(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(piece)) = answer.chunk().await {
            let room = ANSWER_BYTES_MAX - body.len();
            body.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.len() >= room {
                break;
            }
        }
    };
    // What was read before the deadline is enough.
    let _ = tokio::time::timeout(WORDS_DEADLINE, reading).await;
    body
}
