//! A real `eoskeeper run` beside a node of the network; killed when dropped.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

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
    /// status page answers. It hears nodeos through the relay that `mute-api` silences. Only a
    /// standby gets the means to act. `extra` is INI text appended to the configuration.
    pub(crate) fn start(role: char, net: &Network, extra: &str) -> Self {
        let acts = match role {
            'B' | 'C' => "[promotion]\npromote = api\ndemote = api\n",
            _ => "",
        };
        let port = net.rpc_port(&role.to_ascii_lowercase().to_string());
        Self::run(role, net, port, &format!("{acts}{extra}"))
    }

    /// Starts the keeper of a role that knows the others: two references, and the keepers of `peers`.
    /// It asks nodeos itself, so that it sees its process. `promotion` is the text of that section.
    pub(crate) fn start_among(role: char, net: &Network, peers: &[char], promotion: &str) -> Self {
        let node = role.to_ascii_lowercase().to_string();
        let secret = net.path("peers.secret");
        if !secret.exists() {
            fs::write(&secret, "a secret of this test alone, of no use elsewhere\n").unwrap();
            fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let others = peers.iter().map(|peer| {
            let name = peer.to_ascii_lowercase();
            format!("{name}=http://127.0.0.1:{}", net.spare_port(peer_index(*peer)))
        });
        let extra = format!(
            "[promotion]\n{promotion}\n[references]\nurls = http://127.0.0.1:{}, \
             http://127.0.0.1:{}\n[peers]\nlisten = 127.0.0.1:{}\nnodes = {}\nsecret_file = {}\n",
            net.rpc_port("boot"),
            net.rpc_port("f"),
            net.spare_port(peer_index(role)),
            others.collect::<Vec<_>>().join(", "),
            secret.display(),
        );
        Self::run(role, net, net.http_port(&node), &extra)
    }

    /// Starts one process for the standby b of each of these networks; its files are in the first.
    pub(crate) fn start_for_all(nets: &[(&str, &Network)]) -> Self {
        let first = nets[0].1;
        let dir = first.path("keeper-all");
        let (port, state) = (first.spare_port(1), dir.join("state"));
        let node = |(name, net): &(&str, &Network)| {
            let log = net.log_path("b");
            format!(
                "[node:{name}]\nhttp_port = {}\nlog_file = \"{}\"\n\
                 references.urls = http://127.0.0.1:{}\n",
                net.rpc_port("b"),
                log.display(),
                net.rpc_port("f")
            )
        };
        let nodes: String = nets.iter().map(node).collect();
        let text = format!(
            "[global]\nrole = B\nproducer_name = {OURS}\n\
             [promotion]\npromote = api\ndemote = api\n{nodes}\
             [status]\nlisten = 127.0.0.1:{port}\n[state]\ndir = \"{}\"\n",
            state.display()
        );
        let path = format!("/api/status?node={}", nets[0].0);
        Self::run_with('B', dir, port, &text, &path)
    }

    fn run(role: char, net: &Network, rpc: u16, extra: &str) -> Self {
        let node = role.to_ascii_lowercase().to_string();
        let dir = net.path(&format!("keeper-{node}"));
        let port = net.spare_port(u16::from(role as u8 - b'A'));
        let text = config_text(role, net, rpc, &dir, port) + extra;
        Self::run_with(role, dir, port, &text, "/api/status")
    }

    fn run_with(role: char, dir: PathBuf, port: u16, text: &str, status: &str) -> Self {
        fs::create_dir_all(dir.join("state")).expect("a directory for the keeper");
        let config = dir.join("config.ini");
        fs::write(&config, text).expect("its config");
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
            http::get_json(keeper.port, status).ok()
        });
        keeper
    }

    /// What the status page says, or None while it doesn't answer.
    pub(crate) fn status_json(&self) -> Option<Value> {
        http::get_json(self.port, "/api/status").ok()
    }

    /// The status of one of several nodes.
    pub(crate) fn status_of(&self, node: &str) -> Option<Value> {
        http::get_json(self.port, &format!("/api/status?node={node}")).ok()
    }

    /// Runs another command of eoskeeper with this keeper's configuration.
    pub(crate) fn run_command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eoskeeper"));
        command.args(arguments).arg("-c").arg(self.dir.join("config.ini"));
        command.stdin(Stdio::null()).output().expect("eoskeeper can be run")
    }

    /// The same; the test fails if it does. What it printed.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let done = self.run_command(arguments);
        let why = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "eoskeeper {arguments:?}: {why}");
        String::from_utf8_lossy(&done.stdout).into_owned()
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

/// Which of the network's spare ports a keeper hears its peers on; its status page has the others.
fn peer_index(role: char) -> u16 {
    6 + u16::from(role as u8 - b'A')
}

/// Who it is, where its node and its own files are.
fn config_text(role: char, net: &Network, rpc: u16, dir: &Path, port: u16) -> String {
    let node = role.to_ascii_lowercase().to_string();
    let log = net.log_path(&node);
    let (log, state) = (log.display(), dir.join("state"));
    let state = state.display();
    format!(
        "[global]\nrole = \"{role}\"\nproducer_name = \"{OURS}\"\nhttp_port = {rpc}\n\
         node_name = {node}\nis_docker = false\nlog_file = \"{log}\"\nc_name = \"nodeos\"\n\
         [status]\nlisten = 127.0.0.1:{port}\n[state]\ndir = \"{state}\"\n"
    )
}
