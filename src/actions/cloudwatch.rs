//! Amazon CloudWatch: what the node is like, minute by minute, and three alarms.
//!
//! A [`publisher`] makes statistics of every judgement and sends them; a [`channel`] puts the
//! alarms into the state an incident asks for, at once, and the metric says the same, so that they
//! stay there; [`setup`] makes, compares and removes the alarms. What is only arithmetic (the
//! [`aggregator`], the [`cost`], which [`alarms`] are wanted) touches no network.
//!
//! The chain, the producer, the node and its role are dimensions of every metric. They come from
//! the configuration alone: a dead nodeos must not change which metric the alarms look at.

pub mod aggregator;
pub mod alarms;
pub mod channel;
pub mod client;
pub mod cost;
pub mod failure;
mod http;
pub mod metric;
pub mod publisher;
pub mod setup;
pub mod standing;

use std::time::Duration;

use reqwest::Url;

use crate::core::name::Name;
use crate::core::settings::Role;

/// Which node reports, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Name of the chain, as people call it.
    pub chain: String,
    /// The producer.
    pub producer: Name,
    /// Name of this node.
    pub node: String,
    /// What it is for.
    pub role: Role,
    /// Namespace of the metrics.
    pub namespace: String,
    /// What the alarms' names begin with.
    pub alarm_prefix: String,
    /// Between two requests; at most a minute, the period of the alarms.
    pub interval: Duration,
    /// How finely a metric is kept.
    pub resolution: Resolution,
    /// Which metrics are sent.
    pub selection: Selection,
    /// So many minutes without a heartbeat are a dead node.
    pub dead_man_minutes: u32,
    /// ARNs that are told when the alarm of pages, or the dead man's, changes.
    pub page_actions: Vec<String>,
    /// ARNs that are told when the alarm of warnings changes.
    pub warn_actions: Vec<String>,
}

/// How AWS is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The region; `None`: what the environment, the profile or the instance says.
    pub region: Option<String>,
    /// The profile in AWS's own files; `None`: the environment's, else `default`.
    pub profile: Option<String>,
    /// Another address than AWS's own.
    pub endpoint: Option<Url>,
}

/// How finely a metric is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// One statistic set a minute, of its seconds.
    Minute,
    /// One value a second; CloudWatch keeps seconds for three hours.
    Second,
}

/// Which metrics are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All there are.
    All,
    /// Those the alarms stand on.
    Alarms,
}

impl Plan {
    /// The dimensions of every metric, by name.
    #[must_use]
    pub fn dimensions(&self) -> [(&'static str, String); 4] {
        [
            ("chain", self.chain.clone()),
            ("producer", self.producer.to_string()),
            ("node", self.node.clone()),
            ("role", self.role.letter().to_string()),
        ]
    }
}
