//! The slot ledger's rows: one for each of our turns.

use std::path::Path;

use rusqlite::{Connection, Row, Transaction, params};

use super::error::StoreError;
use super::past;
use crate::core::ledger::{Proof, SettledTurn};
use crate::core::name::Name;
use crate::core::time::Timestamp;

/// Most turns: 400 days with 21 producers have 274,000.
const TURNS_MAX: i64 = 300_000;
/// So many stay in a file that is too large: a month with 21 producers.
const TURNS_MIN: i64 = 20_000;
/// Turns are kept so long, milliseconds: 400 days.
const AGE_MS: i64 = 400 * 86_400_000;
/// Rows removed at a time.
const PRUNE_STEP: i64 = 64;

/// Appends turns; one that is there already stays as it is.
pub(super) fn append(
    transaction: &Transaction<'_>,
    turns: &[&SettledTurn],
    is_large: bool,
) -> rusqlite::Result<()> {
    let Some(last) = turns.last() else { return Ok(()) };
    let mut insert = transaction.prepare(
        "INSERT OR IGNORE INTO turns (at, last, turns, producer, met, late, forked, missed, here,
            losses, proof, settled)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    for turn in turns {
        insert.execute(params![
            turn.start.ms(),
            turn.last.ms(),
            turn.turns,
            turn.producer.as_str(),
            turn.met,
            turn.late,
            turn.forked,
            turn.missed,
            turn.here,
            serde_json::to_string(&turn.losses).unwrap_or_default(),
            turn.proof.as_str(),
            turn.settled.ms(),
        ])?;
    }
    let count: i64 = transaction.query_row("SELECT count(*) FROM turns", [], |row| row.get(0))?;
    let most = if is_large { TURNS_MIN } else { TURNS_MAX };
    transaction.execute(
        "DELETE FROM turns WHERE at IN (SELECT at FROM turns ORDER BY at LIMIT ?1)
         AND (?2 OR at < ?3)",
        params![PRUNE_STEP, count > most, last.start.plus_ms(-AGE_MS).ms()],
    )?;
    Ok(())
}

/// Up to `count` turns that began from `since` on and before `until`, oldest first.
pub(super) fn turns(
    connection: &Connection,
    path: &Path,
    (since, until): (Timestamp, Timestamp),
    count: u32,
) -> Result<Vec<SettledTurn>, StoreError> {
    past::rows(
        connection,
        path,
        "turns",
        "SELECT * FROM turns WHERE at >= ?1 AND at < ?2 ORDER BY at LIMIT ?3",
        params![since.ms(), until.ms(), count],
        turn,
    )
}

/// The last turn of a producer that began before `until`.
pub(super) fn last(
    connection: &Connection,
    path: &Path,
    producer: Name,
    until: Timestamp,
) -> Result<Option<SettledTurn>, StoreError> {
    let found = past::rows(
        connection,
        path,
        "turns",
        "SELECT * FROM turns WHERE producer = ?1 AND at < ?2 ORDER BY at DESC LIMIT 1",
        params![producer.as_str(), until.ms()],
        turn,
    )?;
    Ok(found.into_iter().next())
}

/// Whom the last turn is about; `None` where there is none.
pub(super) fn last_producer(
    connection: &Connection,
    path: &Path,
) -> Result<Option<Name>, StoreError> {
    let sql = "SELECT * FROM turns ORDER BY at DESC LIMIT 1";
    let found = past::rows(connection, path, "turns", sql, [], turn)?;
    Ok(found.into_iter().next().map(|turn| turn.producer))
}

fn turn(row: &Row<'_>) -> rusqlite::Result<SettledTurn> {
    let (producer, losses): (String, String) = (row.get("producer")?, row.get("losses")?);
    let unreadable = |error| {
        rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(error))
    };
    Ok(SettledTurn {
        start: Timestamp::from_ms(row.get("at")?),
        last: Timestamp::from_ms(row.get("last")?),
        turns: row.get("turns")?,
        producer: producer.parse().map_err(unreadable)?,
        met: row.get("met")?,
        late: row.get("late")?,
        forked: row.get("forked")?,
        missed: row.get("missed")?,
        here: row.get("here")?,
        // Slots without a readable cause are still counted as lost.
        losses: serde_json::from_str(&losses).unwrap_or_default(),
        proof: Proof::of(&row.get::<_, String>("proof")?),
        settled: Timestamp::from_ms(row.get("settled")?),
    })
}
