//! The history's rows, bounded in number, age and bytes.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::error::StoreError;
use super::past;
use crate::core::name::Name;
use crate::core::time::Timestamp;
use crate::history::entry::{Entry, What};

/// How much of the past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Entries.
    pub rows: i64,
    /// Milliseconds before the entry that is being written.
    pub age_ms: i64,
    /// Bytes of the whole file, free pages aside.
    pub bytes: i64,
}

impl Bounds {
    /// 100,000 entries, 400 days, 256 MiB. Fifty changes of mind a day make 20,000 entries and
    /// about 100 MB in 400 days.
    pub const DEFAULT: Self =
        Self { rows: 100_000, age_ms: 400 * 86_400_000, bytes: 256 * 1024 * 1024 };
}

/// Entries removed at a time, a few milliseconds' work. A clock that was wrong for a moment thus
/// costs as many of the oldest at most.
const PRUNE_STEP: i64 = 64;

/// Appends the entries, and removes some of what is over the bounds.
pub(super) fn append(
    transaction: &Transaction<'_>,
    entries: &[&Entry],
    bounds: &Bounds,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare(
        "INSERT INTO history (at, what, kind, hold, sentence, incident, evidence)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for entry in entries {
        insert.execute(params![
            entry.at.ms(),
            entry.what.as_str(),
            entry.kind,
            entry.hold,
            entry.sentence,
            entry.incident,
            entry.evidence.to_string(),
        ])?;
    }
    match entries.last() {
        Some(last) => prune(transaction, last.at, bounds),
        None => Ok(()),
    }
}

/// Whether the file has more bytes than it may.
pub(super) fn is_large(connection: &Connection, bounds: &Bounds) -> rusqlite::Result<bool> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let used_bytes =
        (pragma("page_count")? - pragma("freelist_count")?).saturating_mul(pragma("page_size")?);
    Ok(used_bytes > bounds.bytes)
}

fn prune(transaction: &Transaction<'_>, now: Timestamp, bounds: &Bounds) -> rusqlite::Result<()> {
    let is_large = is_large(transaction, bounds)?;
    // The oldest go first, so that the numbers in use have no gap and tell how many there are.
    transaction.execute(
        "DELETE FROM history WHERE id IN (SELECT id FROM history ORDER BY id LIMIT ?1)
         AND (?2 OR at < ?3 OR id <= (SELECT max(id) FROM history) - ?4)",
        params![PRUNE_STEP, is_large, now.plus_ms(-bounds.age_ms).ms(), bounds.rows],
    )?;
    Ok(())
}

/// For which producer the keeper started last; `None` where it never did.
pub(super) fn last_started(
    connection: &Connection,
    path: &Path,
) -> Result<Option<Name>, StoreError> {
    let sql = "SELECT evidence FROM history WHERE what = 'start' ORDER BY id DESC LIMIT 1";
    let found = connection.query_row(sql, [], |row| row.get::<_, String>(0)).optional();
    let evidence = found.map_err(StoreError::sqlite("read", path))?;
    let facts = evidence.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    Ok(facts.and_then(|facts| facts["producer"].as_str()?.parse().ok()))
}

/// Where a reader stands: time and number of the last entry read.
pub(super) type Place = (i64, i64);

/// The place before the last `count` entries that are not before `since`.
pub(super) fn place_of_last(
    connection: &Connection,
    path: &Path,
    since: Timestamp,
    count: u32,
) -> Result<Place, StoreError> {
    let before = connection
        .query_row(
            "SELECT at, id FROM history WHERE at >= ?1 ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?2",
            params![since.ms(), count],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(StoreError::sqlite("read", path))?;
    Ok(before.unwrap_or((since.ms(), i64::MIN)))
}

/// Up to `count` entries after a place, oldest first, and the place of the last.
pub(super) fn page(
    connection: &Connection,
    path: &Path,
    after: Place,
    count: u32,
) -> Result<(Vec<Entry>, Place), StoreError> {
    let read = || -> rusqlite::Result<_> {
        let mut select = connection.prepare(
            "SELECT at, what, kind, hold, sentence, incident, evidence, id FROM history
             WHERE (at, id) > (?1, ?2) ORDER BY at, id LIMIT ?3",
        )?;
        let mut place = after;
        let rows = select.query_map(params![after.0, after.1, count], |row| {
            place = (row.get(0)?, row.get(7)?);
            entry(row)
        })?;
        let entries = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok((entries, place))
    };
    read().map_err(StoreError::sqlite("read", path))
}

/// The last `count` entries from `since` on and before `until`, oldest first; of one kind where it
/// is named.
pub(super) fn within(
    connection: &Connection,
    path: &Path,
    (since, until): (Timestamp, Timestamp),
    what: Option<What>,
    count: u32,
) -> Result<Vec<Entry>, StoreError> {
    let mut found = past::rows(
        connection,
        path,
        "history",
        "SELECT at, what, kind, hold, sentence, incident, evidence, id FROM history
         WHERE at >= ?1 AND at < ?2 AND (?4 IS NULL OR what = ?4)
         ORDER BY at DESC, id DESC LIMIT ?3",
        params![since.ms(), until.ms(), count, what.map(What::as_str)],
        entry,
    )?;
    found.reverse();
    Ok(found)
}

/// The last `count` entries of a span, the newest first, with their numbers; before a place, and of
/// one kind, where these are named.
pub(super) fn before(
    connection: &Connection,
    path: &Path,
    (since, until): (Timestamp, Timestamp),
    before: Option<Place>,
    what: Option<What>,
    count: u32,
) -> Result<Vec<(i64, Entry)>, StoreError> {
    let (at, id) = before.unwrap_or((i64::MAX, i64::MAX));
    past::rows(
        connection,
        path,
        "history",
        "SELECT at, what, kind, hold, sentence, incident, evidence, id FROM history
         WHERE at >= ?1 AND at < ?2 AND (at, id) < (?3, ?4) AND (?6 IS NULL OR what = ?6)
         ORDER BY at DESC, id DESC LIMIT ?5",
        params![since.ms(), until.ms(), at, id, count, what.map(What::as_str)],
        |row| Ok((row.get(7)?, entry(row)?)),
    )
}

/// Incidents that entries name and whose id begins with `prefix`, the newest first: id, first entry
/// and last.
pub(super) fn acts_with(
    connection: &Connection,
    path: &Path,
    prefix: &str,
    count: u32,
) -> Result<Vec<(String, Timestamp, Timestamp)>, StoreError> {
    past::rows(
        connection,
        path,
        "history",
        "SELECT incident, min(at), max(at) FROM history
         WHERE incident <> '' AND substr(incident, 1, length(?1)) = ?1
         GROUP BY incident ORDER BY 2 DESC LIMIT ?2",
        params![prefix, count],
        |row| {
            let time = |ms| Timestamp::from_ms(ms);
            Ok((row.get(0)?, time(row.get(1)?), time(row.get(2)?)))
        },
    )
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let evidence: String = row.get(6)?;
    Ok(Entry {
        at: Timestamp::from_ms(row.get(0)?),
        what: What::of(&row.get::<_, String>(1)?),
        kind: row.get(2)?,
        hold: row.get(3)?,
        sentence: row.get(4)?,
        incident: row.get(5)?,
        // What is no JSON is shown as it is.
        evidence: serde_json::from_str(&evidence).unwrap_or_else(|_| evidence.into()),
    })
}
