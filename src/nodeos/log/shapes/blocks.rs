//! Blocks received, produced, undone, missed and dropped.

use crate::core::event::EventName::{
    BlockDoubleProduced, BlockDropped, BlockPopped, BlockProduced, BlockReceived, BlocksMissed,
    Other,
};
use crate::nodeos::log::shape::{Shape, says};

/// Messages that begin with a word.
pub(in crate::nodeos::log) const SHAPES: &[Shape] = &[
    // dawn-4.0 to Spring 2.0-dev: producer_plugin.cpp, from Spring 1.0 controller.cpp.
    says(BlockReceived, "Received block ")
        .then(r"%id\.{0,3} #%block +@ %time signed by %producer \[%list\]?"),
    // The same. One fork of Leap 4.1 adds the place in the turn, and writes `singer:`.
    says(BlockProduced, "Produced block ").then(
        r"%id\.{0,3} #%block +(?:%N +)?@ %time si(?:gne(?:d by|r:)|nger:) %producer \[%list\]?",
    ),
    // 1.8.7 to Spring 1.0.5: prints the head once more when a late block did not become head.
    says(Other, "Block not applied to head ").words(),
    // dawn-3.0 to DAWN-2018-04-27: chain_controller.cpp.
    says(BlockReceived, "push block ").then("#%block from %producer %time +%id lib: %lib success"),
    says(BlockPopped, "pop block ").then("#%block from %producer %time +%id"),
    // dawn-3.0 to DAWN-2018-04-27: fork_database.cpp, chain_controller.cpp.
    says(BlocksMissed, "Number of missed blocks: ").then("%count"),
    // 1.8.10 and 2.0.1 to Leap 5.
    says(BlockDropped, "dropped incoming block ").then(r"#%block id: %id(?:\.{3})?"),
    // Spring 1.0.
    says(BlockDropped, "producing, incoming block ").then(r"#%block id: %id(?:\.{3})?"),
    // Spring 1.1 to 2.0-dev.
    says(BlockDropped, "producing, fork database head at: ").then(r"#%block id: %id(?:\.{3})?"),
];

/// Messages that begin with a producer's name.
pub(in crate::nodeos::log) const BY_NAME: &[Shape] = &[
    // Spring 1.1.1 to 2.0-dev: controller.cpp.
    says(BlockDoubleProduced, "").then("%producer double produced block %block"),
    // dawn-3.0 to DAWN-2018-04-27: producer_plugin.cpp.
    says(BlockProduced, "").then(
        r"%producer generated block %id\.{3} #%block @ ?%time with %transactions trxs, lib: %lib",
    ),
    // dawn-1.0 to DAWN-2018-01-25.
    says(BlockProduced, "")
        .then("%producer generated block #%block @ ?%time with %transactions trxs +%N pending"),
    says(BlockReceived, "")
        .then(r"%producer #%block @ ?%time +\| %transactions trx, %N pending, exectime_ms=[0-9.]+"),
];
