//! A client of etcd's JSON gateway: several members, one deadline, one answer.
//!
//! A question is put to the member that answered last. It has half of the time; the others, one
//! after the other, share the rest. A member that says no speaks for all; one that is not there,
//! hangs or has no leader is passed over. Facts: etcd 3.4 and later, path `/v3/…`.
//!
//! # Caveat
//! A question that was given up may still be carried out by the member it was sent to. Whoever
//! asks for a change must be able to ask again, or find out.

mod login;
mod said;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Response};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{Access, wire};
use crate::core::event::ApiFailure;
use crate::nodeos::rpc::{
    SystemResolver, failure_text, install_tls, of_body, of_request, read_body,
};
use login::Login;
use said::Said;

/// Bound on an answer, bytes: a value of [`super::record::VALUE_BYTES_MAX`] as base64, and members'
/// addresses, fit many times.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// There is no address.
    #[error("no endpoint is given; give [lease] endpoints")]
    NoEndpoint,
    /// The file of certificates cannot be used.
    #[error(
        "{}: {why}; give [lease] ca_file a PEM file with the certificate etcd's own is signed by",
        path.display()
    )]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// TLS or HTTP could not be set up.
    #[error("no HTTP client could be made: {0}; for https, install the package ca-certificates")]
    Http(String),
}

/// An etcd cluster as its members' JSON gateways show it.
pub struct Etcd {
    http: reqwest::Client,
    endpoints: Vec<String>,
    /// The member that is asked first.
    first: AtomicUsize,
    login: Option<Login>,
    token: Mutex<Option<String>>,
    deadline: Duration,
}

/// Why one member gave no answer.
enum No {
    /// It says no, and so would the others.
    Refused(ApiFailure),
    /// It is not there, hangs or has no leader.
    NotHere(ApiFailure),
    /// It does not know the token.
    Token(ApiFailure),
}

impl Etcd {
    /// A client; nothing is connected yet.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(access: &Access) -> Result<Self, SetupError> {
        if access.endpoints.is_empty() {
            return Err(SetupError::NoEndpoint);
        }
        install_tls();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("eoskeeper/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .http1_only()
            .connect_timeout(access.deadline)
            // One for questions and one more for the two that are asked at once.
            .pool_max_idle_per_host(2)
            .dns_resolver(Arc::new(SystemResolver));
        if let Some(path) = &access.ca_file {
            builder = builder.tls_certs_only(certificates(path)?);
        } else if access.endpoints.iter().all(|url| url.scheme() != "https") {
            // Without https the system's certificates are not asked for: a bare container has none.
            builder = builder.tls_certs_only(Vec::new());
        }
        let http = builder.build().map_err(|error| SetupError::Http(failure_text(&error)))?;
        let trimmed = |url: &reqwest::Url| url.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            http,
            endpoints: access.endpoints.iter().map(trimmed).collect(),
            first: AtomicUsize::new(0),
            login: access
                .user
                .clone()
                .map(|user| Login { user, password_file: access.password_file.clone() }),
            token: Mutex::new(None),
            deadline: access.deadline,
        })
    }

    /// When a question that is asked now is over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.deadline
    }

    /// The place of the member that is asked first.
    pub(super) fn first(&self) -> usize {
        self.first.load(Ordering::Relaxed)
    }

    /// Asks the members until one answers, or until `end`.
    ///
    /// # Errors
    /// [`ApiFailure`]: what a member refused with, or why none answered.
    pub(super) async fn ask(
        &self,
        path: &str,
        question: &Value,
        end: Instant,
    ) -> Result<Value, ApiFailure> {
        let (count, first) = (self.endpoints.len(), self.first());
        let mut failures = Vec::new();
        for step in 0..count {
            let member = (first + step) % count;
            let left = end.saturating_duration_since(Instant::now());
            let share = if step == 0 && count > 1 { 2 } else { count - step };
            let until = Instant::now() + left / u32::try_from(share).unwrap_or(u32::MAX);
            match self.ask_member(member, path, question, until).await {
                Ok(answer) => {
                    self.first.store(member, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(No::Refused(failure) | No::Token(failure)) => return Err(failure),
                Err(No::NotHere(failure)) => failures.push((member, failure)),
            }
        }
        // The next question begins with another.
        self.first.store((first + 1) % count, Ordering::Relaxed);
        Err(self.summary(&failures))
    }

    /// Asks one member alone; for a person who wants to know about each.
    ///
    /// # Errors
    /// [`ApiFailure`].
    pub(super) async fn ask_only(
        &self,
        member: usize,
        path: &str,
        question: &Value,
    ) -> Result<Value, ApiFailure> {
        self.ask_member(member, path, question, self.deadline()).await.map_err(No::failure)
    }

    async fn ask_member(
        &self,
        member: usize,
        path: &str,
        question: &Value,
        until: Instant,
    ) -> Result<Value, No> {
        let had_token = self.known_token().is_some();
        let token = self.token(member, until).await?;
        match self.post(member, path, question, token, until).await {
            Err(No::Token(_)) if had_token => {
                // A token lives five minutes, and a member that was restarted knows none.
                self.keep_token(None);
                let token = self.token(member, until).await?;
                self.post(member, path, question, token, until).await
            }
            answer => answer,
        }
    }

    /// Posts a question to a member and reads its whole answer.
    async fn post(
        &self,
        member: usize,
        path: &str,
        question: &Value,
        token: Option<String>,
        until: Instant,
    ) -> Result<Value, No> {
        let asked = timeout_at(until, self.request(member, path, question, token).send()).await;
        let answer = match asked {
            Err(_) => return Err(No::NotHere(ApiFailure::AnswerTimeout)),
            Ok(Err(error)) => return Err(No::NotHere(of_request(&error))),
            Ok(Ok(answer)) => answer,
        };
        let status = answer.status().as_u16();
        let body = match timeout_at(until, read_body(answer, ANSWER_BYTES_MAX)).await {
            Err(_) => return Err(No::NotHere(ApiFailure::EndlessBody)),
            Ok(body) => body.map_err(No::NotHere)?,
        };
        if status == 200 {
            return wire::object(&body).map_err(No::NotHere);
        }
        Err(Said { status, body: &body, user: self.user() }.no())
    }

    fn request(
        &self,
        member: usize,
        path: &str,
        question: &Value,
        token: Option<String>,
    ) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.endpoints[member]));
        let request = request.header("Content-Type", "application/json").body(question.to_string());
        match token {
            Some(token) => request.header("Authorization", token),
            None => request,
        }
    }

    /// Opens a stream of answers at the member that is asked first, and says which that is.
    ///
    /// # Errors
    /// [`ApiFailure`]: no stream began within the deadline.
    pub(super) async fn open(
        &self,
        path: &str,
        question: &Value,
    ) -> Result<(usize, Response), ApiFailure> {
        let (member, until) = (self.first(), self.deadline());
        let token = self.token(member, until).await.map_err(No::failure)?;
        match timeout_at(until, self.request(member, path, question, token).send()).await {
            Err(_) => Err(ApiFailure::AnswerTimeout),
            Ok(Err(error)) => Err(of_request(&error)),
            Ok(Ok(answer)) if answer.status().as_u16() == 401 => {
                self.keep_token(None);
                Err(ApiFailure::HttpStatus(401))
            }
            Ok(Ok(answer)) if !answer.status().is_success() => {
                Err(ApiFailure::HttpStatus(answer.status().as_u16()))
            }
            Ok(Ok(answer)) => Ok((member, answer)),
        }
    }

    /// The next piece of a stream; `None`: it has ended.
    pub(super) async fn piece(stream: &mut Response) -> Result<Option<usize>, ApiFailure> {
        match stream.chunk().await {
            Ok(piece) => Ok(piece.map(|piece| piece.len())),
            Err(error) => Err(of_body(&error)),
        }
    }

    /// The addresses, as a person reads them.
    #[must_use]
    pub fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    fn user(&self) -> Option<&str> {
        self.login.as_ref().map(|login| login.user.as_str())
    }

    /// One failure of several: itself where they agree, else each with its address.
    fn summary(&self, failures: &[(usize, ApiFailure)]) -> ApiFailure {
        match failures {
            [] => ApiFailure::AnswerTimeout,
            [(_, first), rest @ ..] if rest.iter().all(|(_, failure)| failure == first) => {
                first.clone()
            }
            all => {
                let each = all
                    .iter()
                    .map(|(member, failure)| format!("{}: {failure}", self.endpoints[*member]));
                ApiFailure::Other(each.collect::<Vec<_>>().join("; "))
            }
        }
    }

    fn known_token(&self) -> Option<String> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep_token(&self, token: Option<String>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }
}

impl No {
    fn failure(self) -> ApiFailure {
        match self {
            Self::Refused(failure) | Self::NotHere(failure) | Self::Token(failure) => failure,
        }
    }
}

impl fmt::Debug for Etcd {
    /// Without token and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Etcd").field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}

/// The certificates of a PEM file.
fn certificates(path: &Path) -> Result<Vec<Certificate>, SetupError> {
    let wrong = |why: String| SetupError::CaFile { path: path.to_path_buf(), why };
    let pem =
        fs::read(path).map_err(|error: io::Error| wrong(format!("cannot be read: {error}")))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if found.is_empty() => Err(wrong("holds no certificate".to_owned())),
        Ok(found) => Ok(found),
        Err(error) => Err(wrong(failure_text(&error))),
    }
}
