//! A node's log, written as nodeos writes it.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// An open log.
#[derive(Debug)]
pub(super) struct LogFile {
    file: File,
}

impl LogFile {
    /// Creates the log, or empties it.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::create(path)? })
    }

    /// Writes a line as nodeos does: its text, then its newline, in two writes
    /// (`console_appender.cpp`). A reader may see the one without the other.
    pub(super) fn write(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(line.as_bytes())?;
        self.file.write_all(b"\n")
    }
}
