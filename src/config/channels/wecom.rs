//! `[wecom]`

use std::path::PathBuf;

use reqwest::Url;
use serde::Deserialize;

use super::super::peers::Secret;
use super::telegram::url;
use super::{Route, RouteKeys};

/// A robot of a group in WeCom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeCom {
    /// The robot's key.
    pub key: Secret,
    /// Ids of the members who are called by a page.
    pub mentioned: Vec<String>,
    /// Address of WeCom's API.
    pub api_url: Url,
    /// What is sent.
    pub route: Route,
}

/// The keys of the section.
#[derive(Debug, Deserialize)]
pub(in crate::config) struct WeComKeys {
    pub(in crate::config) key_file: Option<PathBuf>,
    #[serde(default)]
    pub(in crate::config) mentioned: Vec<String>,
    #[serde(deserialize_with = "url")]
    pub(in crate::config) api_url: Url,
    #[serde(flatten)]
    pub(in crate::config) route: RouteKeys,
}
