//! A simulated network of nodeos look-alikes, for `eoskeeper demo` and for tests.
//!
//! A [`Network`] has three nodes, A, B and C, that hold the key of one producer, and the other
//! producers of a schedule behind them. Slots are real: 500 ms, aligned to the wall clock. Each of
//! the three writes a log in a dialect of its own and serves nodeos's RPC on loopback; each can be
//! paused, resumed and killed. Which slot had a block, and who signed it, is kept in a [`Ledger`],
//! so that lost and doubled blocks are counted and not claimed.
//!
//! # Caveat
//! The nodes share one chain: there is no network between them, hence no latency and no branch that
//! lasts longer than a slot. Finality is as in Savanna, two blocks behind the head, in every
//! dialect. What a real nodeos does is shown by the end-to-end tests on a real one.

mod block;
mod chain;
mod dialect;
mod ledger;
mod log_file;
mod network;
mod rpc;

pub use block::{Block, Node, Signer};
pub use chain::{Chain, Saying};
pub use dialect::Dialect;
pub use ledger::{Ledger, SLOTS_KEPT, SlotRecord, Tally};
pub use network::{Network, NetworkError};
