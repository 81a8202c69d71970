//! The SDK's HTTP by the client that is here anyway: one TLS, one set of bounds.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, Request, Url};
use tokio::time::{Instant, timeout_at};

use crate::core::event::ApiFailure;
use crate::nodeos::rpc::{SystemResolver, failure_text, install_tls, of_request, read_body};

/// Bound on an answer, bytes: a hundred alarms, the most of one page, take 300 KiB.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Deadline of the connection, and of an exchange for which the SDK names none.
const CONNECT: Duration = Duration::from_secs(5);
const EXCHANGE: Duration = Duration::from_secs(10);

/// The client, or why there can be none. Proxies of the environment are not used; redirects are
/// not followed.
pub(super) fn client() -> Result<SharedHttpClient, String> {
    install_tls();
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .http1_only()
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(1)
        .dns_resolver(Arc::new(SystemResolver))
        .build()
        .map_err(|error| failure_text(&error))?;
    Ok(SharedHttpClient::new(Shared(http)))
}

#[derive(Debug)]
struct Shared(reqwest::Client);

impl HttpClient for Shared {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        // The instance's metadata service is asked with a second for each.
        let connect = settings.connect_timeout().unwrap_or(CONNECT);
        let deadline = settings.read_timeout().map_or(EXCHANGE, |read| connect + read);
        SharedHttpConnector::new(Connector { http: self.0.clone(), deadline })
    }
}

#[derive(Debug)]
struct Connector {
    http: reqwest::Client,
    deadline: Duration,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (http, deadline) = (self.http.clone(), self.deadline);
        HttpConnectorFuture::new(exchange(http, request, Instant::now() + deadline))
    }
}

async fn exchange(
    http: reqwest::Client,
    request: HttpRequest,
    end: Instant,
) -> Result<HttpResponse, ConnectorError> {
    let request = readable(&request)?;
    let answer = match timeout_at(end, http.execute(request)).await {
        Err(_) => return Err(failed(&ApiFailure::AnswerTimeout)),
        Ok(Err(error)) => return Err(failed(&of_request(&error))),
        Ok(Ok(answer)) => answer,
    };
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = match timeout_at(end, read_body(answer, ANSWER_BYTES_MAX)).await {
        Err(_) => return Err(failed(&ApiFailure::EndlessBody)),
        Ok(body) => body.map_err(|failure| failed(&failure))?,
    };
    let status = status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    for (name, value) in &headers {
        if let Ok(value) = value.to_str() {
            // One the SDK cannot hold is none that it reads.
            let _ = response.headers_mut().try_append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(response)
}

/// The request as the client takes it. Its body is in memory: nothing here streams.
fn readable(request: &HttpRequest) -> Result<Request, ConnectorError> {
    let wrong = |what: &str| ConnectorError::user(what.into());
    let url = Url::parse(request.uri()).map_err(|error| wrong(&error.to_string()))?;
    let method: Method = request.method().parse().map_err(|_| wrong("no HTTP method"))?;
    let mut made = Request::new(method, url);
    for (name, value) in request.headers().iter() {
        let name: HeaderName = name.parse().map_err(|_| wrong("no name of a header"))?;
        let value: HeaderValue = value.parse().map_err(|_| wrong("no value of a header"))?;
        made.headers_mut().append(name, value);
    }
    let body = request.body().bytes().ok_or_else(|| wrong("a body that streams"))?;
    *made.body_mut() = Some(body.to_vec().into());
    Ok(made)
}

fn failed(failure: &ApiFailure) -> ConnectorError {
    let why = failure.to_string().into();
    match failure {
        ApiFailure::ConnectTimeout | ApiFailure::AnswerTimeout | ApiFailure::EndlessBody => {
            ConnectorError::timeout(why)
        }
        _ => ConnectorError::io(why),
    }
}
