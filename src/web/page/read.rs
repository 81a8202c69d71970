//! What the page shows of the history, read at most every few seconds for all readers together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::past::{ENTRIES_MAX, INCIDENTS_MAX};
use super::view::Past;
use crate::core::slots::TurnSlots;
use crate::core::status::Status;
use crate::history::store::{Past as History, StoreError};
use crate::web::facts::Facts;

/// What was read counts so long.
const FRESH: Duration = Duration::from_secs(10);
/// After a change the keeper writes within a moment: until then it is read again so often …
const SOON: Duration = Duration::from_secs(2);
/// … for so long.
const SETTLING: Duration = Duration::from_secs(6);
/// Incidents of so long are shown, milliseconds.
const WEEK_MS: i64 = 7 * 86_400_000;
/// Settled turns of so long, milliseconds: more rows than are shown, with 21 producers.
const TURNS_MS: i64 = 2 * 3_600_000;
/// Most of them.
const TURNS_MAX: u32 = 1_000;

/// What was read last.
#[derive(Debug, Default)]
pub(super) struct Reader {
    last: Mutex<Option<Last>>,
}

#[derive(Debug)]
struct Last {
    read: Instant,
    /// What stood then, and since when that is seen.
    key: String,
    since: Instant,
    past: Arc<Past>,
}

impl Reader {
    /// The past, no older than ten seconds. Where it cannot be read, it says why.
    pub(super) async fn past(&self, facts: &Facts, status: &Status) -> Arc<Past> {
        let key = key(status);
        // Whoever comes meanwhile waits and has what this one read.
        let mut last = self.last.lock().await;
        let begun = Instant::now();
        let since = match last.as_ref() {
            Some(last) if last.key == key => last.since,
            _ => begun,
        };
        let fresh = if since.elapsed() < SETTLING { SOON } else { FRESH };
        if let Some(last) = last.as_ref().filter(|last| last.read.elapsed() < fresh) {
            // A change is looked up a moment later, when it may be written.
            if last.key == key || last.read.elapsed() < SOON / 2 {
                return Arc::clone(&last.past);
            }
        }
        let now = status.at;
        let past = match facts.archive().ask(move |history| read(history, now)).await {
            Ok(past) => past,
            Err(error) => {
                // What was read before is shown on, and that it is old.
                let known = last.as_ref().map(|last| Past::clone(&last.past)).unwrap_or_default();
                Past { failure: Some(format!("This may be old: {error}.")), ..known }
            }
        };
        let past = Arc::new(past);
        *last = Some(Last { read: Instant::now(), key, since, past: Arc::clone(&past) });
        past
    }
}

/// What makes the history longer when it changes.
fn key(status: &Status) -> String {
    let incidents = status.alarms.incidents.iter().map(|incident| incident.id.as_str());
    let stage = status.promotion.stage;
    format!("{}/{stage}/{}", super::sentence::spoken_key(status), incidents.collect::<String>())
}

fn read(history: &History<'_>, now: crate::core::time::Timestamp) -> Result<Past, StoreError> {
    // A row that was written a moment ago may be stamped after the judgement that is shown.
    let until = now.plus_ms(60_000);
    let turns = history.turns((now.plus_ms(-TURNS_MS), until), TURNS_MAX)?;
    Ok(Past {
        incidents: history.incidents((now.plus_ms(-WEEK_MS), until), INCIDENTS_MAX)?,
        entries: history.entries((now.plus_ms(-WEEK_MS), until), ENTRIES_MAX)?,
        turns: turns.iter().filter_map(TurnSlots::of).collect(),
        failure: None,
    })
}
