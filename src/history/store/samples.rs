//! Samples: every ten seconds for a week, then one row an hour.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::error::StoreError;
use super::{past, pool};
use crate::core::sample::{HOUR_MS, HourSample, PoolHour, Sample};
use crate::core::time::Timestamp;

/// Samples are kept so long, milliseconds: a week.
const SAMPLE_AGE_MS: i64 = 7 * 86_400_000;
/// Most samples: a week of them is 60,480.
const SAMPLES_MAX: i64 = 70_000;
/// So many stay in a file that is too large: a day.
const SAMPLES_MIN: i64 = 8_640;
/// Hours are kept so long, milliseconds: 400 days.
const HOUR_AGE_MS: i64 = 400 * 86_400_000;
/// Most hours: 400 days have 9,600.
const HOURS_MAX: i64 = 9_700;
/// Rows removed at a time, so that one write stays short.
const PRUNE_STEP: i64 = 64;

/// Appends samples, and thins what is over a week old: an hour at a time.
pub(super) fn append(
    transaction: &Transaction<'_>,
    samples: &[&Sample],
    is_large: bool,
) -> rusqlite::Result<()> {
    let Some(last) = samples.last() else { return Ok(()) };
    // A clock that was put back may come to the same millisecond twice.
    let mut insert = transaction.prepare(
        "INSERT OR REPLACE INTO samples (at, head, lib, head_age_ms, best, median, agree, refs,
            own_age_ms, producing, peers, incidents, host)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    for sample in samples {
        insert.execute(params![
            sample.at.ms(),
            sample.head,
            sample.lib,
            sample.head_age_ms,
            sample.best,
            sample.median,
            sample.agree,
            sample.references,
            sample.own_age_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)),
            sample.producing,
            sample.peers,
            sample.incidents,
            sample.host.as_ref().and_then(|host| serde_json::to_string(host).ok()),
        ])?;
    }
    thin(transaction, last.at)?;
    prune(transaction, last.at, is_large)
}

/// Makes one row of the oldest hour, if all of it is over a week old.
fn thin(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let oldest: Option<i64> =
        transaction.query_row("SELECT min(at) FROM samples", [], |row| row.get(0))?;
    let Some(oldest) = oldest else { return Ok(()) };
    let start = HourSample::start_of(Timestamp::from_ms(oldest));
    let end = start.plus_ms(HOUR_MS);
    if now.since_ms(end) < SAMPLE_AGE_MS {
        return Ok(());
    }
    let mut select =
        transaction.prepare("SELECT * FROM samples WHERE at >= ?1 AND at < ?2 ORDER BY at")?;
    let samples = select
        .query_map(params![start.ms(), end.ms()], sample)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let hour = HourSample {
        pool: PoolHour::of(&pool::take(transaction, (start, end))?),
        ..HourSample::of(start, &samples)
    };
    let body = serde_json::to_string(&hour)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    transaction.execute(
        "INSERT OR IGNORE INTO hours (at, body) VALUES (?1, ?2)",
        params![start.ms(), body],
    )?;
    transaction
        .execute("DELETE FROM samples WHERE at >= ?1 AND at < ?2", params![start.ms(), end.ms()])?;
    Ok(())
}

fn prune(transaction: &Transaction<'_>, now: Timestamp, is_large: bool) -> rusqlite::Result<()> {
    let over = |table: &str, most: i64| {
        let count = format!("SELECT count(*) FROM {table}");
        let count: i64 = transaction.query_row(&count, [], |row| row.get(0))?;
        Ok::<_, rusqlite::Error>((count - most).clamp(0, PRUNE_STEP))
    };
    let samples = over("samples", if is_large { SAMPLES_MIN } else { SAMPLES_MAX })?;
    transaction.execute(
        "DELETE FROM samples WHERE at IN (SELECT at FROM samples ORDER BY at LIMIT ?1)",
        [samples],
    )?;
    transaction.execute(
        "DELETE FROM hours WHERE at IN (SELECT at FROM hours ORDER BY at LIMIT ?1)
         AND (at < ?2 OR ?3)",
        params![PRUNE_STEP, now.plus_ms(-HOUR_AGE_MS).ms(), over("hours", HOURS_MAX)? > 0],
    )?;
    Ok(())
}

/// Up to `count` samples from `since` on and before `until`, oldest first.
pub(super) fn samples(
    connection: &Connection,
    path: &Path,
    (since, until): (Timestamp, Timestamp),
    count: u32,
) -> Result<Vec<Sample>, StoreError> {
    past::rows(
        connection,
        path,
        "samples",
        "SELECT * FROM samples WHERE at >= ?1 AND at < ?2 ORDER BY at LIMIT ?3",
        params![since.ms(), until.ms(), count],
        sample,
    )
}

/// Up to `count` hours that began from `since` on and before `until`, oldest first.
pub(super) fn hours(
    connection: &Connection,
    path: &Path,
    (since, until): (Timestamp, Timestamp),
    count: u32,
) -> Result<Vec<HourSample>, StoreError> {
    past::rows(
        connection,
        path,
        "hours",
        "SELECT at, body FROM hours WHERE at >= ?1 AND at < ?2 ORDER BY at LIMIT ?3",
        params![since.ms(), until.ms(), count],
        |row| {
            let body: String = row.get(1)?;
            // A figure that is new since is absent; the hour itself stays.
            let hour = serde_json::from_str(&body).unwrap_or_default();
            Ok(HourSample { at: Timestamp::from_ms(row.get(0)?), ..hour })
        },
    )
}

/// When the oldest sample was taken: before it there are hours.
pub(super) fn oldest(
    connection: &Connection,
    path: &Path,
) -> Result<Option<Timestamp>, StoreError> {
    if !past::has(connection, path, "samples")? {
        return Ok(None);
    }
    let oldest = connection
        .query_row("SELECT min(at) FROM samples", [], |row| row.get::<_, Option<i64>>(0))
        .optional()
        .map_err(StoreError::sqlite("read", path))?;
    Ok(oldest.flatten().map(Timestamp::from_ms))
}

fn sample(row: &Row<'_>) -> rusqlite::Result<Sample> {
    let host: Option<String> = row.get("host")?;
    Ok(Sample {
        at: Timestamp::from_ms(row.get("at")?),
        head: row.get("head")?,
        lib: row.get("lib")?,
        head_age_ms: row.get("head_age_ms")?,
        best: row.get("best")?,
        median: row.get("median")?,
        agree: row.get("agree")?,
        references: row.get("refs")?,
        own_age_ms: row.get::<_, Option<i64>>("own_age_ms")?.map(i64::cast_unsigned),
        producing: row.get("producing")?,
        peers: row.get("peers")?,
        incidents: row.get("incidents")?,
        host: host.and_then(|host| serde_json::from_str(&host).ok()),
    })
}
