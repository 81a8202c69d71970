//! Secrets: from a file that not everybody reads, or from the environment.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::super::peers::{SECRET_BYTES_MAX, Secret};
use super::Resolver;

impl Resolver<'_> {
    /// The secret of a channel: what a service gave us, in the file that `key` names, else in the
    /// environment under `variable`. `get` says where a person gets one. What is wrong is reported
    /// at the key.
    pub(super) fn service_secret(
        &mut self,
        (section, key): (&str, &str),
        file: Option<&Path>,
        variable: &str,
        get: &'static str,
    ) -> Option<Secret> {
        let found = match file {
            Some(file) => {
                let path = self.path(file);
                read(&path, get)
                    .map_err(|(what, allowed)| (format!("{}: {what}", path.display()), allowed))
            }
            None => std::env::var_os(variable).map(OsString::into_vec).ok_or_else(|| {
                (format!("neither the key nor the environment's {variable} gives it"), get)
            }),
        };
        let secret = found.and_then(|text| Secret::at_least(1, &text).map_err(|what| (what, get)));
        match secret {
            Ok(secret) => Some(secret),
            Err((what, allowed)) => {
                self.problem(section, key, &what, allowed);
                None
            }
        }
    }
}

/// Reads a secret's file; what is wrong, and what to do. `make` says how one is made.
pub(super) fn read(path: &Path, make: &'static str) -> Result<Vec<u8>, (String, &'static str)> {
    let unreadable = |error: io::Error| {
        let allowed = match error.kind() {
            io::ErrorKind::NotFound => make,
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
