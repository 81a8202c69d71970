//! What waits for one channel: in order, each once, tried again, and summed up when it is too old
//! to be worth a message each.

use std::collections::VecDeque;

use crate::core::action::Severity;
use crate::core::alarm::marks;
use crate::core::alarm::message::{Message, MessageKind, PROOF_MAX};
use crate::core::alarm::wording::fit;
use crate::core::time::Timestamp;

/// Most messages that wait for one channel; beyond, the oldest half is summed up.
pub const LANE_MAX: usize = 200;
/// Tries of a message that the service refuses as it is.
const REFUSALS_MAX: u32 = 3;
/// Before the second try.
const FIRST_GAP_MS: u64 = 5_000;
/// Between two tries, at the most.
const GAP_MS_MAX: u64 = 300_000;
/// Before a message that was refused is tried again.
const REFUSED_GAP_MS: u64 = 60_000;
/// Longest wish of a service to be left alone that is kept to.
const RETRY_AFTER_MS_MAX: u64 = 3_600_000;

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Its number in the store, or one of its own below zero where there is no store.
    pub id: i64,
    /// When it was made.
    pub queued: Timestamp,
    /// What it says.
    pub message: Message,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing waits.
    Nothing,
    /// Try again after so many milliseconds.
    Wait(u64),
    /// Deliver this one.
    Send(Box<Parcel>),
}

/// What came of a try that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// It is tried again.
    Again,
    /// It is given up.
    GivenUp(Box<Parcel>),
}

/// Messages that are no longer worth one each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Their numbers: to be forgotten.
    pub removed: Vec<i64>,
    /// What is said in their place.
    pub summary: Message,
}

/// The queue of one channel.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    queue: VecDeque<Parcel>,
    /// Tries of the first one that failed.
    failures: u32,
    refusals: u32,
    not_before: Option<Timestamp>,
    /// Since when nothing could be delivered.
    failing_since: Option<(Timestamp, String)>,
    /// Given up since something was delivered last.
    given_up: u32,
}

impl Lane {
    /// A lane with what was not delivered before a restart, oldest first.
    #[must_use]
    pub fn new(parcels: Vec<Parcel>) -> Self {
        Self { queue: parcels.into(), ..Self::default() }
    }

    /// Adds a message.
    pub fn push(&mut self, parcel: Parcel) {
        self.queue.push_back(parcel);
    }

    /// Messages that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Since when nothing could be delivered, and why.
    #[must_use]
    pub fn failing(&self) -> Option<&(Timestamp, String)> {
        self.failing_since.as_ref()
    }

    /// Takes out what waits for longer than `expire_ms`, or is too much, when there is any. The
    /// newest message of an incident that has not ended stays: it is still true. The summary is to
    /// come back by [`Self::push_front`].
    pub fn expire(&mut self, now: Timestamp, expire_ms: u64) -> Option<Expired> {
        let is_old =
            |p: &Parcel| now.since_ms(p.queued) > i64::try_from(expire_ms).unwrap_or(i64::MAX);
        let mut count = self.queue.iter().take_while(|p| is_old(p)).count();
        if self.queue.len() > LANE_MAX {
            count = count.max(self.queue.len() - LANE_MAX / 2);
        }
        let (mut taken, mut kept) = (Vec::new(), VecDeque::new());
        for index in 0..count {
            let Some(parcel) = self.queue.pop_front() else { break };
            let is_newest =
                !self.queue.iter().any(|p| p.message.incident == parcel.message.incident);
            let stands =
                parcel.message.kind != MessageKind::Resolved && !parcel.message.incident.is_empty();
            // A summary of a summary would lose what the first one says.
            let is_summary = parcel.message.kind == MessageKind::Summary && index == 0;
            if stands && is_newest || is_summary {
                kept.push_back(parcel);
            } else {
                taken.push(parcel);
            }
        }
        while let Some(parcel) = kept.pop_back() {
            self.queue.push_front(parcel);
        }
        let first = taken.first()?;
        let summary = summary(first, &taken, now);
        Some(Expired { removed: taken.iter().map(|p| p.id).collect(), summary })
    }

    /// Puts a summary before the others.
    pub fn push_front(&mut self, parcel: Parcel) {
        self.queue.push_front(parcel);
    }

    /// What to do now. A parcel to send stays first until its outcome is told.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Next {
        let Some(first) = self.queue.front() else { return Next::Nothing };
        let wait_ms = self.not_before.map_or(0, |at| at.since_ms(now));
        match u64::try_from(wait_ms) {
            // A clock that was set back must not keep the channel silent.
            Ok(ms) if ms > 0 && ms <= RETRY_AFTER_MS_MAX => Next::Wait(ms),
            _ => Next::Send(Box::new(first.clone())),
        }
    }

    /// The first one was delivered.
    pub fn delivered(&mut self) -> Option<Parcel> {
        self.failures = 0;
        self.refusals = 0;
        self.not_before = None;
        self.failing_since = None;
        self.given_up = 0;
        self.queue.pop_front()
    }

    /// The first one could not be delivered; trying again may help. `retry_after_ms` is what the
    /// service wishes.
    pub fn failed(&mut self, now: Timestamp, why: &str, retry_after_ms: Option<u64>) {
        self.note(now, why);
        let doubled = FIRST_GAP_MS.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let gap = retry_after_ms.map_or(doubled.min(GAP_MS_MAX), |ms| ms.min(RETRY_AFTER_MS_MAX));
        self.not_before = Some(now.plus_ms(gap.cast_signed()));
    }

    /// The service refused the first one as it is. It is tried a few times: services err, too.
    pub fn refused(&mut self, now: Timestamp, why: &str) -> Failed {
        self.note(now, why);
        self.refusals += 1;
        if self.refusals < REFUSALS_MAX {
            self.not_before = Some(now.plus_ms(REFUSED_GAP_MS.cast_signed()));
            return Failed::Again;
        }
        self.refusals = 0;
        self.not_before = None;
        self.given_up = self.given_up.saturating_add(1);
        self.queue.pop_front().map_or(Failed::Again, |parcel| Failed::GivenUp(Box::new(parcel)))
    }

    fn note(&mut self, now: Timestamp, why: &str) {
        let since = self.failing_since.as_ref().map_or(now, |(since, _)| *since);
        self.failing_since = Some((since, fit(why)));
    }
}

/// What is said in the place of messages that expired.
fn summary(first: &Parcel, taken: &[Parcel], now: Timestamp) -> Message {
    let language = first.message.language;
    let mut lines: Vec<String> = Vec::new();
    let mut incidents: Vec<&str> = Vec::new();
    for parcel in taken {
        let message = &parcel.message;
        if message.incident.is_empty() {
            lines.push(fit(&format!("{}: {}", message.at, message.title)));
        } else if !incidents.contains(&message.incident.as_str()) {
            incidents.push(&message.incident);
            let end = taken.iter().rfind(|p| p.message.incident == message.incident);
            let ended = marks::over(language, end.and_then(|p| p.message.ended));
            lines.push(fit(&format!("{}: {} ({ended})", message.began, message.title)));
        }
    }
    let hidden = lines.len().saturating_sub(PROOF_MAX - 1);
    if hidden > 1 {
        lines.truncate(PROOF_MAX - 1);
        lines.push(marks::and_more(language, hidden));
    }
    let for_ms = u64::try_from(now.since_ms(first.queued)).unwrap_or(0);
    let title = marks::missed(language, taken.len(), incidents.len(), for_ms);
    let worst = taken.iter().map(|p| p.message.severity).max().unwrap_or(Severity::Info);
    Message {
        id: format!("summary-{}", first.message.id),
        kind: MessageKind::Summary,
        severity: worst,
        first_told_as: None,
        incident: String::new(),
        cause: "late".to_owned(),
        title,
        proof: lines,
        next_step: marks::missed_step(language).to_owned(),
        marks: Vec::new(),
        at: now,
        began: first.queued,
        ended: Some(now),
        reminder: 0,
        pictures: Vec::new(),
        ..first.message.clone()
    }
}
