//! Asks a running keeper for its status.

mod pin;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use reqwest::StatusCode;
use serde_json::Value;

use crate::cli::style::printable;
use crate::config::{Config, STATUS_TOKEN_ENV, Site, StatusAccess, is_node_name};
use crate::nodeos::rpc::install_tls;

/// Largest answer that is read.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Where its status is.
const STATUS: &str = "/api/status";

/// A keeper's address and the means to ask it.
#[derive(Clone, Debug)]
pub(super) struct KeeperClient {
    http: reqwest::Client,
    base: String,
    /// Of its status.
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
        ensure!(is_http, "'{base}' is no address of a keeper; write it like http://127.0.0.1:9880");
        install_tls();
        let builder = reqwest::Client::builder().no_proxy().timeout(deadline);
        // Without https the system's certificates are not asked for: a bare host has none.
        let is_tls = base.starts_with("https:");
        let builder = if is_tls { builder } else { builder.tls_certs_only(Vec::new()) };
        let http = trust(builder).build().context("no HTTP client could be made")?;
        let base = base.trim_end_matches('/').to_owned();
        let url = format!("{base}{STATUS}");
        Ok(Self { http, base, url, token: None })
    }

    /// For the keeper of this host that runs with this configuration: its token is shown, and of its
    /// certificate is asked that it is that very one.
    pub(super) fn of(config: &Config, deadline: Duration) -> anyhow::Result<Self> {
        let StatusAccess { token, tls } = &config.status_access;
        let listen = on_this_host(config.status_listen);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let base = format!("{scheme}://{listen}");
        let base = match &config.section {
            Some(node) => at_node(&base, node)?,
            None => base,
        };
        let client = Self::with(&base, deadline, |builder| match tls {
            Some(tls) => builder.tls_backend_preconfigured(pin::client(&tls.certificate)),
            None => builder,
        })?;
        let token = token.as_ref().and_then(|token| token.text()).map(str::to_owned);
        Ok(Self { token, ..client })
    }

    /// The same for all nodes of a file: it answers [`Self::nodes`] and [`Self::health`].
    pub(super) fn of_all(site: &Site, deadline: Duration) -> anyhow::Result<Self> {
        Self::of(&Config { section: None, ..site.common().clone() }, deadline)
    }

    /// As [`Self::new`], for one node of a keeper of several.
    pub(super) fn of_node(
        base: &str,
        node: Option<&str>,
        deadline: Duration,
    ) -> anyhow::Result<Self> {
        match node {
            None => Self::new(base, deadline),
            Some(node) => Self::new(&at_node(base, node)?, deadline),
        }
    }

    /// For the keeper of this host that listens on `listen`, and asks for nothing.
    pub(super) fn at(listen: SocketAddr, deadline: Duration) -> anyhow::Result<Self> {
        Self::new(&format!("http://{}", on_this_host(listen)), deadline)
    }
}

/// The address of one node of several.
fn at_node(base: &str, node: &str) -> anyhow::Result<String> {
    let base = base.trim_end_matches('/');
    ensure!(is_node_name(node), "'{}' is no name of a node", printable(node));
    Ok(format!("{base}/node/{node}"))
}

/// What is at the bottom of an error, in a few words: the rest names the address once more.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it takes too long".to_owned();
    }
    let mut lowest: &dyn std::error::Error = error;
    while let Some(below) = lowest.source() {
        lowest = below;
    }
    printable(&lowest.to_string())
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
        self.get(STATUS).await
    }

    /// Its nodes in short, as JSON text.
    pub(super) async fn nodes(&self) -> anyhow::Result<String> {
        self.get("/api/nodes").await
    }

    /// Whether the keeper itself works, as JSON text: both answers of `/healthz` are one.
    pub(super) async fn health(&self) -> anyhow::Result<String> {
        self.answer("/healthz", |status| status == StatusCode::SERVICE_UNAVAILABLE).await
    }

    /// What it answers at a path of its API, as JSON text. Errors name the address, and what the
    /// keeper says of the matter.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<String> {
        self.answer(path, |_| false).await
    }

    /// The same; `is_answer` says which code is one beside those of success.
    async fn answer(
        &self,
        path: &str,
        is_answer: impl Fn(StatusCode) -> bool,
    ) -> anyhow::Result<String> {
        let url = &format!("{}{path}", self.base);
        let not_there = |error: reqwest::Error| {
            let why = cause(&error);
            anyhow!(
                "no keeper answers at {url} ({why}); is `eoskeeper run` running, and is the \
                 address right?"
            )
        };
        let mut request = self.http.get(url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let mut answer = request.send().await.map_err(not_there)?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            bail!(
                "{url} asks for a token; use the keeper's own configuration, or give the token in \
                 the environment as {STATUS_TOKEN_ENV}"
            );
        }
        let code = answer.status();
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(not_there)? {
            if bytes.len() + piece.len() > ANSWER_BYTES {
                bail!("{url} answered more than {ANSWER_BYTES} bytes; is it eoskeeper?");
            }
            bytes.extend_from_slice(&piece);
        }
        if !code.is_success() && !is_answer(code) {
            match serde_json::from_slice::<Value>(&bytes).ok() {
                Some(Value::Object(said)) if said.contains_key("error") => {
                    let why =
                        printable(said["error"]["message"].as_str().unwrap_or("no reason given"));
                    let hint = match said["error"]["parameter"] == "node" {
                        true => "; it has several, give --node NAME",
                        false => "",
                    };
                    bail!("{url} answered {code}: {}{hint}", why.trim_end_matches('.'))
                }
                _ => bail!("{url} answered {code}; is it eoskeeper?"),
            }
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
