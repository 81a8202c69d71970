//! What a person orders by the command line, and what the keeper answers at once.

use serde::{Deserialize, Serialize};

/// An order of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command", deny_unknown_fields)]
pub enum Command {
    /// Make this node sign.
    Promote {
        /// Pass over the gates that may be passed over.
        force: bool,
        /// Say only what would be done.
        dry_run: bool,
    },
    /// Make this node stop signing, without giving the producer to another.
    Demote {
        /// Also when no other node is ready.
        force: bool,
        /// Say only what would be done.
        dry_run: bool,
    },
    /// From the node that signs: give the producer to another, between two of our turns.
    Switchover {
        /// Name of the node that is to take it.
        to: String,
        /// Pass over the gates that may be passed over.
        force: bool,
        /// Say only what would be done.
        dry_run: bool,
    },
    /// Give the producer back to the active node: a switchover from the standby that signs, or, on
    /// the active node, the request for one.
    Failback {
        /// Pass over the gates that may be passed over.
        force: bool,
        /// Say only what would be done.
        dry_run: bool,
    },
    /// No automatic act for a while.
    Maintenance {
        /// For how long, milliseconds; always ends.
        for_ms: u64,
        /// Why; shown with every alarm.
        reason: String,
        /// Also when no other node is ready.
        force: bool,
    },
    /// Maintenance is over.
    EndMaintenance,
    /// Read the configuration anew.
    Reload,
    /// Count promotions anew: a person has seen why there were so many.
    Rearm,
    /// Tell nobody of a cause for a while.
    Silence {
        /// For how long, milliseconds; always ends.
        for_ms: u64,
        /// The cause, with or without its subject; every cause where it is absent.
        cause: Option<String>,
        /// Who orders it; the keeper adds the user's number where it is absent.
        by: Option<String>,
        /// Why; may be empty.
        reason: String,
    },
    /// Tell people again.
    EndSilence {
        /// The silence of this cause; every silence where it is absent.
        cause: Option<String>,
    },
}

/// The keeper's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandAnswer {
    /// Whether it is done, or will be.
    pub accepted: bool,
    /// What is going to happen, or what stands against it; a sentence each.
    pub sentences: Vec<String>,
}
