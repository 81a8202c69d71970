//! What is at a path: a file to read, or the obstacle, named.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What tells one file from another, whatever its name. As long as somebody holds the file open
/// the inode cannot be given to another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The identity in an answer of `stat` or `fstat`.
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Why there is no file to read at the path.
#[derive(Debug, thiserror::Error)]
pub(super) enum Obstacle {
    #[error("{0} does not exist yet; it is read from its beginning when it appears")]
    Absent(PathBuf),
    #[error("the directory {0} does not exist; create it or correct log_file")]
    DirectoryAbsent(PathBuf),
    #[error(
        "permission denied for {0}; let eoskeeper's user read it and enter the directories above"
    )]
    Denied(PathBuf),
    #[error("{0} is {1}, not a file; name the log file itself in log_file")]
    NotAFile(PathBuf, &'static str),
    #[error("{0} cannot be read: {1}")]
    Other(PathBuf, io::Error),
}

/// Looks at the path, through symbolic links.
pub(super) fn look_at(path: &Path) -> Result<Metadata, Obstacle> {
    let metadata = fs::metadata(path).map_err(|error| obstacle(path, error))?;
    regular(path, metadata)
}

/// Opens the file at the path for reading.
pub(super) fn open(path: &Path) -> Result<(File, Metadata), Obstacle> {
    // Between the look and the open a FIFO can take the place of the file; without NONBLOCK the
    // open would then wait for a writer, perhaps for ever.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(|error| obstacle(path, error))?;
    let metadata = file.metadata().map_err(|error| obstacle(path, error))?;
    Ok((file, regular(path, metadata)?))
}

fn regular(path: &Path, metadata: Metadata) -> Result<Metadata, Obstacle> {
    if metadata.is_file() {
        return Ok(metadata);
    }
    Err(Obstacle::NotAFile(path.to_owned(), kind(metadata.file_type())))
}

fn kind(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

fn obstacle(path: &Path, error: io::Error) -> Obstacle {
    match error.kind() {
        io::ErrorKind::NotFound => match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() && !parent.exists() => {
                Obstacle::DirectoryAbsent(parent.to_owned())
            }
            _ => Obstacle::Absent(path.to_owned()),
        },
        io::ErrorKind::PermissionDenied => Obstacle::Denied(path.to_owned()),
        _ => Obstacle::Other(path.to_owned(), error),
    }
}
