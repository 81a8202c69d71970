//! Where messages go: what the channels have in common, and one file for each.

pub mod cloudwatch;

use serde::Deserialize;

use crate::core::action::Severity;

/// Which messages a channel gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Severities of the incidents it is told of.
    pub levels: Vec<Severity>,
    /// Whether it gets the report of every few hours.
    pub reports: bool,
}

/// The channels that are configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    /// Amazon CloudWatch.
    pub cloudwatch: Option<cloudwatch::CloudWatch>,
}

/// The keys of [`Route`], as every channel's section has them.
#[derive(Clone, Debug, Deserialize)]
#[allow(dead_code, reason = "the channels come")]
pub(super) struct RouteKeys {
    pub(super) levels: Vec<Severity>,
    pub(super) reports: bool,
}

#[allow(dead_code, reason = "the channels come")]
impl RouteKeys {
    /// The route they say.
    pub(super) fn route(&self) -> Route {
        Route { levels: self.levels.clone(), reports: self.reports }
    }
}
