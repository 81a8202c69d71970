use serde_json::json;

use super::*;

/// A status: milliseconds since the order, role, stage, paused.
fn at(ms: u64, role: &str, stage: &str, paused: Option<bool>) -> (u64, Value) {
    let status = json!({
        "at": "2026-11-21T02:48:37.000", "role": role,
        "decision": { "sentence": format!("It is {stage}.") },
        "promotion": { "stage": stage }, "node": { "paused": paused },
    });
    (ms, status)
}

/// A status with another field of the node.
fn with_node((ms, mut status): (u64, Value), key: &str, value: Value) -> (u64, Value) {
    status["node"][key] = value;
    (ms, status)
}

/// A status with a switchover.
fn step(ms: u64, step: &str) -> (u64, Value) {
    let (ms, mut status) = at(ms, "A", "resting", Some(false));
    status["switchover"] = json!({
        "to": "b", "step": step, "step_sentence": format!("The step is {step}."),
        "until": "2026-11-21T02:49:20.500",
    });
    (ms, status)
}

/// A named case: the goal, what is seen, and the end with words of its sentence.
type Case = (&'static str, Goal, Vec<(u64, Value)>, Option<End>);

fn done(words: &str) -> Option<End> {
    Some(End::Done(words.to_owned()))
}

fn failed(words: &str) -> Option<End> {
    Some(End::Failed(words.to_owned()))
}

fn not_known(words: &str) -> Option<End> {
    Some(End::NotKnown(words.to_owned()))
}

/// Plays each case: only its last status may end it, as expected.
#[track_caller]
fn play(cases: Vec<Case>) {
    for (name, goal, seen, expected) in cases {
        let mut follower = Follower::new(goal);
        let last = seen.len() - 1;
        for (index, (ms, status)) in seen.iter().enumerate() {
            let end = follower.look(*ms, status).end;
            let expected = if index == last { expected.clone() } else { None };
            let is_as_expected = match (&end, &expected) {
                (Some(End::Done(said)), Some(End::Done(words)))
                | (Some(End::Failed(said)), Some(End::Failed(words)))
                | (Some(End::NotKnown(said)), Some(End::NotKnown(words))) => said.contains(words),
                (end, expected) => end == expected,
            };
            assert!(is_as_expected, "{name}, look {index}: {end:?} instead of {expected:?}");
        }
    }
}

#[test]
fn a_promotion_ends_with_proof_or_at_rest() {
    let (b, a) = (|ms, stage| at(ms, "B", stage, None), |ms, stage, p| at(ms, "A", stage, p));
    let verifying = || vec![b(0, "latching"), b(500, "acting"), b(1_000, "verifying")];
    let with = |mut seen: Vec<(u64, Value)>, last| {
        seen.push(last);
        seen
    };
    let arming = || vec![a(0, "arming", Some(true)), a(500, "acting", Some(true))];
    let proven = |last| {
        let mut seen = arming();
        seen.extend([a(9_000, "verifying", Some(false)), last]);
        seen
    };
    play(vec![
        (
            "proven",
            Goal::Promote,
            with(verifying(), b(60_000, "producing")),
            done("It is producing."),
        ),
        (
            "undone",
            Goal::Promote,
            with(verifying(), b(200_000, "demoting")),
            failed("It is demoting."),
        ),
        (
            "refused",
            Goal::Promote,
            vec![b(0, "acting"), b(500, "resting")],
            failed("It is resting."),
        ),
        ("still going", Goal::Promote, verifying(), None),
        (
            "a stage of a newer keeper is under way",
            Goal::Promote,
            vec![b(0, "acquiring"), b(90_000, "acquiring"), b(90_500, "resting")],
            failed("It is resting."),
        ),
        ("not begun yet", Goal::Promote, vec![b(0, "resting"), b(9_999, "resting")], None),
        (
            "never begun",
            Goal::Promote,
            vec![b(0, "resting"), b(10_000, "resting")],
            failed("Nothing is under way after 10 s. It is resting."),
        ),
        (
            "no stage",
            Goal::Promote,
            vec![(10_000, json!({}))],
            failed("does not say what it decided"),
        ),
        (
            "A rests and signs",
            Goal::Promote,
            proven(a(30_000, "resting", Some(false))),
            done("resting"),
        ),
        (
            "A rests, which it may be after an undoing nobody saw",
            Goal::Promote,
            with(proven(a(30_000, "resting", Some(true))), a(45_000, "resting", Some(true))),
            failed("The node is paused."),
        ),
        (
            "A rests and does not say whether it signs",
            Goal::Promote,
            with(proven(a(30_000, "resting", None)), a(45_000, "resting", None)),
            not_known("does not say whether it is paused"),
        ),
        (
            "A rests without a proof",
            Goal::Promote,
            with(arming(), a(9_000, "resting", Some(false))),
            failed("It is resting."),
        ),
        (
            "A hands over again",
            Goal::Promote,
            with(arming(), a(9_000, "handed_over", None)),
            failed(""),
        ),
        (
            "an hour",
            Goal::Promote,
            with(verifying(), b(3_600_000, "verifying")),
            not_known("longer than an hour"),
        ),
    ]);
}

#[test]
fn a_demotion_ends_when_the_node_says_it_is_paused() {
    let b = |ms, stage, paused| at(ms, "B", stage, paused);
    play(vec![
        (
            "paused",
            Goal::Demote,
            vec![
                b(0, "demoting", Some(false)),
                b(500, "resting", Some(false)),
                b(1_500, "resting", Some(true)),
            ],
            done("It is resting."),
        ),
        ("A is paused", Goal::Demote, vec![at(0, "A", "arming", Some(true))], done("arming")),
        ("A has handed over", Goal::Demote, vec![at(0, "A", "handed_over", Some(true))], done("")),
        (
            "not paused after all",
            Goal::Demote,
            vec![b(500, "resting", Some(false)), b(15_500, "resting", Some(false))],
            failed("The node is not paused."),
        ),
        (
            "fenced, and silent",
            Goal::Demote,
            vec![b(500, "demoting", None), b(9_000, "resting", None), b(24_000, "resting", None)],
            not_known("does not say whether it is paused"),
        ),
        (
            "fenced, and its RPC is dead",
            Goal::Demote,
            vec![
                b(500, "demoting", None),
                with_node(b(9_000, "resting", None), "api_answers", json!(false)),
                with_node(b(24_000, "resting", None), "api_answers", json!(false)),
            ],
            done("stopped the node, and its RPC does not answer. It is resting."),
        ),
        (
            "its RPC is dead, and nobody was seen to stop it",
            Goal::Demote,
            vec![
                with_node(b(500, "resting", None), "api_answers", json!(false)),
                with_node(b(15_500, "resting", None), "api_answers", json!(false)),
            ],
            not_known("does not say whether it is paused"),
        ),
        (
            "its process has ended",
            Goal::Demote,
            vec![
                b(500, "demoting", None),
                with_node(b(900, "resting", None), "process", json!("ended: process 7 ended")),
            ],
            done("nodeos is not running (ended: process 7 ended). It is resting."),
        ),
        (
            "tried again and again",
            Goal::Demote,
            vec![b(0, "demoting", None), b(600_000, "demoting", None)],
            None,
        ),
        (
            "taken back",
            Goal::Demote,
            vec![b(0, "demoting", None), b(500, "producing", Some(false))],
            failed("It is producing."),
        ),
        (
            "never begun",
            Goal::Demote,
            vec![b(0, "producing", Some(false)), b(10_000, "producing", Some(false))],
            failed("Nothing is under way"),
        ),
    ]);
}

#[test]
fn a_switchover_ends_as_the_keeper_says() {
    let none = |ms| at(ms, "A", "resting", Some(false));
    play(vec![
        (
            "done",
            Goal::Switchover,
            vec![step(0, "waiting"), step(500, "done")],
            done("step is done"),
        ),
        (
            "failed",
            Goal::Switchover,
            vec![step(0, "pausing"), step(1, "failed")],
            failed("is failed"),
        ),
        ("unknown", Goal::Switchover, vec![step(0, "unknown")], not_known("step is unknown")),
        ("waiting", Goal::Switchover, vec![step(0, "waiting"), step(120_000, "waiting")], None),
        (
            "the keeper forgot it",
            Goal::Switchover,
            vec![step(0, "waiting"), none(500)],
            not_known("says nothing more about the switchover"),
        ),
        (
            "it never showed",
            Goal::Switchover,
            vec![none(0), none(10_000)],
            not_known("took the order 10 s ago and shows no switchover"),
        ),
    ]);
}

#[test]
fn each_sentence_is_said_once() {
    let mut follower = Follower::new(Goal::Switchover);
    let mut said = |decision: &str, step: &str| {
        let status = json!({
            "decision": { "sentence": decision },
            "switchover": { "step": "waiting", "step_sentence": step },
        });
        follower.look(0, &status).news
    };
    assert_eq!(
        said("All is well.", "Waiting (1 min 3 s left)."),
        ["All is well.", "Waiting (1 min 3 s left)."]
    );
    let none: [&str; 0] = [];
    assert_eq!(said("All is well.", "Waiting (59.5 s left)."), none);
    assert_eq!(said("Pausing.", "Pausing."), ["Pausing."]);
    assert_eq!(said("All is well.", "Pausing."), ["All is well."], "said anew when it comes back");
}

#[test]
fn the_countdown_is_by_the_keepers_clock_and_ends_with_the_step() {
    let mut follower = Follower::new(Goal::Switchover);
    let look = follower.look(0, &step(0, "waiting_for_gap").1);
    assert_eq!(look.countdown, Some((44_000, "waiting for gap".to_owned())));
    let (_, mut late) = step(0, "waiting_for_gap");
    late["at"] = json!("2026-11-21T02:49:20.500");
    assert_eq!(follower.look(0, &late).countdown, None, "no time is left");
    assert_eq!(follower.look(0, &step(0, "done").1).countdown, None, "at the end");
}
