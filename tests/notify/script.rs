//! The script channel with real programs, well behaved and not.

#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::notify_support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use eoskeeper::actions::notify::channel::{Channel, Delivered, Delivery, DeliveryError};
use eoskeeper::actions::notify::script::{REFUSED, Script};
use eoskeeper::core::alarm::message::{Message, MessageKind, PictureKind};
use notify_support::{delivery, fault, hostile, message, picture};
use serde_json::Value;
use tempfile::TempDir;

/// A script that writes what it is given into its own directory.
struct Bench {
    dir: TempDir,
    channel: Script,
}

impl Bench {
    fn new(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify.sh");
        fs::write(&path, format!("#!/bin/bash\ncd \"${{0%/*}}\" || exit 1\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self { channel: Script::new(&path), dir }
    }

    async fn tell(&self, delivery: Delivery) -> Result<Delivered, DeliveryError> {
        self.channel.deliver(&delivery).await
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }
}

#[tokio::test]
async fn a_program_gets_the_message_and_the_most_useful_words() {
    let bench = Bench::new("cat > input\nenv > variables");
    let sent = hostile(MessageKind::Raised);
    assert_eq!(bench.tell(delivery(sent.clone())).await, Ok(Delivered::default()));
    let input: Value = serde_json::from_str(&bench.file("input")).unwrap();
    assert_eq!(input["picture_files"], serde_json::json!([]));
    let read: Message = serde_json::from_value(input).unwrap();
    assert_eq!(read, sent);
    let variables = bench.file("variables");
    for line in [
        "EOSKEEPER_ACTION=notify",
        "EOSKEEPER_MESSAGE=20261121T024837-a-api_down-raised",
        "EOSKEEPER_KIND=raised",
        "EOSKEEPER_SEVERITY=page",
        "EOSKEEPER_INCIDENT=20261121T024837-a-api_down",
        "EOSKEEPER_ROLE=A",
        "EOSKEEPER_PRODUCER=eosstorebest",
    ] {
        assert!(variables.lines().any(|other| other == line), "no {line} in {variables}");
    }
    assert!(!variables.contains("\nBcc:") && !variables.contains("CARGO"), "{variables}");
}

#[tokio::test]
async fn pictures_are_files_of_ours_alone_and_are_gone_afterwards() {
    let bench = Bench::new(
        "python3 -c 'import json, os, sys\n\
         for file in json.load(sys.stdin)[\"picture_files\"]:\n\
        \x20   size = os.path.getsize(file[\"path\"])\n\
        \x20   mode = os.stat(os.path.dirname(file[\"path\"])).st_mode & 0o777\n\
        \x20   print(file[\"kind\"], size, oct(mode), file[\"path\"])' > seen",
    );
    let pictures = vec![picture(PictureKind::Lag, 1_000), picture(PictureKind::Slots, 2_000)];
    let sent = Delivery { pictures, ..delivery(message(MessageKind::Raised)) };
    assert_eq!(bench.tell(sent).await, Ok(Delivered::default()));
    let seen = bench.file("seen");
    let lines: Vec<Vec<&str>> = seen.lines().map(|line| line.split(' ').collect()).collect();
    assert_eq!(lines.len(), 2, "{seen}");
    for (line, (kind, size)) in lines.iter().zip([("lag", "1000"), ("slots", "2000")]) {
        assert_eq!(line[..3], [kind, size, "0o700"], "{seen}");
        assert!(!Path::new(line[3]).exists(), "{} is still there", line[3]);
    }
}

#[tokio::test]
async fn its_exit_code_says_whether_to_try_again() {
    for code in [75, 1, 7, 126, 127] {
        let bench = Bench::new(&format!("echo 'no way out' >&2; exit {code}"));
        let (kind, why) = fault(bench.tell(delivery(message(MessageKind::Raised))).await);
        assert_eq!(kind, "passing", "{why}");
        assert!(why.ends_with(&format!("ended with exit code {code}: no way out")), "{why}");
    }
    for code in REFUSED {
        let bench = Bench::new(&format!("exit {code}"));
        let (kind, why) = fault(bench.tell(delivery(message(MessageKind::Raised))).await);
        assert_eq!(kind, "lasting", "{why}");
    }
    let (kind, why) =
        fault(Bench::new("kill -9 $$").tell(delivery(message(MessageKind::Raised))).await);
    assert!(kind == "passing" && why.contains("was killed by a signal, not by us"), "{why}");
    let missing = Script::new(Path::new("/no/such/program"));
    let (kind, why) = fault(missing.deliver(&delivery(message(MessageKind::Raised))).await);
    assert!(kind == "passing" && why.contains("does not exist"), "{why}");
}

#[tokio::test]
async fn a_program_need_not_read_and_may_say_much() {
    let bench = Bench::new("yes | head -c 5000000; exec < /dev/null; exit 0");
    assert_eq!(bench.tell(delivery(message(MessageKind::Raised))).await, Ok(Delivered::default()));
}

#[tokio::test]
async fn one_that_hangs_is_ended_with_all_it_started() {
    let bench = Bench::new("sleep 300 & echo $! > pid; trap '' TERM; wait; sleep 300");
    let (kind, why) = fault(bench.tell(delivery(message(MessageKind::Raised))).await);
    assert!(kind == "passing" && why.contains("did not end within 20 s and was killed"), "{why}");
    let pid = bench.file("pid");
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    let is_over = stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']));
    assert!(!pid.is_empty() && is_over, "{pid}: {stat}");
}
