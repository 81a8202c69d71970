//! The judgement: pure code that is told the time and the facts and answers with decisions.
//!
//! Nothing here opens a file or a socket, starts a task or reads a clock; `tests/purity.rs` proves
//! it by compiling this folder alone and looking at what the object code refers to.

pub mod action;
pub mod event;
pub mod name;
pub mod schedule;
pub mod settings;
pub mod time;
