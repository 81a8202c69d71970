//! The questions CloudWatch is asked, each with a deadline and a failure with a name.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricAlarm, MetricDatum, StateValue, StatisticSet};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::aggregator::{Datum, Statistic};
use super::alarms::{PERIOD_SECONDS, Wanted};
use super::failure::{Failure, Kind};
use super::metric::Metric;
use super::{Access, Plan, Resolution, http};

/// Deadline of one question with all of its tries, and of finding region and credentials: less
/// than what the outbox gives a delivery.
const DEADLINE: Duration = Duration::from_secs(20);
/// Of one try.
const ATTEMPT: Duration = Duration::from_secs(8);
/// Tries of one question; the next ones are the outbox's or the publisher's.
const TRIES: u32 = 2;
/// Pages of alarms that are read; a page has at most a hundred.
const PAGES_MAX: usize = 10;

/// What CloudWatch cuts a reason to, characters.
pub const REASON_CHARS_MAX: usize = 1_023;
/// Most characters of a reason's JSON.
pub const REASON_DATA_CHARS_MAX: usize = 4_000;

/// CloudWatch, reached at the first question.
#[derive(Debug)]
pub struct Client {
    access: Access,
    http: SharedHttpClient,
    sdk: OnceCell<aws_sdk_cloudwatch::Client>,
}

impl Client {
    /// A client; nothing is connected and nothing looked up yet.
    ///
    /// # Errors
    /// [`Kind::Setup`] when TLS cannot be set up on this host.
    pub fn new(access: Access) -> Result<Self, Failure> {
        let http = http::client().map_err(|why| Failure::new(Kind::Setup, &why))?;
        Ok(Self { access, http, sdk: OnceCell::new() })
    }

    /// Sends data; one request, which the SDK compresses.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn put(&self, plan: &Plan, data: Vec<MetricDatum>) -> Result<(), Failure> {
        let request = async |sdk: &aws_sdk_cloudwatch::Client| {
            let put = sdk.put_metric_data().namespace(&plan.namespace).set_metric_data(Some(data));
            put.send().await.map(drop)
        };
        self.ask(request).await
    }

    /// Puts an alarm into a state. The reason is cut to what CloudWatch takes; `data` is JSON of at
    /// most [`REASON_DATA_CHARS_MAX`].
    ///
    /// # Errors
    /// [`Failure`]; [`Kind::NotFound`] where there is no such alarm.
    pub async fn set_state(
        &self,
        alarm: &str,
        state: StateValue,
        reason: &str,
        data: &str,
    ) -> Result<(), Failure> {
        let reason: String = reason.chars().take(REASON_CHARS_MAX).collect();
        let request = async |sdk: &aws_sdk_cloudwatch::Client| {
            let set = sdk.set_alarm_state().alarm_name(alarm).state_value(state);
            set.state_reason(reason).state_reason_data(data).send().await.map(drop)
        };
        self.ask(request).await
    }

    /// The alarms whose names begin so, by name.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn alarms(&self, prefix: &str) -> Result<Vec<MetricAlarm>, Failure> {
        let request = async |sdk: &aws_sdk_cloudwatch::Client| {
            let mut found = Vec::new();
            let mut token = None;
            for _ in 0..PAGES_MAX {
                let page = sdk.describe_alarms().alarm_name_prefix(prefix).set_next_token(token);
                let page = page.send().await?;
                found.extend(page.metric_alarms.unwrap_or_default());
                token = page.next_token;
                if token.is_none() {
                    break;
                }
            }
            Ok(found)
        };
        let mut found = self.ask(request).await?;
        found.sort_by(|a, b| a.alarm_name().cmp(&b.alarm_name()));
        Ok(found)
    }

    /// Makes an alarm, or changes it to be so.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn make(&self, alarm: &Wanted) -> Result<(), Failure> {
        let request = async |sdk: &aws_sdk_cloudwatch::Client| {
            sdk.put_metric_alarm()
                .alarm_name(&alarm.name)
                .alarm_description(&alarm.description)
                .namespace(&alarm.namespace)
                .metric_name(alarm.metric.name())
                .set_dimensions(Some(alarm.dimensions.iter().map(dimension).collect()))
                .statistic(alarm.statistic.clone())
                .comparison_operator(alarm.comparison.clone())
                .threshold(alarm.threshold)
                .period(PERIOD_SECONDS)
                .evaluation_periods(alarm.minutes)
                .datapoints_to_alarm(alarm.minutes)
                .treat_missing_data(alarm.missing)
                .actions_enabled(true)
                .set_alarm_actions(Some(alarm.actions.clone()))
                .set_ok_actions(Some(alarm.actions.clone()))
                .send()
                .await
                .map(drop)
        };
        self.ask(request).await
    }

    /// Removes alarms.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn remove(&self, names: Vec<String>) -> Result<(), Failure> {
        let request = async |sdk: &aws_sdk_cloudwatch::Client| {
            sdk.delete_alarms().set_alarm_names(Some(names)).send().await.map(drop)
        };
        self.ask(request).await
    }

    /// The region that is asked.
    ///
    /// # Errors
    /// [`Failure`], where nothing says which.
    pub async fn region(&self) -> Result<String, Failure> {
        let sdk = timeout(DEADLINE, self.sdk()).await.map_err(|_| too_late())??;
        Ok(sdk.config().region().map(ToString::to_string).unwrap_or_default())
    }

    async fn ask<T, E>(
        &self,
        request: impl AsyncFnOnce(&aws_sdk_cloudwatch::Client) -> Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let asked = async {
            let sdk = self.sdk().await?;
            request(sdk).await.map_err(|error| Failure::of(&error))
        };
        let asked = timeout(DEADLINE, asked).await.unwrap_or_else(|_| Err(too_late()));
        asked.map_err(|mut failure| {
            if let (Kind::NoCredentials, Some(profile)) = (failure.kind, &self.access.profile) {
                failure.what.push_str(&format!(" (profile {profile})"));
            }
            failure
        })
    }

    /// The SDK, set up. A region that is not found is looked for again the next time: the
    /// instance's metadata service may not have been there yet.
    async fn sdk(&self) -> Result<&aws_sdk_cloudwatch::Client, Failure> {
        let set_up = async || {
            let timeouts = TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT)
                .operation_timeout(DEADLINE)
                .build();
            let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
                .http_client(self.http.clone())
                .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
                // Our own deadlines bound what it would.
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                .timeout_config(timeouts);
            if let Some(region) = &self.access.region {
                loader = loader.region(Region::new(region.clone()));
            }
            if let Some(profile) = &self.access.profile {
                loader = loader.profile_name(profile);
            }
            if let Some(endpoint) = &self.access.endpoint {
                loader = loader.endpoint_url(endpoint.as_str().trim_end_matches('/'));
            }
            let config = loader.load().await;
            if config.region().is_none() {
                return Err(Failure::new(Kind::NoRegion, "nothing says which AWS region is meant"));
            }
            Ok(aws_sdk_cloudwatch::Client::new(&config))
        };
        self.sdk.get_or_try_init(set_up).await
    }
}

/// A datum as the SDK takes it; without a time, CloudWatch takes its own.
#[must_use]
pub fn metric_datum(
    plan: &Plan,
    metric: Metric,
    resolution: Resolution,
    at: Option<i64>,
    statistic: Statistic,
) -> MetricDatum {
    let datum = MetricDatum::builder()
        .metric_name(metric.name())
        .set_dimensions(Some(plan.dimensions().iter().map(dimension).collect()))
        .set_timestamp(at.map(DateTime::from_millis))
        .unit(metric.unit())
        .storage_resolution(match resolution {
            Resolution::Minute => 60,
            Resolution::Second => 1,
        });
    if statistic.count == 1 {
        return datum.value(statistic.sum).build();
    }
    let set = StatisticSet::builder()
        .sample_count(f64::from(statistic.count))
        .sum(statistic.sum)
        .minimum(statistic.min)
        .maximum(statistic.max)
        .build();
    datum.statistic_values(set).build()
}

/// The same of a [`Datum`].
pub(super) fn of_datum(plan: &Plan, datum: &Datum) -> MetricDatum {
    let Datum { metric, at, resolution, statistic } = *datum;
    metric_datum(plan, metric, resolution, Some(at.ms()), statistic)
}

fn dimension((name, value): &(&'static str, String)) -> Dimension {
    Dimension::builder().name(*name).value(value).build()
}

fn too_late() -> Failure {
    Failure::new(Kind::TooLate, "no answer within the deadline")
}
