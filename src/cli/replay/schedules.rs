//! Which schedule was active when.
//!
//! In this order: what `--schedule` names; what the log states (`promoting proposed schedule …`),
//! from the first block on that the schedule before does not allow and this one does; what the
//! signers tell.

use std::collections::VecDeque;

use crate::cli::replay::signers::{Fit, Inferred, Signers};
use crate::core::event::{EventName, LogEvent};
use crate::core::name::Name;
use crate::core::schedule::Schedule;
use crate::core::time::Timestamp;
use crate::nodeos::log::schedule_of;

/// Stated schedules that are remembered; nodeos proposes one after the other.
const STATED_MAX: usize = 16;
/// Most changes remembered of a first pass: a chain that elects anew every two minutes makes 720
/// a day.
const CHANGES_MAX: usize = 10_000;

/// Where a schedule was learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// `--schedule`.
    Given,
    /// A line of the log stated it.
    Stated,
    /// Inferred from who signed.
    Signers,
}

/// A schedule, and since when it is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Active {
    /// Time of the first block under it that is in the log.
    pub(super) since: Timestamp,
    /// The producers in order.
    pub(super) schedule: Schedule,
    /// Where it was learned from.
    pub(super) origin: Origin,
    /// Places nobody signed for, whose names cannot be told.
    pub(super) unseen: usize,
}

/// Follows the blocks and tells the schedule as far as it is known by then.
#[derive(Debug)]
pub(super) struct Tracker {
    producer: Name,
    stated: VecDeque<(Schedule, Origin)>,
    signers: Option<Signers>,
    /// Whether the present span began because a block contradicted the schedule before.
    began_by_change: bool,
}

impl Tracker {
    /// A tracker that has seen nothing; `given` is active until a block contradicts it.
    pub(super) fn new(producer: Name, given: Option<Schedule>) -> Self {
        let stated: VecDeque<_> = given.into_iter().map(|given| (given, Origin::Given)).collect();
        Self { producer, began_by_change: !stated.is_empty(), stated, signers: None }
    }

    /// A line of the log. When it is a block that contradicts what was active, a new span begins
    /// with it, and what is known of the span before is told.
    pub(super) fn line(&mut self, line: &[u8], event: &LogEvent) -> Option<Active> {
        match event.name {
            EventName::ScheduleChanged => {
                if let Some(schedule) = schedule_of(line) {
                    self.stated(schedule);
                }
                None
            }
            EventName::BlockReceived | EventName::BlockProduced => {
                self.block(event.block_time?, event.producer?)
            }
            _ => None,
        }
    }

    /// A line stated a schedule to come.
    fn stated(&mut self, schedule: Schedule) {
        if self.stated.iter().any(|(known, _)| *known == schedule) {
            return;
        }
        if self.stated.len() >= STATED_MAX {
            self.stated.pop_front();
        }
        self.stated.push_back((schedule, Origin::Stated));
    }

    fn block(&mut self, time: Timestamp, producer: Name) -> Option<Active> {
        let Some(signers) = &mut self.signers else {
            self.signers = Some(Signers::new(time, producer));
            return None;
        };
        if signers.see(time, producer) == Fit::Agrees {
            return None;
        }
        let ended = self.active();
        self.signers = Some(Signers::new(time, producer));
        self.began_by_change = true;
        ended
    }

    /// The active schedule as far as it is known.
    ///
    /// A stated schedule counts when the blocks since the last change allow it, newest first. One
    /// that no change led to may yet be to come: it counts when the signers have told its length
    /// by themselves, so that it does no more than name those who did not sign.
    pub(super) fn active(&self) -> Option<Active> {
        let signers = self.signers.as_ref()?;
        let since = signers.since;
        let inferred = signers.inferred();
        if self.began_by_change || inferred != Inferred::TooLittle {
            let known = self.stated.iter().rev().find(|(known, _)| signers.agree_with(known));
            if let Some((schedule, origin)) = known {
                let (schedule, origin) = (schedule.clone(), *origin);
                return Some(Active { since, schedule, origin, unseen: 0 });
            }
        }
        match inferred {
            Inferred::TooLittle => None,
            // Of a place nobody signed for the name is not known: it may be ours.
            Inferred::Places(schedule, unseen)
                if unseen > 0 && !schedule.contains(self.producer) =>
            {
                None
            }
            Inferred::Places(schedule, unseen) => {
                Some(Active { since, schedule, origin: Origin::Signers, unseen })
            }
        }
    }

    /// Why no schedule is known.
    pub(super) fn unknown(&self) -> String {
        let advice = "name the producers in order with --schedule";
        match self.signers.as_ref().map(Signers::inferred) {
            None => format!("the log shows no block; {advice}"),
            Some(Inferred::TooLittle) => {
                format!("the blocks show no whole round of turns and the turn after it; {advice}")
            }
            Some(Inferred::Places(schedule, unseen)) => format!(
                "nobody signed for {unseen} of {} places, and one may be {}'s; {advice}",
                schedule.producers.len(),
                self.producer
            ),
        }
    }
}

/// The schedules of a log that was read once before.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    changes: VecDeque<Active>,
    /// Why the schedule was not known at the end, if it was not.
    pub(super) unknown: Option<String>,
}

/// A first pass over a log.
#[derive(Debug)]
pub(super) struct Survey {
    tracker: Tracker,
    timeline: Timeline,
}

impl Survey {
    /// Begins a first pass.
    pub(super) fn new(tracker: Tracker) -> Self {
        Self { tracker, timeline: Timeline::default() }
    }

    /// A line of the log.
    pub(super) fn line(&mut self, line: &[u8], event: &LogEvent) {
        let ended = self.tracker.line(line, event);
        self.timeline.add(ended);
    }

    /// The schedules found.
    pub(super) fn finish(mut self) -> Timeline {
        let last = self.tracker.active();
        if last.is_none() {
            self.timeline.unknown = Some(self.tracker.unknown());
        }
        self.timeline.add(last);
        self.timeline
    }
}

impl Timeline {
    fn add(&mut self, active: Option<Active>) {
        if let Some(active) = active
            && self.changes.len() < CHANGES_MAX
        {
            self.changes.push_back(active);
        }
    }

    /// Whether the blocks allow what `--schedule` names, somewhere in the log.
    pub(super) fn has_given(&self) -> bool {
        self.changes.iter().any(|change| change.origin == Origin::Given)
    }

    /// The schedule that becomes active with a block of this time, if one does.
    pub(super) fn reached(&mut self, time: Timestamp) -> Option<Active> {
        let mut newest = None;
        while self.changes.front().is_some_and(|change| change.since <= time) {
            newest = self.changes.pop_front();
        }
        newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::schedule::Turn;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn schedule(version: u32, names: &str) -> Schedule {
        Schedule { version, producers: names.split(' ').map(name).collect() }
    }

    /// Turn `index` of a count that is a multiple of 2, 3 and 4.
    fn turn(index: u32) -> Turn {
        Turn(12 * 2_500_000 + index)
    }

    /// Sees a block of each turn, signed by its owner.
    fn sign(tracker: &mut Tracker, by: &Schedule, turns: std::ops::Range<u32>) {
        for index in turns {
            if let Some(owner) = by.owner_of_turn(turn(index)) {
                tracker.block(turn(index).start(), owner);
            }
        }
    }

    fn active(tracker: &Tracker) -> Option<(u32, Origin, usize)> {
        tracker.active().map(|active| (active.schedule.version, active.origin, active.unseen))
    }

    #[test]
    fn a_stated_schedule_waits_for_a_block_that_only_it_allows() {
        let (old, new) = (schedule(0, "a b c"), schedule(7, "a b d"));
        let mut tracker = Tracker::new(name("a"), None);
        sign(&mut tracker, &old, 0..5);
        tracker.stated(new.clone());
        assert_eq!(active(&tracker), Some((0, Origin::Signers, 0)), "stated, and not active");
        sign(&mut tracker, &new, 6..8);
        assert_eq!(active(&tracker), Some((0, Origin::Signers, 0)), "a and b are in both");
        sign(&mut tracker, &new, 8..9);
        assert_eq!(active(&tracker), Some((7, Origin::Stated, 0)));
        assert_eq!(tracker.active().map(|active| active.since), Some(turn(8).start()));
    }

    #[test]
    fn a_given_schedule_counts_until_a_block_contradicts_it() {
        let (given, other) = (schedule(1, "a b c"), schedule(0, "a c b"));
        let mut tracker = Tracker::new(name("a"), Some(given.clone()));
        assert_eq!(active(&tracker), None, "no block yet");
        sign(&mut tracker, &given, 0..1);
        assert_eq!(active(&tracker), Some((1, Origin::Given, 0)));
        sign(&mut tracker, &other, 1..6);
        assert_eq!(active(&tracker), Some((0, Origin::Signers, 0)));
    }

    #[test]
    fn a_place_nobody_signed_for_may_be_ours() {
        let all = schedule(0, "a b c d");
        let silent = |ours: &str| {
            let mut tracker = Tracker::new(name(ours), None);
            for index in (0..13).filter(|index| index % 4 != 2) {
                sign(&mut tracker, &all, index..index + 1);
            }
            tracker
        };
        assert_eq!(active(&silent("a")), Some((0, Origin::Signers, 1)));
        assert_eq!(active(&silent("c")), None);
        assert!(silent("c").unknown().contains("one may be c's"));
        let mut stated = silent("c");
        stated.stated(schedule(5, "a b c d"));
        assert_eq!(active(&stated), Some((5, Origin::Stated, 0)), "a line names it");
    }
}
