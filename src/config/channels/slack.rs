//! `[slack]`: an incoming webhook of Slack.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Route, RouteKeys, SecretUrl};

/// An incoming webhook of Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slack {
    /// Which messages it gets.
    pub route: Route,
    /// The webhook's address, which is its only secret.
    pub url: SecretUrl,
}

/// The section's keys.
#[derive(Debug, Deserialize)]
pub(in crate::config) struct Keys {
    pub(in crate::config) url_file: Option<PathBuf>,
    #[serde(flatten)]
    pub(in crate::config) route: RouteKeys,
}
