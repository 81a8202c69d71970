//! `[peers]`: all of it or nothing, and the secret.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::Duration;

use super::super::peers::{PeersAccess, SECRET_ENV, Secret};
use super::super::tree::PeersKeys;
use super::{Resolver, secret};

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
            let text = secret::read(&path, MAKE).map_err(|(what, allowed)| {
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
