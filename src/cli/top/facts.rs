//! What the view is drawn from: the keeper's status, some of its past, and when it last spoke.

use serde_json::Value;

use crate::core::sample::Sample;
use crate::core::slots::TurnSlots;
use crate::core::time::{Mono, Now, Timestamp};
use crate::history::record::IncidentRow;

/// What the keeper said.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Its status, once there was one.
    pub(super) status: Option<Value>,
    /// What it keeps of the past.
    pub(super) past: Past,
}

/// What is shown of the past.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Past {
    /// Our settled turns of the last two hours, oldest first.
    pub(super) turns: Vec<TurnSlots>,
    /// Incidents of the last week, newest first.
    pub(super) incidents: Vec<IncidentRow>,
    /// What was measured in the last hour, oldest first.
    pub(super) samples: Vec<Sample>,
    /// Why there is less than there should be, one sentence.
    pub(super) failure: Option<String>,
}

/// Whether the keeper speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// When it last answered, by this host's clock, and how long ago that is, milliseconds.
    pub(super) last: Option<(Timestamp, u64)>,
    /// Why it did not answer the last time, if it did not.
    pub(super) failure: Option<String>,
    /// For how long its judgement has been the same one, milliseconds: it judges each second.
    pub(super) unchanged_ms: u64,
}

/// Keeps account of when the keeper spoke.
#[derive(Clone, Debug, Default)]
pub(super) struct Ear {
    last: Option<Now>,
    failure: Option<String>,
    /// When it judged, as it says, and since when it says so.
    judged: Option<(String, Mono)>,
}

impl Ear {
    /// The keeper answered.
    pub(super) fn heard(&mut self, now: Now, status: &Value) {
        self.last = Some(now);
        self.failure = None;
        let at = status["at"].as_str().unwrap_or_default();
        if self.judged.as_ref().is_none_or(|(judged, _)| judged != at) {
            self.judged = Some((at.to_owned(), now.mono));
        }
    }

    /// It did not.
    pub(super) fn missed(&mut self, why: String) {
        self.failure = Some(why);
    }

    /// How that stands now.
    pub(super) fn word(&self, now: Now) -> Word {
        let unchanged = self.judged.as_ref().zip(self.last);
        Word {
            last: self.last.map(|last| (last.wall, now.mono.since_ms(last.mono))),
            failure: self.failure.clone(),
            unchanged_ms: unchanged.map_or(0, |((_, since), last)| last.mono.since_ms(*since)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_keeper_that_answers_and_does_not_judge_is_told_from_one_that_is_silent() {
        let start = Now { mono: Mono::from_ms(5_000), wall: Timestamp::from_ms(1_000_000) };
        let mut ear = Ear::default();
        assert_eq!(ear.word(start), Word::default());
        ear.heard(start, &json!({ "at": "t1" }));
        ear.heard(start.plus_ms(1_000), &json!({ "at": "t1" }));
        assert_eq!(ear.word(start.plus_ms(1_500)).unchanged_ms, 1_000);
        ear.missed("refused".into());
        let word = ear.word(start.plus_ms(9_000));
        assert_eq!(word.last, Some((start.plus_ms(1_000).wall, 8_000)));
        assert_eq!((word.failure.as_deref(), word.unchanged_ms), (Some("refused"), 1_000));
        ear.heard(start.plus_ms(9_500), &json!({ "at": "t2" }));
        let word = ear.word(start.plus_ms(9_500));
        assert_eq!((word.failure, word.unchanged_ms), (None, 0));
    }
}
