//! Orders of a person: a Unix socket in the state directory, one order a connection.
//!
//! A line of JSON comes in ([`crate::core::command::Command`], with a `node` beside it where the
//! keeper has several), a line of JSON goes out ([`crate::core::command::CommandAnswer`]). Only the user of the keeper and root are heard: the
//! socket's mode is 0600, and the system says who is at its other end.

pub mod bounds;
mod connection;

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::core::command::{Command, CommandAnswer};

/// The socket's name in the state directory.
pub const FILE: &str = "control.sock";
/// Longest order, bytes with its line's end: the longest reason, each character escaped, is a
/// third of it.
pub const ORDER_BYTES: usize = 4 * 1024;
/// How long the keeper may take from the order to its answer; its loop answers from memory.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(5);

/// Longest path of a socket on Linux, bytes: `sun_path` has 108, one of them ends it.
const PATH_BYTES: usize = 107;
/// Connections at once; one more is told to come again.
const CONNECTIONS_MAX: usize = 8;
/// How long one who may be listening on a socket left behind is given to be connected to.
const PROBE_DEADLINE: Duration = Duration::from_secs(1);
/// Pause after an error of `accept`, for example without file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);
/// How long answers under way may take when the keeper ends.
const END_DEADLINE: Duration = Duration::from_secs(1);

/// Why no orders are taken.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The path does not fit into a socket's address.
    #[error(
        "the path {} has {bytes} bytes, and that of a socket has at most {PATH_BYTES}; choose a \
         shorter [state] dir",
        path.display()
    )]
    PathTooLong {
        /// The socket's path.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// Something else has the socket's name.
    #[error("{} is there and is no socket; move it away and restart the keeper", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// Somebody listens on it.
    #[error("another keeper listens on {}; end that one first", path.display())]
    InUse {
        /// The socket's path.
        path: PathBuf,
    },
    /// It cannot be made.
    #[error("cannot {what} {}: {error}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The socket's path.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
}

/// The socket's path in a state directory.
///
/// # Errors
/// [`ControlError::PathTooLong`].
pub fn socket_path(state_dir: &Path) -> Result<PathBuf, ControlError> {
    let path = state_dir.join(FILE);
    let bytes = path.as_os_str().as_bytes().len();
    if bytes > PATH_BYTES {
        return Err(ControlError::PathTooLong { path, bytes });
    }
    Ok(path)
}

/// An order on its way to the loop.
#[derive(Debug)]
pub(super) struct Request {
    /// The order, within its bounds.
    pub(super) command: Command,
    /// NAME of the `[node:NAME]` it is for, where it says so.
    pub(super) node: Option<String>,
    /// User id of the person.
    pub(super) uid: u32,
    /// Where the answer goes. Closed when nobody waits any more: the order is then not carried out.
    pub(super) reply: oneshot::Sender<CommandAnswer>,
}

/// The socket, listened on; its file is removed when this is dropped.
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        // What stays is replaced by the next keeper.
        let _ = fs::remove_file(&self.path);
    }
}

impl Socket {
    /// Makes the socket in a state directory that this process has locked. One that a dead keeper
    /// left is replaced.
    pub(super) async fn open(state_dir: &Path) -> Result<Self, ControlError> {
        let path = socket_path(state_dir)?;
        clear(&path).await?;
        let io = |what| {
            let path = path.clone();
            move |error| ControlError::Io { what, path, error }
        };
        let listener = UnixListener::bind(&path).map_err(io("make the socket"))?;
        let socket = Self { listener, path: path.clone() };
        // Whoever connects before this is told apart by the user id.
        fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(io("set the mode of"))?;
        Ok(socket)
    }

    /// Takes orders until `stop` is cancelled.
    pub(super) async fn serve(self, orders: mpsc::Sender<Request>, stop: CancellationToken) {
        let mut open = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = open.join_next() => continue,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) if open.len() >= CONNECTIONS_MAX => connection::turn_away(&stream),
                Ok((stream, _)) => {
                    open.spawn(connection::attend(stream, orders.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "No connection for an order could be accepted.");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(orders);
        let all = async { while open.join_next().await.is_some() {} };
        // Those left have not sent their order; they see the end of the connection.
        let _ = timeout(END_DEADLINE, all).await;
    }
}

/// Removes a socket that nobody listens on.
async fn clear(path: &Path) -> Result<(), ControlError> {
    let owned = || path.to_owned();
    let is_socket = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ControlError::Io { what: "look at", path: owned(), error }),
        Ok(metadata) => metadata.file_type().is_socket(),
    };
    if !is_socket {
        return Err(ControlError::NotASocket { path: owned() });
    }
    // The lock of the directory guards already, unless a hand removed its file.
    let is_dead = match timeout(PROBE_DEADLINE, UnixStream::connect(path)).await {
        Ok(Err(error)) => error.kind() == ErrorKind::ConnectionRefused,
        Ok(Ok(_)) | Err(_) => false,
    };
    if !is_dead {
        return Err(ControlError::InUse { path: owned() });
    }
    fs::remove_file(path).map_err(|error| ControlError::Io { what: "remove", path: owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_a_socket_cannot_have_is_named() {
        let dir = |bytes: usize| PathBuf::from(format!("/{}", "d".repeat(bytes - 1)));
        let longest = PATH_BYTES - "/control.sock".len();
        assert_eq!(socket_path(&dir(longest)).unwrap().as_os_str().len(), PATH_BYTES);
        let error = socket_path(&dir(longest + 1)).unwrap_err().to_string();
        let end = "/control.sock has 108 bytes, and that of a socket has at most 107; choose a \
                   shorter [state] dir";
        assert!(error.starts_with("the path /ddd") && error.ends_with(end), "{error}");
    }
}
