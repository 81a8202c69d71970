//! Why a message was refused: a short reason for the sender, a line now and then in our log.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, Response, StatusCode, header};
use tokio::time::Instant;

use super::replay::WINDOW_MS;

/// Between two lines of the log about one cause.
const LOG_PAUSE: Duration = Duration::from_secs(60);
/// Longest part of a parser's complaint that is repeated, characters.
const DETAIL_CHARS: usize = 200;

/// Why a message was refused. The causes down to [`Refusal::Signature`] are told to anybody, those
/// after it only to who has the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such path.
    #[error("no such path; this is the address for peers of eoskeeper")]
    NoSuchPath,
    /// It is no POST.
    #[error("only POST is answered")]
    NotPost,
    /// A header is missing, there twice, or not readable.
    #[error("the header {0} is missing or not readable")]
    Header(HeaderName),
    /// The body is larger than [`super::BODY_BYTES_MAX`].
    #[error("the body is larger than 64 KiB")]
    TooLarge,
    /// The body did not come in time, or was cut off.
    #[error("the body did not come to its end in time")]
    NoBody,
    /// The signature is not that of the message.
    #[error("the signature does not fit: the message was altered, or the secrets differ")]
    Signature,
    /// It is for another node.
    #[error("the message is for another node; correct the names in [peers] nodes")]
    Addressee,
    /// No peer of that name is configured here.
    #[error("no peer of the sender's name is known here; add it to [peers] nodes")]
    UnknownPeer,
    /// The two clocks differ too much, or the message was held up.
    #[error("{}", clock(*skew_ms))]
    Clock {
        /// The sender's clock minus ours, milliseconds.
        skew_ms: i64,
    },
    /// It was signed before this process started, which may have taken it in an earlier run.
    #[error("the message was signed before this keeper started; send it anew")]
    BeforeStart,
    /// It was here before.
    #[error("the message was here before")]
    Replayed,
    /// More nonces are remembered than there is room for.
    #[error("too many messages within a minute")]
    MemoryFull,
    /// The body is not what this path takes.
    #[error("the message cannot be read: {0}")]
    Body(String),
    /// It is about another producer.
    #[error("the keepers watch different producers ({0}, here {1})")]
    Producer(String, String),
    /// It is about another chain.
    #[error("the nodes are on different chains")]
    Chain,
    /// A name in the body is not that of the envelope.
    #[error("the names in the message differ from those on its envelope")]
    Names,
    /// This keeper cannot answer.
    #[error("this keeper is too busy or is ending")]
    Busy,
}

fn clock(skew_ms: i64) -> String {
    let seconds = skew_ms.unsigned_abs() as f64 / 1_000.0;
    let way = if skew_ms < 0 { "behind" } else { "ahead of" };
    let most = WINDOW_MS / 1_000;
    format!(
        "the sender's clock is {seconds:.1} s {way} ours, or the message was held up; at most \
         {most} s are accepted, keep both clocks by NTP"
    )
}

impl Refusal {
    /// How many causes there are.
    const CAUSES: usize = 17;

    /// A parser's complaint, cut to what a line of the log may hold.
    #[must_use]
    pub fn body(error: &serde_json::Error) -> Self {
        Self::Body(error.to_string().chars().take(DETAIL_CHARS).collect())
    }

    /// The status it is answered with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::NotPost => StatusCode::METHOD_NOT_ALLOWED,
            Self::Header(_) | Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoBody => StatusCode::REQUEST_TIMEOUT,
            Self::Signature | Self::Clock { .. } | Self::BeforeStart => StatusCode::UNAUTHORIZED,
            Self::Addressee
            | Self::UnknownPeer
            | Self::Producer(..)
            | Self::Chain
            | Self::Names => StatusCode::FORBIDDEN,
            Self::Replayed => StatusCode::CONFLICT,
            Self::MemoryFull | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The answer: one line, not signed.
    #[must_use]
    pub fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(format!("{self}\n")));
        *response.status_mut() = self.status();
        let text = axum::http::HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, text);
        response
    }

    /// The place of its cause among all.
    const fn cause(&self) -> usize {
        match self {
            Self::NoSuchPath => 0,
            Self::NotPost => 1,
            Self::Header(_) => 2,
            Self::TooLarge => 3,
            Self::NoBody => 4,
            Self::Signature => 5,
            Self::Addressee => 6,
            Self::UnknownPeer => 7,
            Self::Clock { .. } => 8,
            Self::BeforeStart => 9,
            Self::Replayed => 10,
            Self::MemoryFull => 11,
            Self::Body(_) => 12,
            Self::Producer(..) => 13,
            Self::Chain => 14,
            Self::Names => 15,
            Self::Busy => 16,
        }
    }
}

/// Writes refusals to our log, one a minute for each cause, with the number of those in between.
#[derive(Debug, Default)]
pub struct Complaints {
    causes: [(Option<Instant>, u64); Refusal::CAUSES],
}

impl Complaints {
    /// Counts a refusal, and says it if its cause was not said within the last minute. Returns how
    /// many of this cause were refused since it was said last, `None` when nothing was said.
    pub fn count(&mut self, refusal: &Refusal, from: SocketAddr, now: Instant) -> Option<u64> {
        let (said, count) = &mut self.causes[refusal.cause()];
        *count += 1;
        if said.is_some_and(|said| now.duration_since(said) < LOG_PAUSE) {
            return None;
        }
        *said = Some(now);
        let refused = std::mem::take(count);
        tracing::warn!(target: "peers", %from, refused, "A message was refused: {refusal}.");
        Some(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once_a_minute_and_counted() {
        let mut complaints = Complaints::default();
        let (from, start) = (SocketAddr::from(([127, 0, 0, 1], 1)), Instant::now());
        let mut count = |refusal: &Refusal, seconds: u64| {
            complaints.count(refusal, from, start + Duration::from_secs(seconds))
        };
        assert_eq!(count(&Refusal::Signature, 0), Some(1));
        assert_eq!(count(&Refusal::Signature, 1), None);
        assert_eq!(count(&Refusal::Busy, 1), Some(1), "another cause");
        assert_eq!(count(&Refusal::Signature, 59), None);
        assert_eq!(count(&Refusal::Signature, 60), Some(3));
    }

    #[test]
    fn a_skew_is_named() {
        let text = Refusal::Clock { skew_ms: -45_230 }.to_string();
        assert!(text.starts_with("the sender's clock is 45.2 s behind ours"), "{text}");
        let text = Refusal::Clock { skew_ms: 60_000 }.to_string();
        assert!(text.starts_with("the sender's clock is 60.0 s ahead of ours"), "{text}");
    }
}
