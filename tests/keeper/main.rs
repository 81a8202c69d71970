//! The keeper in virtual time: what it decides, does and remembers, table by table and fault by fault;
//! and the documents about it.

mod again;
mod basics;
mod documents;
mod faults;
mod fleet;
mod fleet_cost;
mod handover;
mod host;
#[allow(dead_code, reason = "other suites look at the requests, too")]
#[path = "../support/http.rs"]
mod http;
mod keeper_support;
mod ledger;
mod maintenance;
mod random;
mod review;
mod rules;
