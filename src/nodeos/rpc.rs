//! The client of nodeos's HTTP RPC.
