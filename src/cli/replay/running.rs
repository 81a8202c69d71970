//! The keeper in log time, with the node it is told of.

use crate::cli::replay::clock::LogClock;
use crate::cli::replay::node::Node;
use crate::cli::replay::record::Record;
use crate::core::answered::Answered;
use crate::core::decision::{Decision, DecisionKind};
use crate::core::event::{ApiFailure, Event, LogSourceEvent};
use crate::core::keeper::Keeper;
use crate::core::rules::{Rule, State};
use crate::core::schedule::Schedule;
use crate::core::settings::Settings;
use crate::core::time::{Now, Timestamp};

/// What there is once the first line with a time has come.
pub(super) struct Running {
    pub(super) clock: LogClock,
    pub(super) keeper: Keeper,
    pub(super) node: Node,
    answered: Answered,
    /// Start of the last of our turns that was counted.
    pub(super) turn_counted: Option<Timestamp>,
    /// When the turns were looked at last.
    pub(super) turns_looked: Now,
    decision: Option<Decision>,
    firing: Vec<Rule>,
}

impl Running {
    /// Starts a keeper at the time of the first line.
    pub(super) fn new(settings: &Settings, first: Timestamp) -> Self {
        let clock = LogClock::start(first, settings.rules.clock_jump_ms);
        let now = clock.now();
        let mut keeper = Keeper::new(settings.clone(), now, Ok(None));
        let what = "the recorded log".to_owned();
        keeper.record(now, &Event::LogSource(LogSourceEvent::Following { what }));
        Self {
            clock,
            keeper,
            node: Node::new(settings.rules.log_silent_ms, now),
            answered: Answered::default(),
            turn_counted: None,
            turns_looked: now,
            decision: None,
            firing: Vec::new(),
        }
    }

    /// Tells the keeper what its polls would have told it on this tick. A node that is back is asked for
    /// its schedule at once, and answers with the one that is active.
    pub(super) fn poll(&mut self, now: Now, active: Option<&Schedule>) {
        if self.node.falls_quiet(now) {
            // What came meanwhile, if anything, is not in the recording.
            let why = "the recording is quiet".to_owned();
            let hole = LogSourceEvent::Lost { bytes: None, why };
            self.keeper.record(now, &Event::LogSource(hole));
        }
        if let Some(info) = self.node.info(now) {
            self.keeper.record(now, &info);
            let head = match info {
                Event::Info(Ok(info)) => Some(info.head),
                _ => None,
            };
            if self.answered.note(now.mono, head)
                && let Some(active) = active
            {
                self.keeper.record(now, &Event::Schedule(Ok(active.clone())));
            }
        }
        if let Some(paused) = self.node.paused(now) {
            let answer = if paused && is_unproven(self.keeper.decision()) {
                // The promotion was not carried out, so of course the log says so; the keeper
                // would take it for another hand's work. That no block follows tells the truth.
                Err(ApiFailure::Other("the promotion was not carried out".to_owned()))
            } else {
                Ok(paused)
            };
            self.keeper.record(now, &Event::Paused(answer));
        }
    }

    /// The findings that began or ceased to fire since last asked.
    pub(super) fn changed_findings(&mut self, now: Now) -> Vec<Record> {
        let mut records = Vec::new();
        for finding in self.keeper.findings() {
            let fires = finding.state == State::Firing;
            if fires == self.firing.contains(&finding.rule) {
                continue;
            }
            if fires {
                self.firing.push(finding.rule);
            } else {
                self.firing.retain(|rule| *rule != finding.rule);
            }
            records.push(Record::finding(now.wall, finding));
        }
        records
    }

    /// The decision, if it is another one than when last asked.
    pub(super) fn changed_decision(&mut self, now: Now) -> Option<Record> {
        let decision = self.keeper.decision();
        if self.decision.as_ref().is_some_and(|before| before.is_same(decision)) {
            return None;
        }
        self.decision = Some(decision.clone());
        Some(Record::decision(now.wall, decision))
    }
}

/// Whether a promotion is under way that the chain has not shown.
fn is_unproven(decision: &Decision) -> bool {
    matches!(decision.kind, DecisionKind::Act | DecisionKind::Verify)
}
