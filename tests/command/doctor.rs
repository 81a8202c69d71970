//! `eoskeeper doctor` beside a process that looks like nodeos, and its document.

use std::fs;

use eoskeeper::cli::doctor::cases::{Case, Verdict};
use serde_json::{Value, json};

use crate::fake_nodeos::{FakeNodeos, PRIVATE};

fn told(node: &FakeNodeos, more: &[&str]) -> (Value, Option<i32>) {
    let ended = node.run(&[&["doctor", "-c", "config.ini", "--json"][..], more].concat());
    let err = String::from_utf8_lossy(&ended.stderr).into_owned();
    let out = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(!out.contains(PRIVATE) && !err.contains(PRIVATE), "a private key was told");
    let value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
    (value, ended.status.code())
}

/// Verdict and reason of a piece of advice.
fn advice<'a>(told: &'a Value, name: &str) -> (&'a str, &'a str) {
    let found = told["advice"].as_array().unwrap().iter().find(|advice| advice["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name}: {told:#}"));
    (found["verdict"].as_str().unwrap(), found["reason"].as_str().unwrap())
}

#[test]
fn a_standby_is_told_what_is_well_and_what_is_not() {
    let node = FakeNodeos::start("pause-on-startup = true\n", Some(true));
    assert!(node.init(&["--no-check"]).status.success());
    let (told, code) = told(&node, &[]);
    for (name, verdict, words) in [
        ("acting", "advice", "acts on nothing"),
        ("pause_on_startup", "ok", "has pause-on-startup"),
        ("stale_production", "ok", "without enable-stale-production"),
        // The key of the tutorials is the one in the schedule.
        ("signing_key", "danger", "signs with PUB_K1_6MRy"),
        ("producer_api", "ok", "answers at none"),
        ("p2p_peers", "ok", "2 peers are connected"),
        ("log_blocks", "ok", "1 of its last 1 lines"),
        ("versions", "advice", "no other told its version"),
        ("scripts", "ok", "No script"),
        ("channels", "warn", "No channel"),
        ("references", "warn", "names none"),
        ("clock_offset", "advice", "Neither a peer"),
    ] {
        let (found, reason) = advice(&told, name);
        assert!(found == verdict && reason.contains(words), "{name}: {found} {reason}");
    }
    assert_eq!(code, Some(1), "a danger is told by the exit code");
    assert!(told["check"].as_array().is_some_and(|rows| rows.len() > 10), "{told:#}");
    assert_eq!(told["node"]["name"], "b");
    // Every piece is one of the catalogue.
    for advice in told["advice"].as_array().unwrap() {
        let is_known = Case::ALL.iter().any(|case| {
            case.name() == advice["name"] && case.verdict().as_str() == advice["verdict"]
        });
        assert!(is_known, "{advice}");
    }
}

#[test]
fn faults_of_nodeos_are_dangers() {
    let node =
        FakeNodeos::start("enable-stale-production = true\nread-mode = irreversible\n", Some(true));
    assert!(node.init(&["--no-check", "--peer", "a=http://127.0.0.1:1"]).status.success());
    fs::write(
        node.path("config/logging.json"),
        "{\"loggers\":[{\"name\":\"producer_plugin\",\"level\":\"warn\"}]}",
    )
    .unwrap();
    fs::write(node.path("nodeos.log"), "info  nothing about blocks\n").unwrap();
    let (told, code) = told(&node, &[]);
    for (name, verdict) in [
        ("pause_on_startup", "danger"),
        ("stale_production", "danger"),
        ("read_mode", "danger"),
        ("log_blocks", "warn"),
    ] {
        assert_eq!(advice(&told, name).0, verdict, "{name}");
    }
    let levels =
        told["advice"].as_array().unwrap().iter().filter(|a| a["name"] == "log_blocks").count();
    assert_eq!(levels, 2, "the log and logging.json: {told:#}");
    assert_eq!(code, Some(1));
}

#[test]
fn two_nodes_with_one_finalizer_key_are_found_by_what_the_other_printed() {
    let bls = "PUB_BLS_abc";
    let node =
        FakeNodeos::start(&format!("signature-provider = {bls}=KEY:PVT_BLS_x\n"), Some(true));
    assert!(node.init(&["--no-check"]).status.success());
    let (alone, _) = told(&node, &[]);
    assert_eq!(advice(&alone, "finalizer_key").0, "advice");
    let mut other = alone.clone();
    other["node"]["name"] = json!("a");
    other["node"]["version"] = json!("v5.0.3");
    fs::write(node.path("a.json"), other.to_string()).unwrap();
    let (compared, _) = told(&node, &["--with", "a.json"]);
    let (verdict, reason) = advice(&compared, "finalizer_key");
    assert!(verdict == "danger" && reason.contains("a has PUB_BLS_abc"), "{reason}");
    let (verdict, reason) = advice(&compared, "versions");
    assert!(verdict == "warn" && reason.contains("a runs v5.0.3"), "{reason}");
    fs::write(node.path("bad.json"), "{}").unwrap();
    let refused = node.run(&["doctor", "-c", "config.ini", "--with", "bad.json"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("has no node"));
}

#[test]
fn with_send_every_channel_gets_a_message() {
    let node = FakeNodeos::start("", Some(true));
    assert!(node.init(&["--no-check"]).status.success());
    fs::write(node.path("tell.sh"), "#!/bin/sh\ncat > \"$(dirname \"$0\")/told\"\n").unwrap();
    std::process::Command::new("chmod").arg("+x").arg(node.path("tell.sh")).status().unwrap();
    let mut config = fs::read_to_string(node.path("config.ini")).unwrap();
    config += "\n[script]\npath = ./tell.sh\n";
    fs::write(node.path("config.ini"), config).unwrap();
    let (quiet, _) = told(&node, &[]);
    assert!(advice(&quiet, "channels").1.contains("nothing was sent"), "{quiet:#}");
    assert!(!node.path("told").exists());
    assert_eq!(advice(&quiet, "scripts").0, "ok");
    let (sent, _) = told(&node, &["--send"]);
    assert!(advice(&sent, "channels").1.contains("took a test message"), "{sent:#}");
    assert!(node.path("told").exists());
}

#[test]
fn a_person_reads_columns() {
    let node = FakeNodeos::start("", Some(true));
    assert!(node.init(&["--no-check"]).status.success());
    let ended = node.run(&["doctor", "-c", "config.ini"]);
    let text = String::from_utf8_lossy(&ended.stdout);
    assert!(text.contains("Advice\nadvice  acting"), "{text}");
    assert!(text.contains("doc/doctor.md says what each means"), "{text}");
    let bad = node.run(&["doctor", "-c", "none.ini"]);
    assert_eq!(bad.status.code(), Some(2));
}

#[test]
fn the_document_has_every_piece_of_advice() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/doctor.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, table) =
        text.split_once("| name | verdict | when | what to do |\n|---|---|---|---|\n").unwrap();
    let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<String> = Case::ALL
        .iter()
        .map(|case| {
            let next = if case.next().is_empty() { "–" } else { case.next() };
            format!(
                "| `{}` | {} | {} | {next} |",
                case.name(),
                case.verdict().as_str(),
                case.when()
            )
        })
        .collect();
    assert_eq!(rows, expected);
    for case in Case::ALL {
        assert!(text.contains(&format!("`{}`", case.name())));
        // Whatever is not well has a next step.
        assert_eq!(case.next().is_empty(), case.verdict() == Verdict::Ok, "{case:?}");
    }
}
