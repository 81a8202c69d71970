//! The configuration: what loads, what is refused and with which words, and that the example and
//! the reference say what the parser does.

mod bad;
mod chat;
mod cloudwatch;
mod files;
mod good;
mod peers;
mod reference;
mod status;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use eoskeeper::config::{Config, ConfigErrors, parse};

/// The least that loads.
const LEAST: &str = "\
[global]
role = B
producer_name = eosstorebest
http_port = 8888
log_file = /var/log/nodeos/nodeos.log
";

/// What a lease, and peers, need.
const ACTS: &str = "[promotion]\npromote = api\ndemote = api\n";

fn parsed(text: &str) -> Result<Config, ConfigErrors> {
    parse(Path::new("/etc/eoskeeper/config.ini"), text)
}

#[track_caller]
fn loaded(text: &str) -> Config {
    parsed(text).unwrap_or_else(|errors| panic!("does not load:\n{text}\n{errors}"))
}

/// A file with a secret, below the build's directory for temporary files.
fn secret_file(mode: u32, secret: &str) -> PathBuf {
    let name = format!("peers-{mode:o}-{}.secret", secret.len());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Tests run side by side: whoever reads it sees all of it or nothing.
    let new = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(new.path(), secret).unwrap();
    fs::set_permissions(new.path(), Permissions::from_mode(mode)).unwrap();
    new.persist(&path).unwrap();
    path
}
