//! Savanna: votes or a quorum certificate are missing.

use crate::core::event::EventName::FinalityLag;
use crate::core::event::Reason;
use crate::nodeos::log::shape::{Shape, says};

/// Spring 1.0 to 2.0-dev; logger `vote`, level info by default. A finalizer's description is text
/// of its owner, so records that hold one stay open.
pub(in crate::nodeos::log) const SHAPES: &[Shape] = &[
    says(FinalityLag, "Block ")
        .because(Reason::MissingVotes)
        .then(r"%id\.{0,3} #%block @ %time produced by %producer, latency: %latency ?ms has no votes(?: .*)?")
        .open(),
    says(FinalityLag, "Block ")
        .because(Reason::NoQc)
        .then(r"%id\.{0,3} #%block @ %time produced by %producer, latency: %latency ?ms has no qc(?:,? .*)?")
        .open(),
    // 1.0-beta1.
    says(FinalityLag, "Block ")
        .because(Reason::MissingVotes)
        .then("%block:%id has no votes(?: .*)?")
        .open(),
    says(FinalityLag, "Local finalizer ")
        .because(Reason::OwnFinalizerSilent)
        .then(".* did not vote (?:in|on) block %block ?: ?%id(?: for block .*)?")
        .open(),
    // finalizer.cpp: locked on another branch.
    says(FinalityLag, "block=")
        .because(Reason::OwnFinalizerSilent)
        .then("%block %id, liveness=[a-z0-9]+, safety=[a-z0-9]+, can vote=(?:false|0), .*"),
    says(FinalityLag, "liveness check & safety check failed, block ")
        .because(Reason::OwnFinalizerSilent)
        .then("%block %id, .*"),
];
