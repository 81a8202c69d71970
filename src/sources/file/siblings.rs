//! Files beside the log that rotation made.
//!
//! When a log is rotated twice between two looks, the file in the middle was at the path only while
//! nobody looked. It is found here: a file with a rotated name that was not in the directory before.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::sources::file::place::{self, FileId, Obstacle};

/// How many rotated files are looked at; a directory with more is read in part.
const SIBLINGS_MAX: usize = 4096;

/// Endings of files that hold no text of a log: compressed, or being written by the rotator.
const NOT_TEXT: [&str; 9] = ["gz", "bz2", "xz", "zst", "lz4", "Z", "zip", "tmp", "swp"];

/// A number in a name below this counts rotations; from it on it is a date, such as 2026.
const COUNT_MAX: u64 = 2000;

/// A file's identity for as long as we may not hold it open: the time of birth, where the file
/// system knows it, tells a new file from an old one whose inode it was given.
type Known = (FileId, Option<SystemTime>);

/// The rotated files seen so far.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    known: HashSet<Known>,
}

impl Siblings {
    /// Notes all that is there now: none of it is missing from what was read.
    pub(super) fn note_all(&mut self, log: &Path) {
        self.known = rotated_files(log).iter().map(|(_, metadata)| known(metadata)).collect();
    }

    /// Files that came since [`Siblings::note_all`], oldest first, but those in `held`.
    pub(super) fn new_ones(
        &self,
        log: &Path,
        held: impl Fn(FileId) -> bool,
    ) -> Vec<Result<(File, Metadata), Obstacle>> {
        let mut new: Vec<(PathBuf, Metadata)> = rotated_files(log)
            .into_iter()
            .filter(|(_, metadata)| !self.known.contains(&known(metadata)))
            .filter(|(_, metadata)| !held(FileId::of(metadata)))
            .collect();
        // Files made within one tick of the kernel's clock have one time; then the name tells.
        new.sort_by_cached_key(|(path, metadata)| {
            let made = metadata.created().or_else(|_| metadata.modified()).ok();
            (made, age_by_name(log, path))
        });
        new.into_iter().map(|(path, _)| place::open(&path)).collect()
    }
}

/// The log and everything that rotation made of it, gzip as well, with when each was written last.
pub(super) fn all(log: &Path) -> Vec<(PathBuf, Option<SystemTime>)> {
    let text = rotated_files(log).into_iter();
    let mut all: Vec<_> = text.map(|(path, metadata)| (path, metadata.modified().ok())).collect();
    let (Some(directory), Some(name)) = (log.parent(), log.file_name()) else { return all };
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    for entry in entries.take(SIBLINGS_MAX) {
        let other = entry.file_name();
        let plain = other.as_bytes().strip_suffix(b".gz").map(OsStr::from_bytes);
        if other == name || plain.is_some_and(|plain| is_rotated_name(name, plain)) {
            all.push((entry.path(), entry.metadata().and_then(|m| m.modified()).ok()));
        }
    }
    all
}

/// The first rotated file beside `log` that is what is wanted.
pub(super) fn find(log: &Path, is_wanted: impl Fn(&File) -> bool) -> Option<File> {
    let files = rotated_files(log).into_iter().filter_map(|(path, _)| place::open(&path).ok());
    files.map(|(file, _)| file).find(|file| is_wanted(file))
}

fn known(metadata: &Metadata) -> Known {
    (FileId::of(metadata), metadata.created().ok())
}

fn rotated_files(log: &Path) -> Vec<(PathBuf, Metadata)> {
    let (Some(directory), Some(name)) = (log.parent(), log.file_name()) else {
        return Vec::new();
    };
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| is_rotated_name(name, &entry.file_name()))
        .take(SIBLINGS_MAX)
        .filter_map(|entry| Some((entry.path(), fs::symlink_metadata(entry.path()).ok()?)))
        .filter(|(_, metadata)| metadata.is_file())
        .collect()
}

/// `nodeos.log.1`, `nodeos.log-20261121`, `nodeos-20261121.log` for `nodeos.log`.
fn is_rotated_name(log: &OsStr, other: &OsStr) -> bool {
    let (log, other) = (log.as_bytes(), other.as_bytes());
    let ending = |name: &'_ [u8]| name.iter().rposition(|byte| *byte == b'.').unwrap_or(name.len());
    if NOT_TEXT.iter().any(|text| other.get(ending(other) + 1..) == Some(text.as_bytes())) {
        return false;
    }
    let separator = |byte: Option<&u8>| matches!(byte, Some(b'.' | b'-' | b'_'));
    if let Some(rest) = other.strip_prefix(log) {
        return separator(rest.first());
    }
    let (stem, extension) = log.split_at(ending(log));
    let middle = other.strip_prefix(stem).and_then(|rest| rest.strip_suffix(extension));
    !stem.is_empty()
        && middle.is_some_and(|middle| {
            let date = middle.iter().position(|byte| !matches!(byte, b'.' | b'-' | b'_'));
            separator(middle.first()) && date.is_some_and(|at| middle[at].is_ascii_digit())
        })
}

/// Sorts older names first: of `log.1` and `log.2` the second, of two dates the earlier.
fn age_by_name(log: &Path, rotated: &Path) -> (Reverse<u64>, PathBuf) {
    let prefix = log.file_stem().map_or(0, |stem| stem.as_bytes().len());
    let name = rotated.file_name().unwrap_or_default().as_bytes();
    let digits = name[prefix.min(name.len())..]
        .iter()
        .skip_while(|byte| !byte.is_ascii_digit())
        .take_while(|byte| byte.is_ascii_digit());
    let number = digits.fold(0u64, |number, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    });
    let count = if number < COUNT_MAX { number } else { 0 };
    (Reverse(count), rotated.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_names_are_known_from_others() {
        for (log, other, rotated) in [
            ("nodeos.log", "nodeos.log.1", true),
            ("nodeos.log", "nodeos.log-20261121", true),
            ("nodeos.log", "nodeos-20261121.log", true),
            ("nodeos.log", "nodeos__2026-11-21_00-00.log", true),
            ("nodeos.log", "nodeos.1.log", true),
            ("nodeos.log", "nodeos.log.old", true),
            ("log", "log.1", true),
            ("nodeos.log", "nodeos.log", false),
            ("nodeos.log", "nodeos.log.2.gz", false),
            ("nodeos.log", "nodeos.log.1.tmp", false),
            ("nodeos.log", "nodeos.logs", false),
            ("nodeos.log", "nodeos-err.log", false),
            ("nodeos.log", "nodeos2.log", false),
            ("nodeos.log", "other.log.1", false),
        ] {
            assert_eq!(is_rotated_name(log.as_ref(), other.as_ref()), rotated, "{other} of {log}");
        }
    }
    #[test]
    fn among_files_of_one_time_the_name_tells_which_is_older() {
        for names in [
            ["nodeos.log.10", "nodeos.log.2", "nodeos.log.1"],
            ["nodeos.3.log", "nodeos.2.log", "nodeos.1.log"],
            ["nodeos.log-20261120", "nodeos.log-20261121", "nodeos.log-20261122"],
            ["nodeos-2026-11-21_08.log", "nodeos-2026-11-21_09.log", "nodeos-2026-11-22_01.log"],
        ] {
            let mut sorted = names;
            sorted.reverse();
            sorted.sort_by_key(|name| age_by_name("nodeos.log".as_ref(), name.as_ref()));
            assert_eq!(sorted, names);
        }
    }
}
