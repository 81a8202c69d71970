//! The typed tree: what the sections hold once every value has been read.

use std::net::SocketAddr;
use std::path::PathBuf;

use reqwest::Url;
use serde::{Deserialize, Deserializer};

use super::channels::{TelegramKeys, WeComKeys};
use super::channels::{cloudwatch, discord, email, pagerduty, script, slack, webhook};
use super::kind::base_url;
use super::own_log::OwnLog;
use super::watched::{FleetKeys, HostKeys, PoolKeys};
use crate::core::action::Severity;
use crate::core::alarm::hours::Window;
use crate::core::alarm::language::Language;
use crate::core::name::Name;
use crate::core::settings::{OnLeaseOutage, Role, Rules};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tree {
    pub(super) global: Global,
    pub(super) rules: Rules,
    pub(super) promotion: PromotionKeys,
    pub(super) lease: LeaseKeys,
    pub(super) references: ReferencesKeys,
    pub(super) peers: PeersKeys,
    pub(super) host: HostKeys,
    pub(super) fleet: FleetKeys,
    pub(super) pool: PoolKeys,
    pub(super) alarm: AlarmKeys,
    pub(super) cloudwatch: CloudWatchKeys,
    pub(super) telegram: TelegramKeys,
    pub(super) wecom: WeComKeys,
    pub(super) email: email::Keys,
    pub(super) webhook: webhook::Keys,
    pub(super) slack: slack::Keys,
    pub(super) discord: discord::Keys,
    pub(super) pagerduty: pagerduty::Keys,
    pub(super) script: script::Keys,
    pub(super) report: ReportKeys,
    pub(super) status: Status,
    pub(super) state: State,
    pub(super) log: OwnLog,
}

/// `[global]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Global {
    pub(super) role: Option<Role>,
    pub(super) producer_name: Option<Name>,
    pub(super) node_name: Option<String>,
    pub(super) http_port: Option<u16>,
    #[serde(deserialize_with = "url")]
    pub(super) http_url: Option<Url>,
    pub(super) is_docker: bool,
    pub(super) log_file: Option<PathBuf>,
    pub(super) log_source: Option<String>,
    pub(super) c_name: Option<String>,
    pub(super) docker_host: Option<String>,
    pub(super) watch_process: Option<bool>,
    pub(super) unit: Option<String>,
}

/// `[promotion]`; what is absent has the default of the role.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PromotionKeys {
    pub(super) promote: Option<String>,
    pub(super) demote: Option<String>,
    pub(super) promote_remote: Option<String>,
    pub(super) key_script: Option<String>,
    pub(super) producer_key: Option<String>,
    pub(super) fence: Option<String>,
    pub(super) restart: Option<String>,
    pub(super) restart_wait_ms: Option<u64>,
    pub(super) require_fence: Option<bool>,
    pub(super) remind_ms: Option<u64>,
    pub(super) wait_rounds: Option<u32>,
    pub(super) wait_ms: Option<u64>,
    pub(super) dry_run: Option<bool>,
    pub(super) verify_rounds: Option<u32>,
    pub(super) confirm_ticks: Option<u32>,
    pub(super) max_promotions: Option<u32>,
    pub(super) budget_window_ms: Option<u64>,
    pub(super) act_timeout_ms: Option<u64>,
}

/// `[lease]`; what is absent has the default of [`crate::core::settings::Lease`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaseKeys {
    #[serde(default, deserialize_with = "urls")]
    pub(super) endpoints: Vec<Url>,
    pub(super) ttl_ms: Option<u64>,
    pub(super) renew_ms: Option<u64>,
    pub(super) timeout_ms: Option<u64>,
    pub(super) on_lease_outage: OnLeaseOutage,
    pub(super) lapsed_slots: Option<u32>,
    pub(super) prefix: String,
    pub(super) user: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
}

/// `[references]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReferencesKeys {
    #[serde(deserialize_with = "urls")]
    pub(super) urls: Vec<Url>,
    pub(super) min_agree: Option<u32>,
}

/// `[peers]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeersKeys {
    pub(super) listen: Option<SocketAddr>,
    #[serde(default, deserialize_with = "peers")]
    pub(super) nodes: Vec<(String, Url)>,
    pub(super) secret_file: Option<PathBuf>,
    pub(super) timeout_ms: u64,
}

/// `[alarm]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlarmKeys {
    pub(super) escalate_minutes: Vec<u64>,
    #[serde(default)]
    pub(super) ignore_hours: Vec<Window>,
    pub(super) time_zone: String,
    pub(super) language: Language,
    pub(super) resolve_after_ms: u64,
    pub(super) group_wait_ms: u64,
    pub(super) expire_ms: u64,
}

/// `[report]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportKeys {
    pub(super) every_hours: u32,
    /// Minutes of the day.
    #[serde(default)]
    pub(super) at: Vec<u32>,
}

/// `[cloudwatch]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CloudWatchKeys {
    pub(super) chain: Option<String>,
    pub(super) region: Option<String>,
    pub(super) profile: Option<String>,
    #[serde(default, deserialize_with = "url")]
    pub(super) endpoint_url: Option<Url>,
    pub(super) namespace: String,
    pub(super) metrics: cloudwatch::Metrics,
    pub(super) interval_ms: u64,
    pub(super) resolution: cloudwatch::Resolution,
    pub(super) alarm_prefix: String,
    pub(super) dead_man_minutes: u32,
    #[serde(default)]
    pub(super) page_actions: Vec<String>,
    #[serde(default)]
    pub(super) warn_actions: Vec<String>,
    pub(super) levels: Vec<Severity>,
}

/// `[status]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Status {
    pub(super) listen: SocketAddr,
    pub(super) token_file: Option<PathBuf>,
    pub(super) tls_cert: Option<PathBuf>,
    pub(super) tls_key: Option<PathBuf>,
}

/// `[state]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) dir: PathBuf,
}

fn urls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Url>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read = |text: &String| base_url(text).ok_or_else(|| serde::de::Error::custom("no address"));
    texts.iter().map(read).collect()
}

pub(super) fn peers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, Url)>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read = |text: &String| {
        let peer = text.split_once('=').and_then(|(name, url)| Some((name, base_url(url)?)));
        let (name, url) = peer.ok_or_else(|| serde::de::Error::custom("no peer"))?;
        Ok((name.to_owned(), url))
    };
    texts.iter().map(read).collect()
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    base_url(&text).map(Some).ok_or_else(|| serde::de::Error::custom("no base address"))
}
