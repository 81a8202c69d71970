//! Which alarms there should be, and how one that is there differs. Pure.

use aws_sdk_cloudwatch::types::{ComparisonOperator, MetricAlarm, Statistic};

use super::Plan;
use super::metric::Metric;
use super::standing::Level;

/// What the description of every alarm of ours begins with: only those are changed or removed.
pub const MARK: &str = "Made by eoskeeper.";
/// Period of the alarms, seconds: the least of standard resolution.
pub const PERIOD_SECONDS: i32 = 60;

/// An alarm as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// What it means, for whoever reads it in AWS's console or an e-mail of it.
    pub description: String,
    /// Namespace of the metric.
    pub namespace: String,
    /// The metric.
    pub metric: Metric,
    /// Its dimensions.
    pub dimensions: Vec<(&'static str, String)>,
    /// What of a minute is looked at.
    pub statistic: Statistic,
    /// How it is compared.
    pub comparison: ComparisonOperator,
    /// With what.
    pub threshold: f64,
    /// Minutes in a row.
    pub minutes: i32,
    /// What a minute without data means.
    pub missing: &'static str,
    /// ARNs that are told of ALARM and of OK.
    pub actions: Vec<String>,
}

/// The three alarms of a node.
#[must_use]
pub fn wanted(plan: &Plan) -> Vec<Wanted> {
    let incidents = |level: Level, metric, meaning: &str, actions: &[String]| Wanted {
        name: name(plan, level),
        description: format!("{MARK} {} on {}: {meaning}", whose(plan), plan.node),
        namespace: plan.namespace.clone(),
        metric,
        dimensions: plan.dimensions().to_vec(),
        statistic: Statistic::Maximum,
        comparison: ComparisonOperator::GreaterThanThreshold,
        threshold: 0.0,
        minutes: 1,
        // A minute that did not come yet must not end an incident.
        missing: "ignore",
        actions: actions.to_vec(),
    };
    let page = "an incident that costs blocks, or soon will, stands. See `eoskeeper status --why`.";
    let warn = "an incident that somebody should look at today stands. See `eoskeeper status`.";
    vec![
        incidents(Level::Page, Metric::IncidentsPage, page, &plan.page_actions),
        incidents(Level::Warn, Metric::IncidentsWarn, warn, &plan.warn_actions),
        dead_man(plan),
    ]
}

fn dead_man(plan: &Plan) -> Wanted {
    let minutes = plan.dead_man_minutes;
    let description = format!(
        "{MARK} {} on {}: no heartbeat for {minutes} minutes. The host, its network or eoskeeper \
         is dead; whether nodeos signs is not known. Look at the host.",
        whose(plan),
        plan.node
    );
    Wanted {
        name: dead_man_name(plan),
        description,
        namespace: plan.namespace.clone(),
        metric: Metric::Heartbeat,
        dimensions: plan.dimensions().to_vec(),
        statistic: Statistic::Sum,
        comparison: ComparisonOperator::LessThanThreshold,
        threshold: 1.0,
        minutes: i32::try_from(minutes).unwrap_or(i32::MAX),
        missing: "breaching",
        actions: plan.page_actions.clone(),
    }
}

fn whose(plan: &Plan) -> String {
    format!("{} of {}", plan.producer, plan.chain)
}

/// What the names of this node's alarms begin with.
#[must_use]
pub fn name_prefix(plan: &Plan) -> String {
    let Plan { alarm_prefix, chain, producer, node, .. } = plan;
    format!("{alarm_prefix}/{chain}/{producer}/{node}/")
}

/// Name of the alarm of a severity.
#[must_use]
pub fn name(plan: &Plan, level: Level) -> String {
    name_prefix(plan) + level.as_str()
}

/// Name of the dead man's alarm.
#[must_use]
pub fn dead_man_name(plan: &Plan) -> String {
    name_prefix(plan) + "dead-man"
}

/// Whether eoskeeper made it.
#[must_use]
pub fn is_ours(alarm: &MetricAlarm) -> bool {
    alarm.alarm_description().is_some_and(|text| text.starts_with(MARK))
}

/// What of an alarm differs from what it should be, by the names of AWS's fields. Whether its
/// actions are enabled is the operator's choice, and not looked at.
#[must_use]
pub fn differences(wanted: &Wanted, alarm: &MetricAlarm) -> Vec<&'static str> {
    let mut dimensions: Vec<(&str, &str)> = alarm
        .dimensions()
        .iter()
        .map(|one| (one.name().unwrap_or_default(), one.value().unwrap_or_default()))
        .collect();
    let mut own: Vec<(&str, &str)> =
        wanted.dimensions.iter().map(|(name, value)| (*name, value.as_str())).collect();
    dimensions.sort_unstable();
    own.sort_unstable();
    let sorted = |actions: &[String]| {
        let mut actions = actions.to_vec();
        actions.sort_unstable();
        actions
    };
    let minutes = Some(wanted.minutes);
    // Without it AWS takes the number of the periods.
    let to_alarm = alarm.datapoints_to_alarm().or(minutes);
    let same = [
        ("AlarmDescription", alarm.alarm_description() == Some(wanted.description.as_str())),
        ("Namespace", alarm.namespace() == Some(wanted.namespace.as_str())),
        ("MetricName", alarm.metric_name() == Some(wanted.metric.name())),
        ("Dimensions", dimensions == own),
        ("Statistic", alarm.statistic() == Some(&wanted.statistic)),
        ("ComparisonOperator", alarm.comparison_operator() == Some(&wanted.comparison)),
        ("Threshold", alarm.threshold() == Some(wanted.threshold)),
        ("Period", alarm.period() == Some(PERIOD_SECONDS)),
        ("EvaluationPeriods", alarm.evaluation_periods() == minutes),
        ("DatapointsToAlarm", to_alarm == minutes),
        ("TreatMissingData", alarm.treat_missing_data() == Some(wanted.missing)),
        ("AlarmActions", sorted(alarm.alarm_actions()) == sorted(&wanted.actions)),
        ("OKActions", sorted(alarm.ok_actions()) == sorted(&wanted.actions)),
    ];
    same.into_iter().filter(|(_, is_same)| !is_same).map(|(field, _)| field).collect()
}
