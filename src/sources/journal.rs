//! Follows a systemd unit's log in the journal.
//!
//! `journalctl` reads the journal, whatever version of it this host has; what it prints in the
//! export format is exact, byte for byte, and every record carries a cursor, which is how a new
//! `journalctl` goes on where the last one ended. `doc/log-sources.md` tells every case.

mod ask;
mod cursor;
mod export;
mod follower;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod streams;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::core::time::Timestamp;
use crate::sources::journal::ask::Question;
use crate::sources::journal::export::Record;
use crate::sources::journal::follower::Follower;
use crate::sources::journal::streams::Streams;
use crate::sources::lines::{Batch, LogItem};
use crate::sources::window::LineWindow;

/// Deadline of a question to `journalctl`; it reads a few pages of the newest file.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// How the journal is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The program.
    pub program: PathBuf,
    /// What it is told beside the rest, such as `--directory=…`.
    pub arguments: Vec<OsString>,
}

impl Default for Journal {
    /// That of this host.
    fn default() -> Self {
        Self { program: "journalctl".into(), arguments: Vec::new() }
    }
}

/// Follows the log of `unit`, and sends its lines and what happens to it, until `stop` is cancelled
/// or the receiver is gone. It starts at the end of what the journal holds. A full channel holds the
/// reader up; the journal is the buffer. A silent log is looked for every 5 s, so that a
/// `journalctl` that has gone deaf is begun anew; tries are 0.25 s to 5 s apart.
pub async fn follow(
    unit: String,
    journal: Journal,
    tx: mpsc::Sender<LogItem>,
    stop: CancellationToken,
) {
    stop.run_until_cancelled(Follower::new(unit, journal, tx).run()).await;
}

/// The last lines of a unit, oldest first, at most `count`; none where the journal has none of it.
///
/// # Errors
/// One sentence: why the journal cannot be read.
pub async fn last(unit: &str, journal: &Journal, count: u32) -> Result<Vec<Vec<u8>>, String> {
    let question = Question::of(unit).last(count);
    let mut streams = Streams::new(unit);
    let mut batch = Batch::new();
    question.ask(journal, DEADLINE, |record| streams.take(&record, &mut batch)).await?;
    streams.end(&mut batch);
    Ok(batch.take().into_iter().flat_map(lines_of).collect())
}

/// Reads what the journal has kept of a window, within `deadline`.
///
/// # Errors
/// One sentence: why the journal cannot be read; what was read until then is in the window.
pub async fn window(
    unit: &str,
    journal: &Journal,
    window: &mut LineWindow,
    deadline: Duration,
) -> Result<(), String> {
    let second = |time: Timestamp| time.ms().div_euclid(1000);
    let span = (second(window.from()), second(window.until()) + 1);
    let question = Question::of(unit).between(span);
    let mut streams = Streams::new(unit);
    let mut take = |record: Record| {
        let stamp = record.realtime_us().map(|us| Timestamp::from_ms(us / 1000));
        let mut batch = Batch::new();
        streams.take(&record, &mut batch);
        for line in batch.take().into_iter().flat_map(lines_of) {
            window.line(&line, stamp);
        }
    };
    let end = Instant::now() + deadline;
    question.ask(journal, end.saturating_duration_since(Instant::now()), &mut take).await
}

fn lines_of(item: LogItem) -> Vec<Vec<u8>> {
    match item {
        LogItem::Lines(lines) => lines,
        LogItem::Source(_) => Vec::new(),
    }
}
