//! nodeos's messages, a table per family. The comments name the versions that print them; `doc/
//! log-lines.md` is the same list for readers.

use crate::nodeos::log::shape::Shape;

pub(super) mod blocks;
pub(super) mod database;
pub(super) mod finality;
pub(super) mod forks;
pub(super) mod lifecycle;
pub(super) mod peers;
pub(super) mod production;
pub(super) mod rejections;
pub(super) mod schedules;

/// All families. Messages that start with a value are tried last, so their order matters little.
pub(super) const ALL: &[&[Shape]] = &[
    blocks::SHAPES,
    production::SHAPES,
    forks::SHAPES,
    rejections::SHAPES,
    rejections::OF_PEERS,
    peers::SHAPES,
    schedules::SHAPES,
    lifecycle::SHAPES,
    database::SHAPES,
    finality::SHAPES,
    blocks::BY_NAME,
    lifecycle::BY_VALUE,
];
