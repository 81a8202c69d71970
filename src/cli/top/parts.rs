//! The parts of the view, each from the status alone or with some of the past.

mod cards;
mod gates;
mod lag;
mod now;
mod others;
mod past;
mod turns;

pub(super) use cards::cards;
pub(super) use gates::gates;
pub(super) use lag::{host, lag};
pub(super) use now::{now, standing};
pub(super) use others::others;
pub(super) use past::incidents;
pub(super) use turns::{legend, turns};
