//! An incident: everything that fires from one cause, from its beginning to its end.

use serde::{Deserialize, Serialize};

use crate::core::action::Severity;
use crate::core::alarm::inhibit::{explains, is_about_two_signers};
use crate::core::alarm::signal::Signal;
use crate::core::rules::State;
use crate::core::time::Timestamp;

/// Most findings one incident remembers.
pub const FINDINGS_MAX: usize = 24;

/// One incident. It has a named cause, which may be found out later than it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// For example `20261121T024837-tokyo-1-api_down`; the cause is the one it began with.
    pub id: String,
    /// The worst it was.
    pub severity: Severity,
    /// When it began.
    pub began: Timestamp,
    /// When it was over: when the last of its findings stopped.
    pub ended: Option<Timestamp>,
    /// What fires, or fired, the cause first; never empty, at most [`FINDINGS_MAX`].
    pub findings: Vec<Joined>,
    /// Findings there was no room for.
    pub more: u32,
    /// When people were first told.
    pub told: Option<Timestamp>,
    /// The worst that people were told it is.
    #[serde(default)]
    pub told_as: Option<Severity>,
    /// How bad people were told it is when it began.
    #[serde(default)]
    pub first_told_as: Option<Severity>,
    /// How often they were reminded.
    pub reminders: u32,
    /// When something about it was last told.
    pub last_told: Option<Timestamp>,
    /// Messages made so far; numbers them.
    pub messages: u32,
    /// Why nobody was told, where that is so.
    pub quiet: Option<String>,
    /// The incident it turned out to be part of, where it did.
    #[serde(default)]
    pub part_of: Option<String>,
    /// Whether its cause or its severity changed since people were last told.
    pub has_changed: bool,
    /// How often the cause it began with had come again, each time within an hour of its end.
    #[serde(default)]
    pub returns: u32,
    /// The key of the cause it began with.
    #[serde(default)]
    pub began_as: String,
}

/// A finding that is part of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// The cause's name.
    pub cause: String,
    /// What of several it is about.
    pub subject: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it means.
    pub meaning: String,
    /// What was seen when it last fired.
    pub saw: String,
    /// What to do.
    pub next_step: String,
    /// When it was first seen.
    pub since: Timestamp,
    /// When it last fired, or could not be judged after it had fired.
    pub last: Timestamp,
    /// Whether it fires, as far as is known.
    pub fires: bool,
}

impl Joined {
    /// A signal that fires.
    #[must_use]
    pub fn of(signal: &Signal, at: Timestamp) -> Self {
        Self {
            cause: signal.cause.clone(),
            subject: signal.subject.clone(),
            severity: signal.severity,
            meaning: signal.meaning.clone(),
            saw: signal.saw.clone(),
            next_step: signal.next_step.clone(),
            since: at,
            last: at,
            fires: true,
        }
    }

    /// Cause and subject.
    #[must_use]
    pub fn key(&self) -> String {
        match self.subject.as_str() {
            "" => self.cause.clone(),
            subject => format!("{}:{subject}", self.cause),
        }
    }

    fn is(&self, signal: &Signal) -> bool {
        self.cause == signal.cause && self.subject == signal.subject
    }
}

impl Incident {
    /// An incident of a node that begins with this signal. The node is in its id: services that
    /// join by it must not join what two keepers say.
    #[must_use]
    pub fn begin(node: &str, signal: &Signal, at: Timestamp) -> Self {
        let digits = |c: &char| c.is_ascii_digit() || *c == 'T';
        let time: String = at.to_string().chars().filter(digits).take(15).collect();
        Self {
            id: format!("{time}-{node}-{}", signal.key().replace(':', "-")),
            severity: signal.severity,
            began: at,
            ended: None,
            findings: vec![Joined::of(signal, at)],
            more: 0,
            told: None,
            told_as: None,
            first_told_as: None,
            reminders: 0,
            last_told: None,
            messages: 0,
            quiet: None,
            part_of: None,
            has_changed: false,
            returns: 0,
            began_as: signal.key(),
        }
    }

    /// The key of the cause it began with, by which it is known when it comes again.
    #[must_use]
    pub fn key(&self) -> String {
        if self.began_as.is_empty() { self.lead().key() } else { self.began_as.clone() }
    }

    /// Its cause.
    #[must_use]
    pub fn lead(&self) -> &Joined {
        &self.findings[0]
    }

    /// Whether this signal is one of its findings.
    #[must_use]
    pub fn holds(&self, signal: &Signal) -> bool {
        self.findings.iter().any(|finding| finding.is(signal))
    }

    /// Whether a signal that fires belongs to it, because its cause explains the signal.
    #[must_use]
    pub fn explains(&self, signal: &Signal) -> bool {
        !is_about_two_signers(&signal.cause) && explains(&self.lead().cause, &signal.cause)
    }

    /// Whether a signal that fires explains it.
    #[must_use]
    pub fn is_explained_by(&self, signal: &Signal) -> bool {
        explains(&signal.cause, &self.lead().cause)
    }

    /// Takes up what a signal of its own says now.
    pub fn see(&mut self, signal: &Signal, at: Timestamp) {
        let Some(index) = self.findings.iter().position(|finding| finding.is(signal)) else {
            return;
        };
        let finding = &mut self.findings[index];
        match signal.state {
            State::Firing => {
                finding.saw.clone_from(&signal.saw);
                finding.severity = signal.severity;
                finding.last = at;
                finding.fires = true;
                self.raise(signal.severity);
            }
            // Not knowing is no end.
            State::Unknown if finding.fires => finding.last = at,
            State::Unknown => {}
            State::Fine => finding.fires = false,
        }
    }

    /// Adds a finding; as the cause where it explains the others.
    pub fn join(&mut self, signal: &Signal, at: Timestamp, as_cause: bool) {
        if self.findings.len() >= FINDINGS_MAX && !as_cause {
            self.more = self.more.saturating_add(1);
            self.raise(signal.severity);
            return;
        }
        self.findings.truncate(FINDINGS_MAX - 1);
        let joined = Joined::of(signal, at);
        if as_cause {
            self.findings.insert(0, joined);
            self.has_changed = true;
        } else {
            self.findings.push(joined);
        }
        self.raise(signal.severity);
    }

    /// Takes over the findings of an incident that turned out to be part of this one.
    pub fn take_over(&mut self, other: &Self) {
        for finding in &other.findings {
            if self.findings.len() < FINDINGS_MAX {
                self.findings.push(finding.clone());
            } else {
                self.more = self.more.saturating_add(1);
            }
        }
        self.began = self.began.min(other.began);
        // People know of it: they are told that it is more than it was, not that it begins.
        self.told = self.told.or(other.told);
        self.told_as = self.told_as.max(other.told_as);
        self.first_told_as = self.first_told_as.or(other.first_told_as);
        self.last_told = self.last_told.max(other.last_told);
        self.raise(other.severity);
    }

    /// Takes nothing of it for later than now. After a clock was set back, what is "in the future"
    /// would keep it from being told of, and from ending, until the clock comes there again.
    pub fn not_after(&mut self, now: Timestamp) {
        self.began = self.began.min(now);
        self.told = self.told.map(|at| at.min(now));
        self.last_told = self.last_told.map(|at| at.min(now));
        for finding in &mut self.findings {
            finding.since = finding.since.min(now);
            finding.last = finding.last.min(now);
        }
    }

    /// Findings that are gone from what is watched (a member nobody lists any more) fire no more.
    pub fn forget_absent(&mut self, is_there: impl Fn(&Joined) -> bool) {
        for finding in self.findings.iter_mut().filter(|finding| finding.fires) {
            finding.fires = is_there(finding);
        }
    }

    /// Whether anything of it fires that is as bad as it is. What is milder and goes on when the
    /// worst is over is an incident of its own: a warning must not stand as a page.
    #[must_use]
    pub fn fires(&self) -> bool {
        self.worst().any(|finding| finding.fires)
    }

    /// When the last of what makes it so bad stopped.
    #[must_use]
    pub fn last(&self) -> Timestamp {
        self.worst().map(|finding| finding.last).max().unwrap_or(self.began)
    }

    /// Whether it is worse than people know.
    #[must_use]
    pub fn is_worse_than_told(&self) -> bool {
        self.told_as.is_some_and(|told| self.severity > told)
    }

    /// The findings that are as bad as it is.
    fn worst(&self) -> impl Iterator<Item = &Joined> {
        self.findings.iter().filter(|finding| finding.severity >= self.severity)
    }

    /// Gives the lead to what still fires and is as bad, where the cause does not any more: the
    /// oldest.
    pub fn follow_lead(&mut self, settled_ms: u64, now: Timestamp) {
        let settled_ms = i64::try_from(settled_ms).unwrap_or(i64::MAX);
        let lead = self.lead();
        if lead.fires || now.since_ms(lead.last) < settled_ms {
            return;
        }
        let all = self.findings.iter().enumerate();
        let as_bad = all.filter(|(_, f)| f.fires && f.severity >= self.severity);
        if let Some(index) = as_bad.min_by_key(|(_, f)| f.since).map(|(index, _)| index) {
            let lead = self.findings.remove(index);
            self.findings.insert(0, lead);
            self.has_changed = true;
        }
    }

    fn raise(&mut self, severity: Severity) {
        if severity > self.severity {
            self.severity = severity;
            self.has_changed = true;
        }
    }
}
