//! `[cloudwatch]`: used when `chain` is given; names as AWS takes them.

use std::time::Duration;

use super::super::channels::Route;
use super::super::channels::cloudwatch::CloudWatch;
use super::super::tree::CloudWatchKeys;
use super::Resolver;

const SECTION: &str = "cloudwatch";
/// Longest name, characters: AWS takes 255 for the whole name of an alarm.
const NAME_CHARS_MAX: usize = 64;

impl Resolver<'_> {
    /// What CloudWatch is told; `None` without `chain`.
    pub(super) fn cloudwatch(&mut self, keys: &CloudWatchKeys) -> Option<CloudWatch> {
        let Some(chain) = keys.chain.clone() else {
            self.check_cloudwatch_is_meant();
            return None;
        };
        for (key, name, allowed) in [
            ("chain", &chain, "._-"),
            ("namespace", &keys.namespace, "._-/#"),
            ("alarm_prefix", &keys.alarm_prefix, "._-/"),
        ] {
            self.check_aws_name(key, name, allowed);
        }
        if keys.namespace.starts_with("AWS/") {
            let what = "AWS/ is for Amazon's own services";
            self.problem(SECTION, "namespace", what, "give another, for example eoskeeper");
        }
        if keys.page_actions.is_empty() {
            self.notes.push(
                "[cloudwatch] page_actions is not given: the alarms change, and nobody is told"
                    .to_owned(),
            );
        }
        Some(CloudWatch {
            route: Route { levels: keys.levels.clone(), reports: false },
            chain,
            namespace: keys.namespace.clone(),
            region: keys.region.clone(),
            profile: keys.profile.clone(),
            endpoint: keys.endpoint_url.clone(),
            interval: Duration::from_millis(keys.interval_ms),
            resolution: keys.resolution,
            metrics: keys.metrics,
            alarm_prefix: keys.alarm_prefix.clone(),
            dead_man_minutes: keys.dead_man_minutes,
            page_actions: keys.page_actions.clone(),
            warn_actions: keys.warn_actions.clone(),
        })
    }

    /// Whoever sets anything of it means to use it.
    fn check_cloudwatch_is_meant(&mut self) {
        if self.given.is_meant(SECTION) && !self.given.is_wrong(SECTION, "chain") {
            let allowed = "give the name of the chain, for example eos, or remove the section";
            let what = "the key is missing: nothing is sent to CloudWatch";
            self.problem(SECTION, "chain", what, allowed);
        }
    }

    fn check_aws_name(&mut self, key: &str, name: &str, marks: &str) {
        let is_taken = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
        let count = name.chars().count();
        if !name.chars().all(is_taken) {
            let shown: Vec<String> = marks.chars().map(String::from).collect();
            let allowed = format!("allowed: letters, digits and {}", shown.join(" "));
            self.problem(SECTION, key, "AWS does not take every character of it", &allowed);
        } else if count > NAME_CHARS_MAX {
            let what = format!("it has {count} characters");
            let allowed = format!("at most {NAME_CHARS_MAX}");
            self.problem(SECTION, key, &what, &allowed);
        }
    }
}
