//! A simulated world around the real core: three keepers and an observer, their nodes, hosts, disks
//! and clocks, the network between them, the rest of the chain, and faults, in virtual time.
//!
//! A [`scenario::Scenario`] says everything about a run; the same one gives the same run to the
//! millisecond. [`world::World`] plays it, [`invariants`] watch it, [`shrink`] makes a failing one
//! short. `doc/simulator.md` says what is modelled and what is left out.

pub mod chain;
mod effects;
pub mod etcd;
pub mod faults;
pub mod generator;
pub mod host;
pub mod invariants;
mod keepers;
pub mod net;
pub mod node;
mod nodes;
mod peer;
mod polls;
mod promises;
mod queue;
pub mod rng;
pub mod scenario;
pub mod shrink;
pub mod site;
pub mod summary;
pub mod trace;
pub mod world;

pub use invariants::Violation;
pub use scenario::{Config, Mode, Scenario};
pub use summary::Summary;
pub use world::{Ended, play};
