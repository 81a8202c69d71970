//! Faults in which nobody may promote: the chain is down, the standby is cut off, an API hangs.

use crate::keeper::Keeper;
use crate::network::Network;
use crate::wait::{all_through, until};

/// Longer than B's wait of 56 s and two turns of ours after it.
const WATCHED_SECONDS: u64 = 110;

/// A network with standbys' keepers that have seen a turn of A.
fn watched(test: &str) -> (Network, Keeper, Keeper) {
    let net = Network::up(test, 4);
    let references = format!(
        "[references]\nurls = http://127.0.0.1:{}, http://127.0.0.1:{}\n",
        net.rpc_port("boot"),
        net.rpc_port("f")
    );
    let (b, c) = (Keeper::start('B', &net, &references), Keeper::start('C', &net, ""));
    until("two turns of A", 120, || (net.produced_blocks("a").len() >= 24).then_some(()));
    (net, b, c)
}

/// Nobody promotes while the fault lasts, nor in the rounds after it.
fn nobody_promotes(net: &Network, b: &Keeper, c: &Keeper, seconds: u64) {
    all_through(seconds, || {
        assert_ne!(net.paused("b"), Some(false), "B promoted: {}", b.story());
        assert_ne!(net.paused("c"), Some(false), "C promoted: {}", c.story());
    });
    assert!(net.produced_blocks("b").is_empty());
    assert!(net.produced_blocks("c").is_empty());
}

#[test]
fn stalled_chain_promotes_nobody() {
    let (net, b, c) = watched("stays_stall");
    let since = net.last_block("a");
    // With A down as well, every producer of the schedule is silent.
    net.order("stop", &["boot"]);
    net.order("kill", &["a"]);
    let head = net.head("f");
    nobody_promotes(&net, &b, &c, WATCHED_SECONDS);
    assert!(net.head("f") <= head + 12, "the chain did not stall");
    net.print_cost("chain stalled", since);
}

#[test]
fn isolated_b_promotes_nobody_and_heals() {
    let (net, b, c) = watched("stays_isolated");
    let since = net.last_block("a");
    net.order("isolate", &["b"]);
    until("B to say that it is cut off", 60, || {
        (b.status_json()?["decision"]["hold"] == "cut_off").then_some(())
    });
    nobody_promotes(&net, &b, &c, WATCHED_SECONDS);
    net.order("heal", &["b"]);
    let head = net.head("f");
    until("B to rejoin", 60, || (net.head("b") >= head).then_some(()));
    until("both references to agree with B again", 60, || {
        let status = b.status_json()?;
        let references = status["references"].as_array()?;
        let agree = references.iter().filter(|r| r["standing"] == "agrees").count();
        (agree == 2).then_some(())
    });
    nobody_promotes(&net, &b, &c, 40);
    let cost = net.print_cost("B isolated", since);
    assert_eq!((cost.blocks_lost, cost.double_produced), (0, 0), "{cost:?}");
}

#[test]
fn hanging_api_promotes_nobody_while_a_signs() {
    let (net, b, c) = watched("stays_hang");
    let a = Keeper::start('A', &net, "");
    let since = net.last_block("a");
    net.order("mute-api", &["a"]);
    // B is blind, not A silent: the log still shows A's blocks, and B's RPC is back later.
    net.order("mute-api", &["b"]);
    all_through(WATCHED_SECONDS, || {
        assert!(net.produced_blocks("b").is_empty(), "B promoted: {}", b.story());
        assert_ne!(net.paused("c"), Some(false), "C promoted: {}", c.story());
    });
    assert!(a.log().contains("api_down"), "A's keeper didn't notice: {}", a.story());
    net.order("unmute-api", &["a"]);
    net.order("unmute-api", &["b"]);
    nobody_promotes(&net, &b, &c, 40);
    let cost = net.print_cost("APIs of A and B hung", since);
    assert_eq!((cost.blocks_lost, cost.double_produced), (0, 0), "{cost:?}");
}
