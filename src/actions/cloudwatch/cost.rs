//! What a month of CloudWatch costs, from what is configured.

use super::metric::Metric;
use super::{Plan, Resolution};

/// Where the prices hold.
pub const PRICES_OF: &str = "list prices of us-east-1 as of 2025, without the free tier";

/// A custom metric for a month, in millionths of a dollar (first 10,000 of an account).
pub const METRIC: u64 = 300_000;
/// A thousand API requests, in millionths of a dollar.
pub const THOUSAND_REQUESTS: u64 = 10_000;
/// An alarm of standard resolution for a month, in millionths of a dollar.
pub const ALARM: u64 = 100_000;
/// Hours of a month, as AWS counts.
const MONTH_HOURS: u64 = 730;

/// What a month costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cost {
    /// Metrics that are sent.
    pub metrics: u64,
    /// Alarms that are kept.
    pub alarms: u64,
    /// Requests in a month, without the few that incidents cause.
    pub requests: u64,
    /// All of it, in hundredths of a dollar, rounded up.
    pub cents: u64,
}

impl Cost {
    /// Of one node.
    #[must_use]
    pub fn of(plan: &Plan, alarms: usize) -> Self {
        let is_sent = |metric: &&Metric| metric.is_in(plan.selection);
        let metrics = Metric::ALL.iter().filter(is_sent).count() as u64;
        let fine = Metric::ALL.iter().filter(is_sent).filter(|metric| !metric.has_alarm()).count();
        let interval_ms = u64::try_from(plan.interval.as_millis()).unwrap_or(u64::MAX).max(1);
        let data = match plan.resolution {
            Resolution::Minute => metrics,
            Resolution::Second => metrics + fine as u64 * interval_ms.div_ceil(1_000),
        };
        let each_time = data.div_ceil(super::aggregator::DATA_MAX as u64).max(1);
        let requests = MONTH_HOURS * 3_600_000 * each_time / interval_ms;
        let alarms = alarms as u64;
        let micros = metrics * METRIC + alarms * ALARM + requests * THOUSAND_REQUESTS / 1_000;
        Self { metrics, alarms, requests, cents: micros.div_ceil(10_000) }
    }

    /// In words: `about $5.54 a month: …`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { metrics, alarms, requests, cents } = self;
        format!(
            "about ${}.{:02} a month: {metrics} metrics, {alarms} alarms, {requests} requests \
             ({PRICES_OF})",
            cents / 100,
            cents % 100
        )
    }
}
