//! Why CloudWatch did not do what it was asked, and what a person can do about it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::actions::notify::channel::DeliveryError;

/// Longest text of a failure, characters; what the far end sent may be part of it.
const TEXT_CHARS_MAX: usize = 400;
/// Longest wish to be left alone that is followed.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No TLS or HTTP could be set up on this host.
    Setup,
    /// Nothing says which region is meant.
    NoRegion,
    /// There are no credentials, or they cannot be had at the moment.
    NoCredentials,
    /// The credentials are wrong, or have run out.
    WrongCredentials,
    /// They are right, and not allowed to do this.
    Denied,
    /// The alarm is not there.
    NotFound,
    /// The request is not accepted as it is.
    Refused,
    /// Too many requests.
    Throttled,
    /// CloudWatch is broken at the moment.
    Broken,
    /// It was not reached.
    NotReached,
    /// It did not answer in time.
    TooLate,
}

/// A failure: what happened, and the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind it is.
    pub kind: Kind,
    /// What happened, one sentence without its full stop; holds no secret.
    pub what: String,
    /// How long CloudWatch wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Kind {
    /// What to do, one sentence without its full stop.
    #[must_use]
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::Setup => "for https, install the package ca-certificates",
            Self::NoRegion => "give [cloudwatch] region, or set AWS_REGION or the profile's region",
            Self::NoCredentials => {
                "give the instance or task a role, or the keeper's user a profile ([cloudwatch] \
                 profile) or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; doc/alarms/cloudwatch.md \
                 says how"
            }
            Self::WrongCredentials => {
                "make new credentials for the keeper, and see that this host's clock is right"
            }
            Self::Denied => "give the role or user the policy of doc/alarms/cloudwatch.md",
            Self::NotFound => "make the alarms: eoskeeper cloudwatch setup",
            Self::Refused => "see the cause; correct [cloudwatch]",
            Self::Throttled | Self::Broken => "it is tried again",
            Self::NotReached | Self::TooLate => {
                "see that this host reaches the address, [cloudwatch] region and endpoint_url"
            }
        }
    }
}

impl Failure {
    /// Of a kind; the text is cut to a length people read.
    #[must_use]
    pub fn new(kind: Kind, what: &str) -> Self {
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        let what: String = what.chars().map(printable).take(TEXT_CHARS_MAX).collect();
        let what = what.trim_end().trim_end_matches('.').to_owned();
        Self { kind, what, retry_after: None }
    }

    /// Of an answer, or the lack of one, of the SDK.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(said) => of_service(said.err(), said.raw()),
            SdkError::TimeoutError(_) => Self::new(Kind::TooLate, "no answer within the deadline"),
            SdkError::DispatchFailure(failure) => {
                let text = chain(failure.as_connector_error().and_then(Error::source));
                let kind = if failure.is_timeout() { Kind::TooLate } else { Kind::NotReached };
                Self::new(about_credentials(&text).unwrap_or(kind), &text)
            }
            SdkError::ResponseError(answer) => {
                let status = answer.raw().status().as_u16();
                Self::new(of_status(status).unwrap_or(Kind::NotReached), &strange(status))
            }
            other => {
                let text = chain(other.source());
                Self::new(about_credentials(&text).unwrap_or(Kind::Refused), &text)
            }
        }
    }
}

fn of_service<E: ProvideErrorMetadata>(error: &E, raw: &HttpResponse) -> Failure {
    let status = raw.status().as_u16();
    if raw.status().is_success() {
        // The answer of something that stands between.
        return Failure::new(Kind::NotReached, &strange(status));
    }
    let code = error.code().unwrap_or_default();
    let kind = match code {
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired" => Kind::WrongCredentials,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "OptInRequired" => {
            Kind::Denied
        }
        "ResourceNotFound" | "ResourceNotFoundException" => Kind::NotFound,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException" => Kind::Throttled,
        _ => of_status(status).unwrap_or(Kind::Refused),
    };
    let what = match (code, error.message()) {
        ("", _) => format!("CloudWatch answers HTTP {status}"),
        (code, None) => format!("CloudWatch answers {code} (HTTP {status})"),
        (code, Some(message)) => format!("CloudWatch answers {code}: {message}"),
    };
    let wish = raw.headers().get("retry-after").and_then(|text| text.parse().ok());
    let retry_after = wish.map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    Failure { retry_after, ..Failure::new(kind, &what) }
}

fn strange(status: u16) -> String {
    format!("the answer (HTTP {status}) is not what CloudWatch says")
}

const fn of_status(status: u16) -> Option<Kind> {
    match status {
        429 => Some(Kind::Throttled),
        500.. => Some(Kind::Broken),
        401 | 403 => Some(Kind::Denied),
        _ => None,
    }
}

/// The SDK hands on that there are no credentials as one failure among others.
fn about_credentials(text: &str) -> Option<Kind> {
    let text = text.to_ascii_lowercase();
    let is = text.contains("credential") || text.contains("identity") || text.contains("profile");
    is.then_some(Kind::NoCredentials)
}

/// An error and its causes, each said once.
fn chain(error: Option<&dyn Error>) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut next = error;
    // Real chains have about six; the bound is for one that runs in a circle.
    while let Some(cause) = next.filter(|_| words.len() < 16) {
        let said = cause.to_string();
        if !words.iter().any(|earlier| earlier.contains(&said)) {
            words.push(said);
        }
        next = cause.source();
    }
    words.join(": ")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.kind.next_step())
    }
}

impl Error for Failure {}

impl From<Failure> for DeliveryError {
    fn from(failure: Failure) -> Self {
        let why = failure.to_string();
        match failure.kind {
            Kind::Refused => Self::Lasting(why),
            Kind::WrongCredentials | Kind::Denied | Kind::NotFound => Self::Refused(why),
            Kind::Setup
            | Kind::NoRegion
            | Kind::NoCredentials
            | Kind::Throttled
            | Kind::Broken
            | Kind::NotReached
            | Kind::TooLate => Self::Passing { why, retry_after: failure.retry_after },
        }
    }
}
