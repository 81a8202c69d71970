//! Looks into a state directory that another process may be using: nothing is made, locked for
//! longer than a page of rows, changed or left behind.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use super::connection::{self, Access};
use super::entries::{self, Place};
use super::error::StoreError;
use super::legacy::{self, Settled};
use super::past::Past;
use super::{FILE, latch_row};
use crate::core::action::Latch;
use crate::core::name::Name;
use crate::core::time::Timestamp;
use crate::history::entry::Entry;

/// Entries read at a time. While a page is read the keeper cannot write: a few milliseconds.
const PAGE: u32 = 100;

/// Reads the latch of a directory without opening it for use.
///
/// # Errors
/// Those of [`super::Store::load`]; [`StoreError::CutOff`] and [`StoreError::WriteAheadLog`] where
/// only the keeper may repair what a crash or another program left.
pub fn peek(dir: &Path, producer: Name) -> Result<Option<Latch>, StoreError> {
    let path = dir.join(FILE);
    if !exists(&path)? {
        let former = legacy::read(dir)?;
        if let Some(former) = &former {
            latch_row::must_be_of(producer, &former.latch, &former.path)?;
        }
        return Ok(former.map(|former| former.latch));
    }
    let connection = connection::open(&path, Access::ReadOnly)?;
    if settled(&connection, dir, &path)? == Settled::Another {
        return Err(StoreError::TwoStates { path, former: legacy::path(dir) });
    }
    latch_row::read(&connection, &path, producer)
}

/// The history of a state directory.
#[derive(Debug)]
pub struct History {
    connection: Connection,
    path: PathBuf,
}

impl History {
    /// Opens it to be read; `None` where no keeper has written one yet.
    ///
    /// # Errors
    /// Those of [`peek`], but for what concerns the latch alone.
    pub fn open(dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = dir.join(FILE);
        if !exists(&path)? {
            return Ok(None);
        }
        let connection = connection::open(&path, Access::ReadOnly)?;
        Ok(Some(Self { connection, path }))
    }

    /// What can be asked of it.
    #[must_use]
    pub fn past(&self) -> Past<'_> {
        Past::of(&self.connection, &self.path)
    }

    /// Hands the last `count` entries that are not before `since` to `show`, oldest first, until
    /// it says that it has had enough.
    ///
    /// # Errors
    /// When the file cannot be read; what was shown until then is true.
    pub fn last(
        &self,
        since: Timestamp,
        count: u32,
        mut show: impl FnMut(&Entry) -> bool,
    ) -> Result<(), StoreError> {
        let mut place: Place = entries::place_of_last(&self.connection, &self.path, since, count)?;
        let mut left = count;
        while left > 0 {
            let (page, next) = entries::page(&self.connection, &self.path, place, left.min(PAGE))?;
            if page.is_empty() || !page.iter().all(&mut show) {
                break;
            }
            left -= u32::try_from(page.len()).unwrap_or(left);
            place = next;
        }
        Ok(())
    }
}

/// What a `latch.json` beside the state file is.
pub(super) fn settled(
    connection: &Connection,
    dir: &Path,
    path: &Path,
) -> Result<Settled, StoreError> {
    let imported: Option<String> = connection
        .query_row("SELECT body FROM imported WHERE name = 'latch.json'", [], |row| row.get(0))
        .optional()
        .map_err(StoreError::sqlite("read", path))?;
    legacy::is_settled(dir, imported.as_deref())
}

/// A link to nowhere counts as there: it is not to be taken for a fresh start.
pub(super) fn exists(path: &Path) -> Result<bool, StoreError> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io("read", path.to_owned())(error)),
    }
}
