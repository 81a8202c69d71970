//! Asks a running keeper for its status.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::nodeos::rpc::install_tls;

/// Largest answer that is read.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// A keeper's address and the means to ask it.
#[derive(Clone, Debug)]
pub(super) struct KeeperClient {
    http: reqwest::Client,
    url: String,
}

impl KeeperClient {
    /// For the keeper at `base`, for example `http://127.0.0.1:9880`. `deadline` bounds a question;
    /// a keeper answers from memory. An error when `base` is no address of HTTP.
    pub(super) fn new(base: &str, deadline: Duration) -> anyhow::Result<Self> {
        let is_http = reqwest::Url::parse(base)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        ensure!(is_http, "'{base}' is no address of a keeper, such as http://127.0.0.1:9880");
        install_tls();
        let builder = reqwest::Client::builder().no_proxy().timeout(deadline);
        // Without https the system's certificates are not asked for: a bare host has none.
        let is_tls = base.starts_with("https:");
        let builder = if is_tls { builder } else { builder.tls_certs_only(Vec::new()) };
        let http = builder.build().context("no HTTP client could be made")?;
        Ok(Self { http, url: format!("{}/api/status", base.trim_end_matches('/')) })
    }

    /// For the keeper of this host that listens on `listen`.
    pub(super) fn at(mut listen: SocketAddr, deadline: Duration) -> anyhow::Result<Self> {
        if listen.ip().is_unspecified() {
            // 0.0.0.0 and [::] are heard on loopback as well.
            listen.set_ip(match listen {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        Self::new(&format!("http://{listen}"), deadline)
    }

    /// The address that is asked.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The status as JSON text.
    pub(super) async fn status(&self) -> anyhow::Result<String> {
        let url = &self.url;
        let not_there = || {
            format!(
                "no keeper answers at {url}; is `eoskeeper run` running, and is the address right?"
            )
        };
        let mut answer = self.http.get(url).send().await.with_context(not_there)?;
        if !answer.status().is_success() {
            bail!("{url} answered {}; is it eoskeeper?", answer.status());
        }
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.with_context(not_there)? {
            if bytes.len() + piece.len() > ANSWER_BYTES {
                bail!("{url} answered more than {ANSWER_BYTES} bytes; is it eoskeeper?");
            }
            bytes.extend_from_slice(&piece);
        }
        String::from_utf8(bytes).with_context(|| format!("{url} did not answer text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_http_are_taken() {
        for (base, is_taken) in [
            ("http://127.0.0.1:9880", true),
            ("https://[::1]:9880/", true),
            ("", false),
            ("127.0.0.1:9880", false),
            ("localhost:9880", false),
            ("ftp://host", false),
            ("not a url", false),
        ] {
            let client = KeeperClient::new(base, Duration::from_secs(1));
            assert_eq!(client.is_ok(), is_taken, "{base}");
        }
    }
}
