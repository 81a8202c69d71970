//! What a member says when it does not say yes: gRPC's codes, with etcd's own sentences.

use super::No;
use crate::actions::lease::wire;
use crate::core::event::ApiFailure;

/// gRPC: a deadline inside etcd passed, as without a quorum.
const DEADLINE_EXCEEDED: u64 = 4;
/// gRPC: not allowed.
const PERMISSION_DENIED: u64 = 7;
/// gRPC: too much at once, or the disk quota is used up.
const RESOURCE_EXHAUSTED: u64 = 8;
/// gRPC: no leader, timed out, starting or ending.
const UNAVAILABLE: u64 = 14;
/// gRPC: the token is not known.
const UNAUTHENTICATED: u64 = 16;

/// An answer with a status other than 200.
pub(super) struct Said<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
    pub(super) user: Option<&'a str>,
}

impl Said<'_> {
    /// What it means for the question.
    pub(super) fn no(&self) -> No {
        let Some((text, code)) = wire::refusal(self.body) else {
            return No::NotHere(self.no_etcd());
        };
        let user = self.user.unwrap_or_default();
        if code == UNAUTHENTICATED || text.contains("revision of auth store is old") {
            return No::Token(ApiFailure::Other(format!("etcd refuses the token: {text}")));
        }
        match code {
            DEADLINE_EXCEEDED | RESOURCE_EXHAUSTED | UNAVAILABLE => {
                No::NotHere(ApiFailure::Other(format!("etcd: {text}")))
            }
            PERMISSION_DENIED => No::Refused(ApiFailure::Other(format!(
                "etcd: {text}: user {user:?} may not use the key; grant its role readwrite on \
                 [lease] prefix"
            ))),
            _ if text.contains("invalid user ID or password") => {
                No::Refused(ApiFailure::Other(format!(
                    "etcd refuses user {user:?}: wrong name or password; correct [lease] user and \
                     password_file"
                )))
            }
            _ if text.contains("user name is empty") => No::Refused(ApiFailure::Other(
                "etcd asks who we are; give [lease] user and password_file".to_owned(),
            )),
            _ if text.contains("authentication is not enabled") => No::Refused(ApiFailure::Other(
                "etcd asks nobody for a password (authentication is not enabled); remove \
                     [lease] user or enable it"
                    .to_owned(),
            )),
            _ => No::Refused(ApiFailure::Other(format!("etcd: {text} (HTTP {})", self.status))),
        }
    }

    fn no_etcd(&self) -> ApiFailure {
        match self.status {
            404 => ApiFailure::Other(
                "no etcd v3 answers there (HTTP 404); give the address for clients of an etcd 3.4 \
                 or later"
                    .to_owned(),
            ),
            status => ApiFailure::HttpStatus(status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_speaks_for_all_and_an_absence_for_one() {
        let cases = [
            (503, "no leader", 14, "not here", "no leader"),
            (503, "request timed out", 14, "not here", "request timed out"),
            (429, "too many requests", 8, "not here", "too many"),
            (403, "permission denied", 7, "refused", "grant its role readwrite"),
            (
                400,
                "authentication failed, invalid user ID or password",
                3,
                "refused",
                "password_file",
            ),
            (400, "user name is empty", 3, "refused", "give [lease] user"),
            (412, "authentication is not enabled", 9, "refused", "remove [lease] user"),
            (401, "invalid auth token", 16, "token", "invalid auth token"),
            (400, "revision of auth store is old", 3, "token", "is old"),
            (400, "key is not provided", 3, "refused", "(HTTP 400)"),
        ];
        for (status, text, code, kind, part) in cases {
            let body = format!("{{\"error\":\"etcdserver: {text}\",\"code\":{code}}}");
            let no = Said { status, body: body.as_bytes(), user: Some("keeper") }.no();
            let got = match &no {
                No::Refused(_) => "refused",
                No::NotHere(_) => "not here",
                No::Token(_) => "token",
            };
            assert_eq!(got, kind, "{text}");
            let failure = no.failure().to_string();
            assert!(failure.contains(part), "{failure}");
        }
        let page = Said { status: 502, body: b"<html>", user: None }.no();
        assert_eq!(page.failure(), ApiFailure::HttpStatus(502));
    }
}
