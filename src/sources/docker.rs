//! Follows a container's log.
//!
//! Docker gives a log over its socket, with the time of each record before it; that time is how a
//! new connection goes on where the last one ended. `doc/log-sources.md` tells every case.

mod cursor;
pub(in crate::sources) mod engine;
mod follower;
mod stamp;
mod streams;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::sources::docker::engine::{DEADLINE, Engine, Trouble};
use crate::sources::docker::follower::Follower;
use crate::sources::lines::LogItem;

/// Follows the log of the container named `container`, stdout and stderr, with a TTY or without,
/// and sends its lines and what happens to it, until `stop` is cancelled or the receiver is gone.
/// `docker_host` is `unix:///path` or `tcp://host:port`; without it `DOCKER_HOST` counts, and
/// without that `/var/run/docker.sock`. It starts at the end of a log that is there, and at the
/// beginning of a container that appears later. A full channel holds the reader up; nothing is lost
/// by that, Docker's own log is the buffer. Every call to Docker has a deadline of 5 s, tries are
/// 0.25 s to 5 s apart.
pub async fn follow(
    container: String,
    docker_host: Option<String>,
    tx: mpsc::Sender<LogItem>,
    stop: CancellationToken,
) {
    stop.run_until_cancelled(Follower::new(container, docker_host, tx).run()).await;
}

/// What one look at a container found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether its process runs.
    pub running: bool,
    /// Its first process, as the engine's host numbers it; 0 where none runs.
    pub pid: i64,
    /// Its state in the engine's word: `running`, `exited, code 1`.
    pub state: String,
    /// Whether its log has a record; Docker can read it back either way.
    pub has_log: bool,
}

/// The number of the container's first process, as this host counts them.
///
/// # Errors
/// One sentence: why Docker or the container cannot be had, or its process is another host's.
pub async fn process(container: &str, docker_host: Option<&str>) -> Result<u32, String> {
    let sentence = |trouble: Trouble| trouble.to_string();
    let host = docker_host.map(str::to_owned).or_else(|| std::env::var("DOCKER_HOST").ok());
    if host.is_some_and(|host| !host.starts_with("unix://")) {
        return Err("the container runs on another host".to_owned());
    }
    let engine = Engine::connect(docker_host).await.map_err(sentence)?;
    let found = engine.inspect(container).await.map_err(sentence)?;
    found.pid.ok_or_else(|| format!("the container {container} is not running ({})", found.state))
}

/// How long [`look`] takes at most: three calls of 5 s.
pub const LOOK_MAX: Duration = Duration::from_secs(3 * DEADLINE.as_secs());

/// Looks once at the container named `container` and at its log. `docker_host` as in [`follow`].
///
/// # Errors
/// One sentence: why Docker, the container or its log cannot be had, and what to do.
pub async fn look(container: &str, docker_host: Option<&str>) -> Result<Look, String> {
    let sentence = |trouble: Trouble| trouble.to_string();
    let engine = Engine::connect(docker_host).await.map_err(sentence)?;
    let found = engine.inspect(container).await.map_err(sentence)?;
    let newest = engine.newest_record(&found.id).await.map_err(sentence)?;
    Ok(Look {
        running: found.running,
        pid: found.pid.map_or(0, i64::from),
        state: found.state,
        has_log: newest.is_some(),
    })
}
