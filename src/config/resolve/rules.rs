//! Thresholds that only make sense together.

use super::Resolver;
use crate::core::schedule::TURN_MS;
use crate::core::settings::Rules;

const SECTION: &str = "rules";

impl Resolver<'_> {
    pub(super) fn check_rules(&mut self, rules: &Rules) {
        self.check_longer_than_a_poll(
            "evidence_gap_seconds",
            rules.evidence_gap_ms,
            rules,
            "the evidence would be torn between any two polls",
        );
        self.check_longer_than_a_poll(
            "head_stalled_seconds",
            rules.head_stalled_ms,
            rules,
            "the head would count as stalled between any two polls",
        );
        self.check_longer_than_a_poll(
            "lib_stalled_seconds",
            rules.lib_stalled_ms,
            rules,
            "the last irreversible block would count as stalled between any two polls",
        );
        for (producers, window, count, ms) in [
            (
                "api_few_producers",
                "api_few_producers_window_seconds",
                rules.api_few_producers,
                rules.api_few_producers_window_ms,
            ),
            (
                "log_few_producers",
                "log_few_producers_window_seconds",
                rules.log_few_producers,
                rules.log_few_producers_window_ms,
            ),
        ] {
            self.check_turns_fit(producers, window, count, ms);
        }
    }

    fn check_longer_than_a_poll(&mut self, key: &str, ms: u64, rules: &Rules, why: &str) {
        const INTERVAL: &str = "poll_interval_seconds";
        if ms > rules.poll_interval_ms || self.is_any_wrong([key, INTERVAL]) {
            return;
        }
        self.problem(
            SECTION,
            self.later_of(key, INTERVAL),
            &format!("{key} is not more than {INTERVAL}: {why}"),
            &format!("make {key} longer or {INTERVAL} shorter"),
        );
    }

    /// So many producers can only be seen when each has had its turn within the window.
    fn check_turns_fit(&mut self, producers: &str, window: &str, count: u32, window_ms: u64) {
        let needed_ms = u64::from(count) * TURN_MS.unsigned_abs();
        if window_ms >= needed_ms || self.is_any_wrong([producers, window]) {
            return;
        }
        self.problem(
            SECTION,
            self.later_of(producers, window),
            &format!(
                "{producers} = {count} can never be reached within {window} = {} (a turn is 6 \
                 seconds)",
                window_ms as f64 / 1_000.0
            ),
            &format!("make {window} at least {} or {producers} smaller", needed_ms / 1_000),
        );
    }

    fn is_any_wrong(&self, keys: [&str; 2]) -> bool {
        keys.into_iter().any(|key| self.given.is_wrong(SECTION, key))
    }

    /// Of two keys the one that is given; of two given the one further down.
    fn later_of<'k>(&self, first: &'k str, second: &'k str) -> &'k str {
        let line = |key| self.given.is_given(SECTION, key).then(|| self.given.line(SECTION, key));
        if line(second) > line(first) { second } else { first }
    }
}
