//! Asks a running keeper for its status.

mod pin;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::config::{Config, STATUS_TOKEN_ENV, Site, StatusAccess};
use crate::nodeos::rpc::install_tls;

/// Largest answer that is read.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// A keeper's address and the means to ask it.
#[derive(Clone, Debug)]
pub(super) struct KeeperClient {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl KeeperClient {
    /// For the keeper at `base`, for example `http://127.0.0.1:9880`. `deadline` bounds a question;
    /// a keeper answers from memory. An error when `base` is no address of HTTP.
    ///
    /// A token in the environment is shown.
    pub(super) fn new(base: &str, deadline: Duration) -> anyhow::Result<Self> {
        let client = Self::with(base, deadline, |builder| builder)?;
        let token = std::env::var(STATUS_TOKEN_ENV).ok().map(|token| token.trim().to_owned());
        Ok(Self { token: token.filter(|token| !token.is_empty()), ..client })
    }

    fn with(
        base: &str,
        deadline: Duration,
        trust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> anyhow::Result<Self> {
        let is_http = reqwest::Url::parse(base)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        ensure!(is_http, "'{base}' is no address of a keeper, such as http://127.0.0.1:9880");
        install_tls();
        let builder = reqwest::Client::builder().no_proxy().timeout(deadline);
        // Without https the system's certificates are not asked for: a bare host has none.
        let is_tls = base.starts_with("https:");
        let builder = if is_tls { builder } else { builder.tls_certs_only(Vec::new()) };
        let http = trust(builder).build().context("no HTTP client could be made")?;
        let url = format!("{}/api/status", base.trim_end_matches('/'));
        Ok(Self { http, url, token: None })
    }

    /// For the keeper of this host that runs with this configuration: its token is shown, and of its
    /// certificate is asked that it is that very one.
    pub(super) fn of(config: &Config, deadline: Duration) -> anyhow::Result<Self> {
        let StatusAccess { token, tls } = &config.status_access;
        let listen = on_this_host(config.status_listen);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let node = config.section.as_deref().map(|name| format!("/node/{name}"));
        let base = format!("{scheme}://{listen}{}", node.unwrap_or_default());
        let client = Self::with(&base, deadline, |builder| match tls {
            Some(tls) => builder.tls_backend_preconfigured(pin::client(&tls.certificate)),
            None => builder,
        })?;
        let token = token.as_ref().and_then(|token| token.text()).map(str::to_owned);
        Ok(Self { token, ..client })
    }

    /// The same for all nodes of a file: [`Self::status`] is then the list of them.
    pub(super) fn of_all(site: &Site, deadline: Duration) -> anyhow::Result<Self> {
        let common = Config { section: None, ..site.common().clone() };
        let client = Self::of(&common, deadline)?;
        let base = client.url.trim_end_matches("/api/status").to_owned();
        Ok(Self { url: format!("{base}/api/nodes"), ..client })
    }

    /// For the keeper of this host that listens on `listen`, and asks for nothing.
    pub(super) fn at(listen: SocketAddr, deadline: Duration) -> anyhow::Result<Self> {
        Self::new(&format!("http://{}", on_this_host(listen)), deadline)
    }
}

/// 0.0.0.0 and [::] are heard on loopback as well.
fn on_this_host(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}

impl KeeperClient {
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
        let mut request = self.http.get(url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let mut answer = request.send().await.with_context(not_there)?;
        if answer.status() == reqwest::StatusCode::UNAUTHORIZED {
            bail!(
                "{url} asks for a token; use the keeper's own configuration, or give the token in \
                 the environment as {STATUS_TOKEN_ENV}"
            );
        }
        if answer.status() == reqwest::StatusCode::BAD_REQUEST {
            bail!("{url} is of a keeper of several nodes; name one with --node NAME");
        }
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
