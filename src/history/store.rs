//! The state on disk: `state.sqlite` in the state directory, one file of SQLite.
//!
//! It holds the latch, what a promotion has come to, written before the act; and the history, the
//! decisions with their evidence. A write is on disk when it returns. A file that cannot be
//! understood is an error and is never replaced: what it said may be that this node produces.

pub mod adopt;
mod alarms;
mod connection;
mod entries;
mod error;
mod incidents;
mod latch_row;
mod legacy;
mod lock;
mod past;
mod pool;
mod reader;
mod samples;
mod schema;
mod turns;

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use self::connection::Access;
use self::legacy::{Former, Settled};
use crate::core::action::Latch;
use crate::core::name::Name;
use crate::history::entry::Entry;
use crate::history::record::Record;

pub use alarms::{Removal, Shown, Waiting};
pub use entries::Bounds;
pub use error::{Damage, StoreError};
pub use lock::is_in_use;
pub use past::{Past, ROWS_MAX, Span};
pub use reader::{History, peek};

/// The state file's name in its directory.
pub const FILE: &str = "state.sqlite";
/// A state file before it has its name; what is left of one is of no use to anybody.
const NEW: &str = "state.sqlite.new";
/// A journal that was found without its file.
const LEFT: &str = "state.sqlite-journal.left";

/// Longest wait of a history entry for a process that reads the file: the next write of the latch
/// waits for it too.
const HISTORY_BUSY: Duration = Duration::from_millis(100);
/// Steps of SQLite between two looks at the clock, some microseconds: fewer than a page of rows
/// takes.
const READ_STEPS: i32 = 1_000;

/// A state directory that this process alone writes.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    path: PathBuf,
    /// Absent until the file was found good, and again once it was found damaged.
    connection: Mutex<Option<Connection>>,
    /// Whether nothing may be read or written.
    is_barred: AtomicBool,
    _lock: File,
}

impl Store {
    /// Opens the state directory, makes it (mode 0700) where it is absent, and locks it.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another keeper has it; [`StoreError::Io`] when it cannot be made
    /// or opened.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        lock::make_dir(dir)?;
        let lock = lock::take(dir)?;
        let connection = Mutex::new(None);
        let is_barred = AtomicBool::new(false);
        Ok(Self { dir: dir.to_owned(), path: dir.join(FILE), connection, is_barred, _lock: lock })
    }

    /// Holds the directory and does nothing else from now on: whose state it would be is not to be
    /// told ([`adopt`]), and a new one must not be made beside that.
    pub fn bar(&self) {
        self.is_barred.store(true, Ordering::Relaxed);
    }

    /// Reads the latch; `None` where none was ever saved. Makes the state file where there is
    /// none, with the latch that an earlier eoskeeper left in `latch.json`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the file or the latch in it cannot be understood,
    /// [`StoreError::Newer`] when a later eoskeeper wrote it, [`StoreError::OtherProducer`] when
    /// it is about another producer than `producer`, [`StoreError::TwoStates`] when an earlier
    /// eoskeeper wrote since, [`StoreError::Busy`] when another program holds it,
    /// [`StoreError::Io`] when it cannot be read or may not be written. After any of them nothing
    /// may be done that depends on the latch.
    pub fn load(&self, producer: Name) -> Result<Option<Latch>, StoreError> {
        self.with(producer, |connection| latch_row::read(connection, &self.path, producer))
    }

    /// Writes the latch. When this returns, it is on disk and survives a crash of the machine.
    ///
    /// # Errors
    /// Those of [`Self::load`], where there is a file that this would change; and
    /// [`StoreError::Io`], after which the former latch is still there, whole, unless the error is
    /// that of an fsync: then either of the two is.
    pub fn save(&self, latch: &Latch) -> Result<(), StoreError> {
        self.with(latch.producer, |connection| {
            let failed = || StoreError::sqlite("write", &self.path);
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(failed())?;
            latch_row::read(&transaction, &self.path, latch.producer)?;
            latch_row::write(&transaction, &self.path, latch)?;
            transaction.commit().map_err(failed())
        })
    }

    /// Appends to the history, all or nothing, and removes a little of what is over the bounds.
    ///
    /// # Errors
    /// Those of [`Self::save`]. A state that [`Self::load`] did not find good is not touched.
    pub fn append(&self, entries: &[Entry], bounds: &Bounds) -> Result<(), StoreError> {
        self.beside(|transaction| {
            entries::append(transaction, &entries.iter().collect::<Vec<_>>(), bounds)
        })
    }

    /// Writes records of every kind, all or nothing, and removes a little of what is over the
    /// bounds.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn write(&self, records: &[Record], bounds: &Bounds) -> Result<(), StoreError> {
        self.beside(|transaction| write_records(transaction, records, bounds))
    }

    /// Asks the history of the file that this process has open. The latch waits meanwhile, so ask
    /// for a page at a time.
    ///
    /// # Errors
    /// [`StoreError::NotGood`] where [`Self::load`] did not find the state good, and what `work`
    /// says.
    pub fn past<T>(
        &self,
        work: impl FnOnce(&Past<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let held = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_ref() {
            Some(connection) => work(&Past::of(connection, &self.path)),
            None => Err(StoreError::NotGood { path: self.path.clone() }),
        }
    }

    /// The same, broken off at `end`: for those whom nobody keeps from asking for much.
    ///
    /// # Errors
    /// Those of [`Self::past`], and [`StoreError::Io`] of the kind `TimedOut`.
    pub fn past_until<T>(
        &self,
        end: Instant,
        work: impl FnOnce(&Past<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let held = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(connection) = held.as_ref() else {
            return Err(StoreError::NotGood { path: self.path.clone() });
        };
        let failed = || StoreError::sqlite("read", &self.path);
        let is_over = move || Instant::now() >= end;
        connection.progress_handler(READ_STEPS, Some(is_over)).map_err(failed())?;
        let answer = match is_over() {
            // The wait for the file was too long already.
            true => Err(StoreError::too_slow(&self.path)),
            false => work(&Past::of(connection, &self.path)),
        };
        // The write of the latch that follows must not be broken off.
        connection.progress_handler(0, None::<fn() -> bool>).map_err(failed())?;
        answer
    }

    /// Does something beside the latch, in one transaction: it waits for readers for a moment only,
    /// since the next write of the latch waits for it, and a state that [`Self::load`] did not find
    /// good is not touched.
    fn beside<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let failed = || StoreError::sqlite("write", &self.path);
        let mut held = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(connection) = held.as_mut() else {
            return Err(StoreError::NotGood { path: self.path.clone() });
        };
        connection.busy_timeout(HISTORY_BUSY).map_err(failed())?;
        let written = in_transaction(connection, work).map_err(failed());
        let restored = connection.busy_timeout(connection::BUSY).map_err(failed());
        if written.as_ref().is_err_and(StoreError::ends_connection) {
            *held = None;
        }
        restored.and(written)
    }

    /// Does something with the file, which is opened and looked through where it is not open yet.
    fn with<T>(
        &self,
        producer: Name,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.is_barred.load(Ordering::Relaxed) {
            return Err(StoreError::NotGood { path: self.path.clone() });
        }
        let mut held = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => self.connect(producer)?,
        };
        let result = work(&mut connection);
        if !result.as_ref().is_err_and(StoreError::ends_connection) {
            *held = Some(connection);
        }
        result
    }

    fn connect(&self, producer: Name) -> Result<Connection, StoreError> {
        if !reader::exists(&self.path)? {
            self.create(producer)?;
        }
        let connection = connection::open(&self.path, Access::ReadWrite)?;
        match reader::settled(&connection, &self.dir, &self.path)? {
            Settled::Gone => {}
            Settled::Imported => legacy::put_aside(&self.dir)?,
            Settled::Another => {
                let (path, former) = (self.path.clone(), legacy::path(&self.dir));
                return Err(StoreError::TwoStates { path, former });
            }
        }
        Ok(connection)
    }

    /// Makes the file under another name, whole, and then gives it its own: a state file that is
    /// empty or half made is damage, never a beginning.
    fn create(&self, producer: Name) -> Result<(), StoreError> {
        let former = legacy::read(&self.dir)?;
        if let Some(former) = &former {
            latch_row::must_be_of(producer, &former.latch, &former.path)?;
        }
        let new = self.dir.join(NEW);
        for leftover in [connection::journal(&new), new.clone()] {
            remove_leftover(&leftover)?;
        }
        make_private(&new)?;
        let mut connection = connection::create(&new)?;
        if let Some(former) = &former {
            import(&mut connection, &new, former)?;
        }
        connection.close().map_err(|(_, error)| StoreError::sqlite("write", &new)(error))?;
        // SQLite would take the journal of a file that is gone for this one's.
        let orphan = connection::journal(&self.path);
        if reader::exists(&orphan)? {
            fs::rename(&orphan, self.dir.join(LEFT)).map_err(StoreError::io("rename", orphan))?;
        }
        fs::rename(&new, &self.path).map_err(StoreError::io("replace", self.path.clone()))?;
        lock::sync(&self.dir)
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

fn write_records(
    transaction: &Transaction<'_>,
    records: &[Record],
    bounds: &Bounds,
) -> rusqlite::Result<()> {
    let (mut entries, mut measured, mut settled) = (Vec::new(), Vec::new(), Vec::new());
    let (mut changed, mut sent, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    for record in records {
        match record {
            Record::Entry(entry) => entries.push(entry.as_ref()),
            Record::Sample(sample) => measured.push(sample.as_ref()),
            Record::Pool(answer) => answered.push(answer),
            Record::Turn(turn) => settled.push(turn),
            Record::Incident(incident) => changed.push(incident),
            Record::Notification(notification) => sent.push(notification),
        }
    }
    let is_large = entries::is_large(transaction, bounds)?;
    entries::append(transaction, &entries, bounds)?;
    pool::append(transaction, &answered, is_large)?;
    samples::append(transaction, &measured, is_large)?;
    turns::append(transaction, &settled, is_large)?;
    incidents::put(transaction, &changed, is_large)?;
    incidents::append(transaction, &sent, is_large)
}

fn import(connection: &mut Connection, path: &Path, former: &Former) -> Result<(), StoreError> {
    let failed = || StoreError::sqlite("write", path);
    let transaction = connection.transaction().map_err(failed())?;
    latch_row::write(&transaction, path, &former.latch)?;
    transaction
        .execute(
            "INSERT INTO imported (name, body) VALUES ('latch.json', ?1)",
            params![former.text],
        )
        .map_err(failed())?;
    transaction.commit().map_err(failed())
}

fn remove_leftover(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(StoreError::io("remove", path.to_owned())(error))
        }
        _ => Ok(()),
    }
}

/// SQLite gives its journal the mode of the file, and an empty file is a database to it.
fn make_private(path: &Path) -> Result<(), StoreError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(StoreError::io("make", path.to_owned()))
}
