//! Silences: a person has heard, and wants to hear no more of it for a while.

use serde::{Deserialize, Serialize};

use crate::core::time::Timestamp;

/// Most silences at once.
pub const SILENCES_MAX: usize = 32;
/// Longest silence, milliseconds: 30 days. It always ends.
pub const SILENCE_MS_MAX: u64 = 30 * 86_400_000;

/// Nobody is told of some causes until it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// When it began.
    pub since: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// The cause it is about (`api_down`, or `member_offline:tokyo-2`); `None` for every cause.
    pub cause: Option<String>,
    /// Who ordered it.
    pub by: String,
    /// Why, in that person's words; may be empty.
    pub reason: String,
}

impl Silence {
    /// Whether it holds now, for a cause or for a cause and its subject.
    #[must_use]
    pub fn covers(&self, now: Timestamp, cause: &str, key: &str) -> bool {
        let is_meant = self.cause.as_deref().is_none_or(|meant| meant == cause || meant == key);
        // A clock that was set back must not make it longer than it was meant.
        is_meant && now < self.until && now.since_ms(self.since) >= -60_000
    }

    /// It in a few words, for the mark on a message or a page.
    #[must_use]
    pub fn sentence(&self) -> String {
        let what = self.cause.as_deref().unwrap_or("every cause");
        let why = if self.reason.is_empty() { "" } else { ": " };
        format!("{what} silenced by {} until {}{why}{}", self.by, self.until, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_covers_its_cause_while_it_lasts() {
        let silence = |cause: Option<&str>| Silence {
            since: Timestamp::from_ms(1_000_000),
            until: Timestamp::from_ms(2_000_000),
            cause: cause.map(str::to_owned),
            by: "anna".to_owned(),
            reason: String::new(),
        };
        for (name, cause, at_ms, expected) in [
            ("every cause", None, 1_500_000, true),
            ("its cause", Some("member_offline"), 1_500_000, true),
            ("its subject", Some("member_offline:b"), 1_500_000, true),
            ("another subject", Some("member_offline:c"), 1_500_000, false),
            ("another cause", Some("api_down"), 1_500_000, false),
            ("it is over", None, 2_000_000, false),
            ("the clock was set far back", None, 0, false),
        ] {
            let now = Timestamp::from_ms(at_ms);
            let covers = silence(cause).covers(now, "member_offline", "member_offline:b");
            assert_eq!(covers, expected, "{name}");
        }
    }
}
