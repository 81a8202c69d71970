//! What ends and comes again and again is one incident: a link that fails for a second every two
//! minutes must not page thirty times an hour, for then nobody reads the page that counts.

use serde::{Deserialize, Serialize};

use crate::core::alarm::incident::Incident;
use crate::core::time::Timestamp;

/// An incident whose cause ended less than this ago has come again, milliseconds: an hour.
const AGAIN_MS: i64 = 3_600_000;
/// So many times a cause may come again before its end is waited for longer.
const PATIENCE: u32 = 1;
/// The wait for the end is doubled so often at the most, and is then half an hour for the default
/// of a minute.
const DOUBLED_MAX: u32 = 5;
/// Longest wait for an end by this, milliseconds: half an hour.
const SETTLE_MS_MAX: u64 = 1_800_000;
/// Causes that are remembered.
const ENDED_MAX: usize = 128;

/// A cause whose incident ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The cause and its subject.
    pub key: String,
    /// When it ended last.
    pub at: Timestamp,
    /// How often it had come again by then, each time within an hour.
    pub returns: u32,
}

/// Remembers the end of an incident, and forgets what was long ago.
pub fn remember(ended: &mut Vec<Ended>, incident: &Incident, now: Timestamp) {
    let key = incident.key();
    ended.retain(|e| e.key != key && now.since_ms(e.at).abs() < AGAIN_MS);
    if ended.len() >= ENDED_MAX {
        ended.remove(0);
    }
    ended.push(Ended { key, at: now, returns: incident.returns });
}

/// How often a cause that begins now has come again.
#[must_use]
pub fn returns(ended: &[Ended], key: &str, now: Timestamp) -> u32 {
    let before = ended.iter().find(|e| e.key == key && now.since_ms(e.at).abs() < AGAIN_MS);
    before.map_or(0, |before| before.returns.saturating_add(1))
}

/// How long an incident is fine before it is over, milliseconds; what is configured where that is
/// more.
#[must_use]
pub fn settle_ms(configured_ms: u64, returns: u32) -> u64 {
    let doubled = returns.saturating_sub(PATIENCE).min(DOUBLED_MAX);
    (configured_ms << doubled).min(SETTLE_MS_MAX).max(configured_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_waited_for_longer() {
        for (name, configured_ms, returns, expected) in [
            ("the first", 60_000, 0, 60_000),
            ("once again", 60_000, 1, 60_000),
            ("twice", 60_000, 2, 120_000),
            ("often", 60_000, 5, 960_000),
            ("half an hour at the most", 60_000, u32::MAX, 1_800_000),
            ("an hour was wished", 3_600_000, 9, 3_600_000),
        ] {
            assert_eq!(settle_ms(configured_ms, returns), expected, "{name}");
        }
    }
}
