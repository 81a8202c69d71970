//! Polls nodeos's RPC.
