//! Calls into the file system with a deadline.

use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::cli::check::row::Row;

/// How long a look at a file may take; a network file system that hangs takes for ever.
const DEADLINE: Duration = Duration::from_secs(5);

/// [`call`], with its failure as the one row.
pub(super) async fn rows(
    what: &'static str,
    look: impl FnOnce() -> Vec<Row> + Send + 'static,
) -> Vec<Row> {
    call(what, look).await.unwrap_or_else(|failed| vec![failed])
}

/// Runs `look` in a thread of its own. One that hangs is left behind and ends with the process; a
/// thread of the runtime would hold its end up.
pub(in crate::cli) async fn call<T: Send + 'static>(
    what: &'static str,
    look: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Row> {
    let (send, receive) = oneshot::channel();
    let started = thread::Builder::new().name(format!("check-{what}")).spawn(move || {
        // Nobody waits any more when the deadline has passed.
        let _ = send.send(look());
    });
    if let Err(error) = started {
        return Err(Row::fail(what, format!("no thread to look with: {error}"), "see ulimit -u"));
    }
    match timeout(DEADLINE, receive).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) => Err(Row::fail(what, "the look ended without a result", "report this")),
        Err(_) => Err(Row::fail(
            what,
            "the file system did not answer within 5 s",
            "see whether its mount hangs",
        )),
    }
}
