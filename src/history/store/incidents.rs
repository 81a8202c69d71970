//! Incidents, and what was sent about them.

use std::path::Path;

use rusqlite::{Connection, Row, Transaction, params};

use super::error::StoreError;
use super::past;
use crate::core::action::Severity;
use crate::core::time::Timestamp;
use crate::history::record::{IncidentRow, Notification};

/// Most incidents: 25 a day for 400 days.
const INCIDENTS_MAX: i64 = 10_000;
/// Most notifications: 125 a day for 400 days.
const NOTIFICATIONS_MAX: i64 = 50_000;
/// So many of each stay in a file that is too large.
const LARGE_MIN: i64 = 1_000;
/// Both are kept so long, milliseconds: 400 days.
const AGE_MS: i64 = 400 * 86_400_000;
/// Rows removed at a time.
const PRUNE_STEP: i64 = 64;
/// Most bytes of one text of a row.
const TEXT_BYTES: usize = 2_000;
/// Most sentences of proof.
const PROOF_MAX: usize = 24;

/// Puts incidents in the place of those with their ids, or adds them.
pub(super) fn put(
    transaction: &Transaction<'_>,
    incidents: &[&IncidentRow],
    is_large: bool,
) -> rusqlite::Result<()> {
    let Some(last) = incidents.last() else { return Ok(()) };
    let mut put = transaction.prepare(
        "INSERT INTO incidents (id, cause, severity, began, ended, title, proof, changed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET cause = excluded.cause, severity = excluded.severity,
            began = excluded.began, ended = excluded.ended, title = excluded.title,
            proof = excluded.proof, changed = excluded.changed",
    )?;
    for incident in incidents {
        let proof: Vec<&str> =
            incident.proof.iter().take(PROOF_MAX).map(|text| cut(text)).collect();
        put.execute(params![
            cut(&incident.id),
            cut(&incident.cause),
            word(incident.severity),
            incident.began.ms(),
            incident.ended.map(Timestamp::ms),
            cut(&incident.title),
            serde_json::to_string(&proof).unwrap_or_default(),
            incident.changed.ms(),
        ])?;
    }
    // What stands is never removed for its age, only for its number.
    let count: i64 =
        transaction.query_row("SELECT count(*) FROM incidents", [], |row| row.get(0))?;
    let most = if is_large { LARGE_MIN } else { INCIDENTS_MAX };
    transaction.execute(
        "DELETE FROM incidents WHERE id IN (SELECT id FROM incidents ORDER BY began LIMIT ?1)
         AND (?2 OR ended < ?3)",
        params![PRUNE_STEP, count > most, last.changed.plus_ms(-AGE_MS).ms()],
    )?;
    Ok(())
}

/// Appends notifications.
pub(super) fn append(
    transaction: &Transaction<'_>,
    notifications: &[&Notification],
    is_large: bool,
) -> rusqlite::Result<()> {
    let Some(last) = notifications.last() else { return Ok(()) };
    let mut insert = transaction.prepare(
        "INSERT INTO notifications (at, channel, message, incident, kind, outcome)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for sent in notifications {
        insert.execute(params![
            sent.at.ms(),
            cut(&sent.channel),
            cut(&sent.message),
            cut(&sent.incident),
            cut(&sent.kind),
            cut(&sent.outcome),
        ])?;
    }
    transaction.execute(
        "DELETE FROM notifications
         WHERE id IN (SELECT id FROM notifications ORDER BY id LIMIT ?1)
         AND (at < ?2 OR id <= (SELECT max(id) FROM notifications) - ?3)",
        params![
            PRUNE_STEP,
            last.at.plus_ms(-AGE_MS).ms(),
            if is_large { LARGE_MIN } else { NOTIFICATIONS_MAX }
        ],
    )?;
    Ok(())
}

/// The last `count` incidents that stood at some time from `since` on and before `until`, oldest
/// first.
pub(super) fn incidents(
    connection: &Connection,
    path: &Path,
    (since, until): (Timestamp, Timestamp),
    count: u32,
) -> Result<Vec<IncidentRow>, StoreError> {
    let mut found = past::rows(
        connection,
        path,
        "incidents",
        "SELECT * FROM incidents WHERE began < ?2 AND (ended IS NULL OR ended >= ?1)
         ORDER BY began DESC, id DESC LIMIT ?3",
        params![since.ms(), until.ms(), count],
        incident,
    )?;
    found.reverse();
    Ok(found)
}

/// The last `count` incidents that stood at some time of a span, the newest first; before the one
/// that began at a time and has an id, where it is named.
pub(super) fn before(
    connection: &Connection,
    path: &Path,
    (since, until): (Timestamp, Timestamp),
    before: Option<(Timestamp, String)>,
    count: u32,
) -> Result<Vec<IncidentRow>, StoreError> {
    let (began, id) = before.map_or((i64::MAX, String::new()), |(at, id)| (at.ms(), id));
    past::rows(
        connection,
        path,
        "incidents",
        "SELECT * FROM incidents WHERE began < ?2 AND (ended IS NULL OR ended >= ?1)
         AND (began, id) < (?3, ?4) ORDER BY began DESC, id DESC LIMIT ?5",
        params![since.ms(), until.ms(), began, id, count],
        incident,
    )
}

/// The incidents whose id begins with `prefix`, the newest first; at most `count`.
pub(super) fn with_prefix(
    connection: &Connection,
    path: &Path,
    prefix: &str,
    count: u32,
) -> Result<Vec<IncidentRow>, StoreError> {
    past::rows(
        connection,
        path,
        "incidents",
        "SELECT * FROM incidents WHERE substr(id, 1, length(?1)) = ?1
         ORDER BY began DESC, id DESC LIMIT ?2",
        params![prefix, count],
        incident,
    )
}

/// The last `count` notifications from `since` on and before `until`, oldest first; of one
/// incident where it is named.
pub(super) fn notifications(
    connection: &Connection,
    path: &Path,
    (since, until): (Timestamp, Timestamp),
    of: Option<&str>,
    count: u32,
) -> Result<Vec<Notification>, StoreError> {
    let mut found = past::rows(
        connection,
        path,
        "notifications",
        "SELECT * FROM notifications WHERE at >= ?1 AND at < ?2 AND (?4 IS NULL OR incident = ?4)
         ORDER BY at DESC, id DESC LIMIT ?3",
        params![since.ms(), until.ms(), count, of],
        notification,
    )?;
    found.reverse();
    Ok(found)
}

fn incident(row: &Row<'_>) -> rusqlite::Result<IncidentRow> {
    let (severity, proof): (String, String) = (row.get("severity")?, row.get("proof")?);
    Ok(IncidentRow {
        id: row.get("id")?,
        cause: row.get("cause")?,
        severity: of(&severity),
        began: Timestamp::from_ms(row.get("began")?),
        ended: row.get::<_, Option<i64>>("ended")?.map(Timestamp::from_ms),
        title: row.get("title")?,
        proof: serde_json::from_str(&proof).unwrap_or_default(),
        changed: Timestamp::from_ms(row.get("changed")?),
    })
}

fn notification(row: &Row<'_>) -> rusqlite::Result<Notification> {
    Ok(Notification {
        at: Timestamp::from_ms(row.get("at")?),
        channel: row.get("channel")?,
        message: row.get("message")?,
        incident: row.get("incident")?,
        kind: row.get("kind")?,
        outcome: row.get("outcome")?,
    })
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warn => "warn",
        Severity::Page => "page",
    }
}

/// A word of a later eoskeeper is taken for the worst: it is not to be overlooked.
fn of(word: &str) -> Severity {
    match word {
        "info" => Severity::Info,
        "warn" => Severity::Warn,
        _ => Severity::Page,
    }
}

fn cut(text: &str) -> &str {
    let end = (0..=text.len().min(TEXT_BYTES)).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or_default()]
}
