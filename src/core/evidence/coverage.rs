//! For how long the chain was watched without a gap: silence counts only while we listened.

use crate::core::time::{Mono, Now};

/// The span that was watched without a hole.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Start of the span; `None` while nothing is seen.
    since: Option<Now>,
    /// Last time the RPC answered or the log showed a block.
    last: Mono,
    /// Why the span before this one ended.
    torn: String,
}

impl Coverage {
    /// Nothing watched yet.
    #[must_use]
    pub fn new(now: Now) -> Self {
        Self { since: None, last: now.mono, torn: "the keeper has just started".to_owned() }
    }

    /// The chain was seen.
    pub fn sighting(&mut self, now: Now) {
        self.last = now.mono;
        if self.since.is_none() {
            self.since = Some(now);
        }
    }

    /// Ends the span when nothing was seen for longer than `gap_ms`.
    pub fn check(&mut self, now: Now, gap_ms: u64) {
        if self.since.is_some() && now.mono.since_ms(self.last) > gap_ms {
            self.tear(now, "neither the RPC nor the log showed the chain for a while".to_owned());
        }
    }

    /// Ends the span.
    pub fn tear(&mut self, now: Now, why: String) {
        self.since = None;
        self.last = now.mono;
        self.torn = why;
    }

    /// Start of the running span.
    #[must_use]
    pub fn since(&self) -> Option<Now> {
        self.since
    }

    /// Why the span before this one ended.
    #[must_use]
    pub fn torn(&self) -> &str {
        &self.torn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_starts_the_evidence_anew() {
        let at = |ms| Now::default().plus_ms(ms);
        let mut coverage = Coverage::new(at(0));
        assert_eq!(coverage.since(), None, "nothing seen yet");
        coverage.sighting(at(1_000));
        coverage.check(at(6_000), 5_000);
        assert_eq!(coverage.since(), Some(at(1_000)), "a gap of exactly the bound is none");
        coverage.check(at(6_001), 5_000);
        assert_eq!(coverage.since(), None);
        assert!(coverage.torn().contains("neither the RPC nor the log"));
        coverage.sighting(at(7_000));
        assert_eq!(coverage.since(), Some(at(7_000)));
    }
}
