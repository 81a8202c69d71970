//! Why nodeos's RPC gave no usable answer.

use std::fmt;

use serde::Serialize;

/// Why a call to nodeos's RPC gave nothing we can use; each has a name of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "failure", content = "detail")]
pub enum ApiFailure {
    /// Nothing listens there.
    ConnectionRefused,
    /// The name has no address.
    NameNotFound(String),
    /// No connection within the deadline.
    ConnectTimeout,
    /// Connected, but no answer began within the deadline: the hang of a stopped process.
    AnswerTimeout,
    /// The answer began and did not end within the deadline.
    EndlessBody,
    /// The connection ended in the middle of the answer.
    TruncatedBody,
    /// The answer passed the bound.
    BodyTooLarge(u64),
    /// Any HTTP status but success.
    HttpStatus(u16),
    /// There is no such call: the plugin is not loaded.
    NoSuchApi,
    /// The answer is no JSON.
    NotJson(String),
    /// The answer is JSON, but a field is missing or wrong.
    UnexpectedAnswer(String),
    /// TLS could not be agreed.
    Tls(String),
    /// Anything else, in the client's words.
    Other(String),
}

impl fmt::Display for ApiFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionRefused => write!(f, "connection refused: nothing listens there"),
            Self::NameNotFound(name) => write!(f, "no address for {name}"),
            Self::ConnectTimeout => write!(f, "no connection within the deadline"),
            Self::AnswerTimeout => write!(f, "connected, but no answer within the deadline"),
            Self::EndlessBody => write!(f, "the answer did not end within the deadline"),
            Self::TruncatedBody => write!(f, "the connection ended in the middle of the answer"),
            Self::BodyTooLarge(max) => write!(f, "the answer is larger than {max} bytes"),
            Self::HttpStatus(status) => write!(f, "HTTP status {status}"),
            Self::NoSuchApi => write!(f, "no such call: the plugin is not loaded (HTTP 404)"),
            Self::NotJson(why) => write!(f, "the answer is not JSON: {why}"),
            Self::UnexpectedAnswer(why) => write!(f, "the answer is not what nodeos says: {why}"),
            Self::Tls(why) => write!(f, "TLS failed: {why}"),
            Self::Other(why) => write!(f, "{why}"),
        }
    }
}
