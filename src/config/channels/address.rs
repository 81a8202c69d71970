//! Addresses that are secrets themselves: whoever knows a webhook's may write to it.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

/// The address of a service, with a path and perhaps a query that nobody else may know.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(Url);

impl SecretUrl {
    /// Reads one: `https`, or `http`, with a host and without a user, password or `#` part.
    ///
    /// # Errors
    /// What is wrong with it, in words that do not hold it.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "is no address")?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err("begins neither with https:// nor with http://");
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("has a user, a password or a '#' part");
        }
        Ok(Self(url))
    }

    /// All of it, for the client alone.
    #[must_use]
    pub fn expose(&self) -> &Url {
        &self.0
    }

    /// Scheme, host and port: what may be shown.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether nobody on the way can read or change what is sent: `https`, or this very host.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.0.scheme() == "https" || self.0.host_str().is_some_and(is_loopback)
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({}/…)", self.origin())
    }
}

/// Whether a host as it is written in an address is this one.
pub(in crate::config) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse().is_ok_and(|ip: IpAddr| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_its_origin_and_no_more() {
        let url = SecretUrl::new("https://hooks.example:8443/T0/B0/token?x=y").unwrap();
        assert_eq!(format!("{url:?}"), "SecretUrl(https://hooks.example:8443/…)");
        assert_eq!(url.expose().path(), "/T0/B0/token");
    }

    #[test]
    fn takes_addresses_of_services_only() {
        for (text, safe) in [
            ("https://a.example/x", true),
            ("http://127.0.0.1:80/x", true),
            ("http://[::1]/x", true),
            ("http://localhost/x", true),
            ("http://a.example/x", false),
        ] {
            assert_eq!(SecretUrl::new(text).map(|url| url.is_safe()), Ok(safe), "{text}");
        }
        for text in ["", "token", "ftp://a/x", "https://u:p@a/x", "https://a/x#y", "mailto:a@b"] {
            let why = SecretUrl::new(text).unwrap_err();
            assert!(text.is_empty() || !why.contains(text), "{why}");
        }
    }
}
