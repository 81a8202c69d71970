//! The address the keeper answers on: free, or the keeper of this configuration answers there.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;

use crate::cli::check::row::Row;
use crate::cli::keeper_client::KeeperClient;
use crate::config::{Config, StatusAccess};

/// A keeper on this host answers in milliseconds.
const DEADLINE: Duration = Duration::from_secs(5);

/// What can be said without trying it.
pub(super) fn exposed(config: &Config) -> Option<Row> {
    let listen = config.status_listen;
    let StatusAccess { token, tls } = &config.status_access;
    if config.is_loopback() {
        return None;
    }
    match (token, tls) {
        (Some(_), Some(_)) => None,
        (None, _) => Some(Row::warn(
            "listen",
            format!("{listen} is not a loopback address: whoever reaches it reads the status"),
            "give [status] token_file, unless everybody may read it",
        )),
        (Some(_), None) => Some(Row::warn(
            "listen",
            format!("{listen} speaks plain HTTP: whoever listens on the way reads the token"),
            "give [status] tls_cert and tls_key, or keep it within a network of your own",
        )),
    }
}

/// Tries the address.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let what = "status";
    let listen = config.status_listen;
    let row = match TcpListener::bind(listen).await {
        Ok(_) => Row::ok(what, format!("{listen} is free; no keeper runs with this file")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => match keeper_of(config).await {
            Some(keeper) if keeper.is_of(config) => {
                Row::ok(what, format!("this keeper answers at {listen} ({keeper})"))
            }
            Some(keeper) => Row::fail(
                what,
                format!("another keeper answers at {listen} ({keeper})"),
                "give [status] listen another port: each keeper has its own",
            ),
            None => Row::fail(
                what,
                format!("{listen} is in use, and not by a keeper"),
                "give [status] listen another port",
            ),
        },
        Err(error) => {
            let next = "give [status] listen an address of this host";
            Row::fail(what, format!("{listen}: {error}"), next)
        }
    };
    vec![row]
}

/// Who answers at an address.
struct Keeper {
    version: String,
    role: String,
    producer: String,
}

impl Keeper {
    /// Whether it can be the one that runs with this configuration.
    fn is_of(&self, config: &Config) -> bool {
        let settings = &config.settings;
        self.role.chars().eq([settings.role.letter()])
            && self.producer == settings.producer.as_str()
    }
}

impl fmt::Display for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {}, role {} of {}", self.version, self.role, self.producer)
    }
}

/// The keeper that answers there, if one does.
async fn keeper_of(config: &Config) -> Option<Keeper> {
    let answer = KeeperClient::of(config, DEADLINE).ok()?.status().await.ok()?;
    let status: Value = serde_json::from_str(&answer).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Keeper {
        version: text(&status["eoskeeper"])?,
        role: text(&status["role"])?,
        producer: text(&status["producer"]["name"])?,
    })
}
