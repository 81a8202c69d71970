//! The configuration: what loads, what is refused and with which words, and that the example and
//! the reference say what the parser does.

#[path = "config/bad.rs"]
mod bad;
#[path = "config/files.rs"]
mod files;
#[path = "config/good.rs"]
mod good;
#[path = "config/reference.rs"]
mod reference;

use std::path::Path;

use eoskeeper::config::{Config, ConfigErrors, parse};

/// The least that loads.
const LEAST: &str = "\
[global]
role = B
producer_name = eosstorebest
http_port = 8888
log_file = /var/log/nodeos/nodeos.log
";

fn parsed(text: &str) -> Result<Config, ConfigErrors> {
    parse(Path::new("/etc/eoskeeper/config.ini"), text)
}

#[track_caller]
fn loaded(text: &str) -> Config {
    parsed(text).unwrap_or_else(|errors| panic!("does not load:\n{text}\n{errors}"))
}
