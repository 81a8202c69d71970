//! All that knows nodeos: its log dialects and its RPC.

pub mod log;
pub mod rpc;
