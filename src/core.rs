//! The judgement: pure code that is told the time and the facts and answers with decisions.
//!
//! Nothing here opens a file or a socket, starts a task or reads a clock; `tests/project/purity.rs` proves
//! it by compiling this folder alone and looking at what the object code refers to.

pub mod action;
pub mod alarm;
pub mod alarms;
pub mod answered;
pub mod command;
pub mod decision;
pub mod entitlement;
pub mod event;
pub mod evidence;
pub mod fleet;
pub mod gates;
pub mod handover;
pub mod host;
pub mod incapable;
pub mod keeper;
pub mod lease;
pub mod ledger;
pub mod name;
pub mod pool;
pub mod process;
pub mod promotion;
pub mod report;
pub mod rules;
pub mod sample;
pub mod schedule;
pub mod settings;
pub mod slots;
pub mod status;
pub mod time;
pub mod urgency;
pub mod window;
