//! `eoskeeper cloudwatch` and the row of `check`, as a person uses them.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::moto::Moto;
use super::support::{ENVIRONMENT, REGION};

/// A directory with a configuration for the server.
pub(crate) fn host(moto: &Moto, more: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let url = moto.url();
    let config = format!(
        "[global]\nrole = F\nproducer_name = eosstorebest\nnode_name = tokyo-2\n\
         http_port = 9\nlog_file = nodeos.log\n[status]\nlisten = 127.0.0.1:0\n[state]\n\
         dir = state\n[cloudwatch]\nchain = eos\nregion = {REGION}\nendpoint_url = {url}\n{more}"
    );
    std::fs::create_dir(dir.path().join("state")).unwrap();
    std::fs::write(dir.path().join("nodeos.log"), "").unwrap();
    std::fs::write(dir.path().join("config.ini"), config).unwrap();
    dir
}

/// The program, with the tests' environment.
pub(crate) fn eoskeeper(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eoskeeper"));
    command.envs(ENVIRONMENT).env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN");
    command.current_dir(dir);
    command
}

/// What a command says as JSON, and whether it succeeded.
fn said(dir: &Path, arguments: &[&str]) -> (Value, bool) {
    let output = eoskeeper(dir).args(arguments).arg("--json").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    (value, output.status.success())
}

/// The outcomes of the alarms, by the ends of their names.
fn outcomes(said: &Value) -> Vec<String> {
    let all = said["alarms"].as_array().unwrap().iter();
    all.map(|step| {
        let name = step["alarm"].as_str().unwrap();
        let (prefix, end) = name.rsplit_once('/').unwrap();
        assert!(prefix.ends_with("/eos/eosstorebest/tokyo-2"), "{name}");
        format!("{end} {}", step["outcome"].as_str().unwrap())
    })
    .collect()
}

#[tokio::test]
async fn setup_and_teardown_do_what_is_left_to_do() {
    let moto = Moto::start().await;
    let actions = format!("page_actions = arn:aws:sns:{REGION}:123456789012:page\n");
    let host = host(&moto, &actions);
    let dir = host.path();

    let (dry, _) = said(dir, &["cloudwatch", "setup", "--dry-run"]);
    assert_eq!(outcomes(&dry), ["page created", "warn created", "dead-man created"]);
    assert_eq!((&dry["dry_run"], &dry["monthly_cost"]["cents"]), (&json!(true), &json!(554)));
    assert_eq!(said(dir, &["cloudwatch", "show"]).0, json!([]), "a dry run makes nothing");

    let (made, _) = said(dir, &["cloudwatch", "setup"]);
    assert_eq!(outcomes(&made), ["page created", "warn created", "dead-man created"]);
    let alarms = moto
        .ask(
            "DescribeAlarms",
            &[("AlarmNames.member.1", "eoskeeper/eos/eosstorebest/tokyo-2/dead-man")],
        )
        .await;
    for part in [
        "<TreatMissingData>breaching</TreatMissingData>",
        "<EvaluationPeriods>3</EvaluationPeriods>",
        "<MetricName>Heartbeat</MetricName>",
        "<ComparisonOperator>LessThanThreshold</ComparisonOperator>",
        "<Name>role</Name>",
        "<Value>F</Value>",
        "123456789012:page",
    ] {
        assert!(alarms.contains(part), "{part}: {alarms}");
    }

    let (again, _) = said(dir, &["cloudwatch", "setup"]);
    assert_eq!(outcomes(&again), ["page unchanged", "warn unchanged", "dead-man unchanged"]);

    let path = dir.join("config.ini");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{config}dead_man_minutes = 7\n")).unwrap();
    let (changed, _) = said(dir, &["cloudwatch", "setup"]);
    assert_eq!(outcomes(&changed), ["page unchanged", "warn unchanged", "dead-man updated"]);
    assert_eq!(
        changed["alarms"][2]["fields"],
        json!(["AlarmDescription", "EvaluationPeriods", "DatapointsToAlarm"])
    );
    let (settled, _) = said(dir, &["cloudwatch", "setup"]);
    assert_eq!(outcomes(&settled)[2], "dead-man unchanged");

    let (shown, _) = said(dir, &["cloudwatch", "show"]);
    assert_eq!(shown.as_array().unwrap().len(), 3);
    let (would, _) = said(dir, &["cloudwatch", "teardown", "--dry-run"]);
    assert_eq!(outcomes(&would), ["dead-man removed", "page removed", "warn removed"]);
    let (removed, _) = said(dir, &["cloudwatch", "teardown"]);
    assert_eq!(outcomes(&removed), outcomes(&would));
    assert_eq!(said(dir, &["cloudwatch", "show"]).0, json!([]));
    assert_eq!(outcomes(&said(dir, &["cloudwatch", "teardown"]).0), [""; 0], "nothing to do");
}

#[tokio::test]
async fn an_alarm_of_others_is_left_alone() {
    let moto = Moto::start().await;
    let host = host(&moto, "");
    let name = "eoskeeper/eos/eosstorebest/tokyo-2/page";
    moto.ask(
        "PutMetricAlarm",
        &[
            ("AlarmName", name),
            ("AlarmDescription", "somebody's own"),
            ("Namespace", "n"),
            ("MetricName", "m"),
            ("ComparisonOperator", "LessThanThreshold"),
            ("EvaluationPeriods", "1"),
            ("Period", "60"),
            ("Threshold", "1"),
            ("Statistic", "Sum"),
        ],
    )
    .await;
    let (made, is_done) = said(host.path(), &["cloudwatch", "setup"]);
    assert_eq!(outcomes(&made), ["page not_ours", "warn created", "dead-man created"]);
    assert!(!is_done, "a person must look");
    let (removed, is_done) = said(host.path(), &["cloudwatch", "teardown"]);
    assert_eq!(outcomes(&removed), ["dead-man removed", "page not_ours", "warn removed"]);
    assert!(!is_done);
    let left = moto.ask("DescribeAlarms", &[]).await;
    assert!(left.contains("somebody's own") && !left.contains("dead-man"), "{left}");
}

/// The rows of `check` about CloudWatch: state and detail.
fn rows(dir: &Path) -> Vec<(String, String)> {
    let (rows, _) = said(dir, &["check"]);
    let own = rows.as_array().unwrap().iter().filter(|row| row["what"] == "cloudwatch");
    own.map(|row| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        (text("state"), text("detail"))
    })
    .collect()
}

#[tokio::test]
async fn check_says_what_is_missing_and_changes_nothing() {
    let moto = Moto::start().await;
    let host = host(&moto, "");
    let before = rows(host.path());
    assert_eq!(before.len(), 4, "{before:?}");
    assert_eq!(before[0].0, "ok");
    for (state, detail) in &before[1..] {
        assert!(state == "warn" && detail.starts_with("there is no alarm"), "{state} {detail}");
    }
    assert!(!moto.ask("DescribeAlarms", &[]).await.contains("AlarmName>"), "nothing is made");
    said(host.path(), &["cloudwatch", "setup"]);
    let after = rows(host.path());
    assert_eq!(after.len(), 1, "{after:?}");
}
