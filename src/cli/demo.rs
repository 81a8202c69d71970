//! `eoskeeper demo`: a failover to look at, with nothing installed.
//!
//! Three simulated nodes share one producer's key ([`crate::demo`]); three real keepers watch them,
//! as `eoskeeper run` would. A is killed in the middle of its turn, B takes over, and the blocks
//! that were lost are counted.

mod ask;
mod chain_watch;
mod keepers;
mod scratch;
mod stage;
mod story;
mod summary;
mod timeline;

use anyhow::{Context, bail};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::core::schedule::TURN_SLOTS;
use scratch::Scratch;
use stage::Stage;
use story::Story;
use timeline::Timeline;

/// How the demo goes.
#[derive(Args, Clone, Copy, Debug)]
pub struct Options {
    /// Kill node A after this block of its turn: 1 to 12, 12 is the gap right after the turn.
    #[arg(long, value_name = "N", default_value_t = 4,
        value_parser = parse_block)]
    pub kill_after_block: u32,
    /// Leave the logs, configurations and states for a look.
    #[arg(long)]
    pub keep: bool,
    /// Print the timeline as JSON, one object a line.
    #[arg(long)]
    pub json: bool,
}

/// Plays the demo; a minute and a quarter, 90 s at most.
///
/// Installs the process's `tracing` subscriber: the keepers' own log goes to a file beside the
/// nodes' logs, so that the timeline stays readable.
///
/// # Errors
/// When the stage cannot be set, on Ctrl-C or SIGTERM, and when B did not take over or two nodes
/// signed the same slot: the reason, in a sentence.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let scratch = Scratch::create(options.keep)?;
    log_into(&scratch)?;
    let stage = Stage::set(&scratch).await?;
    let mut story = Story::new(options, Timeline::on_stdout(options.json));
    let played = tokio::select! {
        played = story.play(&stage, scratch.path()) => played,
        _ = interrupt.recv() => interrupted("Ctrl-C"),
        _ = terminate.recv() => interrupted("SIGTERM"),
    };
    // Whatever came of it, everything is ended and the directory removed.
    let closed = story.close();
    stage.strike().await;
    played?;
    Ok(closed?)
}

fn interrupted(by: &str) -> anyhow::Result<()> {
    bail!("ended by {by} before B took over")
}

/// The keepers' own log goes into a file.
fn log_into(scratch: &Scratch) -> anyhow::Result<()> {
    let path = scratch.path().join("keepers.log");
    let file = std::fs::File::create(&path)
        .with_context(|| format!("cannot write the keepers' log {}", path.display()))?;
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_ansi(false)
        .with_writer(std::sync::Arc::new(file));
    // Whoever started a log before keeps it; the demo then writes no file.
    drop(log.try_init());
    Ok(())
}

fn parse_block(text: &str) -> Result<u32, String> {
    let block = text.parse().ok().filter(|block| (1..=TURN_SLOTS).contains(block));
    block.ok_or_else(|| format!("a turn has the blocks 1 to {TURN_SLOTS}"))
}
