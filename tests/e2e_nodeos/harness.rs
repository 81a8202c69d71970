//! The network itself does what the other tests rely on. No keeper runs here.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use eoskeeper::core::time::Timestamp;
use serde_json::Value;

use crate::http;
use crate::network::{Network, OURS};
use crate::wait::{all_through, until};

/// Producers whose blocks a log shows as received, among the last `count`.
fn signers(log: &str, count: usize) -> BTreeSet<String> {
    let lines = log.lines().rev().filter(|l| l.contains("] Received block ")).take(count);
    lines
        .filter_map(|l| Some(l.split_once(" signed by ")?.1.split(' ').next()?.to_owned()))
        .collect()
}

#[test]
fn four_producers_sign_in_turn_and_only_a_signs_for_ours() {
    let net = Network::up("harness_turns", 4);
    let told: Value = serde_json::from_str(&net.order("info", &["--json"])).expect("JSON");
    let schedule: BTreeSet<String> =
        serde_json::from_value(told["schedule"].clone()).expect("a list of names");
    assert_eq!(schedule.len(), 4);
    assert!(schedule.contains(OURS));

    until("blocks of all four in a row", 90, || {
        signers(&net.log("f"), 48).is_superset(&schedule).then_some(())
    });
    until("a whole turn of ours", 60, || {
        net.cost(Timestamp::from_ms(0)).turns.iter().find(|t| t.produced == 12).map(|_| ())
    });
    assert!(net.produced_blocks("a").len() >= 12);
    assert!(net.produced_blocks("b").is_empty(), "b is paused");
    assert_eq!(net.paused("b"), Some(true));
    assert_eq!(net.paused("a"), Some(false));
    assert_eq!(net.cost(Timestamp::from_ms(0)).double_produced, 0);
}

#[test]
fn a_killed_node_is_gone_and_comes_back_paused() {
    let net = Network::up("harness_kill", 4);
    net.order("kill", &["a"]);
    let refused = http::get_json(net.rpc_port("a"), "/v1/chain/get_info");
    assert!(refused.is_err(), "{refused:?}");
    net.order("start", &["a"]);
    assert_eq!(net.paused("a"), Some(true));
    let head = net.head("f");
    until("a to catch up", 30, || (net.head("a") >= head).then_some(()));
}

#[test]
fn frozen_and_muted_nodes_take_connections_and_never_answer() {
    let net = Network::up("harness_hang", 4);
    let hangs = |node: &str| {
        let error = http::get_json(net.rpc_port(node), "/v1/chain/get_info").expect_err("a hang");
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    };
    net.order("freeze", &["b"]);
    hangs("b");
    net.order("thaw", &["b"]);
    let head = net.head("f");
    until("b to catch up", 30, || (net.head("b") >= head).then_some(()));

    net.order("mute-api", &["a"]);
    hangs("a");
    let before = net.log("a").len();
    until("a to go on while muted", 20, || (net.log("a").len() > before).then_some(()));
    net.order("unmute-api", &["a"]);
    assert!(net.info("a").is_some());
}

#[test]
fn an_isolated_node_answers_stands_still_and_rejoins() {
    let net = Network::up("harness_isolate", 4);
    for how in [&["b"][..], &["b", "--silent"]] {
        net.order("isolate", how);
        // What was on its way may still arrive; after that nothing does.
        let mut last = net.head("b");
        until("b to stand still", 20, || {
            let was = std::mem::replace(&mut last, net.head("b"));
            let moved = net.head("f");
            (was == last && moved > last + 4).then_some(())
        });
        all_through(3, || assert_eq!(net.head("b"), last));
        net.order("heal", &["b"]);
        let head = net.head("f");
        until("b to rejoin", 60, || (net.head("b") >= head).then_some(()));
    }
}

/// Median of the latencies of the last five blocks a node received, milliseconds; a block may come
/// before its time.
fn latency_ms(net: &Network, node: &str) -> i64 {
    let of = |line: &str| line.split_once("latency: ")?.1.split(' ').next()?.parse::<i64>().ok();
    let log = net.log(node);
    let mut last: Vec<i64> = log.lines().rev().filter_map(of).take(5).collect();
    last.sort_unstable();
    *last.get(2).expect("five blocks received")
}

#[test]
fn wires_get_late_and_a_clock_is_off() {
    let net = Network::up("harness_late", 4);
    let (mut f, mut c) = (0, 0);
    until("blocks at f and c", 30, || (net.head("f") > 20 && net.head("c") > 20).then_some(()));
    all_through(4, || (f, c) = (latency_ms(&net, "f"), latency_ms(&net, "c")));

    net.order("delay", &["f", "400"]);
    until("blocks to be late at f", 30, || (latency_ms(&net, "f") >= f + 300).then_some(()));
    net.order("delay", &["f", "0"]);
    until("blocks to be in time again", 30, || (latency_ms(&net, "f") <= f + 200).then_some(()));

    net.order("restart", &["c", "--clock", "+2s"]);
    until("c to think that blocks are late", 30, || {
        (latency_ms(&net, "c") >= c + 1_500).then_some(())
    });
}

#[test]
fn one_way_cuts_stop_one_way() {
    let net = Network::up("harness_one_way", 4);
    let moves = |seconds| {
        let head = net.head("b");
        all_through(seconds, || ());
        net.head("b") > head + 4
    };
    net.order("isolate", &["b", "--one-way", "out"]);
    assert!(moves(5), "what b is sent does not arrive");
    net.order("isolate", &["b", "--one-way", "in"]);
    // What was on its way may still arrive.
    all_through(2, || ());
    assert!(!moves(5), "what b is sent arrives");
    net.order("heal", &["b"]);
    let head = net.head("f");
    until("b to rejoin", 60, || (net.head("b") >= head).then_some(()));
}

#[test]
fn two_signers_are_counted_from_their_own_logs() {
    let net = Network::up("harness_double", 4);
    net.order("push", &["--background"]);
    net.order("resume", &["b"]);
    until("b to sign as well", 60, || (net.produced_blocks("b").len() >= 6).then_some(()));
    net.order("pause", &["b"]);
    let told = net.order("count", &["--json"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert!(told["double_produced"].as_u64() >= Some(3), "{told}");
    let doubles = told["doubles"].as_array().expect("a list");
    assert!(doubles.iter().any(|d| d["identical"] == false), "transactions make blocks differ");
    assert!(doubles.iter().all(|d| d["nodes"] == serde_json::json!(["a", "b"])), "{told}");
}
