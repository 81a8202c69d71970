//! Faults that come one upon another, in virtual time: each case is a way to have two nodes sign, or
//! none.

#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use eoskeeper::core::action::{Act, ActResult, Latch, LatchStage, Outcome, Severity};
use eoskeeper::core::event::{Event, EventName, LogEvent, Reason, ShortId};
use eoskeeper::core::schedule::{SLOT_MS, Slot};
use eoskeeper::core::settings::{Role, Wait};
use keeper_support::{BP, World, armed, name};

const B: Role = Role::FirstStandby;
/// Warm-up: three rounds of 21 producers, so that every window is covered.
const WARM: u64 = 3 * 126;

fn warm(role: Role) -> World {
    let mut world = World::armed(role, 21);
    world.run(WARM);
    world
}

/// B after it has taken over from a dead A.
fn promoted() -> World {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
    world
}

fn run_to_order(world: &mut World) {
    for _ in 0..600 {
        world.run(1);
        if !world.orders.is_empty() {
            return;
        }
    }
    panic!("no order: {:?}", world.decisions);
}

#[test]
fn a_chain_that_stood_still_and_goes_on_promotes_nobody() {
    // (seconds the whole chain stands still, seconds into the run at which it begins)
    for stall in [60, 200, 300, 600, 3000] {
        for offset in (0..126).step_by(9) {
            let mut world = warm(B);
            world.run(offset);
            (world.knobs.active_signs, world.knobs.others_sign) = (false, false);
            world.run(stall);

            (world.knobs.active_signs, world.knobs.others_sign) = (true, true);
            world.run(300);
            assert_eq!(world.acts(), [], "{stall} s at {offset}: {:?}", world.decisions);
        }
    }
}

#[test]
fn a_dead_producer_is_missed_after_a_stall_too_and_beside_dead_neighbours() {
    let mut world = warm(B);
    (world.knobs.active_signs, world.knobs.others_sign) = (false, false);
    world.run(600);
    world.knobs.others_sign = true;
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
}

#[test]
fn a_producer_that_returns_while_the_latch_is_written_is_left_alone() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    world.knobs.saves_hang = true;
    for _ in 0..600 {
        world.run(1);
        if !world.hung_saves.is_empty() {
            break;
        }
    }
    assert_eq!(world.latches.len(), 1, "{:?}", world.decisions);
    let time = Slot::at(world.now.wall).time();
    world.received_ours(5_000, time, 77);
    world.knobs.saves_hang = false;
    let id = world.hung_saves[0];
    world.tell(Event::Outcome(Outcome { id, result: ActResult::Done(String::new()) }));
    world.run(5);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
    assert_eq!(world.latches.last().map(|l| l.stage), Some(LatchStage::Standby));
}

#[test]
fn a_promotion_under_way_is_not_overtaken_by_its_undoing() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    world.knobs.answer = None;
    run_to_order(&mut world);
    assert_eq!(world.acts(), [Act::Promote]);
    // The old node is back while the script still runs.
    world.run(2);
    let time = Slot::at(world.now.wall).time();
    world.received_ours(5_000, time, 77);
    world.run(2);
    assert_eq!(world.acts(), [Act::Promote], "the script may still resume the node afterwards");
    let id = world.orders[0].1.id;
    world.knobs.paused = false;
    world.knobs.answer = Some(ActResult::Done(String::new()));
    world.tell(Event::Outcome(Outcome { id, result: ActResult::Done(String::new()) }));
    world.run(2);
    assert_eq!(world.acts(), [Act::Promote, Act::Demote]);
}

#[test]
fn the_active_node_that_signs_again_may_hand_over_again() {
    let mut world = warm(Role::Active);
    (world.knobs.active_signs, world.knobs.paused) = (false, true);
    assert!(world.run_until("handed_over", 900), "{:?}", world.decisions);
    assert!(!world.fires("production_skipped"), "it is paused because it handed over");
    // By hand: B is paused and A resumed.
    world.remote_promoted = false;
    world.knobs.paused = false;
    world.run(300);
    assert_eq!(world.code(), "watch", "{:?}", world.decisions);
    assert_eq!(world.latches.last().map(|l| l.stage), Some(LatchStage::Standby));
    // It falls silent again.
    world.knobs.paused = true;
    assert!(world.run_until("handed_over", 900), "{:?}", world.decisions);
}

#[test]
fn a_keeper_killed_before_the_hand_over_does_not_call_it_done() {
    let since = World::new(Role::Active, 21).now.wall;
    let latch = Latch {
        stage: LatchStage::HandedOver,
        producer: name(BP),
        incident: "20260101T000000-producer_missing".to_owned(),
        reason: "eosstorebest is missing".to_owned(),
        since,
        promotions: vec![since],
        active_at: None,
        token: None,
        maintenance: None,
        stopped_by_hand: false,
    };
    let mut world = World::with(armed(Role::Active), 21, Ok(Some(latch)));
    world.knobs.active_signs = false;
    world.run(200);
    assert_eq!(world.code(), "handed_over");
    let shown = world.keeper.decision().sentence.clone();
    assert!(shown.contains("the chain has not shown"), "{shown}");
    assert_eq!(world.told("handover_failed"), 1);
}

#[test]
fn a_node_that_said_it_stops_and_goes_on_is_not_stopping() {
    let mut world = warm(B);
    world.tell(Event::Log(LogEvent::new(EventName::NodeStopping)));
    world.run(60);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
}

#[test]
fn a_disk_that_was_filling_up_does_not_hold_for_ever() {
    let mut world = warm(B);
    let mut line = LogEvent::new(EventName::DatabaseFault);
    line.reason = Some(Reason::Disk);
    world.tell(Event::Log(line));
    world.run(600);
    assert!(!world.fires("database_fault"), "nodeos repeats it while it is so");
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
}

#[test]
fn one_bad_handoff_a_round_holds_nobody_for_ever() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    for _ in 0..10 {
        let mut line = LogEvent::new(EventName::ForkSwitched);
        line.count = Some(4);
        world.tell(Event::Log(line));
        world.run(126);
    }
    assert_eq!(world.acts(), [Act::Promote], "{:?}", world.decisions);
}

#[test]
fn a_schedule_that_changes_while_a_promotion_is_verified_stops_nobody() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    assert!(world.run_until("verify", 600));
    // Another producer comes first: our turn is a place later, and another is before it.
    let turns = |w: &World| {
        w.schedule.turn_starting_from(name(BP), w.now.wall).unwrap().start().since_ms(w.now.wall)
    };
    while turns(&world) > 4_000 {
        world.run(1);
    }
    world.schedule.version += 1;
    world.schedule.producers.retain(|n| *n != name(BP));
    world.schedule.producers.push(name(BP));
    world.run(200);
    assert_eq!(world.acts(), [Act::Promote], "{:?}", world.decisions);
    assert_eq!(world.code(), "produce");
}

#[test]
fn a_keeper_that_slept_while_it_verified_looks_again_before_it_undoes() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    assert!(world.run_until("verify", 600));
    world.jump(300_000, 300_000);
    let actions = world.keeper.tick(world.now);
    assert_eq!(actions.len(), 0, "{actions:?}");
    assert!(world.run_until("produce", 150), "{:?}", world.decisions);
    assert_eq!(world.acts(), [Act::Promote]);
}

#[test]
fn an_answer_from_before_the_act_does_not_end_the_promotion() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    run_to_order(&mut world);
    // Asked before the node was resumed, and slow on its way.
    world.tell(Event::Paused(Ok(true)));
    let actions = world.keeper.tick(world.now.plus_ms(1));
    assert_eq!(actions.len(), 0, "{actions:?}");
    assert!(world.run_until("produce", 150), "{:?}", world.decisions);
}

#[test]
fn the_late_blocks_of_a_slow_producer_before_us_are_no_second_signer() {
    for late_ms in [500_u64, 1_000, 1_500, 2_000, 2_500, 3_000] {
        let mut world = promoted();
        world.run(20);
        let start = world.schedule.turn_starting_from(name(BP), world.now.wall).unwrap().start();
        let mut number = 90_000;
        while world.now.wall < start.plus_ms(8_000) {
            // Each half second one of them comes, until the last.
            let in_turn = world.now.wall.since_ms(start);
            // What comes late did not come in time.
            world.knobs.log = in_turn >= 0 || in_turn < -late_ms.cast_signed();
            if in_turn >= 0 && in_turn.cast_unsigned() < late_ms + 1 {
                for _ in 0..2 {
                    let own = world.keeper.status(world.now).producer.last_block.unwrap();
                    number = number.max(own.number) + 1;
                    let mut line = LogEvent::new(EventName::BlockDropped);
                    line.block = Some(own.number);
                    line.block_id = Some(ShortId(9_999_999));
                    world.tell(Event::Log(line));
                }
            }
            world.run_slot();
        }
        assert_eq!(world.acts(), [Act::Promote], "{late_ms} ms late: {:?}", world.decisions);
    }
}

#[test]
fn a_restart_of_nodeos_pages_nobody_for_its_old_head() {
    let mut world = warm(B);
    (world.knobs.api, world.knobs.log, world.knobs.connected) = (false, false, false);
    world.run(4);
    let before = world.notices.len();
    world.run(36);
    world.knobs.api = true;
    world.tell(Event::Log(LogEvent::new(EventName::NodeStarted)));
    world.run(4);
    (world.knobs.log, world.knobs.connected) = (true, true);
    world.run(120);
    let told: Vec<_> = world.notices[before..]
        .iter()
        .filter(|n| n.severity == Severity::Page && n.key != "api_down")
        .map(|n| (n.key.clone(), n.text.clone()))
        .collect();
    assert_eq!(told, []);
    assert_eq!(world.told("api_few_producers"), 0);
    assert_eq!(world.told("log_few_producers"), 0);
}

#[test]
fn a_fixed_wait_is_never_shorter_than_the_time_between_two_turns() {
    let mut settings = armed(B);
    settings.promotion.wait = Wait::Fixed(60_000);
    let mut world = World::with(settings, 21, Ok(None));
    world.run(1_000);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
}

#[test]
fn own_blocks_from_before_the_keepers_start_are_not_signed_elsewhere() {
    let since = World::new(B, 21).now.wall.plus_ms(-3_600_000);
    let latch = Latch {
        stage: LatchStage::Promoted,
        producer: name(BP),
        incident: "20260101T000000-producer_missing".to_owned(),
        reason: "eosstorebest is missing".to_owned(),
        since,
        promotions: vec![since],
        active_at: None,
        token: None,
        maintenance: None,
        stopped_by_hand: false,
    };
    let mut world = World::with(armed(B), 21, Ok(Some(latch)));
    (world.knobs.paused, world.knobs.active_signs) = (false, false);
    world.run(3);
    // nodeos was restarted too and gets the blocks back that it had signed a moment before.
    let time = world.now.wall.plus_ms(-20 * SLOT_MS);
    world.received_ours(990, time, 5);
    world.run(5);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
}

#[test]
fn a_producer_voted_out_is_no_longer_missing() {
    let mut world = warm(Role::Observer);
    world.knobs.active_signs = false;
    world.run(700);
    assert_eq!(world.told("producer_missing"), 1);
    world.knobs.scheduled = false;
    world.run(60);
    assert_eq!(world.told("producer_missing"), 2, "raised and resolved");
}

#[test]
fn another_producers_turn_is_no_skipped_slot() {
    let mut world = World::new(Role::Active, 21);
    world.knobs.paused = false;
    world.run(WARM);
    for _ in 0..60 {
        let mut line = LogEvent::new(EventName::ProductionSkipped);
        line.reason = Some(Reason::NotMyTurn);
        world.tell(Event::Log(line));
        world.run(1);
    }
    assert_eq!(world.notices, []);
}
