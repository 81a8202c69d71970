//! Why the latch is not to be had; each error names its next step.

use std::io;
use std::path::PathBuf;

use super::VERSION;
use crate::core::name::Name;

/// Why the latch could not be read or written. Whoever gets one must not promote.
#[derive(Debug, thiserror::Error)]
pub enum LatchError {
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
        /// The system's words.
        error: io::Error,
    },
}

/// What is wrong with a latch file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Larger than any latch.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// Empty, cut off or overwritten.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// Written by another version of eoskeeper.
    #[error("its version is {0}, and this eoskeeper knows version {VERSION} only")]
    OtherVersion(String),
    /// A field is missing, unknown or wrong.
    #[error("{0}")]
    NotALatch(String),
}

impl LatchError {
    pub(super) fn io(what: &'static str, path: PathBuf) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { what, path, error }
    }
}
