//! `eoskeeper run` twice, without a node behind either: they see each other.

use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const SECRET: &str = "oJ6y1VtqzvRzSYf0eQ4m0Jv3k4pIhV3nqX0aZ1b2c3d=";

/// A keeper's directory and process; killed when dropped.
struct Keeper {
    dir: TempDir,
    process: Option<Child>,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
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
    fn new(role: char, listen: u16, peers: &str, secret: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (node, status) = (free_port(), free_port());
        // An observer has nothing to stop.
        let acts = if role == 'F' { "" } else { "[promotion]\ndemote = api\n" };
        let config = format!(
            "[global]\nrole = {role}\nproducer_name = eosstorebest\nhttp_port = {node}\n\
             log_file = ./node.log\n[peers]\nlisten = 127.0.0.1:{listen}\nnodes = {peers}\n\
             secret_file = ./secret\n{acts}[status]\nlisten = 127.0.0.1:{status}\n[state]\n\
             dir = ./state\n[log]\nformat = json\n"
        );
        fs::write(dir.path().join("config.ini"), config).unwrap();
        fs::write(dir.path().join("node.log"), "").unwrap();
        fs::write(dir.path().join("secret"), format!("{secret}\n")).unwrap();
        let mode = Permissions::from_mode(0o600);
        fs::set_permissions(dir.path().join("secret"), mode).unwrap();
        Self { dir, process: None }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eoskeeper"));
        command.args(arguments).arg("-c").arg(self.dir.path().join("config.ini"));
        command.stdin(Stdio::null());
        command
    }

    fn run(mut self) -> Self {
        let log = File::create(self.dir.path().join("keeper.log")).unwrap();
        self.process = Some(self.command(&["run"]).stderr(log).spawn().unwrap());
        self
    }

    /// Waits for a line of its log.
    fn says(&self, words: &str) -> Value {
        until(words, || {
            let text = fs::read_to_string(self.dir.path().join("keeper.log")).ok()?;
            let mut lines = text.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
            lines.find(|line| line["message"].as_str().is_some_and(|said| said.contains(words)))
        })
    }

    /// The rows of `check` about peers.
    fn check(&self) -> Vec<(String, String)> {
        let output = self.command(&["check", "--json"]).output().unwrap();
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        rows.iter()
            .filter(|row| row["what"] == "peer" || row["what"] == "peers")
            .map(|row| (text(&row["state"]), text(&row["detail"])))
            .collect()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn has(rows: &[(String, String)], state: &str, words: &str) -> bool {
    rows.iter().any(|(s, detail)| s == state && detail.contains(words))
}

#[test]
fn two_keepers_see_each_other() {
    let [a, b, c] = [free_port(), free_port(), free_port()];
    let peer = |name: &str, port: u16| format!("{name}=http://127.0.0.1:{port}");
    let others = |x: (&str, u16), y: (&str, u16)| [peer(x.0, x.1), peer(y.0, y.1)].join(", ");
    let a_keeper = Keeper::new('A', a, &others(("b", b), ("c", c)), SECRET).run();
    let b_keeper = Keeper::new('B', b, &peer("a", a), SECRET).run();
    // Whoever began first may not have reached the other at once.
    for (keeper, peer) in [(&a_keeper, "b"), (&b_keeper, "a")] {
        let line = keeper.says("The peer answers.");
        assert_eq!(line["peer"], peer, "{line}");
    }
    let line = a_keeper.says("The peer cannot be reached: Connection refused");
    assert!(line["peer"] == "c" || line["peer"] == "b", "{line}");

    let rows = a_keeper.check();
    assert!(has(&rows, "ok", "b at http://127.0.0.1"), "{rows:#?}");
    assert!(has(&rows, "ok", "role B of eosstorebest, same secret, clock"), "{rows:#?}");
    assert!(has(&rows, "ok", "is in use, as it is while this keeper runs"), "{rows:#?}");
    assert!(has(&rows, "warn", "b (http://127.0.0.1"), "{rows:#?}");
    assert!(has(&rows, "fail", "c at http://127.0.0.1"), "{rows:#?}");

    // A check from a keeper with another secret, in b's name.
    let stranger = Keeper::new('B', free_port(), &peer("a", a), &SECRET.replace('o', "p"));
    let rows = stranger.check();
    assert!(
        has(&rows, "fail", "refused the message (401): the signature does not fit"),
        "{rows:#?}"
    );
    a_keeper.says("A message was refused: the signature does not fit");
    // One that a does not know.
    let unknown = Keeper::new('F', free_port(), &peer("a", a), SECRET);
    let rows = unknown.check();
    assert!(has(&rows, "fail", "(403): no peer of the sender's name is known here"), "{rows:#?}");

    drop(b_keeper);
    until("b's end", || {
        let text = fs::read_to_string(log(&a_keeper)).ok()?;
        let mut lines = text.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
        lines.find(|line| {
            line["peer"] == "b"
                && line["message"].as_str().is_some_and(|m| m.starts_with("The peer cannot"))
        })
    });
}

fn log(keeper: &Keeper) -> impl AsRef<Path> + use<> {
    keeper.dir.path().join("keeper.log")
}

#[test]
fn the_secret_may_come_from_the_environment() {
    let keeper = Keeper::new('B', free_port(), "a=http://127.0.0.1:1", SECRET);
    let config = keeper.dir.path().join("config.ini");
    let text = fs::read_to_string(&config).unwrap().replace("secret_file = ./secret\n", "");
    fs::write(&config, text).unwrap();
    let check = |secret: &str| {
        let mut command = keeper.command(&["check", "--offline"]);
        let output = command.env("EOSKEEPER_PEERS_SECRET", secret).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = check(SECRET);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = check("too-short");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("the secret has 9 bytes"), "{text}");
    assert!(text.contains("head -c 32 /dev/urandom | base64"), "{text}");
    assert!(!text.contains("too-short"), "{text}");
}
