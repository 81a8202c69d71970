//! `[webhook]`: any service that takes JSON.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Route, RouteKeys, SecretUrl};
use crate::config::peers::Secret;

/// A service that takes JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Which messages it gets.
    pub route: Route,
    /// Where they are posted to.
    pub url: SecretUrl,
    /// What they are signed with.
    pub secret: Option<Secret>,
}

/// The section's keys.
#[derive(Debug, Deserialize)]
pub(in crate::config) struct Keys {
    pub(in crate::config) url: Option<String>,
    pub(in crate::config) url_file: Option<PathBuf>,
    pub(in crate::config) secret_file: Option<PathBuf>,
    #[serde(flatten)]
    pub(in crate::config) route: RouteKeys,
}
