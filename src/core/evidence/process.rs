//! Whether nodeos's process lives.

use crate::core::process::ProcessEvent;
use crate::core::time::Now;

/// What the system last said of nodeos's process.
#[derive(Clone, Debug, Default)]
pub struct ProcessEvidence {
    /// How it ended, and when, while no other was found since.
    pub ended: Option<(Now, String)>,
    /// What is watched: `process 4711`.
    pub watched: Option<String>,
    /// Why it cannot be watched.
    pub not_watched: Option<String>,
    /// When a process was last found.
    pub found: Option<Now>,
}

impl ProcessEvidence {
    /// Records what the system said.
    pub fn record(&mut self, now: Now, event: &ProcessEvent) {
        match event {
            ProcessEvent::Running { what } => {
                *self = Self { watched: Some(what.clone()), found: Some(now), ..Self::default() };
            }
            ProcessEvent::Ended { how } => {
                self.watched = None;
                self.ended = Some((now, how.clone()));
            }
            ProcessEvent::NotWatched { why } => {
                self.watched = None;
                self.not_watched = Some(why.clone());
            }
        }
    }

    /// Bytes held beside the struct itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::capacity);
        text(&self.watched)
            + text(&self.not_watched)
            + self.ended.as_ref().map_or(0, |(_, how)| how.capacity())
    }
}
