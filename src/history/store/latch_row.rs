//! The latch as a row: JSON and its checksum.
//!
//! SQLite finds a page that is broken; it does not find a digit of a token that became another
//! one. The checksum does.

use std::path::Path;

use flate2::Crc;
use rusqlite::{Connection, OptionalExtension, params};

use super::error::{Damage, StoreError};
use crate::core::action::Latch;
use crate::core::name::Name;

/// Reads the latch; `None` where none was ever saved.
pub(super) fn read(
    connection: &Connection,
    path: &Path,
    producer: Name,
) -> Result<Option<Latch>, StoreError> {
    let latch = read_any(connection, path)?;
    if let Some(latch) = &latch {
        must_be_of(producer, latch, path)?;
    }
    Ok(latch)
}

/// Reads the latch, whatever producer it is about.
pub(super) fn read_any(connection: &Connection, path: &Path) -> Result<Option<Latch>, StoreError> {
    let row = connection
        .query_row("SELECT body, crc32 FROM latch WHERE id = 1", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?))
        })
        .optional()
        .map_err(StoreError::sqlite("read", path))?;
    let Some((body, expected)) = row else { return Ok(None) };
    let found = crc32(&body);
    if found != expected {
        return Err(StoreError::damaged(path, Damage::Checksum { found, expected }));
    }
    serde_json::from_str(&body)
        .map(Some)
        .map_err(|error| StoreError::damaged(path, Damage::NotALatch(error.to_string())))
}

/// Puts the latch in the place of what is there.
pub(super) fn write(connection: &Connection, path: &Path, latch: &Latch) -> Result<(), StoreError> {
    let body = serde_json::to_string(latch)
        .map_err(|error| StoreError::io("write", path.to_owned())(error.into()))?;
    connection
        .execute(
            "INSERT INTO latch (id, body, crc32) VALUES (1, ?1, ?2)
             ON CONFLICT (id) DO UPDATE SET body = excluded.body, crc32 = excluded.crc32",
            params![body, crc32(&body)],
        )
        .map_err(StoreError::sqlite("write", path))?;
    Ok(())
}

/// Refuses a latch about another producer than ours.
pub(super) fn must_be_of(ours: Name, latch: &Latch, path: &Path) -> Result<(), StoreError> {
    if latch.producer == ours {
        return Ok(());
    }
    Err(StoreError::OtherProducer { path: path.to_owned(), theirs: latch.producer, ours })
}

fn crc32(body: &str) -> u32 {
    let mut crc = Crc::new();
    crc.update(body.as_bytes());
    crc.sum()
}
