//! Where CloudWatch is, and what it is told.

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;

use super::Route;

/// `[cloudwatch]`, where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudWatch {
    /// Which incidents set an alarm; it gets no reports.
    pub route: Route,
    /// Name of the chain, a dimension of every metric.
    pub chain: String,
    /// Namespace of the metrics (default: `eoskeeper`).
    pub namespace: String,
    /// The region; `None`: what the environment, the profile or the instance says.
    pub region: Option<String>,
    /// The profile in AWS's own files; `None`: the environment's, else `default`.
    pub profile: Option<String>,
    /// Another address than AWS's own.
    pub endpoint: Option<Url>,
    /// Between two requests, 1 to 60 s.
    pub interval: Duration,
    /// How finely metrics are kept.
    pub resolution: Resolution,
    /// Which metrics are sent.
    pub metrics: Metrics,
    /// What the alarms' names begin with (default: `eoskeeper`).
    pub alarm_prefix: String,
    /// So many minutes without a heartbeat are a dead node.
    pub dead_man_minutes: u32,
    /// ARNs that are told of pages, and of a dead node.
    pub page_actions: Vec<String>,
    /// ARNs that are told of warnings.
    pub warn_actions: Vec<String>,
}

/// `resolution`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Resolution {
    /// Statistics of each minute.
    #[serde(rename = "60")]
    Minute,
    /// A value a second.
    #[serde(rename = "1")]
    Second,
}

/// `metrics`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metrics {
    /// All there are.
    All,
    /// Those the alarms stand on.
    Alarms,
}
