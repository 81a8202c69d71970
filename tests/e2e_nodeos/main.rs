//! End to end against a real nodeos (Leap 4.1): `scripts/testnet` starts five nodes per test and
//! breaks them; real keepers run beside them; what happened is counted from the nodes' logs.
//!
//! `cargo test --features real-nodeos --test e2e_nodeos -- --test-threads=4`. Each test has a
//! network of its own, so they run side by side; `target/tmp/e2e/TEST/` keeps the logs of its last
//! run. The mails of `alarms` go to a server that `scripts/smtp-server install` puts there.

mod alarms;
mod drills;
mod first_steps;
mod harness;
#[path = "../notify/telegram/html.rs"]
mod html;
mod http;
#[allow(dead_code, reason = "each test file that uses the server uses another part of it")]
#[path = "../notify/http_support/mod.rs"]
mod http_support;
mod keeper;
#[allow(dead_code, reason = "each test file that uses the server uses another part of it")]
#[path = "../email_smtp/server.rs"]
mod mail;
mod network;
mod process;
mod rungs;
mod several;
mod stays;
mod takeover;
#[allow(dead_code, reason = "each test file that uses the service uses another part of it")]
#[path = "../notify/telegram/service.rs"]
mod telegram;
mod wait;
#[allow(dead_code, reason = "each test file that uses the service uses another part of it")]
#[path = "../notify/wecom/service.rs"]
mod wecom;
