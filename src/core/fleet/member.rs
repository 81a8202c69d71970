//! One keeper that is watched.

use serde::{Deserialize, Serialize};

use super::{MemberReport, RULES_MAX};
use crate::core::settings::Role;
use crate::core::time::{Mono, Now, Timestamp};

/// Longest sentence that is kept of a member, bytes.
const SENTENCE_BYTES: usize = 300;
/// Longest name or id that is kept of a member, bytes.
const WORD_BYTES: usize = 64;

/// How a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// It has never reported; no incident.
    Never,
    /// It reports.
    Reporting,
    /// It missed some reports.
    Late,
    /// It has been silent for longer than `offline_minutes`.
    Offline,
    /// It has been silent for longer than `forget_after_hours`: taken as decommissioned.
    Forgotten,
}

/// A member as a person or a program is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberView {
    /// Its name here.
    pub name: String,
    /// How it stands.
    pub state: MemberState,
    /// Whether it is one of `[peers]`.
    pub is_peer: bool,
    /// For how long it has been silent while it was watched, milliseconds.
    pub quiet_ms: u64,
    /// When it last reported.
    pub heard_at: Option<Timestamp>,
    /// What its node is for.
    pub role: Option<Role>,
    /// What it last reported; of a peer that is not in `[fleet]` see `peers`.
    pub report: Option<MemberReport>,
    /// Why the last question had no answer, if it had none.
    pub failure: Option<String>,
}

/// A member of the table.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) is_peer: bool,
    pub(super) state: MemberState,
    /// Silence that was watched, milliseconds.
    pub(super) quiet_ms: u64,
    pub(super) heard_at: Option<Timestamp>,
    pub(super) role: Option<Role>,
    pub(super) is_active: bool,
    pub(super) report: Option<MemberReport>,
    pub(super) failure: Option<String>,
    /// Whether its silence is an incident of its own.
    pub(super) fires: bool,
    /// When it reported, until the next tick has counted from there.
    pub(super) fresh: Option<Mono>,
}

impl Member {
    pub(super) fn new(name: &str, is_peer: bool) -> Self {
        Self {
            name: name.to_owned(),
            is_peer,
            state: MemberState::Never,
            quiet_ms: 0,
            heard_at: None,
            role: None,
            is_active: false,
            report: None,
            failure: None,
            fires: false,
            fresh: None,
        }
    }

    /// Whether it has reported and is not taken as decommissioned.
    pub(super) const fn is_known(&self) -> bool {
        !matches!(self.state, MemberState::Never | MemberState::Forgotten)
    }

    /// Whether the report is the last one again: a keeper judges once a second.
    pub(super) fn repeats(&self, report: &MemberReport) -> bool {
        self.report.as_ref().is_some_and(|last| last.judged_at == report.judged_at)
    }

    pub(super) fn take_report(&mut self, report: &MemberReport) {
        let mut report = report.clone();
        report.sentence = cut(&report.sentence, SENTENCE_BYTES);
        for text in [&mut report.node, &mut report.decision, &mut report.version] {
            *text = cut(text, WORD_BYTES);
        }
        report.chain_id = report.chain_id.map(|id| cut(&id, WORD_BYTES));
        for rules in [&mut report.paging, &mut report.warning] {
            rules.truncate(RULES_MAX);
            rules.iter_mut().for_each(|rule| *rule = cut(rule, WORD_BYTES));
        }
        (self.role, self.is_active) = (Some(report.role), report.is_active);
        self.report = Some(report);
    }

    pub(super) fn heard(&mut self, now: Now) {
        self.state = MemberState::Reporting;
        self.quiet_ms = 0;
        self.heard_at = Some(now.wall);
        self.failure = None;
        self.fires = false;
        self.fresh = Some(now.mono);
    }

    /// Counts silence on, by the step since the last tick at most.
    pub(super) fn wait(&mut self, now: Mono, step_ms: u64) {
        let since = self.fresh.take().map_or(step_ms, |heard| now.since_ms(heard));
        self.quiet_ms += since.min(step_ms);
    }

    pub(super) fn fail(&mut self, why: &str) {
        self.failure = Some(cut(why, SENTENCE_BYTES));
    }

    pub(super) fn view(&self) -> MemberView {
        MemberView {
            name: self.name.clone(),
            state: self.state,
            is_peer: self.is_peer,
            quiet_ms: self.quiet_ms,
            heard_at: self.heard_at,
            role: self.role,
            report: self.report.clone(),
            failure: self.failure.clone(),
        }
    }
}

/// The beginning of a text, at most so many bytes, cut at a character.
fn cut(text: &str, max: usize) -> String {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
