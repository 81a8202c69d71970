//! What must not follow from an act, a restart or an order: two signers, none, or a surprise.

#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use eoskeeper::core::action::{Act, ActResult, Latch, LatchStage, Maintenance, Outcome};
use eoskeeper::core::command::Command;
use eoskeeper::core::event::{Event, EventName, LogEvent};
use eoskeeper::core::handover::{Fence, PeerEvent, PeerSaid, Refused, Signing};
use eoskeeper::core::lease::LeaseEvent;
use eoskeeper::core::promotion::SwitchStep;
use eoskeeper::core::settings::{Lease, OnLeaseOutage, Role, Settings};
use keeper_support::pair::{
    A, B, WARM, active_with, ended, handover, offer, record, returned, settings, with_lease,
};
use keeper_support::{BP, LeaseSays, World, name, peer};

/// B with the lease, promoted and proven; A was stopped and says so.
fn producing() -> World {
    let mut world = World::with(with_lease(settings(B, "a")), 21, Ok(None));
    world.lease = Some(LeaseSays::Read(None));
    world.run(WARM);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
    world.peer = Some(peer("a", A, Signing::No));
    world.run(10);
    world.orders.clear();
    world
}

fn answer(world: &mut World, result: ActResult) {
    let id = world.orders.last().unwrap().1.id;
    world.tell(Event::Outcome(Outcome { id, result }));
}

#[test]
fn what_a_node_let_go_of_is_no_ground_for_itself() {
    let mut world = producing();
    let now = world.now;
    let order = Command::Demote { force: true, dry_run: false };
    assert!(world.keeper.command(now, &order).accepted);
    world.run(60);
    assert_eq!(world.acts(), [Act::Demote, Act::ReleaseLease], "{:?}", world.decisions);
}

#[test]
fn a_standby_that_stepped_down_before_a_second_signer_does_not_begin_again() {
    let mut world = producing();
    let time = world.now.wall;
    world.received_ours(9_999, time, 77);
    world.run(30);
    assert_eq!(world.acts(), [Act::Demote, Act::ReleaseLease], "{:?}", world.decisions);
}

#[test]
fn a_lease_is_not_kept_by_a_node_that_does_not_sign() {
    // The promotion is refused after the lease was taken.
    let mut world = World::with(with_lease(settings(B, "a")), 21, Ok(None));
    world.lease = Some(LeaseSays::Read(Some(record("a", 7, None))));
    world.run(WARM);
    world.knobs.active_signs = false;
    world.knobs.answer = None;
    let given = handover(Fence::Fenced, world.now.wall);
    world.lease = Some(LeaseSays::Read(Some(record("a", 8, Some(given)))));
    world.run(2);
    assert_eq!(world.acts(), [Act::AcquireLease], "{:?}", world.decisions);
    world.lease = Some(LeaseSays::Held(9));
    world.run(1);
    answer(&mut world, ActResult::Done(String::new()));
    world.run(1);
    assert_eq!(world.acts().last(), Some(&Act::Promote));
    answer(&mut world, ActResult::Refused("no".to_owned()));
    world.run(2);
    let released = world.orders.last().unwrap().1.clone();
    assert_eq!(released.act, Act::ReleaseLease, "{:?}", world.decisions);
    assert_eq!(released.handover.unwrap().fence, Fence::Fenced);
}

#[test]
fn a_node_that_may_sign_still_and_cannot_be_stopped_lets_go_of_the_lease_too() {
    let mut world = producing();
    world.knobs.answer = Some(ActResult::Failed("no answer".to_owned()));
    let now = world.now;
    let order = Command::Demote { force: true, dry_run: false };
    assert!(world.keeper.command(now, &order).accepted);
    world.run(3);
    let released = world.orders.iter().find(|(_, order)| order.act == Act::ReleaseLease);
    let released = released.unwrap_or_else(|| panic!("{:?}", world.acts()));
    // Whoever takes it must see our slots pass unsigned.
    assert_eq!(released.1.handover.as_ref().unwrap().fence, Fence::Unknown);
}

#[test]
fn an_active_node_that_waits_unfit_does_not_keep_the_lease() {
    let mut world = active_with(with_lease(settings(A, "b")), Some(LeaseSays::Held(5)));
    // nodeos was started again, paused; nobody watches its process; its disk is broken.
    world.knobs.lib_moves = false;
    world.run(40);
    world.run_slot();
    world.run_slot();
    world.run_slot();
    let started = LogEvent::new(EventName::NodeStarted);
    world.tell(Event::Log(started));
    world.knobs.paused = true;
    world.run(30);
    assert_eq!(world.acts(), [Act::ReleaseLease], "{:?}", world.decisions);
}

#[test]
fn a_keeper_that_is_started_beside_a_node_that_signs_keeps_the_lease() {
    let latch = |stage| {
        let mut latch = Latch::at_rest(name(BP), World::new(A, 21).now.wall.plus_ms(-60_000));
        latch.stage = stage;
        Ok(Some(latch))
    };
    for (role, node, other, stage) in [
        (A, "a", "b", LatchStage::Standby),
        (B, "b", "a", LatchStage::Promoted),
        (B, "b", "a", LatchStage::Promoting),
    ] {
        let mut world = World::with(with_lease(settings(role, other)), 21, latch(stage));
        (world.knobs.paused, world.knobs.active_signs) = (false, false);
        world.lease = Some(LeaseSays::Read(Some(record(node, 7, None))));
        world.run(300);
        assert_eq!(world.acts(), [Act::AcquireLease], "{role:?} {stage:?}: {:?}", world.decisions);
    }
}

#[test]
fn an_active_node_that_only_a_person_resumes_stops_once() {
    let mut hand = with_lease(settings(A, "b"));
    hand.promotion.can_promote = false;
    let mut world = active_with(hand, Some(LeaseSays::Held(5)));
    world.lease = Some(LeaseSays::Failed);
    world.run(60);
    assert_eq!(world.acts(), [Act::Demote, Act::ReleaseLease], "{:?}", world.decisions);
    assert_eq!((world.told("lease_lost"), world.told("stopped")), (1, 1));
    // etcd is back and the lease free; a person resumes it without having taken it: stopped again.
    world.lease = Some(LeaseSays::Read(None));
    world.run(10);
    assert_eq!(world.acts().len(), 2, "{:?}", world.decisions);
    world.knobs.paused = false;
    world.run(10);
    assert_eq!(world.acts().len(), 3, "{:?}", world.decisions);
}

#[test]
fn what_a_person_stopped_stays_stopped_until_a_person_says_otherwise() {
    for peers in [true, false] {
        let mut own = settings(A, "b");
        if !peers {
            own.peers.names.clear();
        }
        let mut world = active_with(own, None);
        let now = world.now;
        let order = Command::Demote { force: true, dry_run: false };
        assert!(world.keeper.command(now, &order).accepted);
        world.run(600);
        assert_eq!(world.acts(), [Act::Demote], "{peers}: {:?}", world.decisions);
        // Also after the keeper was started again.
        let latch = world.latches.last().cloned();
        let mut world = World::with(world.keeper.settings().clone(), 21, Ok(latch));
        (world.knobs.paused, world.knobs.active_signs) = (true, false);
        world.peer = Some(peer("b", B, Signing::No));
        world.run(600);
        assert_eq!(world.acts(), [], "{peers}: {:?}", world.decisions);
        let now = world.now;
        let order = Command::Promote { force: false, dry_run: false };
        let answer = world.keeper.command(now, &order);
        assert!(answer.accepted, "{answer:?}");
        world.run(2);
        assert_eq!(world.acts(), [Act::Promote], "{peers}");
    }
}

#[test]
fn a_node_that_a_person_stopped_may_sign_again_once_another_has() {
    let mut world = active_with(settings(A, "b"), None);
    let now = world.now;
    let order = Command::Demote { force: true, dry_run: false };
    assert!(world.keeper.command(now, &order).accepted);
    world.run(20);
    world.knobs.active_signs = true;
    world.run(400);
    world.knobs.active_signs = false;
    assert_eq!(world.acts(), [Act::Demote], "{:?}", world.decisions);
    world.run(300);
    assert_eq!(world.acts(), [Act::Demote, Act::Promote], "{:?}", world.decisions);
}

#[test]
fn a_right_of_a_plain_restart_ends_before_another_may_have_acted() {
    let start = World::new(A, 21).now.wall;
    let mut latch = Latch::at_rest(name(BP), start);
    latch.active_at = Some(start.plus_ms(-60_000));
    let until = start.plus_ms(600_000);
    latch.maintenance = Some(Maintenance { since: start, until, reason: "x".to_owned() });
    let mut own = settings(A, "b");
    own.peers.names.clear();
    let mut world = World::with(own, 21, Ok(Some(latch)));
    (world.knobs.paused, world.knobs.active_signs) = (true, false);
    // It may not for ten minutes, and hears nothing of a standby that took over meanwhile.
    world.run(590);
    world.jump(10_000, 10_000);
    world.run(60);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
}

#[test]
fn a_holder_that_signed_through_an_outage_takes_the_lease_again() {
    let mut keeps = with_lease(settings(A, "b"));
    keeps.lease.as_mut().unwrap().on_outage = OnLeaseOutage::KeepIfChainProves;
    let mut world = active_with(keeps, Some(LeaseSays::Held(5)));
    world.lease = Some(LeaseSays::Failed);
    world.run(40);
    assert_eq!(world.acts(), []);
    world.tell(Event::Lease(LeaseEvent::Lost("it lapsed".to_owned())));
    world.lease = Some(LeaseSays::Read(None));
    world.run(5);
    assert_eq!(world.acts(), [Act::AcquireLease], "{:?}", world.decisions);
}

#[test]
fn a_node_that_returns_unpaused_is_stopped_at_once() {
    for lease in [false, true] {
        let own = if lease { with_lease(settings(A, "b")) } else { settings(A, "b") };
        let mut world = active_with(own, lease.then_some(LeaseSays::Held(5)));
        world.run(60);
        ended(&mut world);
        world.run(3);
        assert!(world.acts().contains(&Act::HandOver), "{:?}", world.decisions);
        if lease {
            world.lease = Some(LeaseSays::Read(Some(record("b", 9, None))));
        }
        returned(&mut world);
        world.knobs.paused = false;
        world.orders.clear();
        world.run(9);
        assert_eq!(world.acts().first(), Some(&Act::Demote), "{lease}: {:?}", world.decisions);
        assert_eq!(world.told("returned_unpaused"), 1);
    }
}

#[test]
fn a_keeper_started_after_its_handover_stops_a_node_that_came_back_unpaused() {
    let mut latch = Latch::at_rest(name(BP), World::new(A, 21).now.wall.plus_ms(-20_000));
    latch.stage = LatchStage::HandedOver;
    let mut world = World::with(settings(A, "b"), 21, Ok(Some(latch)));
    world.knobs.paused = false;
    world.peer = Some(peer("b", B, Signing::Yes));
    world.run(9);
    assert_eq!(world.acts(), [Act::Demote], "{:?}", world.decisions);
}

#[test]
fn a_standby_that_is_unpaused_beside_the_one_that_signs_is_stopped() {
    let mut world = World::with(settings(B, "a"), 21, Ok(None));
    world.peer = Some(peer("a", A, Signing::Yes));
    world.run(WARM);
    world.knobs.paused = false;
    world.run(5);
    assert_eq!(world.acts(), [Act::Demote], "{:?}", world.decisions);
}

#[test]
fn what_signs_already_is_not_given_to_a_third() {
    let mut own = settings(A, "b");
    own.peers.names.push("c".to_owned());
    let mut world = active_with(own, None);
    world.knobs.promote_works = false;
    ended(&mut world);
    world.run(2);
    let id = world.orders[0].1.handover.clone().unwrap().id;
    let status = world.peer.as_mut().unwrap();
    (status.signing, status.ready) = (Signing::Yes, false);
    status.taken = Some(eoskeeper::core::handover::Taken {
        id,
        state: eoskeeper::core::handover::TakenState::Declined,
        sentence: "It was not taken up in time.".to_owned(),
    });
    for _ in 0..30 {
        let mut c = peer("c", Role::SecondStandby, Signing::No);
        c.head_time = Some(world.now.wall);
        let said = PeerSaid::Status(Box::new(c));
        world.tell(Event::Peer(PeerEvent { index: 1, said }));
        world.run(1);
    }
    assert_eq!(world.acts(), [Act::HandOver], "{:?}", world.decisions);
}

#[test]
fn of_two_that_begin_at_once_one_lets_the_other_be() {
    // (who looks, who else begins, which goes on)
    for (role, other, goes_on) in [(B, A, false), (A, B, true)] {
        let mut own = settings(role, "x");
        own.promotion.configured = true;
        let mut latch = Latch::at_rest(name(BP), World::new(A, 21).now.wall);
        latch.stage = if role == A { LatchStage::HandedOver } else { LatchStage::Standby };
        let mut world = World::with(own, 21, Ok(Some(latch)));
        world.peer = Some(peer("x", other, Signing::No));
        world.run(WARM);
        world.knobs.active_signs = false;
        world.knobs.saves_hang = true;
        let mut begun = false;
        for _ in 0..800 {
            world.run(1);
            begun |= world.keeper.peer_status(world.now).signing == Signing::Beginning;
            if begun {
                break;
            }
        }
        assert!(begun, "{role:?}: {:?}", world.decisions);
        world.peer = Some(peer("x", other, Signing::Beginning));
        world.run(2);
        let id = *world.hung_saves.last().unwrap();
        world.knobs.saves_hang = false;
        world.tell(Event::Outcome(Outcome { id, result: ActResult::Done(String::new()) }));
        world.run(2);
        let promoted = world.acts().contains(&Act::Promote);
        assert_eq!(promoted, goes_on, "{role:?}: {:?}", world.decisions);
    }
}

#[test]
fn a_standby_that_signs_and_is_paused_by_a_hand_hands_over() {
    let mut world = World::with(settings(B, "a"), 21, Ok(None));
    world.run(WARM);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
    world.peer = Some(peer("a", A, Signing::No));
    world.run(20);
    world.orders.clear();
    world.knobs.paused = true;
    world.run(20);
    assert_eq!(world.acts(), [Act::Demote, Act::HandOver], "{:?}", world.decisions);
}

#[test]
fn a_dry_run_asks_nobody_and_stops_nothing() {
    let mut own = settings(A, "b");
    own.promotion.dry_run = true;
    let mut latch = Latch::at_rest(name(BP), World::new(A, 21).now.wall);
    latch.stage = LatchStage::HandedOver;
    let mut world = World::with(own, 21, Ok(Some(latch)));
    world.peer = Some(peer("b", B, Signing::Yes));
    world.run(300);
    let now = world.now;
    let order = Command::Failback { force: true, dry_run: false };
    assert!(!world.keeper.command(now, &order).accepted);
    world.run(5);
    assert_eq!(world.acts(), []);
    let mut own = settings(B, "a");
    own.promotion.dry_run = true;
    let mut latch = Latch::at_rest(name(BP), World::new(A, 21).now.wall);
    latch.stage = LatchStage::Promoted;
    let mut world = World::with(own, 21, Ok(Some(latch)));
    world.run(60);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
}

#[test]
fn a_block_signed_before_the_handover_does_not_call_it_off() {
    let mut world = World::with(settings(B, "a"), 21, Ok(None));
    world.peer = Some(peer("a", A, Signing::Yes));
    world.run(WARM);
    world.knobs.active_signs = false;
    world.knobs.saves_hang = true;
    let fenced_at = world.now.wall;
    offer(&mut world, handover(Fence::Fenced, fenced_at));
    world.run(1);
    world.run_slot();
    // The giver's last block was on its way, and its line in the log as well.
    world.received_ours(9_999, fenced_at, 77);
    let id = *world.hung_saves.last().unwrap();
    world.knobs.saves_hang = false;
    world.tell(Event::Outcome(Outcome { id, result: ActResult::Done(String::new()) }));
    world.run(2);
    assert_eq!(world.acts(), [Act::Promote], "{:?}", world.decisions);
    assert_eq!(world.told("promotion_called_off"), 0);
}

#[test]
fn an_observer_that_is_not_paused_does_not_sign() {
    let mut own = Settings::new(Role::Observer, name(BP));
    own.peers.names = vec!["a".to_owned()];
    let mut world = World::with(own, 21, Ok(None));
    world.knobs.paused = false;
    // No key of ours is on it, so that nothing of ours comes from it.
    world.knobs.promote_works = false;
    world.run(60);
    assert_eq!(world.keeper.peer_status(world.now).signing, Signing::No);
    assert_eq!(world.acts(), []);
}

#[test]
fn a_keeper_killed_after_it_gave_does_not_take_the_node_for_restarted() {
    let mut world = active_with(settings(A, "b"), None);
    world.run(60);
    assert!(world.latches.last().is_some_and(|latch| latch.active_at.is_some()));
    ended(&mut world);
    world.run(1);
    let latch = world.latches.iter().find(|latch| latch.stage == LatchStage::Demoting);
    assert_eq!(latch.unwrap().active_at, None, "the giving began");
}

#[test]
fn a_switchover_that_came_to_nothing_is_said_so() {
    let mut world = active_with(settings(A, "b"), None);
    let order = Command::Switchover { to: "b".to_owned(), force: false, dry_run: false };
    let now = world.now;
    assert!(world.keeper.command(now, &order).accepted);
    let mut b = peer("b", B, Signing::Yes);
    b.signing_since = Some(world.now.wall.plus_ms(1_000));
    world.peer = Some(b);
    ended(&mut world);
    world.run(5);
    let switch = world.keeper.status(world.now).switchover.unwrap();
    let step = serde_json::to_value(switch.step).unwrap();
    assert!(step != "waiting" && step != "giving", "{switch:?}");
}

#[test]
fn what_a_dead_process_said_of_its_pause_is_no_return() {
    let mut world = active_with(settings(A, "b"), None);
    world.run(60);
    // The last answer of `paused` stands until the next is asked for.
    ended(&mut world);
    assert!(world.run_until("handed_over", 200), "{:?}", world.decisions);
    world.run(30);
    assert_eq!(world.acts(), [Act::HandOver], "{:?}", world.decisions);
    assert_eq!(world.told("returned_unpaused"), 0);
}

#[test]
fn a_refused_failback_is_said_at_once_on_the_node_that_asked() {
    // B signs and sees that A is not ready.
    let mut b = producing();
    b.peer.as_mut().unwrap().ready = false;
    b.run(2);
    assert_eq!(b.keeper.peer_status(b.now).refused, None);
    let asks = PeerSaid::Ask("a person on a".to_owned());
    b.tell(Event::Peer(PeerEvent { index: 0, said: asks }));
    b.run(1);
    let refused = b.keeper.peer_status(b.now).refused.expect("a refusal");
    assert_eq!((refused.to.as_str(), b.acts().len()), ("a", 0));
    assert!(refused.sentence.contains("a is not ready"), "{refused:?}");
    // A hears of it. What B had refused before is no answer, nor what it refused to another.
    let mut own = settings(A, "b");
    own.node = "a".to_owned();
    let mut a = World::with(own, 21, Ok(None));
    a.peer = Some(peer("b", B, Signing::Yes));
    let before = Refused { at: refused.at.plus_ms(-60_000), ..refused.clone() };
    a.peer.as_mut().unwrap().refused = Some(before);
    a.run(WARM);
    let now = a.now;
    assert!(a.keeper.command(now, &Command::Failback { force: true, dry_run: false }).accepted);
    let step = |world: &World| world.keeper.status(world.now).switchover.unwrap();
    a.run(3);
    assert_eq!(step(&a).step, SwitchStep::Asked);
    a.peer.as_mut().unwrap().refused = Some(Refused { to: "c".to_owned(), ..refused.clone() });
    a.run(3);
    assert_eq!(step(&a).step, SwitchStep::Asked);
    a.peer.as_mut().unwrap().refused = Some(refused);
    a.run(1);
    assert_eq!(step(&a).step, SwitchStep::Failed);
    assert!(step(&a).step_sentence.starts_with("b refused: a is not ready"), "{:?}", step(&a));
}

#[test]
fn who_paused_the_active_node_by_its_api_is_told_that_it_does_not_last() {
    let mut world = active_with(settings(A, "b"), None);
    world.peer.as_mut().unwrap().ready = false;
    world.run(2);
    world.knobs.paused = true;
    assert!(world.run_until("verify", 60), "{:?}", world.decisions);
    let (_, order) = world.orders.last().unwrap();
    assert!(order.reason.contains("`eoskeeper demote`"), "{order:?}");
    assert!(world.run_until("watch", 300), "{:?}", world.decisions);
    for key in ["handover_no_taker", "armed"] {
        let told: Vec<_> = world.notices.iter().filter(|n| n.key == key).collect();
        assert!(told.len() == 1 && told[0].text.contains("`eoskeeper maintenance`"), "{told:?}");
    }
    // A dead process is not such a thing.
    let mut world = active_with(settings(A, "b"), None);
    world.peer.as_mut().unwrap().ready = false;
    world.run(2);
    ended(&mut world);
    world.run(5);
    let told = world.notices.iter().find(|n| n.key == "handover_no_taker").unwrap();
    assert!(!told.text.contains("demote"), "{told:?}");
}

#[test]
fn a_standby_that_gave_back_says_that_it_is_one() {
    let mut world = producing();
    world.peer.as_mut().unwrap().ready = true;
    world.run(2);
    let now = world.now;
    let order = Command::Failback { force: false, dry_run: false };
    assert!(world.keeper.command(now, &order).accepted, "{:?}", world.decisions);
    assert!(world.run_until("handed_over", 400), "{:?}", world.decisions);
    let sentence = &world.keeper.decision().sentence;
    assert!(sentence.contains("this node is a standby again"), "{sentence}");
}

#[test]
fn the_shortest_time_of_a_lease_carries_a_start_beside_a_node_that_signs() {
    let times = Lease { renew_ms: 500, timeout_ms: 1_500, ..Lease::DEFAULT };
    assert_eq!(times.least_ttl_ms(), 5_000);
    for (ttl_ms, stops) in [(5_000, false), (4_000, true)] {
        let mut own = settings(A, "b");
        own.lease = Some(Lease { ttl_ms, ..times });
        let mut world = World::with(own, 21, Ok(None));
        (world.knobs.paused, world.knobs.active_signs) = (false, false);
        // The first answer of etcd comes as late as it may.
        world.run(2);
        world.lease = Some(LeaseSays::Held(5));
        world.run(20);
        assert_eq!(world.acts().contains(&Act::Demote), stops, "{ttl_ms}: {:?}", world.decisions);
    }
}

/// A disk that is full stops nodeos, and the keeper cannot write what it does: nobody could sign while
/// the lease is renewed for a node that is gone.
#[test]
fn the_lease_of_a_dead_node_is_let_go_of_when_the_state_cannot_be_written() {
    let full = || ActResult::Failed("no space left on device".to_owned());
    let mut world = active_with(with_lease(settings(A, "b")), Some(LeaseSays::Held(5)));
    world.knobs.save_answer = full();
    ended(&mut world);
    world.run(20);
    assert_eq!(world.acts(), [Act::ReleaseLease], "{:?}", world.decisions);
    let given = world.orders[0].1.handover.clone().unwrap();
    assert_eq!(given.fence, Fence::Fenced, "its process is gone");

    // The state was of no use from the start.
    let damaged = Err("state.sqlite is damaged".to_owned());
    let mut world = World::with(with_lease(settings(A, "b")), 21, damaged);
    (world.knobs.paused, world.knobs.active_signs) = (false, false);
    world.lease = Some(LeaseSays::Held(5));
    world.run(WARM);
    ended(&mut world);
    world.run(20);
    assert_eq!(world.acts(), [Act::ReleaseLease], "{:?}", world.decisions);

    // A process that lives keeps it, and so does a person's maintenance.
    let mut world = active_with(with_lease(settings(A, "b")), Some(LeaseSays::Held(5)));
    world.knobs.save_answer = full();
    world.run(400);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
}
