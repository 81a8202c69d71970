//! The simulator finds a bug that is put in on purpose: each gate of a promotion is forced open in
//! turn, in a short scenario in which it is the one that matters. With the gate a promise holds,
//! without it the promise is broken. Gates behind which others stand that see the same trouble are
//! forced open together with those.

use eoskeeper::core::command::Command;
use eoskeeper::core::gates::HoldReason::{self, *};
use eoskeeper::sim::faults::{Fault, ReferenceFault, ScheduleChange, What};
use eoskeeper::sim::host::DiskFault;
use eoskeeper::sim::net::Plane;
use eoskeeper::sim::scenario::Acting;
use eoskeeper::sim::site::Site::{A, B, C, Few};
use eoskeeper::sim::world::play_blind;
use eoskeeper::sim::{Config, Mode, Scenario, play};

/// When A is killed, milliseconds from the start.
const KILLED_MS: u64 = 600_000;
/// The trouble begins at each of these times, until it is found, milliseconds after the kill: up to
/// the end of the longest wait, of C.
const TROUBLE_MS: std::ops::Range<u64> = 0..190_000;
const STEP_MS: usize = 4_000;

/// A mutant and the scenario that finds it.
struct Case {
    /// Gates forced open: the one that is tried, and those that stand before it.
    open: &'static [HoldReason],
    /// The promise that is broken.
    promise: &'static str,
    mode: Mode,
    /// Changes the set-up.
    set: fn(&mut Config),
    /// What happens, told when the trouble begins.
    faults: fn(u64) -> Vec<Fault>,
}

const fn case(
    open: &'static [HoldReason],
    promise: &'static str,
    faults: fn(u64) -> Vec<Fault>,
) -> Case {
    Case { open, promise, mode: Mode::None, set: |_| {}, faults }
}

fn fault(at_ms: u64, for_ms: u64, what: What) -> Fault {
    Fault { at_ms, for_ms, what }
}

fn killed() -> Fault {
    fault(KILLED_MS, 900_000, What::Kill { site: A })
}

/// A is killed, and B has a trouble for so long.
fn beside(at_ms: u64, for_ms: u64, what: What) -> Vec<Fault> {
    vec![killed(), fault(at_ms, for_ms, what)]
}

/// A and B are killed, so that C waits its six rounds, and there is a trouble.
fn of_c(at_ms: u64, for_ms: u64, what: What) -> Vec<Fault> {
    vec![killed(), fault(KILLED_MS, 900_000, What::Kill { site: B }), fault(at_ms, for_ms, what)]
}

fn few_cut() -> What {
    What::Cut { sites: vec![Few], one_way: false, plane: Plane::Blocks }
}

fn maintenance() -> What {
    let order = Command::Maintenance { for_ms: 900_000, reason: "a test".to_owned(), force: true };
    What::Order { site: B, order }
}

/// Every gate, alone or with those that stand before it.
fn cases() -> Vec<Case> {
    vec![
        case(&[Maintenance], "acts_in_maintenance", |_| beside(500_000, 0, maintenance())),
        case(&[NotScheduled], "promoted_without_need", |at| {
            of_c(at, 400_000, What::Schedule { how: ScheduleChange::VotedOut })
        }),
        Case {
            // With seven the wait does not end in a turn of ours, in which the log shows no block.
            set: |config| config.producers = 7,
            ..case(&[ApiDown], "promoted_blindly", |at| {
                of_c(at + 100_000, 16_000, What::HangApi { site: C })
            })
        },
        case(&[NodeStopping], "promoted_unfit", |at| {
            beside(at, 40_000, What::Stop { site: B, slow_ms: 25_000 })
        }),
        case(&[DatabaseFault], "promoted_unfit", |at| {
            beside(at, 60_000, What::DatabaseFault { site: B })
        }),
        case(&[ClockSkewed], "promoted_unfit", |_| {
            beside(400_000, 900_000, What::ClockStep { site: B, ms: -5_000 })
        }),
        case(&[NodeBehind], "promoted_blindly", |at| of_c(at, 90_000, What::Laggard { site: C })),
        Case {
            // Without the few and ours too few build on a block, and the head moves all the same.
            set: |config| config.producers = 7,
            ..case(&[LibStalled], "promoted_on_stall", |at| of_c(at + 100_000, 120_000, few_cut()))
        },
        Case {
            set: |config| config.producers = 7,
            ..case(&[FewProducers, LibStalled], "promoted_on_stall", |at| {
                of_c(at + 60_000, 300_000, few_cut())
            })
        },
        Case {
            // A branch of the few for a turn: shorter than a standstill, and several blocks deep.
            set: |config| config.producers = 7,
            ..case(&[ForkUnsettled], "promoted_in_isolation", |at| {
                let sites = vec![C, Few];
                let cut = What::Cut { sites, one_way: false, plane: Plane::Blocks };
                of_c(at + 100_000, 14_000, cut)
            })
        },
        Case {
            set: |config| config.references = true,
            ..case(&[ReferencesDisagree], "promoted_blindly", |at| {
                let down =
                    |index| fault(at, 60_000, What::Reference { index, how: ReferenceFault::Down });
                vec![killed(), down(0), down(1), down(2)]
            })
        },
        case(&[ProducerSeen, NotFinal], "reason_untrue", |_| Vec::new()),
        case(&[StillWaiting], "reason_untrue", |_| of_c(0, 1_000, What::LogRotated { site: C })),
        case(&[EvidenceTooYoung, StillWaiting], "reason_untrue", |at| {
            of_c(at, 2_000, What::KeeperCrash { site: C })
        }),
        Case {
            // With seven, finality comes after the wait.
            set: |config| config.producers = 7,
            ..case(&[NotFinal], "reason_untrue", |_| vec![killed()])
        },
        case(&[EvidenceTorn, ChainStalled], "promoted_on_stall", |at| {
            of_c(at, 60_000, What::ChainStall)
        }),
        Case {
            set: |config| config.references = true,
            ..case(&[EvidenceTorn, CutOff, NodeBehind], "promoted_in_isolation", |at| {
                let cut = What::Cut { sites: vec![C], one_way: false, plane: Plane::Blocks };
                of_c(at, 100_000, cut)
            })
        },
        Case {
            mode: Mode::Peers,
            ..case(&[PeerSigning], "promoted_beside_another", |_| {
                let cut = What::Cut { sites: vec![A], one_way: true, plane: Plane::Blocks };
                vec![fault(KILLED_MS, 300_000, cut)]
            })
        },
        Case {
            mode: Mode::Etcd,
            ..case(&[LeaseHeld], "no_lease", |_| {
                let cut = What::Cut { sites: vec![A], one_way: true, plane: Plane::Blocks };
                vec![fault(KILLED_MS, 300_000, cut)]
            })
        },
        Case {
            // With seven a wait does not end right after a turn of ours, which C would sign.
            set: |config| config.producers = 7,
            ..case(&[AlreadyProducing], "promoted_without_need", |at| {
                of_c(at + 100_000, 0, What::Resumed { site: C })
            })
        },
        Case {
            set: |config| config.max_promotions = 1,
            ..case(&[BudgetSpent], "budget_overrun", |_| {
                let again = What::Kill { site: A };
                vec![
                    fault(KILLED_MS, 200_000, What::Kill { site: A }),
                    fault(900_000, 0, What::Restore),
                    fault(1_300_000, 300_000, again),
                ]
            })
        },
        case(&[LatchUnusable], "state_unusable", |_| {
            vec![
                fault(100_000, 1_500_000, What::Disk { site: B, how: DiskFault::Unreadable }),
                fault(200_000, 5_000, What::KeeperCrash { site: B }),
                killed(),
            ]
        }),
        Case {
            set: |config| config.acting = Acting::NotConfigured,
            ..case(&[NotConfigured], "acts_unasked", |_| vec![killed()])
        },
        Case {
            set: |config| config.acting = Acting::DryRun,
            ..case(&[DryRun], "acts_unasked", |_| vec![killed()])
        },
    ]
}

/// Reasons that no case opens, each with why.
const NOT_TRIED: &[(HoldReason, &str)] = &[
    (ScheduleUnknown, "without a schedule no wait is known, and nothing is begun"),
    (PeersLow, "the simulated nodes do not print how many peers they have"),
    (PeerBegins, "of two that begin, the second calls it off when its state is written"),
    (NotFenced, "require_fence is not set in the simulator"),
    (NotConfirmed, "the looks are counted again where a promotion begins"),
    (LeaseUnknown, "etcd itself refuses a lease that another holds"),
];

fn scenario(case: &Case, at_ms: u64) -> Scenario {
    let mut config = Config::plain(case.mode, 4);
    (case.set)(&mut config);
    let mut faults = (case.faults)(at_ms);
    faults.sort_by_key(|fault| fault.at_ms);
    let (about, breaks) = (String::new(), String::new());
    Scenario { about, breaks, strict: false, seed: 7, config, length_ms: 1_800_000, faults }
}

/// When the trouble has to begin for the mutant to be found.
fn found(case: &Case) -> Option<u64> {
    TROUBLE_MS.step_by(STEP_MS).map(|ms| KILLED_MS + ms).find(|at_ms| {
        let scenario = scenario(case, *at_ms);
        let broken = play_blind(&scenario, case.open).violation;
        // What goes wrong without the mutant too is no proof.
        broken.is_some_and(|v| v.promise == case.promise) && play(&scenario).violation.is_none()
    })
}

#[test]
fn every_gate_that_is_forced_open_is_noticed() {
    let mut survivors = Vec::new();
    for case in cases() {
        match found(&case) {
            Some(at_ms) => println!("{:?}: {} at {at_ms}", case.open, case.promise),
            None => survivors.push((case.open, case.promise)),
        }
    }
    assert!(survivors.is_empty(), "forced open and not noticed: {survivors:?}");
}

#[test]
fn every_reason_is_tried_or_says_why_not() {
    for reason in HoldReason::ALL {
        let is_tried = cases().iter().any(|case| case.open.contains(&reason));
        let says = NOT_TRIED.iter().any(|(other, why)| *other == reason && !why.is_empty());
        assert!(is_tried || says, "{reason:?} is neither tried nor excused");
    }
}
