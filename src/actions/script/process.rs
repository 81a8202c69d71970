//! One run of a program of the operator's: what it is given, how long it may take, what it said.

use std::io::{Error, ErrorKind};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::future::{FusedFuture, FutureExt};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{sleep, timeout};

use super::group::Group;
use super::output::Capture;

/// From SIGTERM to SIGKILL, and from a script's end to that of what still holds its output.
pub(super) const GRACE: Duration = Duration::from_secs(1);
/// Tries to start a script that another process holds open for writing, 50 ms apart: an editor or
/// an installation may just be done with it.
const BUSY_TRIES: u32 = 10;
const BUSY_GAP: Duration = Duration::from_millis(50);

/// How a run ended.
pub(crate) struct Ended {
    /// Whether by itself; else it was killed at its deadline.
    pub(crate) in_time: bool,
    /// What the system says of its end.
    pub(crate) status: Result<ExitStatus, Error>,
    /// The last line of its output.
    pub(crate) words: String,
    /// The last line of its errors, where it has any.
    pub(crate) complaint: String,
}

/// Runs a program in a process group of its own, with `input` as its standard input, for at most
/// `deadline` and [`super::OVERTIME`] for ending it. Its output is logged, marked with `incident`.
/// Dropping the future kills the group.
///
/// # Errors
/// Why it could not be started, and what to do.
pub(crate) async fn run(
    path: &Path,
    command: &mut Command,
    input: Option<&[u8]>,
    incident: &str,
    deadline: Duration,
) -> Result<Ended, String> {
    command
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let child = start(command).await.map_err(|error| not_started(path, &error))?;
    supervise(child, input.unwrap_or_default(), incident, deadline)
        .await
        .map_err(|error| format!("cannot be watched: {error}"))
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
    input: &[u8],
    incident: &str,
    deadline: Duration,
) -> Result<Ended, Error> {
    let group = Group::of(&child)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let mut out = Capture::new("stdout", incident);
    let mut err = Capture::new("stderr", incident);
    let in_time = {
        let streams =
            async { tokio::join!(feed(stdin, input), out.read(stdout), err.read(stderr)) };
        let mut streams = Box::pin(streams.map(drop).fuse());
        let in_time = reading_until(&mut streams, timeout(deadline, group.exited())).await.is_ok();
        end_group(&group, &mut streams, in_time).await;
        in_time
    };
    out.finish();
    err.finish();
    let status = match timeout(GRACE, group.exited()).await {
        // It is over, so this does not wait; from here on its number is no longer ours.
        Ok(()) => group.reap(&mut child).await,
        Err(_) => Err(Error::new(ErrorKind::TimedOut, "it does not end, not even when killed")),
    };
    let nothing = "it said nothing";
    Ok(Ended {
        in_time,
        status,
        words: out.last_line().or(err.last_line()).unwrap_or(nothing).to_owned(),
        complaint: err.last_line().or(out.last_line()).unwrap_or(nothing).to_owned(),
    })
}

/// Writes all of the input and closes it. A program need not read what it is given.
async fn feed(stdin: Option<ChildStdin>, input: &[u8]) {
    if let Some(mut stdin) = stdin
        && let Err(error) = stdin.write_all(input).await
    {
        tracing::debug!(%error, "A script did not read all of its input.");
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
