//! What carries out the keeper's decisions.

pub mod cloudwatch;
pub mod lease;
pub mod notify;
pub mod producer_api;
pub mod script;
