//! What the orders of a person have in common: a dry run unless `--yes`, and the way to the end.

mod follow;
mod voice;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::cli::control_client::{self, OrderError};
use crate::cli::keeper_client::KeeperClient;
use crate::cli::{EXIT_NOT_REACHED, EXIT_USAGE, failed, runtime};
use crate::config::{self, Config};
use crate::core::command::Command;
pub(super) use follow::Goal;
use follow::{End, Follower};
use voice::Voice;

/// Between two questions to the keeper; it judges once a second.
const EVERY: Duration = Duration::from_millis(500);
/// Deadline of one question; the keeper answers from memory.
const STATUS_DEADLINE: Duration = Duration::from_secs(2);
/// A keeper that has not answered for so long is given up.
const SILENCE: Duration = Duration::from_secs(10);

/// What every order can be told.
#[derive(Args, Clone, Debug)]
pub(super) struct Common {
    /// The configuration file of the keeper.
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// NAME of a [node:NAME], where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    pub(super) node: Option<String>,
    /// Print JSON, one object a line.
    #[arg(long)]
    pub(super) json: bool,
}

/// What an order to act can be told.
#[derive(Args, Clone, Debug)]
pub struct ActOptions {
    /// Do it; without this, only say what would be done.
    #[arg(long)]
    pub(super) yes: bool,
    /// Pass over the gates that may be passed over (doc/orders.md says which).
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

/// An order to act: what is sent, how the person wrote it, and what ends it.
pub(super) struct Order {
    /// As it is sent; dry unless `--yes`.
    pub(super) command: Command,
    /// The command line without options: `switchover --to b`.
    pub(super) words: String,
    /// What ends it.
    pub(super) goal: Goal,
}

/// Gives an order to act; with `--yes` follows it to its end.
#[must_use]
pub(super) fn act(options: &ActOptions, order: &Order) -> ExitCode {
    with_config(&options.common, async |config| {
        let mut voice = Voice::new(options.common.json);
        // One listener from before the order to its end: a Ctrl-C in between is not lost.
        let mut interrupt = signal(SignalKind::interrupt())?;
        let asked = tokio::select! {
            asked = control_client::give(&config, &order.command) => asked,
            _ = interrupt.recv() => Err(OrderError::NotKnown("Ctrl-C came before the answer".into())),
        };
        let answer = match asked {
            Ok(answer) => answer,
            Err(error) => return Ok(no_answer(&error)),
        };
        if !options.yes {
            voice.dry_run(&answer, &line_to_run(options, &order.words), options.force)?;
            return Ok(code(answer.accepted));
        }
        voice.answer(&answer)?;
        if !answer.accepted {
            return Ok(ExitCode::FAILURE);
        }
        let end = tokio::select! {
            end = follow(&config, order.goal, &mut voice) => end?,
            _ = interrupt.recv() => End::Left,
        };
        voice.end(&end)?;
        Ok(code(matches!(end, End::Done(_))))
    })
}

/// Gives an order that is done with its answer.
#[must_use]
pub(super) fn tell(common: &Common, command: &Command) -> ExitCode {
    with_config(common, async |config| order(config, common, command).await)
}

/// Gives an order that is for all nodes of the file.
#[must_use]
pub(super) fn tell_all(common: &Common, command: &Command) -> ExitCode {
    if common.node.is_some() {
        return tell(common, command);
    }
    match config::load_site(common.config.as_deref()) {
        Ok(site) => {
            // No node is named to the keeper: it gives the order to all of them.
            let config = Config { section: None, ..site.common().clone() };
            runtime()
                .and_then(|r| r.block_on(order(config, common, command)))
                .unwrap_or_else(failed)
        }
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

async fn order(config: Config, common: &Common, command: &Command) -> anyhow::Result<ExitCode> {
    match control_client::give(&config, command).await {
        Ok(answer) => {
            Voice::new(common.json).answer(&answer)?;
            Ok(code(answer.accepted))
        }
        Err(error) => Ok(no_answer(&error)),
    }
}

/// Loads the configuration as `status` does, then runs.
pub(super) fn with_config(
    common: &Common,
    run: impl AsyncFnOnce(Config) -> anyhow::Result<ExitCode>,
) -> ExitCode {
    let config = match config::load_node(common.config.as_deref(), common.node.as_deref()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    runtime().and_then(|runtime| runtime.block_on(run(config))).unwrap_or_else(failed)
}

fn code(is_done: bool) -> ExitCode {
    if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn no_answer(error: &OrderError) -> ExitCode {
    eprintln!("eoskeeper: {error}");
    match error {
        OrderError::NotReached(_) => ExitCode::from(EXIT_NOT_REACHED),
        OrderError::NotKnown(_) => ExitCode::FAILURE,
    }
}

/// Asks the keeper until the order has come to its end.
async fn follow(config: &Config, goal: Goal, voice: &mut Voice) -> anyhow::Result<End> {
    let client = KeeperClient::of(config, STATUS_DEADLINE)?;
    let mut follower = Follower::new(goal);
    let begun = Instant::now();
    let mut heard = begun;
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let asked = client.status().await;
        let status = asked.and_then(|text| Ok(serde_json::from_str(&text)?));
        match status {
            Ok(status) => {
                heard = Instant::now();
                let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                let look = follower.look(elapsed_ms, &status);
                voice.progress(&look)?;
                if let Some(end) = look.end {
                    return Ok(end);
                }
            }
            Err(error) if heard.elapsed() > SILENCE => {
                let seconds = SILENCE.as_secs();
                let why = format!("the keeper has not answered for {seconds} s: {error:#}");
                return Ok(End::NotKnown(why));
            }
            // Asked again; it may be busy, or starting anew.
            Err(_) => {}
        }
    }
}

/// The line that does what a dry run showed.
fn line_to_run(options: &ActOptions, words: &str) -> String {
    let config = options.common.config.as_deref().map(|path| format!(" -c {}", quoted(path)));
    let node = options.common.node.as_deref().map(|node| format!(" --node {node}"));
    let force = if options.force { " --force" } else { "" };
    let (config, node) = (config.unwrap_or_default(), node.unwrap_or_default());
    format!("eoskeeper {words}{config}{node}{force} --yes")
}

/// A path as a shell takes it for one word.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_to_run_can_be_pasted() {
        for (config, force, expected) in [
            (None, false, "eoskeeper switchover --to b --yes"),
            (Some("./config.ini"), false, "eoskeeper switchover --to b -c ./config.ini --yes"),
            (
                Some("/etc/my keeper's.ini"),
                true,
                r"eoskeeper switchover --to b -c '/etc/my keeper'\''s.ini' --force --yes",
            ),
        ] {
            let common = Common { config: config.map(PathBuf::from), node: None, json: false };
            let options = ActOptions { yes: false, force, common };
            assert_eq!(line_to_run(&options, "switchover --to b"), expected);
        }
    }
}
