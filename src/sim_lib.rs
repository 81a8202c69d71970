//! The judgement and the simulator that puts it to the test, and nothing else of eoskeeper: the root of
//! the package in `tests/simulator`, which builds in a minute what would take ten with all of the
//! daemon's parts.

pub mod core;
pub mod sim;
