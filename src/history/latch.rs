//! The latch file: what a promotion has come to, on disk before the act.
//!
//! `latch.json` in the state directory is `{"version":1,…}` with the fields of [`Latch`]. It is
//! replaced as a whole: a temporary file is written and fsynced, renamed over it, and the
//! directory is fsynced. A file that cannot be understood is an error and is never replaced: what
//! it said may be that this node produces.

mod error;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use serde::Serialize;
use serde_json::Value;

use crate::core::action::Latch;
use crate::core::name::Name;

pub use error::{Damage, LatchError};

/// Layout of the file.
pub const VERSION: u64 = 1;
/// Largest file that is read: a latch with a budget of 100 promotions is under 4 KiB.
const FILE_BYTES: u64 = 64 * 1024;

const FILE: &str = "latch.json";
const TEMPORARY: &str = "latch.json.tmp";
const LOCK: &str = "lock";

/// A state directory that this process alone uses.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    /// Open for fsync.
    dir_file: File,
    /// The lock lasts as long as this is open, and ends with the process however it ends.
    _lock: File,
}

/// The file's layout.
#[derive(Serialize)]
struct Record<'a> {
    version: u64,
    #[serde(flatten)]
    latch: &'a Latch,
}

impl Store {
    /// Opens the state directory, makes it (mode 0700) where it is absent, and locks it.
    ///
    /// # Errors
    /// [`LatchError::InUse`] when another keeper has it; [`LatchError::Io`] when it cannot be made
    /// or opened.
    pub fn open(dir: &Path) -> Result<Self, LatchError> {
        let io = |what, path: &Path| LatchError::io(what, path.to_owned());
        let is_new = !dir.exists();
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io("make", dir))?;
        if is_new {
            sync_entry(dir).map_err(io("fsync", dir))?;
        }
        let dir_file = File::open(dir).map_err(io("open", dir))?;
        let lock_path = dir.join(LOCK);
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(io("open", &lock_path))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { dir: dir.to_owned(), dir_file, _lock: lock }),
            Err(Errno::WOULDBLOCK) => Err(LatchError::InUse { dir: dir.to_owned() }),
            Err(error) => Err(io("lock", &lock_path)(error.into())),
        }
    }

    /// Reads the latch; `None` where none was ever saved.
    ///
    /// # Errors
    /// [`LatchError::Damaged`] when the file is no latch of this version,
    /// [`LatchError::OtherProducer`] when it is about another producer than `producer`,
    /// [`LatchError::Io`] when it cannot be read. After any of them nothing may be done that
    /// depends on the latch.
    pub fn load(&self, producer: Name) -> Result<Option<Latch>, LatchError> {
        read(&self.dir, producer)
    }

    /// Writes the latch. When this returns, it is on disk and survives a crash of the machine.
    ///
    /// # Errors
    /// Those of [`Self::load`], where there is a file that this would replace; and
    /// [`LatchError::Io`], after which the former latch is still there, whole, unless the error is
    /// the directory's fsync: then either of the two is.
    pub fn save(&self, latch: &Latch) -> Result<(), LatchError> {
        self.load(latch.producer)?;
        let temporary = self.dir.join(TEMPORARY);
        self.write_temporary(&temporary, latch)
            .map_err(LatchError::io("write", temporary.clone()))?;
        let path = self.dir.join(FILE);
        fs::rename(&temporary, &path).map_err(LatchError::io("replace", path))?;
        self.dir_file.sync_all().map_err(LatchError::io("fsync", self.dir.clone()))
    }

    /// A new file, so that neither the mode nor the content of a leftover can matter.
    fn write_temporary(&self, path: &Path, latch: &Latch) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut text = serde_json::to_vec_pretty(&Record { version: VERSION, latch })?;
        text.push(b'\n');
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&text)?;
        file.sync_all()
    }
}

/// Reads the latch of a directory without opening it for use: nothing is made and nothing locked.
///
/// # Errors
/// Those of [`Store::load`].
pub fn peek(dir: &Path, producer: Name) -> Result<Option<Latch>, LatchError> {
    read(dir, producer)
}

/// Whether a keeper uses the directory now. The lock is tried for a moment and made by nobody.
///
/// # Errors
/// [`LatchError::Io`] when the lock is there and cannot be opened or tried.
pub fn is_in_use(dir: &Path) -> Result<bool, LatchError> {
    let path = dir.join(LOCK);
    let lock = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        opened => opened.map_err(LatchError::io("open", path.clone()))?,
    };
    match flock(&lock, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(false),
        Err(Errno::WOULDBLOCK) => Ok(true),
        Err(error) => Err(LatchError::io("try the lock", path)(error.into())),
    }
}

fn read(dir: &Path, producer: Name) -> Result<Option<Latch>, LatchError> {
    let path = dir.join(FILE);
    let mut text = Vec::new();
    // A pipe in its place must not hold the keeper up for ever; reading it gives nothing.
    let no_waiting = OFlags::NONBLOCK.bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(no_waiting).open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened,
    };
    file.and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut text))
        .map_err(LatchError::io("read", path.clone()))?;
    let latch =
        decode(&text).map_err(|damage| LatchError::Damaged { path: path.clone(), damage })?;
    if latch.producer != producer {
        return Err(LatchError::OtherProducer { path, theirs: latch.producer, ours: producer });
    }
    Ok(Some(latch))
}

/// Makes the entry of a new directory in its parent last.
fn sync_entry(dir: &Path) -> io::Result<()> {
    match dir.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

fn decode(text: &[u8]) -> Result<Latch, Damage> {
    if text.len() as u64 > FILE_BYTES {
        return Err(Damage::TooLarge(FILE_BYTES));
    }
    let value = serde_json::from_slice(text).map_err(|error| Damage::NotJson(error.to_string()))?;
    let Value::Object(mut fields) = value else {
        return Err(Damage::NotALatch("it is no JSON object".to_owned()));
    };
    match fields.remove("version") {
        Some(version) if version == VERSION => {}
        Some(version) => return Err(Damage::OtherVersion(version.to_string())),
        None => return Err(Damage::NotALatch("it has no version".to_owned())),
    }
    serde_json::from_value(Value::Object(fields))
        .map_err(|error| Damage::NotALatch(error.to_string()))
}
