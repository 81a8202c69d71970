//! The simulator finds a bug that is put in on purpose: each gate of a promotion is forced open in
//! turn, and seeds are played until a promise is broken. A gate that can be opened unnoticed is
//! either not needed or not watched, and is named in [`BEHIND_ANOTHER`] with the reason.
//!
//! `SEEDS` says after how many seeds a mutant has survived, `SIM_HOURS` how long each runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use eoskeeper::core::gates::HoldReason;
use eoskeeper::sim::generator::{self, Wish};
use eoskeeper::sim::world::play_blind;
use eoskeeper::sim::{Mode, play};

/// Gates behind which another one stands that sees the same trouble: opened alone, nothing changes.
const BEHIND_ANOTHER: &[(HoldReason, &str)] = &[
    (HoldReason::ScheduleUnknown, "without a schedule no wait is known: evidence is torn"),
    (
        HoldReason::EvidenceTorn,
        "nothing was seen of the chain: the RPC does not answer, or the head stands still",
    ),
    (
        HoldReason::EvidenceTooYoung,
        "silence is counted from the beginning of the evidence: still waiting",
    ),
    (
        HoldReason::FewProducers,
        "too few for a minute are too few for finality: the last irreversible block stands still",
    ),
    (HoldReason::PeersLow, "the simulated nodes do not print how many peers they have"),
    (
        HoldReason::ChainStalled,
        "silence does not count while the chain stands still: evidence is torn",
    ),
    (HoldReason::CutOff, "silence does not count while the chain stands still: evidence is torn"),
    (HoldReason::NotFenced, "require_fence is not set in the simulator"),
];

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// The modes in which a gate can be closed.
fn modes(gate: HoldReason) -> &'static [Mode] {
    match gate {
        HoldReason::PeerSigning | HoldReason::PeerBegins => &[Mode::Peers],
        HoldReason::LeaseHeld | HoldReason::LeaseUnknown => &[Mode::Etcd],
        _ => &[Mode::None, Mode::Peers, Mode::Etcd],
    }
}

/// The seed and the promise by which a mutant is found.
fn found(gate: HoldReason) -> Option<String> {
    let hours = from_environment("SIM_HOURS", 12);
    for seed in 1..=from_environment("SEEDS", 40) {
        for mode in modes(gate) {
            let length_ms = hours * 3_600_000;
            // Small schedules have many more turns in an hour.
            let producers = Some(if seed % 3 == 0 { 7 } else { 4 });
            let wish = Wish { seed, mode: *mode, producers, length_ms, kinds: Vec::new() };
            let scenario = generator::scenario(&wish);
            let ended = play_blind(&scenario, &[gate]);
            // What goes wrong without the mutant too is no proof.
            if let Some(violation) = ended.violation
                && play(&scenario).violation.is_none()
            {
                return Some(format!("{mode:?}, seed {seed}: {}", violation.sentence));
            }
        }
    }
    None
}

#[test]
fn every_gate_that_is_forced_open_is_noticed() {
    let (next, survivors) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(gate) = HoldReason::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            if BEHIND_ANOTHER.iter().any(|(other, _)| other == gate) {
                continue;
            }
            match found(*gate) {
                Some(by) => println!("{gate:?} is found by {by}"),
                None => survivors.lock().unwrap_or_else(PoisonError::into_inner).push(*gate),
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let survivors = survivors.into_inner().unwrap();
    assert!(survivors.is_empty(), "forced open and not noticed: {survivors:?}");
}
