//! The pictures in `doc/pictures/` are what the code draws.

use std::fs;
use std::path::{Path, PathBuf};

use eoskeeper::chart::{self, Size};
use eoskeeper::core::alarm::message::PictureKind;

use crate::data::{HOUR_MS, World};

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("doc/pictures")
}

#[test]
fn view() {
    let out = PathBuf::from("/tmp/chart-view");
    fs::create_dir_all(&out).unwrap();
    let _ = dir();
    for (name, world) in [
        ("quiet6h", World::quiet(6 * HOUR_MS)),
        ("troubled6h", World::troubled(6 * HOUR_MS)),
        ("troubledweek", World::troubled(7 * 24 * HOUR_MS)),
        ("five", World::troubled(HOUR_MS / 12)),
        ("empty", World::empty(HOUR_MS)),
        ("longnames", World::odd_names()),
        ("spike", World::spike()),
        ("one", World::one()),
        ("many", World::many()),
        ("back", World::clock_back()),
        ("month", World::month()),
    ] {
        for kind in PictureKind::ALL {
            for size in ["1080x720", "360x640", "240x240", "1920x600"] {
                let size: Size = size.parse().unwrap();
                let started = std::time::Instant::now();
                let png = chart::png(kind, &world.data(), size).unwrap();
                let took = started.elapsed();
                let svg = chart::svg(kind, &world.data(), size).unwrap();
                println!(
                    "{name} {} {size} png {} svg {} {took:?}",
                    kind.as_str(),
                    png.len(),
                    svg.len()
                );
                fs::write(out.join(format!("{name}-{}-{size}.png", kind.as_str())), png).unwrap();
                fs::write(out.join(format!("{name}-{}-{size}.svg", kind.as_str())), svg).unwrap();
            }
        }
    }
}
