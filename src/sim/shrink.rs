//! Makes a failing scenario short: fewer faults, shorter ones, a shorter run, as long as the same
//! promise is broken.

use crate::sim::faults::What;
use crate::sim::invariants::Violation;
use crate::sim::scenario::Scenario;

/// Runs a shrink may take.
const RUNS_MAX: u32 = 600;
/// Simulated time a shrink may take, milliseconds: two months.
const SIMULATED_MAX_MS: u64 = 60 * 86_400_000;
/// A run goes on for so long after the moment the promise was broken, milliseconds.
const TAIL_MS: u64 = 2_000;

/// A failing scenario made short.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The scenario.
    pub scenario: Scenario,
    /// How it fails.
    pub violation: Violation,
    /// Runs it took.
    pub runs: u32,
}

struct Shrinker<'a> {
    fails: &'a dyn Fn(&Scenario) -> Option<Violation>,
    best: Scenario,
    violation: Violation,
    runs: u32,
    simulated_ms: u64,
}

/// Shrinks a scenario that fails with this violation; `fails` plays one.
pub fn shrink(
    scenario: &Scenario,
    violation: &Violation,
    fails: &dyn Fn(&Scenario) -> Option<Violation>,
) -> Shrunk {
    let (best, violation) = (scenario.clone(), violation.clone());
    let mut shrinker = Shrinker { fails, best, violation, runs: 0, simulated_ms: 0 };
    shrinker.cut_tail();
    shrinker.last_episode();
    loop {
        let before = shrinker.best.clone();
        shrinker.drop_faults();
        shrinker.shorten_faults();
        shrinker.plainer();
        if shrinker.best == before || shrinker.is_spent() {
            break;
        }
    }
    Shrunk { scenario: shrinker.best, violation: shrinker.violation, runs: shrinker.runs }
}

impl Shrinker<'_> {
    /// Takes a candidate over when it breaks the same promise.
    fn keeps(&mut self, candidate: Scenario) -> bool {
        if self.is_spent() || candidate == self.best {
            return false;
        }
        self.runs += 1;
        self.simulated_ms += candidate.length_ms;
        let found = (self.fails)(&candidate).filter(|v| v.promise == self.violation.promise);
        let Some(violation) = found else { return false };
        self.best = candidate;
        self.violation = violation;
        self.cut_tail();
        true
    }

    fn is_spent(&self) -> bool {
        self.runs >= RUNS_MAX || self.simulated_ms >= SIMULATED_MAX_MS
    }

    /// Most failures need only what happened since the operator last set everything right, or since
    /// the time before: tries that at once, moved to the start.
    fn last_episode(&mut self) {
        let restores: Vec<usize> = (0..self.best.faults.len())
            .filter(|at| self.best.faults[*at].what == What::Restore)
            .collect();
        let turns_ms = 84 * 6_000;
        for restore in restores.into_iter().rev() {
            let mut candidate = self.best.clone();
            candidate.faults.drain(..=restore);
            let first = candidate.faults.first().map_or(0, |fault| fault.at_ms);
            // By whole rounds, so that the faults meet the same turns.
            let shift = (first.saturating_sub(turns_ms * 2) / turns_ms) * turns_ms;
            candidate.faults.iter_mut().for_each(|fault| fault.at_ms -= shift);
            candidate.length_ms = candidate.length_ms.saturating_sub(shift);
            if self.keeps(candidate) || self.runs > 12 {
                return;
            }
        }
    }

    /// What comes after the end matters to nobody.
    fn cut_tail(&mut self) {
        let end_ms = self.violation.at_ms;
        self.best.length_ms = self.best.length_ms.min(end_ms + TAIL_MS);
        self.best.faults.retain(|fault| fault.at_ms <= end_ms);
    }

    /// Drops halves, quarters, and at last single faults.
    fn drop_faults(&mut self) {
        let mut size = self.best.faults.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.best.faults.len() {
                let mut candidate = self.best.clone();
                let to = (from + size).min(candidate.faults.len());
                candidate.faults.drain(from..to);
                if !self.keeps(candidate) {
                    from += size;
                }
            }
            size = if size == 1 { 0 } else { size / 2 };
        }
    }

    /// Halves durations, as long as that helps.
    fn shorten_faults(&mut self) {
        for at in 0..self.best.faults.len() {
            while at < self.best.faults.len() && self.best.faults[at].for_ms >= 2_000 {
                let mut candidate = self.best.clone();
                candidate.faults[at].for_ms /= 2;
                if !self.keeps(candidate) {
                    break;
                }
            }
        }
    }

    /// Begins earlier, without references and scripts of A.
    fn plainer(&mut self) {
        let first = self.best.faults.first().map_or(0, |fault| fault.at_ms);
        let turn_ms = u64::from(self.best.config.producers) * 6_000;
        let mut by = first / turn_ms;
        while by > 0 {
            let mut candidate = self.best.clone();
            let ms = by * turn_ms;
            candidate.faults.iter_mut().for_each(|f| f.at_ms = f.at_ms.saturating_sub(ms));
            if first >= ms + 10_000 && self.keeps(candidate) {
                break;
            }
            by /= 2;
        }
        let mut candidate = self.best.clone();
        candidate.config.references = false;
        self.keeps(candidate);
        let mut candidate = self.best.clone();
        candidate.config.remote = false;
        self.keeps(candidate);
    }
}
