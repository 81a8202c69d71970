//! The scripts: there, executable, and with an interpreter. They are not run.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::cli::check::blocking;
use crate::cli::check::row::Row;
use crate::config::{Actuator, Config};

/// The kernel reads no more of the first line (`BINPRM_BUF_SIZE`, Linux 5.1 and later).
const FIRST_LINE_BYTES: u64 = 256;
/// Anybody may write it.
const WORLD_WRITABLE: u32 = 0o002;
/// Where a name is looked for when there is no `PATH`, as when a script is run.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Looks at each script that is named.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let named = [
        ("promote", &config.promote),
        ("demote", &config.demote),
        ("promote_remote", &config.promote_remote),
        ("fence", &config.fence),
        ("restart", &config.restart),
    ];
    let scripts: Vec<(&'static str, PathBuf)> = named
        .into_iter()
        .filter_map(|(what, actuator)| match actuator {
            Some(Actuator::Script(path)) => Some((what, path.clone())),
            Some(Actuator::Api) | None => None,
        })
        .collect();
    let look = move || scripts.iter().map(|(what, path)| script(what, path)).collect();
    blocking::rows("scripts", look).await
}

pub(in crate::cli) fn script(what: &'static str, path: &Path) -> Row {
    let name = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            return Row::fail(
                what,
                format!("{name}: {error}"),
                "correct the path in the configuration",
            );
        }
    };
    if !metadata.is_file() {
        return Row::fail(what, format!("{name} is not a file"), "name the script itself");
    }
    if access(path, Access::EXEC_OK).is_err() {
        return Row::fail(what, format!("{name} is not executable"), format!("chmod +x {name}"));
    }
    if let Err((why, next)) = interpreter(path) {
        return Row::fail(what, format!("{name}: {why}"), next);
    }
    if metadata.permissions().mode() & WORLD_WRITABLE != 0 {
        let detail = format!("{name} can be changed by every user of this host");
        return Row::warn(what, detail, format!("chmod o-w {name}"));
    }
    Row::ok(what, format!("{name} is executable (not run)"))
}

/// Whether the kernel can start the file; else why, and what to do.
fn interpreter(path: &Path) -> Result<(), (String, String)> {
    let mut start = Vec::new();
    match File::open(path).and_then(|file| file.take(FIRST_LINE_BYTES).read_to_end(&mut start)) {
        Ok(_) => {}
        // A binary may be executable and not readable; a script may not.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(()),
        Err(error) => return Err((format!("cannot be read: {error}"), "mend it".to_owned())),
    }
    if start.starts_with(b"\x7fELF") {
        return Ok(());
    }
    let next = "begin it with a line such as #!/bin/sh".to_owned();
    let Some(line) = start.strip_prefix(b"#!") else {
        return Err(("does not begin with #! and is no program".to_owned(), next));
    };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.ends_with(b"\r") {
        let why = "its first line ends with a carriage return".to_owned();
        return Err((why, "save it with Unix line ends".to_owned()));
    }
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let Some(program) = words.next().map(|word| Path::new(OsStr::from_bytes(word))) else {
        return Err(("names no interpreter after #!".to_owned(), next));
    };
    let missing = |program: &Path| {
        let why = format!("its interpreter {} is not there", program.display());
        (why, "install it or correct the first line".to_owned())
    };
    if access(program, Access::EXEC_OK).is_err() {
        return Err(missing(program));
    }
    let by_env = program.file_name() == Some(OsStr::new("env"));
    let asked = words.find(|word| !word.starts_with(b"-")).filter(|_| by_env);
    match asked.map(|word| Path::new(OsStr::from_bytes(word))) {
        Some(program) if !is_in_path(program) => Err(missing(program)),
        Some(_) | None => Ok(()),
    }
}

fn is_in_path(program: &Path) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
    std::env::split_paths(&path).any(|dir| access(dir.join(program), Access::EXEC_OK).is_ok())
}
