//! Which container is the log, and when to connect to it anew.

use std::pin::pin;
use std::time::Duration;

use bollard::container::LogOutput;
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::core::event::{LogSourceEvent, Replacement};
use crate::sources::docker::engine::{Container, DEADLINE, Engine, Trouble};
use crate::sources::docker::streams::{Streams, stamp_of};
use crate::sources::lines::{Batch, LogItem};

/// First and longest pause between two tries.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// How often a connection is doubted: whether Docker answers, the name still means this container,
/// and a silent log is silent. A hung connection so costs a few slots, not a round of 126 s.
const CHECK: Duration = Duration::from_secs(2);

/// How long the old container's last words are awaited once another has its name and runs.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How many bytes of records are gathered before they are handed on.
const BATCH_BYTES: usize = 256 * 1024;

/// Why a visit ended early.
enum Ended {
    /// Nobody receives any more.
    Closed,
    /// The engine or the container cannot be read.
    Trouble(Trouble),
}

impl From<Trouble> for Ended {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// What came of a visit.
#[derive(PartialEq, Eq)]
enum Visit {
    /// The log was read until the connection ended.
    Read,
    /// There was nothing to do.
    Idle,
}

/// What a doubted connection turned out to be.
enum Doubt {
    /// As it should be.
    Good,
    /// There is a record that it did not give.
    Silenced,
    /// Another container has the name.
    OtherContainer,
}

#[derive(Clone, PartialEq, Eq)]
enum Told {
    Following,
    Unavailable(String),
}

/// Follows what a name means over all the containers that come to have it.
pub(super) struct Follower {
    name: String,
    host: Option<String>,
    tx: mpsc::Sender<LogItem>,
    /// The container last met.
    met: Option<Container>,
    /// Whether the name once meant nothing: a container that appears is then read from its start.
    was_absent: bool,
    /// Whether the connection ended other than by the container's end.
    is_broken: bool,
    streams: Streams,
    batch: Batch,
    told: Option<Told>,
}

impl Follower {
    pub(super) fn new(name: String, host: Option<String>, tx: mpsc::Sender<LogItem>) -> Self {
        Self {
            name,
            host,
            tx,
            met: None,
            was_absent: false,
            is_broken: false,
            streams: Streams::default(),
            batch: Batch::new(),
            told: None,
        }
    }

    /// Follows until nobody receives any more.
    pub(super) async fn run(mut self) {
        let mut pause = PAUSE.0;
        loop {
            match self.visit().await {
                Ok(Visit::Read) => pause = PAUSE.0,
                Ok(Visit::Idle) => {}
                Err(Ended::Closed) => return,
                Err(Ended::Trouble(trouble)) => {
                    self.was_absent |=
                        self.met.is_none() && matches!(trouble, Trouble::NoContainer(_));
                    self.tell(Told::Unavailable(trouble.to_string()));
                }
            }
            if self.send().await.is_err() {
                return;
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    /// Finds the container, and reads its log until the connection ends.
    async fn visit(&mut self) -> Result<Visit, Ended> {
        let engine = Engine::connect(self.host.as_deref()).await?;
        let container = engine.inspect(&self.name).await?;
        // Also tells whether the log can be read at all, before anybody is told that it is followed.
        let newest = engine.newest_record(&container.id).await?;
        let is_new_start = self.meet(&container, newest.as_ref());
        if !container.running && !is_new_start && !self.is_broken {
            self.tell_not_running(&container);
            return Ok(Visit::Idle);
        }
        self.met = Some(container.clone());
        if container.running {
            self.tell(Told::Following);
        }
        self.is_broken = true;
        self.read(&engine, &container).await?;
        self.after_the_end(&engine, &container.id).await
    }

    /// The connection ended: because the process did, or because Docker did.
    async fn after_the_end(&mut self, engine: &Engine, id: &str) -> Result<Visit, Ended> {
        let container = match engine.inspect(id).await {
            Err(Trouble::NoContainer(_)) => {
                self.streams.end(&mut self.batch);
                return Ok(Visit::Read);
            }
            container => container?,
        };
        if container.running {
            return Ok(Visit::Read);
        }
        // Docker has ended the connection before it had given the last record of a process.
        let newest = engine.newest_record(id).await?;
        if newest.is_some_and(|newest| !self.streams.has_taken(&newest)) {
            return Ok(Visit::Idle);
        }
        self.is_broken = false;
        self.streams.end(&mut self.batch);
        self.tell_not_running(&container);
        Ok(Visit::Read)
    }

    fn tell_not_running(&mut self, container: &Container) {
        let why = format!("the container {} is not running ({})", self.name, container.state);
        self.tell(Told::Unavailable(why));
    }

    /// Compares the container with the one met before; true if there may be something to read that
    /// was not read to its end.
    fn meet(&mut self, container: &Container, newest: Option<&LogOutput>) -> bool {
        match &self.met {
            Some(met) if met.id == container.id => {
                let restarted = met.started_at != container.started_at;
                if restarted || self.is_broken {
                    self.event(LogSourceEvent::Replaced { how: Replacement::Reconnected });
                }
                restarted
            }
            Some(_) => {
                self.streams.end(&mut self.batch);
                self.streams = Streams::default();
                self.event(LogSourceEvent::Replaced { how: Replacement::Recreated });
                true
            }
            None => {
                if let Some(stamp) = newest.and_then(stamp_of)
                    && !self.was_absent
                {
                    self.streams = Streams::behind(stamp);
                }
                true
            }
        }
    }

    /// Reads one connection to its end.
    async fn read(&mut self, engine: &Engine, container: &Container) -> Result<(), Ended> {
        let since = self.streams.reconnect();
        let mut log = pin!(engine.follow_log(&container.id, since));
        self.send().await?;
        let mut check = Instant::now() + CHECK;
        let mut is_silent = true;
        let mut is_suspect = false;
        loop {
            match timeout_at(check, log.next()).await {
                Ok(Some(output)) => {
                    (is_silent, is_suspect) = (false, false);
                    let ended = self.take_ready(output?, &mut log);
                    self.send().await?;
                    if let Some(ended) = ended {
                        return ended;
                    }
                }
                Ok(None) => return Ok(()),
                Err(_) => {}
            }
            if Instant::now() >= check {
                match self.doubt(engine, container, is_silent).await? {
                    Doubt::Good => {}
                    // A record may have come while we asked; one late by a whole check hangs.
                    Doubt::Silenced if !is_suspect => is_suspect = true,
                    Doubt::Silenced => return Ok(()),
                    Doubt::OtherContainer => return self.last_words(&mut log).await,
                }
                check = Instant::now() + CHECK;
                is_silent = true;
            }
        }
    }

    /// Takes a record and those already there behind it. Some: how the connection ended.
    fn take_ready(
        &mut self,
        first: LogOutput,
        log: &mut (impl Stream<Item = Result<LogOutput, Trouble>> + Unpin),
    ) -> Option<Result<(), Ended>> {
        let mut output = first;
        let mut bytes = 0;
        loop {
            bytes += output.as_ref().len();
            self.streams.take(&output, &mut self.batch);
            if bytes >= BATCH_BYTES {
                return None;
            }
            match log.next().now_or_never()? {
                Some(Ok(next)) => output = next,
                Some(Err(trouble)) => return Some(Err(trouble.into())),
                None => return Some(Ok(())),
            }
        }
    }

    /// Asks whether the connection still is what it should be. `docker logs --follow` has hung
    /// without an error after a rotation or a cut of the log file (moby#37646, moby#35332).
    async fn doubt(
        &mut self,
        engine: &Engine,
        container: &Container,
        is_silent: bool,
    ) -> Result<Doubt, Ended> {
        match engine.inspect(&self.name).await {
            // The new one is waited for until it runs: the old one may still have to say how it ends.
            Ok(named) if named.id != container.id && named.running => Ok(Doubt::OtherContainer),
            // Renamed away, or removed; its log ends when it does.
            Ok(_) | Err(Trouble::NoContainer(_)) if !is_silent => Ok(Doubt::Good),
            Ok(_) | Err(Trouble::NoContainer(_)) => {
                let newest = engine.newest_record(&container.id).await?;
                let all_taken = newest.is_none_or(|newest| self.streams.has_taken(&newest));
                Ok(if all_taken { Doubt::Good } else { Doubt::Silenced })
            }
            Err(trouble) => Err(trouble.into()),
        }
    }

    async fn last_words(
        &mut self,
        log: &mut (impl Stream<Item = Result<LogOutput, Trouble>> + Unpin),
    ) -> Result<(), Ended> {
        let at_most = Instant::now() + DEADLINE;
        while let Ok(Some(Ok(output))) = timeout(LAST_WORDS, log.next()).await {
            self.streams.take(&output, &mut self.batch);
            self.send().await?;
            if Instant::now() >= at_most {
                break;
            }
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<(), Ended> {
        for item in self.batch.take() {
            self.tx.send(item).await.map_err(|_| Ended::Closed)?;
        }
        Ok(())
    }

    fn event(&mut self, event: LogSourceEvent) {
        self.batch.event(event);
    }

    fn tell(&mut self, news: Told) {
        if self.told.as_ref() == Some(&news) {
            return;
        }
        self.event(match &news {
            Told::Following => {
                LogSourceEvent::Following { what: format!("container {}", self.name) }
            }
            Told::Unavailable(why) => LogSourceEvent::Unavailable { why: why.clone() },
        });
        self.told = Some(news);
    }
}
