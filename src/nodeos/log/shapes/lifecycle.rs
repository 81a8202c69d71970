//! nodeos starts, stops, replays.

use crate::core::event::EventName::{NodeStarted, NodeStopping, Replaying};
use crate::nodeos::log::shape::{Shape, says};

/// Messages that begin with a word. A start prints up to four of the first kind, a stop about as
/// many of the second: they say that it is under way, not how often.
pub(in crate::nodeos::log) const SHAPES: &[Shape] = &[
    // Spring.
    says(NodeStarted, "nodeos started"),
    // dawn-3.0 to Spring 2.0-dev: chain_plugin.cpp; after a replay, so it may come hours later.
    says(NodeStarted, "Blockchain started; head block is #")
        .then("%block(?:, genesis timestamp is .*)?"),
    // dawn-1.0 to Spring 2.0-dev: producer_plugin.cpp, on nodes with a producer name.
    says(NodeStarted, "Launching block production for ").then(r"%N producers(?: at .*)?\."),
    // net_plugin.cpp.
    says(NodeStopping, "shutdown..").network(),
    // resource_monitor_plugin.cpp, 2.1 to Spring 2.0-dev.
    says(NodeStopping, "shutdown..."),
    says(NodeStopping, "close acceptor").network(),
    says(NodeStopping, "close ").then("(?:%N|all|all %N) connections").network(),
    says(NodeStopping, "exit shutdown").network(),
    // Spring.
    says(NodeStopping, "appbase quit called").words(),
    says(NodeStopping, "Interrupted, successfully exiting"),
    says(NodeStopping, "Writing fork_database ").words(),
    // Leap 3.2 to Spring 2.0-dev.
    says(NodeStopping, "chain database stopped with hash:").words(),
    // dawn-3.0 to Spring 2.0-dev.
    says(Replaying, "Replay requested: ").then("(?:wiping|deleting).*"),
    says(Replaying, "Hard replay requested: ").then("(?:wiping|deleting).*"),
    says(Replaying, "existing block log, attempting to replay ").then("(?:from %N to )?%N blocks"),
    says(Replaying, "replayed ").then("[1-9][0-9]* blocks in .*"),
    says(Replaying, "Starting initialization from snapshot").words(),
    // Spring.
    says(Replaying, "Snapshot initialization ").then("[0-9]{1,3}% complete"),
    // dawn-1.0 to DAWN-2018-04-27.
    says(Replaying, "Replaying ").then(r"(?:blockchain.*|%N blocks.*)"),
];

/// Messages that begin with a number or a program's name.
pub(in crate::nodeos::log) const BY_VALUE: &[Shape] = &[
    // main.cpp: `nodeos version c2869543`, from 2.0 with the full version behind it; `eosd` and
    // `eosiod` in DAWN; any name where the program was renamed.
    says(NodeStarted, "").then(
        r"[\w.-]{1,64} version (?:v?[0-9]+\.[\w.+-]*|[0-9a-f]{6,40}|unknown|dawn[\w.-]*|DAWN[\w.-]*)(?: [\w.+-]+)?",
    ),
    // 1.7 to Spring 2.0-dev: main.cpp.
    says(NodeStopping, "").then(r"[\w.-]{1,64} successfully exiting"),
    // 1.7 to Spring 2.0-dev: controller.cpp; progress of a replay.
    says(Replaying, "").then("%block of %N"),
    says(Replaying, "").then("[1-9][0-9]* (?:(?:ir)?reversible )?blocks replayed"),
];
