//! What the mining pool answered: as it came for a week, then in the rows of the hours.

use std::path::Path;

use rusqlite::{Connection, Row, Transaction, params};

use super::error::StoreError;
use super::past;
use crate::core::sample::PoolSample;
use crate::core::time::Timestamp;

/// Most answers: one every ten seconds, as often as a pool may be asked, makes 60,480 a week.
const ANSWERS_MAX: i64 = 70_000;
/// So many stay in a file that is too large: a day.
const ANSWERS_MIN: i64 = 8_640;
/// Rows removed at a time, so that one write stays short.
const PRUNE_STEP: i64 = 64;

/// Appends answers. The hour of the samples they belong to takes those away that are over a week
/// old; what is beyond the bound goes without a trace.
pub(super) fn append(
    transaction: &Transaction<'_>,
    answers: &[&PoolSample],
    is_large: bool,
) -> rusqlite::Result<()> {
    if answers.is_empty() {
        return Ok(());
    }
    // A clock that was put back may come to the same millisecond twice.
    let mut insert = transaction.prepare(
        "INSERT OR REPLACE INTO pool (at, online, offline, hashrate, floor)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for answer in answers {
        insert.execute(params![
            answer.at.ms(),
            answer.online,
            answer.offline,
            answer.hashrate.cast_signed(),
            answer.floor.map(u64::cast_signed),
        ])?;
    }
    let most = if is_large { ANSWERS_MIN } else { ANSWERS_MAX };
    let count: i64 = transaction.query_row("SELECT count(*) FROM pool", [], |row| row.get(0))?;
    transaction.execute(
        "DELETE FROM pool WHERE at IN (SELECT at FROM pool ORDER BY at LIMIT ?1)",
        [(count - most).clamp(0, PRUNE_STEP)],
    )?;
    Ok(())
}

/// Takes the answers of an hour out, oldest first; what is older still has no hour any more, and
/// goes with them.
pub(super) fn take(
    transaction: &Transaction<'_>,
    (start, end): (Timestamp, Timestamp),
) -> rusqlite::Result<Vec<PoolSample>> {
    let mut select =
        transaction.prepare("SELECT * FROM pool WHERE at >= ?1 AND at < ?2 ORDER BY at")?;
    let answers = select
        .query_map(params![start.ms(), end.ms()], answer)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    transaction.execute("DELETE FROM pool WHERE at < ?1", [end.ms()])?;
    Ok(answers)
}

/// Up to `count` answers from `since` on and before `until`, oldest first.
pub(super) fn answers(
    connection: &Connection,
    path: &Path,
    (since, until): (Timestamp, Timestamp),
    count: u32,
) -> Result<Vec<PoolSample>, StoreError> {
    past::rows(
        connection,
        path,
        "pool",
        "SELECT * FROM pool WHERE at >= ?1 AND at < ?2 ORDER BY at LIMIT ?3",
        params![since.ms(), until.ms(), count],
        answer,
    )
}

fn answer(row: &Row<'_>) -> rusqlite::Result<PoolSample> {
    Ok(PoolSample {
        at: Timestamp::from_ms(row.get("at")?),
        online: row.get("online")?,
        offline: row.get("offline")?,
        hashrate: row.get::<_, i64>("hashrate")?.cast_unsigned(),
        floor: row.get::<_, Option<i64>>("floor")?.map(i64::cast_unsigned),
    })
}
