//! `[peers]`: all of it or nothing, and the secret.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;

use super::super::peers::{PeersAccess, SECRET_BYTES_MAX, SECRET_ENV, Secret};
use super::super::tree::PeersKeys;
use super::Resolver;

const SECTION: &str = "peers";
/// How a secret is made, as every message about one says.
const MAKE: &str = "make one by: umask 077; head -c 32 /dev/urandom | base64 > FILE; and give every \
                    keeper of the producer the same";

impl Resolver<'_> {
    /// How the peers are reached, where any are configured; `node` is the name of this one.
    pub(super) fn peers(&mut self, keys: &PeersKeys, node: Option<&str>) -> Option<PeersAccess> {
        let given = |key| self.given.is_given(SECTION, key);
        if !given("listen") && !given("nodes") && !given("secret_file") {
            return None;
        }
        for (key, allowed) in [
            ("listen", "give the address to listen on for the peers, for example 0.0.0.0:9881"),
            ("nodes", "name the peers, for example b=http://10.0.0.2:9881"),
        ] {
            if !self.given.is_given(SECTION, key) {
                self.problem(SECTION, key, "the key is missing", allowed);
            }
        }
        if let Some(node) = node
            && keys.nodes.iter().any(|(name, _)| name == node)
        {
            let what = format!("'{node}' is the name of this node");
            let allowed =
                "name the others here, and give each node a [global] node_name of its own";
            self.problem(SECTION, "nodes", &what, allowed);
        }
        let secret = self.secret(keys.secret_file.as_deref());
        if let Err((what, allowed)) = &secret {
            self.problem(SECTION, "secret_file", what, allowed);
        }
        Some(PeersAccess {
            listen: keys.listen?,
            nodes: keys.nodes.clone(),
            secret: secret.ok()?,
            timeout: Duration::from_millis(keys.timeout_ms),
        })
    }

    /// The secret, or what is wrong and what to do.
    fn secret(&self, file: Option<&Path>) -> Result<Secret, (String, String)> {
        let make = |what| (what, MAKE.to_owned());
        if let Some(file) = file {
            let path = self.path(file);
            let text = read(&path).map_err(|(what, allowed)| {
                (format!("{}: {what}", path.display()), allowed.to_owned())
            })?;
            return Secret::new(&text).map_err(make);
        }
        let text = std::env::var_os(SECRET_ENV).map(OsString::into_vec);
        let text = text.ok_or_else(|| {
            make(format!("neither the key nor the environment's {SECRET_ENV} gives a secret"))
        })?;
        Secret::new(&text).map_err(|what| make(format!("{SECRET_ENV}: {what}")))
    }
}

/// Reads a secret's file; what is wrong, and what to do.
fn read(path: &Path) -> Result<Vec<u8>, (String, &'static str)> {
    let unreadable = |error: io::Error| {
        let allowed = match error.kind() {
            io::ErrorKind::NotFound => MAKE,
            _ => "see that the user eoskeeper runs as may read it",
        };
        (format!("cannot be read: {error}"), allowed)
    };
    // A pipe must not hold the start up.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    check(&file.metadata().map_err(unreadable)?)?;
    let mut text = Vec::new();
    // Room for blanks around it, and one byte more: a larger one is seen as such.
    let most = 2 * SECRET_BYTES_MAX as u64;
    file.take(most).read_to_end(&mut text).map_err(unreadable)?;
    Ok(text)
}

fn check(data: &Metadata) -> Result<(), (String, &'static str)> {
    if !data.is_file() {
        return Err(("is not a file".to_owned(), "name the file of the secret"));
    }
    let mode = data.permissions().mode() & 0o777;
    if mode & 0o007 != 0 {
        let what = format!("is open to everybody on this host (mode {mode:03o})");
        return Err((what, "chmod 600 it, or 640 with a group of its own"));
    }
    Ok(())
}
