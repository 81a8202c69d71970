//! What fires: the common form of a rule's finding, and of whatever else is watched: a member of the
//! fleet, a mining pool, a channel.

use serde::Serialize;

use crate::core::action::Severity;
use crate::core::rules::{Finding, State};

/// Something that is watched and is fine, is not, or is not known. One with the same cause and subject
/// is the same thing later on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signal {
    /// What is wrong when it fires, for example `member_offline`.
    pub cause: String,
    /// What it is about, for example the member `tokyo-2`; empty where there is only one.
    pub subject: String,
    /// Fine, firing, or not known.
    pub state: State,
    /// How bad it is when it fires.
    pub severity: Severity,
    /// What it means when it fires, one sentence.
    pub meaning: String,
    /// What was seen.
    pub saw: String,
    /// What to do when it fires, one sentence.
    pub next_step: String,
}

impl Signal {
    /// A rule's finding.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        Self {
            cause: finding.rule.as_str().to_owned(),
            subject: String::new(),
            state: finding.state,
            severity: finding.severity,
            meaning: finding.rule.meaning().to_owned(),
            saw: finding.saw.clone(),
            next_step: finding.rule.next_step().to_owned(),
        }
    }

    /// Cause and subject: `member_offline:tokyo-2`, `api_down`.
    #[must_use]
    pub fn key(&self) -> String {
        match self.subject.as_str() {
            "" => self.cause.clone(),
            subject => format!("{}:{subject}", self.cause),
        }
    }
}
