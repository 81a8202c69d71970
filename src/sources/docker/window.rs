//! The lines of a span from a container's log.

use std::time::Duration;

use bollard::container::LogOutput;
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::core::time::Timestamp;
use crate::sources::docker::engine::Engine;
use crate::sources::docker::stamp::Stamp;
use crate::sources::lines::LineAssembler;
use crate::sources::window::LineWindow;

/// Reads what Docker has kept of a window, within `deadline`. The two streams are put one after
/// another as Docker gives them.
///
/// # Errors
/// One sentence: why Docker, the container or its log cannot be had; what was read until then is in
/// the window.
pub async fn window(
    container: &str,
    docker_host: Option<&str>,
    window: &mut LineWindow,
    deadline: Duration,
) -> Result<(), String> {
    let end = Instant::now() + deadline;
    let engine = Engine::connect(docker_host).await.map_err(|trouble| trouble.to_string())?;
    let found = engine.inspect(container).await.map_err(|trouble| trouble.to_string())?;
    let second =
        |time: Timestamp| i32::try_from(time.ms().div_euclid(1000).max(0)).unwrap_or(i32::MAX);
    let (since, until) = (second(window.from()), second(window.until()).saturating_add(1));
    let mut log = std::pin::pin!(engine.log_between(&found.id, since, until));
    let (mut out, mut err) = (LineAssembler::new(), LineAssembler::new());
    loop {
        match timeout_at(end, log.next()).await {
            Err(_) => return Err("there was no time to read all of it".to_owned()),
            Ok(None) => return Ok(()),
            Ok(Some(Err(trouble))) => return Err(trouble.to_string()),
            Ok(Some(Ok(output))) => take(&output, &mut out, &mut err, window),
        }
    }
}

fn take(
    output: &LogOutput,
    out: &mut LineAssembler,
    err: &mut LineAssembler,
    window: &mut LineWindow,
) {
    let (assembler, message) = match output {
        LogOutput::StdErr { message } => (err, message),
        LogOutput::StdOut { message }
        | LogOutput::StdIn { message }
        | LogOutput::Console { message } => (out, message),
    };
    let (stamp, text) = match Stamp::split(message) {
        Some((stamp, text)) => (Some(Timestamp::from_ms(stamp.unix_seconds() * 1000)), text),
        None => (None, message.as_ref()),
    };
    assembler.push(text, |line| {
        window.line(&line.bytes, stamp);
    });
}
