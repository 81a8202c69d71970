//! `[discord]`: a webhook of a Discord channel.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Route, RouteKeys, SecretUrl};

/// A webhook of a Discord channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discord {
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
