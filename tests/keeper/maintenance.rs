//! What maintenance means for every automatic act and for every order of a person, in virtual time:
//! the two tables of doc/orders.md, row by row.

#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use std::fs;

use eoskeeper::core::action::{Act, Latch};
use eoskeeper::core::command::{Command, CommandAnswer};
use eoskeeper::core::handover::{Fence, Signing};
use keeper_support::pair::{
    A, B, active, active_with, ended, handover, offer, promoted, settings, standby, with_lease,
};
use keeper_support::{LeaseSays, World, peer};

/// A that was started paused.
fn started_paused() -> World {
    let mut world = World::with(settings(A, "b"), 21, Ok(None));
    (world.knobs.paused, world.knobs.active_signs) = (true, false);
    world.peer = Some(peer("b", B, Signing::No));
    world
}

fn order(world: &mut World, command: &Command) -> CommandAnswer {
    let now = world.now;
    world.keeper.command(now, command)
}

fn maintain(world: &mut World) {
    let command =
        Command::Maintenance { for_ms: 3_600_000, reason: "new disk".to_owned(), force: true };
    assert!(order(world, &command).accepted);
}

fn switchover(to: &str, force: bool) -> Command {
    Command::Switchover { to: to.to_owned(), force, dry_run: false }
}

/// An automatic act: the world in which it is due, and what is due there.
struct Due {
    /// First cell of its row.
    row: &'static str,
    /// Where it is due a moment later.
    world: fn() -> World,
    /// Brings it about.
    happens: fn(&mut World),
    /// Within so many seconds.
    within: u64,
    /// The act.
    act: Act,
    /// Second cell: whether it is done under maintenance as well.
    goes_on: bool,
}

const DUE: [Due; 13] = [
    Due {
        row: "a standby promotes itself when the producer is silent",
        world: standby,
        happens: |w| {
            w.knobs.active_signs = false;
            w.peer = Some(peer("a", A, Signing::No));
        },
        within: 400,
        act: Act::Promote,
        goes_on: false,
    },
    Due {
        row: "a standby takes up a handover",
        world: standby,
        happens: |w| {
            w.knobs.active_signs = false;
            offer(w, handover(Fence::Fenced, w.now.wall));
        },
        within: 8,
        act: Act::Promote,
        goes_on: false,
    },
    Due {
        row: "a node that cannot sign hands over",
        world: active,
        happens: ended,
        within: 60,
        act: Act::HandOver,
        goes_on: false,
    },
    Due {
        row: "a node that has given it to nobody offers it again",
        world: || {
            let mut world = active();
            world.peer.as_mut().unwrap().ready = false;
            ended(&mut world);
            world.run(5);
            assert_eq!(world.told("handover_no_taker"), 1, "{:?}", world.decisions);
            world
        },
        happens: |w| w.peer.as_mut().unwrap().ready = true,
        within: 10,
        act: Act::HandOver,
        goes_on: false,
    },
    Due {
        row: "nodeos is restarted once",
        world: || {
            let mut settings = settings(A, "b");
            settings.promotion.can_restart = true;
            active_with(settings, None)
        },
        happens: |w| w.knobs.connected = false,
        within: 40,
        act: Act::Restart,
        goes_on: false,
    },
    Due {
        row: "the active node that was started paused is resumed",
        world: started_paused,
        happens: |_| {},
        within: 60,
        act: Act::Promote,
        goes_on: false,
    },
    Due {
        row: "a standby steps down when two sign",
        world: || {
            let mut world = promoted();
            world.run(126);
            world
        },
        happens: |w| {
            let own = w.keeper.status(w.now).producer.last_block.unwrap();
            w.received_ours(own.number, own.time, 0xdead_beef);
        },
        within: 3,
        act: Act::Demote,
        goes_on: true,
    },
    Due {
        row: "the active node gives way to a standby that took over meanwhile",
        world: active,
        happens: |w| {
            let mut b = peer("b", B, Signing::Yes);
            b.signing_since = Some(w.now.wall.plus_ms(1_000));
            w.peer = Some(b);
        },
        within: 5,
        act: Act::Demote,
        goes_on: true,
    },
    Due {
        row: "a node that may not sign and was started unpaused is stopped again",
        world: || {
            let mut world = started_paused();
            world.peer = Some(peer("b", B, Signing::Yes));
            world.run(60);
            assert_eq!(world.acts(), [], "{:?}", world.decisions);
            world
        },
        happens: |w| w.knobs.paused = false,
        within: 10,
        act: Act::Demote,
        goes_on: true,
    },
    Due {
        row: "a node stops when its lease is lost or runs out",
        world: || active_with(with_lease(settings(A, "b")), Some(LeaseSays::Held(5))),
        happens: |w| w.lease = Some(LeaseSays::Failed),
        within: 10,
        act: Act::Demote,
        goes_on: true,
    },
    Due {
        row: "the active node that signs takes its lease",
        world: || {
            let mut world = World::with(with_lease(settings(A, "b")), 21, Ok(None));
            (world.knobs.paused, world.knobs.active_signs) = (false, false);
            world.peer = Some(peer("b", B, Signing::No));
            world.run(1);
            world
        },
        happens: |w| w.lease = Some(LeaseSays::Read(None)),
        within: 9,
        act: Act::AcquireLease,
        goes_on: true,
    },
    Due {
        row: "a promotion that does not show on the chain is undone",
        world: || {
            let mut world = standby();
            world.knobs.active_signs = false;
            world.knobs.promote_works = false;
            world.peer = Some(peer("a", A, Signing::No));
            assert!(world.run_until("verify", 600), "{:?}", world.decisions);
            world
        },
        happens: |_| {},
        within: 200,
        act: Act::Demote,
        goes_on: true,
    },
    Due {
        row: "a switchover that waits for its gap is carried out",
        world: || {
            let mut world = active();
            assert!(order(&mut world, &switchover("b", false)).accepted);
            world
        },
        happens: |_| {},
        within: 40,
        act: Act::HandOver,
        goes_on: true,
    },
];

#[test]
fn every_automatic_act_is_held_back_or_done_as_the_table_says() {
    for due in &DUE {
        for under in [false, true] {
            let mut world = (due.world)();
            world.orders.retain(|(_, order)| order.act != due.act);
            if under {
                maintain(&mut world);
            }
            (due.happens)(&mut world);
            world.run(due.within);
            let done = world.acts().contains(&due.act);
            let what = format!("{} (maintenance: {under})", due.row);
            assert_eq!(done, due.goes_on || !under, "{what}: {:?}", world.decisions);
        }
    }
}

/// An order of a person to a node under maintenance.
struct Ordered {
    /// First cell of its row.
    row: &'static str,
    world: fn() -> World,
    command: fn() -> Command,
    /// Second cell: whether it is done.
    accepted: bool,
    /// In the answer.
    words: &'static str,
    /// What follows within half a minute.
    act: Option<Act>,
}

const ORDERED: [Ordered; 12] = [
    Ordered {
        row: "`promote`",
        world: started_and_seen,
        command: || Command::Promote { force: false, dry_run: false },
        accepted: false,
        words: "maintenance: Under maintenance until",
        act: None,
    },
    Ordered {
        row: "`promote --force`",
        world: started_and_seen,
        command: || Command::Promote { force: true, dry_run: false },
        accepted: true,
        words: "is being made to sign",
        act: Some(Act::Promote),
    },
    Ordered {
        row: "`demote`",
        world: active,
        command: || Command::Demote { force: false, dry_run: false },
        accepted: true,
        words: "is being stopped",
        act: Some(Act::Demote),
    },
    Ordered {
        row: "`switchover --to NAME`",
        world: active,
        command: || switchover("b", false),
        accepted: true,
        words: "b takes over at",
        act: Some(Act::HandOver),
    },
    Ordered {
        row: "`switchover --to NAME`, where `NAME` is under maintenance",
        world: || {
            let mut world = active();
            let until = Some(world.now.wall.plus_ms(600_000));
            let status = world.peer.as_mut().unwrap();
            (status.maintenance_until, status.ready) = (until, false);
            world.run(2);
            world
        },
        command: || switchover("b", false),
        accepted: false,
        words: "b is under maintenance until",
        act: None,
    },
    Ordered {
        row: "`failback`, on the standby that signs",
        world: promoted,
        command: || Command::Failback { force: false, dry_run: false },
        accepted: true,
        words: "a takes over at",
        act: Some(Act::HandOver),
    },
    Ordered {
        row: "`failback`, on the active node",
        world: || {
            let mut world = started_paused();
            world.peer = Some(peer("b", B, Signing::Yes));
            world.run(60);
            world
        },
        command: || Command::Failback { force: false, dry_run: false },
        accepted: false,
        words: "This node is under maintenance until",
        act: None,
    },
    Ordered {
        row: "`failback --force`, on the active node",
        world: || {
            let mut world = started_paused();
            world.peer = Some(peer("b", B, Signing::Yes));
            world.run(60);
            world
        },
        command: || Command::Failback { force: true, dry_run: false },
        accepted: false,
        words: "end it first",
        act: None,
    },
    Ordered {
        row: "`rearm`",
        world: promoted,
        command: || Command::Rearm,
        accepted: true,
        words: "1 promotions are forgotten",
        act: None,
    },
    Ordered {
        row: "`maintenance --for`, again",
        world: active,
        command: || Command::Maintenance {
            for_ms: 60_000,
            reason: "new cable".to_owned(),
            force: false,
        },
        accepted: true,
        words: "Maintenance until",
        act: None,
    },
    Ordered {
        row: "`maintenance --for`, where no other node is ready",
        world: || {
            let mut world = active();
            world.peer.as_mut().unwrap().ready = false;
            world.run(2);
            world
        },
        command: || Command::Maintenance {
            for_ms: 60_000,
            reason: "new cable".to_owned(),
            force: false,
        },
        accepted: false,
        words: "this is the last one",
        act: None,
    },
    Ordered {
        row: "`maintenance --end`",
        world: active,
        command: || Command::EndMaintenance,
        accepted: true,
        words: "Maintenance is over.",
        act: None,
    },
];

/// A that was started paused, and has seen its node and the chain.
fn started_and_seen() -> World {
    let mut world = started_paused();
    world.peer.as_mut().unwrap().signing = Signing::Unknown;
    world.run(60);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
    world
}

#[test]
fn every_order_is_refused_or_done_as_the_table_says() {
    for ordered in &ORDERED {
        let mut world = (ordered.world)();
        maintain(&mut world);
        world.run(2);
        let answer = order(&mut world, &(ordered.command)());
        let said = answer.sentences.join(" ");
        assert_eq!(answer.accepted, ordered.accepted, "{}: {answer:?}", ordered.row);
        assert!(said.contains(ordered.words), "{}: {answer:?}", ordered.row);
        world.run(30);
        let acts = world.acts();
        match ordered.act {
            Some(act) => assert!(acts.contains(&act), "{}: {acts:?}", ordered.row),
            None => assert_eq!(acts, [], "{}: {:?}", ordered.row, world.decisions),
        }
    }
}

#[test]
fn a_second_order_replaces_the_end_and_the_reason() {
    let mut world = active();
    maintain(&mut world);
    let again =
        Command::Maintenance { for_ms: 60_000, reason: "new cable".to_owned(), force: false };
    assert!(order(&mut world, &again).accepted);
    world.run(1);
    let maintenance = world.keeper.status(world.now).maintenance.unwrap();
    assert_eq!(maintenance.reason, "new cable");
    assert!(maintenance.until.since_ms(world.now.wall) <= 60_000, "{maintenance:?}");
    world.run(61);
    assert_eq!(world.keeper.status(world.now).maintenance, None);
    assert_eq!(world.told("maintenance_ends"), 1);
}

#[test]
fn what_was_held_back_is_done_when_it_is_over() {
    let mut world = active();
    maintain(&mut world);
    ended(&mut world);
    world.run(60);
    assert_eq!(world.acts(), []);
    assert!(order(&mut world, &Command::EndMaintenance).accepted);
    world.run(2);
    assert_eq!(world.acts(), [Act::HandOver], "{:?}", world.decisions);
}

#[test]
fn it_survives_a_restart_of_the_keeper() {
    let mut world = active();
    maintain(&mut world);
    world.run(2);
    let latch: Latch = world.latches.last().cloned().unwrap();
    let mut again = World::with(settings(A, "b"), 21, Ok(Some(latch)));
    (again.now, again.knobs.paused, again.knobs.active_signs) = (world.now, true, false);
    again.peer = Some(peer("b", B, Signing::No));
    again.run(60);
    assert_eq!(again.acts(), [], "{:?}", again.decisions);
    assert_eq!(again.code(), "hold:maintenance");
}

#[test]
fn alarms_go_on_and_say_so() {
    let mut world = active();
    maintain(&mut world);
    world.knobs.api = false;
    world.run(60);
    let raised: Vec<_> = world.notices.iter().filter(|n| n.key == "api_down").collect();
    assert_eq!(raised.len(), 1);
    assert!(raised[0].text.starts_with("[maintenance: new disk] "), "{raised:?}");
}

/// First and second cells of the table that begins with this header.
fn rows(header: &str) -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/orders.md");
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().skip_while(|line| !line.starts_with(header));
    assert!(lines.next().is_some(), "doc/orders.md has no table {header}");
    lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
            (cells.next().unwrap(), cells.next().unwrap())
        })
        .collect()
}

#[test]
fn the_tables_of_the_document_are_these() {
    let acts = DUE.iter().map(|due| {
        let verdict = if due.goes_on { "done" } else { "held back" };
        (due.row.to_owned(), verdict.to_owned())
    });
    assert_eq!(rows("| by itself |"), acts.collect::<Vec<_>>());
    let orders = ORDERED.iter().map(|ordered| {
        let verdict = if ordered.accepted { "done" } else { "refused" };
        (ordered.row.to_owned(), verdict.to_owned())
    });
    assert_eq!(rows("| order |"), orders.collect::<Vec<_>>());
}

#[test]
fn a_clock_that_is_set_back_does_not_make_it_last_a_day() {
    let mut world = standby();
    maintain(&mut world);
    world.run(10);
    // NTP puts right a clock that was a day ahead.
    world.jump(0, -86_400_000);
    world.run(3_500);
    assert!(world.keeper.status(world.now).maintenance.is_some(), "its length is not over");
    world.run(200);
    assert_eq!(world.keeper.status(world.now).maintenance, None);
}
