//! Why the state is not to be had; each error names its next step.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::ffi::{self, ErrorCode};

use super::legacy::VERSION;
use crate::core::name::Name;

/// Why the state could not be read or written. Whoever gets one must not promote.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the directory.
    #[error(
        "{} is used by another eoskeeper; stop that one, or give each its own [state] dir",
        dir.display()
    )]
    InUse {
        /// The state directory.
        dir: PathBuf,
    },
    /// The file is there and cannot be understood.
    #[error(
        "{} is damaged: {damage}; find out whether this node produces, then move the file away",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        damage: Damage,
    },
    /// The file was written by a later version of eoskeeper.
    #[error(
        "{} was written by a later eoskeeper: its schema is {found}, and this eoskeeper knows \
         {known} at most; use that version again",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema number.
        found: i64,
        /// The last one known here.
        known: i64,
    },
    /// The file belongs to another configuration.
    #[error(
        "{} is about producer {theirs}, this keeper is about {ours}; correct producer_name, or \
         give each its own [state] dir",
        path.display()
    )]
    OtherProducer {
        /// The file.
        path: PathBuf,
        /// Whom it is about.
        theirs: Name,
        /// Whom the configuration is about.
        ours: Name,
    },
    /// An earlier eoskeeper ran again after its latch had been taken over.
    #[error(
        "{} was written after {} had taken its place, so either may be the last word; find out \
         whether this node produces, then move the one that is wrong away",
        former.display(), path.display()
    )]
    TwoStates {
        /// The state file.
        path: PathBuf,
        /// The file of the earlier eoskeeper.
        former: PathBuf,
    },
    /// The last write was cut off by a crash. Only a keeper that has the directory may undo it.
    #[error(
        "the last write of {} was cut off by a crash; the next start of the keeper undoes it",
        path.display()
    )]
    CutOff {
        /// The file.
        path: PathBuf,
    },
    /// Another program turned the journal into a write-ahead log, which cannot be read without
    /// leaving files behind.
    #[error(
        "{} was put into journal mode WAL by another program; the next start of the keeper undoes \
         that",
        path.display()
    )]
    WriteAheadLog {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds the file longer than we wait.
    #[error(
        "{} is held by another program; end whatever has it open, `sqlite3` for example",
        path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Nobody has found the file good yet, so nothing is added to it.
    #[error("{} was not found good, and nothing is added to it", path.display())]
    NotGood {
        /// The file.
        path: PathBuf,
    },
    /// The file is not where it was opened.
    #[error(
        "{} was moved away or removed while the keeper runs; put it back, or restart the keeper",
        path.display()
    )]
    Moved {
        /// Where it was.
        path: PathBuf,
    },
    /// The file system refused.
    #[error(
        "cannot {what} {}: {error}; look at the directory's owner, rights and free space",
        path.display()
    )]
    Io {
        /// A verb: make, open, lock, read, write, replace, fsync.
        what: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's words, or SQLite's.
        error: io::Error,
    },
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A pipe, a directory or a device is in its place.
    #[error("it is no regular file")]
    NotAFile,
    /// It has no content; a new state is never made in that way.
    #[error("it is empty")]
    Empty,
    /// Its end is missing.
    #[error("it has {found} bytes of {bytes}")]
    Cut {
        /// Bytes that are there.
        found: u64,
        /// Bytes that it says it has.
        bytes: u64,
    },
    /// SQLite does not know it, or finds its pages broken.
    #[error("SQLite says: {0}")]
    Corrupt(String),
    /// A table is missing or was changed by another program.
    #[error("its tables are not those that eoskeeper makes")]
    OtherTables,
    /// A good database of another program.
    #[error("it is no state of eoskeeper, but a database of another program")]
    NotOurs,
    /// The latch in it is not what was written.
    #[error(
        "the latch in it was changed: its checksum is {found:08x}, and should be {expected:08x}"
    )]
    Checksum {
        /// Of what is there.
        found: u32,
        /// As written.
        expected: u32,
    },
    /// `latch.json`: larger than any latch.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// `latch.json`: empty, cut off or overwritten.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// `latch.json`: of another version than the one that was ever published.
    #[error("its version is {0}, and this eoskeeper knows version {VERSION} only")]
    OtherVersion(String),
    /// A field is missing, unknown or wrong.
    #[error("{0}")]
    NotALatch(String),
}

impl StoreError {
    pub(super) fn io(what: &'static str, path: PathBuf) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { what, path, error }
    }

    pub(super) fn damaged(path: &Path, damage: Damage) -> Self {
        Self::Damaged { path: path.to_owned(), damage }
    }

    /// A reading that was broken off at its deadline.
    pub(super) fn too_slow(path: &Path) -> Self {
        let error = io::Error::new(ErrorKind::TimedOut, "it took too long and was broken off");
        Self::Io { what: "read", path: path.to_owned(), error }
    }

    /// Puts an error of SQLite in our terms.
    pub(super) fn sqlite(what: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_owned();
        move |error| match error.sqlite_error() {
            Some(cause) => of_code(*cause, what, path, &error),
            // A column of another type than the schema's.
            None => Self::Damaged { path, damage: Damage::Corrupt(error.to_string()) },
        }
    }

    /// Whether the open file is of no use any more and must be looked at anew.
    pub(super) const fn ends_connection(&self) -> bool {
        match self {
            Self::Damaged { .. }
            | Self::Newer { .. }
            | Self::TwoStates { .. }
            | Self::Moved { .. } => true,
            // SQLite undid its transaction and is ready for the next.
            Self::Io { .. }
            | Self::NotGood { .. }
            | Self::InUse { .. }
            | Self::OtherProducer { .. }
            | Self::CutOff { .. }
            | Self::WriteAheadLog { .. }
            | Self::Busy { .. } => false,
        }
    }
}

fn of_code(
    cause: ffi::Error,
    what: &'static str,
    path: PathBuf,
    error: &rusqlite::Error,
) -> StoreError {
    let io = |what, kind| StoreError::Io {
        what,
        path: path.clone(),
        error: io::Error::new(kind, format!("{error} (SQLite's code {})", cause.extended_code)),
    };
    match (cause.code, cause.extended_code) {
        (_, ffi::SQLITE_READONLY_ROLLBACK | ffi::SQLITE_READONLY_RECOVERY) => {
            StoreError::CutOff { path }
        }
        (_, ffi::SQLITE_READONLY_DBMOVED) => StoreError::Moved { path },
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch, _) => {
            StoreError::Damaged { path, damage: Damage::Corrupt(error.to_string()) }
        }
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => StoreError::Busy { path },
        (ErrorCode::OperationInterrupted, _) => StoreError::too_slow(&path),
        (ErrorCode::DiskFull, _) => io(what, ErrorKind::StorageFull),
        (ErrorCode::ReadOnly, _) => io(what, ErrorKind::ReadOnlyFilesystem),
        // A table or column that is not there.
        (ErrorCode::Unknown | ErrorCode::SchemaChanged, _) => {
            StoreError::Damaged { path, damage: Damage::Corrupt(error.to_string()) }
        }
        _ => io(what, ErrorKind::Other),
    }
}
