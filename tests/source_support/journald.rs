//! A real journald of its own: in a mount namespace with an empty `/run`, `/var/log` and
//! `/etc/systemd`, reached by its `/proc/PID/root`. Needs root and the package systemd.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use eoskeeper::sources::journal::{self, Journal};
use rustix::process::{Pid, Signal, kill_process};

/// The unit whose log it is.
pub(crate) const UNIT: &str = "nodeos.service";

const PROGRAM: &str = "/lib/systemd/systemd-journald";
const PATIENCE: Duration = Duration::from_secs(20);
/// The namespace outlives a journald, so that the next one finds the files.
const SCRIPT: &str = r#"
set -e
mount --make-rprivate /
mount -t tmpfs run /run
mount -t tmpfs log /var/log
mount -t tmpfs etc /etc/systemd
mkdir -p /run/systemd/journal /run/log/journal
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\nRateLimitIntervalSec=0\n%s' "$1" \
    > /etc/systemd/journald.conf
while :; do "$2" & echo $! > /run/journald; wait $! || :; done
"#;

/// One that runs; ended with all it started when dropped.
pub(crate) struct Journald {
    shell: Child,
}

/// What a service prints, on its way to journald.
pub(crate) struct Stream(UnixStream);

impl Stream {
    pub(crate) fn say(&mut self, text: &[u8]) {
        self.0.write_all(text).unwrap();
    }
}

impl Journald {
    /// With more lines of `[Journal]`.
    pub(crate) fn start(more: &str) -> Self {
        let shell = Command::new("unshare")
            .args(["--mount", "sh", "-c", SCRIPT, "sh", more, PROGRAM])
            .stdin(Stdio::null())
            .spawn()
            .expect("unshare of the package util-linux");
        let journald = Self { shell };
        journald.until("journald", || {
            UnixStream::connect(journald.at("run/systemd/journal/stdout")).ok()
        });
        journald
    }

    fn at(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root/{path}", self.shell.id()))
    }

    fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(seen) = look() {
                return seen;
            }
            assert!(
                Instant::now() < end,
                "{what} did not come; this test needs root and {PROGRAM}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// How this journal is read.
    pub(crate) fn journal(&self) -> Journal {
        let directory = format!("--directory={}", self.at("run/log/journal").display());
        Journal { arguments: vec![directory.into()], ..Journal::default() }
    }

    /// The output of a service of a unit, as systemd sets it up.
    pub(crate) fn stream(&self, unit: &str) -> Stream {
        let mut stream = self.until("the socket", || {
            UnixStream::connect(self.at("run/systemd/journal/stdout")).ok()
        });
        write!(stream, "nodeos\n{unit}\n6\n0\n0\n0\n0\n").unwrap();
        Stream(stream)
    }

    /// Waits until the journal has a line.
    pub(crate) async fn until_has(&self, line: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let lines = journal::last(UNIT, &self.journal(), 1000).await.unwrap();
            if lines.iter().any(|one| one == line.as_bytes()) {
                return;
            }
            assert!(Instant::now() < end, "{line} is not in the journal");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How many lines it says that it dropped, each time it says so.
    pub(crate) fn dropped(&self) -> Vec<usize> {
        let output = Command::new("journalctl")
            .args(&self.journal().arguments)
            .args(["--quiet", "--output=cat", "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.split(' ').nth(1).unwrap().parse().unwrap()).collect()
    }

    fn pid(&self) -> Option<Pid> {
        let text = std::fs::read_to_string(self.at("run/journald")).ok()?;
        Pid::from_raw(text.trim().parse().ok()?)
    }

    fn files(&self) -> usize {
        let folders = std::fs::read_dir(self.at("run/log/journal")).unwrap();
        folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
    }

    /// Has the journal go on in a new file.
    pub(crate) async fn rotate(&self) {
        let before = self.files();
        kill_process(self.pid().unwrap(), Signal::USR2).unwrap();
        self.until("another file", || (self.files() > before).then_some(()));
    }

    /// Removes every file but that which is written to.
    pub(crate) fn vacuum(&self) {
        let status = Command::new("journalctl")
            .args(&self.journal().arguments)
            .args(["--vacuum-files=1", "--quiet"])
            .status();
        assert!(status.unwrap().success());
        assert_eq!(self.files(), 1);
    }

    /// Ends journald; another takes its place.
    pub(crate) fn restart(&mut self) {
        let before = self.pid();
        kill_process(before.unwrap(), Signal::TERM).unwrap();
        self.until("another journald", || {
            let is_new = self.pid().is_some() && self.pid() != before;
            is_new.then_some(())?;
            UnixStream::connect(self.at("run/systemd/journal/stdout")).ok()
        });
    }

    /// Kills every `journalctl` that reads this journal.
    pub(crate) fn kill_readers(&self) {
        self.signal_readers(Signal::KILL);
    }

    /// Has them hang.
    pub(crate) fn stop_readers(&self) {
        self.signal_readers(Signal::STOP);
    }

    fn signal_readers(&self, signal: Signal) {
        let directory = self.journal().arguments[0].to_string_lossy().into_owned();
        let mut seen = 0;
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).into_owned();
            if command.starts_with("journalctl") && command.contains(&directory) {
                let pid = entry.file_name().to_string_lossy().parse().unwrap();
                kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
                seen += 1;
            }
        }
        assert!(seen > 0, "no journalctl reads {directory}");
    }
}

impl Drop for Journald {
    fn drop(&mut self) {
        let pid = self.pid();
        let _ = self.shell.kill();
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = self.shell.wait();
    }
}
