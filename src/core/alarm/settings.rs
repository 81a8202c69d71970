//! `[alarm]`: what the pipeline is told.

use serde::Serialize;

use crate::core::alarm::hours::Hours;
use crate::core::alarm::language::Language;

const MINUTE_MS: u64 = 60_000;

/// How alarms behave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlarmSettings {
    /// When an incident that stands is told of again, milliseconds after its beginning, growing;
    /// afterwards daily.
    pub escalate_ms: Vec<u64>,
    /// An incident is over when nothing of it has fired for this long: what flickers is one.
    pub resolve_after_ms: u64,
    /// A warning is told of after this long: what explains it may come meanwhile.
    pub group_wait_ms: u64,
    /// A message that could not be delivered for this long is summed up instead.
    pub expire_ms: u64,
    /// When nobody is told, but of two signers.
    pub ignore_hours: Hours,
    /// What people are told in.
    pub language: Language,
}

impl Default for AlarmSettings {
    /// Reminders after 1, 10, 60, 240 and 1440 minutes; over after a minute; warnings wait 10 s;
    /// messages expire after 4 hours; English.
    fn default() -> Self {
        Self {
            escalate_ms: [1, 10, 60, 240, 1440].map(|minutes| minutes * MINUTE_MS).to_vec(),
            resolve_after_ms: MINUTE_MS,
            group_wait_ms: 10_000,
            expire_ms: 4 * 60 * MINUTE_MS,
            ignore_hours: Hours::default(),
            language: Language::default(),
        }
    }
}
