//! Orders of a person: the socket of a real keeper without a node, and the commands.

mod fake;
pub(crate) mod keeper;
mod real;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use keeper::{Host, answer, text, until};

/// Every order, with arguments that are right.
const ORDERS: [&[&str]; 8] = [
    &["promote"],
    &["demote", "--yes"],
    &["switchover", "--to", "a"],
    &["failback", "--force", "--json"],
    &["maintenance", "--for", "2h", "--reason", "new disk"],
    &["maintenance", "--end"],
    &["rearm"],
    &["reload"],
];

fn promote() -> Vec<u8> {
    b"{\"command\":\"promote\",\"force\":false,\"dry_run\":true}\n".to_vec()
}

#[track_caller]
fn says(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.status.code(), Some(code), "{}", text(output));
    for words in words {
        assert!(text(output).contains(words), "{words}: {}", text(output));
    }
}

/// A refusal with these words.
#[track_caller]
fn refuses(name: &str, answer: &Value, words: &str) {
    assert_eq!(answer["accepted"], false, "{name}: {answer}");
    let sentence = answer["sentences"][0].as_str().unwrap();
    assert!(sentence.contains(words), "{name}: {sentence}");
}

#[test]
fn the_socket_is_its_owners_and_goes_with_the_keeper() {
    let mut host = Host::running("./state");
    let metadata = fs::symlink_metadata(host.socket()).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.mode() & 0o777, 0o600);
    assert_eq!(metadata.uid(), rustix::process::geteuid().as_raw());
    host.terminate();
    assert!(!host.socket().exists());
    says(&host.order(&["promote"]), 3, &["no keeper takes orders at", "eoskeeper run -c"]);
}

#[test]
fn what_is_no_order_is_refused_with_its_reason() {
    let host = Host::running("./state");
    let maintenance = |for_ms: u64, reason: &str| {
        let order = json!({
            "command": "maintenance", "for_ms": for_ms, "reason": reason, "force": false,
        });
        format!("{order}\n").into_bytes()
    };
    let long = "é".repeat(201);
    let mut oversize = promote();
    oversize.splice(0..0, vec![b' '; 8 * 1024 * 1024]);
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("nothing", Vec::new(), "broke off"),
        ("half an order", promote()[..20].to_vec(), "broke off"),
        ("no end of the line", promote()[..promote().len() - 1].to_vec(), "broke off"),
        ("no JSON", b"promote\n".to_vec(), "not understood"),
        ("another command", b"{\"command\":\"reboot\"}\n".to_vec(), "unknown variant `reboot`"),
        ("a field too few", b"{\"command\":\"promote\"}\n".to_vec(), "missing field"),
        ("eight megabytes", oversize, "longer than 4096 bytes"),
        ("half a minute", maintenance(30_000, "x"), "1 minute to 7 days"),
        ("a long reason", maintenance(60_000, &long), "this has 201"),
        ("an escape", maintenance(60_000, "\u{1b}[2J"), "no control characters"),
    ];
    for (name, bytes, words) in cases {
        refuses(name, &host.send(&bytes), words);
    }
    // And an order is heard after all that: without a node and without means it is refused, too.
    let answer = host.send(&promote());
    assert_eq!(answer["accepted"], false, "{answer}");
    let log = host.log();
    let heard = log.lines().find(|line| line.contains("\"target\":\"order\"")).unwrap();
    let heard: Value = serde_json::from_str(heard).unwrap();
    assert_eq!(heard["accepted"], false, "{heard}");
    assert!(heard["order"].as_str().unwrap().contains("promote"), "{heard}");
    assert_eq!(log.matches("An order was not heard").count(), 10, "{log}");
}

#[test]
fn a_slow_client_holds_up_nobody_and_too_many_are_turned_away() {
    let host = Host::running("./state");
    let slow: Vec<_> = (0..7).map(|_| host.connect()).collect();
    refuses("the eighth", &host.send(b"promote\n"), "not understood");
    until("the ninth to be turned away", || {
        let idle: Vec<_> = (0..8).map(|_| host.connect()).collect();
        let ninth = host.send(&promote());
        drop(idle);
        let sentence = ninth["sentences"][0].as_str().unwrap();
        sentence.contains("Too many orders at once").then_some(())
    });
    for stream in &slow {
        refuses("slow", &answer(stream), "No order came within 2 s");
    }
    until("an order to be heard again", || {
        let again = host.send(b"promote\n");
        again["sentences"][0].as_str().unwrap().contains("not understood").then_some(())
    });
}

#[test]
fn the_socket_of_a_dead_keeper_is_replaced_and_that_of_a_live_one_is_not() {
    let mut host = Host::running("./state");
    host.kill();
    assert!(host.socket().exists(), "kill -9 leaves the file");
    says(&host.order(&["rearm"]), 3, &["no keeper takes orders at"]);
    host.start();
    refuses("the next keeper", &host.send(b"?\n"), "not understood");

    // The lock's file is removed by hand, and another keeper takes the same directory.
    fs::remove_file(host.state_dir.join("lock")).unwrap();
    let mut other = Host::new(host.state_dir.to_str().unwrap());
    other.start();
    until("the reason", || other.log().contains("another keeper listens on").then_some(()));
    other.terminate();
    refuses("the first keeper", &host.send(b"?\n"), "not understood");
}

#[test]
fn a_keeper_without_a_socket_watches_and_the_commands_say_why() {
    let long = format!("./{}", "d".repeat(100));
    for (name, state_dir, health, words) in [
        (
            "a long path",
            long.as_str(),
            "HTTP/1.1 200",
            "that of a socket has at most 107; choose a shorter [state] dir",
        ),
        // It would never act, and nothing is kept: whoever watches the watcher is to know.
        ("no directory", "./node.log", "HTTP/1.1 503", "The state on disk cannot be used"),
    ] {
        let host = Host::running(state_dir);
        let answer = host.health().unwrap_or_default();
        assert!(answer.starts_with(health), "{name}: {answer}");
        says(&host.order(&["promote"]), 3, &[words]);
    }
    let host = Host::new(&long);
    fs::create_dir(&host.state_dir).unwrap();
    let table = text(&host.order(&["check"]));
    assert!(table.contains("no orders can be given to the keeper: the path"), "{table}");
    let mut host = Host::new("./state");
    fs::create_dir(&host.state_dir).unwrap();
    fs::write(host.socket(), "precious").unwrap();
    host.start();
    says(&host.order(&["promote"]), 3, &["takes no orders", "its log says why"]);
    until("the reason", || host.log().contains("is there and is no socket").then_some(()));
    host.terminate();
    assert_eq!(fs::read_to_string(host.socket()).unwrap(), "precious");
}

#[test]
fn another_user_is_refused_by_the_mode_and_by_the_keeper() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not tried: only root can be another user; `may_order` has a table of cases");
        return;
    }
    let host = Host::running("./state");
    for dir in [host.dir.path(), &host.state_dir] {
        fs::set_permissions(dir, Permissions::from_mode(0o755)).unwrap();
    }
    // A copy: the directory of the build may be closed to others.
    let program = host.dir.path().join("eoskeeper");
    fs::copy(env!("CARGO_BIN_EXE_eoskeeper"), &program).unwrap();
    let as_nobody = |arguments: &[&str]| {
        let order = host.command(&program, arguments);
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(order.get_program()).args(order.get_args()).output().unwrap()
    };
    let closed = as_nobody(&["promote"]);
    says(
        &closed,
        3,
        &["user 65534 may not give orders", "run this as the user the keeper runs as"],
    );

    fs::set_permissions(host.socket(), Permissions::from_mode(0o666)).unwrap();
    let open = as_nobody(&["promote", "--yes"]);
    says(&open, 1, &["Refused", "from user 0, whose keeper this is", "not from user 65534"]);
    assert!(!host.log().contains("\"target\":\"order\""), "the keeper must not see it");
}

#[test]
fn the_commands_ask_the_keeper_and_say_what_it_says() {
    let host = Host::running("./state");
    let line = format!("Then: eoskeeper promote -c {} --yes", host.config().display());
    let dry = host.order(&["promote"]);
    says(&dry, 1, &["A dry run; nothing was done. With --yes it is refused:", "  - ", &line]);
    assert!(!text(&dry).contains('\u{1b}'), "colours are for terminals: {}", text(&dry));
    says(&host.order(&["promote", "--yes"]), 1, &["Refused; nothing was done.\n  - "]);
    let json = host.order(&["switchover", "--to", "a", "--json", "--force"]);
    let object: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&object["what"], &object["accepted"]), (&json!("dry_run"), &json!(false)));
    let line = object["line"].as_str().unwrap();
    assert!(line.starts_with("eoskeeper switchover --to a -c "), "{line}");
    assert!(line.ends_with(" --force --yes"), "{line}");
}

#[test]
fn arguments_and_configurations_that_are_wrong_order_nothing() {
    let host = Host::new("./state");
    let long = "x".repeat(201);
    let maintenance = |time, reason| vec!["maintenance", "--for", time, "--reason", reason];
    let cases = [
        ("no unit", maintenance("2", "x"), "write 90s, 30m, 2h, 1d or 1h30m"),
        ("another unit", maintenance("2w", "x"), "write 90s, 30m, 2h, 1d or 1h30m"),
        ("no number", maintenance("h", "x"), "write 90s"),
        ("huge", maintenance("99999999999999999999d", "x"), "write 90s"),
        ("too short", maintenance("59s", "x"), "from 1 minute to 7 days"),
        ("too long", maintenance("7d1s", "x"), "from 1 minute to 7 days"),
        ("an empty reason", maintenance("2h", " "), "A reason is wanted"),
        ("a long reason", maintenance("2h", &long), "this has 201"),
        ("two lines", maintenance("2h", "a\nb"), "no control characters"),
        ("no reason", vec!["maintenance", "--for", "2h"], "--reason <TEXT>"),
        ("no time", vec!["maintenance", "--reason", "x"], "--for <TIME>"),
        ("begin and end", [maintenance("2h", "x"), vec!["--end"]].concat(), "cannot be used with"),
        ("an end by force", vec!["maintenance", "--end", "--force"], "cannot be used with"),
        ("nobody to take it", vec!["switchover", "--yes"], "--to <NAME>"),
        ("no name", vec!["switchover", "--to", "Node B"], "A node's name is 1 to 32"),
        ("no option of it", vec!["rearm", "--yes"], "unexpected argument '--yes'"),
    ];
    for (name, arguments, words) in cases {
        let output = host.order(&arguments);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", text(&output));
        assert!(text(&output).contains(words), "{name}: {}", text(&output));
    }
    for arguments in ORDERS {
        says(&host.order(arguments), 3, &["no keeper takes orders at"]);
    }
    says(&host.order(&["maintenance"]), 3, &["no keeper answers at"]);
    fs::write(host.config(), "[global]\nrole = X\n").unwrap();
    for arguments in ORDERS.into_iter().chain([&["maintenance"][..]]) {
        says(&host.order(arguments), 2, &["role"]);
    }
}

#[test]
fn an_order_is_followed_to_the_end_the_keeper_tells() {
    let waiting = || fake::switchover("waiting", "Waiting for the gap between our turns.");
    for (name, last, code, words) in [
        ("done", fake::switchover("done", "b signs: block #77."), 0, "Done: b signs: block #77."),
        ("failed", fake::switchover("failed", "b refused."), 1, "Failed: b refused."),
        (
            "unknown",
            fake::switchover("unknown", "b does not answer."),
            1,
            "Not known: The outcome is not known: b does not answer. Look at",
        ),
    ] {
        let host = Host::new("./state");
        let came = fake::play(&host, vec![waiting(), waiting(), last], false);
        let output = host.order(&["switchover", "--to", "b", "--yes"]);
        says(&output, code, &["The keeper takes the order.\n  - This node stops first.", words]);
        let shown = text(&output);
        for once in ["UTC  The producer moves to b.", "UTC  Waiting for the gap"] {
            assert_eq!(shown.matches(once).count(), 1, "{name}: {once}: {shown}");
        }
        let order = json!({ "command": "switchover", "to": "b", "force": false, "dry_run": false });
        assert_eq!(came.recv().unwrap(), order, "{name}");
    }
}

#[test]
fn the_end_of_an_order_is_an_object_of_its_own_in_json() {
    let host = Host::new("./state");
    let scenes = vec![fake::switchover("waiting", "It waits."), fake::switchover("done", "It is.")];
    let _came = fake::play(&host, scenes, false);
    let output = host.order(&["failback", "--yes", "--json"]);
    says(&output, 0, &[]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let said: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let what: Vec<&str> = said.iter().map(|object| object["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["answer", "progress", "progress", "progress", "end"]);
    assert_eq!(said[1]["at"], "2026-11-21T02:48:37.000");
    let end = json!({ "what": "end", "end": "done", "sentence": "It is." });
    assert_eq!(said.last(), Some(&end));
}

#[test]
fn a_keeper_that_falls_silent_is_not_guessed_about() {
    let host = Host::new("./state");
    let _came = fake::play(&host, vec![fake::switchover("pausing", "a is paused.")], true);
    let output = host.order(&["switchover", "--to", "b", "--yes"]);
    let words =
        ["The outcome is not known: the keeper has not answered for 10 s", "producer/paused"];
    says(&output, 1, &words);
}

#[test]
fn ctrl_c_leaves_the_keeper_to_go_on() {
    let host = Host::new("./state");
    let _came = fake::play(&host, vec![fake::switchover("pausing", "a is paused.")], false);
    let program = Path::new(env!("CARGO_BIN_EXE_eoskeeper"));
    let mut order = host.command(program, &["switchover", "--to", "b", "--yes"]);
    let mut process = order.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("a is paused.")), "it follows");
    kill_process(Pid::from_child(&process), Signal::INT).unwrap();
    let last = lines.last().unwrap();
    assert!(last.contains("the keeper goes on with the order"), "{last}");
    assert_eq!(process.wait().unwrap().code(), Some(1));
}

#[test]
fn maintenance_is_shown_as_the_keeper_has_it() {
    for (maintenance, words) in [
        (Some(json!(null)), "No maintenance"),
        (Some(json!({ "until": "2026-11-21T03:48:37.000", "reason": "disk" })), "(1 h left): disk"),
        (None, "says nothing about maintenance"),
    ] {
        let host = Host::new("./state");
        let mut scene = fake::switchover("done", "");
        let code = i32::from(maintenance.is_none());
        if let Some(maintenance) = maintenance {
            scene["maintenance"] = maintenance;
        }
        let _came = fake::play(&host, vec![scene], false);
        says(&host.order(&["maintenance"]), code, &[words]);
    }
}

#[test]
fn an_order_is_sent_as_the_person_gave_it() {
    let host = Host::new("./state");
    let came = fake::play(&host, vec![json!({})], false);
    for (arguments, order) in [
        (ORDERS[0], json!({ "command": "promote", "force": false, "dry_run": true })),
        (&["demote"], json!({ "command": "demote", "force": false, "dry_run": true })),
        (ORDERS[3], json!({ "command": "failback", "force": true, "dry_run": true })),
        (
            &["maintenance", "--for", "1h30m", "--reason", "new \"disk\"", "--force"],
            json!({
                "command": "maintenance", "for_ms": 5_400_000, "reason": "new \"disk\"",
                "force": true,
            }),
        ),
        (ORDERS[5], json!({ "command": "end_maintenance" })),
        (ORDERS[6], json!({ "command": "rearm" })),
        (ORDERS[7], json!({ "command": "reload" })),
    ] {
        says(&host.order(arguments), 0, &["This node stops first."]);
        assert_eq!(came.recv().unwrap(), order, "{arguments:?}");
    }
}

#[test]
fn an_order_in_pieces_is_one_order() {
    let host = Host::running("./state");
    let mut stream = host.connect();
    for piece in promote().chunks(7) {
        stream.write_all(piece).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let whole = answer(&stream);
    assert_eq!(whole["accepted"], false, "{whole}");
    assert!(host.log().contains("\"target\":\"order\""), "the keeper has seen it");
}
