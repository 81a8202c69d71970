//! The pictures in `doc/pictures/` are what the code draws. After a change that is meant,
//! `EOSKEEPER_WRITE_PICTURES=1 cargo test --test chart pictures` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eoskeeper::chart::{self, Size};
use eoskeeper::core::alarm::message::PictureKind;

use crate::data::{HOUR_MS, World};
use crate::odd::decoded;

/// A document with its pictures is to stay small.
const BYTES_MAX: usize = 80_000;

fn path(kind: PictureKind) -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("doc/pictures");
    dir.join(format!("{}.png", kind.as_str()))
}

#[test]
fn the_pictures_of_the_documents_are_what_is_drawn() {
    let size: Size = "900x600".parse().unwrap();
    let is_writing = std::env::var_os("EOSKEEPER_WRITE_PICTURES").is_some();
    for kind in PictureKind::ALL {
        let world = World::troubled(3 * HOUR_MS);
        let drawn = chart::png(kind, &world.data(), size).unwrap();
        assert!(drawn.len() < BYTES_MAX, "{kind:?}: {} bytes", drawn.len());
        if is_writing {
            fs::write(path(kind), &drawn).unwrap();
        }
        let kept = fs::read(path(kind)).unwrap();
        let ((drawn_size, drawn), (kept_size, kept)) = (decoded(&drawn), decoded(&kept));
        assert_eq!(drawn_size, kept_size, "{kind:?}");
        // Edges may round differently on another processor.
        let differing = drawn.iter().zip(&kept).filter(|(a, b)| a.abs_diff(**b) > 8).count();
        let share = differing as f64 / drawn.len() as f64;
        assert!(share < 0.001, "{kind:?}: {share} of it differs; see the top of this file");
    }
}

/// The figures of `doc/charts.md`.
#[test]
#[ignore = "a measurement, for a build with --release"]
fn how_long_a_picture_of_a_week_takes() {
    let world = World::troubled(7 * 24 * HOUR_MS);
    let (samples, turns) = (world.samples.len(), world.turns.len());
    println!("{samples} samples and {turns} turns, 1080x720, the best of 20");
    for kind in PictureKind::ALL {
        let mut best = [Duration::MAX; 2];
        let mut bytes = [0; 2];
        for _ in 0..20 {
            let started = Instant::now();
            bytes[0] = chart::png(kind, &world.data(), Size::MESSAGE).unwrap().len();
            best[0] = best[0].min(started.elapsed());
            let started = Instant::now();
            bytes[1] = chart::svg(kind, &world.data(), Size::MESSAGE).unwrap().len();
            best[1] = best[1].min(started.elapsed());
        }
        let [png, svg] = best.map(|time| time.as_secs_f64() * 1000.0);
        println!(
            "{}: PNG {png:.0} ms, {} kB; SVG {svg:.0} ms, {} kB",
            kind.as_str(),
            bytes[0] / 1000,
            bytes[1] / 1000
        );
        assert!(best[0] < Duration::from_secs(10), "{kind:?}: an outbox would wait for it");
    }
}

/// Writes pictures of every kind of data into a folder, to be looked at.
#[test]
fn every_picture_can_be_looked_at() {
    let Some(dir) = std::env::var_os("EOSKEEPER_LOOK_AT") else { return };
    let dir = PathBuf::from(dir);
    fs::create_dir_all(&dir).unwrap();
    let all = [
        ("quiet", World::quiet(6 * HOUR_MS)),
        ("troubled", World::troubled(6 * HOUR_MS)),
        ("five-minutes", World::troubled(HOUR_MS / 12)),
        ("week", World::troubled(7 * 24 * HOUR_MS)),
        ("month", World::month()),
        ("empty", World::empty(HOUR_MS)),
        ("one", World::one()),
        ("spike", World::spike()),
        ("odd-names", World::odd_names()),
        ("many", World::many()),
        ("clock-back", World::clock_back()),
    ];
    for (name, world) in all {
        for kind in PictureKind::ALL {
            for size in ["1080x720", "360x640", "320x320", "1600x500"] {
                let png = chart::png(kind, &world.data(), size.parse().unwrap()).unwrap();
                let file = dir.join(format!("{name}-{}-{size}.png", kind.as_str()));
                fs::write(&file, png).unwrap();
                assert!(file.is_file());
            }
        }
    }
}
