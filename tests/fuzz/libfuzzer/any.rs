//! The target of `eoskeeper::fuzz` that has this program's name.

#![no_main]

use std::sync::OnceLock;

use eoskeeper::fuzz::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    let name = env!("CARGO_BIN_NAME");
    let find = || TARGETS.into_iter().find(|(target, _)| *target == name).expect(name).1;
    TARGET.get_or_init(find)(data);
});
