//! What the page is made of: the status, what was read of the history, and what the reader chose.

use crate::core::slots::TurnSlots;
use crate::core::status::Status;
use crate::history::entry::Entry;
use crate::history::record::IncidentRow;

/// Everything a part may show.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) status: &'a Status,
    pub(super) past: &'a Past,
    /// How long ago the keeper judged, milliseconds.
    pub(super) judged_ago_ms: u64,
}

/// What the page shows of the history.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Past {
    /// Incidents of the last week, oldest first.
    pub(super) incidents: Vec<IncidentRow>,
    /// What was decided and done, oldest first.
    pub(super) entries: Vec<Entry>,
    /// Our settled turns, oldest first.
    pub(super) turns: Vec<TurnSlots>,
    /// Why there is less than there should be, one sentence.
    pub(super) failure: Option<String>,
}
