//! The first steps beside a real nodeos: `init` finds it and writes a configuration, `check` passes,
//! `doctor` advises, and `run` works with it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use eoskeeper::config::{self, LogSource};
use serde_json::Value;

use crate::http;
use crate::network::{Network, OURS};
use crate::wait::until;

/// Ends the keeper with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .expect("eoskeeper can be run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Writes the configuration of a node's keeper; what it printed.
fn init(net: &Network, node: &str, dir: &Path, port: u16) -> Output {
    let reference = |node: &str| format!("http://127.0.0.1:{}", net.rpc_port(node));
    let (pid, listen) = (net.pid(node), format!("127.0.0.1:{port}"));
    let (state, output) = (dir.join("state"), dir.join("config.ini"));
    program(&[
        "init",
        "--yes",
        "--json",
        "--pid",
        &pid,
        "--listen",
        &listen,
        "--reference",
        &reference("boot"),
        "--reference",
        &reference("f"),
        "--state-dir",
        &state.display().to_string(),
        "-o",
        &output.display().to_string(),
    ])
}

#[test]
fn init_beside_a_real_nodeos_writes_what_check_passes_and_run_works_with() {
    let net = Network::up("first_steps", 4);
    for (at, (node, role)) in [("b", "B"), ("a", "A"), ("f", "F")].into_iter().enumerate() {
        let dir = net.path(&format!("first-{node}"));
        fs::create_dir_all(dir.join("state")).unwrap();
        let port = net.spare_port(u16::try_from(at).unwrap());
        let mut ended = init(&net, node, &dir, port);
        if node == "f" {
            // It names no producer: that must be said.
            assert_eq!(ended.status.code(), Some(2), "{}", text(&ended.stderr));
            assert!(text(&ended.stderr).contains("--producer NAME"), "{}", text(&ended.stderr));
            let (pid, state) = (net.pid(node), dir.join("state").display().to_string());
            let output = dir.join("config.ini").display().to_string();
            ended = program(&[
                "init",
                "--yes",
                "--json",
                "--pid",
                &pid,
                "--producer",
                OURS,
                "--listen",
                &format!("127.0.0.1:{port}"),
                "--state-dir",
                &state,
                "-o",
                &output,
            ]);
        }
        assert!(ended.status.success(), "{node}: {}{}", text(&ended.stdout), text(&ended.stderr));
        let told: Value = serde_json::from_slice(&ended.stdout).unwrap();
        assert_eq!(told["role"], role, "{told:#}");
        let config = config::load_file(&dir.join("config.ini")).unwrap();
        assert_eq!(config.settings.producer.as_str(), OURS);
        assert_eq!(config.http_url.port(), Some(net.http_port(node)));
        let log = net.log_path(node).canonicalize().unwrap();
        assert_eq!(config.log, LogSource::File(log), "{node}");
        assert_eq!(config.promote.is_some(), node != "f");
        let checked = program(&["check", "-c", &dir.join("config.ini").display().to_string()]);
        assert!(checked.status.success(), "{node}: {}", text(&checked.stdout));
        println!("{}", text(&checked.stdout));
    }
    advice(&net);

    let dir = net.path("first-b");
    let log = fs::File::create(dir.join("keeper.log")).unwrap();
    let config = dir.join("config.ini");
    let keeper = Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
        .args(["run", "-c", &config.display().to_string()])
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let _keeper = Ended(keeper);
    let port = net.spare_port(0);
    let status = until("the keeper to see the chain and the references", 90, || {
        let status = http::get_json(port, "/api/status").ok()?;
        let agree =
            status["references"].as_array()?.iter().filter(|r| r["standing"] == "agrees").count();
        (agree == 2 && status["chain"]["head"].is_u64()).then_some(status)
    });
    assert_eq!(status["producer"]["name"], OURS, "{status:#}");
    assert_eq!(status["role"], "B");
    assert_ne!(net.paused("b"), Some(false), "a dry run must not make it sign");
}

/// What `doctor` says beside two other nodes of the producer on one host.
fn advice(net: &Network) {
    let config = net.path("first-b").join("config.ini").display().to_string();
    let ended = program(&["doctor", "-c", &config, "--json"]);
    let told: Value = serde_json::from_slice(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", text(&ended.stdout), text(&ended.stderr)));
    let verdict = |name: &str| {
        let all = told["advice"].as_array().unwrap().iter();
        let found: Vec<&str> =
            all.filter(|a| a["name"] == name).filter_map(|a| a["verdict"].as_str()).collect();
        assert!(!found.is_empty(), "no {name}: {told:#}");
        found
    };
    assert_eq!(verdict("pause_on_startup"), ["ok"], "b was started with --pause-on-startup");
    assert_eq!(verdict("producer_api"), ["ok"], "it listens on loopback");
    assert_eq!(verdict("p2p_peers"), ["ok"]);
    assert_eq!(verdict("log_blocks"), ["ok"]);
    assert_eq!(verdict("stale_production"), ["ok"]);
    // It has no key of its own, and so that of the tutorials, which is the schedule's.
    assert_eq!(verdict("signing_key")[0], "danger");
    assert!(verdict("same_host").iter().all(|verdict| *verdict == "warn"), "a and c are here, too");
    assert_eq!(ended.status.code(), Some(1));
}
