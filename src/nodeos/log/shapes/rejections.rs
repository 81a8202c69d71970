//! A block of another was refused.

use crate::core::event::EventName::BlockRejected;
use crate::core::event::Reason;
use crate::nodeos::log::shape::{Shape, says};

const fn refused(reason: Reason, starts: &'static str) -> Shape {
    says(BlockRejected, starts).because(reason)
}

/// `, connection - 7`, `connection 7` or nothing; then number and id. Lines of the cause follow.
const BLOCK: &str = r",?(?: connection(?: -)? %N[:,])? ?#?%block %id(?:\.{3})?: %cause";

const fn by_network(reason: Reason, starts: &'static str) -> Shape {
    refused(reason, starts).then(BLOCK).network().cause_follows()
}

/// Printed by the chain's own plugins. The first lines of exceptions are in `exception.rs`.
pub(in crate::nodeos::log) const SHAPES: &[Shape] = &[
    // Leap 4.0.6 to 5.0: producer_plugin.cpp; Spring 1.0 too.
    refused(Reason::Other, "Exception on block ").then("%block: %cause").cause_follows(),
    // dawn-4.0 to Spring 1.0.5: controller.cpp.
    refused(Reason::Other, "exception thrown while switching forks ")
        .then("%cause")
        .cause_follows(),
    // Spring 1.1 to 2.0-dev.
    refused(Reason::Other, "exception thrown while applying block ")
        .then(r"%block ?: %id, previous %H, error: %cause")
        .cause_follows(),
    // 1.0 to Spring: a block more than 7 s ahead of our clock.
    refused(Reason::Invalid, "received a block from the future, ignoring it").then("(?:: ?%id)?"),
    // dawn-1.0 to DAWN-2018-04-27: fork_database.cpp and chain_controller.cpp.
    refused(Reason::Unlinkable, "Pushing block to fork database that failed to link: ")
        .then("%id, %block"),
    refused(Reason::Other, "Failed to push new block:").then(r"\s*%cause").cause_follows(),
];

/// Printed by the network plugin, with or without the peer's name in front.
pub(in crate::nodeos::log) const OF_PEERS: &[Shape] = &[
    // 1.8.14 and 2.0.4 to Spring 2.0-dev.
    by_network(Reason::Unlinkable, "unlinkable_block_exception"),
    by_network(Reason::Invalid, "block_validate_exception"),
    by_network(Reason::Invalid, "bad block exception"),
    // 2.0.0 to 2.0.3.
    by_network(Reason::Invalid, "bad signed_block"),
    // Spring 1.0 to 2.0-dev.
    by_network(Reason::Invalid, "invalid QC claim exception"),
    // 1.0 to 2.0.0.
    refused(Reason::Invalid, "block_validate_exception accept block #")
        .then("%block syncing from .*")
        .network()
        .open(),
    refused(Reason::Invalid, "unable to accept block on assert exception ")
        .words()
        .network()
        .open(),
    refused(Reason::Other, "accept_block threw a non-assert exception ").words().network().open(),
    // 2.0 to Spring 2.0-dev.
    refused(Reason::Other, "block ").then("%block not accepted(?:,| from ).*").network().open(),
];
