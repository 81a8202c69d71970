//! Finds the main process of a systemd unit.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::sources::process::Missing;
use crate::sources::process::name::{is_nodeos, short};
use crate::sources::process::pidfd::{self, Held, Watched};
use crate::sources::process::port::Port;

/// Deadline of a question to systemd, which answers in milliseconds.
const DEADLINE: Duration = Duration::from_secs(3);

/// A unit.
pub(super) struct Unit {
    name: String,
    systemctl: PathBuf,
    port: Port,
}

/// What systemd says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    load: String,
    state: String,
    pid: i32,
}

impl Unit {
    pub(super) fn new(name: String, systemctl: PathBuf, port: Port) -> Self {
        Self { name, systemctl, port }
    }

    pub(super) fn port(&mut self) -> &mut Port {
        &mut self.port
    }

    /// Its main process.
    pub(super) async fn find(&mut self) -> Result<Watched, Missing> {
        let name = &self.name;
        let said = self.ask().await.map_err(Missing::Unwatchable)?;
        if said.load == "not-found" {
            let why = format!("systemd knows no unit {name}; correct [global] unit");
            return Err(Missing::Unwatchable(why));
        }
        if said.pid <= 0 {
            return Err(Missing::Nobody(format!("the unit {name} is {}", said.state)));
        }
        let fd = match pidfd::open(said.pid) {
            Ok(fd) => fd,
            Err(error) => {
                let why = format!("process {} of {name} cannot be waited for: {error}", said.pid);
                return Err(Missing::Unwatchable(why));
            }
        };
        // The number may have been given to another between the answer and the pidfd.
        if self.ask().await.map_err(Missing::Unwatchable)?.pid != said.pid {
            return Err(Missing::Nobody(format!("the unit {name} is being restarted")));
        }
        let arguments = self.port.arguments(said.pid).await;
        if !is_nodeos(&arguments) && !self.port.is_held_by(said.pid).await {
            return Err(Missing::Unwatchable(format!(
                "the main process of {name} is {} (process {}), and not nodeos; let its script end \
                 with `exec nodeos …`",
                short(&arguments),
                said.pid
            )));
        }
        let held = Held { pid: said.pid.unsigned_abs(), name: short(&arguments).to_owned(), fd };
        Watched::new(vec![held], Vec::new(), format!(" of unit {name}"))
    }

    async fn ask(&self) -> Result<Said, String> {
        let program = self.systemctl.display();
        let asking = Command::new(&self.systemctl)
            .args(["show", "--property=LoadState,ActiveState,MainPID", "--", &self.name])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = match timeout(DEADLINE, asking).await {
            Err(_) => return Err(format!("{program} did not answer within 3 s")),
            Ok(Err(error)) => return Err(format!("{program} cannot be run: {error}")),
            Ok(Ok(output)) => output,
        };
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            let words = words.lines().next().unwrap_or("it said nothing").to_owned();
            return Err(format!("{program} show {} failed: {words}", self.name));
        }
        Ok(read(&String::from_utf8_lossy(&output.stdout)))
    }
}

fn read(text: &str) -> Said {
    let value = |key: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        found.unwrap_or_default().to_owned()
    };
    Said {
        load: value("LoadState"),
        state: value("ActiveState"),
        pid: value("MainPID").parse().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_systemd_says() {
        let said = read("LoadState=loaded\nActiveState=active\nMainPID=4711\n");
        assert_eq!((said.load.as_str(), said.state.as_str(), said.pid), ("loaded", "active", 4711));
        assert_eq!(read("MainPID=x\n"), Said::default());
    }
}
