//! Follows a container's log.
//!
//! Docker gives a log over its socket, with the time of each record before it; that time is how a
//! new connection goes on where the last one ended. `doc/log-sources.md` tells every case.

mod cursor;
mod engine;
mod follower;
mod stamp;
mod streams;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

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
