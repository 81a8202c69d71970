//! What was found by fuzzing before, and bytes near it, at every target of `eoskeeper::fuzz`: a minute
//! of what `cargo fuzz` does for hours (CONTRIBUTING). A target panics where a promise is broken.

mod mutate;
mod seeds;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use eoskeeper::fuzz::{TARGETS, Target};
use mutate::Mutator;

/// Tries per target, and when it ends at the latest; a machine under load does fewer.
const TRIES: u64 = 20_000;
const LIMIT: Duration = Duration::from_secs(20);
/// Largest bytes that are made.
const BYTES_MAX: usize = 64 * 1024;

/// Feeds a target; what it panicked at is kept, for `cargo fuzz` and for the corpus.
fn feed(name: &str, target: Target, data: &[u8], what: &str) {
    if catch_unwind(AssertUnwindSafe(|| target(data))).is_err() {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
        std::fs::write(&path, data).unwrap();
        panic!("{name} panicked at {what}; the bytes are in {}", path.display());
    }
}

#[test]
fn what_was_found_before_is_mended() {
    for (name, target) in TARGETS {
        let seeds = seeds::of(name);
        assert!(!seeds.is_empty(), "{name} has nothing to begin with");
        for (path, data) in seeds {
            feed(name, target, &data, &path);
        }
        feed(name, target, b"", "nothing");
    }
}

#[test]
fn bytes_near_it_break_nothing() {
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || {
                for (name, target) in TARGETS.into_iter().skip(half).step_by(2) {
                    try_near(name, target);
                }
            });
        }
    });
}

fn try_near(name: &str, target: Target) {
    let seeds: Vec<Vec<u8>> = seeds::of(name).into_iter().map(|(_, data)| data).collect();
    let end = Instant::now() + LIMIT;
    let mut tried = 0;
    for seed in 0..TRIES {
        let data = Mutator::new(seed).near(&seeds, BYTES_MAX);
        feed(name, target, &data, &format!("seed {seed}"));
        tried += 1;
        if Instant::now() > end {
            break;
        }
    }
    println!("{name}: {tried} tries from {} seeds", seeds.len());
    assert!(tried > 0, "{name} was not tried");
}
