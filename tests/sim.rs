//! The simulator keeps its own promises: seeds in every mode, equal runs for equal seeds, fixtures of
//! earlier failures, and a shrinker that shrinks.
//!
//! `SEEDS` says how many seeds a mode gets, `SEED` the first of them, `SIM_HOURS` how long each runs.

use std::fs;
use std::path::{Path, PathBuf};

use eoskeeper::sim::faults::{Fault, What};
use eoskeeper::sim::generator::{self, Wish};
use eoskeeper::sim::shrink::shrink;
use eoskeeper::sim::site::Site;
use eoskeeper::sim::{Config, Mode, Scenario, Violation, play};

const HOUR_MS: u64 = 3_600_000;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn wish(seed: u64, mode: Mode, length_ms: u64) -> Wish {
    Wish { seed, mode, producers: None, length_ms, kinds: Vec::new() }
}

/// Plays seeds of one mode; a failure is made short before it is told.
fn seeds_keep_their_promises(mode: Mode, default: u64) {
    let (first, seeds) = (from_environment("SEED", 1), from_environment("SEEDS", default));
    let length_ms = from_environment("SIM_HOURS", 3) * HOUR_MS;
    for seed in first..first + seeds {
        let scenario = generator::scenario(&wish(seed, mode, length_ms));
        let ended = play(&scenario);
        let Some(violation) = ended.violation else { continue };
        let small = shrink(&scenario, &violation, &|scenario| play(scenario).violation);
        let trace = play(&small.scenario).trace.join("\n");
        let text = serde_json::to_string_pretty(&small.scenario).unwrap();
        panic!("mode {mode:?}, seed {seed}: {:?}\n{trace}\n{text}", small.violation);
    }
}

#[test]
fn without_help_no_promise_is_broken() {
    seeds_keep_their_promises(Mode::None, 10);
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
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sim");
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
