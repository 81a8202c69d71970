//! All that knows nodeos: its log dialects and its RPC.

pub mod keys;
pub mod log;
pub mod options;
pub mod rpc;
pub mod startup;
