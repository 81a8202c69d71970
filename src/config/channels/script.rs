//! `[script]`: a program of the operator's that tells people.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Route, RouteKeys};

/// A program that is given each message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Which messages it gets.
    pub route: Route,
    /// The program, by its absolute path.
    pub path: PathBuf,
}

/// The section's keys.
#[derive(Debug, Deserialize)]
pub(in crate::config) struct Keys {
    pub(in crate::config) path: Option<String>,
    #[serde(flatten)]
    pub(in crate::config) route: RouteKeys,
}
