//! The directory: made where it is absent, and used by one process alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::StoreError;

const LOCK: &str = "lock";

/// Makes the directory (mode 0700) where it is absent.
pub(super) fn make_dir(dir: &Path) -> Result<(), StoreError> {
    let io = |what| StoreError::io(what, dir.to_owned());
    let is_new = !dir.exists();
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io("make"))?;
    if is_new {
        sync_entry(dir).map_err(io("fsync"))?;
    }
    Ok(())
}

/// Locks the directory. The lock lasts as long as the file is open, and ends with the process
/// however it ends.
pub(super) fn take(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join(LOCK);
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(StoreError::io("open", path.clone()))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(Errno::WOULDBLOCK) => Err(StoreError::InUse { dir: dir.to_owned() }),
        Err(error) => Err(StoreError::io("lock", path)(error.into())),
    }
}

/// Whether a keeper uses the directory now. The lock is tried for a moment and made by nobody.
///
/// # Errors
/// [`StoreError::Io`] when the lock is there and cannot be opened or tried.
pub fn is_in_use(dir: &Path) -> Result<bool, StoreError> {
    let path = dir.join(LOCK);
    let lock = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        opened => opened.map_err(StoreError::io("open", path.clone()))?,
    };
    match flock(&lock, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(false),
        Err(Errno::WOULDBLOCK) => Ok(true),
        Err(error) => Err(StoreError::io("try the lock", path)(error.into())),
    }
}

/// Makes the names in a directory last.
pub(super) fn sync(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::io("fsync", dir.to_owned()))
}

/// Makes the entry of a new directory in its parent last.
fn sync_entry(dir: &Path) -> io::Result<()> {
    match dir.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}
