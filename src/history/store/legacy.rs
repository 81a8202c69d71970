//! `latch.json`, in which the first eoskeeper kept the latch: read once, and put aside.
//!
//! It is `{"version":1,…}` with the fields of [`Latch`]. A file that cannot be understood is an
//! error: what it said may be that this node produces.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde_json::Value;

use super::error::{Damage, StoreError};
use super::lock;
use crate::core::action::Latch;

/// Layout of the file.
pub(super) const VERSION: u64 = 1;
/// Largest file that is read: a latch with a budget of 100 promotions is under 4 KiB.
const FILE_BYTES: u64 = 64 * 1024;

const FILE: &str = "latch.json";
const ASIDE: &str = "latch.json.imported";

/// What an earlier eoskeeper left.
pub(super) struct Former {
    /// Its file.
    pub(super) path: PathBuf,
    /// The file's content.
    pub(super) text: String,
    /// What it says.
    pub(super) latch: Latch,
}

/// Reads the file; `None` where there is none.
pub(super) fn read(dir: &Path) -> Result<Option<Former>, StoreError> {
    let path = dir.join(FILE);
    let Some(text) = content(&path)? else { return Ok(None) };
    match decode(&text) {
        Ok(latch) => {
            let text = String::from_utf8_lossy(&text).into_owned();
            Ok(Some(Former { path, text, latch }))
        }
        Err(damage) => Err(StoreError::Damaged { path, damage }),
    }
}

/// Whether the file there, if there is one, is the one that was imported: `imported` is its text.
pub(super) fn is_settled(dir: &Path, imported: Option<&str>) -> Result<Settled, StoreError> {
    Ok(match content(&dir.join(FILE))? {
        None => Settled::Gone,
        Some(text) if imported.is_some_and(|known| known.as_bytes() == text) => Settled::Imported,
        Some(_) => Settled::Another,
    })
}

/// What a `latch.json` beside a state file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// There is none.
    Gone,
    /// It was imported, and only its renaming was cut off.
    Imported,
    /// It was written by an earlier eoskeeper since.
    Another,
}

/// Gives the file, once what it says is in the state for good, a name that no version reads.
pub(super) fn put_aside(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(FILE);
    fs::rename(&path, dir.join(ASIDE)).map_err(StoreError::io("rename", path))?;
    lock::sync(dir)
}

/// The file's name in the directory.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

fn content(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let mut text = Vec::new();
    // A pipe in its place must not hold the keeper up for ever; reading it gives nothing.
    let no_waiting = OFlags::NONBLOCK.bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(no_waiting).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened,
    };
    file.and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut text))
        .map_err(StoreError::io("read", path.to_owned()))?;
    Ok(Some(text))
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
