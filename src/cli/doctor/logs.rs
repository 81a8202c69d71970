//! Whether nodeos's log shows the blocks, and what its logging.json says.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::cases::{Advice, Case};
use super::facts::Facts;
use crate::cli::check::deadline;
use crate::clock::Clock;
use crate::config::{Config, LogSource};
use crate::core::event::EventName;
use crate::nodeos::log::Classifier;
use crate::sources::docker;
use crate::sources::journal::{self, Journal};
use crate::sources::window::LineWindow;

/// How much of the log's end is read: some hundreds of lines.
const END_BYTES: u64 = 256 * 1024;
/// How far back a container's log is read.
const BACK: Duration = Duration::from_secs(60);
/// Deadline of that.
const DOCKER_DEADLINE: Duration = Duration::from_secs(10);
/// Bound on a logging.json.
const LOGGING_BYTES: u64 = 1024 * 1024;
/// The loggers by which blocks are shown.
const LOGGERS: [&str; 2] = ["default", "producer_plugin"];
/// Levels at which the lines of blocks are written.
const SHOWN: [&str; 3] = ["all", "debug", "info"];

/// Both.
pub(super) async fn look(config: &Config, facts: &Facts) -> Vec<Advice> {
    let mut advice = vec![blocks(config, facts).await];
    if let Some(file) = logging_file(facts) {
        let read = deadline("logging.json", move || logging(&file)).await;
        advice.extend(read.ok().flatten());
    }
    advice
}

async fn blocks(config: &Config, facts: &Facts) -> Advice {
    let text = match end(config).await {
        Ok(text) => text,
        Err(why) => return Case::LogUnread.because(format!("{why}.")),
    };
    judge(&text, facts.head_moves())
}

fn judge(text: &[u8], head_moves: Option<bool>) -> Advice {
    let mut classifier = Classifier::new();
    let mut blocks = 0_u64;
    let mut lines = 0_u64;
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let event = classifier.classify(line.trim_ascii_end());
        lines += 1;
        let is_block = matches!(event.name, EventName::BlockReceived | EventName::BlockProduced);
        blocks += u64::from(is_block);
    }
    match (blocks, head_moves) {
        (1.., _) => {
            Case::LogShows.because(format!("{blocks} of its last {lines} lines are about blocks."))
        }
        (0, Some(true)) => Case::LogHides.because(format!(
            "The head moves, and none of the log's last {lines} lines is about a block."
        )),
        (0, _) => Case::LogUnknown.because(format!(
            "None of the log's last {lines} lines is about a block, and the head stands still."
        )),
    }
}

/// The log's newest lines.
async fn end(config: &Config) -> Result<Vec<u8>, String> {
    match &config.log {
        LogSource::File(path) => {
            let path: PathBuf = path.clone();
            let read = deadline("log", move || end_of(&path)).await;
            read.unwrap_or_else(|row| Err(row.detail))
        }
        LogSource::Docker { container, host } => {
            let now = Clock::start().now().wall;
            let back = i64::try_from(BACK.as_millis()).unwrap_or(i64::MAX);
            let from = now.plus_ms(-back);
            let most = usize::try_from(END_BYTES).unwrap_or(usize::MAX);
            let mut window = LineWindow::new((from, now), from, most);
            docker::window(container, host.as_deref(), &mut window, DOCKER_DEADLINE).await?;
            Ok(window.finish().0)
        }
        LogSource::Journal { unit } => {
            let now = Clock::start().now().wall;
            let back = i64::try_from(BACK.as_millis()).unwrap_or(i64::MAX);
            let from = now.plus_ms(-back);
            let most = usize::try_from(END_BYTES).unwrap_or(usize::MAX);
            let mut window = LineWindow::new((from, now), from, most);
            let own = Journal::default();
            journal::window(unit, &own, &mut window, DOCKER_DEADLINE).await?;
            Ok(window.finish().0)
        }
    }
}

fn end_of(path: &Path) -> Result<Vec<u8>, String> {
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    let metadata = fs::metadata(path).map_err(said)?;
    // Opening a pipe that nobody writes to would wait for ever.
    if !metadata.is_file() {
        return Err(format!("{} is not a file", path.display()));
    }
    let mut file = File::open(path).map_err(said)?;
    file.seek(SeekFrom::Start(metadata.len().saturating_sub(END_BYTES))).map_err(said)?;
    let mut text = Vec::new();
    file.take(END_BYTES).read_to_end(&mut text).map_err(said)?;
    Ok(text)
}

/// The logging.json that nodeos was told of, or that is beside its config.ini.
fn logging_file(facts: &Facts) -> Option<PathBuf> {
    let node = facts.node.as_ref()?;
    let named = node.options.log_config.clone().unwrap_or_else(|| "logging.json".into());
    if named.is_absolute() && node.config == node.config_here {
        return Some(named);
    }
    Some(node.config_here.as_ref()?.parent()?.join(named.file_name()?))
}

fn logging(file: &Path) -> Option<Advice> {
    let mut text = Vec::new();
    File::open(file).ok()?.take(LOGGING_BYTES).read_to_end(&mut text).ok()?;
    hides(&String::from_utf8_lossy(&text))
        .map(|words| Case::LogLevel.because(format!("{}: {words}.", file.display())))
}

/// The loggers whose level hides the lines of blocks.
fn hides(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    let loggers = value["loggers"].as_array()?;
    let mut found = Vec::new();
    for logger in loggers {
        let (name, level) = (logger["name"].as_str()?, logger["level"].as_str().unwrap_or("info"));
        if LOGGERS.contains(&name) && !SHOWN.contains(&level) {
            found.push(format!("{name} has level {level}"));
        }
    }
    (!found.is_empty()).then(|| found.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "info  2024-09-27T03:44:56.027 nodeos    controller.cpp:3637           \
        log_applied          ] Received block 8b667a463df4659c... #396368586 @ 2024-09-27T03:44:56.000 signed \
        by eosflytomars [trxs: 11, lib: 396368584, net: 87944, cpu: 39114, elapsed: 66392, time: 136260, \
        latency: 26 ms]\n";

    #[test]
    fn a_log_without_blocks_is_told_while_the_head_moves() {
        for (case, text, moves, expected) in [
            ("blocks", BLOCK, Some(true), Case::LogShows),
            ("blocks, node stopped", BLOCK, None, Case::LogShows),
            ("none", "info  something\n", Some(true), Case::LogHides),
            ("empty", "", Some(true), Case::LogHides),
            ("none, no head", "x\n", Some(false), Case::LogUnknown),
        ] {
            let advice = judge(text.as_bytes(), moves);
            assert_eq!(advice.verdict, expected.verdict(), "{case}: {advice:?}");
        }
    }

    #[test]
    fn a_level_that_hides_blocks_is_found() {
        let of = |loggers: &str| format!("{{\"appenders\":[],\"loggers\":[{loggers}]}}");
        for (loggers, expected) in [
            ("{\"name\":\"default\",\"level\":\"info\"}", None),
            ("{\"name\":\"net_plugin_impl\",\"level\":\"error\"}", None),
            (
                "{\"name\":\"producer_plugin\",\"level\":\"warn\"},{\"name\":\"default\",\"level\":\"debug\"}",
                Some("producer_plugin has level warn"),
            ),
            ("{\"name\":\"default\",\"level\":\"off\"}", Some("default has level off")),
        ] {
            assert_eq!(hides(&of(loggers)).as_deref(), expected, "{loggers}");
        }
        assert_eq!(hides("not json"), None);
    }
}
