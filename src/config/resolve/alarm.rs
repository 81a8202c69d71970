//! `[alarm]`: hours of the week in a time zone.

use super::super::tree::AlarmKeys;
use super::super::zone;
use super::Resolver;
use crate::core::alarm::hours::Hours;
use crate::core::alarm::settings::AlarmSettings;

impl Resolver<'_> {
    pub(super) fn alarm(&mut self, keys: &AlarmKeys) -> AlarmSettings {
        if !keys.escalate_minutes.is_sorted_by(|a, b| a < b) {
            let what = "the times do not grow";
            self.problem("alarm", "escalate_minutes", what, "each is later than the one before");
        }
        AlarmSettings {
            escalate_ms: keys.escalate_minutes.iter().map(|minutes| minutes * 60_000).collect(),
            resolve_after_ms: keys.resolve_after_ms,
            group_wait_ms: keys.group_wait_ms,
            expire_ms: keys.expire_ms,
            ignore_hours: Hours {
                windows: keys.ignore_hours.clone(),
                offsets: zone::offsets(&keys.time_zone),
                zone: keys.time_zone.clone(),
            },
            language: keys.language,
        }
    }
}
