//! `eoskeeper simulate`: the real judgement in a simulated world, with faults by chance.

mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;
use clap::{Args, ValueEnum};

use crate::cli::Usage;
use crate::cli::progress::{Progress, Unit};
use crate::sim::faults::What;
use crate::sim::generator::{self, Wish};
use crate::sim::shrink::shrink;
use crate::sim::{Ended, Mode, Scenario, play};
use report::Report;

/// Milliseconds in an hour.
const HOUR_MS: u64 = 3_600_000;
/// Most hours of one seed: a hundred days.
const HOURS_MAX: u64 = 2_400;

/// What helps the keepers.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum ModeArgument {
    /// Nothing: each judges by the chain.
    #[default]
    None,
    /// They talk to each other.
    Peers,
    /// They share a lease in etcd.
    Etcd,
    /// Both.
    Both,
}

/// How to simulate.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The first seed; it decides everything.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many seeds, one after another.
    #[arg(long, value_name = "K", default_value_t = 1,
        value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub seeds: u64,
    /// Simulated hours of each seed.
    #[arg(long, value_name = "H", default_value_t = 24,
        value_parser = clap::value_parser!(u64).range(1..=HOURS_MAX))]
    pub hours: u64,
    /// What helps the keepers.
    #[arg(long, value_enum, default_value_t)]
    pub mode: ModeArgument,
    /// Producers in the schedule; without it 4, 7 or 21, by chance.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(4..=25))]
    pub producers: Option<u32>,
    /// Only these faults, for example kill,cut,keeper_crash; a wrong one names all.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub faults: Vec<String>,
    /// Play this scenario, of an earlier failure, instead of seeds.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed", "seeds", "hours", "mode"])]
    pub scenario: Option<PathBuf>,
    /// Print the outcome as JSON.
    #[arg(long)]
    pub json: bool,
    /// Print what happened: the last lines of each run.
    #[arg(long)]
    pub trace: bool,
    /// Do not say on the terminal how far it is.
    #[arg(long)]
    pub no_progress: bool,
}

/// One run that was played.
struct Played {
    scenario: Scenario,
    ended: Ended,
}

/// Simulates and prints. Exit code 1 when a promise was broken.
///
/// # Errors
/// Arguments that make no sense, or standard output that cannot be written.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    check(&options.faults)?;
    let started = Instant::now();
    let played = match &options.scenario {
        Some(path) => vec![replay(path)?],
        None => seeds(options),
    };
    let mut report = Report::new(options, started.elapsed());
    for run in &played {
        report.add(run.scenario.seed, &run.ended);
    }
    let failed = played.iter().find(|run| run.ended.violation.is_some());
    if let Some(run) = failed
        && let Some(violation) = &run.ended.violation
    {
        let small = shrink(&run.scenario, violation, &|scenario| play(scenario).violation);
        report.failed(&small, &play(&small.scenario));
    }
    report.print()?;
    Ok(if failed.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn check(kinds: &[String]) -> anyhow::Result<()> {
    if let Some(wrong) = kinds.iter().find(|kind| !What::KINDS.contains(&kind.as_str())) {
        let all = What::KINDS.join(", ");
        return Err(Usage(format!("there is no fault {wrong:?}; there are: {all}")).into());
    }
    Ok(())
}

fn replay(path: &Path) -> anyhow::Result<Played> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!(
            "the scenario {} cannot be read; name a file with what a failed run printed",
            path.display()
        )
    })?;
    let scenario: Scenario = serde_json::from_str(&text)
        .with_context(|| format!("{} is no scenario of the simulator", path.display()))?;
    let ended = play(&scenario);
    Ok(Played { scenario, ended })
}

/// Plays every seed, on all processors, until one breaks a promise.
fn seeds(options: &Options) -> Vec<Played> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, done) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let count = Unit::Things("seeds");
    let progress = Progress::new("Simulating", count, Some(options.seeds), !options.no_progress);
    // How many are done, with it.
    let progress = Mutex::new((0, progress));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= options.seeds {
                return;
            }
            let scenario = generator::scenario(&wish(options, options.seed.wrapping_add(at)));
            let ended = play(&scenario);
            if ended.violation.is_some() {
                // Those under way end; of several failures the lowest seed is told.
                next.store(options.seeds, Ordering::Relaxed);
            }
            {
                let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
                progress.0 += 1;
                let all_done = progress.0;
                progress.1.done(all_done);
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).push(Played { scenario, ended });
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.min(usize::try_from(options.seeds).unwrap_or(threads)) {
            scope.spawn(work);
        }
    });
    drop(progress);
    let mut played = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    played.sort_by_key(|run| run.scenario.seed);
    played
}

fn wish(options: &Options, seed: u64) -> Wish {
    Wish {
        seed,
        mode: match options.mode {
            ModeArgument::None => Mode::None,
            ModeArgument::Peers => Mode::Peers,
            ModeArgument::Etcd => Mode::Etcd,
            ModeArgument::Both => Mode::Both,
        },
        producers: options.producers,
        length_ms: options.hours * HOUR_MS,
        kinds: options.faults.clone(),
    }
}
