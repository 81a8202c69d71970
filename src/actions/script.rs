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

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::future::{FusedFuture, FutureExt};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::core::action::{ActResult, Order};
use group::Group;
use output::Capture;

pub use environment::Host;
pub use output::{OUTPUT_BYTES, OUTPUT_LINES};

/// A script's exit code that says: refused, nothing was changed.
pub const EXIT_REFUSED: i32 = 10;
/// From SIGTERM to SIGKILL, and from a script's end to that of what still holds its output.
const GRACE: Duration = Duration::from_secs(1);
/// How much longer than its deadline a run may take: SIGTERM, SIGKILL, what is left of the output
/// and the exit status are each waited for in turn.
pub const OVERTIME: Duration = Duration::from_secs(4 * GRACE.as_secs());
/// Tries to start a script that another process holds open for writing, 50 ms apart: an editor or
/// an installation may just be done with it.
const BUSY_TRIES: u32 = 10;
const BUSY_GAP: Duration = Duration::from_millis(50);

/// Runs the script at `path` for an order, for at most `deadline` and [`OVERTIME`] for ending it.
/// Needs a tokio runtime with I/O and time. Dropping the future kills the process group.
pub async fn run(path: &Path, order: &Order, host: &Host, deadline: Duration) -> ActResult {
    let name = path.display();
    let path = match absolute(path) {
        Ok(path) => path,
        Err(why) => return ActResult::Failed(format!("{name} was not run: {why}")),
    };
    let mut command = Command::new(&path);
    command
        .env_clear()
        .envs(environment::variables(order, host))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    tracing::info!(script = %name, action = %order.act, incident = %order.incident, "Script begins.");
    let result = match start(&mut command).await {
        Ok(child) => supervise(child, order, deadline).await,
        Err(error) => Err(not_started(&path, &error)),
    };
    let result = result.unwrap_or_else(|why| ActResult::Failed(format!("{name} {why}")));
    tracing::info!(script = %name, incident = %order.incident, %result, "Script ended.");
    result
}

/// A path without a slash would be searched for in `PATH`.
fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("its path cannot be made absolute: {error}"))
}

async fn start(command: &mut Command) -> std::io::Result<Child> {
    for _ in 1..BUSY_TRIES {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => sleep(BUSY_GAP).await,
            ended => return ended,
        }
    }
    command.spawn()
}

/// Reads the output and waits for the end, by itself or by force.
async fn supervise(
    mut child: Child,
    order: &Order,
    deadline: Duration,
) -> Result<ActResult, String> {
    let group = Group::of(&child).map_err(|error| format!("cannot be watched: {error}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut out = Capture::new("stdout", &order.incident);
    let mut err = Capture::new("stderr", &order.incident);
    let in_time = {
        let reading = async { tokio::join!(out.read(stdout), err.read(stderr)) };
        let mut reading = Box::pin(reading.map(drop).fuse());
        let in_time = reading_until(&mut reading, timeout(deadline, group.exited())).await.is_ok();
        end_group(&group, &mut reading, in_time).await;
        in_time
    };
    out.finish();
    err.finish();
    let status = match timeout(GRACE, group.exited()).await {
        // It is over, so this does not wait; from here on its number is no longer ours.
        Ok(()) => group.reap(&mut child).await,
        Err(_) => Err(Error::new(ErrorKind::TimedOut, "it does not end, not even when killed")),
    };
    let words = out.last_line().or(err.last_line()).unwrap_or("it said nothing").to_owned();
    let complaint = err.last_line().or(out.last_line()).unwrap_or("it said nothing");
    if !in_time {
        let ms = deadline.as_millis();
        return Err(format!(
            "did not end within {ms} ms and was killed; how far it came is not known. Its last \
             words: {complaint}"
        ));
    }
    match status {
        Ok(status) => judge(status, words, complaint),
        Err(error) => Err(format!("is lost: {error}")),
    }
}

/// Goes on reading the output while it waits for something else.
async fn reading_until<T>(
    reading: &mut (impl FusedFuture<Output = ()> + Unpin),
    awaited: impl Future<Output = T>,
) -> T {
    let mut awaited = std::pin::pin!(awaited);
    loop {
        tokio::select! {
            value = &mut awaited => return value,
            () = &mut *reading, if !reading.is_terminated() => {}
        }
    }
}

/// Sees to it that nothing of the group goes on that would hold us up: all of it after the
/// deadline; after an end in time only if something still holds the output.
async fn end_group(
    group: &Group,
    reading: &mut (impl FusedFuture<Output = ()> + Unpin),
    in_time: bool,
) {
    if in_time && output_ends(reading).await {
        return;
    }
    group.terminate();
    // Both in turn, each with its own bound.
    let gone = reading_until(reading, timeout(GRACE, group.exited())).await.is_ok();
    if !gone || !output_ends(reading).await || !in_time {
        group.kill();
        output_ends(reading).await;
    }
}

/// Whether the output comes to its end within [`GRACE`].
async fn output_ends(reading: &mut (impl FusedFuture<Output = ()> + Unpin)) -> bool {
    reading.is_terminated() || timeout(GRACE, reading).await.is_ok()
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

/// Why a script could not be started, and what to do.
fn not_started(path: &Path, error: &Error) -> String {
    let cause = match error.kind() {
        ErrorKind::NotFound if path.exists() => {
            "names an interpreter in its first line that is not there".to_owned()
        }
        ErrorKind::NotFound => "does not exist; check the path".to_owned(),
        ErrorKind::PermissionDenied if path.is_dir() => "is a directory".to_owned(),
        ErrorKind::PermissionDenied => {
            "is not executable for this user; chmod +x, and look at the directories' rights"
                .to_owned()
        }
        ErrorKind::ExecutableFileBusy => "is open for writing in another process".to_owned(),
        // ENOEXEC has no kind of its own.
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            "has no first line such as #!/bin/sh, and is no program either".to_owned()
        }
        _ => format!("could not be started: {error}"),
    };
    format!("{cause}; nothing was done")
}
