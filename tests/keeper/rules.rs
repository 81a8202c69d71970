//! Every rule fires at its threshold, not below it, and the threshold is the setting's.

#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use eoskeeper::core::action::Act;
use eoskeeper::core::event::{Event, EventName, LogEvent, Reason};
use eoskeeper::core::process::ProcessEvent;
use eoskeeper::core::rules::Rule;
use eoskeeper::core::settings::{Role, Rules, Settings};
use keeper_support::{BP, World, name};

/// Long enough that every window is covered: a round of 21 producers and the longest wait here.
const WARM_S: u64 = 200;

/// What makes a rule fire.
struct Case {
    rule: Rule,
    /// What happens, as often or for as many seconds as the number says.
    cause: fn(&mut World, u32),
    /// The last number that is not enough by the defaults, and the first that is.
    defaults: (u32, u32),
    /// Another threshold, and the numbers for it.
    set: fn(&mut Rules),
    changed: (u32, u32),
}

/// A watched chain of 21 producers that is well, seen from an active node.
fn world(set: fn(&mut Rules)) -> World {
    let mut settings = Settings::new(Role::Active, name(BP));
    set(&mut settings.rules);
    let mut world = World::with(settings, 21, Ok(None));
    world.knobs.paused = false;
    world.run(WARM_S);
    world
}

/// The same line, so often, then a look.
fn lines(world: &mut World, event: EventName, reason: Option<Reason>, count: u32) {
    for _ in 0..count {
        let mut line = LogEvent::new(event);
        line.reason = reason;
        world.tell(Event::Log(line));
    }
    world.run(1);
}

/// A line with a count, then a look.
fn counted(world: &mut World, event: EventName, count: u32) {
    let mut line = LogEvent::new(event);
    line.count = Some(count);
    world.tell(Event::Log(line));
    world.run(1);
}

fn no_answer(world: &mut World, seconds: u32) {
    world.knobs.api = false;
    world.run(seconds.into());
}

fn cut_off(world: &mut World, seconds: u32) {
    (world.knobs.connected, world.knobs.paused) = (false, true);
    world.run(seconds.into());
}

fn lib_stands(world: &mut World, seconds: u32) {
    world.knobs.lib_moves = false;
    world.run(seconds.into());
}

fn no_line(world: &mut World, seconds: u32) {
    world.knobs.log = false;
    world.run(seconds.into());
}

fn unknown_lines(world: &mut World, seconds: u32) {
    world.knobs.log = false;
    for _ in 0..seconds {
        world.other_lines(1, "of no dialect");
        world.run(1);
    }
}

fn rejected(world: &mut World, count: u32) {
    lines(world, EventName::BlockRejected, Some(Reason::Invalid), count);
}

fn unlinkable(world: &mut World, count: u32) {
    lines(world, EventName::BlockRejected, Some(Reason::Unlinkable), count);
}

fn votes_missing(world: &mut World, count: u32) {
    lines(world, EventName::FinalityLag, Some(Reason::MissingVotes), count);
}

fn reports(world: &mut World, count: u32) {
    for _ in 0..count {
        counted(world, EventName::BlocksMissed, 24);
    }
}

/// A block that comes so many milliseconds before its time.
fn early(world: &mut World, ms: u32) {
    let mut line = LogEvent::new(EventName::BlockReceived);
    line.block_time = Some(world.now.wall.plus_ms(ms.into()));
    line.producer = Some(name("othera"));
    world.tell(Event::Log(line));
    world.keeper.tick(world.now);
}

#[test]
fn counts_and_times_fire_at_their_threshold_and_not_below() {
    // The world polls and looks once a second, its blocks come in slots: a time is exact to 1 s.
    let cases = [
        Case {
            rule: Rule::ApiDown,
            cause: no_answer,
            defaults: (4, 5),
            set: |rules| rules.api_down_polls = 3,
            changed: (2, 3),
        },
        Case {
            rule: Rule::HeadStalled,
            cause: cut_off,
            defaults: (9, 11),
            set: |rules| rules.head_stalled_ms = 20_000,
            changed: (19, 21),
        },
        Case {
            rule: Rule::LibStalled,
            cause: lib_stands,
            defaults: (29, 31),
            set: |rules| rules.lib_stalled_ms = 12_000,
            changed: (11, 13),
        },
        Case {
            rule: Rule::LogSilent,
            cause: no_line,
            defaults: (19, 21),
            set: |rules| rules.log_silent_ms = 40_000,
            changed: (39, 41),
        },
        Case {
            rule: Rule::NoBlockReceived,
            cause: no_line,
            defaults: (29, 31),
            set: |rules| rules.no_block_received_ms = 10_000,
            changed: (9, 11),
        },
        Case {
            rule: Rule::LogDeaf,
            cause: unknown_lines,
            defaults: (29, 31),
            set: |rules| rules.log_deaf_ms = 15_000,
            changed: (14, 16),
        },
        Case {
            rule: Rule::BlockRejected,
            cause: rejected,
            defaults: (9, 10),
            set: |rules| rules.block_rejected = 2,
            changed: (1, 2),
        },
        Case {
            rule: Rule::Unlinkable,
            cause: unlinkable,
            defaults: (9, 10),
            set: |rules| rules.unlinkable = 12,
            changed: (11, 12),
        },
        Case {
            rule: Rule::Finality,
            cause: votes_missing,
            defaults: (2, 3),
            set: |rules| rules.finality_complaints = 5,
            changed: (4, 5),
        },
        Case {
            rule: Rule::ForkSwitch,
            cause: |world, depth| counted(world, EventName::ForkSwitched, depth),
            defaults: (2, 3),
            set: |rules| rules.fork_switch_depth = 6,
            changed: (5, 6),
        },
        Case {
            rule: Rule::MissedBlocks,
            cause: reports,
            defaults: (3, 4),
            set: |rules| rules.missed_blocks_reports = 2,
            changed: (1, 2),
        },
        Case {
            rule: Rule::ClockSkew,
            cause: early,
            defaults: (1_499, 1_500),
            set: |rules| rules.clock_skew_ms = 3_000,
            changed: (2_999, 3_000),
        },
    ];
    for case in cases {
        let rule = case.rule.as_str();
        for (set, (below, at)) in
            [(no_change as fn(&mut Rules), case.defaults), (case.set, case.changed)]
        {
            for (number, fires) in [(below, false), (at, true)] {
                let mut world = world(set);
                assert!(!world.fires(rule), "{rule}: {:?}", finding(&world, rule));
                (case.cause)(&mut world, number);
                assert_eq!(
                    world.fires(rule),
                    fires,
                    "{rule} {number}: {:?}",
                    finding(&world, rule)
                );
            }
        }
    }
}

fn no_change(_: &mut Rules) {}

fn finding(world: &World, rule: &str) -> (String, String) {
    let found = world.keeper.findings().iter().find(|f| f.rule.as_str() == rule).unwrap();
    (found.saw.clone(), found.threshold.clone())
}

#[test]
fn too_few_producers_is_seen_in_the_log_and_by_the_rpc() {
    for (rule, key) in [
        ("api_few_producers", (|rules| rules.api_few_producers = 2) as fn(&mut Rules)),
        ("log_few_producers", |rules| rules.log_few_producers = 2),
    ] {
        // Every fourth turn of others is signed: 3 or 4 producers a minute.
        for (set, fires) in [(no_change as fn(&mut Rules), true), (key, false)] {
            let mut world = world(set);
            world.knobs.others_every = 4;
            (world.knobs.active_signs, world.knobs.paused) = (false, true);
            world.run(70);
            assert_eq!(world.fires(rule), fires, "{rule}: {:?}", finding(&world, rule));
        }
    }
    // Of four producers one may be missing.
    let mut world = World::new(Role::Observer, 4);
    world.knobs.active_signs = false;
    world.run(WARM_S);
    assert!(!world.fires("api_few_producers") && !world.fires("log_few_producers"));
}

#[test]
fn few_peers_are_found_and_none_is_asked_for_with_zero() {
    for (set, peers, fires) in [
        (no_change as fn(&mut Rules), 0, true),
        (no_change, 1, false),
        (|rules| rules.peers_low = 4, 3, true),
        (|rules| rules.peers_low = 4, 4, false),
        (|rules| rules.peers_low = 0, 0, false),
    ] {
        let mut world = world(set);
        counted(&mut world, EventName::PeerCounts, peers);
        assert_eq!(world.fires("peers_low"), fires, "{:?}", finding(&world, "peers_low"));
    }
}

#[test]
fn single_lines_stand_for_as_long_as_the_setting_says() {
    type Cause = fn(&mut World);
    let cases: [(&str, Cause); 4] = [
        ("fork_switch", |world| counted(world, EventName::ForkSwitched, 8)),
        ("wrong_producer", |world| signed(world, EventName::BlockProduced, "othera")),
        ("duplicate_production", |world| signed(world, EventName::BlockDoubleProduced, BP)),
        ("duplicate_production", |world| confirmed_twice(world, BP)),
    ];
    for (rule, cause) in cases {
        let mut world = world(|rules| rules.recent_ms = 60_000);
        cause(&mut world);
        assert!(world.fires(rule), "{rule}: {:?}", finding(&world, rule));
        world.run(55);
        assert!(world.fires(rule), "{rule}: {:?}", finding(&world, rule));
        world.run(10);
        assert!(!world.fires(rule), "{rule}: {:?}", finding(&world, rule));
    }
    // Another producer's double block is that one's trouble.
    let mut world = world(no_change);
    signed(&mut world, EventName::BlockDoubleProduced, "othera");
    confirmed_twice(&mut world, "othera");
    assert!(!world.fires("duplicate_production"));
}

fn signed(world: &mut World, event: EventName, producer: &str) {
    let mut line = LogEvent::new(event);
    (line.block, line.producer) = (Some(7), Some(name(producer)));
    line.block_time = Some(world.now.wall);
    world.tell(Event::Log(line));
    world.run(1);
}

/// nodeos refuses a block, and says who signed it with one range confirmed twice.
fn confirmed_twice(world: &mut World, producer: &str) {
    let mut line = LogEvent::new(EventName::BlockRejected);
    (line.reason, line.producer) = (Some(Reason::DoubleConfirming), Some(name(producer)));
    world.tell(Event::Log(line));
    world.run(1);
}

#[test]
fn a_refused_double_confirmation_stops_nobody() {
    let mut world = World::armed(Role::FirstStandby, 21);
    world.run(WARM_S);
    world.knobs.active_signs = false;
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
    confirmed_twice(&mut world, BP);
    assert!(world.fires("duplicate_production"));
    world.run(130);
    assert_eq!((world.acts(), world.code()), (vec![Act::Promote], "produce".to_owned()));
}

#[test]
fn a_database_fault_stands_until_nodeos_starts_again() {
    let mut world = world(no_change);
    lines(&mut world, EventName::DatabaseFault, Some(Reason::Memory), 1);
    world.run(3600);
    assert!(world.fires("database_fault"));
    lines(&mut world, EventName::NodeStarted, None, 1);
    assert!(!world.fires("database_fault"));
}

#[test]
fn a_new_process_ends_the_database_fault_of_the_one_before() {
    let found = |what: &str| Event::Process(ProcessEvent::Running { what: what.to_owned() });
    let ended = || Event::Process(ProcessEvent::Ended { how: "process 1 ended".to_owned() });
    // (what, the new process says so itself before it is found, fires then)
    for (what, says_again, fires) in [("mended", false, false), ("not mended", true, true)] {
        let mut world = world(no_change);
        world.tell(found("process 1"));
        lines(&mut world, EventName::DatabaseFault, Some(Reason::Memory), 1);
        world.tell(found("process 1"));
        world.run(1);
        assert!(world.fires("database_fault"), "{what}: nothing ended");
        world.tell(ended());
        world.run(1);
        assert!(world.fires("database_fault"), "{what}: nothing new runs");
        if says_again {
            lines(&mut world, EventName::DatabaseFault, Some(Reason::Memory), 1);
        }
        world.tell(found("process 2"));
        world.run(1);
        assert_eq!(world.fires("database_fault"), fires, "{what}");
    }
}

#[test]
fn a_producer_that_was_voted_out_is_told_and_not_called_missing() {
    let mut world = World::new(Role::Observer, 21);
    (world.knobs.scheduled, world.knobs.active_signs) = (false, false);
    world.run(1500);
    assert!(world.fires("not_scheduled") && !world.fires("producer_missing"));
}
