//! A real `eoskeeper run` beside a node of the network; killed when dropped.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::http;
use crate::network::{Network, OURS};
use crate::wait::until;

/// One keeper, its configuration, state and log, in `keeper-ROLE` of the network's directory.
pub(crate) struct Keeper {
    process: Child,
    dir: PathBuf,
    port: u16,
}

impl Keeper {
    /// Starts the keeper of role A, B, C or F beside the node of that letter and waits until its
    /// status page answers. `extra` is INI text appended to the configuration.
    pub(crate) fn start(role: char, net: &Network, extra: &str) -> Self {
        let node = role.to_ascii_lowercase().to_string();
        let dir = net.path(&format!("keeper-{node}"));
        let port = net.spare_port(u16::from(role as u8 - b'A'));
        fs::create_dir_all(dir.join("state")).expect("a directory for the keeper");
        let config = dir.join("config.ini");
        fs::write(&config, config_text(role, net, &node, &dir, port) + extra).expect("its config");
        let log = File::options().create(true).append(true).open(dir.join("keeper.log"));
        let log = log.expect("a log file for the keeper");
        let process = Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
            .arg("run")
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle of the log"))
            .stderr(log)
            .spawn()
            .expect("eoskeeper can be run");
        let mut keeper = Self { process, dir, port };
        until("the keeper's status page", 30, || {
            if let Ok(Some(status)) = keeper.process.try_wait() {
                panic!("keeper {role} ended with {status}:\n{}", keeper.log());
            }
            keeper.status_json()
        });
        keeper
    }

    /// What the status page says, or None while it doesn't answer.
    pub(crate) fn status_json(&self) -> Option<Value> {
        http::get_json(self.port, "/api/status").ok()
    }

    /// What the keeper has printed so far.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.dir.join("keeper.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What the keeper is doing, for the message of a failed test.
    pub(crate) fn story(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().rev().take(30).collect();
        let end: Vec<_> = lines.into_iter().rev().collect();
        format!(
            "status {:?}\nlog of {}:\n{}",
            self.status_json(),
            self.dir.display(),
            end.join("\n")
        )
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // It may have ended by itself; the wait below is what matters.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Only a standby gets the means to act: A's own node is not to be switched by these tests.
fn config_text(role: char, net: &Network, node: &str, dir: &std::path::Path, port: u16) -> String {
    let rpc = net.rpc_port(node);
    let log = net.log_path(node);
    let (log, state) = (log.display(), dir.join("state"));
    let state = state.display();
    let acts = match role {
        'B' | 'C' => "[promotion]\npromote = api\ndemote = api\n",
        _ => "",
    };
    format!(
        "[global]\nrole = \"{role}\"\nproducer_name = \"{OURS}\"\nhttp_port = {rpc}\n\
         is_docker = false\nlog_file = \"{log}\"\nc_name = \"nodeos\"\n\
         [status]\nlisten = 127.0.0.1:{port}\n[state]\ndir = \"{state}\"\n{acts}"
    )
}
