//! Gives an order to the keeper of this host, through the socket in its state directory.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::cli::keeper_client::KeeperClient;
use crate::config::Config;
use crate::core::command::{Command, CommandAnswer};
use crate::daemon::control;

/// How long the keeper may take to let us in.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// How long the whole exchange may take: the keeper's own deadline, and time to spare.
const EXCHANGE_DEADLINE: Duration = control::ANSWER_DEADLINE.saturating_add(Duration::from_secs(5));
/// How long a keeper may take to tell why it takes no orders.
const STATUS_DEADLINE: Duration = Duration::from_secs(2);
/// Longest answer that is read, bytes: a sentence for every gate there is takes a tenth of it.
const ANSWER_BYTES: u64 = 64 * 1024;

/// Why there is no answer to an order.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderError {
    /// The keeper was not reached: nothing was ordered. A sentence that says what to do.
    #[error("{0}")]
    NotReached(String),
    /// The order went out and no answer came: it may have been taken.
    #[error(
        "the outcome is not known: {0}; see `eoskeeper status` and the keeper's log before giving \
         the order again"
    )]
    NotKnown(String),
}

/// Gives an order and waits for the answer. What follows is in the status.
pub(super) async fn give(config: &Config, command: &Command) -> Result<CommandAnswer, OrderError> {
    let path = control::socket_path(&config.shared_dir)
        .map_err(|error| OrderError::NotReached(format!("no orders can be given: {error}")))?;
    let stream = match timeout(CONNECT_DEADLINE, UnixStream::connect(&path)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(not_reached(config, &path, &error).await),
        Err(_) => {
            let why = format!("the keeper does not take the order at {}", path.display());
            return Err(OrderError::NotReached(format!("{why}; nothing was done, try again")));
        }
    };
    match timeout(EXCHANGE_DEADLINE, exchange(stream, command, config.section.as_deref())).await {
        Ok(answer) => answer,
        Err(_) => {
            let seconds = EXCHANGE_DEADLINE.as_secs();
            Err(OrderError::NotKnown(format!("the keeper gave no answer within {seconds} s")))
        }
    }
}

async fn exchange(
    mut stream: UnixStream,
    command: &Command,
    node: Option<&str>,
) -> Result<CommandAnswer, OrderError> {
    let unsent = |error| OrderError::NotReached(format!("the order cannot be sent: {error}"));
    let mut order = serde_json::to_value(command).map_err(unsent)?;
    if let Some(node) = node {
        order["node"] = node.into();
    }
    let mut line = serde_json::to_vec(&order).map_err(unsent)?;
    line.push(b'\n');
    // Who refuses us at the door does not read the order; the answer says why.
    let written = stream.write_all(&line).await;
    let mut answer = Vec::new();
    let read = BufReader::new(stream.take(ANSWER_BYTES)).read_until(b'\n', &mut answer).await;
    let unknown = |why: String| Err(OrderError::NotKnown(why));
    match (written, read) {
        (_, Err(error)) => unknown(format!("the keeper's answer could not be read: {error}")),
        (_, Ok(0)) => unknown("the keeper ended without an answer".to_owned()),
        (_, Ok(_)) => serde_json::from_slice(&answer)
            .or_else(|error| unknown(format!("the keeper's answer was not understood ({error})"))),
    }
}

async fn not_reached(config: &Config, path: &Path, error: &std::io::Error) -> OrderError {
    let at = path.display();
    let sentence = match error.kind() {
        ErrorKind::PermissionDenied => format!(
            "user {} may not give orders at {at}; run this as the user the keeper runs as, or as \
             root",
            rustix::process::geteuid().as_raw()
        ),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::ConnectionRefused => {
            not_there(config, path).await
        }
        _ => format!("the keeper cannot be reached at {at}: {error}"),
    };
    OrderError::NotReached(sentence)
}

/// Nobody listens: no keeper runs, or one that cannot use its state directory.
async fn not_there(config: &Config, path: &Path) -> String {
    let (at, source) = (path.display(), config.source.display());
    let Some((url, status)) = status(config).await else {
        return format!(
            "no keeper takes orders at {at}: none is running with {source}; start it \
             (`eoskeeper run -c {source}`, or its unit), then give the order again"
        );
    };
    let gates = status["gates"].as_array().into_iter().flatten();
    let mut unusable = gates.filter(|gate| gate["closed"] == "latch_unusable");
    let why = match unusable.next().and_then(|gate| gate["sentence"].as_str()) {
        Some(sentence) => sentence.trim_end_matches('.').to_owned(),
        None => "its log says why; look for `No orders of a person can be taken`".to_owned(),
    };
    format!("a keeper answers at {url}, but it takes no orders at {at}: {why}")
}

async fn status(config: &Config) -> Option<(String, serde_json::Value)> {
    let client = KeeperClient::of(config, STATUS_DEADLINE).ok()?;
    let text = client.status().await.ok()?;
    Some((client.url().to_owned(), serde_json::from_str(&text).ok()?))
}
