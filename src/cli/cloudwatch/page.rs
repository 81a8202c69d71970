//! What the commands print.

use aws_sdk_cloudwatch::types::MetricAlarm;
use serde_json::{Value, json};

use crate::actions::cloudwatch::Plan;
use crate::actions::cloudwatch::alarms::{is_ours, name_prefix};
use crate::actions::cloudwatch::cost::Cost;
use crate::actions::cloudwatch::setup::{Outcome, Step};
use crate::cli::style::printable;

/// Where, and of what.
pub(super) struct Place<'a> {
    pub(super) region: &'a str,
    pub(super) plan: &'a Plan,
}

/// The steps for a person.
pub(super) fn text(
    steps: &[Step],
    place: &Place<'_>,
    is_dry_run: bool,
    cost: Option<Cost>,
) -> String {
    let mut text = String::new();
    for step in steps {
        let fields = match step.fields.as_slice() {
            [] => String::new(),
            fields => format!(" ({})", fields.join(", ")),
        };
        text.push_str(&format!("{:<15}{}{fields}\n", word(step.outcome, is_dry_run), step.alarm));
    }
    if steps.is_empty() {
        text.push_str(&format!("There are no alarms {}… .\n", name_prefix(place.plan)));
    }
    if steps.iter().any(|step| step.outcome == Outcome::NotOurs) {
        text.push_str(
            "An alarm that eoskeeper did not make was left alone; remove or rename it, or give \
             another [cloudwatch] alarm_prefix.\n",
        );
    }
    if let Some(cost) = cost {
        if place.plan.page_actions.is_empty() {
            text.push_str("Nobody is told of pages yet: give [cloudwatch] page_actions.\n");
        }
        text.push_str(&format!("Region {}; {}.\n", place.region, cost.sentence()));
    }
    if is_dry_run {
        text.push_str("A dry run: nothing was changed.\n");
    }
    text
}

/// The steps for a program.
pub(super) fn json(
    steps: &[Step],
    place: &Place<'_>,
    is_dry_run: bool,
    cost: Option<Cost>,
) -> String {
    let value = json!({
        "region": place.region,
        "dry_run": is_dry_run,
        "alarms": steps,
        "monthly_cost": cost,
    });
    format!("{value:#}\n")
}

/// The alarms that are there.
pub(super) fn shown(found: &[MetricAlarm], plan: &Plan, as_json: bool) -> String {
    if as_json {
        let all: Vec<Value> = found.iter().map(described).collect();
        return format!("{:#}\n", Value::from(all));
    }
    if found.is_empty() {
        let prefix = name_prefix(plan);
        return format!("There are no alarms {prefix}… ; make them: eoskeeper cloudwatch setup\n");
    }
    let line = |alarm: &MetricAlarm| {
        let state = alarm.state_value().map_or("?", |state| state.as_str());
        let name = alarm.alarm_name().unwrap_or_default();
        let whose = if is_ours(alarm) { "" } else { " (not eoskeeper's)" };
        let tells = match alarm.alarm_actions().len() {
            0 => "tells nobody".to_owned(),
            _ if alarm.actions_enabled() == Some(false) => "its actions are disabled".to_owned(),
            count => format!("tells {count}"),
        };
        let reason = printable(alarm.state_reason().unwrap_or_default());
        format!("{state:<18}{name}{whose}: {tells}\n{:<18}{reason}\n", "")
    };
    found.iter().map(line).collect()
}

fn described(alarm: &MetricAlarm) -> Value {
    json!({
        "alarm": alarm.alarm_name(),
        "state": alarm.state_value().map(|state| state.as_str()),
        "since": alarm.state_updated_timestamp().and_then(|at| at.to_millis().ok()),
        "reason": alarm.state_reason(),
        "ours": is_ours(alarm),
        "actions": alarm.alarm_actions(),
        "actions_enabled": alarm.actions_enabled(),
    })
}

const fn word(outcome: Outcome, is_dry_run: bool) -> &'static str {
    match (outcome, is_dry_run) {
        (Outcome::Created, false) => "created",
        (Outcome::Created, true) => "would create",
        (Outcome::Unchanged, _) => "unchanged",
        (Outcome::Updated, false) => "updated",
        (Outcome::Updated, true) => "would update",
        (Outcome::NotOurs, _) => "not ours",
        (Outcome::Removed, false) => "removed",
        (Outcome::Removed, true) => "would remove",
    }
}
