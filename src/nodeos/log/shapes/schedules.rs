//! A schedule was proposed, promoted or scheduled.

use crate::core::event::EventName::ScheduleChanged;
use crate::nodeos::log::shape::{Shape, says};

/// controller.cpp; [`schedule_of`](crate::nodeos::log::schedule_of) reads the names.
pub(in crate::nodeos::log) const SHAPES: &[Shape] = &[
    // dawn-4.0 to Leap 5, Spring on a legacy chain; 1.0-rc1 prints no schedule behind it.
    says(ScheduleChanged, "promoting proposed schedule ")
        .then(r"\(set in block %N\) to pending; current block: %block lib: %lib schedule:.*"),
    // 1.8.0 to Spring 2.0-dev.
    says(ScheduleChanged, "proposed producer schedule with version ").then("%N"),
    // Spring, Savanna.
    says(ScheduleChanged, "Scheduling proposer schedule ").words(),
    // The same at level debug.
    says(ScheduleChanged, "Proposer policy version change: ").then("%N -> %N"),
    says(ScheduleChanged, "New proposer policy becoming active in block ").then("%block ?: ?%id.*"),
];
