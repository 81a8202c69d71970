//! `eoskeeper check` against a real HTTP server and real files.

use crate::http;

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use eoskeeper::cli::check::{Colour, Format, Outcome, Scope, check};
use eoskeeper::clock::Clock;
use eoskeeper::core::action::{Latch, LatchStage};
use eoskeeper::core::time::Timestamp;
use eoskeeper::history::store::Store;
use http::Server;
use serde_json::{Value, json};
use tempfile::TempDir;

const BP: &str = "eosstorebest";

fn now() -> Timestamp {
    Clock::start().now().wall
}

/// What a nodeos answers.
#[derive(Clone, Debug)]
struct Node {
    head_age_ms: i64,
    producers: Vec<&'static str>,
    /// `None`: the producer API is not loaded.
    paused: Option<bool>,
}

impl Default for Node {
    fn default() -> Self {
        Self { head_age_ms: 400, producers: vec!["producer111a", BP], paused: Some(true) }
    }
}

impl Node {
    fn answer(&self, request: &str) -> String {
        let path = request.split_whitespace().nth(1).unwrap_or_default();
        match (path, self.paused) {
            ("/v1/chain/get_info", _) => {
                let id = "ab".repeat(32);
                let time = now().plus_ms(-self.head_age_ms).to_string();
                let info = json!({
                    "server_version_string": "v5.0.2", "chain_id": id, "head_block_num": 700,
                    "head_block_id": id, "head_block_time": time,
                    "head_block_producer": "producer111a", "last_irreversible_block_num": 400,
                });
                http::answer(200, &info.to_string())
            }
            ("/v1/chain/get_producer_schedule", _) => {
                let producers: Vec<Value> =
                    self.producers.iter().map(|name| json!({ "producer_name": name })).collect();
                let active = json!({ "active": { "version": 3, "producers": producers } });
                http::answer(200, &active.to_string())
            }
            ("/v1/producer/paused", Some(paused)) => http::answer(201, &paused.to_string()),
            _ => http::answer(404, "{\"code\":404}"),
        }
    }

    fn start(self) -> Server {
        Server::start(move |request, stream| {
            drop(stream.write_all(self.answer(request).as_bytes()));
        })
    }
}

/// A directory with everything a configuration names, all of it in order.
struct Host {
    dir: TempDir,
    role: char,
    http_url: String,
    listen: String,
    /// More keys of `[global]`.
    global: String,
    more: String,
}

impl Host {
    fn new(http_url: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("state")).unwrap();
        let host = Self {
            dir,
            role: 'B',
            http_url: http_url.to_owned(),
            listen: free_address(),
            global: String::new(),
            more: String::new(),
        };
        host.write("nodeos.log", &block_line(now()));
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn script(&self, name: &str, text: &str, mode: u32) {
        self.write(name, text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn config(&self) -> PathBuf {
        let Self { role, http_url, listen, global, more, .. } = self;
        let text = format!(
            "[global]\nrole = {role}\nproducer_name = {BP}\nhttp_url = {http_url}\n\
             log_file = nodeos.log\n{global}[rules]\npoll_timeout_seconds = 2\n[status]\n\
             listen = {listen}\n[state]\ndir = state\n{more}"
        );
        self.write("config.ini", &text);
        self.path("config.ini")
    }

    /// The rows, and how it ended.
    async fn rows(&self) -> (Vec<Value>, Outcome) {
        self.rows_of(Scope::Everything).await
    }

    async fn rows_of(&self, scope: Scope) -> (Vec<Value>, Outcome) {
        let mut output = Vec::new();
        let config = self.config();
        let checked = check(Some(&config), scope, Format::Json, &mut output);
        // Nothing may take longer than its deadline; the bound is generous for a busy machine.
        let outcome = tokio::time::timeout(Duration::from_secs(30), checked).await;
        let outcome = outcome.expect("it ends by itself").unwrap();
        (serde_json::from_slice(&output).unwrap(), outcome)
    }
}

/// A loopback address nobody listens on.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn block_line(time: Timestamp) -> String {
    format!(
        "info  {time} nodeos    producer_plugin.cpp:777       on_incoming_block    ] Received \
         block d7262b3b40b4ff84... #732 @ {time} signed by producer111a [trxs: 0, lib: 399, \
         confirmed: 0, net: 0, cpu: 100, elapsed: 30, time: 433, latency: -447 ms]\n"
    )
}

/// State and detail of what was tried.
fn row<'a>(rows: &'a [Value], what: &str) -> (&'a str, &'a str) {
    let row = rows.iter().find(|row| row["what"] == what);
    let row = row.unwrap_or_else(|| panic!("no row {what}: {rows:#?}"));
    (row["state"].as_str().unwrap(), row["detail"].as_str().unwrap())
}

fn assert_row(rows: &[Value], what: &str, state: &str, detail: &str) {
    let (found, text) = row(rows, what);
    assert!(
        found == state && text.contains(detail),
        "{what}: {found} {text}, not {state} {detail}"
    );
}

#[tokio::test]
async fn what_works_is_ok_and_nothing_is_changed() {
    let server = Node::default().start();
    let mut host = Host::new(&server.url());
    host.script("on.sh", "#!/bin/sh\ntouch was-run\n", 0o755);
    host.script("off.sh", "#!/usr/bin/env sh\ntouch was-run\n", 0o700);
    host.more = "[promotion]\npromote = ./on.sh\ndemote = ./off.sh\n".to_owned();
    // The server is this program, and no nodeos.
    host.global = "watch_process = no\n".to_owned();
    let (mut rows, outcome) = host.rows().await;
    assert_eq!(outcome, Outcome::Works, "{rows:#?}");
    assert_row(&rows, "starts paused", "unknown", "not known: watch_process is false");
    assert_row(&rows, "channels", "warn", "nobody is woken");
    rows.retain(|row| row["what"] != "starts paused" && row["what"] != "channels");
    assert!(rows.iter().all(|row| row["state"] == "ok" && row.get("next").is_none()), "{rows:#?}");
    for (what, detail) in [
        ("config", "role B (first standby) of eosstorebest"),
        ("get_info", "nodeos v5.0.2"),
        ("clock", "of the head block"),
        ("schedule", "eosstorebest is 2 of 2 producers"),
        ("paused", "the standby is paused"),
        ("log", "1 of its last 1 lines understood, 1 about blocks"),
        ("promote", "on.sh is executable (not run)"),
        ("demote", "off.sh"),
        ("state dir", "can be written, no keeper uses it"),
        ("latch", "none yet"),
        ("status", "is free"),
    ] {
        assert_row(&rows, what, "ok", detail);
    }
    assert!(!host.path("was-run").exists());
    assert_eq!(fs::read_dir(host.path("state")).unwrap().count(), 0);
    let requests = server.requests();
    assert!(requests.iter().all(|line| line.starts_with("GET ")), "{requests:?}");
}

#[tokio::test]
async fn a_dead_port_fails_each_call_with_its_next_step() {
    let host = Host::new(&format!("http://{}", free_address()));
    let (rows, outcome) = host.rows().await;
    assert_eq!(outcome, Outcome::Fails);
    for what in ["get_info", "schedule"] {
        assert_row(&rows, what, "fail", "connection refused");
    }
    assert_row(&rows, "paused", "warn", "connection refused");
    let info = rows.iter().find(|row| row["what"] == "get_info").unwrap();
    assert!(info["next"].as_str().unwrap().contains("correct http_port"), "{info}");
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let server = Server::start(|_, stream: &mut TcpStream| http::wait_for_end(stream));
    let mut host = Host::new(&server.url());
    // The port of the status is taken by the same server.
    host.listen = server.url().trim_start_matches("http://").to_owned();
    let (rows, outcome) = host.rows().await;
    assert_eq!(outcome, Outcome::Fails);
    assert_row(&rows, "get_info", "fail", "no answer within the deadline");
    assert_row(&rows, "schedule", "fail", "no answer within the deadline");
    assert_row(&rows, "status", "fail", "is in use, and not by a keeper");
}

#[tokio::test]
async fn the_node_is_held_against_the_configuration() {
    let api = "[promotion]\npromote = api\ndemote = api\n";
    let (fine, none) = (Node::default(), "");
    let unpaused = Node { paused: Some(false), ..Node::default() };
    let without_api = Node { paused: None, ..Node::default() };
    let old = Node { head_age_ms: 120_000, ..Node::default() };
    let ahead = Node { head_age_ms: -6_000, ..Node::default() };
    let others = Node { producers: vec!["producer111a"], ..Node::default() };
    let cases = [
        ("standby paused", 'B', none, &fine, "paused", "ok", "the standby is paused"),
        ("standby not paused", 'C', none, &unpaused, "paused", "fail", "beside the active node"),
        ("active paused", 'A', none, &fine, "paused", "warn", "signs nothing"),
        ("active not paused", 'A', none, &unpaused, "paused", "ok", "not paused"),
        ("no API, needed", 'B', api, &without_api, "paused", "fail", "the plugin is not loaded"),
        ("no API, useful", 'B', none, &without_api, "paused", "warn", "the plugin is not loaded"),
        ("no API, observer", 'F', none, &without_api, "paused", "ok", "an observer needs none"),
        ("another producer", 'B', none, &others, "schedule", "warn", "is not among the 1"),
        ("head old", 'B', none, &old, "get_info", "warn", "is 2 min old"),
        ("clock not to be told", 'B', none, &old, "clock", "warn", "cannot be compared"),
        ("clock behind", 'B', none, &ahead, "clock", "fail", "ahead of this host's clock"),
    ];
    for (name, role, more, node, what, state, detail) in cases {
        let server = node.clone().start();
        let mut host = Host::new(&server.url());
        (host.role, host.more) = (role, more.to_owned());
        let (rows, outcome) = host.rows().await;
        let (found, text) = row(&rows, what);
        assert!(found == state && text.contains(detail), "{name}: {found} {text}");
        assert_eq!(outcome == Outcome::Fails, state == "fail", "{name}: {rows:#?}");
    }
}

#[tokio::test]
async fn a_producer_api_that_others_reach_is_told() {
    let server = Node::default().start();
    // Linux takes 0.0.0.0 to this host itself; it is no loopback address all the same.
    let host = Host::new(&server.url().replace("127.0.0.1", "0.0.0.0"));
    let (rows, outcome) = host.rows().await;
    assert_row(&rows, "producer API", "warn", "whoever reaches it can pause and resume");
    assert_eq!(outcome, Outcome::Works, "{rows:#?}");
}

#[tokio::test]
async fn the_log_is_read_at_its_end_and_never_waited_for() {
    let server = Node::default().start();
    let blocks = block_line(now());
    let old = block_line(now().plus_ms(-3_600_000));
    let padded = format!("{}\n{blocks}", "x".repeat(300 * 1024));
    let cases = [
        ("absent", None, "warn", "is not there"),
        ("empty", Some(String::new()), "warn", "is empty"),
        ("another log", Some("GET / 200\n".to_owned()), "fail", "none of its last 1 lines"),
        ("old", Some(old), "warn", "the last is 1 h old"),
        ("a long log", Some(padded), "ok", "1 of its last 1 lines understood"),
    ];
    for (name, text, state, detail) in cases {
        let host = Host::new(&server.url());
        fs::remove_file(host.path("nodeos.log")).unwrap();
        if let Some(text) = text {
            host.write("nodeos.log", &text);
        }
        let (rows, _) = host.rows().await;
        let (found, shown) = row(&rows, "log");
        assert!(found == state && shown.contains(detail), "{name}: {found} {shown}");
    }
    let host = Host::new(&server.url());
    fs::remove_file(host.path("nodeos.log")).unwrap();
    assert!(Command::new("mkfifo").arg(host.path("nodeos.log")).status().unwrap().success());
    let (rows, outcome) = host.rows().await;
    assert_row(&rows, "log", "fail", "is a pipe or a device");
    assert_eq!(outcome, Outcome::Fails);
}

/// What Docker answers about one container named `nodeos`: state, and its log's newest record.
fn docker(running: bool, log: Result<&'static str, &'static str>) -> Server {
    Server::start(move |request, stream| {
        let path = request.split_whitespace().nth(1).unwrap_or_default();
        let status = if running { "running" } else { "exited" };
        let found = json!({ "Id": "0a".repeat(32),
            "State": { "Status": status, "Running": running, "ExitCode": 1 } });
        let answer = if path.ends_with("/version") {
            http::answer(200, &json!({ "ApiVersion": "1.44" }).to_string())
        } else if path.contains("/containers/nodeos/json") {
            http::answer(200, &found.to_string())
        } else if path.contains("/logs") {
            match log {
                Ok(text) => http::answer(200, text),
                Err(why) => http::answer(501, &json!({ "message": why }).to_string()),
            }
        } else {
            http::answer(404, &json!({ "message": "No such container" }).to_string())
        };
        drop(stream.write_all(answer.as_bytes()));
    })
}

#[tokio::test]
async fn a_container_is_looked_at_through_docker() {
    let server = Node::default().start();
    // One record of stdout: its kind, three zeros, and its length before it.
    let record = "\u{1}\0\0\0\0\0\0\u{25}2026-11-21T02:54:28.000000000Z hello\n";
    let unreadable = Err("configured logging driver does not support reading");
    let missing = "unix:///no/such/docker.sock".to_owned();
    let tcp = |docker: &Server| docker.url().replace("http://", "tcp://");
    let dockers = [docker(true, Ok(record)), docker(true, Ok("")), docker(false, Ok(record))];
    let none = docker(true, unreadable);
    let cases = [
        ("runs", "nodeos", tcp(&dockers[0]), "ok", "runs and its log can be read"),
        ("says nothing", "nodeos", tcp(&dockers[1]), "warn", "is empty"),
        ("stopped", "nodeos", tcp(&dockers[2]), "warn", "is not running (exited, code 1)"),
        ("another name", "nodeoz", tcp(&dockers[0]), "fail", "there is no container nodeoz"),
        ("log not kept", "nodeos", tcp(&none), "fail", "cannot read the log back"),
        ("no engine", "nodeos", missing, "fail", "there is no socket"),
    ];
    for (name, container, engine, state, detail) in cases {
        let mut host = Host::new(&server.url());
        host.global = format!("is_docker = true\nc_name = {container}\ndocker_host = {engine}\n");
        let (rows, outcome) = host.rows().await;
        let (found, shown) = row(&rows, "container");
        assert!(found == state && shown.contains(detail), "{name}: {found} {shown}");
        assert_eq!(outcome == Outcome::Fails, state == "fail", "{name}: {rows:#?}");
    }
}

#[tokio::test]
async fn a_script_that_could_not_be_started_fails() {
    /// Text and mode of the file, where there is one.
    type Script = Option<(&'static str, u32)>;
    let server = Node::default().start();
    let cases: [(&str, Script, &str, &str); 9] = [
        ("absent", None, "fail", "No such file"),
        ("not executable", Some(("#!/bin/sh\n", 0o644)), "fail", "is not executable"),
        ("no first line", Some(("echo on\n", 0o755)), "fail", "does not begin with #!"),
        ("no interpreter", Some(("#!\n", 0o755)), "fail", "names no interpreter"),
        ("Windows line ends", Some(("#!/bin/sh\r\n", 0o755)), "fail", "carriage return"),
        ("interpreter gone", Some(("#!/no/bash -e\n", 0o755)), "fail", "/no/bash is not there"),
        ("env's gone", Some(("#!/usr/bin/env no-sh\n", 0o755)), "fail", "no-sh is not there"),
        ("everybody's", Some(("#!/bin/sh\n", 0o777)), "warn", "every user of this host"),
        ("good", Some(("#! /bin/sh -e\n", 0o755)), "ok", "is executable"),
    ];
    for (name, script, state, detail) in cases {
        let mut host = Host::new(&server.url());
        host.more = "[promotion]\npromote = ./on.sh\ndemote = api\n".to_owned();
        if let Some((text, mode)) = script {
            host.script("on.sh", text, mode);
        }
        let (rows, outcome) = host.rows().await;
        let (found, shown) = row(&rows, "promote");
        assert!(found == state && shown.contains(detail), "{name}: {found} {shown}");
        assert_eq!(outcome == Outcome::Fails, state == "fail", "{name}: {rows:#?}");
    }
}

fn latch(stage: LatchStage, producer: &str) -> Latch {
    Latch {
        stage,
        producer: producer.parse().unwrap(),
        incident: String::new(),
        reason: "it is missing".to_owned(),
        since: "2026-11-21T02:54:35.000".parse().unwrap(),
        promotions: Vec::new(),
        active_at: None,
        token: None,
        maintenance: None,
        stopped_by_hand: false,
    }
}

#[tokio::test]
async fn the_state_is_looked_at_and_left_alone() {
    let server = Node { paused: Some(false), ..Node::default() }.start();
    let host = Host::new(&server.url());
    let store = Store::open(&host.path("state")).unwrap();
    store.save(&latch(LatchStage::Promoted, BP)).unwrap();
    let (rows, outcome) = host.rows().await;
    assert_row(&rows, "state dir", "ok", "a running keeper uses it");
    assert_row(&rows, "latch", "warn", "this node was promoted at 2026-11-21T02:54:35.000");
    assert_row(&rows, "paused", "ok", "the keeper has promoted it");
    assert_eq!(outcome, Outcome::Works, "{rows:#?}");
    drop(store);

    host.write("state/state.sqlite", "promoted");
    assert_row(&host.rows().await.0, "latch", "fail", "is damaged: SQLite says");
    fs::remove_file(host.path("state/state.sqlite")).unwrap();
    host.write("state/latch.json", "{\"version\":1");
    assert_row(&host.rows().await.0, "latch", "fail", "is damaged: it is not JSON");

    fs::remove_dir_all(host.path("state")).unwrap();
    assert_row(&host.rows().await.0, "state dir", "ok", "is not there yet and can be made");
    assert!(!host.path("state").exists());

    host.write("state", "");
    assert_row(&host.rows().await.0, "state dir", "fail", "is not a directory");
}

#[tokio::test]
async fn the_status_address_is_free_or_a_keepers() {
    let node = Node::default().start();
    let status = |role: &str, producer: &str| {
        let producer = json!({ "name": producer });
        json!({ "eoskeeper": "0.1.0", "role": role, "producer": producer }).to_string()
    };
    let serving = |text: &str| Server::saying(http::answer(200, text));
    let keeper = serving(&status("B", BP));
    let of_another = serving(&status("B", "eosriobrazil"));
    let of_another_role = serving(&status("C", BP));
    let stranger = Server::saying(http::answer(200, "hello"));
    let cases = [
        ("this keeper", keeper.url(), "ok", "this keeper answers"),
        ("another producer's", of_another.url(), "fail", "role B of eosriobrazil"),
        ("another role's", of_another_role.url(), "fail", "another keeper answers"),
        ("another program", stranger.url(), "fail", "not by a keeper"),
        // TEST-NET-1, RFC 5737: no host has it.
        (
            "not ours",
            "http://192.0.2.1:9880\ntoken_file = token".to_owned(),
            "fail",
            "192.0.2.1:9880",
        ),
    ];
    for (name, url, state, detail) in cases {
        let mut host = Host::new(&node.url());
        host.listen = url.trim_start_matches("http://").to_owned();
        host.script("token", "3LZsyhKuUe7kmtlDHKDyYNmH", 0o600);
        let (rows, _) = host.rows().await;
        let (found, shown) = row(&rows, "status");
        assert!(found == state && shown.contains(detail), "{name}: {found} {shown}");
        let exposed = rows.iter().any(|row| row["what"] == "listen");
        assert_eq!(exposed, name == "not ours", "{name}: {rows:#?}");
    }
}

#[tokio::test]
async fn offline_nothing_is_asked() {
    let server = Node::default().start();
    let mut host = Host::new(&server.url());
    host.more = "[promotion]\npromote = ./absent.sh\ndemote = api\n".to_owned();
    let (rows, outcome) = host.rows_of(Scope::Offline).await;
    assert_eq!(outcome, Outcome::Works, "{rows:#?}");
    assert_eq!(rows[0]["what"], "config");
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn every_fault_of_the_configuration_is_told_and_nothing_tried() {
    let server = Node::default().start();
    let mut host = Host::new(&server.url());
    host.more = "[promotion]\nwait_rounds = 0\npromot = api\n".to_owned();
    let (rows, outcome) = host.rows().await;
    assert_eq!((outcome, outcome.exit_code()), (Outcome::BadConfig, 2));
    assert_eq!(rows.len(), 2, "{rows:#?}");
    assert!(rows.iter().all(|row| row["what"] == "config" && row["state"] == "fail"));
    assert_row(&rows, "config", "fail", "config.ini:");
    assert_eq!(server.requests(), Vec::<String>::new());

    let mut output = Vec::new();
    let absent = host.path("absent.ini");
    let format = Format::Table(Colour::Off);
    let outcome = check(Some(&absent), Scope::Everything, format, &mut output).await.unwrap();
    assert_eq!(outcome, Outcome::BadConfig);
    let text = String::from_utf8(output).unwrap();
    assert!(text.starts_with("fail  config  ") && text.contains("no such file"), "{text}");
}

#[test]
fn output_that_cannot_be_written_is_an_error_and_no_panic() {
    let temp = tempfile::tempdir().unwrap();
    let config = temp.path().join("config.ini");
    let text = "[global]\nrole = B\nproducer_name = eosstorebest\nhttp_port = 8888\n\
                log_file = nodeos.log\n";
    fs::write(&config, text).unwrap();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
        .args(["check", "--offline", "-c"])
        .arg(&config)
        .stdout(full)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("standard output cannot be written"), "{said}");
}

/// A program that listens and is started as a nodeos would be; killed when it is dropped.
struct Started {
    child: std::process::Child,
    port: String,
}

impl Started {
    fn new(host: &Host, name: &str, arguments: &[&str]) -> Self {
        use std::io::{BufRead, BufReader};
        let text = "import socket, time\n\
                    s = socket.create_server(('127.0.0.1', 0))\n\
                    print(s.getsockname()[1], flush=True)\n\
                    time.sleep(60)\n";
        host.write(name, text);
        let mut child = std::process::Command::new("python3")
            .arg(host.path(name))
            .args(arguments)
            .current_dir(host.dir.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { child, port: port.trim().to_owned() }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn how_nodeos_is_watched_and_how_it_starts_is_told() {
    let promote = "[promotion]\npromote = api\ndemote = api\n";
    for (role, name, arguments, ini, more, process, state, words) in [
        ('B', "nodeos", &["-x"][..], "", "", "ok", "ok", "with --pause-on-startup"),
        ('A', "nodeos", &["-x"], "", "", "ok", "warn", "nobody makes it sign again"),
        ('A', "nodeos", &["-x"], "", promote, "ok", "ok", "with --pause-on-startup"),
        (
            'B',
            "nodeos",
            &["--config-dir", "."],
            "pause-on-startup = true\n",
            "",
            "ok",
            "ok",
            "nodeos.ini has pause-on-startup",
        ),
        ('B', "nodeos", &["--config-dir", "."], "plugin = x\n", "", "ok", "warn", "on its own"),
        ('B', "nodeos", &["--config-dir", "/no"], "", "", "ok", "unknown", "No such file"),
        ('B', "relay", &[], "", "", "warn", "unknown", "is not nodeos"),
    ] {
        let mut host = Host::new("http://127.0.0.1:1");
        host.write("nodeos.ini", ini);
        let arguments = [arguments, &["--config", "nodeos.ini"]].concat();
        let started = Started::new(&host, name, &arguments);
        host.http_url = format!("http://127.0.0.1:{}", started.port);
        (host.role, host.more) = (role, more.to_owned());
        let (rows, _) = host.rows().await;
        let watched = if process == "ok" {
            format!("process {} (python3); its end is seen at once", started.child.id())
        } else {
            "is not nodeos".to_owned()
        };
        assert_row(&rows, "process", process, &watched);
        assert_row(&rows, "starts paused", state, words);
    }
    let mut observer = Host::new("http://127.0.0.1:1");
    observer.role = 'F';
    let (rows, _) = observer.rows().await;
    assert_row(&rows, "process", "warn", "nobody listens on 127.0.0.1:1 here");
    assert!(rows.iter().all(|row| row["what"] != "starts paused"), "{rows:#?}");
}
