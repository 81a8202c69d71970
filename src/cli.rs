//! The command line: one file per command.

pub mod classify;
pub mod replay;
