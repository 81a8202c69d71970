//! Runs the operator's scripts: argv and no shell, an environment of our making, a deadline, and
//! the whole process group ended when it is passed.
//!
//! The contract with a script: it is told what to do by `EOSKEEPER_ACTION` (`promote`, `demote`,
//! `promote_remote`, `fence`, `restart`), exits with 0 when it is done, with 10 when it refuses and has changed
//! nothing, and with anything else when it failed. Its last line of output is shown to people.
//!
//! # Caveat
//! What leaves the process group (`setsid`) is not ended and not waited for. Starting the script
//! itself has no deadline: a file system that hangs in `exec` hangs the action.

mod environment;
mod group;
mod output;
pub(crate) mod process;

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::Command;

use crate::core::action::{ActResult, Order};
use process::Ended;

pub use environment::Host;
pub(crate) use environment::{inherited, one_line};
pub use output::{OUTPUT_BYTES, OUTPUT_LINES};

/// A script's exit code that says: refused, nothing was changed.
pub const EXIT_REFUSED: i32 = 10;
/// How much longer than its deadline a run may take: SIGTERM, SIGKILL, what is left of the output
/// and the exit status are each waited for in turn.
pub const OVERTIME: Duration = Duration::from_secs(4 * process::GRACE.as_secs());

/// Runs the script at `path` for an order, for at most `deadline` and [`OVERTIME`] for ending it.
/// Needs a tokio runtime with I/O and time. Dropping the future kills the process group.
pub async fn run(path: &Path, order: &Order, host: &Host, deadline: Duration) -> ActResult {
    let name = path.display();
    let path = match absolute(path) {
        Ok(path) => path,
        Err(why) => return ActResult::Failed(format!("{name} was not run: {why}")),
    };
    let mut command = Command::new(&path);
    command.env_clear().envs(environment::variables(order, host));
    tracing::info!(script = %name, action = %order.act, incident = %order.incident, "Script begins.");
    let result = match process::run(&path, &mut command, None, &order.incident, deadline).await {
        Ok(ended) => result(ended, deadline),
        Err(why) => Err(why),
    };
    let result = result.unwrap_or_else(|why| ActResult::Failed(format!("{name} {why}")));
    tracing::info!(script = %name, incident = %order.incident, %result, "Script ended.");
    result
}

/// A path without a slash would be searched for in `PATH`.
fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("its path cannot be made absolute: {error}"))
}

fn result(ended: Ended, deadline: Duration) -> Result<ActResult, String> {
    let Ended { in_time, status, words, complaint } = ended;
    if !in_time {
        let ms = deadline.as_millis();
        return Err(format!(
            "did not end within {ms} ms and was killed; how far it came is not known. Its last \
             words: {complaint}"
        ));
    }
    match status {
        Ok(status) => judge(status, words, &complaint),
        Err(error) => Err(format!("is lost: {error}")),
    }
}

fn judge(status: ExitStatus, words: String, complaint: &str) -> Result<ActResult, String> {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(ActResult::Done(words)),
        (Some(EXIT_REFUSED), _) => Ok(ActResult::Refused(words)),
        (Some(code), _) => Err(format!(
            "failed with exit code {code}: {complaint}. Run it by hand with the same EOSKEEPER_ \
             variables to see why"
        )),
        (None, signal) => Err(format!(
            "was killed by signal {}, not by us: {complaint}",
            signal.unwrap_or_default()
        )),
    }
}
