//! Whether nodeos's process lives, as the system tells at once.

/// What the system says of nodeos's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessEvent {
    /// It was found, and its end will be told.
    Running {
        /// The process, container or unit: `process 4711`, `container nodeos (3f2a…)`.
        what: String,
    },
    /// It has ended.
    Ended {
        /// How: `process 4711 ended`, `container nodeos ended with exit code 137`.
        how: String,
    },
    /// It cannot be watched; its end will only show by an RPC that does not answer.
    NotWatched {
        /// Why, one sentence.
        why: String,
    },
}
