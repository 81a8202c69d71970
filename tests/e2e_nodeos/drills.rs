//! The drills of doc/drills.md, line by line as they stand there, and what one should see of each.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::wait::{all_through, until};

/// Where networks with keepers and etcd find their ports: above those of the other tests, below the
/// range the kernel gives to clients.
const FIRST_PORT: u32 = 30_100;
/// Ports of one, and how many there are.
const PORTS: u32 = 100;
const PLACES: u32 = 26;
/// The directory that the document names.
const DOCUMENTED: &str = "target/drill";

static NEXT_PLACE: AtomicU32 = AtomicU32::new(0);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The lines of each `sh` block below a heading of the document.
fn blocks(heading: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("doc/drills.md")).unwrap();
    let (_, section) = text
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("doc/drills.md has no section {heading:?}"));
    let section = section.split("\n## ").next().unwrap_or(section);
    let inside = section.split("```sh\n").skip(1);
    inside
        .map(|rest| {
            rest.split("```").next().unwrap_or_default().lines().map(str::to_owned).collect()
        })
        .collect()
}

/// A network of the document, in a directory of its own; ended when it is dropped.
struct Drill {
    dir: PathBuf,
    place: u32,
}

impl Drill {
    /// Types what stands below *Set up*, and waits as is said there.
    fn set(test: &str) -> Self {
        let drill = Self::alone(test);
        let set_up = blocks("Set up");
        // The first block builds the program, which is done.
        drill.types(&set_up[1]);
        drill.wait_until_all_watch();
        drill.types(&set_up[2]);
        drill.types(&set_up[3]);
        drill
    }

    fn alone(test: &str) -> Self {
        let dir =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("e2e").join(format!("drill_{test}"));
        let place = NEXT_PLACE.fetch_add(1, Ordering::Relaxed) + std::process::id() * 5;
        Self { dir, place: place % PLACES }
    }

    /// Runs lines of the document; the test fails if one does.
    fn types(&self, lines: &[String]) {
        for line in lines {
            let (code, said) = self.run(line);
            assert_eq!(code, 0, "`{line}`: {said}");
        }
    }

    /// Runs a line of the document in this drill's directory; its exit code and what it said.
    fn run(&self, line: &str) -> (i32, String) {
        let own = std::process::id();
        let port = FIRST_PORT + self.place * PORTS;
        let line = line
            .replace(DOCUMENTED, &self.dir.display().to_string())
            .replace("testnet up", &format!("testnet up --fresh --port-base {port} --owner {own}"))
            .replace("testnet keepers", &format!("testnet keepers --owner {own}"));
        let built = PathBuf::from(env!("CARGO_BIN_EXE_eoskeeper"));
        let path = std::env::var("PATH").unwrap_or_default();
        let done = Command::new("bash")
            .args(["-c", &line])
            .current_dir(root())
            .env("PATH", format!("{}:{path}", built.parent().unwrap().display()))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .expect("bash can be run");
        let said = [done.stdout, done.stderr].concat();
        (done.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
    }

    /// What a keeper says, or None while it does not answer.
    fn status(&self, node: &str) -> Option<Value> {
        let config = format!("{DOCUMENTED}/keeper-{node}/config.ini");
        let (code, said) = self.run(&format!("eoskeeper status --json -c {config}"));
        (code == 0).then(|| serde_json::from_str(&said).expect(&said))
    }

    fn sentence(&self, node: &str) -> String {
        let status = self.status(node);
        status.map_or("no answer".to_owned(), |s| {
            s["decision"]["sentence"].as_str().unwrap().to_owned()
        })
    }

    /// Two rounds: every standby has seen the producer sign and would do it, and blocks of the schedule
    /// are final.
    fn wait_until_all_watch(&self) {
        let began = until("a keeper", 30, || self.status("b")?["chain"]["head"].as_u64());
        until("all keepers to watch and the chain to be final", 240, || {
            for node in ["b", "c"] {
                let status = self.status(node)?;
                let final_since = status["chain"]["lib"].as_u64()? > began;
                let seen = status["decision"]["hold"] == "producer_seen";
                // Its own line says nothing of it; its gates do.
                let watched = status["gates"]
                    .as_array()?
                    .iter()
                    .all(|gate| gate["name"] != "evidence" || gate["closed"].is_null());
                (final_since && seen && watched).then_some(())?;
            }
            Some(())
        });
    }

    /// Whether a node says that it can sign.
    fn signs(&self, node: &str) -> bool {
        let (code, said) = self.run(&format!("scripts/testnet info --json --dir {DOCUMENTED}"));
        assert_eq!(code, 0, "{said}");
        let told: Value = serde_json::from_str(&said).expect(&said);
        told["nodes"][node]["paused"] == false
    }

    /// Waits until a node signs, and the others don't.
    fn wait_for(&self, node: &str, seconds: u64) {
        until(&format!("{node} to sign"), seconds, || self.signs(node).then_some(()));
        for other in ["a", "b", "c"].into_iter().filter(|other| *other != node) {
            assert!(!self.signs(other), "{other} can sign beside {node}: {}", self.sentence(node));
        }
    }

    /// Blocks lost from a time on, once a whole turn of `node` is over; none may be signed twice.
    fn lost(&self, node: &str, since: &str) -> u64 {
        let count = || {
            let line = format!("scripts/testnet count --json --since {since} --dir {DOCUMENTED}");
            let (code, said) = self.run(&line);
            assert_eq!(code, 0, "{said}");
            serde_json::from_str::<Value>(&said).expect(&said)
        };
        let signed = |told: &Value| told["produced_by"][node].as_u64().unwrap_or(0);
        let began = signed(&count());
        // It may be within a turn already.
        until(&format!("a whole turn of {node}"), 90, || {
            (signed(&count()) >= began + 12).then_some(())
        });
        let told = count();
        println!("drill: {} lost, {} twice", told["blocks_lost"], told["double_produced"]);
        assert_eq!(told["double_produced"], 0, "{told}");
        told["blocks_lost"].as_u64().unwrap()
    }

    /// Gives the producer back to `a` as the drill of a switchover says.
    fn fails_back(&self, line: &str) {
        until("a to be ready for it", 120, || {
            let (code, said) = self.run(line);
            assert!(code == 0 || said.contains("Refused"), "`{line}`: {said}");
            (code == 0).then_some(())
        });
        self.wait_for("a", 60);
    }
}

impl Drop for Drill {
    fn drop(&mut self) {
        // Its logs stay; a small disk of a drill does not.
        let ended = blocks("At the end");
        self.run(&ended[0][0]);
        self.run(&format!("umount {DOCUMENTED}/keeper-b/state 2>/dev/null"));
    }
}

/// Now, as the testnet's `--since` takes it.
fn now() -> String {
    eoskeeper::clock::Clock::start().now().wall.to_string()
}

#[test]
fn a_switchover_and_back() {
    let drill = Drill::set("switchover");
    let steps = blocks("A planned switchover, and back");
    let since = now();
    drill.types(&steps[0]);
    drill.wait_for("b", 10);
    assert_eq!(drill.lost("b", &since), 0);
    assert!(drill.sentence("b").contains("This standby signs"), "{}", drill.sentence("b"));
    let since = now();
    drill.types(&steps[1]);
    drill.wait_for("a", 10);
    assert_eq!(drill.lost("a", &since), 0);
    // What a person orders is not counted.
    let status = drill.status("b").expect("a keeper that answers");
    let mut gates = status["gates"].as_array().expect("gates").iter();
    let budget = gates.find(|gate| gate["name"] == "budget").expect("a gate of the budget");
    assert!(budget["sentence"].as_str().unwrap().starts_with("0 of 3"), "{budget}");
    // A block of `b` from before the failback is none of a second signer.
    for node in ["a", "b"] {
        let status = drill.status(node).expect("a keeper that answers");
        let rules = status["findings"].as_array().expect("findings").iter();
        let double: Vec<_> = rules.filter(|rule| rule["rule"] == "duplicate_production").collect();
        assert_eq!(double.len(), 1, "{node}: {status}");
        assert_ne!(double[0]["state"], "firing", "{node}: {}", double[0]);
    }
}

#[test]
fn a_is_killed() {
    let drill = Drill::set("killed");
    let steps = blocks("The active node is killed");
    let since = now();
    drill.types(&steps[0]);
    drill.wait_for("b", 20);
    assert!(
        drill.lost("b", &since) <= 3 + 12,
        "a busy machine may cost more than 3, not two rounds"
    );
    // It says so once a block of `b` is on the chain.
    until("a to say that it handed over", 60, || {
        drill.sentence("a").contains("was handed over").then_some(())
    });
    drill.types(&steps[1]);
    all_through(5, || assert!(!drill.signs("a"), "{}", drill.sentence("a")));
    drill.fails_back(&steps[2][0]);
}

#[test]
fn a_hangs() {
    let drill = Drill::set("frozen");
    let steps = blocks("The active node hangs");
    let since = now();
    drill.types(&steps[0]);
    drill.wait_for("b", 60);
    assert!(drill.lost("b", &since) <= 24, "the fence lets it go before two rounds are over");
    drill.types(&steps[1]);
    all_through(5, || assert!(!drill.signs("a"), "{}", drill.sentence("a")));
}

#[test]
fn the_host_of_a_is_cut_off() {
    let drill = Drill::set("cut");
    let steps = blocks("The active host is cut off");
    let since = now();
    drill.types(&steps[0]);
    until("a to stop itself", 60, || (!drill.signs("a")).then_some(()));
    drill.wait_for("b", 120);
    assert!(drill.lost("b", &since) <= 48, "two rounds, the turn that broke, and a busy machine");
    drill.types(&steps[1]);
    all_through(30, || assert!(!drill.signs("a"), "{}", drill.sentence("a")));
}

#[test]
fn the_disk_of_bs_state_is_full() {
    let drill = Drill::set("disk");
    let steps = blocks("The disk of a standby's state is full");
    drill.types(&steps[0]);
    drill.wait_until_all_watch();
    let (code, said) = drill.run(&steps[1][0]);
    assert!(code != 0 && said.contains("No space left"), "{said}");
    until("b to see that its disk is full", 60, || {
        let status = drill.status("b")?;
        let findings = status["findings"].as_array()?;
        let fires = |f: &Value| f["rule"] == "host_disk_full" && f["state"] == "firing";
        findings.iter().any(fires).then_some(())
    });
    let since = now();
    drill.types(&steps[1][1..]);
    drill.wait_for("c", 20);
    assert!(drill.lost("c", &since) <= 3 + 12);
    drill.types(&steps[2]);
}

#[test]
fn with_a_lease_the_leader_of_etcd_is_killed_and_then_the_host_of_a_is_lost() {
    let drill = Drill::alone("etcd");
    let steps = blocks("With a lease: the leader of etcd is killed");
    // Its first line ends what another drill left.
    drill.types(&steps[0][1..]);
    drill.wait_until_all_watch();
    let (_, leader) = drill.run(&steps[1][0]);
    let kill = |line: &str| line.replace(" 1 ", &format!(" {} ", leader.trim()));
    let since = now();
    drill.types(&[kill(&steps[1][1])]);
    all_through(10, || assert!(drill.signs("a"), "{}", drill.sentence("a")));
    assert_eq!(drill.lost("a", &since), 0);
    drill.types(&[kill(&steps[2][0])]);

    let steps = blocks("With a lease: the active host is lost");
    let since = now();
    drill.types(&steps[0]);
    drill.wait_for("b", 120);
    assert!(drill.lost("b", &since) <= 24, "the TTL and half a turn, not two rounds");
    drill.types(&steps[1]);
    all_through(10, || assert!(!drill.signs("a"), "{}", drill.sentence("a")));
}
