//! What others than the rules have to say: a member of the fleet, a mining pool.

use serde::Serialize;

use crate::core::action::Severity;
use crate::core::rules::State;

/// Something that is watched and is fine, is not, or is not known: as a rule's finding, though of a
/// cause that the rules of this node do not have. One with the same cause and subject is the same
/// thing later on.
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
