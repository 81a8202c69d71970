//! What the history keeps beside its entries: incidents, and what was sent about them.

use serde::{Deserialize, Serialize};

use crate::core::action::Severity;
use crate::core::alarm::incident::Incident;
use crate::core::ledger::SettledTurn;
use crate::core::sample::{PoolSample, Sample};
use crate::core::time::Timestamp;
use crate::history::entry::Entry;

/// Anything that is written to the history.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Something that was decided or done.
    Entry(Box<Entry>),
    /// What was measured.
    Sample(Box<Sample>),
    /// What the mining pool said.
    Pool(PoolSample),
    /// A turn of ours, settled. One that is there already stays as it is.
    Turn(SettledTurn),
    /// An incident as it is now; takes the place of the one with its id.
    Incident(IncidentRow),
    /// What came of a message.
    Notification(Notification),
}

/// An incident, from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRow {
    /// Its id, the same for as long as it lasts: `20261121T024837-api_down`.
    pub id: String,
    /// The cause's key.
    pub cause: String,
    /// How bad it is, at its worst.
    pub severity: Severity,
    /// When it began.
    pub began: Timestamp,
    /// When it ended; `None` while it stands.
    pub ended: Option<Timestamp>,
    /// The truth in one sentence.
    pub title: String,
    /// What was seen, the most telling first.
    pub proof: Vec<String>,
    /// When it last changed.
    pub changed: Timestamp,
}

/// One message to one channel, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// When that was known.
    pub at: Timestamp,
    /// The channel's name.
    pub channel: String,
    /// Id of the message.
    pub message: String,
    /// Id of its incident; empty for a report, a summary or a test.
    pub incident: String,
    /// The message's kind: `raised`, `resolved`.
    pub kind: String,
    /// `sent`, or why it was not.
    pub outcome: String,
}

impl IncidentRow {
    /// An incident as the pipeline has it.
    #[must_use]
    pub fn of(incident: &Incident, changed: Timestamp) -> Self {
        let lead = incident.lead();
        let proof = incident.findings.iter().map(|finding| {
            if finding.cause == lead.cause && finding.subject == lead.subject {
                finding.saw.clone()
            } else {
                format!("{}: {}", finding.key(), finding.saw)
            }
        });
        Self {
            id: incident.id.clone(),
            cause: lead.key(),
            severity: incident.severity,
            began: incident.began,
            ended: incident.ended,
            title: lead.meaning.clone(),
            proof: proof.collect(),
            changed,
        }
    }
}
