//! What is told to the system's service manager: that the keeper is ready, still judges, reads its
//! configuration anew, ends. The protocol is `sd_notify(3)`: lines of `KEY=value`, one datagram a
//! message, to the socket that `NOTIFY_SOCKET` names.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

/// Longest sentence that is told, bytes; `systemctl status` shows one line.
const STATUS_BYTES: usize = 400;

/// Tells the service manager, or nobody where none has started us.
#[derive(Debug, Default)]
pub struct Supervisor {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// Whether it ends a keeper that does not say that it judges.
    has_watchdog: bool,
    /// The sentence it was told last.
    told: String,
}

impl Supervisor {
    /// Nobody.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Who started this process, by its environment: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and
    /// `WATCHDOG_PID`.
    #[must_use]
    pub fn of_environment() -> Self {
        let Some(name) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
            return Self::none();
        };
        let var = |name| std::env::var(name).ok();
        let for_us = var("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let usec = var("WATCHDOG_USEC").and_then(|usec| usec.parse::<u64>().ok());
        let opened = open(name.as_bytes());
        let socket = opened
            .map_err(|error| {
                tracing::warn!(%error, "The service manager cannot be told anything (NOTIFY_SOCKET).");
            })
            .ok();
        let has_watchdog = for_us && usec.is_some_and(|usec| usec > 0);
        Self { socket, has_watchdog, told: String::new() }
    }

    /// The keeper watches.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// The configuration is read anew; [`Self::ready`] ends it.
    pub fn reloading(&self) {
        self.tell("RELOADING=1");
    }

    /// The keeper ends, which may take so long at most.
    pub fn stopping(&self, at_most: Duration) {
        let usec = at_most.as_micros();
        self.tell(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={usec}\nSTATUS=The keeper ends."));
    }

    /// The keeper has just judged, and this is its decision. Called by the loop itself after each
    /// judgement, so that a loop that hangs says nothing and is ended.
    pub fn judged(&mut self, sentence: &str) {
        if self.has_watchdog {
            self.tell("WATCHDOG=1");
        }
        if self.socket.is_some() && self.told != sentence {
            sentence.clone_into(&mut self.told);
            let line: String = sentence.chars().filter(|c| !c.is_control()).collect();
            let end =
                (0..=line.len().min(STATUS_BYTES)).rev().find(|at| line.is_char_boundary(*at));
            self.tell(&format!("STATUS={}", &line[..end.unwrap_or(0)]));
        }
    }

    /// Never waits: what finds no room is said again within a second, or was the last word.
    fn tell(&self, message: &str) {
        let Some((socket, to)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(message.as_bytes(), to) {
            tracing::debug!(%error, message, "The service manager was not told.");
        }
    }
}

/// A path, or with an `@` before it a name of the kernel's.
fn open(name: &[u8]) -> io::Result<(UnixDatagram, SocketAddr)> {
    let to = match name.split_first() {
        Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
        Some((b'/', _)) => SocketAddr::from_pathname(Path::new(std::ffi::OsStr::from_bytes(name)))?,
        _ => return Err(io::Error::other("neither a path nor an abstract name")),
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    Ok((socket, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (UnixDatagram, Supervisor, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let socket = Some(open(path.as_os_str().as_bytes()).unwrap());
        (manager, Supervisor { socket, has_watchdog: true, told: String::new() }, dir)
    }

    fn heard(manager: &UnixDatagram) -> String {
        let mut buffer = [0; 2048];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn each_word_of_the_protocol() {
        let (manager, mut supervisor, _dir) = pair();
        supervisor.ready();
        assert_eq!(heard(&manager), "READY=1");
        supervisor.judged("It signs.\nReally.");
        assert_eq!(heard(&manager), "WATCHDOG=1");
        assert_eq!(heard(&manager), "STATUS=It signs.Really.", "one line");
        supervisor.judged("It signs.\nReally.");
        supervisor.reloading();
        assert_eq!(heard(&manager), "WATCHDOG=1");
        assert_eq!(heard(&manager), "RELOADING=1", "the same sentence is told once");
        supervisor.stopping(Duration::from_secs(18));
        let stopping = "STOPPING=1\nEXTEND_TIMEOUT_USEC=18000000\nSTATUS=The keeper ends.";
        assert_eq!(heard(&manager), stopping);
        supervisor.judged(&"é".repeat(1000));
        assert_eq!(heard(&manager), "WATCHDOG=1");
        assert_eq!(heard(&manager), format!("STATUS={}", "é".repeat(STATUS_BYTES / 2)));
    }

    #[test]
    fn an_abstract_name_and_names_that_are_none() {
        let name = format!("eoskeeper-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(name.as_bytes()).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        let socket = Some(open(format!("@{name}").as_bytes()).unwrap());
        Supervisor { socket, ..Supervisor::none() }.ready();
        assert_eq!(heard(&manager), "READY=1");
        assert!(open(b"relative").is_err() && open(b"").is_err());
        // Nobody listens any more: that must not end the keeper.
        drop(manager);
        let socket = Some(open(format!("@{name}").as_bytes()).unwrap());
        Supervisor { socket, ..Supervisor::none() }.ready();
    }
}
