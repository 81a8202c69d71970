//! CloudWatch: whether region and credentials are right, and the alarms as they should be. Nothing
//! is written.

use crate::actions::cloudwatch::client::Client;
use crate::actions::cloudwatch::failure::{Failure, Kind};
use crate::actions::cloudwatch::setup::{Outcome, Step, compare};
use crate::cli::check::row::Row;
use crate::config::Config;
use crate::daemon::cloudwatch::{access, plan};

const WHAT: &str = "cloudwatch";
const SETUP: &str = "eoskeeper cloudwatch setup";

/// Asks for the alarms of this node.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let Some(keys) = &config.channels.cloudwatch else { return Vec::new() };
    let asked = async {
        let client = Client::new(access(keys))?;
        let steps = compare(&client, &plan(config, keys)).await?;
        Ok::<_, Failure>((client.region().await?, steps))
    };
    match asked.await {
        // The keeper's own role needs no such right.
        Err(failure) if failure.kind == Kind::Denied => {
            let next = "nothing to do for the keeper; to compare the alarms, check with a profile \
                        that may cloudwatch:DescribeAlarms";
            vec![Row::unknown(WHAT, failure.what, next)]
        }
        Err(failure) => vec![Row::fail(WHAT, failure.what, failure.kind.next_step())],
        Ok((region, steps)) => {
            let detail = format!(
                "{region} answers and shows its alarms; that metrics may be sent is not tried"
            );
            let mut rows = vec![Row::ok(WHAT, detail)];
            rows.extend(steps.iter().filter_map(|(_, step)| alarm(step)));
            rows
        }
    }
}

/// What is to be done about one alarm.
fn alarm(step: &Step) -> Option<Row> {
    let name = &step.alarm;
    match step.outcome {
        Outcome::Unchanged | Outcome::Removed => None,
        Outcome::Created => Some(Row::warn(WHAT, format!("there is no alarm {name}"), SETUP)),
        Outcome::Updated => {
            let fields = step.fields.join(", ");
            Some(Row::warn(WHAT, format!("alarm {name} differs: {fields}"), SETUP))
        }
        Outcome::NotOurs => {
            let detail = format!("alarm {name} was not made by eoskeeper");
            let next = "remove or rename it, or give another [cloudwatch] alarm_prefix";
            Some(Row::fail(WHAT, detail, next))
        }
    }
}
