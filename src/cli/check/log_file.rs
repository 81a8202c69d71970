//! nodeos's log: what its end says, in a file or the journal, or the container.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::cli::check::blocking;
use crate::cli::check::row::Row;
use crate::clock::Clock;
use crate::config::{Config, LogSource};
use crate::core::event::EventName;
use crate::core::time::{Human, Timestamp};
use crate::nodeos::log::Classifier;
use crate::sources::docker;
use crate::sources::journal::{self, Journal};

/// How much of the file's end is read: about a thousand lines.
const END_BYTES: u64 = 256 * 1024;
/// As many of the journal's.
const JOURNAL_LINES: u32 = 1000;

/// Looks at the log.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let silent_ms = config.settings.rules.log_silent_ms;
    match &config.log {
        LogSource::File(path) => {
            let path: PathBuf = path.clone();
            blocking::rows("log", move || vec![file(&path, silent_ms)]).await
        }
        LogSource::Docker { container, host } => {
            vec![self::container(container, host.as_deref()).await]
        }
        LogSource::Journal { unit } => vec![journal(unit, silent_ms).await],
    }
}

async fn container(name: &str, host: Option<&str>) -> Row {
    let what = "container";
    match tokio::time::timeout(docker::LOOK_MAX, docker::look(name, host)).await {
        Err(_) => Row::fail(what, "Docker did not answer in time", "see whether dockerd hangs"),
        Ok(Err(why)) => Row::failed(what, &why),
        Ok(Ok(look)) if !look.running => Row::warn(
            what,
            format!("{name} is not running ({})", look.state),
            "start it; it is waited for",
        ),
        Ok(Ok(look)) if !look.has_log => Row::warn(
            what,
            format!("{name} runs; its log can be read and is empty"),
            "see where nodeos in it writes its log",
        ),
        Ok(Ok(_)) => Row::ok(what, format!("{name} runs and its log can be read")),
    }
}

/// What the journal has of a unit.
async fn journal(unit: &str, silent_ms: u64) -> Row {
    let what = "log";
    match journal::last(unit, &Journal::default(), JOURNAL_LINES).await {
        Err(why) => Row::failed(what, &why),
        Ok(lines) if lines.is_empty() => Row::warn(
            what,
            format!("the journal has no line of {unit}"),
            "correct the unit in log_source, start it, or see its StandardOutput",
        ),
        Ok(lines) => judge(
            &format!("the journal of {unit}"),
            "log_source",
            &read(&lines.join(&b'\n')),
            silent_ms,
        ),
    }
}

/// What the end of a log says.
#[derive(Debug, Default)]
struct End {
    lines: u64,
    understood: u64,
    blocks: u64,
    newest: Option<Timestamp>,
    last: String,
}

fn file(path: &Path, silent_ms: u64) -> Row {
    let name = path.display();
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let next = "correct log_file, or start nodeos; the file is waited for";
            return Row::warn("log", format!("{name} is not there"), next);
        }
        Err(error) => {
            let next = "see that the user eoskeeper runs as may read it and the directories above";
            return Row::fail("log", format!("{name}: {error}"), next);
        }
        // Opening a pipe that nobody writes to would wait for ever.
        Ok(metadata) if !metadata.is_file() => {
            let kind = if metadata.is_dir() { "a directory" } else { "a pipe or a device" };
            return Row::fail("log", format!("{name} is {kind}, not a file"), "correct log_file");
        }
        Ok(_) => {}
    }
    match end_of(path) {
        Ok(text) => judge(&name.to_string(), "log_file", &read(&text), silent_ms),
        Err(error) => {
            let next = "see that the user eoskeeper runs as may read it";
            Row::fail("log", format!("{name} cannot be read: {error}"), next)
        }
    }
}

/// Whole lines of the file's end.
fn end_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(END_BYTES)))?;
    let mut text = Vec::new();
    file.take(END_BYTES).read_to_end(&mut text)?;
    if size > END_BYTES {
        // The first line is likely cut.
        let first = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| at + 1);
        text.drain(..first);
    }
    Ok(text)
}

fn read(text: &[u8]) -> End {
    let mut classifier = Classifier::new();
    let mut end = End::default();
    let lines = text.split(|byte| *byte == b'\n').map(|line| line.trim_ascii_end());
    for line in lines.filter(|line| !line.is_empty()) {
        let event = classifier.classify(line);
        end.lines += 1;
        end.understood += u64::from(event.name != EventName::Other);
        let is_block = matches!(event.name, EventName::BlockReceived | EventName::BlockProduced);
        end.blocks += u64::from(is_block);
        end.newest = end.newest.max(event.logged_at);
        end.last = String::from_utf8_lossy(line).into_owned();
    }
    end
}

fn judge(name: &str, key: &str, end: &End, silent_ms: u64) -> Row {
    let End { lines, understood, blocks, .. } = end;
    if *lines == 0 {
        return Row::warn("log", format!("{name} is empty"), "see whether nodeos logs there");
    }
    if *understood == 0 {
        let detail = format!("{name}: none of its last {lines} lines understood: {}", end.last);
        return Row::fail("log", detail, format!("correct {key}; it should be what nodeos prints"));
    }
    let now = Clock::start().now().wall;
    let age_ms = end.newest.map(|newest| now.since_ms(newest).max(0).cast_unsigned());
    let age = age_ms.map_or_else(|| "without a time".to_owned(), |ms| format!("{} old", Human(ms)));
    let detail = format!(
        "{name}: {understood} of its last {lines} lines understood, {blocks} about blocks, the \
         last is {age}"
    );
    if *blocks == 0 {
        let next = "let nodeos log at level info, or blocks are seen through the RPC alone";
        return Row::warn("log", detail, next);
    }
    if age_ms.is_some_and(|ms| ms > silent_ms) {
        return Row::warn("log", detail, "see whether nodeos runs and still logs there");
    }
    Row::ok("log", detail)
}
