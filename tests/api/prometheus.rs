//! The real Prometheus reads a running keeper, the rules and the dashboard's questions.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use eoskeeper::demo::Node;
use serde_json::Value;

use crate::asking::exchange;
use crate::live::{Keeper, private, until};

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/monitoring/rules.yml");
const RULES_TEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/monitoring/rules_test.yml");
const DASHBOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/monitoring/dashboard.json");
const TOKEN: &str = "sesame-sesame-16";

/// Questions of the dashboard that have no answer here, and why.
const KNOWN_EMPTY: [(&str, &str); 7] = [
    ("changes(eoskeeper_decision", "nothing changes its mind"),
    ("eoskeeper_hold", "role A promotes nothing"),
    ("eoskeeper_lease_left_seconds", "no lease is configured"),
    ("eoskeeper_peer_heard_age_seconds", "no peers are configured"),
    ("eoskeeper_channel_", "no channel is configured"),
    ("eoskeeper_own_lost_slots_total", "nothing was lost"),
    ("eoskeeper_production_skipped_total", "nothing was skipped"),
];

fn promtool(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool: apt-get install prometheus");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A Prometheus of this test; it ends when it is dropped.
struct Prometheus {
    process: Child,
    port: u16,
}

impl Prometheus {
    fn start(dir: &Path, keeper: u16) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        private(&dir.join("prometheus.token"), TOKEN);
        let config = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
             rule_files: ['{RULES}']\n\
             scrape_configs:\n  - job_name: eoskeeper\n    authorization: {{ credentials_file: \
             {}/prometheus.token }}\n    static_configs: [{{ targets: ['127.0.0.1:{keeper}'] }}]\n",
            dir.display()
        );
        let file = dir.join("prometheus.yml");
        fs::write(&file, config).unwrap();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("tsdb").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(dir.join("prometheus.log")).unwrap())
            .spawn()
            .expect("prometheus: apt-get install prometheus");
        Self { process, port }
    }

    /// What Prometheus answers to a question; `None` while it does not listen.
    async fn query(&self, expression: &str) -> Option<Vec<Value>> {
        let (port, expression) = (self.port, expression.to_owned());
        let answer = tokio::task::spawn_blocking(move || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
            let mut question = String::new();
            for byte in expression.bytes() {
                question.push_str(&format!("%{byte:02X}"));
            }
            let request =
                format!("GET /api/v1/query?query={question} HTTP/1.0\r\nHost: localhost\r\n\r\n");
            Some((exchange(([127, 0, 0, 1], port).into(), &request), expression))
        });
        let (answer, expression) = answer.await.unwrap()?;
        if answer.status == 503 {
            return None;
        }
        let value = answer.json();
        assert_eq!(value["status"], "success", "{expression}: {value}");
        Some(value["data"]["result"].as_array().cloned().unwrap_or_default())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Every question of the dashboard, with its variables filled in as Grafana does.
fn dashboard() -> Vec<String> {
    fn gather(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(expression) = fields.get("expr").and_then(Value::as_str) {
                    found.push(expression.to_owned());
                }
                fields.values().for_each(|value| gather(value, found));
            }
            Value::Array(all) => all.iter().for_each(|value| gather(value, found)),
            _ => {}
        }
    }
    let text = fs::read_to_string(DASHBOARD).unwrap();
    let mut found = Vec::new();
    gather(&serde_json::from_str(&text).unwrap(), &mut found);
    let filled = |text: &String| {
        text.replace("$instance", ".*").replace("$__rate_interval", "30s").replace("$__range", "1m")
    };
    found.iter().map(filled).collect()
}

#[test]
fn promtool_finds_no_fault_in_the_rules_and_they_fire_when_they_should() {
    let checked = promtool(&["check", "rules", RULES], "");
    assert!(checked.status.success(), "{}", said(&checked));
    let tested = promtool(&["test", "rules", RULES_TEST], "");
    assert!(tested.status.success(), "{}", said(&tested));
    println!("{}{}", said(&checked), said(&tested));
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_reads_a_running_keeper_and_answers_what_dashboard_and_rules_ask() {
    let keeper = Keeper::start(|dir| {
        private(&dir.join("status.token"), TOKEN);
        "token_file = ./status.token".to_owned()
    })
    .await;
    let prometheus = Prometheus::start(keeper.dir.path(), keeper.port);
    let scraped = async || {
        let up = prometheus.query("up{job=\"eoskeeper\"} == 1").await?;
        let blocks = prometheus.query("eoskeeper_producer_blocks_total > 5").await?;
        (!up.is_empty() && blocks.len() >= 3).then_some(())
    };
    until("blocks of three producers in Prometheus", scraped).await;
    let metrics = prometheus_text(&keeper).await;
    let linted = promtool(&["check", "metrics"], &metrics);
    assert!(linted.status.success(), "{}\n{metrics}", said(&linted));
    println!("promtool check metrics: {} lines, no complaint", metrics.lines().count());

    let questions = dashboard();
    assert!(questions.len() >= 25, "{} questions", questions.len());
    let mut empty = 0;
    for question in &questions {
        let reason = KNOWN_EMPTY.iter().find(|(part, _)| question.contains(part));
        if reason.is_some() {
            prometheus.query(question).await.unwrap();
            empty += 1;
            continue;
        }
        let answered = async || {
            let rows = prometheus.query(question).await?;
            (!rows.is_empty()).then_some(())
        };
        until(&format!("an answer to {question}"), answered).await;
    }
    println!("{} questions of the dashboard, {empty} known to be empty here", questions.len());

    let quiet = prometheus.query("ALERTS{alertstate=\"firing\",severity=\"page\"}").await.unwrap();
    assert!(quiet.is_empty(), "{quiet:?}");
    keeper.network.kill(Node::A).await;
    let alerted = async || {
        let alert = prometheus.query("ALERTS{alertname=\"EoskeeperNodeDown\"}").await?;
        (!alert.is_empty()).then_some(alert)
    };
    let alert = until("the alert that the node is down", alerted).await;
    println!("after the node was killed: {}", alert[0]["metric"]);
}

/// The text as Prometheus without OpenMetrics gets it.
async fn prometheus_text(keeper: &Keeper) -> String {
    let port = keeper.port;
    let request = format!(
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
         Connection: close\r\n\r\n"
    );
    let asking = move || exchange(([127, 0, 0, 1], port).into(), &request).body;
    tokio::task::spawn_blocking(asking).await.unwrap()
}
