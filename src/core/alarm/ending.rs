//! What becomes of what a channel showed of an incident, once that is over.

use serde::{Deserialize, Serialize};

/// `on_end` of a channel that can change what it showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnEnd {
    /// It stays, and says that it is over and how long it lasted.
    #[default]
    Edit,
    /// It goes.
    Delete,
    /// One line stays in its place.
    Summary,
}
