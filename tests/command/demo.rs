//! `eoskeeper demo`, run as a person does.

use crate::demo_log as log;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use eoskeeper::core::event::EventName;
use eoskeeper::core::name::Name;
use eoskeeper::core::schedule::Slot;
use log::log_of;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn demo(arguments: &[&str], tmp: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
        .arg("demo")
        .args(arguments)
        .env("TMPDIR", tmp)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs a minute and a quarter.
#[test]
fn b_takes_over_and_the_loss_is_what_the_logs_show() {
    let tmp = tempfile::tempdir().unwrap();
    let output = demo(&["--json", "--keep"], tmp.path()).wait_with_output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{errors}");
    let moments: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let (summary, moments) = moments.split_last().unwrap();
    assert_eq!(summary["what"], "summary", "{summary}");
    assert_eq!((&summary["took_over"], &summary["c_promoted"]), (&true.into(), &false.into()));
    assert_eq!((&summary["double"], &summary["double_in_all"]), (&0.into(), &0.into()));

    // B waited first, then acted, then was proven; C did nothing but wait.
    let of = |who: &str| -> Vec<&str> {
        let decisions = moments.iter().filter(|m| m["who"] == who && m["what"] == "decision");
        decisions.filter_map(|m| m["hold"].as_str().or(m["kind"].as_str())).collect()
    };
    let b = of("B");
    assert_eq!(b.last(), Some(&"produce"), "{b:?}");
    assert!(b.contains(&"still_waiting"), "{b:?}");
    let acts = ["act", "verify", "produce", "step_down"];
    assert!(!of("C").iter().any(|kind| acts.contains(kind)), "{:?}", of("C"));

    let dir = Path::new(summary["dir"].as_str().unwrap());
    assert_eq!(dir.parent(), Some(tmp.path()));
    let lost = lost_by_the_logs(dir);
    assert!(lost >= 24, "two whole turns pass by design, not {lost}");
    assert_eq!(summary["lost"], lost, "{summary}");
    let owed = summary["owed"].as_u64().unwrap();
    assert_eq!(summary["signed"].as_u64(), Some(owed - u64::from(lost)));
    let keepers = std::fs::read_to_string(dir.join("keepers.log")).unwrap();
    assert!(keepers.contains("role=B") && keepers.contains("The keeper has ended."), "{keepers}");
}

/// Counts our slots between A's last block and B's first, from the logs of A, B and C and the
/// arithmetic of a round of three producers.
fn lost_by_the_logs(dir: &Path) -> u32 {
    let produced = |name: &str| -> BTreeMap<Slot, u32> {
        let events = log_of(&dir.join(name)).into_iter();
        let signed = events.filter(|event| event.name == EventName::BlockProduced);
        signed.map(|event| (Slot::at(event.block_time.unwrap()), event.block.unwrap())).collect()
    };
    let (a, b) = (produced("a.log"), produced("b.log"));
    assert!(produced("c.log").is_empty(), "C signed");
    let (last, first) = (*a.keys().next_back().unwrap(), *b.keys().next().unwrap());
    assert!(last < first);
    let ours: Name = "eosstorebest".parse().unwrap();
    // C saw every block of either, and none of them twice.
    let at_c: Vec<(Slot, u32)> = log_of(&dir.join("c.log"))
        .into_iter()
        .filter(|e| e.name == EventName::BlockReceived && e.producer == Some(ours))
        .map(|event| (Slot::at(event.block_time.unwrap()), event.block.unwrap()))
        .collect();
    assert_eq!(at_c, a.into_iter().chain(b).collect::<Vec<_>>());
    let is_ours = |slot: &u32| (slot / 12 - last.turn().0).is_multiple_of(3);
    (last.0 + 1..first.0).filter(is_ours).count() as u32
}

#[test]
fn ctrl_c_ends_it_at_once_and_nothing_is_left() {
    let tmp = tempfile::tempdir().unwrap();
    let mut child = demo(&[], tmp.path());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.starts_with("Three simulated nodeos"), "{first}");
    assert_eq!(std::fs::read_dir(tmp.path()).unwrap().count(), 1);
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(!rest.iter().any(|line| line.contains("\u{1b}[")), "no colours in a pipe");
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("ended by Ctrl-C before B took over"), "{errors}");
    assert_eq!(std::fs::read_dir(tmp.path()).unwrap().count(), 0);
}

#[test]
fn a_block_number_outside_the_turn_is_refused() {
    let tmp = tempfile::tempdir().unwrap();
    let output = demo(&["--kill-after-block", "13"], tmp.path()).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("the blocks 1 to 12"), "{errors}");
}
