//! Where messages go: what the channels have in common, and one file for each.

mod address;
pub mod cloudwatch;
pub mod discord;
pub mod email;
pub mod pagerduty;
pub mod script;
pub mod slack;
pub mod telegram;
pub mod webhook;
pub mod wecom;

use serde::Deserialize;

pub use address::SecretUrl;
pub use telegram::Telegram;
pub(super) use telegram::TelegramKeys;
pub use wecom::WeCom;
pub(super) use wecom::WeComKeys;

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
    /// Mail.
    pub email: Option<email::Email>,
    /// Any service that takes JSON.
    pub webhook: Option<webhook::Webhook>,
    /// Slack.
    pub slack: Option<slack::Slack>,
    /// Discord.
    pub discord: Option<discord::Discord>,
    /// PagerDuty.
    pub pagerduty: Option<pagerduty::PagerDuty>,
    /// A program of the operator's.
    pub script: Option<script::Script>,
    /// Amazon CloudWatch.
    pub cloudwatch: Option<cloudwatch::CloudWatch>,
    /// Telegram, and its bot.
    pub telegram: Option<Telegram>,
    /// A robot of a group in WeCom.
    pub wecom: Option<WeCom>,
}

/// The keys of [`Route`], as every channel's section has them.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RouteKeys {
    pub(super) levels: Vec<Severity>,
    pub(super) reports: bool,
}

impl RouteKeys {
    /// The route they say.
    pub(super) fn route(&self) -> Route {
        Route { levels: self.levels.clone(), reports: self.reports }
    }
}
