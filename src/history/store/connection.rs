//! The open file: how SQLite is told to treat it, and what is asked before it is trusted.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::ffi::ErrorCode;
use rusqlite::{Connection, OpenFlags};

use super::error::{Damage, StoreError};
use super::schema::{self, Identity};

/// Longest wait for another process that reads or holds the file. A latch that comes later than
/// this is a failed write, and the keeper does not act.
pub(super) const BUSY: Duration = Duration::from_secs(2);
/// Longest look through the whole file at the start; 244 MiB took 0.3 s when they were in memory.
const CHECK_DEADLINE: Duration = Duration::from_secs(5);
/// Steps of SQLite's machine between two looks at the deadline, about a millisecond.
const CHECK_STEPS: i32 = 10_000;
/// Page cache, KiB.
const CACHE_KIB: i64 = 2048;

/// How the file is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// By the keeper that has the directory.
    ReadWrite,
    /// By whoever looks: nothing is made, changed or left behind.
    ReadOnly,
}

/// Opens a file that is there, and asks whether it is a whole state file of this eoskeeper.
pub(super) fn open(path: &Path, access: Access) -> Result<Connection, StoreError> {
    must_be_a_file(path)?;
    let flags = match access {
        Access::ReadWrite => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Access::ReadOnly => {
            must_have_a_journal(path)?;
            OpenFlags::SQLITE_OPEN_READ_ONLY
        }
    };
    let mut connection = connect(path, flags)?;
    match identify(&connection, path)? {
        Identity::Current => {}
        Identity::Older(from) if access == Access::ReadWrite => {
            schema::migrate(&mut connection, from).map_err(StoreError::sqlite("write", path))?;
        }
        // What is read is in every schema there was.
        Identity::Older(_) => {}
        Identity::Newer(found) => {
            let known = schema::known();
            return Err(StoreError::Newer { path: path.to_owned(), found, known });
        }
        Identity::Foreign => return Err(StoreError::damaged(path, Damage::NotOurs)),
    }
    match access {
        Access::ReadWrite => {
            must_be_writable(&connection, path)?;
            must_be_whole(&connection, path)?;
            must_be_complete(&connection, path)?;
            for table in ["sqlite_schema", "latch"] {
                check(&connection, path, &format!("PRAGMA quick_check('{table}')"), None)?;
            }
            check(&connection, path, "PRAGMA quick_check(1)", Some(CHECK_DEADLINE))?;
        }
        // A look at the whole would keep a running keeper from writing all the while.
        Access::ReadOnly => check(&connection, path, "PRAGMA quick_check('latch')", None)?,
    }
    Ok(connection)
}

/// Makes a file with the schema, empty tables and nothing else.
pub(super) fn create(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = connect(path, flags)?;
    schema::migrate(&mut connection, 0).map_err(StoreError::sqlite("write", path))?;
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    // SQLite is built to read a name that begins with `file:` as an address with options.
    let absolute = std::path::absolute(path).map_err(StoreError::io("open", path.to_owned()))?;
    let connection =
        Connection::open_with_flags(&absolute, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(StoreError::sqlite("open", path))?;
    configure(&connection).map_err(StoreError::sqlite("read", path))?;
    Ok(connection)
}

/// A rollback journal, not a write-ahead log: between two writes there is one file and nothing
/// beside it, and a reader needs no right to write. EXTRA, for with a journal that is deleted FULL
/// does not fsync the directory afterwards: after a power failure the journal could be back and
/// undo what was said to be written.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    if !connection.is_readonly("main")? {
        connection.pragma_update(None, "journal_mode", "DELETE")?;
    }
    Ok(())
}

fn identify(connection: &Connection, path: &Path) -> Result<Identity, StoreError> {
    schema::identify(connection).map_err(StoreError::sqlite("read", path))
}

/// What SQLite would wait for, or take for a database that was never written.
fn must_be_a_file(path: &Path) -> Result<(), StoreError> {
    let found = fs::metadata(path).map_err(StoreError::io("read", path.to_owned()))?;
    if !found.is_file() {
        return Err(StoreError::damaged(path, Damage::NotAFile));
    }
    if found.len() == 0 {
        return Err(StoreError::damaged(path, Damage::Empty));
    }
    Ok(())
}

/// Even who only reads makes two files beside one with a write-ahead log: bytes 18 and 19 of the
/// header (<https://sqlite.org/fileformat2.html>). Not for a process that writes the file: to
/// close any descriptor of it drops the locks that SQLite holds.
fn must_have_a_journal(path: &Path) -> Result<(), StoreError> {
    let mut header = [0; 20];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    match read {
        Ok(()) if header[18..] != [1, 1] && header.starts_with(b"SQLite format 3\0") => {
            Err(StoreError::WriteAheadLog { path: path.to_owned() })
        }
        // What is shorter or no database SQLite will name.
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
            Err(StoreError::io("read", path.to_owned())(error))
        }
        _ => Ok(()),
    }
}

/// SQLite opens a file that may only be read without a word.
fn must_be_writable(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    match connection.is_readonly("main").map_err(StoreError::sqlite("open", path))? {
        false => Ok(()),
        true => {
            let error = io::Error::new(ErrorKind::ReadOnlyFilesystem, "it may only be read");
            Err(StoreError::Io { what: "write", path: path.to_owned(), error })
        }
    }
}

/// SQLite reads what is missing of the last page as zeros.
fn must_be_whole(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let bytes = number("page_count")
        .and_then(|pages| Ok(pages.saturating_mul(number("page_size")?)))
        .map_err(StoreError::sqlite("read", path))?
        .cast_unsigned();
    let found = fs::metadata(path).map_err(StoreError::io("read", path.to_owned()))?.len();
    if found < bytes {
        return Err(StoreError::damaged(path, Damage::Cut { found, bytes }));
    }
    Ok(())
}

fn must_be_complete(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    match schema::is_complete(connection).map_err(StoreError::sqlite("read", path))? {
        true => Ok(()),
        false => Err(StoreError::damaged(path, Damage::OtherTables)),
    }
}

/// Runs a check that answers `ok`. One that has not found anything by its deadline has passed:
/// what counts, the latch, has been looked at by then.
fn check(
    connection: &Connection,
    path: &Path,
    sql: &str,
    deadline: Option<Duration>,
) -> Result<(), StoreError> {
    let failed = StoreError::sqlite("read", path);
    if let Some(limit) = deadline {
        let end = Instant::now() + limit;
        if let Err(error) =
            connection.progress_handler(CHECK_STEPS, Some(move || Instant::now() > end))
        {
            return Err(failed(error));
        }
    }
    let answer = connection.query_row(sql, [], |row| row.get::<_, String>(0));
    if deadline.is_some() {
        connection
            .progress_handler(0, None::<fn() -> bool>)
            .map_err(StoreError::sqlite("read", path))?;
    }
    match answer {
        Ok(answer) if answer == "ok" => Ok(()),
        Ok(answer) => Err(StoreError::damaged(path, Damage::Corrupt(one_line(&answer)))),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            tracing::warn!(file = %path.display(), "The state file is too large to check whole.");
            Ok(())
        }
        Err(error) => Err(failed(error)),
    }
}

/// `quick_check` begins its finding with a line of its own.
fn one_line(answer: &str) -> String {
    answer.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The journal of a file, which SQLite leaves only when it is killed while it writes.
pub(super) fn journal(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-journal");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pragma with a word that SQLite does not know fails silently.
    #[test]
    fn what_survives_a_power_failure_is_really_set() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("state.sqlite");
        drop(create(&path).unwrap());
        let connection = open(&path, Access::ReadWrite).unwrap();
        let number =
            |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        assert_eq!(number("synchronous").unwrap(), 3, "EXTRA");
        assert_eq!(number("busy_timeout").unwrap(), 2000);
        assert_eq!(number("trusted_schema").unwrap(), 0);
        assert_eq!(number("cell_size_check").unwrap(), 1);
        assert_eq!(number("temp_store").unwrap(), 2, "memory");
        let mode: String =
            connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "delete");
    }
}
