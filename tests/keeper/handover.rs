//! Handing over and taking over, in virtual time: what ends the waiting, and what never does.

#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use eoskeeper::core::action::{Act, ActResult, Latch, LatchStage};
use eoskeeper::core::command::Command;
use eoskeeper::core::event::{Event, ReferenceAnswer, ReferenceEvent};
use eoskeeper::core::handover::{Fence, Handover, PeerStatus, Signing, Taken, TakenState};
use eoskeeper::core::lease::LeaseRecord;
use eoskeeper::core::process::ProcessEvent;
use eoskeeper::core::settings::{OnLeaseOutage, Role};
use keeper_support::pair::{
    A, B, WARM, active, ended, handover, offer, settings, standby, with_lease,
};
use keeper_support::{BP, LeaseSays, World, name, peer};

/// Seconds from now until the first order.
fn seconds_to_order(world: &mut World, most: u64) -> Option<u64> {
    let from = world.elapsed_ms;
    for _ in 0..most {
        world.run(1);
        if !world.orders.is_empty() {
            return Some((world.elapsed_ms - from) / 1000);
        }
    }
    None
}

#[test]
fn a_dead_process_is_handed_over_at_once_and_without_a_pause() {
    let mut world = active();
    ended(&mut world);
    // A tick for the latch and one for the order; the daemon does not wait for the second.
    assert_eq!(seconds_to_order(&mut world, 5), Some(2), "{:?}", world.decisions);
    assert_eq!(world.acts(), [Act::HandOver], "a dead process needs no pause");
    let given = world.orders[0].1.handover.clone().unwrap();
    assert_eq!((given.to.as_str(), given.fence), ("b", Fence::Fenced));
    assert!(given.reason.contains("process 4711 ended"), "{given:?}");
    assert_eq!(world.latches.last().map(|l| l.stage), Some(LatchStage::HandedOver));
    assert!(world.run_until("handed_over", 200), "{:?}", world.decisions);
    assert_eq!(world.told("handed_over"), 1);
}

#[test]
fn each_cause_that_is_certain_is_handed_over_and_named() {
    type Break = fn(&mut World);
    let cases: [(&str, Break, u64, &str); 3] = [
        ("paused by a hand", |w| w.knobs.paused = true, 30, "paused by other hands"),
        (
            "hangs: neither RPC nor log",
            |w| (w.knobs.api, w.knobs.log, w.knobs.connected) = (false, false, false),
            40,
            "",
        ),
        (
            "cut off while the others go on",
            |w| (w.knobs.connected, w.knobs.paused) = (false, false),
            40,
            "cut off",
        ),
    ];
    for (what, breaks, within, reason) in cases {
        let mut world = active();
        breaks(&mut world);
        let took = seconds_to_order(&mut world, within);
        assert!(took.is_some(), "{what}: {:?}", world.decisions);
        assert_eq!(world.acts()[0], Act::Demote, "{what}: it is stopped first");
        world.run(2);
        let given = world.orders.iter().find(|(_, o)| o.act == Act::HandOver);
        let given = given.and_then(|(_, o)| o.handover.clone()).unwrap_or_else(|| {
            panic!("{what}: nothing was given: {:?} {:?}", world.acts(), world.decisions)
        });
        assert!(given.reason.contains(reason), "{what}: {given:?}");
        assert_eq!(given.fence, Fence::Fenced, "{what}");
    }
}

#[test]
fn a_node_that_cannot_be_stopped_is_not_handed_over() {
    let mut world = active();
    world.knobs.answer = Some(ActResult::Failed("no answer".to_owned()));
    world.knobs.connected = false;
    world.run(60);
    assert!(world.acts().iter().all(|act| *act == Act::Demote), "{:?}", world.acts());
    assert!(world.acts().len() > 1, "stopping is tried on");
    assert_eq!(world.told("handover_not_fenced"), 1);
    // Its process ends after all: that is as good as a pause.
    ended(&mut world);
    world.knobs.answer = Some(ActResult::Done(String::new()));
    world.run(2);
    assert_eq!(world.acts().last(), Some(&Act::HandOver), "{:?}", world.decisions);
}

#[test]
fn the_fence_follows_a_pause_that_failed() {
    let mut settings = settings(A, "b");
    settings.promotion.can_fence = true;
    let mut world = World::with(settings, 21, Ok(None));
    (world.knobs.paused, world.knobs.active_signs) = (false, false);
    world.peer = Some(peer("b", B, Signing::No));
    world.run(WARM);
    world.knobs.connected = false;
    world.knobs.answer = None;
    assert!(seconds_to_order(&mut world, 40).is_some(), "{:?}", world.decisions);
    assert_eq!(world.acts(), [Act::Demote]);
    let id = world.orders[0].1.id;
    world.knobs.answer = Some(ActResult::Done("killed".to_owned()));
    let result = ActResult::Failed("no answer".to_owned());
    world.tell(Event::Outcome(eoskeeper::core::action::Outcome { id, result }));
    world.run(2);
    assert_eq!(world.acts(), [Act::Demote, Act::Fence, Act::HandOver], "{:?}", world.decisions);
}

#[test]
fn no_standby_is_ready_so_that_the_active_node_waits_and_offers_again() {
    let mut world = active();
    world.peer.as_mut().unwrap().ready = false;
    ended(&mut world);
    world.run(5);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
    assert_eq!(world.told("handover_no_taker"), 1);
    world.peer.as_mut().unwrap().ready = true;
    world.run(2);
    assert_eq!(world.acts(), [Act::HandOver], "{:?}", world.decisions);
}

#[test]
fn a_handover_that_was_declined_goes_to_nobody_twice() {
    let mut world = active();
    world.knobs.promote_works = false;
    ended(&mut world);
    world.run(2);
    let id = world.orders[0].1.handover.clone().unwrap().id;
    let status = world.peer.as_mut().unwrap();
    status.ready = false;
    status.taken = Some(Taken { id, state: TakenState::Declined, sentence: "no".to_owned() });
    world.run(3);
    assert_eq!(world.acts(), [Act::HandOver], "{:?}", world.decisions);
    assert_eq!(world.told("handover_no_taker"), 1);
}

#[test]
fn a_fenced_handover_promotes_the_standby_within_a_tick() {
    let mut world = standby();
    world.knobs.active_signs = false;
    let now = world.now.wall;
    offer(&mut world, handover(Fence::Fenced, now));
    assert_eq!(seconds_to_order(&mut world, 3), Some(2), "{:?}", world.decisions);
    assert_eq!(world.acts(), [Act::Promote]);
    assert!(world.orders[0].1.reason.contains("process 4711 ended"));
    let taken = world.keeper.peer_status(world.now).taken.unwrap();
    assert_eq!(
        (taken.id.as_str(), taken.state),
        ("20261121T024837-process_ended", TakenState::Resumed)
    );
    assert!(world.run_until("produce", 200), "{:?}", world.decisions);
    let taken = world.keeper.peer_status(world.now).taken.unwrap();
    assert_eq!(taken.state, TakenState::Proven);
}

#[test]
fn a_handover_changes_nothing_where_it_must_not() {
    type Spoil = fn(&mut World, &mut Handover);
    let cases: [(&str, Spoil, &str); 7] = [
        ("not fenced", |_, h| h.fence = Fence::Unknown, "hold:producer_seen"),
        ("refused", |_, h| h.fence = Fence::Refused, "hold:producer_seen"),
        ("for another node", |_, h| h.to = "c".to_owned(), "hold:producer_seen"),
        ("of another chain", |_, h| h.chain_id = Some("0".repeat(64)), "hold:producer_seen"),
        (
            "a block came after it",
            |_, h| h.fenced_at = h.fenced_at.plus_ms(-200_000),
            "hold:producer_seen",
        ),
        ("this node is down", |w, _| w.knobs.api = false, "hold:api_down"),
        ("this node's chain stands", |w, _| w.knobs.lib_moves = false, "hold:lib_stalled"),
    ];
    for (what, spoil, code) in cases {
        let mut world = standby();
        let mut given = handover(Fence::Fenced, world.now.wall);
        spoil(&mut world, &mut given);
        world.run(35);
        offer(&mut world, given);
        world.run(3);
        assert_eq!(world.acts(), [], "{what}: {:?}", world.decisions);
        assert_eq!(world.code(), code, "{what}");
    }
}

#[test]
fn a_handover_is_void_after_a_while() {
    let mut world = standby();
    world.knobs.active_signs = false;
    world.knobs.api = false;
    world.run(2);
    let now = world.now.wall;
    offer(&mut world, handover(Fence::Fenced, now));
    world.run(20);
    world.knobs.api = true;
    world.run(10);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
    let taken = world.keeper.peer_status(world.now).taken.unwrap();
    assert_eq!(taken.state, TakenState::Declined);
}

#[test]
fn a_peer_that_signs_on_our_chain_is_a_veto_and_one_that_is_cut_off_is_none() {
    // B's own node has not shown A's blocks for two rounds.
    for (chain_moves, expected) in [(true, "hold:peer_signing"), (false, "act")] {
        let mut world = standby();
        world.knobs.active_signs = false;
        world.peer.as_mut().unwrap().head_moves = chain_moves;
        let came = world.run_until(expected, 400) || world.code() == "produce";
        assert!(came, "{expected}: {:?}", world.decisions);
        world.run(2);
        assert_eq!(world.acts().is_empty(), chain_moves, "{:?}", world.decisions);
    }
}

#[test]
fn another_standby_that_begins_holds_this_one() {
    let mut world = standby();
    world.knobs.active_signs = false;
    world.peer = Some(peer("c", Role::SecondStandby, Signing::Beginning));
    assert!(world.run_until("hold:peer_begins", 400), "{:?}", world.decisions);
    world.run(60);
    assert_eq!(world.acts(), []);
}

#[test]
fn the_active_node_that_starts_paused_signs_after_a_round_or_at_once() {
    let latch = |since_ms: i64| {
        let start = World::new(A, 21).now.wall;
        let mut latch = Latch::at_rest(name(BP), start);
        latch.active_at = Some(start.plus_ms(-since_ms));
        Ok(Some(latch))
    };
    // (what, latch, peer, seconds to the resume: from and to)
    let cases = [
        ("nothing known", Ok(None), Signing::Unknown, 126, 150),
        ("signed a minute ago", latch(60_000), Signing::No, 1, 10),
        ("signed an hour ago", latch(3_600_000), Signing::Unknown, 126, 150),
        ("every peer says no", Ok(None), Signing::No, 10, 30),
    ];
    for (what, latch, signing, from, to) in cases {
        let mut world = World::with(settings(A, "b"), 21, latch);
        (world.knobs.paused, world.knobs.active_signs) = (true, false);
        world.peer = Some(peer("b", B, signing));
        let took = seconds_to_order(&mut world, 200);
        let took = took.unwrap_or_else(|| panic!("{what}: {:?}", world.decisions));
        assert!((from..=to).contains(&took), "{what}: {took} s: {:?}", world.decisions);
        assert_eq!(world.acts(), [Act::Promote], "{what}");
        assert!(world.run_until("watch", 200), "{what}: {:?}", world.decisions);
        assert_eq!(world.told("armed"), 1, "{what}");
    }
}

#[test]
fn a_node_that_is_being_made_to_sign_is_not_said_to_skip_its_turn() {
    for role in [A, B] {
        let mut world = World::with(settings(role, "x"), 21, Ok(None));
        (world.knobs.paused, world.knobs.active_signs) = (true, false);
        world.peer = Some(peer("x", if role == A { B } else { A }, Signing::No));
        for _ in 0..400 {
            world.run(1);
            assert!(!world.fires("production_skipped"), "{role:?}: {:?}", world.decisions);
            if !world.acts().is_empty() && ["watch", "produce"].contains(&world.code().as_str()) {
                break;
            }
        }
        assert!(world.acts().contains(&Act::Promote), "{role:?}: {:?}", world.decisions);
    }
}

#[test]
fn the_active_node_stays_stopped_while_a_standby_signs() {
    let mut world = World::with(settings(A, "b"), 21, Ok(None));
    world.knobs.paused = true;
    world.peer = Some(peer("b", B, Signing::Yes));
    world.run(600);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
    // It is started unpaused, or resumed by a hand: stopped again at once.
    world.knobs.paused = false;
    world.run(8);
    assert_eq!(world.acts(), [Act::Demote], "{:?}", world.decisions);
    assert_eq!(world.told("returned_unpaused"), 1);
}

#[test]
fn a_node_that_comes_back_while_another_signs_is_stopped_before_it_is_asked() {
    let mut world = active();
    ended(&mut world);
    world.knobs.connected = false;
    world.run(20);
    assert_eq!(world.acts(), [Act::HandOver], "{:?}", world.decisions);
    // Started again, and unpaused.
    let what = "process 4712".to_owned();
    world.tell(Event::Process(ProcessEvent::Running { what }));
    (world.knobs.api, world.knobs.connected) = (true, true);
    world.run(200);
    let stops = world.acts().iter().filter(|act| **act == Act::Demote).count();
    assert_eq!(stops, 1, "{:?} {:?}", world.acts(), world.decisions);
    assert!(world.knobs.paused);
    assert!(!world.fires("duplicate_production"), "it gave the producer away");
}

#[test]
fn a_giver_that_begins_again_holds_the_one_it_gave_to() {
    let mut world = standby();
    world.knobs.active_signs = false;
    world.peer = Some(peer("a", A, Signing::Beginning));
    let now = world.now.wall;
    world.run(1);
    offer(&mut world, handover(Fence::Fenced, now));
    world.run(5);
    assert_eq!(world.code(), "hold:peer_begins", "{:?}", world.decisions);
    // Nothing was begun and called off, again and again.
    assert_eq!((world.told("promotion_called_off"), world.latches.len()), (0, 0));
}

#[test]
fn what_another_took_is_not_offered_again() {
    let mut world = active();
    ended(&mut world);
    world.run(20);
    assert_eq!(world.acts(), [Act::HandOver], "{:?}", world.decisions);
    // B took it and signs; this node is back, unpaused, and is stopped again.
    world.peer = Some(peer("b", B, Signing::Yes));
    let what = "process 4712".to_owned();
    world.tell(Event::Process(ProcessEvent::Running { what }));
    (world.knobs.api, world.knobs.paused) = (true, false);
    world.run(200);
    assert!(world.acts().contains(&Act::Demote) && world.knobs.paused, "{:?}", world.acts());
    // For a moment B does not say whether it signs, and this node is gone again.
    world.orders.clear();
    let b = PeerStatus { ready: true, ..peer("b", B, Signing::Unknown) };
    world.peer = Some(b);
    ended(&mut world);
    world.run(60);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
}

#[test]
fn within_our_turn_the_slots_under_way_are_left_empty_rather_than_signed_twice() {
    let mut world = standby();
    world.knobs.active_signs = false;
    let now = world.now.wall;
    offer(&mut world, handover(Fence::Fenced, now.plus_ms(1_000)));
    world.tell(Event::Paused(Ok(true)));
    let took = seconds_to_order(&mut world, 5);
    // A tick later than at once: in this world the clock ticks once a second.
    assert_eq!(took, Some(2), "{:?}", world.decisions);
    let (at, order) = &world.orders[0];
    assert_eq!(order.act, Act::Promote);
    assert!(*at * 1000 >= 1_000);
    // The giver says so: stopped by a pause within its turn, it is two slots later.
    for (into_ms, expected) in [(-30_000, 0), (1_000, 1_000)] {
        let mut world = active();
        let turn = world.schedule.turn_starting_from(name(BP), world.now.wall).unwrap();
        while world.now.wall < turn.start().plus_ms(into_ms) {
            world.run_slot();
        }
        world.knobs.paused = true;
        for _ in 0..60 {
            world.run_slot();
            if world.acts().contains(&Act::HandOver) {
                break;
            }
        }
        let (at, _) = world.orders.iter().find(|(_, o)| o.act == Act::Demote).unwrap();
        let order = world.orders.iter().find(|(_, o)| o.act == Act::HandOver).unwrap();
        let fenced_at = order.1.handover.as_ref().unwrap().fenced_at;
        let start = world.now.wall.plus_ms(-(world.elapsed_ms.cast_signed()));
        let after_ms = fenced_at.since_ms(start.plus_ms((*at * 1000).cast_signed()));
        assert_eq!(after_ms, expected, "{into_ms}");
    }
}

#[test]
fn an_active_node_that_was_away_gives_way_to_the_standby_that_took_over() {
    let mut world = active();
    let mut b = peer("b", B, Signing::Yes);
    b.signing_since = Some(world.now.wall.plus_ms(1_000));
    world.peer = Some(b);
    world.run(3);
    assert_eq!(world.acts(), [Act::Demote], "{:?}", world.decisions);
}

#[test]
fn nothing_is_done_under_maintenance_and_alarms_go_on() {
    let mut world = active();
    let order =
        Command::Maintenance { for_ms: 600_000, reason: "new disk".to_owned(), force: false };
    let now = world.now;
    assert!(world.keeper.command(now, &order).accepted);
    ended(&mut world);
    world.run(60);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
    assert!(world.notices.iter().any(|n| n.text.starts_with("[maintenance: new disk]")));
    assert_eq!(world.told("maintenance_begins"), 1);
    // It always ends, and then what it held back is done.
    world.run(560);
    assert_eq!(world.told("maintenance_ends"), 1);
    assert_eq!(world.acts(), [Act::HandOver], "{:?}", world.decisions);
}

#[test]
fn maintenance_of_the_last_node_must_be_forced() {
    let mut world = active();
    world.peer.as_mut().unwrap().ready = false;
    world.run(2);
    let order = |force| Command::Maintenance { for_ms: 60_000, reason: "x".to_owned(), force };
    let now = world.now;
    let refused = world.keeper.command(now, &order(false));
    assert!(!refused.accepted && refused.sentences[0].contains("last one"), "{refused:?}");
    assert!(world.keeper.command(now, &order(true)).accepted);
}

#[test]
fn a_switchover_falls_into_the_gap_between_our_turns() {
    for offset in (0..126).step_by(7) {
        let mut world = active();
        world.run(offset);
        let order = Command::Switchover { to: "b".to_owned(), force: false, dry_run: false };
        let now = world.now;
        let answer = world.keeper.command(now, &order);
        assert!(answer.accepted, "{offset}: {answer:?}");
        let took = seconds_to_order(&mut world, 30).unwrap();
        assert!(took <= 20, "{offset}: {took}");
        let turn = world.schedule.turn_ending_after(name(BP), world.now.wall).unwrap();
        let left_ms = turn.start().since_ms(world.now.wall);
        assert!(left_ms > 4_000, "{offset}: our turn begins in {left_ms} ms");
        world.run(2);
        assert_eq!(world.acts(), [Act::Demote, Act::HandOver], "{offset}: {:?}", world.decisions);
        assert!(world.run_until("handed_over", 200), "{offset}: {:?}", world.decisions);
        let switch = world.keeper.status(world.now).switchover.unwrap();
        assert_eq!(serde_json::to_value(switch.step).unwrap(), "done", "{switch:?}");
    }
}

#[test]
fn a_declined_switchover_leaves_the_producer_where_it_was() {
    let mut world = active();
    world.knobs.promote_works = true;
    let order = Command::Switchover { to: "b".to_owned(), force: false, dry_run: false };
    let now = world.now;
    assert!(world.keeper.command(now, &order).accepted);
    world.knobs.answer = None;
    for _ in 0..40 {
        world.run(1);
        if world.acts().contains(&Act::Demote) {
            break;
        }
    }
    let answer = |world: &mut World, result: ActResult| {
        let id = world.orders.last().unwrap().1.id;
        world.tell(Event::Outcome(eoskeeper::core::action::Outcome { id, result }));
        world.run(1);
    };
    world.knobs.paused = true;
    answer(&mut world, ActResult::Done(String::new()));
    assert_eq!(world.acts().last(), Some(&Act::HandOver));
    answer(&mut world, ActResult::Refused("b: its node is behind".to_owned()));
    assert_eq!(world.told("switchover_declined"), 1, "{:?}", world.decisions);
    world.run(8);
    assert_eq!(world.acts().last(), Some(&Act::Promote), "it signs again: {:?}", world.decisions);
}

#[test]
fn orders_are_refused_with_what_stands_against_them() {
    let cases: [(&str, Role, Command, &str); 6] = [
        (
            "B cannot give",
            B,
            Command::Switchover { to: "a".into(), force: true, dry_run: false },
            "does not sign",
        ),
        (
            "an unknown node",
            A,
            Command::Switchover { to: "x".into(), force: true, dry_run: false },
            "no peer",
        ),
        ("A signs", B, Command::Promote { force: true, dry_run: false }, "signs"),
        ("A is active", A, Command::Promote { force: true, dry_run: false }, "Nothing is begun"),
        ("nobody to ask", A, Command::Failback { force: false, dry_run: false }, "No peer says"),
        ("no maintenance", A, Command::EndMaintenance, "There is no maintenance"),
    ];
    for (what, role, order, words) in cases {
        let mut world = if role == A { active() } else { standby() };
        let now = world.now;
        let answer = world.keeper.command(now, &order);
        let said = answer.sentences.join(" ");
        assert!(!answer.accepted && said.contains(words), "{what}: {answer:?}");
        world.run(5);
        assert_eq!(world.acts(), [], "{what}");
    }
}

#[test]
fn a_person_may_promote_before_the_wait_is_over_but_never_beside_another() {
    let mut world = standby();
    world.knobs.active_signs = false;
    world.peer = Some(peer("a", A, Signing::No));
    world.run(60);
    let now = world.now;
    let order = |force| Command::Promote { force, dry_run: false };
    let refused = world.keeper.command(now, &order(false));
    assert!(!refused.accepted, "{refused:?}");
    assert!(refused.sentences.iter().any(|s| s.contains("--force passes over it")), "{refused:?}");
    assert!(world.keeper.command(now, &order(true)).accepted);
    world.run(2);
    assert_eq!(world.acts(), [Act::Promote]);
}

#[test]
fn with_a_lease_a_standby_takes_it_before_it_signs() {
    let mut world = World::with(with_lease(settings(B, "a")), 21, Ok(None));
    world.lease = Some(LeaseSays::Read(None));
    world.run(WARM);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
    assert_eq!(world.acts(), [Act::AcquireLease, Act::Promote]);
    assert!(world.orders[1].1.token.is_some(), "the fencing token goes with the order");
}

#[test]
fn without_the_lease_nothing_is_promoted() {
    let held = LeaseRecord { holder: "a".to_owned(), token: 7, released: None };
    for (says, code) in [
        (LeaseSays::Read(Some(held)), "hold:lease_held"),
        (LeaseSays::Failed, "hold:lease_unknown"),
    ] {
        let mut world = World::with(with_lease(settings(B, "a")), 21, Ok(None));
        world.lease = Some(says);
        world.run(WARM);
        world.knobs.active_signs = false;
        assert!(world.run_until(code, 400), "{code}: {:?}", world.decisions);
        world.run(300);
        assert_eq!(world.acts(), [], "{code}");
    }
}

#[test]
fn a_lapsed_lease_and_unsigned_slots_promote_and_each_alone_does_not() {
    let held = LeaseRecord { holder: "a".to_owned(), token: 7, released: None };
    let scene = || {
        let mut world = World::with(with_lease(settings(B, "a")), 21, Ok(None));
        world.lease = Some(LeaseSays::Read(Some(held.clone())));
        world.run(WARM);
        world
    };
    // The lease lapses and A signs on: its keeper died, or cannot reach etcd.
    let mut world = scene();
    world.lease = Some(LeaseSays::Read(None));
    world.run(300);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
    // A is gone with its host: six slots of its next turn pass, and B takes over within the turn.
    let mut world = scene();
    world.run(60);
    world.knobs.active_signs = false;
    world.run(10);
    world.lease = Some(LeaseSays::Read(None));
    let took = seconds_to_order(&mut world, 200).unwrap();
    let turn = world.schedule.turn_ending_after(name(BP), world.now.wall).unwrap();
    let into_ms = world.now.wall.since_ms(turn.start());
    assert!((3_500..=6_000).contains(&into_ms), "after {took} s, {into_ms} ms into the turn");
    assert_eq!(world.acts()[0], Act::AcquireLease);
    // Where a node may sign through an outage of etcd, the whole proof of the chain is waited for.
    let mut keeps = with_lease(settings(B, "a"));
    keeps.lease.as_mut().unwrap().on_outage = OnLeaseOutage::KeepIfChainProves;
    let mut world = World::with(keeps, 21, Ok(None));
    world.lease = Some(LeaseSays::Read(Some(held.clone())));
    world.run(WARM);
    world.knobs.active_signs = false;
    world.run(10);
    world.lease = Some(LeaseSays::Read(None));
    let took = seconds_to_order(&mut world, 400).unwrap();
    assert!(took > 126, "{took}");
}

#[test]
fn a_holder_that_cannot_renew_stops_before_another_can_take_the_lease() {
    for (on_outage, stops) in
        [(OnLeaseOutage::Hold, true), (OnLeaseOutage::KeepIfChainProves, false)]
    {
        let mut holds = with_lease(settings(A, "b"));
        holds.lease.as_mut().unwrap().on_outage = on_outage;
        let mut world = World::with(holds, 21, Ok(None));
        (world.knobs.paused, world.knobs.active_signs) = (false, false);
        world.peer = Some(peer("b", B, Signing::No));
        world.lease = Some(LeaseSays::Held(5));
        world.run(WARM);
        assert_eq!(world.acts(), []);
        world.lease = Some(LeaseSays::Failed);
        let took = seconds_to_order(&mut world, 30);
        assert_eq!(took.is_some(), stops, "{on_outage:?}: {:?}", world.decisions);
        if let Some(took) = took {
            assert!(took < 10, "{took} s, and the lease lasts 10 s");
            assert_eq!(world.acts()[0], Act::Demote);
            assert_eq!(world.told("lease_lost"), 1);
        } else {
            // Cut off as well: then it stops.
            world.knobs.connected = false;
            assert!(seconds_to_order(&mut world, 60).is_some(), "{:?}", world.decisions);
        }
    }
}

#[test]
fn the_active_node_takes_the_lease_and_stops_if_another_holds_it() {
    let unpaused = |says| {
        let mut world = World::with(with_lease(settings(A, "b")), 21, Ok(None));
        (world.knobs.paused, world.knobs.active_signs) = (false, false);
        world.lease = Some(says);
        world.run(20);
        world.acts()
    };
    assert_eq!(unpaused(LeaseSays::Read(None)), [Act::AcquireLease]);
    let other = LeaseRecord { holder: "b".to_owned(), token: 7, released: None };
    assert_eq!(unpaused(LeaseSays::Read(Some(other)))[0], Act::Demote);
}

#[test]
fn a_keeper_started_beside_a_node_that_signs_takes_the_lease_before_its_time_is_over() {
    // etcd is slow to say that the lease is ours: nobody else holds it, so that nothing is stopped.
    let mut world = World::with(with_lease(settings(A, "b")), 21, Ok(None));
    (world.knobs.paused, world.knobs.active_signs) = (false, false);
    world.lease = Some(LeaseSays::Read(None));
    world.knobs.answer = None;
    let took = seconds_to_order(&mut world, 10).unwrap();
    assert!(took <= 3, "asked for after {took} s");
    world.run(12);
    assert_eq!(world.acts(), [Act::AcquireLease], "{:?}", world.decisions);
    // etcd does not answer at all: then it stops in time.
    let mut world = World::with(with_lease(settings(A, "b")), 21, Ok(None));
    (world.knobs.paused, world.knobs.active_signs) = (false, false);
    world.lease = Some(LeaseSays::Failed);
    let took = seconds_to_order(&mut world, 20).unwrap();
    assert!((5..10).contains(&took), "{took}");
    assert_eq!(world.acts(), [Act::Demote]);
}

#[test]
fn with_the_lease_a_dead_node_releases_it_to_the_standby() {
    let mut world = World::with(with_lease(settings(A, "b")), 21, Ok(None));
    (world.knobs.paused, world.knobs.active_signs) = (false, false);
    world.peer = Some(peer("b", B, Signing::No));
    world.lease = Some(LeaseSays::Held(5));
    world.run(WARM);
    ended(&mut world);
    world.run(3);
    assert_eq!(world.acts(), [Act::ReleaseLease, Act::HandOver], "{:?}", world.decisions);
    let given = world.orders[0].1.handover.clone().unwrap();
    assert_eq!((given.to.as_str(), given.fence), ("b", Fence::Fenced));
    assert_eq!(world.orders[0].1.token, Some(5));
}

#[test]
fn a_released_lease_is_taken_at_once_by_the_one_it_is_for() {
    let mut world = World::with(with_lease(settings(B, "a")), 21, Ok(None));
    let held = LeaseRecord { holder: "a".to_owned(), token: 7, released: None };
    world.lease = Some(LeaseSays::Read(Some(held)));
    world.run(WARM);
    world.knobs.active_signs = false;
    let released = Some(handover(Fence::Fenced, world.now.wall));
    let record = LeaseRecord { holder: "a".to_owned(), token: 8, released };
    world.lease = Some(LeaseSays::Read(Some(record)));
    assert_eq!(seconds_to_order(&mut world, 5), Some(2), "{:?}", world.decisions);
    world.run(2);
    assert_eq!(world.acts(), [Act::AcquireLease, Act::Promote]);
}

#[test]
fn a_second_promotion_is_not_made_of_one_handover() {
    let mut world = standby();
    world.knobs.active_signs = false;
    world.knobs.answer = Some(ActResult::Refused("not now".to_owned()));
    let now = world.now.wall;
    offer(&mut world, handover(Fence::Fenced, now));
    world.run(8);
    assert_eq!(world.acts(), [Act::Promote], "{:?}", world.decisions);
    let taken = world.keeper.peer_status(world.now).taken.unwrap();
    assert_eq!(taken.state, TakenState::Declined);
}

#[test]
fn a_forked_active_node_is_handed_over() {
    let mut forked = settings(A, "b");
    forked.references.names = (0..3).map(|i| format!("http://reference{i}")).collect();
    forked.references.min_agree = 2;
    let mut world = World::with(forked, 21, Ok(None));
    (world.knobs.paused, world.knobs.active_signs) = (false, false);
    world.peer = Some(peer("b", B, Signing::No));
    world.run(WARM);
    for _ in 0..30 {
        for index in 0..3 {
            let lib = world.keeper.status(world.now).chain.lib.unwrap();
            let answer = ReferenceAnswer::BlockId { number: lib, id: Ok("theirs".to_owned()) };
            world.tell(Event::Reference(ReferenceEvent { index, answer }));
        }
        world.knobs.honest = 0;
        world.run(1);
    }
    assert_eq!(world.acts().first(), Some(&Act::Demote), "{:?}", world.decisions);
}

#[test]
fn a_node_in_coma_is_restarted_once_before_it_is_handed_over() {
    let scene = || {
        let mut settings = settings(A, "b");
        settings.promotion.can_restart = true;
        let mut world = World::with(settings, 21, Ok(None));
        (world.knobs.paused, world.knobs.active_signs) = (false, false);
        world.peer = Some(peer("b", B, Signing::No));
        world.run(WARM);
        // Its RPC answers, its head stands still, and the others go on.
        world.knobs.connected = false;
        assert!(seconds_to_order(&mut world, 30).is_some(), "{:?}", world.decisions);
        assert_eq!(world.acts(), [Act::Restart]);
        assert_eq!(world.told("restarting"), 1);
        world
    };
    // It helps: the node comes back paused, and signs again without waiting.
    let mut world = scene();
    let what = "process 4712".to_owned();
    world.tell(Event::Process(ProcessEvent::Running { what }));
    (world.knobs.connected, world.knobs.paused) = (true, true);
    world.run(40);
    assert_eq!(world.acts(), [Act::Restart, Act::Promote], "{:?}", world.decisions);
    // It does not: a minute later the producer is handed over, and nothing is restarted again.
    let mut world = scene();
    world.run(58);
    assert_eq!(world.acts(), [Act::Restart], "{:?}", world.decisions);
    world.run(20);
    assert_eq!(world.acts(), [Act::Restart, Act::Demote, Act::HandOver], "{:?}", world.decisions);
    // The same where it came back paused, as it should.
    let mut world = scene();
    let what = "process 4712".to_owned();
    world.tell(Event::Process(ProcessEvent::Running { what }));
    world.knobs.paused = true;
    world.run(56);
    assert_eq!(world.acts(), [Act::Restart], "{:?}", world.decisions);
    world.run(20);
    assert_eq!(world.acts(), [Act::Restart, Act::Demote, Act::HandOver], "{:?}", world.decisions);
}

#[test]
fn a_promotion_by_key_is_proven_once_the_schedule_carries_the_key() {
    let keys = |own: bool| Event::SigningKeys {
        keys: vec![if own { "PUB_K1_own".to_owned() } else { "PUB_K1_other".to_owned() }],
    };
    let mut settings = settings(B, "a");
    settings.promotion.by_key = true;
    settings.producer_key = Some("PUB_K1_own".to_owned());
    let mut world = World::with(settings, 21, Ok(None));
    // A node with a key of its own need not be paused: it cannot sign until the chain says so.
    world.knobs.promote_works = false;
    world.knobs.paused = false;
    world.tell(keys(false));
    world.run(WARM);
    assert!(!world.fires("standby_unpaused"), "its key is not in the schedule");
    world.knobs.active_signs = false;
    assert!(world.run_until("verify", 600), "{:?}", world.decisions);
    assert_eq!(world.acts(), [Act::Promote]);
    // Two rounds later the schedule has not changed yet: that is not given up.
    world.run(260);
    assert_eq!(world.code(), "verify", "{:?}", world.decisions);
    world.tell(keys(true));
    world.knobs.promote_works = true;
    assert!(world.run_until("produce", 200), "{:?}", world.decisions);
    // It never changes: that is given up, and told.
    let mut world = World::with(world.keeper.settings().clone(), 21, Ok(None));
    world.knobs.promote_works = false;
    world.tell(keys(false));
    world.run(WARM);
    world.knobs.active_signs = false;
    assert!(world.run_until("verify", 600), "{:?}", world.decisions);
    world.run(1_200);
    assert_eq!(world.told("promotion_undone"), 1, "{:?}", world.decisions);
}

#[test]
fn the_budget_is_told_when_it_is_spent_and_when_it_is_whole_again() {
    let mut settings = settings(B, "a");
    settings.promotion.max_promotions = 1;
    let mut world = World::with(settings, 21, Ok(None));
    world.run(WARM);
    world.knobs.active_signs = false;
    world.knobs.answer = Some(ActResult::Refused("no".to_owned()));
    world.run(700);
    assert_eq!(world.acts(), [Act::Promote], "{:?}", world.decisions);
    assert_eq!((world.told("budget_spent"), world.told("budget_rearmed")), (1, 0));
    world.knobs.answer = Some(ActResult::Done(String::new()));
    let now = world.now;
    assert!(world.keeper.command(now, &Command::Rearm).accepted);
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
    assert_eq!(world.told("budget_rearmed"), 1);
}

#[test]
fn a_planned_switchover_spends_nothing_of_the_receivers_budget() {
    let planned = |given: Handover| Handover { planned: true, ..given };
    let to_c = |given: Handover| Handover { to: "c".to_owned(), ..planned(given) };
    // (what, what is given, promotions counted)
    type Change<'a> = &'a dyn Fn(Handover) -> Handover;
    let cases: [(&str, Change<'_>, u64, usize); 3] = [
        ("a cause", &|given| given, 5, 1),
        ("a person ordered it", &planned, 5, 0),
        ("a person ordered it of another, which has not come", &to_c, 400, 1),
    ];
    for (what, change, within, counted) in cases {
        let mut world = standby();
        world.knobs.active_signs = false;
        world.peer = Some(peer("a", A, Signing::No));
        let now = world.now.wall;
        offer(&mut world, change(handover(Fence::Fenced, now)));
        assert!(seconds_to_order(&mut world, within).is_some(), "{what}: {:?}", world.decisions);
        assert_eq!(world.acts(), [Act::Promote], "{what}");
        let used = world.latches.last().map(|latch| latch.promotions.len());
        assert_eq!(used, Some(counted), "{what}");
    }
}

#[test]
fn people_are_reminded_that_a_standby_signs() {
    let mut settings = settings(B, "a");
    settings.promotion.remind_ms = 600_000;
    let mut world = World::with(settings, 21, Ok(None));
    world.run(WARM);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
    world.run(1_300);
    assert_eq!(world.told("standby_signs"), 2, "{:?}", world.notices.last());
}

#[test]
fn a_handover_of_a_dead_node_is_proven_by_what_others_see() {
    // (what, milliseconds after the end of the block that B shows, the references that show one, what
    // is told)
    let cases: [(&str, Option<i64>, usize, &str); 6] = [
        ("nobody shows it", None, 0, "handover_failed"),
        ("the peer does", Some(10_000), 0, "handed_over"),
        ("the peer shows what this node made ahead of its slot", Some(500), 0, "handover_failed"),
        ("two references of three do", None, 2, "handed_over"),
        ("one of three does", None, 1, "handover_failed"),
        ("all do", Some(10_000), 3, "handed_over"),
    ];
    for (what, by_peer, by_references, told) in cases {
        let mut settings = settings(A, "b");
        settings.references.names = (0..3).map(|i| format!("http://reference{i}")).collect();
        settings.references.min_agree = 2;
        let mut world = World::with(settings, 21, Ok(None));
        (world.knobs.paused, world.knobs.active_signs) = (false, false);
        world.peer = Some(peer("b", B, Signing::No));
        world.run(WARM);
        let end = world.now.wall;
        ended(&mut world);
        (world.knobs.log, world.knobs.connected) = (false, false);
        world.run(5);
        assert_eq!(world.acts(), [Act::HandOver], "{what}: {:?}", world.decisions);
        let mut says = peer("b", B, Signing::Yes);
        world.peer = Some(says.clone());
        world.run(10);
        says.last_own = by_peer.map(|ms| end.plus_ms(ms));
        world.peer = Some(says);
        world.knobs.references_show_ours = by_references;
        world.run(3);
        (world.knobs.references_show_ours, world.knobs.references_move) = (0, true);
        assert!(world.run_until("handed_over", 300), "{what}: {:?}", world.decisions);
        world.run(2);
        for key in ["handed_over", "handover_failed"] {
            assert_eq!(world.told(key), usize::from(key == told), "{what}: {key}");
        }
    }
}
