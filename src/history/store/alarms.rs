//! The outbox's rows, and what the pipeline remembers.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{Store, StoreError};
use crate::core::alarm::message::Message;
use crate::core::time::Timestamp;

/// Most rows of the outbox that are read at a start.
const OUTBOX_MAX: i64 = 10_000;
/// Most bytes of what a channel calls its message.
const SHOWN_BYTES_MAX: usize = 1_000;

/// A message that was not delivered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number.
    pub id: i64,
    /// For which channel.
    pub channel: String,
    /// Since when.
    pub queued: Timestamp,
    /// What it says.
    pub message: Message,
}

/// A message that a channel is to take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The incident it is about.
    pub incident: String,
    /// What the channel calls it.
    pub shown: String,
}

/// A message of an incident that a channel shows and edits when there is more to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The channel.
    pub channel: String,
    /// The incident it is about.
    pub incident: String,
    /// What the channel calls it.
    pub shown: String,
    /// Since when.
    pub at: Timestamp,
    /// When it is to be taken back, where it is.
    pub remove_at: Option<Timestamp>,
}

impl Store {
    /// Remembers what the pipeline knows, by its name, and queues messages for channels, all or nothing. Returns
    /// the messages' numbers, in their order.
    ///
    /// # Errors
    /// Those of [`Self::append`]; nothing was queued then.
    pub fn enqueue(
        &self,
        desk: Option<(&str, &str)>,
        queued: Timestamp,
        messages: &[(&str, &Message)],
    ) -> Result<Vec<i64>, StoreError> {
        self.beside(|transaction| {
            if let Some((name, body)) = desk {
                transaction.execute(KEEP, params![name, body])?;
            }
            let mut insert = transaction
                .prepare("INSERT INTO outbox (channel, queued, message) VALUES (?1, ?2, ?3)")?;
            let each = messages.iter().map(|(channel, message)| {
                let message = serde_json::to_string(message).unwrap_or_default();
                insert.insert(params![channel, queued.ms(), message])
            });
            each.collect()
        })
    }

    /// Everything that waits, oldest first; what cannot be read is left out and removed.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        self.beside(|transaction| {
            let mut select = transaction
                .prepare("SELECT id, channel, queued, message FROM outbox ORDER BY id LIMIT ?1")?;
            let rows = select.query_map(params![OUTBOX_MAX], |row| {
                let text: String = row.get(3)?;
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, serde_json::from_str(&text).ok()))
            })?;
            let (mut found, mut broken) = (Vec::new(), Vec::new());
            for row in rows {
                let (id, channel, queued, message) = row?;
                match message {
                    Some(message) => found.push(Waiting {
                        id,
                        channel,
                        queued: Timestamp::from_ms(queued),
                        message,
                    }),
                    None => broken.push(id),
                }
            }
            for id in broken {
                transaction.execute("DELETE FROM outbox WHERE id = ?1", params![id])?;
            }
            Ok(found)
        })
    }

    /// Forgets messages, and queues a summary in their place where there is one; returns its number.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn replace(
        &self,
        removed: &[i64],
        summary: Option<(&str, Timestamp, &Message)>,
    ) -> Result<Option<i64>, StoreError> {
        self.beside(|transaction| {
            for id in removed {
                transaction.execute("DELETE FROM outbox WHERE id = ?1", params![id])?;
            }
            let Some((channel, queued, message)) = summary else { return Ok(None) };
            // It takes the place of the first, so that it is delivered in its order.
            let message = serde_json::to_string(message).unwrap_or_default();
            transaction.execute(
                "INSERT INTO outbox (id, channel, queued, message) VALUES (?1, ?2, ?3, ?4)",
                params![removed.first(), channel, queued.ms(), message],
            )?;
            Ok(Some(transaction.last_insert_rowid()))
        })
    }

    /// A message was delivered: forgets it, and remembers what the channel shows of its incident.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn delivered(
        &self,
        id: i64,
        channel: &str,
        incident: &str,
        at: Timestamp,
        (shown, remove_at): (Option<&str>, Option<Timestamp>),
    ) -> Result<(), StoreError> {
        self.beside(|transaction| {
            transaction.execute("DELETE FROM outbox WHERE id = ?1", params![id])?;
            if let Some(shown) = shown {
                show(transaction, channel, incident, at, shown)?;
            }
            if let Some(remove_at) = remove_at {
                transaction.execute(
                    "UPDATE shown SET remove_at = ?3 WHERE channel = ?1 AND incident = ?2",
                    params![channel, incident, remove_at.ms()],
                )?;
            }
            // What is shown for ever is not edited for ever: 90 days bound the table.
            let old = at.plus_ms(-90 * 86_400_000).ms();
            transaction
                .execute("DELETE FROM shown WHERE at < ?1 AND remove_at IS NULL", params![old])?;
            Ok(())
        })
    }

    /// A channel shows more of an incident than before.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn shows(
        &self,
        channel: &str,
        incident: &str,
        at: Timestamp,
        shown: &str,
    ) -> Result<(), StoreError> {
        self.beside(|transaction| show(transaction, channel, incident, at, shown))
    }

    /// What a channel shows of an incident.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn shown(&self, channel: &str, incident: &str) -> Result<Option<String>, StoreError> {
        self.beside(|transaction| {
            let sql = "SELECT shown FROM shown WHERE channel = ?1 AND incident = ?2";
            transaction.query_row(sql, params![channel, incident], |row| row.get(0)).optional()
        })
    }

    /// Everything that channels show, at most as much as may wait, the latest first.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn all_shown(&self) -> Result<Vec<Shown>, StoreError> {
        self.beside(|transaction| {
            let mut select = transaction.prepare(
                "SELECT channel, incident, shown, at, remove_at FROM shown ORDER BY at DESC LIMIT ?1",
            )?;
            let rows = select.query_map(params![OUTBOX_MAX], |row| {
                Ok(Shown {
                    channel: row.get(0)?,
                    incident: row.get(1)?,
                    shown: row.get(2)?,
                    at: Timestamp::from_ms(row.get(3)?),
                    remove_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_ms),
                })
            })?;
            rows.collect()
        })
    }

    /// Takes over what channels show, all or nothing; what is known already stays as it is.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn take_shown(&self, shown: &[Shown]) -> Result<(), StoreError> {
        self.beside(|transaction| {
            let mut insert = transaction.prepare(
                "INSERT OR IGNORE INTO shown (channel, incident, shown, at, remove_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for one in shown {
                let remove_at = one.remove_at.map(Timestamp::ms);
                insert.execute(params![
                    one.channel,
                    one.incident,
                    one.shown,
                    one.at.ms(),
                    remove_at
                ])?;
            }
            Ok(())
        })
    }

    /// Forgets what channels show, all or nothing.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn forget_shown(&self) -> Result<(), StoreError> {
        self.beside(|transaction| transaction.execute("DELETE FROM shown", []).map(drop))
    }

    /// The oldest message that a channel is to take back by `now`.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn removal(&self, channel: &str, now: Timestamp) -> Result<Option<Removal>, StoreError> {
        self.beside(|transaction| {
            transaction
                .query_row(
                    "SELECT incident, shown FROM shown WHERE channel = ?1 AND remove_at <= ?2
                     ORDER BY remove_at LIMIT 1",
                    params![channel, now.ms()],
                    |row| Ok(Removal { incident: row.get(0)?, shown: row.get(1)? }),
                )
                .optional()
        })
    }

    /// A message was taken back, or never can be.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn removed(&self, channel: &str, incident: &str) -> Result<(), StoreError> {
        self.beside(|transaction| {
            let sql = "DELETE FROM shown WHERE channel = ?1 AND incident = ?2";
            transaction.execute(sql, params![channel, incident]).map(drop)
        })
    }

    /// Remembers a text by a name.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn keep(&self, name: &str, body: &str) -> Result<(), StoreError> {
        self.beside(|transaction| transaction.execute(KEEP, params![name, body]).map(drop))
    }

    /// What was remembered by a name.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn kept(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.beside(|transaction| {
            let sql = "SELECT body FROM kept WHERE name = ?1";
            transaction.query_row(sql, params![name], |row| row.get(0)).optional()
        })
    }
}

/// Remembers what a channel shows; what is longer than it may be is not.
fn show(
    transaction: &Transaction<'_>,
    channel: &str,
    incident: &str,
    at: Timestamp,
    shown: &str,
) -> rusqlite::Result<()> {
    if shown.len() > SHOWN_BYTES_MAX || incident.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO shown (channel, incident, shown, at) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO UPDATE SET shown = excluded.shown, at = excluded.at";
    transaction.execute(sql, params![channel, incident, shown, at.ms()]).map(drop)
}

const KEEP: &str = "INSERT INTO kept (name, body) VALUES (?1, ?2)
     ON CONFLICT DO UPDATE SET body = excluded.body";
