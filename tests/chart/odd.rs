//! Whatever is fed to them, in whatever size: texts never touch, work and bytes stay bounded.

use eoskeeper::chart::{self, PICTURE_BYTES_MAX, Period, Size};
use eoskeeper::core::alarm::message::PictureKind;
use eoskeeper::core::time::Timestamp;
use proptest::prelude::*;

use crate::data::{DAY_MS, HOUR_MS, MINUTE_MS, World, end};
use crate::svg::Parts;

/// Worlds with their names.
fn worlds() -> Vec<(&'static str, World)> {
    let mut far = World::quiet(HOUR_MS);
    far.samples[7].at = Timestamp::from_ms(i64::MIN);
    far.samples[8].at = Timestamp::from_ms(i64::MAX);
    let mut equal = World::quiet(HOUR_MS);
    for sample in &mut equal.samples {
        (sample.head, sample.best, sample.median) = (Some(5), Some(5), Some(5));
    }
    let mut same_time = World::quiet(HOUR_MS);
    same_time.samples.iter_mut().for_each(|row| row.at = end());
    same_time.turns.iter_mut().for_each(|row| row.start = end());
    same_time.pool.iter_mut().for_each(|row| row.at = end());
    vec![
        ("empty", World::empty(HOUR_MS)),
        ("quiet", World::quiet(6 * HOUR_MS)),
        ("five minutes", World::troubled(5 * MINUTE_MS)),
        ("troubled", World::troubled(6 * HOUR_MS)),
        ("a day", World::troubled(DAY_MS)),
        ("odd names", World::odd_names()),
        ("spike", World::spike()),
        ("one row", World::one()),
        ("a clock put back", World::clock_back()),
        ("far away", far),
        ("all equal", equal),
        ("all at once", same_time),
    ]
}

#[test]
fn no_text_touches_another_or_leaves_the_picture() {
    let mut found = Vec::new();
    for (name, world) in worlds() {
        for size in ["1080x720", "360x640", "640x360", "320x320", "1600x500", "330x1200"] {
            let pixels: Size = size.parse().unwrap();
            for kind in PictureKind::ALL {
                let svg = chart::svg(kind, &world.data(), pixels).unwrap();
                let picture = format!("{name}, {}, {size}", kind.as_str());
                found.extend(Parts::of(&svg).unreadable(&picture));
            }
        }
    }
    found.truncate(40);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_week_of_everything_is_bounded() {
    for (name, world) in [
        ("week", World::troubled(7 * DAY_MS)),
        ("month", World::month()),
        ("many turns", World::many()),
    ] {
        for kind in PictureKind::ALL {
            let svg = chart::svg(kind, &world.data(), Size::MESSAGE).unwrap();
            Parts::of(&svg).must_be_readable(&format!("{name}, {}", kind.as_str()));
            assert!(svg.len() < 4_000_000, "{name} {kind:?}: {} bytes", svg.len());
        }
    }
}

#[test]
fn a_picture_for_a_message_has_its_size_and_few_bytes() {
    let world = World::many();
    for kind in PictureKind::ALL {
        let png = chart::pictures(kind, &world.data(), Size::MESSAGE).unwrap();
        assert!(png.len() < PICTURE_BYTES_MAX, "{kind:?}: {}", png.len());
        assert_eq!(decoded(&png).0, (1080, 720), "{kind:?}");
    }
}

#[test]
fn the_same_data_make_the_same_bytes() {
    let world = World::troubled(HOUR_MS);
    let mut shuffled = world.clone();
    shuffled.samples.reverse();
    shuffled.turns.reverse();
    shuffled.pool.reverse();
    for kind in PictureKind::ALL {
        let size = "360x640".parse().unwrap();
        let first = chart::png(kind, &world.data(), size).unwrap();
        assert!(first == chart::png(kind, &world.data(), size).unwrap(), "{kind:?}");
        assert!(first == chart::png(kind, &shuffled.data(), size).unwrap(), "{kind:?} shuffled");
    }
}

/// Both come from the same drawing: where the SVG has its background, the bitmap is white.
#[test]
fn the_bitmap_shows_what_the_svg_says() {
    let world = World::troubled(HOUR_MS);
    let size: Size = "640x400".parse().unwrap();
    let png = chart::png(PictureKind::Lag, &world.data(), size).unwrap();
    let ((wide, high), pixels) = decoded(&png);
    assert_eq!((wide, high), (640, 400));
    let parts = Parts::of(&chart::svg(PictureKind::Lag, &world.data(), size).unwrap());
    let at = |x: f32, y: f32| {
        let start = (y as usize * wide as usize + x as usize) * 3;
        format!("#{:02X}{:02X}{:02X}", pixels[start], pixels[start + 1], pixels[start + 2])
    };
    assert_eq!(at(1.0, 1.0), "#FFFFFF");
    let silent = eoskeeper::chart::palette::SILENT.hex();
    let [x, y, w, h] = parts.rects_of(&silent, 50.0)[0];
    assert_eq!(at(x + w / 2.0, y + h * 0.37), silent);
    // Letters: some pixels of the title are ink.
    let title = &parts.labels[0];
    let dark = (title.left as usize..title.right as usize)
        .flat_map(|x| (title.top as usize..title.bottom as usize).map(move |y| (x, y)))
        .filter(|(x, y)| pixels[(y * wide as usize + x) * 3] < 100)
        .count();
    assert!(dark > 200, "{dark}");
}

/// Width and height, and red, green and blue of each pixel.
pub fn decoded(bytes: &[u8]) -> ((u32, u32), Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    ((info.width, info.height), pixels)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Rows at any times with any figures, in any period.
    #[test]
    fn nothing_makes_it_panic(
        heads in proptest::collection::vec((any::<i32>(), any::<Option<u32>>(), any::<Option<u32>>()), 0..40),
        length_ms in 1_i64..chart::PERIOD_MAX_MS * 2,
        zone in prop_oneof!["UTC", "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca"],
    ) {
        let mut world = World::quiet(HOUR_MS);
        world.zone = chart::Zone::named(&zone).unwrap();
        world.period = Period::before(end(), length_ms);
        let rows = world.samples.clone();
        world.samples = rows.iter().zip(&heads).map(|(row, (ms, head, best))| {
            let mut row = row.clone();
            row.at = end().plus_ms(i64::from(*ms));
            (row.head, row.best, row.median) = (*head, *best, *best);
            row.host.as_mut().unwrap().cpu_permille = *best;
            row
        }).collect();
        for turn in &mut world.turns {
            turn.start = end().plus_ms(-(turn.start.ms() % length_ms));
        }
        for kind in PictureKind::ALL {
            if let Ok(svg) = chart::svg(kind, &world.data(), "480x480".parse().unwrap()) {
                Parts::of(&svg).must_be_readable(kind.as_str());
            }
        }
    }
}
