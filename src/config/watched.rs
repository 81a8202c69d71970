//! What is watched beside the node: the host's disks, the fleet's addresses, the pool's account.

use std::path::PathBuf;

use reqwest::Url;
use serde::{Deserialize, Deserializer};

use super::peers::Secret;
use super::tree::peers;

/// How the host is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAccess {
    /// Paths on the file systems that are watched; empty: those of nodeos, as far as they are
    /// known, and of our state.
    pub disks: Vec<PathBuf>,
}

/// How a mining pool is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolAccess {
    /// The address, with the account where that belongs to it.
    pub url: Url,
    /// What is posted; `None` asks by GET.
    pub question: Option<PoolQuestion>,
    /// The API's token.
    pub token: Option<Secret>,
}

/// What version 2 of the API is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolQuestion {
    /// For example `bitcoin`.
    pub currency: String,
    /// The account.
    pub account: String,
}

/// How the members of the fleet are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetAccess {
    /// The token each is shown.
    pub token: Option<Secret>,
    /// The certificates, PEM, that theirs are signed by; else the system's are used.
    pub ca: Option<Vec<u8>>,
}

/// `[host]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HostKeys {
    pub(super) watch: bool,
    pub(super) interval_ms: u64,
    #[serde(default)]
    pub(super) disks: Vec<PathBuf>,
    pub(super) cpu_percent: u32,
    pub(super) memory_percent: u32,
    pub(super) swap_percent: u32,
    pub(super) disk_percent: u32,
    pub(super) disk_full_percent: u32,
    pub(super) open_files_percent: u32,
    pub(super) clock_offset_ms: u32,
}

/// `[fleet]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FleetKeys {
    #[serde(default, deserialize_with = "peers")]
    pub(super) urls: Vec<(String, Url)>,
    pub(super) members_file: Option<PathBuf>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) poll_ms: u64,
    pub(super) offline_ms: u64,
    pub(super) forget_after_ms: u64,
}

/// `[pool]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PoolKeys {
    #[serde(default, deserialize_with = "endpoint")]
    pub(super) url: Option<Url>,
    pub(super) account: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) interval_ms: u64,
    pub(super) workers_offline_ms: u64,
    pub(super) forget_ms: u64,
    pub(super) hashrate_floor: Option<u64>,
}

fn endpoint<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Url::parse(&text).map(Some).map_err(serde::de::Error::custom)
}
