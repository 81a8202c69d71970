//! What is tried before and instead of a resume: nodeos is restarted once, and a key is registered.

use eoskeeper::core::time::Timestamp;
use eoskeeper::nodeos::keys;

use crate::keeper::Keeper;
use crate::network::Network;
use crate::wait::{all_through, until};

/// Bound for a restart, a handover and the turn that follows, on a slow machine.
const PATIENCE_SECONDS: u64 = 180;

/// A network whose A has just signed a turn, and the keepers of A and B, which know each other. A's
/// keeper may restart its node, and gives its head `wait` seconds to move again.
fn scene(test: &str, wait: u32) -> (Network, Keeper, Keeper, Timestamp) {
    let net = Network::up(test, 4);
    net.order("push", &["--background"]);
    // Started paused, as a node that is restarted should be.
    let restart = net.script("restart.sh", &format!("exec {}", net.line("restart a")));
    let acts = "promote = api\ndemote = api\nact_timeout_seconds = 40\n";
    let rung = format!("{acts}restart = {}\nrestart_wait_seconds = {wait}", restart.display());
    let a = Keeper::start_among('A', &net, &['B'], &rung);
    let b = Keeper::start_among('B', &net, &['A'], acts);
    net.turn_just_over("a", 120);
    let last = net.turn_just_over("a", 60);
    assert!(net.produced_blocks("b").is_empty(), "B signed beside A: {}", b.story());
    (net, a, b, last)
}

fn promotions(keeper: &Keeper) -> usize {
    let status = until("a status", 20, || keeper.status_json());
    status["promotion"]["promotions"].as_array().expect("a list").len()
}

#[test]
fn a_node_in_coma_is_restarted_and_signs_on() {
    let (net, a, b, last) = scene("rungs_restart", 60);
    let before = net.pid("a");
    net.order("coma", &["a"]);
    assert!(net.info("a").is_some(), "its RPC answers");
    until("A's keeper to restart nodeos", 60, || a.log().contains("restarting").then_some(()));
    until("another nodeos", 60, || (!["null", &before].contains(&&*net.pid("a"))).then_some(()));
    let goal = net.head("f") + 4;
    until("its head to move again", 60, || (net.head("a") >= goal).then_some(()));
    let signed = net.produced_blocks("a").len();
    until("A to sign again", PATIENCE_SECONDS, || {
        assert_ne!(net.paused("b"), Some(false), "B was promoted: {}", b.story());
        (net.produced_blocks("a").len() >= signed + 12).then_some(())
    });
    assert!(net.produced_blocks("b").is_empty(), "{}", b.story());
    assert_eq!((promotions(&a), promotions(&b)), (0, 0));
    assert_eq!(a.log().matches("nodeos is restarted once").count(), 1, "{}", a.story());
    let cost = net.print_cost("A in coma, restarted", last);
    // The turn that follows, and what a slow machine misses of the next.
    assert!(cost.blocks_lost <= 24, "{cost:?} {}", a.story());
    assert_eq!(cost.double_produced, 0, "{cost:?}");
}

#[test]
fn a_node_that_a_restart_does_not_help_is_replaced_by_b() {
    let (net, a, b, last) = scene("rungs_vain", 10);
    let before = net.pid("a");
    // Its wires stay cut, whatever process is at their end.
    net.order("isolate", &["a"]);
    until("A's keeper to restart nodeos", 60, || a.log().contains("restarting").then_some(()));
    let first = until("B to sign", PATIENCE_SECONDS, || {
        net.produced_blocks("b").first().map(|block| block.time)
    });
    assert_ne!(net.pid("a"), before, "nodeos was not restarted: {}", a.story());
    println!("from A's last block to B's first: {} ms", first.since_ms(last));
    // It did not wait the two rounds of one that knows of nothing but A's silence.
    assert!(b.log().contains("handed eosstorebest over"), "no handover: {}", b.story());
    net.turn_just_over("b", 120);
    net.order("heal", &["a"]);
    all_through(30, || assert_ne!(net.paused("a"), Some(false), "A signs beside B: {}", a.story()));
    assert_eq!(a.log().matches("nodeos is restarted once").count(), 1, "{}", a.story());
    let cost = net.print_cost("A in coma, restarted in vain", last);
    // How much of the next turn is lost depends on when the restart is given up.
    assert!(cost.blocks_lost <= 36, "{cost:?} {}", a.story());
    assert_eq!(cost.double_produced, 0, "{cost:?}");
}

#[test]
fn b_signs_by_its_own_key_once_the_schedule_carries_it() {
    let net = Network::up("rungs_key", 4);
    net.order("push", &["--background"]);
    let key = keys::normal(net.order("set-key", &["b"]).trim()).unwrap();
    // It need not be paused: no block of its own counts until the schedule has its key.
    net.order("resume", &["b"]);
    // The chain of the testnet has no system contract: what cleos would send is sent as the schedule
    // that the system contract makes of it. All else is the script as it is delivered.
    net.script(
        "cleos",
        &format!(
            "printf '%s\\n' \"$*\" >> '{}'\n[[ \"$*\" == *'system regproducer eosstorebest {key} '* ]]\n\
             exec {}",
            net.path("cleos.calls").display(),
            net.line("schedule-key b --no-wait"),
        ),
    );
    let switch = net.script(
        "key.sh",
        &format!(
            "export PATH='{}':\"$PATH\"\nexec {}/scripts/switch-key.sh",
            net.path("").display(),
            env!("CARGO_MANIFEST_DIR")
        ),
    );
    let b = Keeper::start_among(
        'B',
        &net,
        &['C'],
        &format!(
            "promote = key\nkey_script = {}\nproducer_key = {key}\ndemote = api\n\
             act_timeout_seconds = 40",
            switch.display()
        ),
    );
    net.turn_just_over("a", 120);
    let last = net.turn_just_over("a", 60);
    assert!(net.produced_blocks("b").is_empty(), "B signed beside A: {}", b.story());
    assert_eq!(promotions(&b), 0);

    net.order("kill", &["a"]);
    until("B's keeper to wait for the chain", PATIENCE_SECONDS, || {
        (b.status_json()?["decision"]["kind"] == "verify").then_some(())
    });
    until("the keeper to see a block of its node on the chain", PATIENCE_SECONDS, || {
        (b.status_json()?["promotion"]["stage"] == "producing").then_some(())
    });
    let first = net.produced_blocks("b")[0].time;
    println!("from A's last block to B's first: {} ms", first.since_ms(last));
    let calls = std::fs::read_to_string(net.path("cleos.calls")).expect("cleos was called");
    assert_eq!(calls.lines().count(), 1, "{calls}");
    assert_eq!(promotions(&b), 1);
    net.turn_just_over("b", 120);

    // The old key signs nothing that counts, also where nobody paused the node that has it.
    let signed = net.produced_blocks("a").len();
    net.order("start", &["a", "--unpaused"]);
    net.turn_just_over("b", 120);
    assert_eq!(net.produced_blocks("a").len(), signed, "A signed with a key of yesterday");
    assert_eq!(b.status_json().unwrap()["promotion"]["stage"], "producing", "{}", b.story());
    let cost = net.print_cost("A killed, B promoted by its key", last);
    // Two rounds of waiting, and the rounds that legacy consensus takes for a schedule.
    assert!((24..=84).contains(&cost.blocks_lost), "{cost:?} {}", b.story());
    assert_eq!(cost.double_produced, 0, "{cost:?}");
}
