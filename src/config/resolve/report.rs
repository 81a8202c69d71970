//! `[report]`: times of the day in a time zone.

use super::super::tree::{AlarmKeys, ReportKeys};
use super::super::zone;
use super::Resolver;
use crate::core::report::times::ReportTimes;

impl Resolver<'_> {
    pub(super) fn report(&mut self, keys: &ReportKeys, alarm: &AlarmKeys) -> ReportTimes {
        if self.given.is_given("report", "at") && self.given.is_given("report", "every_hours") {
            self.notes.push("[report] every_hours is not used: at says when".to_owned());
        }
        let minutes = match keys.at.as_slice() {
            [] => ReportTimes::every(keys.every_hours),
            set => set.to_vec(),
        };
        ReportTimes {
            minutes,
            offsets: zone::offsets(&alarm.time_zone),
            zone: alarm.time_zone.clone(),
        }
    }
}
