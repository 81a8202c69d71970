//! The node leaves one branch for another.

use crate::core::event::EventName::ForkSwitched;
use crate::nodeos::log::shape::{Shape, says};

/// The event's block, id, producer and time are those of the new head.
pub(in crate::nodeos::log) const SHAPES: &[Shape] = &[
    // dawn-4.0 to Leap 5; Spring adds `[ … ]`, and from 1.1.1 the producer.
    says(ForkSwitched, "switching forks from ").then(
        r"%H \(block number %N(?: %P)?\)(?: \[[^\]]*\])? to %id \(block number %block(?: %producer)?\)(?: \[%list\]?)?",
    ),
    // dawn-4.0 to Leap 4.
    says(ForkSwitched, "successfully switched fork to new head ").then("%head"),
    // Leap 5 to Spring 2.0-dev; kilobytes long after a long fork.
    says(ForkSwitched, "successfully switched fork to new head ")
        .then(r"%head, removed \{%removed\}(?:, applied \{.*)?"),
    // The same, cut before the end of the first list.
    says(ForkSwitched, "successfully switched fork to new head ").then(r"%head, .*"),
    // dawn-1.0 to DAWN-2018-04-27: chain_controller.cpp.
    says(ForkSwitched, "Switching to fork: ").then("%head"),
];
