//! eoskeeper watches a block producer's nodeos, tells people the truth about it, and makes a
//! standby sign when the active node cannot: never two signers, never none, and a person always
//! knows why.
//!
//! # Layout
//!
//! Data goes one way: [`sources`] turn the outside into [`core::event::Event`]s, the
//! [`core::keeper::Keeper`] records them and judges once a second, and [`actions`] carry out what
//! it decided. Imports only go down this list (`doc/architecture.md` says why):
//!
//! - [`cli`]: one file per command; [`daemon`]: the one loop.
//! - `fuzz`: what is fed with anything (feature `fuzz`).
//! - [`demo`]: a simulated network of nodeos look-alikes, for `eoskeeper demo` and for tests.
//! - [`sim`]: a simulated world around the keeper, with faults, for `eoskeeper simulate`.
//! - [`web`]: the keeper's status over HTTP.
//! - [`peers`]: what the keepers of one producer say to each other.
//! - [`sources`], [`actions`], [`history`]: what touches files, processes and the network.
//! - [`chart`]: pictures of what was measured: data in, SVG or PNG out.
//! - [`config`]: INI text to typed settings.
//! - [`nodeos`]: all that knows nodeos, its log dialects and its RPC.
//! - [`core`]: the judgement; pure, with time as an argument.

#![warn(unreachable_pub)]

pub mod actions;
pub mod chart;
pub mod cli;
pub mod clock;
pub mod config;
pub mod core;
pub mod daemon;
pub mod demo;
#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod history;
pub mod nodeos;
pub mod peers;
pub mod sim;
pub mod sources;
pub mod web;
