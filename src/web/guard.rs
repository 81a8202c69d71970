//! Who is answered: whoever shows the token, where there is one; and nobody whom a foreign page
//! sent here.
//!
//! Without a token a loopback address is open to every program of this host, also to a browser, and
//! so to any page the browser shows: by a name of its own that it lets point here (DNS rebinding).
//! Such a request carries that name as its Host, so only addresses and `localhost` are taken.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use tokio::time::sleep;

use super::answer::Refusal;

/// Sent with every answer that does not say otherwise itself: what is shown is nobody else's
/// business, never stale, and no place for anything foreign.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
];
/// How both ways to show the token are asked for.
const CHALLENGE: &str = "Basic realm=\"eoskeeper\", charset=\"UTF-8\"";
/// Longest `Authorization` that is looked at: a token of 4096 bytes and a user's name in base64.
const AUTHORIZATION_BYTES_MAX: usize = 8 * 1024;
/// Who shows a wrong token waits so long: it is no secret that it is wrong, and guessing is slow.
const WRONG_TOKEN_PAUSE: Duration = Duration::from_millis(300);
/// Watchers of health need no token, and are told yes or no and nothing else.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// Who is answered.
#[derive(Clone, Default)]
pub struct Guard {
    /// SHA-256 of the token: what is compared has one length, whatever is shown.
    token: Option<[u8; 32]>,
    is_tls: bool,
}

/// Whether whoever asks may know more than yes and no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MayKnow(pub bool);

impl Guard {
    /// A guard that asks for `token`, where there is one. With TLS the name is proven by the
    /// certificate and is not looked at.
    #[must_use]
    pub fn new(token: Option<&[u8]>, is_tls: bool) -> Self {
        Self { token: token.map(hash), is_tls }
    }

    /// Whether a request may be answered; else why not.
    fn judge(&self, headers: &HeaderMap, authority: Option<&str>) -> Result<(), Refusal> {
        match &self.token {
            Some(token) if shown(headers).is_some_and(|shown| same(&hash(&shown), token)) => Ok(()),
            Some(_) => Err(Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized").because(
                "show the token of [status] token_file: as `Authorization: Bearer TOKEN`, or in a \
                 browser as the password of any user",
            )),
            None if self.is_tls => Ok(()),
            None => by_address(headers, authority),
        }
    }
}

/// Without a token: only by an address or as `localhost`.
fn by_address(headers: &HeaderMap, authority: Option<&str>) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next(), authority) {
        (Some(host), None, _) => host.to_str().ok(),
        (None, _, authority) => authority,
        (Some(_), Some(_), _) => None,
    };
    if host.is_some_and(is_address) {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host").because(
        "without a token the keeper is asked by an address or as localhost only, so that no page of \
         the web can read it; behind a proxy, let it send `Host: localhost`, or give [status] \
         token_file",
    ))
}

/// Whether `HOST` or `HOST:PORT` names an address or `localhost`.
fn is_address(host: &str) -> bool {
    let is_port = |port: &str| port.is_empty() || port.parse::<u16>().is_ok();
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, rest)) => match rest.strip_prefix(':') {
            Some(port) if is_port(port) => name,
            None if rest.is_empty() => name,
            _ => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) if is_port(port) => name,
            None => host,
            Some(_) => return false,
        },
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// The token that is shown: that of `Bearer`, or the password of `Basic` whoever the user is.
fn shown(headers: &HeaderMap) -> Option<Vec<u8>> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    if text.len() > AUTHORIZATION_BYTES_MAX {
        return None;
    }
    let (scheme, rest) = text.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(rest).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    Some(decoded[colon + 1..].to_vec())
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Compares in a time that does not depend on where they differ.
fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    let difference = a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    std::hint::black_box(difference) == 0
}

/// Lets a request pass, or answers why not.
pub(super) async fn admit(
    State(guard): State<Arc<Guard>>,
    mut request: Request,
    next: Next,
) -> Response {
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let verdict = guard.judge(request.headers(), authority.as_deref());
    let is_open = OPEN.contains(&request.uri().path());
    let Err(refusal) = verdict else {
        request.extensions_mut().insert(MayKnow(true));
        return next.run(request).await;
    };
    if is_open {
        request.extensions_mut().insert(MayKnow(false));
        return next.run(request).await;
    }
    if refusal.status() != StatusCode::UNAUTHORIZED {
        return refusal.into_response();
    }
    if request.headers().contains_key(header::AUTHORIZATION) {
        sleep(WRONG_TOKEN_PAUSE).await;
    }
    let mut response = refusal.into_response();
    let headers = response.headers_mut();
    headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
    headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Adds the security headers. A route's own word stands: the page has a policy of its own.
pub(super) async fn secure(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(HeaderName, &str)]) -> HeaderMap {
        let all = all.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        HeaderMap::from_iter(all)
    }

    #[test]
    fn without_a_token_only_addresses_and_localhost_are_taken() {
        for (host, is_taken) in [
            ("127.0.0.1:9880", true),
            ("127.0.0.1", true),
            ("[::1]:9880", true),
            ("[::1]", true),
            ("localhost", true),
            ("LocalHost:80", true),
            ("10.1.2.3:9880", true),
            ("evil.example", false),
            ("evil.example:9880", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("127.0.0.1:evil", false),
            ("[::1]evil", false),
            ("[::1", false),
            ("::1", false),
            ("", false),
        ] {
            let verdict = Guard::new(None, false).judge(&headers(&[(header::HOST, host)]), None);
            assert_eq!(verdict.is_ok(), is_taken, "{host}");
            let status = verdict.err().map(|refusal| refusal.status());
            assert_eq!(status.is_some_and(|s| s == 421), !is_taken, "{host}");
        }
        assert!(Guard::new(None, false).judge(&HeaderMap::new(), None).is_err(), "no host at all");
        assert!(Guard::new(None, true).judge(&headers(&[(header::HOST, "a.b")]), None).is_ok());
    }

    #[test]
    fn the_token_is_taken_as_bearer_or_as_the_password_of_anybody() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        for (shown, is_taken) in [
            ("Bearer sesame-sesame-16".to_owned(), true),
            ("bearer  sesame-sesame-16".to_owned(), true),
            (basic("anybody:sesame-sesame-16"), true),
            (basic(":sesame-sesame-16"), true),
            (basic("sesame-sesame-16"), false),
            (basic("sesame-sesame-16:"), false),
            ("Bearer sesame-sesame-1".to_owned(), false),
            ("Bearer sesame-sesame-166".to_owned(), false),
            ("Bearer".to_owned(), false),
            ("Basic !".to_owned(), false),
            ("Digest sesame-sesame-16".to_owned(), false),
            (format!("Bearer {}", "x".repeat(AUTHORIZATION_BYTES_MAX)), false),
        ] {
            let guard = Guard::new(Some(b"sesame-sesame-16"), false);
            let verdict = guard.judge(&headers(&[(header::AUTHORIZATION, &shown)]), None);
            assert_eq!(verdict.is_ok(), is_taken, "{shown}");
        }
        let guard = Guard::new(Some(b"sesame-sesame-16"), true);
        let host = headers(&[(header::HOST, "localhost")]);
        assert!(guard.judge(&host, None).is_err(), "neither TLS nor the address is a token");
    }
}
