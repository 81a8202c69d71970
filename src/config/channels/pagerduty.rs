//! `[pagerduty]`: the Events API v2 of PagerDuty.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Route, SecretUrl};
use crate::config::peers::Secret;
use crate::core::action::Severity;

/// An integration of a PagerDuty service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagerDuty {
    /// Which incidents it gets; never a report.
    pub route: Route,
    /// The integration's key.
    pub routing_key: Secret,
    /// Where events are posted to.
    pub url: SecretUrl,
}

/// The section's keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Keys {
    pub(in crate::config) routing_key_file: Option<PathBuf>,
    pub(in crate::config) url: String,
    pub(in crate::config) levels: Vec<Severity>,
}
