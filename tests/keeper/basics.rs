//! The judgement in virtual time: every role, every gate, every turn a promotion can take. Each
//! case asserts the reason, not only the act.

#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use eoskeeper::core::action::{Act, ActResult, Latch, LatchStage, NoticeKind, Severity};
use eoskeeper::core::event::{Event, EventName, LogEvent, Reason};
use eoskeeper::core::evidence::EVIDENCE_BYTES_MAX;
use eoskeeper::core::host::{HostReading, Resource};
use eoskeeper::core::sample::{DiskSample, HostSample};
use eoskeeper::core::schedule::SLOT_MS;
use eoskeeper::core::settings::{References, Role, Settings, Wait};
use eoskeeper::core::time::Timestamp;
use keeper_support::{BP, World, armed, name};

const B: Role = Role::FirstStandby;
const C: Role = Role::SecondStandby;
/// Warm-up: three rounds of 21 producers, so that every window is covered.
const WARM: u64 = 3 * 126;

fn warm(role: Role) -> World {
    let mut world = World::armed(role, 21);
    world.run(WARM);
    world
}

#[test]
fn a_steady_chain_promotes_nobody_and_alarms_nobody() {
    for role in [Role::Active, B, C, Role::Observer] {
        let mut world = World::armed(role, 21);
        if role == Role::Active {
            world.knobs.paused = false;
        }
        world.run(3600);
        assert_eq!(world.acts(), [], "{role:?}");
        assert_eq!(world.notices, [], "{role:?}");
        let expected = if role.is_standby() { "hold:producer_seen" } else { "watch" };
        assert_eq!(world.code(), expected, "{role:?}");
    }
}

#[test]
fn each_role_waits_its_rounds_and_not_less() {
    // (role, first second after the last block at which it may act, last)
    for (role, wait_s) in [(B, 260), (C, 780)] {
        let mut world = warm(role);
        world.knobs.active_signs = false;
        let last_own = last_own_turn_end(&world);
        assert!(world.run_until("verify", 1200), "{role:?}: {:?}", world.decisions);
        assert_eq!(world.acts(), [Act::Promote], "{role:?}");
        let waited = world.orders[0].0 - last_own;
        assert!((wait_s..=wait_s + 12).contains(&waited), "{role:?} waited {waited} s");
    }
}

/// Second of the last block of our last turn, counted from the start.
fn last_own_turn_end(world: &World) -> u64 {
    let status = world.keeper.status(world.now);
    let ago_ms = status.producer.last_block.unwrap().seen_ago_ms;
    (world.elapsed_ms - ago_ms) / 1000
}

#[test]
fn a_promotion_is_latched_then_done_then_proven() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
    let stages: Vec<_> = world.latches.iter().map(|l| l.stage).collect();
    assert_eq!(stages, [LatchStage::Promoting, LatchStage::Promoted]);
    let order = &world.orders[0].1;
    assert_eq!(order.act, Act::Promote);
    assert!(order.reason.starts_with("eosstorebest is missing: last block #"), "{}", order.reason);
    assert!(order.incident.ends_with("-producer_missing"), "{}", order.incident);
    assert_eq!(order.chain_id.as_deref().map(str::len), Some(64));
    assert_eq!(world.told("promoted"), 1);
    let raised: Vec<_> = kinds(&world, "producer_missing");
    assert_eq!(raised, [NoticeKind::Raised]);
    world.run(600);
    assert_eq!(kinds(&world, "producer_missing"), [NoticeKind::Raised, NoticeKind::Resolved]);
    assert_eq!(world.code(), "produce");
    assert_eq!(world.acts(), [Act::Promote]);
}

fn kinds(world: &World, key: &str) -> Vec<NoticeKind> {
    world.notices.iter().filter(|n| n.key == key).map(|n| n.kind).collect()
}

#[test]
fn the_observer_alarms_after_five_rounds_and_never_acts() {
    let mut world = warm(Role::Observer);
    world.knobs.active_signs = false;
    let last_own = last_own_turn_end(&world);
    assert!(world.run_until("alarm", 1000));
    let waited = world.elapsed_ms / 1000 - last_own;
    assert!((650..=653).contains(&waited), "{waited}");
    world.run(2000);
    assert_eq!(world.acts(), []);
    assert_eq!(kinds(&world, "producer_missing"), [NoticeKind::Raised]);
}

#[test]
fn nothing_is_promoted_when_the_producer_is_not_the_trouble() {
    type Change = fn(&mut World);
    let cases: [(&str, Change, &str); 13] = [
        ("whole chain stalled", |w| w.knobs.others_sign = false, "hold:chain_stalled"),
        ("this node cut off", |w| w.knobs.connected = false, "hold:chain_stalled"),
        ("RPC down", |w| w.knobs.api = false, "hold:api_down"),
        ("schedule not told any more", |w| w.knobs.schedule = false, "hold:schedule_unknown"),
        ("LIB does not move", |w| w.knobs.lib_moves = false, "hold:lib_stalled"),
        ("minority fork", |w| w.knobs.others_every = 16, "hold:chain_stalled"),
        ("voted out", |w| w.knobs.scheduled = false, "hold:not_scheduled"),
        ("unpaused already", |w| w.knobs.paused = false, "hold:producer_seen"),
        ("one block a turn", |w| w.knobs.active_slots = 1, "hold:producer_seen"),
        ("database fault", |w| w.tell(fault()), "hold:database_fault"),
        (
            "node stops",
            |w| {
                w.tell(Event::Log(LogEvent::new(EventName::NodeStopping)));
                w.knobs.connected = false;
            },
            "hold:node_stopping",
        ),
        ("no peers", |w| w.knobs.connected = false, "hold:chain_stalled"),
        ("deep fork", |w| w.tell(fork(9)), "hold:fork_unsettled"),
    ];
    for (what, change, expected) in cases {
        let mut world = warm(B);
        let alive = matches!(what, "unpaused already" | "one block a turn");
        world.knobs.active_signs = alive;
        change(&mut world);
        let seconds = if what == "deep fork" { 100 } else { 1500 };
        world.run(seconds);
        assert_eq!(world.acts(), [], "{what}: {:?}", world.decisions);
        let seen = world.decisions.iter().any(|(_, code)| code == expected);
        assert!(seen, "{what}: {:?}", world.decisions);
    }
}

fn fault() -> Event {
    let mut line = LogEvent::new(EventName::DatabaseFault);
    line.reason = Some(Reason::Memory);
    Event::Log(line)
}

fn fork(depth: u32) -> Event {
    let mut line = LogEvent::new(EventName::ForkSwitched);
    line.count = Some(depth);
    Event::Log(line)
}

#[test]
fn peers_at_zero_and_a_skewed_clock_hold() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    for _ in 0..400 {
        let mut line = LogEvent::new(EventName::PeerCounts);
        line.count = Some(0);
        world.tell(Event::Log(line));
        world.run(1);
    }
    assert_eq!(world.code(), "hold:peers_low");
    // The peers come back: B acts, for the producer is still missing.
    assert!(world.run_until("produce", 400), "{:?}", world.decisions);

    let mut world = warm(B);
    world.knobs.active_signs = false;
    world.now.wall = world.now.wall.plus_ms(-1_900);
    world.run_to_silence(250);
    let mut line = LogEvent::new(EventName::BlockReceived);
    line.block_time = Some(world.now.wall.plus_ms(1_900));
    line.producer = Some(name("othera"));
    world.tell(Event::Log(line));
    world.keeper.tick(world.now);
    assert!(world.fires("clock_skew"));
    assert_eq!(world.code(), "hold:clock_skewed");
}

#[test]
fn evidence_starts_anew_after_a_hole() {
    type Hole = fn(&mut World);
    let cases: [(&str, Hole, &str); 5] = [
        ("stopped process", |w| w.jump(60_000, 60_000), "the keeper was stopped for 1 min"),
        ("suspended host", |w| w.jump(1_000, 600_000), "the clock jumped 9 min 59 s ahead"),
        ("clock set back", |w| w.jump(1_000, -30_000), "the clock jumped 31 s back"),
        (
            "RPC and log gone",
            |w| {
                (w.knobs.api, w.knobs.log) = (false, false);
                w.run(8);
                (w.knobs.api, w.knobs.log) = (true, true);
            },
            "neither the RPC nor the log",
        ),
        (
            "many blocks unseen",
            |w| {
                (w.knobs.api, w.knobs.log) = (false, false);
                w.run(4);
                w.knobs.api = true;
                w.run(3);
                w.knobs.log = true;
            },
            "blocks came between two polls",
        ),
    ];
    for (what, hole, why) in cases {
        let mut world = warm(B);
        world.knobs.active_signs = false;
        // Nearly there: without the hole B would act within half a minute.
        world.run_to_silence(230);
        assert_eq!(world.acts(), [], "{what}");
        hole(&mut world);
        world.run(3);
        let gate = world.keeper.gates().iter().find(|g| g.name == "evidence").unwrap().clone();
        assert!(gate.sentence.contains(why), "{what}: {}", gate.sentence);
        let from = world.elapsed_ms / 1000;
        world.run(240);
        assert_eq!(world.acts(), [], "{what}: acted on old evidence");
        assert!(world.run_until("produce", 200), "{what}: {:?}", world.decisions);
        let acted = world.orders[0].0 - from;
        assert!((250..=275).contains(&acted), "{what}: acted {acted} s after the hole");
    }
}

#[test]
fn a_keeper_that_starts_beside_a_dead_producer_waits_its_whole_time() {
    let mut world = World::armed(B, 21);
    world.knobs.active_signs = false;
    world.run(255);
    assert_eq!((world.acts(), world.code().as_str()), (vec![], "hold:evidence_too_young"));
    assert!(world.run_until("produce", 300), "{:?}", world.decisions);
}

#[test]
fn a_producer_elected_just_now_owes_nothing_from_before() {
    let mut world = World::armed(B, 21);
    (world.knobs.active_signs, world.knobs.scheduled) = (false, false);
    world.run(600);
    assert_eq!(world.code(), "hold:not_scheduled");
    world.knobs.scheduled = true;
    world.run(250);
    assert_eq!(world.acts(), []);
    assert!(world.run_until("verify", 30), "{:?}", world.decisions);
}

#[test]
fn what_is_not_configured_is_not_done_but_said() {
    let mut dry = armed(B);
    dry.promotion.dry_run = true;
    for (settings, expected) in
        [(Settings::new(B, name(BP)), "hold:not_configured"), (dry, "hold:dry_run")]
    {
        let mut world = World::with(settings, 21, Ok(None));
        world.knobs.active_signs = false;
        world.run(900);
        assert_eq!((world.acts(), world.latches.len()), (vec![], 0));
        assert_eq!(world.code(), expected);
        assert!(world.fires("producer_missing"));
    }
}

#[test]
fn nothing_is_done_when_the_latch_cannot_be_written() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    world.knobs.save_answer = ActResult::Failed("no space left on device".to_owned());
    world.run(500);
    assert_eq!(world.acts(), []);
    assert_eq!(world.code(), "hold:latch_unusable");
    assert!(world.told("state_not_written") >= 1);
    // Space is made: it is tried again by itself.
    world.knobs.save_answer = ActResult::Done(String::new());
    assert!(world.run_until("produce", 400), "{:?}", world.decisions);
}

#[test]
fn a_latch_that_cannot_be_read_is_never_acted_over() {
    let latch = Err("state.sqlite is damaged".to_owned());
    let mut world = World::with(armed(B), 21, latch);
    world.run(1);
    assert_eq!(world.told("state_unusable"), 1, "told at once, not when it is needed");
    world.knobs.active_signs = false;
    world.run(2000);
    assert_eq!(world.acts(), []);
    assert_eq!(world.code(), "hold:latch_unusable");
    assert_eq!(world.latches, []);
}

#[test]
fn a_promotion_that_does_not_show_on_the_chain_is_undone() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    world.knobs.promote_works = false;
    world.knobs.answer = Some(ActResult::Done("it says so".to_owned()));
    // The producer API keeps saying unpaused: only the chain can tell.
    assert!(world.run_until("verify", 400), "{:?}", world.decisions);
    let promoted = world.elapsed_ms;
    while world.acts().len() < 2 && world.elapsed_ms < promoted + 300_000 {
        let event = Event::Paused(Ok(false));
        world.tell(event);
        world.run(1);
    }
    assert_eq!(world.acts(), [Act::Promote, Act::Demote]);
    assert!(world.elapsed_ms - promoted <= 126_000 + 6_000 + 14_000);
    assert_eq!(world.told("promotion_undone"), 1);
    world.run(1);
    assert_eq!(world.latches.last().map(|l| l.stage), Some(LatchStage::Standby));
}

#[test]
fn what_an_act_came_back_with_decides_what_follows() {
    let done = || ActResult::Done(String::new());
    let cases = [
        (
            "refused",
            Some(ActResult::Refused("not synced".to_owned())),
            vec![Act::Promote],
            "promotion_refused",
        ),
        (
            "failed",
            Some(ActResult::Failed("exit code 3".to_owned())),
            vec![Act::Promote, Act::Demote],
            "stepping_down",
        ),
        ("nothing came back", None, vec![Act::Promote, Act::Demote], "stepping_down"),
    ];
    for (what, answer, acts, told) in cases {
        let mut world = warm(B);
        world.knobs.active_signs = false;
        world.knobs.answer = answer;
        while world.orders.is_empty() {
            world.run(1);
        }
        // The order to stop works.
        if what != "nothing came back" {
            world.knobs.answer = Some(done());
        }
        world.run(20);
        assert_eq!(world.acts(), acts, "{what}");
        assert_eq!(world.told(told), 1, "{what}");
    }
}

#[test]
fn stopping_this_node_is_tried_until_it_is_done() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    world.knobs.answer = Some(ActResult::Failed("hang".to_owned()));
    world.run(400);
    assert_eq!(world.code(), "step_down");
    let demotions = world.acts().iter().filter(|a| **a == Act::Demote).count();
    assert!((3..=12).contains(&demotions), "{demotions} tries");
    assert_eq!(world.told("demotion_failed"), 1, "said once, not with every try");
    world.knobs.answer = Some(ActResult::Done(String::new()));
    world.run(65);
    assert_eq!(world.told("stopped"), 1);
    assert_eq!(world.latches.last().map(|l| l.stage), Some(LatchStage::Standby));
}

#[test]
fn a_standby_steps_down_when_its_name_is_signed_elsewhere() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600));
    // The old node is back and signs another block in the slot that was just ours.
    world.run(126);
    let own = world.keeper.status(world.now).producer.last_block.unwrap();
    world.received_ours(own.number, own.time, 0xdead_beef);
    world.run(2);
    assert_eq!(world.acts(), [Act::Promote, Act::Demote]);
    assert!(world.orders[1].1.reason.contains("was signed elsewhere"));
    world.run(1);
    assert!(world.knobs.paused);
    assert_eq!(kinds(&world, "duplicate_production"), [NoticeKind::Raised]);
    let page = world.notices.iter().find(|n| n.key == "duplicate_production").unwrap();
    assert_eq!(page.severity, Severity::Page);
    // The old node goes on: nothing more is done.
    world.knobs.active_signs = true;
    world.run(600);
    assert_eq!(world.acts(), [Act::Promote, Act::Demote]);
}

#[test]
fn blocks_of_before_the_promotion_are_no_second_signer() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    assert!(world.run_until("verify", 600));
    let before = world.now.wall.plus_ms(-20 * SLOT_MS);
    world.received_ours(900, before, 0xdead_beef);
    world.run(10);
    assert_eq!(world.acts(), [Act::Promote]);
}

#[test]
fn an_unpaused_standby_is_an_alarm_and_stops_when_the_active_node_signs_too() {
    let mut world = World::armed(B, 21);
    world.knobs.paused = false;
    world.run(60);
    assert!(world.fires("standby_unpaused"));
    assert_eq!(world.acts(), [], "it may have been unpaused on purpose");
    world.run(126);
    let own = world.keeper.status(world.now).producer.last_block.unwrap();
    world.received_ours(own.number, own.time, 0xdead_beef);
    world.run(2);
    assert_eq!(world.acts(), [Act::Demote]);
}

#[test]
fn a_hand_that_pauses_the_promoted_node_ends_the_promotion() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600));
    world.knobs.paused = true;
    world.knobs.active_signs = true;
    world.run(10);
    assert_eq!(world.told("promotion_ended"), 1);
    assert_eq!(world.latches.last().map(|l| l.stage), Some(LatchStage::Standby));
    world.run(1000);
    // The pause is made explicit: one that missing votes brought would lift itself.
    assert_eq!(world.acts(), [Act::Promote, Act::Demote]);
    assert_eq!(world.code(), "hold:producer_seen");
}

#[test]
fn two_neighbours_missing_hold_for_a_moment_and_wake_nobody() {
    let mut world = World::armed(Role::Observer, 21);
    world.run(WARM);
    (world.knobs.active_signs, world.knobs.neighbour_signs) = (false, false);
    let mut fired = false;
    for _ in 0..300 {
        world.run(1);
        fired |= world.fires("head_stalled");
    }
    assert!(fired);
    assert_eq!(kinds(&world, "head_stalled"), []);
    world.knobs.others_sign = false;
    world.run(60);
    world.knobs.others_sign = true;
    world.run(60);
    assert_eq!(kinds(&world, "head_stalled"), [NoticeKind::Raised, NoticeKind::Resolved]);
}

#[test]
fn the_budget_holds_and_opens_again_with_time() {
    let mut settings = armed(B);
    settings.promotion.max_promotions = 2;
    settings.promotion.budget_window_ms = 3_600_000;
    let mut world = World::with(settings, 21, Ok(None));
    world.knobs.active_signs = false;
    world.knobs.answer = Some(ActResult::Refused("no".to_owned()));
    world.run(1800);
    assert_eq!(world.acts(), [Act::Promote, Act::Promote]);
    assert_eq!(world.code(), "hold:budget_spent");
    let gate = world.keeper.gates().iter().find(|g| g.name == "budget").unwrap();
    assert!(gate.opens_in_ms.is_some_and(|ms| ms > 0 && ms < 3_600_000));
    world.run(2200);
    assert_eq!(world.acts().len(), 3, "the window moved on");
}

#[test]
fn a_restart_takes_up_where_the_latch_says() {
    let latch = |stage, since: Timestamp| {
        Ok(Some(Latch {
            stage,
            producer: name(BP),
            incident: "20260101T000000-producer_missing".to_owned(),
            reason: "eosstorebest is missing".to_owned(),
            since,
            promotions: vec![since],
            active_at: None,
            token: None,
            maintenance: None,
            stopped_by_hand: false,
        }))
    };
    let since = World::new(B, 21).now.wall;
    // (stage, paused, the active node signs, expected acts, expected end)
    let cases: [(LatchStage, bool, Vec<Act>, &str); 5] = [
        (LatchStage::Promoted, false, vec![], "produce"),
        (LatchStage::Promoting, false, vec![], "produce"),
        (LatchStage::Promoting, true, vec![Act::Demote], "hold:evidence_too_young"),
        (LatchStage::Demoting, false, vec![Act::Demote], "hold:evidence_too_young"),
        (LatchStage::HandedOver, true, vec![], "handed_over"),
    ];
    for (stage, paused, acts, code) in cases {
        let mut world = World::with(armed(B), 21, latch(stage, since));
        world.knobs.paused = paused;
        world.knobs.active_signs = false;
        world.run(200);
        assert_eq!(world.acts(), acts, "{stage:?}");
        assert_eq!(world.code(), code, "{stage:?}: {:?}", world.decisions);
    }
    // A latch about another producer is a mistake of the operator, never acted over.
    let mut other = latch(LatchStage::Promoted, since);
    if let Ok(Some(latch)) = &mut other {
        latch.producer = name("someoneelse");
    }
    let mut world = World::with(armed(B), 21, other);
    world.knobs.active_signs = false;
    world.run(900);
    assert_eq!((world.acts(), world.code().as_str()), (vec![], "hold:latch_unusable"));
}

#[test]
fn the_active_node_stops_itself_before_it_hands_over() {
    let mut world = warm(Role::Active);
    (world.knobs.active_signs, world.knobs.paused) = (false, true);
    assert!(world.run_until("handed_over", 900), "{:?}", world.decisions);
    assert_eq!(world.acts(), [Act::Demote, Act::PromoteRemote]);
    assert_eq!(world.told("handed_over"), 1);
    world.run(600);
    assert_eq!(world.acts().len(), 2);

    // It cannot be stopped: nothing is handed over.
    let mut world = warm(Role::Active);
    (world.knobs.active_signs, world.knobs.paused) = (false, true);
    world.knobs.answer = Some(ActResult::Failed("hang".to_owned()));
    world.run(400);
    assert!(world.acts().iter().all(|act| *act == Act::Demote), "{:?}", world.acts());
    assert!(world.told("handover_not_fenced") >= 1);
}

#[test]
fn a_handover_is_taken_up_again_and_ends_by_hand() {
    let latch = Latch {
        stage: LatchStage::HandedOver,
        producer: name(BP),
        incident: "20260101T000000-producer_missing".to_owned(),
        reason: "eosstorebest is missing".to_owned(),
        since: World::new(B, 21).now.wall,
        promotions: vec![],
        active_at: None,
        token: None,
        maintenance: None,
        stopped_by_hand: false,
    };
    // The standby signs: the handover stands. It does not: a person is told.
    for (signs, key) in [(true, "handed_over"), (false, "handover_failed")] {
        let mut world = World::with(armed(Role::Active), 21, Ok(Some(latch.clone())));
        world.knobs.active_signs = signs;
        world.run(300);
        assert_eq!((world.code().as_str(), world.told(key)), ("handed_over", 1), "{signs}");
        // A hand resumes this node: it is the active one again.
        world.knobs.paused = false;
        world.run(10);
        assert_eq!(world.told("handover_ended"), 1);
        assert_eq!(world.latches.last().map(|l| l.stage), Some(LatchStage::Standby));
        assert_eq!(world.acts(), []);
    }
}

#[test]
fn a_dry_run_finishes_nothing_and_stops_nobody() {
    let mut settings = armed(B);
    settings.promotion.dry_run = true;
    let mut world = World::with(settings.clone(), 21, Ok(None));
    world.knobs.paused = false;
    world.run(186);
    let own = world.keeper.status(world.now).producer.last_block.unwrap();
    world.received_ours(own.number, own.time, 0xdead_beef);
    world.run(5);
    assert!(world.fires("duplicate_production") && world.fires("standby_unpaused"));
    assert_eq!((world.acts(), world.latches.len()), (vec![], 0));

    for stage in [LatchStage::Promoting, LatchStage::Demoting] {
        let latch = Latch {
            stage,
            producer: name(BP),
            incident: String::new(),
            reason: String::new(),
            since: world.now.wall,
            promotions: vec![],
            active_at: None,
            token: None,
            maintenance: None,
            stopped_by_hand: false,
        };
        let mut world = World::with(settings.clone(), 21, Ok(Some(latch)));
        world.knobs.active_signs = false;
        world.run(900);
        assert_eq!((world.acts(), world.code().as_str()), (vec![], "hold:latch_unusable"));
    }
}

#[test]
fn a_reported_double_production_stops_the_standby() {
    let mut world = warm(B);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600));
    let mut line = LogEvent::new(EventName::BlockDoubleProduced);
    line.producer = Some(name("someoneelse"));
    world.tell(Event::Log(line));
    world.run(3);
    assert_eq!(world.acts(), [Act::Promote], "another producer's trouble");
    (line.producer, line.block) = (Some(name(BP)), Some(4711));
    world.tell(Event::Log(line));
    world.run(3);
    assert_eq!(world.acts(), [Act::Promote, Act::Demote]);
}

#[test]
fn the_active_node_without_a_script_alarms() {
    let mut world = World::new(Role::Active, 21);
    world.knobs.paused = false;
    world.run(WARM);
    world.knobs.active_signs = false;
    (world.knobs.paused, world.knobs.answer) = (true, None);
    assert!(world.run_until("alarm", 400), "{:?}", world.decisions);
    assert!(world.fires("production_skipped"));
    assert_eq!(world.acts(), []);
}

#[test]
fn a_log_that_is_not_understood_is_noticed_and_shown() {
    let mut world = warm(B);
    world.knobs.log = false;
    for _ in 0..40 {
        world.other_lines(3, "2031-01-01 block 5 by someone, in a format of tomorrow");
        world.run(1);
    }
    assert!(world.fires("log_deaf"));
    let finding = world.keeper.findings().iter().find(|f| f.rule.as_str() == "log_deaf").unwrap();
    assert!(finding.saw.contains("a format of tomorrow"), "{}", finding.saw);
    assert!(!world.fires("log_silent"));
    // The RPC still shows our producer: nothing is called missing.
    world.run(600);
    assert_eq!(world.acts(), []);
    assert_eq!(world.code(), "hold:producer_seen");
}

fn with_references(count: usize) -> Settings {
    let mut settings = armed(B);
    settings.references.names = (0..count).map(|i| format!("http://reference{i}")).collect();
    settings.references.min_agree = References::majority(count);
    settings
}

#[test]
fn a_minority_of_references_that_lie_changes_nothing_and_a_majority_holds() {
    for (honest, expected) in [(5, "produce"), (3, "produce"), (2, "hold:references_disagree")] {
        let mut world = World::with(with_references(5), 21, Ok(None));
        world.knobs.honest = honest;
        world.run(WARM);
        world.knobs.active_signs = false;
        world.run(600);
        assert_eq!(world.code(), expected, "{honest} honest: {:?}", world.decisions);
        assert_eq!(world.acts().len(), usize::from(honest >= 3), "{honest} honest");
        assert_eq!(world.fires("forked_from_references"), honest < 3, "{honest} honest");
        assert_eq!(world.fires("behind_references"), honest < 3, "{honest} honest");
    }
}

#[test]
fn references_tell_a_node_that_is_cut_off_from_a_chain_that_stands() {
    // (connected, others sign, references move, expected hold, in the sentence)
    let cases = [
        (false, true, true, "hold:cut_off", "cut off from the chain"),
        (true, false, false, "hold:chain_stalled", "The whole chain stands still"),
    ];
    for (connected, others_sign, references_move, expected, words) in cases {
        let mut world = World::with(with_references(3), 21, Ok(None));
        world.run(WARM);
        world.knobs.active_signs = false;
        (world.knobs.connected, world.knobs.others_sign) = (connected, others_sign);
        world.knobs.references_move = references_move;
        world.run(400);
        assert_eq!((world.code().as_str(), world.acts()), (expected, vec![]));
        let sentence = &world.keeper.decision().sentence;
        assert!(sentence.contains(words), "{sentence}");
    }
}

#[test]
fn turns_during_a_dead_log_are_not_called_missed() {
    let mut world = warm(B);
    world.knobs.log = false;
    world.run(600);
    let producer = world.keeper.status(world.now).producer;
    assert_eq!((producer.missed_slots, producer.missed_rounds), (0, 0), "{:?}", producer.turns);
}

#[test]
fn a_node_alone_on_its_chain_is_recognised() {
    let mut world = World::armed(B, 21);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 900));
    world.knobs.connected = false;
    world.run(400);
    assert!(world.fires("alone"), "{:?}", world.keeper.findings());
}

#[test]
fn a_node_that_died_in_its_turn_is_dead_and_not_alone() {
    let mut world = World::new(Role::Active, 4);
    world.knobs.paused = false;
    assert!(world.run_until("watch", 10));
    world.run(92);
    let own = |w: &World| w.keeper.status(w.now).producer.last_block.map(|b| b.seen_ago_ms);
    while own(&world).is_none_or(|ms| ms > 500) {
        world.run(1);
    }
    (world.knobs.api, world.knobs.connected, world.knobs.active_signs) = (false, false, false);
    for _ in 0..60 {
        world.run(1);
        assert!(!world.fires("alone"), "{:?}", world.keeper.findings());
    }
    assert!(world.fires("api_down"));
}

#[test]
fn dawn_reports_of_missed_blocks_fire_as_the_original_meant() {
    // (reports, seconds between them, fires)
    let cases: [(&[u32], u64, bool); 5] = [
        (&[24, 30, 100, 24], 10, true),
        (&[24, 30, 9, 24], 10, false),
        (&[24, 30, 100], 10, false),
        (&[24, 30, 100, 24], 120, false),
        (&[1, 24, 30, 100, 24], 10, true),
    ];
    for (reports, pause, fires) in cases {
        let mut world = warm(Role::Observer);
        for count in reports {
            let mut line = LogEvent::new(EventName::BlocksMissed);
            line.count = Some(*count);
            world.tell(Event::Log(line));
            world.run(pause);
        }
        assert_eq!(world.fires("missed_blocks"), fires, "{reports:?} every {pause} s");
    }
}

#[test]
fn small_schedules_and_fixed_waits_work() {
    let mut world = World::armed(B, 4);
    world.run(100);
    world.knobs.active_signs = false;
    let last_own = last_own_turn_end(&world);
    assert!(world.run_until("produce", 200), "{:?}", world.decisions);
    let waited = world.orders[0].0 - last_own;
    assert!((56..=62).contains(&waited), "{waited}");

    let mut settings = armed(B);
    settings.promotion.wait = Wait::Fixed(30_000);
    let mut world = World::with(settings, 4, Ok(None));
    world.run(100);
    world.knobs.active_signs = false;
    let last_own = last_own_turn_end(&world);
    assert!(world.run_until("produce", 200), "{:?}", world.decisions);
    let waited = world.orders[0].0 - last_own;
    assert!((30..=36).contains(&waited), "{waited}");
}

#[test]
fn memory_stays_within_its_bound_whatever_the_log_says() {
    let mut world = World::armed(B, 125);
    let names = [
        EventName::BlocksMissed,
        EventName::ForkSwitched,
        EventName::BlockRejected,
        EventName::FinalityLag,
        EventName::BlockProduced,
        EventName::BlockReceived,
    ];
    for round in 0..2_000_u32 {
        for (at, event) in names.iter().enumerate() {
            let mut line = LogEvent::new(*event);
            line.block = Some(round);
            line.block_time = Some(world.now.wall.plus_ms(i64::from(round) * 60_000));
            let letter = |n: u32| char::from(b'a' + (n % 26) as u8);
            let text = format!("{}{}{}", letter(round), letter(round / 26), letter(at as u32));
            line.producer = Some(if round % 3 == 0 { name(BP) } else { name(&text) });
            world.tell(Event::Log(line));
        }
        world.other_lines(1000, &"x".repeat(300));
        world.run(1);
    }
    let disk = DiskSample { name: "d".repeat(4_096), used_permille: 1, free_bytes: 1 };
    for _ in 0..10 {
        let sample = HostSample { disks: vec![disk.clone(); 100], ..HostSample::default() };
        let unknown = vec![(Resource::Disk, "x".repeat(4_096)); 100];
        let reading = HostReading { sample, unknown, memory_group: Some("g".repeat(4_096)) };
        world.tell(Event::Host(reading));
    }
    let held = world.keeper.evidence_bytes();
    assert!(held <= EVIDENCE_BYTES_MAX, "{held} bytes held");
    assert!(held > 4_000, "{held}: the flood did not arrive");
}
