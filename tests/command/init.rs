//! `eoskeeper init` beside a process that looks like nodeos.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use eoskeeper::config::{self, Actuator, LogSource};
use eoskeeper::core::settings::Role;
use serde_json::Value;

use crate::fake_nodeos::{BP, FakeNodeos, PRIVATE};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_it_writes_passes_check_and_says_what_was_found() {
    let node = FakeNodeos::start("pause-on-startup = true\n", Some(true));
    let ended = node.init(&["--reference", &node.server.url()]);
    let (out, err) = (text(&ended.stdout), text(&ended.stderr));
    assert!(ended.status.success(), "{out}{err}");
    let config = config::load_file(&node.path("config.ini")).unwrap();
    assert_eq!(config.settings.role, Role::FirstStandby);
    assert_eq!(config.settings.producer.as_str(), BP);
    assert_eq!(config.log, LogSource::File(node.path("nodeos.log")));
    assert_eq!(config.http_url.as_str().trim_end_matches('/'), node.server.url());
    assert_eq!(
        (config.promote.as_ref(), config.demote.as_ref()),
        (Some(&Actuator::Api), Some(&Actuator::Api))
    );
    assert!(config.settings.promotion.dry_run);
    assert_eq!(config.references.len(), 1);
    assert_eq!(mode(&node.path("config.ini")), 0o644);
    assert!(err.contains(&format!("Found process {} (nodeos), v5.0.2 at", node.pid())), "{err}");
    assert!(
        out.contains("assumed: role B (first standby): it names the producer and is paused"),
        "{out}"
    );
    assert!(out.contains(" 0 failed."), "{out}");
    // The process answers nothing; the server is this program's.
    assert!(out.contains("process: not watched"), "{out}");
    let written = fs::read_to_string(node.path("config.ini")).unwrap();
    for told in [&out, &err, &written] {
        assert!(!told.contains(PRIVATE), "a private key was told");
    }
    let checked = node.run(&["check", "-c", "config.ini"]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
}

#[test]
fn a_file_that_is_there_stays_unless_it_is_forced() {
    let node = FakeNodeos::start("", Some(true));
    fs::write(node.path("config.ini"), "mine").unwrap();
    let refused = node.init(&[]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("is there already"), "{}", text(&refused.stderr));
    assert_eq!(fs::read_to_string(node.path("config.ini")).unwrap(), "mine");
    let forced = node.init(&["--force", "--no-check"]);
    assert!(forced.status.success(), "{}", text(&forced.stderr));
    assert_eq!(fs::read_to_string(node.path("config.ini.old")).unwrap(), "mine");
    config::load_file(&node.path("config.ini")).unwrap();
    // What nodeos lacks is said.
    assert!(
        text(&forced.stdout).contains("Add `pause-on-startup = true`"),
        "{}",
        text(&forced.stdout)
    );
}

#[test]
fn a_dry_run_prints_the_file_and_writes_nothing() {
    let node = FakeNodeos::start("", Some(false));
    let ended = node.init(&["--dry-run", "--node-name", "tokyo-1"]);
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    let printed = text(&ended.stdout);
    let config = config::parse(&node.path("config.ini"), &printed).unwrap();
    assert_eq!((config.settings.role, config.settings.node.as_str()), (Role::Active, "tokyo-1"));
    assert!(!node.path("config.ini").exists());
}

#[test]
fn a_standby_that_could_sign_beside_the_active_node_is_a_fault() {
    let node = FakeNodeos::start("", Some(false));
    let ended = node.init(&["--role", "B", "--json"]);
    assert_eq!(ended.status.code(), Some(1), "{}", text(&ended.stderr));
    let told: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let rows = told["check"].as_array().unwrap();
    let paused = rows.iter().find(|row| row["what"] == "paused").unwrap();
    assert_eq!(paused["state"], "fail", "{paused}");
    assert_eq!(told["node"]["pid"], node.pid());
    assert_eq!(told["node"]["version"], "v5.0.2");
    assert_eq!(told["node"]["peers"], 2);
    assert!(!text(&ended.stdout).contains(PRIVATE));
}

#[test]
fn a_secret_is_made_once_for_the_peers_and_only_its_owner_reads_it() {
    let node = FakeNodeos::start("", Some(true));
    let ended = node.init(&["--peer", "a=http://127.0.0.1:1", "--no-check"]);
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    let secret = node.path("peers.secret");
    let first = fs::read_to_string(&secret).unwrap();
    assert_eq!((mode(&secret), first.trim().len()), (0o600, 64));
    assert!(!text(&ended.stdout).contains(first.trim()), "the secret was printed");
    let again = node.init(&["--peer", "a=http://127.0.0.1:1", "--no-check", "--force"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert_eq!(fs::read_to_string(&secret).unwrap(), first);
    let config = config::load_file(&node.path("config.ini")).unwrap();
    assert_eq!(config.peers.unwrap().nodes.len(), 1);
}

#[test]
fn what_it_must_be_told_is_asked_for_and_nothing_is_written() {
    let node = FakeNodeos::start("", Some(true));
    let url = node.server.url();
    for (arguments, words) in [
        (vec!["init", "--yes", "--pid", "1"], "process 1 is no nodeos"),
        (vec!["init", "--yes", "--pid", "1"], "No container was looked at: there is no socket at"),
        (vec!["init", "--yes", "--container", "none"], "no running container none runs nodeos"),
        (vec!["init", "--yes", "--url", "http://127.0.0.1:1"], "--producer NAME"),
        (
            vec!["init", "--yes", "--url", &url, "--producer", BP, "--reference", "ftp://x"],
            "[references] urls",
        ),
        (
            vec!["init", "--yes", "--url", &url, "--producer", BP, "--listen", "x"],
            "[status] listen",
        ),
    ] {
        let arguments = [&arguments[..], &["-o", "new.ini"]].concat();
        let ended = node.run(&arguments);
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {}", text(&ended.stderr));
        assert!(text(&ended.stderr).contains(words), "{arguments:?}: {}", text(&ended.stderr));
        assert!(!node.path("new.ini").exists());
    }
}

#[test]
fn one_that_is_named_by_its_address_needs_no_process() {
    let node = FakeNodeos::start("", None);
    let port = node.server.url();
    // Another port than any process names.
    let other = crate::http::Server::saying(crate::http::answer(404, "{}"));
    let ended = node.run(&[
        "init",
        "--yes",
        "--url",
        &other.url(),
        "--producer",
        BP,
        "--role",
        "F",
        "--log-file",
        "nodeos.log",
        "--state-dir",
        "state",
        "-o",
        "f.ini",
        "--no-check",
    ]);
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    let config = config::load_file(&node.path("f.ini")).unwrap();
    assert_eq!(config.settings.role, Role::Observer);
    assert_eq!(config.log, LogSource::File(node.path("nodeos.log")));
    // The address of a nodeos that is found is that nodeos.
    let ended = node.run(&[
        "init",
        "--yes",
        "--url",
        &port,
        "--state-dir",
        "state",
        "-o",
        "a.ini",
        "--no-check",
    ]);
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    let config = config::load_file(&node.path("a.ini")).unwrap();
    assert_eq!(config.log, LogSource::File(node.path("nodeos.log")));
    assert!(config.promote.is_none(), "there is no producer API to act by");
}
