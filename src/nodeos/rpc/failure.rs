//! Errors of the HTTP stack to failures with names.

use std::error::Error;
use std::io::{self, ErrorKind};

use super::resolver::NoAddress;
use crate::core::event::ApiFailure;

/// Longest text of a failure; what the far end sent may be part of it.
const TEXT_MAX: usize = 300;

/// Why a request got no answer.
pub(crate) fn of_request(error: &reqwest::Error) -> ApiFailure {
    let causes = causes(error);
    if let Some(name) = find::<NoAddress>(&causes) {
        return ApiFailure::NameNotFound(name.to_string());
    }
    if let Some(tls) = find::<rustls::Error>(&causes) {
        return ApiFailure::Tls(tls.to_string());
    }
    let kind = io_kind(&causes);
    if error.is_connect() {
        return match kind {
            Some(ErrorKind::ConnectionRefused) => ApiFailure::ConnectionRefused,
            Some(ErrorKind::UnexpectedEof) => ApiFailure::Tls("it ended the handshake".to_owned()),
            Some(ErrorKind::TimedOut) => ApiFailure::ConnectTimeout,
            _ if error.is_timeout() => ApiFailure::ConnectTimeout,
            _ => ApiFailure::Other(text(error)),
        };
    }
    if is_cut(&causes, kind) { ApiFailure::TruncatedBody } else { ApiFailure::Other(text(error)) }
}

/// Why an answer that had begun did not come to its end.
pub(crate) fn of_body(error: &reqwest::Error) -> ApiFailure {
    let causes = causes(error);
    let kind = io_kind(&causes);
    if is_cut(&causes, kind) { ApiFailure::TruncatedBody } else { ApiFailure::Other(text(error)) }
}

/// The error and its causes as one bounded sentence, without the address: that is known.
pub(crate) fn text(error: &reqwest::Error) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in causes(error) {
        let said = cause.to_string();
        if !words.iter().any(|earlier| earlier.contains(&said)) {
            words.push(said);
        }
    }
    words.join(": ").chars().take(TEXT_MAX).collect()
}

/// Whether the connection ended before the answer did.
fn is_cut(causes: &[&(dyn Error + 'static)], kind: Option<ErrorKind>) -> bool {
    let cut = [
        ErrorKind::UnexpectedEof,
        ErrorKind::ConnectionReset,
        ErrorKind::ConnectionAborted,
        ErrorKind::BrokenPipe,
    ];
    kind.is_some_and(|kind| cut.contains(&kind))
        || find::<hyper::Error>(causes).is_some_and(hyper::Error::is_incomplete_message)
}

/// The kind of the innermost I/O error: the outer ones only say that there is one.
fn io_kind(causes: &[&(dyn Error + 'static)]) -> Option<ErrorKind> {
    causes.iter().rev().find_map(|cause| cause.downcast_ref()).map(io::Error::kind)
}

fn find<'a, E: Error + 'static>(causes: &[&'a (dyn Error + 'static)]) -> Option<&'a E> {
    causes.iter().find_map(|cause| cause.downcast_ref())
}

/// The error's causes, outermost first. An `io::Error` hides the error inside it from `source`,
/// so that one is asked for it.
fn causes(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut all: Vec<&(dyn Error + 'static)> = Vec::new();
    let mut next = error.source();
    // Real chains have about five; the bound is for one that runs in a circle.
    while let Some(cause) = next.filter(|_| all.len() < 16) {
        all.push(cause);
        let inside = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inside.map(|inside| inside as &(dyn Error + 'static)).or_else(|| cause.source());
    }
    all
}
