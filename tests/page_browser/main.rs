//! The status page in a real browser: Debian's chromium, driven by its chromedriver.
//!
//! `cargo test --features real-browser --test page_browser`. `scripts/axe install` puts axe-core
//! where the tests look for it. The test against a real nodeos needs the feature real-nodeos too.

mod access;
mod axe;
mod browser;
#[allow(dead_code, reason = "made for the tests of the keeper")]
#[path = "../keeper/keeper_support/mod.rs"]
mod keeper_support;
mod live;
mod looks;
mod overview;
mod stage;
mod surface;

#[cfg(feature = "real-nodeos")]
mod nodeos;

#[cfg(feature = "real-nodeos")]
#[allow(dead_code, reason = "made for the tests of the network")]
#[path = "../e2e_nodeos/http.rs"]
mod http;
#[cfg(feature = "real-nodeos")]
#[allow(dead_code, reason = "made for the tests of the network")]
#[path = "../e2e_nodeos/keeper.rs"]
mod keeper;
#[cfg(feature = "real-nodeos")]
#[allow(dead_code, reason = "made for the tests of the network")]
#[path = "../e2e_nodeos/network.rs"]
mod network;
#[cfg(feature = "real-nodeos")]
#[allow(dead_code, reason = "made for the tests of the network")]
#[path = "../e2e_nodeos/wait.rs"]
mod wait;
