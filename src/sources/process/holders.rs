//! Which processes hold a socket: the links of `/proc/PID/fd`.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::sources::process::name;

/// A search that takes longer is given up; the next one may find the host less busy.
const SEARCH_MAX: Duration = Duration::from_secs(4);

/// A process that holds a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources) struct Holder {
    pub(in crate::sources) pid: i32,
    pub(in crate::sources) arguments: Vec<String>,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sources) struct Search {
    pub(in crate::sources) holders: Vec<Holder>,
    /// Processes whose files this user may not see.
    pub(in crate::sources) denied: usize,
}

/// Looks at every process once.
pub(in crate::sources) fn search(proc: &Path, inodes: &[u64]) -> io::Result<Search> {
    let until = Instant::now() + SEARCH_MAX;
    let mut found = Search::default();
    for entry in fs::read_dir(proc)? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        match holds(proc, pid, inodes) {
            Ok(false) => {}
            Ok(true) => {
                found.holders.push(Holder { pid, arguments: name::arguments(proc, pid) });
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => found.denied += 1,
            // It has ended while we looked.
            Err(_) => {}
        }
        if Instant::now() > until {
            return Err(io::Error::new(ErrorKind::TimedOut, "there are too many processes"));
        }
    }
    Ok(found)
}

/// Whether a process holds one of the sockets now.
pub(in crate::sources) fn holds(proc: &Path, pid: i32, inodes: &[u64]) -> io::Result<bool> {
    for entry in fs::read_dir(proc.join(pid.to_string()).join("fd"))? {
        // A file may be closed while we look.
        let Ok(target) = entry.and_then(|entry| fs::read_link(entry.path())) else { continue };
        let socket = target.to_str().and_then(|t| t.strip_prefix("socket:[")?.strip_suffix(']'));
        let inode = socket.and_then(|number| number.parse::<u64>().ok());
        if inode.is_some_and(|inode| inodes.contains(&inode)) {
            return Ok(true);
        }
    }
    Ok(false)
}
