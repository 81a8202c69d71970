//! What can be asked of the history, by whoever has the file open.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::error::StoreError;
use super::{entries, incidents, pool, samples, turns};
use crate::core::ledger::{LedgerSummary, SettledTurn};
use crate::core::name::Name;
use crate::core::sample::{HourSample, PoolSample, Sample};
use crate::core::time::Timestamp;
use crate::history::entry::{Entry, What};
use crate::history::record::{IncidentRow, Notification};

/// Most rows of one answer. While they are read the keeper cannot write: half a second in a debug
/// build; a latch waits for two. Ask for fewer where it matters.
pub const ROWS_MAX: u32 = 10_000;

/// From when on, and before when.
pub type Span = (Timestamp, Timestamp);

/// The history of an open file. Each answer has at most [`ROWS_MAX`] rows; the next page begins a
/// millisecond after the last row of the one before.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    connection: &'a Connection,
    path: &'a Path,
}

impl<'a> Past<'a> {
    pub(super) const fn of(connection: &'a Connection, path: &'a Path) -> Self {
        Self { connection, path }
    }

    /// Samples, oldest first. Older than a week there are none, but [`Self::hours`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn samples(&self, span: Span, count: u32) -> Result<Vec<Sample>, StoreError> {
        samples::samples(self.connection, self.path, span, count.min(ROWS_MAX))
    }

    /// Hours by when they began, oldest first; made of samples that are over a week old.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn hours(&self, span: Span, count: u32) -> Result<Vec<HourSample>, StoreError> {
        samples::hours(self.connection, self.path, span, count.min(ROWS_MAX))
    }

    /// What the mining pool answered, oldest first. What is older than a week is in [`Self::hours`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pool(&self, span: Span, count: u32) -> Result<Vec<PoolSample>, StoreError> {
        pool::answers(self.connection, self.path, span, count.min(ROWS_MAX))
    }

    /// When the oldest sample was taken.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn oldest_sample(&self) -> Result<Option<Timestamp>, StoreError> {
        samples::oldest(self.connection, self.path)
    }

    /// Our settled turns by when they began, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn turns(&self, span: Span, count: u32) -> Result<Vec<SettledTurn>, StoreError> {
        turns::turns(self.connection, self.path, span, count.min(ROWS_MAX))
    }

    /// The last settled turn of a producer that began before `until`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_turn(
        &self,
        producer: Name,
        until: Timestamp,
    ) -> Result<Option<SettledTurn>, StoreError> {
        turns::last(self.connection, self.path, producer, until)
    }

    /// What became of the slots of a span, over as many pages as there are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn ledger(&self, (since, until): Span) -> Result<LedgerSummary, StoreError> {
        let (mut summary, mut from) = (LedgerSummary::default(), since);
        loop {
            let page = self.turns((from, until), ROWS_MAX)?;
            page.iter().for_each(|turn| summary.add(turn));
            match page.last() {
                Some(last) if page.len() == ROWS_MAX as usize => from = last.start.plus_ms(1),
                _ => break,
            }
        }
        summary.sort();
        Ok(summary)
    }

    /// The last incidents that stood at some time within the span, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn incidents(&self, span: Span, count: u32) -> Result<Vec<IncidentRow>, StoreError> {
        incidents::incidents(self.connection, self.path, span, count.min(ROWS_MAX))
    }

    /// The incidents whose id begins with `prefix`, the newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn incidents_with(&self, prefix: &str, count: u32) -> Result<Vec<IncidentRow>, StoreError> {
        incidents::with_prefix(self.connection, self.path, prefix, count.min(ROWS_MAX))
    }

    /// The last notifications within the span, oldest first; of one incident where it is named.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn notifications(
        &self,
        span: Span,
        of: Option<&str>,
        count: u32,
    ) -> Result<Vec<Notification>, StoreError> {
        incidents::notifications(self.connection, self.path, span, of, count.min(ROWS_MAX))
    }

    /// The last entries within the span, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn entries(&self, span: Span, count: u32) -> Result<Vec<Entry>, StoreError> {
        entries::within(self.connection, self.path, span, None, count.min(ROWS_MAX))
    }

    /// The last entries within the span, the newest first, each with its number; before the entry
    /// of this time and number, and of one kind, where these are named.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn entries_before(
        &self,
        span: Span,
        before: Option<(i64, i64)>,
        what: Option<What>,
        count: u32,
    ) -> Result<Vec<(i64, Entry)>, StoreError> {
        let count = count.min(ROWS_MAX);
        entries::before(self.connection, self.path, span, before, what, count)
    }

    /// The last incidents that stood at some time within the span, the newest first; before the one
    /// that began at this time and has this id, where it is named.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn incidents_before(
        &self,
        span: Span,
        before: Option<(Timestamp, String)>,
        count: u32,
    ) -> Result<Vec<IncidentRow>, StoreError> {
        let count = count.min(ROWS_MAX);
        incidents::before(self.connection, self.path, span, before, count)
    }

    /// The last orders within the span, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn orders(&self, span: Span, count: u32) -> Result<Vec<Entry>, StoreError> {
        let what = Some(What::Order);
        entries::within(self.connection, self.path, span, what, count.min(ROWS_MAX))
    }

    /// Promotions and handovers whose id begins with `prefix`, as the entries tell them, the
    /// newest first: id, the first entry and the last.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn acts_with(
        &self,
        prefix: &str,
        count: u32,
    ) -> Result<Vec<(String, Timestamp, Timestamp)>, StoreError> {
        entries::acts_with(self.connection, self.path, prefix, count.min(ROWS_MAX))
    }
}

/// Whether the file has the table: one of an earlier eoskeeper that is only read may not.
pub(super) fn has(connection: &Connection, path: &Path, table: &str) -> Result<bool, StoreError> {
    let found = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE name = ?1", [table], |_| Ok(()))
        .optional()
        .map_err(StoreError::sqlite("read", path))?;
    Ok(found.is_some())
}

/// The rows of a question to one table; none where there is no such table.
pub(super) fn rows<T>(
    connection: &Connection,
    path: &Path,
    table: &str,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    if !has(connection, path, table)? {
        return Ok(Vec::new());
    }
    let rows = || -> rusqlite::Result<Vec<T>> {
        connection.prepare(sql)?.query_map(params, read)?.collect()
    };
    rows().map_err(StoreError::sqlite("read", path))
}
