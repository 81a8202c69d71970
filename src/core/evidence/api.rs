//! What the node's RPC said.

use crate::core::event::{ApiFailure, ChainInfo};
use crate::core::name::Name;
use crate::core::schedule::Schedule;
use crate::core::time::{Mono, Now};
use crate::core::window::Sightings;

/// Without an answer for so long, milliseconds, the RPC was out: longer than one poll that hangs
/// until its deadline of 5 s.
const OUTAGE_MS: u64 = 7_000;

/// Answers of `get_info`, `get_producer_schedule` and `paused`, and failures to get one.
#[derive(Clone, Debug)]
pub struct ApiEvidence {
    /// Since when polls are counted; moved on when evidence is discarded.
    pub since: Mono,
    /// Failed polls in a row.
    pub failed_in_row: u32,
    /// The last failure, with when it came.
    pub last_failure: Option<(Now, ApiFailure)>,
    /// When the last good answer came.
    pub last_ok: Option<Now>,
    /// The last good answer.
    pub info: Option<ChainInfo>,
    /// When the head last changed, or was first seen.
    pub head_moved: Option<Mono>,
    /// When the last irreversible block last changed, or was first seen.
    pub lib_moved: Option<Mono>,
    /// When a head of another producer than ours was last seen.
    pub last_foreign_head: Option<Mono>,
    /// Producers of the heads polled.
    pub producers: Sightings,
    /// The active schedule.
    pub schedule: Option<Schedule>,
    /// Since when our producer is in the schedule.
    pub scheduled_since: Option<Mono>,
    /// Our producer's keys in the active schedule, in their normal form, where they are told.
    pub signing_keys: Option<Vec<String>>,
    /// Why the schedule is not known: the last try to get it failed, or a poll since, so that what was
    /// read before may be past.
    pub schedule_failure: Option<ApiFailure>,
    /// The last answer of `paused`, and when it came.
    pub paused: Option<(Mono, bool)>,
    /// Why `paused` could not be had, if the last try failed.
    pub paused_failure: Option<ApiFailure>,
    /// How far the head block was in the future when it came, milliseconds.
    pub head_ahead_ms: i64,
}

impl ApiEvidence {
    /// Nothing asked yet.
    #[must_use]
    pub fn new(now: Now) -> Self {
        Self {
            since: now.mono,
            failed_in_row: 0,
            last_failure: None,
            last_ok: None,
            info: None,
            head_moved: None,
            lib_moved: None,
            last_foreign_head: None,
            producers: Sightings::default(),
            schedule: None,
            scheduled_since: None,
            signing_keys: None,
            schedule_failure: None,
            paused: None,
            paused_failure: None,
            head_ahead_ms: 0,
        }
    }

    /// Records a good answer.
    pub fn record_info(&mut self, now: Now, info: &ChainInfo, ours: Name) {
        if self.last_ok.is_some_and(|at| now.mono.since_ms(at.mono) > OUTAGE_MS) {
            self.resume(now);
        }
        let before = self.info.as_ref();
        if before.is_none_or(|b| b.head != info.head || b.head_id != info.head_id) {
            self.head_moved = Some(now.mono);
            self.producers.see(info.head_producer, now.mono);
            if info.head_producer != ours {
                self.last_foreign_head = Some(now.mono);
            }
        }
        if before.is_none_or(|b| b.lib != info.lib) {
            self.lib_moved = Some(now.mono);
        }
        self.failed_in_row = 0;
        self.last_ok = Some(now);
        self.head_ahead_ms = info.head_time.since_ms(now.wall);
        match &mut self.info {
            Some(before) => before.clone_from(info),
            None => self.info = Some(info.clone()),
        }
    }

    /// After an outage the head may be as old as the outage is long: whether it moves shows from
    /// now on.
    fn resume(&mut self, now: Now) {
        self.since = now.mono;
        self.head_moved = Some(now.mono);
        self.lib_moved = Some(now.mono);
        self.producers.clear();
    }

    /// Records that no usable answer came. Whatever the chain elects meanwhile is not seen: the
    /// schedule is not known until it is asked for again.
    pub fn record_failure(&mut self, now: Now, failure: &ApiFailure) {
        self.failed_in_row = self.failed_in_row.saturating_add(1);
        self.schedule_failure = Some(failure.clone());
        self.last_failure = Some((now, failure.clone()));
    }

    /// Records the schedule, or why there is none.
    pub fn record_schedule(
        &mut self,
        now: Now,
        answer: &Result<Schedule, ApiFailure>,
        producer: Name,
    ) {
        match answer {
            Ok(schedule) => {
                self.scheduled_since =
                    schedule.contains(producer).then(|| self.scheduled_since.unwrap_or(now.mono));
                self.schedule = Some(schedule.clone());
                self.schedule_failure = None;
            }
            Err(failure) => self.schedule_failure = Some(failure.clone()),
        }
    }

    /// Whether the active schedule carries a key of ours, as far as is known.
    #[must_use]
    pub fn carries(&self, key: &str) -> Option<bool> {
        self.signing_keys.as_ref().map(|keys| keys.iter().any(|known| known == key))
    }

    /// Records whether production is paused, or why that is not known.
    pub fn record_paused(&mut self, now: Now, answer: &Result<bool, ApiFailure>) {
        match answer {
            Ok(paused) => {
                self.paused = Some((now.mono, *paused));
                self.paused_failure = None;
            }
            Err(failure) => {
                self.paused = None;
                self.paused_failure = Some(failure.clone());
            }
        }
    }

    /// Whether production is paused, as far as is known.
    #[must_use]
    pub fn is_paused(&self) -> Option<bool> {
        self.paused.map(|(_, paused)| paused)
    }

    /// Whether our producer is in the active schedule, as far as is known.
    #[must_use]
    pub fn is_scheduled(&self, producer: Name) -> Option<bool> {
        self.schedule.as_ref().map(|schedule| schedule.contains(producer))
    }

    /// Forgets what counts over time; the last answers stay, to be shown.
    pub fn discard(&mut self, now: Now) {
        self.since = now.mono;
        self.failed_in_row = 0;
        self.head_moved = self.head_moved.map(|_| now.mono);
        self.lib_moved = self.lib_moved.map(|_| now.mono);
        self.last_foreign_head = None;
        self.paused = None;
        self.scheduled_since = self.scheduled_since.map(|_| now.mono);
        self.producers.clear();
    }

    /// Bytes held beside the struct itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let names = self.schedule.as_ref().map_or(0, |s| s.producers.capacity());
        let info = self.info.as_ref().map_or(0, |i| {
            i.head_id.capacity()
                + [&i.chain_id, &i.lib_id, &i.version]
                    .into_iter()
                    .map(|text| text.as_ref().map_or(0, String::capacity))
                    .sum::<usize>()
        });
        let keys = self.signing_keys.iter().flatten().map(String::capacity).sum::<usize>();
        keys + self.producers.bytes() + names * size_of::<Name>() + info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_read_before_a_failed_poll_is_not_known_until_it_is_asked_again() {
        let now = Now::default();
        let ours: Name = "eosstorebest".parse().unwrap();
        let mut api = ApiEvidence::new(now);
        let told = Ok(Schedule { version: 1, producers: vec![ours] });
        api.record_schedule(now, &told, ours);
        assert_eq!((api.is_scheduled(ours), api.schedule_failure.as_ref()), (Some(true), None));
        api.record_failure(now, &ApiFailure::AnswerTimeout);
        assert_eq!(api.schedule_failure, Some(ApiFailure::AnswerTimeout));
        assert_eq!(api.is_scheduled(ours), Some(true), "what was read stays, to be shown");
        api.record_schedule(now, &told, ours);
        assert_eq!(api.schedule_failure, None);
    }
}
