//! `eoskeeper evidence`, `ledger`, `incidents` and `report`, as a person runs them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use eoskeeper::core::action::Severity;
use eoskeeper::core::ledger::{Loss, Proof, SettledTurn};
use eoskeeper::core::name::Name;
use eoskeeper::core::sample::Sample;
use eoskeeper::core::time::Timestamp;
use eoskeeper::history::entry::{Entry, What};
use eoskeeper::history::record::{IncidentRow, Notification, Record};
use eoskeeper::history::store::{Bounds, Store};
use flate2::read::{GzDecoder, MultiGzDecoder};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

const PEERS_SECRET: &str = "correct-horse-battery-staple-0123456789";
const PASSWORD: &str = "Tr0ub4dor-and-3";
const COMMENTED: &str = "a-password-in-a-comment";
const FROM_ENV: &str = "from-the-environment-0123456789";
const PRIVATE_KEY: &str = "5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3";
const SECRETS: [&str; 5] = [PEERS_SECRET, PASSWORD, COMMENTED, FROM_ENV, PRIVATE_KEY];
/// Within the recorded log: A of a 21-producer network.
const BEGAN: &str = "2026-11-21T02:50:10.000";
const ID: &str = "20261121T025010-api_down";

fn producer() -> Name {
    "eosstorebest".parse().unwrap()
}

fn began() -> Timestamp {
    BEGAN.parse().unwrap()
}

struct Site {
    temp: tempfile::TempDir,
}

impl Site {
    /// A keeper's configuration, log and history, with secrets everywhere.
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let site = Self { temp };
        fs::write(site.path("nodeos.log"), with_secrets(&recorded())).unwrap();
        for (name, text) in [("peers.secret", PEERS_SECRET), ("etcd.password", PASSWORD)] {
            fs::write(site.path(name), text).unwrap();
            fs::set_permissions(site.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let config = format!(
            "; {COMMENTED}\n[global]\nrole = A ; {COMMENTED}\nproducer_name = eosstorebest\n\
             http_port = 1\nlog_file = nodeos.log\n\
             [lease]\nendpoints = http://127.0.0.1:2379\nuser = {PASSWORD}\n\
             password_file = etcd.password\n\
             [peers]\nlisten = 127.0.0.1:19881\nnodes = b=http://127.0.0.1:19882\n\
             secret_file = peers.secret\n[promotion]\npromote = api\ndemote = api\n\
             [status]\nlisten = 127.0.0.1:1\n[state]\ndir = state\n"
        );
        fs::write(site.path("config.ini"), config).unwrap();
        site.fill();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    fn fill(&self) {
        let store = Store::open(&self.path("state")).unwrap();
        store.load(producer()).unwrap();
        let at = |s: i64| began().plus_ms(s * 1000);
        let entry = |s, sentence: &str| {
            let mut entry =
                Entry::own(at(s), What::Decision, sentence, json!({ "x": PEERS_SECRET }));
            entry.incident = "20261121T025011-process_ended".to_owned();
            Record::Entry(Box::new(entry))
        };
        let incident = |id: &str, s: i64, ended: Option<i64>| {
            Record::Incident(IncidentRow {
                id: id.to_owned(),
                cause: "api_down".to_owned(),
                severity: Severity::Page,
                began: at(s),
                ended: ended.map(at),
                title: format!("It said {PRIVATE_KEY}."),
                proof: vec!["connection refused".to_owned()],
                changed: at(s),
            })
        };
        let missed = SettledTurn {
            met: 0x0ff,
            missed: 0xf00,
            losses: vec![Loss { cause: "process_ended".to_owned(), slots: 0xf00 }],
            proof: Proof::Chain,
            ..SettledTurn::not_watched((at(-4), at(-4)), 1, producer(), at(170))
        };
        let mut records = vec![
            incident(ID, 0, Some(40)),
            incident("20261121T080000-log_silent", 20_000, None),
            entry(1, "The producer signs."),
            entry(9, &format!("The key is {PRIVATE_KEY}.")),
            Record::Turn(missed),
            Record::Notification(Notification {
                at: at(2),
                channel: "telegram".to_owned(),
                message: "m#1".to_owned(),
                incident: ID.to_owned(),
                kind: "raised".to_owned(),
                outcome: format!("refused: token {FROM_ENV} is wrong"),
            }),
        ];
        records.extend((-30..30).map(|n| {
            Record::Sample(Box::new(Sample {
                at: at(n * 10),
                head: Some(1000),
                best: Some(1007),
                producing: true,
                ..Sample::default()
            }))
        }));
        store.write(&records, &Bounds::DEFAULT).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
            .args(arguments)
            .args(["-c", self.path("config.ini").to_str().unwrap()])
            .current_dir(self.temp.path())
            .env("EOSKEEPER_TELEGRAM_TOKEN", FROM_ENV)
            .output()
            .unwrap()
    }

    fn said(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{err}");
        out
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        text(&output.stderr)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn recorded() -> String {
    let file = File::open("tests/fixtures/recorded/a.log.gz").unwrap();
    let mut log = String::new();
    MultiGzDecoder::new(file).read_to_string(&mut log).unwrap();
    log
}

/// nodeos itself prints no key; an operator's wrapper that shows its arguments does.
fn with_secrets(log: &str) -> String {
    let at = log.find("2026-11-21T02:50:1").expect("a line of that time");
    let at = log[..at].rfind('\n').unwrap() + 1;
    let line = format!(
        "info  2026-11-21T02:50:10.001 nodeos    main.cpp:1 main ] started with \
         signature-provider EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV=KEY:{PRIVATE_KEY} \
         and {PASSWORD}\n"
    );
    format!("{}{line}{}", &log[..at], &log[at..])
}

fn unpacked(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(path).unwrap()));
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert!(files.insert(name, content).is_none());
    }
    files
}

#[test]
fn the_archive_has_all_of_an_incident_and_nothing_secret() {
    let site = Site::new();
    let said = site.said(&["evidence", "20261121T025010", "-o", "out.tar.gz"]);
    let path = site.path("out.tar.gz");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let files = unpacked(&path);
    for (name, content) in &files {
        let content = String::from_utf8_lossy(content);
        for secret in SECRETS {
            assert!(!content.contains(secret), "{secret} is in {name}");
        }
    }
    assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "{said}");
    let manifest: Value = serde_json::from_slice(&files["MANIFEST.json"]).unwrap();
    let listed = manifest["files"].as_array().unwrap();
    assert_eq!(listed.len(), files.len() - 1, "every file but the manifest itself");
    for file in listed {
        let content = &files[file["name"].as_str().unwrap()];
        let hash = digest(&SHA256, content);
        let hash: String = hash.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(file["sha256"], hash.as_str(), "{file}");
    }
    assert_eq!(manifest["incident"]["id"], ID);
    let count = |name: &str| text(&files[name]).lines().count();
    assert_eq!(count("decisions.jsonl"), 2);
    assert_eq!(count("turns.jsonl"), 1);
    assert_eq!(count("notifications.jsonl"), 1);
    assert_eq!(count("incidents.jsonl"), 1, "not the one hours later");
    assert_eq!(count("samples.jsonl"), 60);
    let log = text(&files["nodeos.log"]);
    assert!(log.lines().count() > 20 && log.contains("KEY:[removed] and [removed]"), "{log}");
    assert!(log.contains("Produced block"), "what is no secret stays");
    let config = text(&files["config.ini"]);
    assert!(config.contains("user = [removed]") && config.contains("role = A\n"), "{config}");
    assert_eq!(manifest["removed"]["configuration"], json!(["[lease] user"]));
    assert!(text(&files["versions.json"]).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_there() {
    let site = Site::new();
    fs::remove_file(site.path("nodeos.log")).unwrap();
    let said = site.said(&["evidence", ID]);
    let files = unpacked(&site.path(&format!("eoskeeper-evidence-{ID}.tar.gz")));
    let manifest: Value = serde_json::from_slice(&files["MANIFEST.json"]).unwrap();
    assert_eq!(manifest["complete"], false);
    let missing = |what: &str| {
        let all = manifest["missing"].as_array().unwrap().iter();
        all.filter(|m| m["what"] == what).map(|m| m["why"].to_string()).collect::<String>()
    };
    assert!(missing("nodeos.log").contains("No such file"), "{manifest}");
    assert!(missing("schedule.json").contains("nothing listens there"), "{manifest}");
    assert!(missing("status-now.json").contains("no keeper answers"), "{manifest}");
    assert!(said.contains("not all of nodeos.log"), "{said}");
    assert!(!files.contains_key("nodeos.log") && files.contains_key("samples.jsonl"));
}

#[test]
fn an_incident_that_is_not_there_or_not_the_only_one_names_the_others() {
    let site = Site::new();
    let error = site.refused(&["evidence", "20261121T09"]);
    assert!(error.contains("there is no incident '20261121T09'"), "{error}");
    let nearest = error.lines().nth(1).unwrap().trim();
    assert!(nearest.starts_with("20261121T0"), "{error}");
    assert!(error.contains(ID), "{error}");
    let error = site.refused(&["evidence", "20261121T"]);
    assert!(error.contains("several incidents begin with"), "{error}");
    assert_eq!(error.matches("\n  2026").count(), 3, "{error}");
    // A promotion that only the entries tell of has evidence as well.
    site.said(&["evidence", "20261121T025011", "-o", "act.tar.gz"]);
    let files = unpacked(&site.path("act.tar.gz"));
    assert!(text(&files["incident.json"]).contains("process_ended"));
    let error = site.refused(&["evidence", ID, "-o", "act.tar.gz"]);
    assert!(error.contains("name another with -o"), "{error}");
    assert_eq!(unpacked(&site.path("act.tar.gz")), files, "it is not replaced");
}

#[test]
fn ledger_incidents_and_report_tell_what_the_history_has() {
    let site = Site::new();
    let since = ["--since", "2026-11-21T00:00"];
    let ledger = site.said(&["ledger", since[0], since[1]]);
    for line in ["slots met       66.666 % of the 12 that are known", "process_ended"] {
        assert!(ledger.contains(line), "{ledger}");
    }
    let turns = site.said(&["ledger", since[0], since[1], "--turns"]);
    assert!(turns.contains("FFFFFFFF....") && turns.contains("4 process_ended"), "{turns}");
    let json: Value =
        serde_json::from_str(&site.said(&["ledger", since[0], since[1], "--json"])).unwrap();
    assert_eq!(
        json["summary"]["causes"][0],
        json!({ "cause": "process_ended", "missed": 4, "forked": 0 })
    );
    assert_eq!(json["met_percent_of_known"], 66.666);
    let empty =
        site.said(&["ledger", "--since", "2020-01-01T00:00", "--until", "2020-02-01T00:00"]);
    assert!(empty.contains("No turn was settled"), "{empty}");
    let incidents = site.said(&["incidents", since[0], since[1]]);
    assert!(incidents.contains("STANDS") && incidents.contains("lasted 40 s"), "{incidents}");
    let history = site.said(&["history", "--notifications"]);
    assert!(history.contains("telegram") && history.contains("raised"), "{history}");
    let until = ["--until", "2026-11-21T06:00"];
    for (language, words) in [
        ("en", ["Turns with every block: 0/1", "Slots met: 66.66 % (8/12)", "7 / 7 / 7"]),
        ("zh", ["完整出块的轮次: 0/1", "已出块的时隙: 66.66 % (8/12)", "7 / 7 / 7"]),
        ("ru", ["Очереди без потерь: 0/1", "Потерянные блоки: 4", "7 / 7 / 7"]),
    ] {
        let arguments =
            ["report", "--last", "6h", until[0], until[1], "--language", language, "--markdown"];
        let report = site.said(&arguments);
        for word in words {
            assert!(report.contains(word), "{word}: {report}");
        }
        assert!(report.starts_with("## eosstorebest"), "{report}");
        assert!(report.contains("  - process\\_ended: 4\n"), "{report}");
    }
}
