//! `eoskeeper run` as a process, without a node: what it answers, logs and ends with.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// A keeper and its directory; killed when dropped.
struct Keeper {
    process: Child,
    dir: TempDir,
    port: u16,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn eoskeeper(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_eoskeeper")).args(arguments).output().unwrap()
}

/// Tries until it comes, for at most 20 s.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Keeper {
    /// A first standby whose nodeos is not there, and whose log does not grow.
    fn start() -> Self {
        Self::start_on(|_| {})
    }

    /// The same, with something in its directory.
    fn start_on(prepare: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (node, port) = (free_port(), free_port());
        let config = format!(
            "[global]\nrole = B\nproducer_name = eosstorebest\nhttp_port = {node}\n\
             log_file = ./node.log\n[status]\nlisten = 127.0.0.1:{port}\n[state]\ndir = ./state\n\
             [log]\nformat = json\n"
        );
        fs::write(dir.path().join("config.ini"), config).unwrap();
        fs::write(dir.path().join("node.log"), "").unwrap();
        prepare(dir.path());
        let process = Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
            .args(["run", "-c"])
            .arg(dir.path().join("config.ini"))
            .stdin(Stdio::null())
            .stderr(File::create(dir.path().join("keeper.log")).unwrap())
            .spawn()
            .unwrap();
        let keeper = Self { process, dir, port };
        until("an answer", || keeper.get("/healthz"));
        keeper
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("config.ini")
    }

    /// Head and body of an answer.
    fn get(&self, path: &str) -> Option<(String, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.to_owned(), body.to_owned()))
    }

    fn status(&self, more: &[&str]) -> Output {
        let config = self.config();
        eoskeeper(&[&["status", "-c", config.to_str().unwrap()], more].concat())
    }

    fn history(&self, more: &[&str]) -> Output {
        let config = self.config();
        eoskeeper(&[&["history", "-c", config.to_str().unwrap()], more].concat())
    }

    /// The keeper's own log, a JSON object a line.
    fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.dir.path().join("keeper.log")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_running_keeper_is_asked_and_ends_when_told() {
    let mut keeper = Keeper::start();
    let (head, body) = keeper.get("/healthz").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
    let health: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(health["ok"], true, "a node that is down is no fault of the keeper: {body}");
    let (head, _) = keeper.get("/elsewhere").unwrap();
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");

    // The node does not answer, and after five polls that is a finding.
    let status = until("api_down", || {
        let status: Value = serde_json::from_str(&keeper.get("/api/status")?.1).unwrap();
        let findings = status["findings"].as_array()?;
        let fires = |f: &&Value| f["rule"] == "api_down" && f["state"] == "firing";
        findings.iter().any(|f| fires(&f)).then_some(status)
    });
    assert_eq!(status["decision"]["hold"], "schedule_unknown", "{}", status["decision"]);
    assert_eq!(status["role"], "B");

    let page = keeper.status(&[]);
    assert!(page.status.success(), "{}", text(&page));
    assert!(text(&page).contains("role B (first standby), producer eosstorebest"));
    assert!(text(&page).contains("connection refused") && text(&page).contains("api_down"));
    assert!(!text(&page).contains("Gates before a promotion"));
    let why = text(&keeper.status(&["--why"]));
    for gate in status["gates"].as_array().unwrap() {
        assert!(why.contains(gate["name"].as_str().unwrap()), "{gate}:\n{why}");
    }
    let json: Value = serde_json::from_slice(&keeper.status(&["--json"]).stdout).unwrap();
    assert_eq!(json["producer"]["name"], "eosstorebest");

    // The same file again: that address is taken, and the first keeper goes on.
    let second = eoskeeper(&["run", "-c", keeper.config().to_str().unwrap()]);
    assert_eq!(second.status.code(), Some(1), "{}", text(&second));
    assert!(text(&second).contains("is another eoskeeper running there?"));

    kill_process(Pid::from_child(&keeper.process), Signal::TERM).unwrap();
    let ended = until("the end", || keeper.process.try_wait().unwrap());
    assert_eq!(ended.code(), Some(0));
    let log = keeper.log();
    let says = |words: &str| log.iter().any(|line| line["message"] == words);
    assert!(says("The keeper watches.") && says("The keeper has ended."), "{log:#?}");
    let decision = log.iter().find(|line| line["target"] == "decision").unwrap();
    let (kind, hold) = (&decision["kind"], &decision["hold"]);
    assert_eq!((kind, hold), (&"hold".into(), &"schedule_unknown".into()));

    let nobody = keeper.status(&[]);
    assert_eq!(nobody.status.code(), Some(3), "{}", text(&nobody));
}

#[test]
fn a_wrong_configuration_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config.ini");
    fs::write(&config, "[global]\nrole = X\n[state]\ndir = ./state\n").unwrap();
    let config = config.to_str().unwrap();
    for command in ["run", "status", "check"] {
        let output = eoskeeper(&[command, "-c", config]);
        assert_eq!(output.status.code(), Some(2), "{command}: {}", text(&output));
        assert!(text(&output).contains("role"), "{command}: {}", text(&output));
    }
    assert!(!dir.path().join("state").exists());
}

fn objects(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", text(output));
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_history_is_read_while_the_keeper_runs_and_afterwards() {
    let mut keeper = Keeper::start();
    let entries = until("a decision", || {
        let entries = objects(&keeper.history(&["--json"]));
        (entries.len() >= 2).then_some(entries)
    });
    assert_eq!(entries[0]["what"], "start");
    assert_eq!(
        entries[0]["sentence"],
        format!(
            "eoskeeper {} watches eosstorebest in role B (first standby).",
            env!("CARGO_PKG_VERSION")
        )
    );
    let decision = &entries[1];
    assert_eq!((&decision["what"], &decision["kind"]), (&"decision".into(), &"hold".into()));
    assert_eq!(decision["hold"], "schedule_unknown");
    let evidence = &decision["evidence"];
    let gates = evidence["gates"].as_array().unwrap();
    let first = gates.iter().find(|gate| !gate["closed"].is_null()).unwrap();
    assert_eq!(first["sentence"], decision["sentence"], "the gate that decided is in the evidence");
    for fact in ["node", "chain", "producer", "promotion", "findings", "references"] {
        assert!(!evidence[fact].is_null(), "{fact} is not in {evidence}");
    }

    kill_process(Pid::from_child(&keeper.process), Signal::TERM).unwrap();
    until("the end", || keeper.process.try_wait().unwrap());
    let ended = objects(&keeper.history(&["--json"]));
    assert_eq!(ended.last().unwrap()["what"], "end", "{ended:#?}");
    assert_eq!(ended[..2], entries[..2]);
    let last = objects(&keeper.history(&["--json", "-n", "1"]));
    assert_eq!(last, ended[ended.len() - 1..]);

    let page = text(&keeper.history(&["--since", "1h"]));
    assert_eq!(page.lines().count(), ended.len(), "{page}");
    let hold = page.lines().nth(1).unwrap();
    let begin = format!("{}  hold ", decision["at"].as_str().unwrap());
    assert!(hold.starts_with(&begin) && hold.contains(" schedule_unknown "), "{hold}");
    let shown = text(&keeper.history(&["--evidence"]));
    assert!(shown.contains("    gate scheduled    schedule_unknown "), "{shown}");
    assert_eq!(text(&keeper.history(&["--since", "2100-01-01T00:00"])), "");

    let wrong = keeper.history(&["--since", "yesterday"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", text(&wrong));
    assert!(text(&wrong).contains("an age looks like 90s"), "{}", text(&wrong));
    fs::remove_file(keeper.dir.path().join("state/state.sqlite")).unwrap();
    let none = keeper.history(&[]);
    assert_eq!(none.status.code(), Some(1), "{}", text(&none));
    assert!(text(&none).contains("no history in"), "{}", text(&none));
    assert!(!keeper.dir.path().join("state/state.sqlite").exists());
}

#[test]
fn with_a_state_that_cannot_be_used_the_keeper_watches_and_says_so() {
    type Prepare = fn(&Path);
    let cases: [(&str, Prepare, &str); 4] = [
        (
            "a text",
            |dir| fs::write(dir.join("state/state.sqlite"), "promoted").unwrap(),
            "is damaged: SQLite says",
        ),
        (
            "a directory",
            |dir| fs::create_dir(dir.join("state/state.sqlite")).unwrap(),
            "is damaged: it is no regular file",
        ),
        (
            "a latch of before",
            |dir| fs::write(dir.join("state/latch.json"), "{").unwrap(),
            "is damaged: it is not JSON",
        ),
        (
            "no directory",
            |dir| {
                fs::remove_dir(dir.join("state")).unwrap();
                fs::write(dir.join("state"), "").unwrap();
            },
            "cannot make",
        ),
    ];
    for (case, prepare, why) in cases {
        let keeper = Keeper::start_on(|dir| {
            let config = dir.join("config.ini");
            let text =
                fs::read_to_string(&config).unwrap() + "[promotion]\npromote = api\ndemote = api\n";
            fs::write(&config, text).unwrap();
            fs::create_dir(dir.join("state")).unwrap();
            prepare(dir);
        });
        let gate = until(case, || {
            let status: Value = serde_json::from_str(&keeper.get("/api/status")?.1).unwrap();
            let gates = status["gates"].as_array()?.clone();
            gates.into_iter().find(|gate| gate["name"] == "state")
        });
        assert_eq!(gate["closed"], "latch_unusable", "{case}");
        assert!(gate["sentence"].as_str().unwrap().contains(why), "{case}: {gate}");
        let alarm =
            until(case, || keeper.log().into_iter().rfind(|line| line["key"] == "state_unusable"));
        assert!(alarm.to_string().contains(why), "{case}: {alarm}");
        let history = keeper.history(&[]);
        assert_eq!(history.status.code(), Some(1), "{case}: {}", text(&history));
    }
}
