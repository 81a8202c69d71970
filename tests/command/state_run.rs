//! The state on disk through the real daemon, on a simulated network whose active node dies: first
//! standbys with a state that is damaged, with a disk that is full, and with a good one. The last
//! promotes, and its history says why, also after kill -9.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use eoskeeper::core::schedule::Schedule;
use eoskeeper::demo::{Network, Node};
use eoskeeper::nodeos::rpc::Client;
use serde_json::Value;

const OURS: &str = "eosstorebest";
/// For what comes: nothing is measured by it.
const LONG: Duration = Duration::from_secs(120);

/// A keeper beside a node; killed when dropped.
struct Keeper {
    process: Child,
    dir: PathBuf,
}

impl Keeper {
    fn start(dir: PathBuf, network: &Network, node: Node) -> Self {
        fs::create_dir_all(&dir).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "[global]\nrole = B\nproducer_name = {OURS}\nhttp_url = {}\nlog_file = {}\n\
             [rules]\nround_grace_seconds = 1\n[promotion]\npromote = api\ndemote = api\n\
             wait_seconds = 20\n[status]\nlisten = 127.0.0.1:{port}\n[state]\ndir = ./state\n\
             [log]\nformat = json\n",
            network.http_url(node),
            network.log_path(node).display()
        );
        fs::write(dir.join("config.ini"), config).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
            .args(["run", "-c"])
            .arg(dir.join("config.ini"))
            .stdin(Stdio::null())
            .stderr(File::create(dir.join("keeper.log")).unwrap())
            .spawn()
            .unwrap();
        Self { process, dir }
    }

    fn command(&self, command: &str, more: &[&str]) -> Vec<Value> {
        let output = Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
            .args([command, "--json", "-c"])
            .arg(self.dir.join("config.ini"))
            .args(more)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        serde_json::Deserializer::from_str(&text).into_iter().map(Result::unwrap).collect()
    }

    /// The status; null while it does not answer.
    fn status(&self) -> Value {
        self.command("status", &[]).pop().unwrap_or_default()
    }

    fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.dir.join("keeper.log")).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A small file system in memory; unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None`, and said, where this user may not mount.
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=512k", "eoskeeper-test"];
        let mounted = Command::new("mount").args(mount).arg(at).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(at.to_owned()));
        }
        eprintln!("SKIPPED: a full disk needs the right to mount one.");
        None
    }

    fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).unwrap();
        while std::io::Write::write_all(&mut file, &[0; 512]).is_ok() {}
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LONG;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < end, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Runs for about a minute.
#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_with_a_damaged_state_never_acts_and_one_with_a_good_state_says_why_it_did() {
    let dir = tempfile::tempdir().unwrap();
    let producers = [OURS, "producer111a", "producer111b"].map(|name| name.parse().unwrap());
    let schedule = Schedule { version: 1, producers: producers.to_vec() };
    let network = Network::start(dir.path(), schedule, OURS.parse().unwrap()).await.unwrap();
    let damaged_file = dir.path().join("damaged/state/state.sqlite");
    let place = |name: &str| dir.path().join(name);
    fs::create_dir_all(damaged_file.parent().unwrap()).unwrap();
    let damage = b"SQLite format 3\0and then nothing that SQLite knows".repeat(100);
    fs::write(&damaged_file, &damage).unwrap();
    let damaged = Keeper::start(place("damaged"), &network, Node::B);
    let mut good = Keeper::start(place("good"), &network, Node::C);
    let disk = Disk::mount(&place("full/state"));
    let full = disk.as_ref().map(|_| Keeper::start(place("full"), &network, Node::B));

    for keeper in [&damaged, &good].into_iter().chain(&full) {
        until("the producer seen", || {
            (keeper.status()["decision"]["hold"] == "producer_seen").then_some(())
        })
        .await;
    }
    if let Some(disk) = &disk {
        disk.fill();
    }
    network.kill(Node::A).await;
    // All its other gates are open: the state alone holds it.
    let held = until("the hold", || {
        let status = damaged.status();
        (status["decision"]["hold"] == "latch_unusable").then_some(status)
    })
    .await;
    let sentence = held["decision"]["sentence"].as_str().unwrap();
    assert!(sentence.contains("state.sqlite is damaged: SQLite says"), "{sentence}");
    if let Some(full) = &full {
        let has_told = || full.log().iter().any(|line| line["key"] == "state_not_written");
        until("the alarm of the full disk", || has_told().then_some(())).await;
        assert!(!full.log().iter().any(|line| line["act"] == "promote"), "{:#?}", full.log());
    }
    until("the promotion", || (good.status()["decision"]["kind"] == "produce").then_some(())).await;

    let paused = async |node| Client::new(network.http_url(node), LONG).unwrap().paused().await;
    assert_eq!(
        paused(Node::B).await,
        Ok(true),
        "those with the damage and the full disk did not act"
    );
    assert_eq!(paused(Node::C).await, Ok(false));
    assert_eq!(held["promotion"]["promotions"], Value::Array(Vec::new()));
    let log = damaged.log();
    assert!(log.iter().any(|line| line["key"] == "state_unusable"), "people are told");
    assert!(!log.iter().any(|line| line["act"] == "promote"), "{log:#?}");
    assert_eq!(fs::read(&damaged_file).unwrap(), damage, "the file is as it was");

    // What the other one did, and on what evidence; once more after kill -9.
    let entries = until("the decision in the history", || {
        // It is written a moment after it shows.
        let entries = good.command("history", &["-n", "1000"]);
        entries.iter().any(|e| e["what"] == "decision" && e["kind"] == "produce").then_some(entries)
    })
    .await;
    good.process.kill().unwrap();
    good.process.wait().unwrap();
    let after = good.command("history", &["-n", "1000"]);
    assert_eq!(after[..entries.len()], entries);
    let at = |what: &str, kind: &str| {
        let found = entries.iter().position(|e| e["what"] == what && e["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {what} {kind} in {entries:#?}"))
    };
    let steps = [
        at("start", "start"),
        at("decision", "act"),
        at("order", "promote"),
        at("outcome", "promote"),
        at("decision", "verify"),
        at("decision", "produce"),
    ];
    let incident = &entries[steps[2]]["incident"];
    assert!(incident.as_str().unwrap().ends_with("-producer_missing"), "{incident}");
    for (number, step) in steps.iter().enumerate().skip(1) {
        assert_eq!(&entries[*step]["incident"], incident, "step {number}");
    }
    let gates = entries[steps[1]]["evidence"]["gates"].as_array().unwrap();
    assert!(gates.len() > 10 && gates.iter().all(|gate| gate["closed"].is_null()), "{gates:#?}");
    let findings = entries[steps[1]]["evidence"]["findings"].as_array().unwrap();
    assert!(findings.iter().any(|f| f["rule"] == "producer_missing"), "{findings:#?}");
    assert_eq!(entries[steps[3]]["evidence"]["result"]["result"], "done");

    // The next start knows that this node signs.
    let next = Keeper::start(place("good"), &network, Node::C);
    let stage = until("the next keeper", || {
        let status = next.status();
        (!status["promotion"]["promoted_at"].is_null())
            .then(|| status["promotion"]["stage"].clone())
    })
    .await;
    assert!(stage == "producing" || stage == "verifying", "{stage}");
}
