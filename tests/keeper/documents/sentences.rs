//! Every sentence a closed gate can say, from keepers in virtual time: what a document quotes as an
//! example must be one of them, figures aside.

use std::collections::{BTreeMap, BTreeSet};

use eoskeeper::core::action::ActResult;
use eoskeeper::core::command::Command;
use eoskeeper::core::event::{ChainInfo, Event, EventName, LogEvent, Reason};
use eoskeeper::core::handover::Signing;
use eoskeeper::core::lease::LeaseRecord;
use eoskeeper::core::settings::{Lease, Role, Settings};

use super::keeper_support::{BP, LeaseSays, World, armed, name, peer};
use super::serde_name;

/// What closed gates said: by reason, the gate's name and its sentence with [`shape`].
pub type Said = BTreeMap<String, BTreeSet<(String, String)>>;

const B: Role = Role::FirstStandby;
/// Three rounds of 21 producers, so that every window is covered.
const WARM: u64 = 3 * 126;

/// The sentence with every number as `0`.
pub fn shape(sentence: &str) -> String {
    let mut shape = String::new();
    for c in sentence.chars() {
        match c {
            '0'..='9' if shape.ends_with('0') => {}
            '0'..='9' => shape.push('0'),
            other => shape.push(other),
        }
    }
    // `12.5 s` and `12 s` are one shape.
    shape.replace("0.0", "0")
}

/// Runs for so many seconds and notes what the closed gates say each second.
fn listen(said: &mut Said, world: &mut World, seconds: u64) {
    for _ in 0..seconds {
        world.run(1);
        note(said, world);
    }
}

fn note(said: &mut Said, world: &World) {
    for gate in world.keeper.gates() {
        if let Some(why) = gate.closed {
            let sentence = (gate.name.to_owned(), shape(&gate.sentence));
            said.entry(serde_name(&why)).or_default().insert(sentence);
        }
    }
}

fn line(event: EventName, reason: Option<Reason>, count: Option<u32>) -> Event {
    let mut line = LogEvent::new(event);
    (line.reason, line.count) = (reason, count);
    Event::Log(line)
}

/// Everything the gates say in the worlds below.
pub fn all() -> Said {
    let mut said = Said::new();
    the_usual_life(&mut said);
    troubles(&mut said);
    told_once(&mut said);
    references(&mut said);
    limits_of_acting(&mut said);
    our_other_nodes(&mut said);
    the_lease(&mut said);
    said
}

fn the_usual_life(said: &mut Said) {
    let mut world = World::armed(B, 21);
    listen(said, &mut world, WARM);
    world.knobs.active_signs = false;
    listen(said, &mut world, 300);
    let mut world = World::armed(B, 21);
    world.knobs.api = false;
    listen(said, &mut world, 5);
}

fn troubles(said: &mut Said) {
    type Change = fn(&mut World);
    let changes: [Change; 5] = [
        |w| w.knobs.scheduled = false,
        |w| w.knobs.connected = false,
        |w| w.knobs.lib_moves = false,
        |w| w.knobs.paused = false,
        |w| (w.knobs.api, w.knobs.log) = (false, false),
    ];
    for change in changes {
        let mut world = World::armed(B, 21);
        world.run(WARM);
        change(&mut world);
        listen(said, &mut world, 60);
    }
    // Every second producer signs, and more than those are asked for.
    let mut settings = armed(B);
    settings.rules.api_few_producers = 8;
    let mut world = World::with(settings, 21, Ok(None));
    world.run(WARM);
    world.knobs.others_every = 2;
    listen(said, &mut world, 90);
}

fn told_once(said: &mut Said) {
    let events = [
        line(EventName::NodeStopping, None, None),
        line(EventName::DatabaseFault, Some(Reason::Memory), None),
        line(EventName::PeerCounts, None, Some(0)),
        line(EventName::ForkSwitched, None, Some(9)),
    ];
    for event in events {
        let mut world = World::armed(B, 21);
        world.run(WARM);
        world.tell(event);
        listen(said, &mut world, 1);
    }
    // A head of the future, and one of the past that moves.
    for (number, age_ms) in [(50_000_u32, -1_900), (50_001, 192_000)] {
        let mut world = World::armed(B, 21);
        world.run(WARM);
        world.tell(Event::Info(Ok(ChainInfo {
            chain_id: None,
            head: number,
            head_id: format!("{number:064x}"),
            head_time: world.now.wall.plus_ms(-age_ms),
            head_producer: name("othera"),
            lib: number - 2,
            lib_id: None,
            version: None,
        })));
        world.keeper.tick(world.now);
        note(said, &world);
    }
}

fn references(said: &mut Said) {
    for (honest, connected) in [(1, true), (3, false)] {
        let mut settings = armed(B);
        settings.references.names = (0..3).map(|i| format!("http://reference{i}")).collect();
        settings.references.min_agree = 2;
        let mut world = World::with(settings, 21, Ok(None));
        world.knobs.honest = honest;
        world.run(WARM);
        world.knobs.connected = connected;
        listen(said, &mut world, 20);
    }
}

fn limits_of_acting(said: &mut Said) {
    let mut spent = armed(B);
    spent.promotion.max_promotions = 1;
    let mut dry = armed(B);
    dry.promotion.dry_run = true;
    let damaged = "/var/lib/eoskeeper/state.sqlite is damaged: SQLite says: database disk image is \
                   malformed; find out whether this node produces, then move the file away";
    let worlds = [
        World::with(spent, 21, Ok(None)),
        World::with(dry, 21, Ok(None)),
        World::with(Settings::new(B, name(BP)), 21, Ok(None)),
        World::with(armed(B), 21, Err(damaged.to_owned())),
    ];
    for mut world in worlds {
        world.knobs.active_signs = false;
        world.knobs.answer = Some(ActResult::Refused("the head is old".to_owned()));
        listen(said, &mut world, 300);
    }
}

/// Maintenance, what is final, and what is known of our other nodes.
fn our_other_nodes(said: &mut Said) {
    let mut world = World::armed(B, 21);
    let order =
        Command::Maintenance { for_ms: 7_200_000, reason: "new disk".to_owned(), force: false };
    let now = world.now;
    assert!(world.keeper.command(now, &order).accepted);
    listen(said, &mut world, 2);
    let mut world = World::armed(B, 21);
    world.run(WARM);
    (world.knobs.active_signs, world.knobs.lib_moves) = (false, false);
    listen(said, &mut world, 300);
    for signing in [Signing::Yes, Signing::Beginning] {
        let mut settings = armed(B);
        settings.peers.names = vec!["a".to_owned()];
        let mut world = World::with(settings, 21, Ok(None));
        world.peer = Some(peer("a", Role::Active, signing));
        listen(said, &mut world, 20);
    }
    let mut fenced = armed(B);
    fenced.promotion.require_fence = true;
    let mut world = World::with(fenced, 21, Ok(None));
    world.run(WARM);
    world.knobs.active_signs = false;
    listen(said, &mut world, 300);
}

fn the_lease(said: &mut Said) {
    let held = LeaseRecord { holder: "a".to_owned(), token: 7, released: None };
    for says in [None, Some(LeaseSays::Failed), Some(LeaseSays::Read(Some(held)))] {
        let mut settings = armed(B);
        settings.lease = Some(Lease::DEFAULT);
        let mut world = World::with(settings, 21, Ok(None));
        world.lease = says;
        listen(said, &mut world, 5);
    }
}

/// What a standby answers to `promote` and the active node to `switchover`, and what is told until
/// the latter is done.
pub fn orders() -> (Vec<String>, BTreeSet<String>) {
    let with = |role, other: &str, signing| {
        let mut settings = armed(role);
        (settings.promotion.can_promote, settings.peers.names) = (true, vec![other.to_owned()]);
        let mut world = World::with(settings, 21, Ok(None));
        let role = if role == B { Role::Active } else { B };
        world.peer = Some(peer(other, role, signing));
        world
    };
    let mut standby = with(B, "a", Signing::Yes);
    standby.run(WARM);
    let order = Command::Promote { force: false, dry_run: true };
    let now = standby.now;
    let mut answers = standby.keeper.command(now, &order).sentences;

    let mut active = with(Role::Active, "b", Signing::No);
    (active.knobs.paused, active.knobs.active_signs) = (false, false);
    active.run(WARM + 60);
    let order = Command::Switchover { to: "b".to_owned(), force: false, dry_run: false };
    let now = active.now;
    answers.extend(active.keeper.command(now, &order).sentences);
    let mut told = BTreeSet::new();
    for _ in 0..200 {
        active.run(1);
        told.insert(shape(&active.keeper.decision().sentence));
        let switch = active.keeper.status(active.now).switchover;
        told.extend(switch.map(|switch| shape(&switch.step_sentence)));
    }
    (answers.iter().map(|sentence| shape(sentence)).collect(), told)
}
