//! What is told to the system's service manager: that the keeper is ready, still judges, reads its
//! configuration anew, ends. Where there are several nodes it is told that they judge when all of them
//! do. The protocol is `sd_notify(3)`: lines of `KEY=value`, one datagram a
//! message, to the socket that `NOTIFY_SOCKET` names.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
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
    /// The others that are told of together with this one, and its place among them.
    group: Option<(Arc<Mutex<Group>>, usize)>,
}

/// Several nodes, as one service.
#[derive(Debug)]
struct Group {
    supervisor: Supervisor,
    /// What each said since the service manager was told last.
    said: Vec<Option<String>>,
    /// The longest end of them that was told.
    longest: Duration,
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
        Self { socket, has_watchdog, told: String::new(), group: None }
    }

    /// One for each of `names`, who are one service: that it judges is said when each of them has
    /// said so.
    #[must_use]
    pub(super) fn shared(self, count: usize) -> Vec<Self> {
        let group = Group { supervisor: self, said: vec![None; count], longest: Duration::ZERO };
        let group = Arc::new(Mutex::new(group));
        let one = |index| Self { group: Some((Arc::clone(&group), index)), ..Self::default() };
        (0..count).map(one).collect()
    }

    /// Another handle of the same node among others.
    pub(super) fn of_group(&self) -> Self {
        Self { group: self.group.clone(), ..Self::default() }
    }

    fn with_group(&self, tell: impl FnOnce(&mut Group, usize)) -> bool {
        let Some((group, index)) = &self.group else { return false };
        tell(&mut group.lock().unwrap_or_else(PoisonError::into_inner), *index);
        true
    }

    /// The keeper watches.
    pub fn ready(&self) {
        if self.with_group(|group, _| group.supervisor.ready()) {
            return;
        }
        self.tell("READY=1");
    }

    /// The configuration is read anew; [`Self::ready`] ends it.
    pub fn reloading(&self) {
        if self.with_group(|group, _| group.supervisor.reloading()) {
            return;
        }
        self.tell("RELOADING=1");
    }

    /// The keeper ends, which may take so long at most.
    pub fn stopping(&self, at_most: Duration) {
        let together = |group: &mut Group, _| {
            group.longest = group.longest.max(at_most);
            group.supervisor.stopping(group.longest);
        };
        if self.with_group(together) {
            return;
        }
        let usec = at_most.as_micros();
        self.tell(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={usec}\nSTATUS=The keeper ends."));
    }

    /// The keeper has just judged, and this is its decision. Called by the loop itself after each
    /// judgement, so that a loop that hangs says nothing and is ended.
    pub fn judged(&mut self, sentence: &str) {
        if self.with_group(|group, index| group.judged(index, sentence)) {
            return;
        }
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

impl Group {
    /// One of them has judged; when all have, that is told.
    fn judged(&mut self, index: usize, sentence: &str) {
        if let Some(said) = self.said.get_mut(index) {
            *said = Some(sentence.to_owned());
        }
        if self.said.iter().all(Option::is_some) {
            let all: Vec<String> = self.said.iter_mut().filter_map(Option::take).collect();
            self.supervisor.judged(&all.join(" | "));
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
        (manager, Supervisor { socket, has_watchdog: true, ..Supervisor::none() }, dir)
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
    fn of_several_nodes_the_watchdog_hears_when_all_have_judged() {
        let (manager, supervisor, _dir) = pair();
        let mut nodes = supervisor.shared(2);
        nodes[0].judged("eos signs.");
        nodes[0].judged("eos still signs.");
        nodes[1].ready();
        assert_eq!(heard(&manager), "READY=1", "one loop alone is not told");
        nodes[1].judged("wax waits.");
        assert_eq!(heard(&manager), "WATCHDOG=1");
        assert_eq!(heard(&manager), "STATUS=eos still signs. | wax waits.");
        nodes[1].judged("wax waits.");
        nodes[0].stopping(Duration::from_secs(9));
        assert!(heard(&manager).contains("EXTEND_TIMEOUT_USEC=9000000\n"));
        nodes[1].stopping(Duration::from_secs(4));
        let longest = heard(&manager);
        assert!(longest.contains("EXTEND_TIMEOUT_USEC=9000000\n"), "{longest}");
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
