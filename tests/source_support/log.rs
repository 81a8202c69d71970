//! A log file of a test, and the source that follows it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use eoskeeper::sources::file::follow;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::received::Received;

/// A directory with a log, and its follower.
pub(crate) struct Log {
    pub(crate) path: PathBuf,
    pub(crate) received: Received,
    stop: CancellationToken,
    directory: TempDir,
}

impl Log {
    /// Follows `nodeos.log` in a new directory that `prepare` was let into before.
    pub(crate) fn follow(prepare: impl FnOnce(&Path)) -> Self {
        Self::follow_named("nodeos.log", prepare)
    }

    pub(crate) fn follow_named(name: &str, prepare: impl FnOnce(&Path)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        prepare(&path);
        let (tx, rx) = mpsc::channel(16);
        let stop = CancellationToken::new();
        tokio::spawn(follow(path.clone(), tx, stop.clone()));
        Self { path, received: Received::new(rx), stop, directory }
    }

    /// Follows a log that has one old line, and waits until it is followed.
    pub(crate) async fn with_old_line() -> Self {
        let mut log = Self::follow(|path| append(path, b"old\n"));
        log.received.following().await;
        log
    }

    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Appends `last line` and expects that, with what came before, exactly `lines` were received.
    pub(crate) async fn expect(&mut self, lines: &[&str]) {
        append(&self.path, b"last line\n");
        self.received.line("last line").await;
        let mut wanted: Vec<&str> = lines.to_vec();
        wanted.push("last line");
        assert_eq!(self.received.texts(), wanted);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) fn appender(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

pub(crate) fn append(path: &Path, bytes: &[u8]) {
    appender(path).write_all(bytes).unwrap();
}
