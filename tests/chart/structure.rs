//! What is drawn, by the elements of the SVG.

use eoskeeper::chart::palette::{self, slot};
use eoskeeper::chart::{self, ChartError, Period, Size, Zone};
use eoskeeper::core::alarm::message::PictureKind;
use eoskeeper::core::slots::SlotState;

use crate::data::{HOUR_MS, MINUTE_MS, World, end};
use crate::svg::Parts;

fn parts(kind: PictureKind, world: &World) -> Parts {
    Parts::of(&chart::svg(kind, &world.data(), Size::MESSAGE).unwrap())
}

#[test]
fn the_title_says_what_whose_when_and_in_which_zone() {
    let mut world = World::troubled(6 * HOUR_MS);
    world.zone = Zone::named("Asia/Shanghai").unwrap();
    for kind in PictureKind::ALL {
        let parts = parts(kind, &world);
        for words in ["tokyo-1", "eosstorebest", "chain aca376f2…", "2026-11-21 16:00 to 22:00"] {
            assert!(parts.has_text(words), "{kind:?} {words}: {:?}", parts.labels);
            assert!(parts.spoken.contains(words), "{kind:?} {words}: {}", parts.spoken);
        }
        assert!(parts.has_text("time in Asia/Shanghai, UTC+08:00"), "{kind:?}");
        let caption = chart::caption(kind, &world.data()).unwrap();
        assert_eq!(parts.spoken, caption);
    }
}

#[test]
fn gaps_are_shaded_by_their_reason_and_no_line_crosses_them() {
    let world = World::troubled(6 * HOUR_MS);
    let parts = parts(PictureKind::Lag, &world);
    for (name, colour) in [
        ("no data", palette::NO_DATA),
        ("node silent", palette::SILENT),
        ("no reference", palette::ALONE),
    ] {
        let shaded = parts.rects_of(&colour.hex(), 100.0);
        assert_eq!(shaded.len(), 1, "{name}");
        let [left, _, wide, _] = shaded[0];
        for (stroke, points) in &parts.lines {
            if *stroke == palette::FIRST.hex() || *stroke == palette::SECOND.hex() {
                let crosses = points
                    .windows(2)
                    .any(|pair| pair[0].0 <= left + 1.0 && pair[1].0 >= left + wide - 1.0);
                assert!(!crosses, "a line crosses {name}");
            }
        }
    }
    let median = parts.lines.iter().filter(|(stroke, _)| *stroke == palette::FIRST.hex());
    // One of the legend, and one between each two of the three holes.
    assert_eq!(median.count(), 1 + 4);
    let quiet = World::quiet(6 * HOUR_MS);
    let quiet = Parts::of(&chart::svg(PictureKind::Lag, &quiet.data(), Size::MESSAGE).unwrap());
    assert!(quiet.rects_of(&palette::NO_DATA.hex(), 0.0).is_empty());
    assert!(!quiet.has_text("no data"));
}

#[test]
fn the_corridor_ends_at_the_limit_and_a_spike_leaves_it_to_be_seen() {
    let quiet = parts(PictureKind::Lag, &World::quiet(6 * HOUR_MS));
    assert!(quiet.has_text("limit: 20 blocks") && !quiet.has_text("logarithmic"));
    let spike = parts(PictureKind::Lag, &World::spike());
    assert!(spike.has_text("logarithmic beyond the limit"));
    for parts in [quiet, spike] {
        let corridor = parts.rects_of(&palette::CORRIDOR.hex(), 1.0);
        assert_eq!(corridor.len(), 1);
        assert!(corridor[0][3] >= 15.0, "{corridor:?}");
    }
}

#[test]
fn a_resource_is_coloured_by_its_level() {
    let mut world = World::quiet(HOUR_MS);
    let count = |world: &World, colour: palette::Colour| {
        let svg = chart::svg(PictureKind::Host, &world.data(), Size::MESSAGE).unwrap();
        let area = format!("<polygon opacity=\"1\" fill=\"{}\"", colour.hex());
        svg.matches(&area).count()
    };
    assert_eq!((count(&world, palette::WARN), count(&world, palette::CRITICAL)), (0, 0));
    for sample in &mut world.samples[100..200] {
        sample.host.as_mut().unwrap().memory_permille = Some(810);
    }
    for sample in &mut world.samples[250..300] {
        sample.host.as_mut().unwrap().memory_permille = Some(960);
    }
    assert_eq!((count(&world, palette::WARN), count(&world, palette::CRITICAL)), (1, 1));
    let parts = parts(PictureKind::Host, &world);
    for name in ["cpu", "memory", "swap", "open files", "disk data", "disk state"] {
        assert!(parts.has_text(name), "{name}");
    }
    assert!(parts.has_text("Critical: memory up to 96 %"), "{:?}", parts.labels);
}

/// A spike of one sample in a week is a tenth of a pixel wide.
#[test]
fn the_shortest_spike_is_seen() {
    let mut world = World::quiet(7 * 24 * HOUR_MS);
    world.samples[30_000].host.as_mut().unwrap().cpu_permille = Some(990);
    let parts = parts(PictureKind::Host, &world);
    let red = parts.rects_of(&palette::CRITICAL.hex(), 20.0);
    assert!(red.iter().any(|sides| sides[2] >= 2.0), "{red:?}");
}

#[test]
fn each_slot_has_the_colour_of_its_state() {
    let mut world = World::quiet(30 * MINUTE_MS);
    world.turns.truncate(6);
    for (turn, state) in world.turns.iter_mut().zip(SlotState::ALL) {
        turn.slots = [state; 12];
    }
    world.turns[5].slots[3] = SlotState::Missed;
    let grid = parts(PictureKind::Slots, &world);
    for (state, runs) in SlotState::ALL.into_iter().zip([1, 1, 1, 1, 2, 2]) {
        // A swatch of the legend more; the unknown row is in two parts around the missed slot.
        let rects = grid.rects_of(&slot(state).hex(), 1.0);
        assert_eq!(rects.len(), runs + 1, "{state:?}");
    }
    let wide = |state| {
        let all = grid.rects_of(&slot(state).hex(), 1.0);
        all.iter().map(|sides| sides[2]).fold(0.0, f32::max)
    };
    assert_eq!(wide(SlotState::Final), wide(SlotState::Missed));
    for words in ["final", "produced", "late", "forked off", "missed", "not known"] {
        assert!(grid.has_text(words), "{words}");
    }
    assert!(grid.has_text("36 of 60 slots met") || grid.has_text("36 of 61 slots met"));
}

#[test]
fn a_turn_that_is_missing_is_a_gap_in_the_grid() {
    let mut world = World::quiet(HOUR_MS);
    world.turns.drain(8..12);
    let grid = parts(PictureKind::Slots, &world);
    assert!(grid.has_text("no data"));
    assert_eq!(grid.rects_of(&palette::NO_DATA.hex(), 5.0).len(), 2, "the gap and the legend");
}

#[test]
fn bars_add_up_to_the_slots_there_were() {
    let world = World::troubled(2 * HOUR_MS);
    let bars = parts(PictureKind::Production, &world);
    assert!(bars.has_text("one bar is a turn"));
    let missed = bars.rects_of(&slot(SlotState::Missed).hex(), 30.0);
    let expected = world.turns.iter().filter(|turn| turn.slots == [SlotState::Missed; 12]).count();
    assert_eq!(missed.len(), expected);
    let week = parts(PictureKind::Production, &World::troubled(7 * 24 * HOUR_MS));
    assert!(week.has_text("one bar is 2 hours"), "{:?}", week.labels);
}

#[test]
fn the_pool_shows_its_floor() {
    let world = World::troubled(6 * HOUR_MS);
    let pool = parts(PictureKind::Pool, &world);
    assert!(pool.has_text("floor: 900 TH/s") && pool.has_text("hashrate, TH/s"));
    assert!(pool.has_text("under the floor in"));
    let mut without = world.clone();
    without.pool.iter_mut().for_each(|row| row.floor = None);
    assert!(!parts(PictureKind::Pool, &without).has_text("floor"));
}

#[test]
fn a_period_that_is_none_is_an_error() {
    let mut world = World::quiet(HOUR_MS);
    for period in [
        Period { from: end(), to: end() },
        Period { from: end(), to: end().plus_ms(-HOUR_MS) },
        Period::before(end(), chart::PERIOD_MAX_MS + 1),
        Period::before(end(), i64::MAX),
    ] {
        world.period = period;
        for kind in PictureKind::ALL {
            let error = chart::svg(kind, &world.data(), Size::MESSAGE).unwrap_err();
            assert!(matches!(error, ChartError::Period(..)), "{error}");
        }
    }
}
