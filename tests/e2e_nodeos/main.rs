//! End to end against a real nodeos (Leap 4.1): `scripts/testnet` starts five nodes per test and
//! breaks them; real keepers run beside them; what happened is counted from the nodes' logs.
//!
//! `cargo test --features real-nodeos --test e2e_nodeos -- --test-threads=4`. Each test has a
//! network of its own, so they run side by side; `target/tmp/e2e/TEST/` keeps the logs of its last
//! run.

mod first_steps;
mod harness;
mod http;
mod keeper;
mod network;
mod process;
mod rungs;
mod stays;
mod takeover;
mod wait;
