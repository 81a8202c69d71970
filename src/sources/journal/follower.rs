//! Runs `journalctl` and begins it anew where it ended.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::core::event::{LogSourceEvent, Replacement};
use crate::sources::journal::ask::{Question, complaint, first_line, machine_id, not_run, words};
use crate::sources::journal::cursor::Cursor;
use crate::sources::journal::export::{Parser, Record};
use crate::sources::journal::streams::Streams;
use crate::sources::journal::{DEADLINE, Journal};
use crate::sources::lines::{Batch, LogItem};

/// First and longest pause between two tries.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// A log that is silent for so long is looked for; nodeos prints a line at every block.
const SILENCE: Duration = Duration::from_secs(5);
/// How long the answer to a doubt may be younger than what was read: records on their way.
const ON_THE_WAY: Duration = Duration::from_secs(1);
/// How long a `journalctl` that ended may take for its last words.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Bytes of a read; the batch is handed on after each.
const PIECE_BYTES: usize = 256 * 1024;

/// Why a visit ended.
enum Ended {
    /// Nobody receives any more.
    Closed,
    /// The journal cannot be read: one sentence.
    Trouble(String),
    /// `journalctl` ended or went deaf, and goes on from where it was.
    Broken(String),
}

/// Follows a unit.
pub(super) struct Follower {
    unit: String,
    journal: Journal,
    tx: mpsc::Sender<LogItem>,
    /// The record taken last, or the newest of the journal at the start.
    last: Option<Cursor>,
    /// Whether the place to begin at is known: an empty journal has none.
    has_begun: bool,
    /// Whether that place is a record of this unit, which a new `journalctl` must give first.
    is_own: bool,
    streams: Streams,
    batch: Batch,
    is_following: bool,
}

impl Follower {
    pub(super) fn new(unit: String, journal: Journal, tx: mpsc::Sender<LogItem>) -> Self {
        let streams = Streams::new(&unit);
        Self {
            unit,
            journal,
            tx,
            last: None,
            has_begun: false,
            is_own: false,
            streams,
            batch: Batch::new(),
            is_following: false,
        }
    }

    /// Follows until nobody receives any more.
    pub(super) async fn run(mut self) {
        let mut pause = PAUSE.0;
        loop {
            let before = self.last.clone();
            match self.visit().await {
                Ended::Closed => return,
                Ended::Trouble(why) => {
                    self.is_following = false;
                    self.batch.event(LogSourceEvent::Unavailable { why });
                }
                Ended::Broken(why) => {
                    tracing::warn!(unit = self.unit, why, "The journal is read anew.");
                    if self.is_following {
                        let how = Replacement::Reconnected;
                        self.batch.event(LogSourceEvent::Replaced { how });
                    }
                }
            }
            if self.send().await.is_err() {
                return;
            }
            if self.last != before {
                pause = PAUSE.0;
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    /// Reads until `journalctl` ends or is doubted in vain.
    async fn visit(&mut self) -> Ended {
        if !self.has_begun {
            match self.newest(&Question::newest()).await {
                Ok(newest) => (self.last, self.has_begun) = (newest, true),
                Err(why) => return Ended::Trouble(why),
            }
        }
        let machine = machine_id().await;
        let question =
            Question::of(&self.unit).following(self.last.as_ref()).of_machine(machine.as_deref());
        let mut child = match question.command(&self.journal).spawn() {
            Ok(child) => child,
            Err(error) => return Ended::Trouble(not_run(&self.journal, &error)),
        };
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let Some(mut out) = out else { return Ended::Broken("no output".to_owned()) };
        if !self.is_following {
            self.is_following = true;
            let what = format!("the journal of {}", self.unit);
            self.batch.event(LogSourceEvent::Following { what });
            if self.send().await.is_err() {
                return Ended::Closed;
            }
        }
        let words = tokio::spawn(words(err));
        let ended = self.read(&mut out).await;
        // Whatever it still does: its place is known.
        let _ = child.start_kill();
        let words = timeout(LAST_WORDS, words).await.ok().and_then(Result::ok).unwrap_or_default();
        match (ended, complaint(&words)) {
            (Ended::Broken(_), Some(complaint)) => Ended::Trouble(complaint),
            (Ended::Broken(why), None) if words.trim().is_empty() => Ended::Broken(why),
            (Ended::Broken(_), None) => Ended::Trouble(format!(
                "{} ended: {}",
                self.journal.program.display(),
                first_line(&words)
            )),
            (ended, _) => ended,
        }
    }

    async fn read(&mut self, out: &mut (impl AsyncReadExt + Unpin)) -> Ended {
        let (mut parser, mut piece) = (Parser::default(), vec![0; PIECE_BYTES]);
        let mut is_first = true;
        loop {
            let read = match timeout(SILENCE, out.read(&mut piece)).await {
                Err(_) => match self.doubt(out, &mut piece).await {
                    Ok(read) => read,
                    Err(ended) => return ended,
                },
                Ok(read) => read,
            };
            match read {
                Ok(0) => return Ended::Broken("journalctl ended".to_owned()),
                Err(error) => return Ended::Broken(format!("journalctl: {error}")),
                Ok(read) => {
                    let mut records = Vec::new();
                    parser.push(&piece[..read], |record| records.push(record));
                    records.iter().for_each(|record| {
                        self.take(record, std::mem::take(&mut is_first));
                    });
                }
            }
            if self.send().await.is_err() {
                return Ended::Closed;
            }
        }
    }

    /// The log is silent: is there a record that was not given? Waits for the next one otherwise.
    async fn doubt(
        &mut self,
        out: &mut (impl AsyncReadExt + Unpin),
        piece: &mut [u8],
    ) -> Result<std::io::Result<usize>, Ended> {
        loop {
            let question = Question::of(&self.unit).last(1);
            let newest = self.newest(&question).await.map_err(Ended::Trouble)?;
            let is_ahead = match (&newest, &self.last) {
                (Some(newest), Some(last)) => newest.is_after(last),
                (Some(_), None) => true,
                (None, _) => false,
            };
            let patience = if is_ahead { ON_THE_WAY } else { SILENCE };
            let until = Instant::now() + patience;
            match tokio::time::timeout_at(until, out.read(piece)).await {
                Ok(read) => return Ok(read),
                Err(_) if is_ahead => {
                    return Err(Ended::Broken("it did not give a record that is there".to_owned()));
                }
                Err(_) if self.tx.is_closed() => return Err(Ended::Closed),
                Err(_) => {}
            }
        }
    }

    /// The place of the last record that a question finds.
    async fn newest(&self, question: &Question) -> Result<Option<Cursor>, String> {
        let mut newest = None;
        let take =
            |record: Record| newest = record.text("__CURSOR").map(Cursor::new).or(newest.take());
        question.ask(&self.journal, DEADLINE, take).await?;
        Ok(newest)
    }

    async fn send(&mut self) -> Result<(), ()> {
        for item in self.batch.take() {
            self.tx.send(item).await.map_err(drop)?;
        }
        Ok(())
    }

    /// Takes a record, unless it is the one that the reading began at.
    fn take(&mut self, record: &Record, is_first: bool) {
        let cursor = record.text("__CURSOR").map(Cursor::new);
        if cursor.is_some() && cursor == self.last {
            return;
        }
        if is_first && self.is_own {
            let why =
                "the journal has removed what was read last, and maybe lines after it; give it \
                       more room (SystemMaxUse= in journald.conf)"
                    .to_owned();
            self.batch.event(LogSourceEvent::Lost { bytes: None, why });
        }
        self.streams.take(record, &mut self.batch);
        if cursor.is_some() {
            (self.last, self.is_own) = (cursor, true);
        }
    }
}
