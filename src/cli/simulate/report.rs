//! What a simulation prints.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::Options;
use crate::core::time::Human;
use crate::sim::shrink::Shrunk;
use crate::sim::{Ended, Scenario, Summary, Violation};

/// What is printed at the end.
pub(super) struct Report<'a> {
    options: &'a Options,
    took: Duration,
    seeds: u64,
    summary: Summary,
    traces: Vec<(u64, Vec<String>)>,
    failure: Option<Failure>,
}

/// A broken promise.
#[derive(Serialize)]
struct Failure {
    violation: Violation,
    trace: Vec<String>,
    scenario: Scenario,
    reproduce: String,
}

/// The outcome as JSON.
#[derive(Serialize)]
struct Outcome<'a> {
    seeds: u64,
    took_ms: u64,
    summary: &'a Summary,
    failure: &'a Option<Failure>,
}

impl<'a> Report<'a> {
    /// Nothing yet.
    pub(super) fn new(options: &'a Options, took: Duration) -> Self {
        let summary = Summary::default();
        Self { options, took, seeds: 0, summary, traces: Vec::new(), failure: None }
    }

    /// A run more.
    pub(super) fn add(&mut self, seed: u64, ended: &Ended) {
        self.seeds += 1;
        self.summary.add(&ended.summary);
        if self.options.trace {
            self.traces.push((seed, ended.trace.clone()));
        }
    }

    /// The run that failed, made short.
    pub(super) fn failed(&mut self, small: &Shrunk, ended: &Ended) {
        self.failure = Some(Failure {
            violation: small.violation.clone(),
            trace: ended.trace.clone(),
            scenario: small.scenario.clone(),
            reproduce: self.command(small.scenario.seed),
        });
    }

    /// The command that plays the whole seed again.
    fn command(&self, seed: u64) -> String {
        let options = self.options;
        if let Some(path) = &options.scenario {
            return format!("eoskeeper simulate --scenario {}", path.display());
        }
        let mode = format!("{:?}", options.mode).to_lowercase();
        let mut text =
            format!("eoskeeper simulate --seed {seed} --hours {} --mode {mode}", options.hours);
        if let Some(producers) = options.producers {
            let _ = write!(text, " --producers {producers}");
        }
        if !options.faults.is_empty() {
            let _ = write!(text, " --faults {}", options.faults.join(","));
        }
        text
    }

    /// Prints it to standard output.
    pub(super) fn print(&self) -> anyhow::Result<()> {
        if !self.options.json {
            return crate::cli::print(&self.text());
        }
        let outcome = Outcome {
            seeds: self.seeds,
            took_ms: u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            summary: &self.summary,
            failure: &self.failure,
        };
        crate::cli::print(&format!("{}\n", serde_json::to_string_pretty(&outcome)?))
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (seed, lines) in &self.traces {
            let _ = writeln!(text, "seed {seed}:");
            lines.iter().for_each(|line| {
                let _ = writeln!(text, "  {line}");
            });
        }
        text.push_str(&self.figures());
        let Some(failure) = &self.failure else {
            text.push_str("No promise was broken.\n");
            return text;
        };
        let _ = writeln!(text, "\nBROKEN: {}", failure.violation.sentence);
        let _ = writeln!(
            text,
            "promise {}, the run made as short as it could be:\n",
            failure.violation.promise
        );
        for line in &failure.trace {
            let _ = writeln!(text, "  {line}");
        }
        let scenario = serde_json::to_string_pretty(&failure.scenario).unwrap_or_default();
        let _ = writeln!(text, "\nscenario, for a file and --scenario FILE:\n{scenario}");
        let _ = writeln!(text, "\nthe whole run: {}", failure.reproduce);
        text
    }

    fn figures(&self) -> String {
        let figures = &self.summary;
        let mut text = String::new();
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "{name:<16} {value}");
        };
        let days = figures.simulated_ms as f64 / 86_400_000.0;
        let seconds = self.took.as_secs_f64().max(0.001);
        row("seeds", self.seeds.to_string());
        row(
            "simulated",
            format!("{days:.2} days in {seconds:.1} s, {:.2} days a second", days / seconds),
        );
        row("faults", figures.faults.to_string());
        let lost =
            format!("{} owed, {} lost, {} doubled", figures.owed, figures.lost, figures.doubled);
        row("our blocks", lost);
        row("longest outage", Human(figures.longest_outage_ms).to_string());
        row("incidents", figures.incidents.to_string());
        for (reason, count) in &figures.promotions {
            row("promotions", format!("{count} because {reason}"));
        }
        text
    }
}
