//! Asks an HTTP service for JSON: one deadline, one bound, no redirect, no proxy.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Method, StatusCode, Url};
use tokio::time::{Instant, timeout_at};

use crate::core::event::ApiFailure;
use crate::nodeos::rpc::{SystemResolver, failure_text, install_tls, of_request, read_body};

/// A client for services of one kind. Cheap to clone. Nothing it says holds an address: that may
/// hold what is secret.
#[derive(Clone, Debug)]
pub struct Web {
    http: reqwest::Client,
    deadline: Duration,
}

impl Web {
    /// For the services at `urls`: `deadline` bounds each call as a whole, half of it the
    /// connection. `secret` is a header that is sent with each, and never shown.
    ///
    /// # Errors
    /// One sentence: the client could not be set up, and what to do.
    pub fn new<'a>(
        urls: impl IntoIterator<Item = &'a Url>,
        deadline: Duration,
        secret: Option<(&'static str, &str)>,
    ) -> Result<Self, String> {
        Self::believing(urls, deadline, secret, None)
    }

    /// The same, where these certificates, PEM, are believed and no others.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn believing<'a>(
        urls: impl IntoIterator<Item = &'a Url>,
        deadline: Duration,
        secret: Option<(&'static str, &str)>,
        ca: Option<&[u8]>,
    ) -> Result<Self, String> {
        install_tls();
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = secret {
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| "the token holds what no header may hold".to_owned())?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        let builder = reqwest::Client::builder()
            .user_agent(concat!("eoskeeper/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .no_proxy()
            .redirect(Policy::none())
            .http1_only()
            .connect_timeout(deadline / 2)
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(SystemResolver));
        // Without https the system's certificates are not asked for: a bare container has none.
        let is_tls = urls.into_iter().any(|url| url.scheme() == "https");
        let builder = match ca {
            Some(pem) => {
                let all = Certificate::from_pem_bundle(pem);
                builder
                    .tls_certs_only(all.map_err(|_| "the certificates are of no use".to_owned())?)
            }
            None if is_tls => builder,
            None => builder.tls_certs_only(Vec::new()),
        };
        let http = builder.build().map_err(|error| {
            let why = failure_text(&error);
            format!("no HTTP client could be made: {why}; for https, install ca-certificates")
        })?;
        Ok(Self { http, deadline })
    }

    /// The body of a successful answer of at most `max` bytes: to a GET, or to a POST of `question`.
    ///
    /// # Errors
    /// [`ApiFailure`], named after what went wrong.
    pub async fn ask(
        &self,
        url: Url,
        question: Option<Vec<u8>>,
        max: usize,
    ) -> Result<Vec<u8>, ApiFailure> {
        let end = Instant::now() + self.deadline;
        let request = match question {
            None => self.http.request(Method::GET, url),
            Some(body) => self
                .http
                .request(Method::POST, url)
                .header("content-type", "application/json")
                .body(body),
        };
        let answer = match timeout_at(end, request.send()).await {
            Err(_) => return Err(ApiFailure::AnswerTimeout),
            Ok(Err(error)) => return Err(of_request(&error)),
            Ok(Ok(answer)) => answer,
        };
        match answer.status() {
            StatusCode::NOT_FOUND => return Err(ApiFailure::NoSuchApi),
            status if !status.is_success() => return Err(ApiFailure::HttpStatus(status.as_u16())),
            _ => {}
        }
        match timeout_at(end, read_body(answer, max)).await {
            Err(_) => Err(ApiFailure::EndlessBody),
            Ok(body) => body,
        }
    }
}
