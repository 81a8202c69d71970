//! A process that looks like nodeos: its name, arguments, config.ini and log; and the RPC it names.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use eoskeeper::clock::Clock;
use serde_json::json;
use tempfile::TempDir;

use crate::http::{self, Server};

pub(crate) const BP: &str = "eosstorebest";
/// Of the tutorials; in no output of ours.
pub(crate) const PRIVATE: &str = "5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3";
pub(crate) const PUBLIC: &str = "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV";

/// The process, its directory and its RPC; ended when it is dropped.
pub(crate) struct FakeNodeos {
    pub(crate) dir: TempDir,
    pub(crate) server: Server,
    child: Child,
}

impl FakeNodeos {
    /// Starts it with these lines in its config.ini beside producer, key and address.
    pub(crate) fn start(more: &str, paused: Option<bool>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(move |request, stream| {
            drop(stream.write_all(answer(request, paused).as_bytes()));
        });
        let path = |name: &str| dir.path().canonicalize().unwrap().join(name);
        fs::create_dir(path("config")).unwrap();
        fs::create_dir(path("state")).unwrap();
        let address = server.url().trim_start_matches("http://").to_owned();
        let config = format!(
            "# nodeos's own\nhttp-server-address = {address}\nproducer-name = {BP}\n\
             signature-provider = {PUBLIC}=KEY:{PRIVATE}\nplugin = eosio::producer_api_plugin\n{more}"
        );
        fs::write(path("config/config.ini"), config).unwrap();
        // It waits for its standard input to end.
        fs::write(path("wait"), "while read -r _; do :; done\n").unwrap();
        let mut log = File::create(path("nodeos.log")).unwrap();
        let time = Clock::start().now().wall;
        writeln!(
            log,
            "info  {time} nodeos    producer_plugin.cpp:777       on_incoming_block    ] Received block \
             d7262b3b40b4ff84... #732 @ {time} signed by producer111a [trxs: 0, lib: 399, confirmed: 0, \
             net: 0, cpu: 100, elapsed: 30, time: 433, latency: -447 ms]"
        )
        .unwrap();
        let child = Command::new("bash")
            .arg0("nodeos")
            .arg(path("wait"))
            .arg("--config-dir")
            .arg(path("config"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let fake = Self { dir, server, child };
        for _ in 0..500 {
            let line = fs::read(format!("/proc/{}/cmdline", fake.pid())).unwrap_or_default();
            if line.starts_with(b"nodeos\0") {
                return fake;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the process does not run");
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    /// Runs the program, with no Docker to ask.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
            .args(arguments)
            .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
            .env("NO_COLOR", "1")
            .current_dir(self.path(""))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Writes a configuration with these arguments beside those that name the process.
    pub(crate) fn init(&self, more: &[&str]) -> Output {
        let pid = self.pid().to_string();
        let first = ["init", "--yes", "--pid", &pid, "--state-dir", "state", "-o", "config.ini"];
        self.run(&[&first[..], more].concat())
    }
}

impl Drop for FakeNodeos {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answer(request: &str, paused: Option<bool>) -> String {
    let path = request.split_whitespace().nth(1).unwrap_or_default();
    match (path, paused) {
        ("/v1/chain/get_info", _) => {
            let now = Clock::start().now().wall;
            let id = "ab".repeat(32);
            // Two blocks a second.
            let head = u32::try_from(now.ms() / 500 % 1_000_000).unwrap() + 1_000;
            let info = json!({
                "server_version_string": "v5.0.2", "chain_id": id, "head_block_num": head,
                "head_block_id": id, "head_block_time": now.plus_ms(-400).to_string(),
                "head_block_producer": "producer111a", "last_irreversible_block_num": head - 300,
            });
            http::answer(200, &info.to_string())
        }
        ("/v1/chain/get_producer_schedule", _) => {
            let row = |name: &str| json!({ "producer_name": name, "block_signing_key": PUBLIC });
            let active = json!({ "version": 3, "producers": [row("producer111a"), row(BP)] });
            http::answer(200, &json!({ "active": active }).to_string())
        }
        ("/v1/producer/paused", Some(paused)) => http::answer(201, &paused.to_string()),
        ("/v1/net/connections", _) => {
            let row = |ip: &str| {
                json!({ "peer": format!("{ip}:9876"), "connecting": false,
                        "last_handshake": { "p2p_address": "x:9876 - 1", "generation": 1 } })
            };
            http::answer(201, &json!([row("192.0.2.7"), row("192.0.2.8")]).to_string())
        }
        _ => http::answer(404, "{\"code\":404}"),
    }
}
