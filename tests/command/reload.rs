//! The configuration read anew by a keeper that runs: what is taken, what is refused, what stays.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::http::Server;
use super::orders::keeper::{Host, text, until};

fn write(host: &Host, change: impl FnOnce(String) -> String) {
    let config = fs::read_to_string(host.config()).unwrap();
    fs::write(host.config(), change(config)).unwrap();
}

#[track_caller]
fn reload(host: &Host, code: i32, words: &[&str]) {
    let output = host.order(&["reload"]);
    assert_eq!(output.status.code(), Some(code), "{}", text(&output));
    for words in words {
        assert!(text(&output).contains(words), "{words}: {}", text(&output));
    }
}

fn hangup(host: &Host) {
    kill_process(Pid::from_raw(host.pid()).unwrap(), Signal::HUP).unwrap();
}

fn refusal(host: &Host) -> Option<Value> {
    Some(host.status()["configuration"]["refused"].clone()).filter(|refused| !refused.is_null())
}

#[test]
fn a_bad_file_is_refused_said_and_forgotten_with_a_good_one() {
    let host = Host::running("./state");
    let good = fs::read_to_string(host.config()).unwrap();
    write(&host, |config| config.replace("role = B", "role = B\nhed_stalled = 3"));
    hangup(&host);
    until("the log", || host.log().contains("The new configuration is refused").then_some(()));
    // The command that asks reads the file too; what is in force changes by a reload alone.
    let bad = fs::read_to_string(host.config()).unwrap();
    fs::write(host.config(), &good).unwrap();
    let refused = until("the refusal", || refusal(&host));
    let why = refused["why"].as_str().unwrap();
    assert!(why.contains("hed_stalled") && why.contains("config.ini:3"), "{why}");
    assert!(host.log().contains("The new configuration is refused"), "{}", host.log());
    let incident = until("the incident", || {
        let alarms = host.status()["alarms"].clone();
        let incidents = alarms["incidents"].as_array()?.clone();
        incidents.into_iter().find(|one| one.to_string().contains("config_refused"))
    });
    assert!(incident.to_string().contains("hed_stalled"), "{incident}");
    assert!(text(&host.order(&["history"])).contains("hed_stalled"));
    fs::write(host.config(), bad).unwrap();
    // The command sees a fault of the file itself before it asks the keeper.
    reload(&host, 2, &["hed_stalled"]);

    fs::write(host.config(), good).unwrap();
    reload(&host, 0, &["was taken; begun anew for it: nothing."]);
    until("the good file", || refusal(&host).is_none().then_some(()));
    // A file that is gone is one more that is bad.
    let aside = host.dir.path().join("aside.ini");
    fs::rename(host.config(), &aside).unwrap();
    hangup(&host);
    until("the refusal", || host.log().contains("there is no such file").then_some(()));
    fs::rename(&aside, host.config()).unwrap();
    hangup(&host);
    until("the good file", || refusal(&host).is_none().then_some(()));
}

#[test]
fn what_needs_a_restart_is_named_and_nothing_of_that_file_is_taken() {
    let host = Host::running("./state");
    let before = host.status()["rules"].clone();
    write(&host, |config| {
        config.replace("role = B", "role = C\nnode_name = tokyo-1")
            + "[rules]\nhead_stalled_seconds = 12\n"
    });
    let words = "a restart is needed for what changed in [global] role, [global] node_name";
    reload(&host, 1, &["Refused; nothing was done.", words, "The one before stays in force."]);
    let status = host.status();
    assert_eq!((&status["role"], &status["rules"]), (&json!("B"), &before));
    let refused = until("the refusal", || refusal(&host));
    assert!(refused["why"].as_str().unwrap().contains(words));
}

#[test]
fn thresholds_references_and_the_fleet_change_while_maintenance_and_evidence_stay() {
    let host = Host::running("./state");
    let begun = host.order(&["maintenance", "--for", "2h", "--reason", "new disk"]);
    assert!(begun.status.success(), "{}", text(&begun));
    let before = until("api_down", || {
        let status = host.status();
        let mut findings = status["findings"].as_array()?.iter();
        findings.any(|f| f["rule"] == "api_down" && f["state"] == "firing").then_some(status)
    });
    write(&host, |config| {
        config
            + "[rules]\nhead_stalled_seconds = 12\n\
               [references]\nurls = http://127.0.0.1:9, http://127.0.0.1:10\nmin_agree = 1\n\
               [fleet]\nurls = tokyo=http://127.0.0.1:11\n"
    });
    reload(&host, 0, &["what watches the host, the fleet and the pool, what asks the references"]);
    let after = until("the references", || {
        let status = host.status();
        let references = status["references"].as_array()?.clone();
        (references.len() == 2 && !references[1]["failure"].is_null()).then_some(status)
    });
    assert_eq!(after["rules"]["head_stalled_ms"], 12_000);
    assert_eq!(after["started"], before["started"], "the same keeper");
    assert_eq!(after["maintenance"], before["maintenance"]);
    let since = |status: &Value| {
        let findings = status["findings"].as_array().unwrap().clone();
        findings.into_iter().find(|f| f["rule"] == "api_down").unwrap()["since"].clone()
    };
    assert_eq!(since(&after), since(&before), "what fires goes on firing");
    assert!(after["fleet"].to_string().contains("tokyo"), "{}", after["fleet"]);
    let other = host.order(&["maintenance", "--end"]);
    assert!(other.status.success(), "orders are taken as before: {}", text(&other));
}

#[test]
fn another_log_is_followed_from_its_end() {
    let host = Host::running("./state");
    let other = host.dir.path().join("other.log");
    fs::write(&other, "old\n").unwrap();
    write(&host, |config| config.replace("./node.log", "./other.log"));
    reload(&host, 0, &["the log's reader"]);
    until("the other log", || {
        host.status()["node"]["log"].as_str()?.contains("other.log").then_some(())
    });
    append(&other, "one\ntwo\n");
    append(&host.dir.path().join("node.log"), "unheard\n");
    until("its lines", || (host.status()["node"]["log_others"] == 2).then_some(()));
}

fn append(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_message_that_waits_is_delivered_by_the_channel_as_it_is_then() {
    let dead = Server::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 503 Not now\r\nContent-Length: 0\r\n\r\n");
    });
    let heard = Arc::new(AtomicBool::new(false));
    let hears = Arc::clone(&heard);
    let living = Server::start(move |_, stream| {
        hears.store(true, Ordering::Relaxed);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let mut host = Host::new("./state");
    write(&host, |config| format!("{config}[webhook]\nurl = {}/\n", dead.url()));
    host.start();
    let channel = |host: &Host| host.status()["alarms"]["channels"][0].clone();
    until("a message that waits", || {
        let channel = channel(&host);
        (channel["waiting"].as_u64()? > 0 && !channel["failing"].is_null()).then_some(())
    });
    let incidents = host.status()["alarms"]["incidents"].clone();
    assert!(!incidents.as_array().unwrap().is_empty());
    write(&host, |config| config.replace(&dead.url(), &living.url()));
    reload(&host, 0, &["the channels"]);
    until("the message", || {
        let channel = channel(&host);
        (channel["waiting"] == 0 && channel["sent"].as_u64()? > 0).then_some(())
    });
    assert!(heard.load(Ordering::Relaxed));
    let after = host.status()["alarms"]["incidents"].clone();
    assert_eq!(after[0]["id"], incidents[0]["id"], "the same incident, told once");
}
