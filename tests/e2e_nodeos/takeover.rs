//! The active node fails, and the first standby takes over: after two rounds, alone, and once.

use eoskeeper::core::time::Timestamp;

use crate::keeper::Keeper;
use crate::network::{Network, Produced};
use crate::wait::{all_through, until};

/// Two rounds of 24 s, each with 4 s of grace: what B waits since our last block.
const WAIT_MS: i64 = 2 * (24_000 + 4_000);
/// Bound for B's takeover: the wait, a turn that was just missed, and a slow machine.
const TAKEOVER_SECONDS: u64 = 180;

/// A network with our turn just over, so that what a fault costs doesn't depend on when the test
/// got there; keepers B and C have watched it for a round.
struct Scene {
    net: Network,
    b: Keeper,
    c: Keeper,
    /// Block time of the last block A signed before the fault.
    last: Timestamp,
}

impl Scene {
    fn set(test: &str) -> Self {
        let net = Network::up(test, 4);
        let (b, c) = (Keeper::start('B', &net, ""), Keeper::start('C', &net, ""));
        let turns = |n: usize| {
            let blocks = net.produced_blocks("a");
            (blocks.len() >= n && turn_is_over(&blocks)).then_some(blocks.len())
        };
        let seen = until("a whole turn of A", 90, || turns(12));
        until("another whole turn of A", 60, || turns(seen + 12));
        let last = net.last_block("a");
        let early = net.produced_blocks("b").len() + net.produced_blocks("c").len();
        assert_eq!(early, 0, "a standby signed while A did: {} {}", b.story(), c.story());
        Self { net, b, c, last }
    }

    /// Waits until B signs, and checks that it waited two rounds and that C did nothing.
    fn b_takes_over(&self) {
        until("B to sign a block", TAKEOVER_SECONDS, || {
            assert_ne!(self.net.paused("c"), Some(false), "C promoted: {}", self.c.story());
            (!self.net.produced_blocks("b").is_empty()).then_some(())
        });
        let waited_ms = self.net.produced_blocks("b")[0].time.since_ms(self.last);
        assert!(waited_ms > WAIT_MS, "B signed after {waited_ms} ms: {}", self.b.story());
        assert!(self.net.produced_blocks("c").is_empty());
    }

    /// Waits until all of a turn that B began is on the chain.
    fn b_signs_a_whole_turn(&self) {
        until("a whole turn of B", 90, || {
            let blocks = self.net.produced_blocks("b");
            (blocks.len() >= 12 && turn_is_over(&blocks)).then_some(())
        });
    }
}

/// A turn starts at a multiple of 12 slots (6 s), so its last block is 5.5 s after that.
fn turn_is_over(blocks: &[Produced]) -> bool {
    blocks.last().is_some_and(|b| b.time.ms().rem_euclid(6_000) == 5_500)
}

#[test]
fn killed_a_is_replaced_by_b_and_returns_paused() {
    let scene = Scene::set("takeover_kill");
    scene.net.order("kill", &["a"]);
    scene.b_takes_over();
    scene.b_signs_a_whole_turn();

    scene.net.order("start", &["a"]);
    let signed = scene.net.produced_blocks("a").len();
    // A round and more: our turn comes once in it.
    all_through(40, || {
        assert_ne!(scene.net.paused("a"), Some(false), "A produces beside B");
        assert_ne!(scene.net.paused("c"), Some(false), "C promoted: {}", scene.c.story());
    });
    assert_eq!(scene.net.produced_blocks("a").len(), signed);
    let cost = scene.net.print_cost("A killed, returned paused", scene.last);
    // Two turns pass in two rounds; a third is B's unless this machine is very slow.
    assert!((24..=48).contains(&cost.blocks_lost), "{cost:?}");
    assert_eq!(cost.double_produced, 0, "{cost:?}");
}

#[test]
fn a_that_returns_producing_makes_b_step_down() {
    let scene = Scene::set("takeover_return");
    scene.net.order("kill", &["a"]);
    scene.b_takes_over();
    scene.b_signs_a_whole_turn();

    scene.net.order("push", &["--background"]);
    scene.net.order("start", &["a", "--unpaused"]);
    b_steps_down(&scene);
    let cost = scene.net.print_cost("A killed, returned producing", scene.last);
    assert!(cost.blocks_lost >= 24, "{cost:?}");
}

#[test]
fn frozen_a_is_replaced_by_b_which_steps_down_when_a_thaws() {
    let scene = Scene::set("takeover_freeze");
    scene.net.order("freeze", &["a"]);
    scene.b_takes_over();
    scene.b_signs_a_whole_turn();

    scene.net.order("push", &["--background"]);
    scene.net.order("thaw", &["a"]);
    b_steps_down(&scene);
    let cost = scene.net.print_cost("A frozen and thawed", scene.last);
    assert!(cost.blocks_lost >= 24, "{cost:?}");
}

/// Waits until B is paused again, by its keeper, and checks that A signs on alone.
fn b_steps_down(scene: &Scene) {
    until("B to step down", TAKEOVER_SECONDS, || {
        assert_ne!(scene.net.paused("c"), Some(false), "C promoted: {}", scene.c.story());
        scene.net.paused("b").filter(|paused| *paused)
    });
    let (a, b) = (scene.net.produced_blocks("a").len(), scene.net.produced_blocks("b").len());
    until("A to sign a turn", 90, || {
        (scene.net.produced_blocks("a").len() >= a + 12).then_some(())
    });
    // nodeos finishes the block it has begun when the pause arrives.
    let after = scene.net.produced_blocks("b").len();
    assert!(after <= b + 1, "B signs on: {}", scene.b.story());
    assert_eq!(scene.net.paused("b"), Some(true));
    assert!(scene.b.log().contains("elsewhere"), "the reason is not told: {}", scene.b.story());
}
