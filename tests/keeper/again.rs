//! What fails again and again is tried ever more rarely, and told once and by reminders.

#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use eoskeeper::core::action::{Act, ActResult};
use eoskeeper::core::handover::Signing;
use keeper_support::pair::{A, B, active, active_with, promoted, record, settings, with_lease};
use keeper_support::{LeaseSays, World, peer};

/// A that signs, and nobody else is ready.
fn alone() -> World {
    let mut world = active();
    world.peer.as_mut().unwrap().ready = false;
    world.run(5);
    world
}

/// Hours of a situation in which the same thing fails again and again.
const HOURS: u64 = 5;

#[test]
fn a_stop_that_only_claims_to_work_is_tried_ever_more_rarely_and_told_once() {
    type Happens = fn(&mut World);
    let cases: [(&str, World, Happens); 4] = [
        (
            "the lease is another's",
            active_with(with_lease(settings(A, "b")), Some(LeaseSays::Held(5))),
            |w| {
                w.lease = Some(LeaseSays::Read(Some(record("b", 9, None))));
            },
        ),
        ("another signs, it was away", active(), |w| {
            let mut b = peer("b", B, Signing::Yes);
            b.signing_since = Some(w.now.wall.plus_ms(1_000));
            w.peer = Some(b);
        }),
        ("cut off, nobody ready", alone(), |w| w.knobs.connected = false),
        ("a promoted standby, another signs", promoted(), |w| {
            let own = w.keeper.status(w.now).producer.last_block.unwrap();
            w.received_ours(own.number, own.time, 0xdead_beef);
        }),
    ];
    for (what, mut world, happens) in cases {
        happens(&mut world);
        world.knobs.pause_works = false;
        world.run(HOURS * 3_600);
        let stops = world.acts().iter().filter(|act| **act == Act::Demote).count();
        // The first one, the quick ones, and six an hour.
        assert!((6..=6 * HOURS as usize + 8).contains(&stops), "{what}: {stops}");
        assert_eq!(world.told("stop_unheeded"), 2, "{what}: one, and a reminder");
        let mut keys: Vec<&str> = world.notices.iter().map(|n| n.key.as_str()).collect();
        keys.sort_unstable();
        let most = keys.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0])).max();
        println!("{what}: {stops} stops, most told: {most:?}");
    }
}

#[test]
fn a_start_that_fails_is_tried_ever_more_rarely_and_told_once() {
    let answers = [
        ("refused", ActResult::Refused("no".to_owned()), "promotion_refused"),
        ("failed", ActResult::Failed("no answer".to_owned()), "stepping_down"),
    ];
    for (what, answer, key) in answers {
        let mut world = World::with(settings(A, "b"), 21, Ok(None));
        (world.knobs.paused, world.knobs.active_signs) = (true, false);
        world.peer = Some(peer("b", B, Signing::No));
        world.knobs.promote_answer = Some(answer);
        world.run(HOURS * 3_600);
        let tries = world.acts().iter().filter(|act| **act == Act::Promote).count();
        assert!((6..=6 * HOURS as usize + 4).contains(&tries), "{what}: {tries}");
        assert_eq!(world.told(key), 2, "{what}: one, and a reminder");
        assert!(world.keeper.decision().sentence.contains("tried again in"), "{what}");
        // It works again: then nothing is left of it.
        world.knobs.promote_answer = None;
        world.run(900);
        assert_eq!(world.told("armed"), 1, "{what}: {:?}", world.decisions);
        assert_eq!(world.code(), "watch", "{what}");
    }
}
