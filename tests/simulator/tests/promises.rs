//! The simulator keeps its own promises: seeds in every mode, equal runs for equal seeds, fixtures of
//! earlier failures, and a shrinker that shrinks.
//!
//! `SEEDS` says how many seeds each mode gets, `SEED` the first of them, `SIM_HOURS` how long each runs,
//! and `SIM_DAYS_MIN` how many simulated days that must come to at the least.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use eoskeeper::sim::faults::{Fault, What};
use eoskeeper::sim::generator::{self, Wish};
use eoskeeper::sim::shrink::shrink;
use eoskeeper::sim::site::Site;
use eoskeeper::sim::{Config, Mode, Scenario, Summary, Violation, play};

const HOUR_MS: u64 = 3_600_000;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn wish(seed: u64, mode: Mode, length_ms: u64) -> Wish {
    Wish { seed, mode, producers: None, length_ms, kinds: Vec::new() }
}

/// A seed that broke a promise.
type Failure = (Mode, u64, Violation);

/// Plays so many seeds of each mode on all processors, and adds up what they came to.
fn played(first: u64, seeds: u64, length_ms: u64) -> (Vec<(Mode, Summary)>, Vec<Failure>) {
    let runs = seeds * Mode::ALL.len() as u64;
    let all = Mutex::new((Mode::ALL.map(|m| (m, Summary::default())), Vec::new()));
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let run = next.fetch_add(1, Ordering::Relaxed);
            if run >= runs {
                return;
            }
            let at = (run % Mode::ALL.len() as u64) as usize;
            let (mode, seed) = (Mode::ALL[at], first + run / Mode::ALL.len() as u64);
            let ended = play(&generator::scenario(&wish(seed, mode, length_ms)));
            let mut all = all.lock().unwrap();
            all.0[at].1.add(&ended.summary);
            if let Some(violation) = ended.violation {
                println!("mode {}, seed {seed}: {violation:?}", mode.as_str());
                all.1.push((mode, seed, violation));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let (figures, failures) = all.into_inner().unwrap();
    (figures.to_vec(), failures)
}

/// So many failures are made short, which takes a while each.
const FAILURES_TOLD: usize = 6;

/// Makes a failure short and tells it.
fn tell(failure: &Failure, length_ms: u64) -> String {
    let (mode, seed, violation) = failure;
    let scenario = generator::scenario(&wish(*seed, *mode, length_ms));
    let small = shrink(&scenario, violation, &|scenario| play(scenario).violation);
    let trace = play(&small.scenario).trace.join("\n");
    let text = serde_json::to_string_pretty(&small.scenario).unwrap();
    format!("mode {mode:?}, seed {seed}: {:?}\n{trace}\n{text}", small.violation)
}

/// What must have come up for a run to have proven anything: every kind of fault in every mode, and
/// every ground of a promotion that the mode has.
fn assert_enough_happened(mode: Mode, figures: &Summary) {
    let few: Vec<_> =
        What::KINDS.iter().filter(|k| figures.kinds.get(*k).copied().unwrap_or(0) < 5).collect();
    assert!(few.is_empty(), "{mode:?}: hardly any of {few:?}: {figures:?}");
    let mut grounds = vec!["the producer is missing", "a person ordered it"];
    grounds.push("it was restarted, or another declined");
    if mode.has_peers() {
        grounds.extend(["it was handed over", "nobody signs"]);
    }
    if mode.has_lease() {
        grounds.push("the lease lapsed");
    }
    for ground in grounds {
        let count = figures.promotions.get(ground).copied().unwrap_or(0);
        assert!(count >= 3, "{mode:?}: {count} promotions because {ground}: {figures:?}");
    }
    assert!(figures.incidents > 100, "{mode:?}: {figures:?}");
}

#[test]
fn no_promise_is_broken_in_any_mode() {
    let seeds = from_environment("SEEDS", 3);
    let hours = from_environment("SIM_HOURS", 4);
    let first = from_environment("SEED", 1);
    let mut days = 0;
    let (played, failures) = played(first, seeds, hours * HOUR_MS);
    let told = failures.iter().take(FAILURES_TOLD).map(|failure| tell(failure, hours * HOUR_MS));
    let told = told.collect::<Vec<_>>().join("\n\n");
    assert!(failures.is_empty(), "{} seeds break a promise:\n{told}", failures.len());
    for (mode, figures) in played {
        let promotions: u64 = figures.promotions.values().sum();
        let of_mode = figures.simulated_ms / (24 * HOUR_MS);
        println!(
            "{:<5} {of_mode} simulated days, {seeds} seeds from {first}, {} faults ({} kills), \
             {promotions} promotions, {} incidents, {} of {} slots lost, {} signed twice",
            mode.as_str(),
            figures.faults,
            figures.kinds.get("kill").copied().unwrap_or(0),
            figures.incidents,
            figures.lost,
            figures.owed,
            figures.doubled,
        );
        days += of_mode;
        assert!(promotions > 0 && figures.faults > 0 && figures.incidents > 0, "{figures:?}");
        if of_mode >= 100 {
            assert_enough_happened(mode, &figures);
        }
    }
    println!("{days} simulated days kept every promise");
    assert!(days >= from_environment("SIM_DAYS_MIN", 0), "only {days} simulated days");
}

/// A plain run: A alone, and one thing that happens to it.
fn killed(mode: Mode, producers: u32, what: What, length_ms: u64) -> Scenario {
    Scenario {
        about: String::new(),
        breaks: String::new(),
        strict: false,
        seed: 7,
        config: Config::plain(mode, producers),
        length_ms,
        faults: vec![Fault { at_ms: 600_000, for_ms: 0, what }],
    }
}

#[test]
fn nothing_happens_where_nothing_is_wrong() {
    for mode in Mode::ALL {
        let mut scenario = killed(mode, 21, What::Restore, 2 * HOUR_MS);
        scenario.faults.clear();
        let ended = play(&scenario);
        assert_eq!(ended.violation, None, "{mode:?}: {:?}", ended.trace);
        let figures = ended.summary;
        assert!(figures.owed >= 12 * 56, "{mode:?}: {figures:?}");
        assert_eq!((figures.lost, figures.doubled), (0, 0), "{mode:?}: {figures:?}");
        assert!(figures.promotions.is_empty() && figures.incidents == 0, "{mode:?}: {figures:?}");
    }
}

#[test]
fn a_dead_process_costs_two_rounds_without_help_and_at_most_a_turn_with_it() {
    for mode in Mode::ALL {
        for producers in [4, 21] {
            let what = What::Kill { site: Site::A };
            let ended = play(&killed(mode, producers, what, 2 * HOUR_MS));
            assert_eq!(ended.violation, None, "{mode:?}, {producers}: {:?}", ended.trace);
            let figures = ended.summary;
            let promotions: u64 = figures.promotions.values().sum();
            assert_eq!(promotions, 1, "{mode:?}, {producers}: {figures:?}");
            // Silence: the two rounds, finality, and the turn that is broken into.
            let most = if mode == Mode::None { 60 } else { 12 };
            assert!(figures.lost <= most, "{mode:?}, {producers}: {figures:?}");
            assert_eq!(figures.doubled, 0, "{mode:?}, {producers}: {figures:?}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_run_again_and_another_seed_another() {
    for mode in Mode::ALL {
        let scenario = generator::scenario(&wish(11, mode, 2 * HOUR_MS));
        let (one, again) = (play(&scenario), play(&scenario));
        assert_eq!(
            (one.hash, &one.summary, &one.trace),
            (again.hash, &again.summary, &again.trace)
        );
        let other = play(&generator::scenario(&wish(12, mode, 2 * HOUR_MS)));
        assert_ne!(one.hash, other.hash, "{mode:?}");
    }
}

#[test]
fn a_scenario_survives_being_written_down() {
    let scenario = generator::scenario(&wish(3, Mode::Both, 48 * HOUR_MS));
    let text = serde_json::to_string(&scenario).unwrap();
    assert_eq!(serde_json::from_str::<Scenario>(&text).unwrap(), scenario);
}

/// As if the simulator broke a promise whenever A is killed while C's clock is off.
fn artificial(scenario: &Scenario) -> Option<Violation> {
    let begins = |wanted: fn(&What) -> bool| {
        scenario.faults.iter().find(|f| wanted(&f.what)).map(|f| f.at_ms)
    };
    let killed = begins(|what| matches!(what, What::Kill { site: Site::A }))?;
    let stepped = begins(|what| matches!(what, What::ClockStep { site: Site::C, .. }))?;
    let at_ms = killed.max(stepped);
    let sentence = "made up".to_owned();
    (at_ms <= scenario.length_ms).then(|| Violation {
        promise: "artificial".to_owned(),
        at_ms,
        sentence,
    })
}

#[test]
fn a_failure_is_made_as_short_as_it_can_be() {
    let wanted = |seed| generator::scenario(&wish(seed, Mode::None, 240 * HOUR_MS));
    let scenario = (1..50).map(wanted).find(|s| artificial(s).is_some()).expect("one of fifty");
    let violation = artificial(&scenario).unwrap();
    let small = shrink(&scenario, &violation, &artificial);
    assert_eq!(small.scenario.faults.len(), 2, "{:?}", small.scenario.faults);
    assert!(small.scenario.faults.iter().all(|fault| fault.for_ms < 2_000));
    assert!(artificial(&small.scenario).is_some(), "it still fails");
}

fn fixtures() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/sim");
    let mut found: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

#[test]
fn earlier_failures_stay_mended_and_known_ones_are_known() {
    let all = fixtures();
    assert!(!all.is_empty());
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        let scenario: Scenario = serde_json::from_str(&text).unwrap();
        assert!(!scenario.about.is_empty(), "{}: about is empty", path.display());
        let ended = play(&scenario);
        let broken = ended.violation.as_ref().map_or("", |violation| &violation.promise);
        assert_eq!(
            broken,
            scenario.breaks,
            "{}: {:?}; where it was mended, take `breaks` out of the fixture\n{}",
            path.display(),
            ended.violation,
            ended.trace.join("\n")
        );
    }
}
