//! The unit file, and what the program says of its build.

use std::process::Command;

use serde_json::Value;

/// The exposure that doc/install.md states, in tenths.
const EXPOSURE_MAX: u32 = 17;

fn eoskeeper(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_eoskeeper")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_unit_stays_as_closed_as_the_document_says() {
    let mut document = std::fs::read_to_string("doc/install.md").unwrap();
    document.retain(|c| c != '\n');
    let stated = format!("{}.{}", EXPOSURE_MAX / 10, EXPOSURE_MAX % 10);
    assert!(document.contains(&format!("exposure of {stated}")), "doc/install.md states {stated}");
    let asked = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "packaging/eoskeeper.service"])
        .output();
    // Where there is no systemd there is nothing to judge it by; scripts/test installs it.
    let Ok(asked) = asked else { return };
    let said = String::from_utf8_lossy(&asked.stdout).into_owned();
    let level = said.split("Overall exposure level for eoskeeper.service: ").nth(1);
    let level = level.and_then(|rest| rest.split(' ').next()).expect(&said);
    let tenths: u32 = level.replace('.', "").parse().unwrap();
    assert!(tenths <= EXPOSURE_MAX, "{level}");
}

#[test]
fn the_unit_runs_commands_that_there_are() {
    let unit = std::fs::read_to_string("packaging/eoskeeper.service").unwrap();
    for (key, command) in [("ExecStart", "run"), ("ExecReload", "reload")] {
        let line = format!("{key}=/usr/bin/eoskeeper {command} -c /etc/eoskeeper/config.ini");
        assert!(unit.lines().any(|own| own == line), "{line}");
        assert!(eoskeeper(&[command, "--help"]).contains("--config"), "{command}");
    }
    for needed in ["Type=notify", "WatchdogSec=30", "User=eoskeeper", "Restart=always"] {
        assert!(unit.lines().any(|own| own == needed), "{needed}");
    }
}

#[test]
fn the_version_is_short_or_long() {
    let short = eoskeeper(&["--version"]);
    assert_eq!(short, format!("eoskeeper {}\n", env!("CARGO_PKG_VERSION")));
    let long: Value = serde_json::from_str(&eoskeeper(&["version", "--json"])).unwrap();
    for key in ["version", "commit", "target", "linked", "profile"] {
        let value = long[key].as_str().unwrap_or_default();
        assert!(!value.is_empty(), "{key}: {long}");
        assert!(eoskeeper(&["version"]).contains(value), "{key}");
    }
    assert_eq!(long["features"], serde_json::json!([]), "a test is built without mutants");
}
