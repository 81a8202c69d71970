//! The Docker source against a real engine: every way a container's log ends, moves or breaks.

#[path = "source_support/engine.rs"]
mod engine;
#[path = "source_support/received.rs"]
mod received;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use eoskeeper::core::event::{Event, Replacement};
use eoskeeper::core::process::ProcessEvent;
use eoskeeper::sources::docker::follow;
use eoskeeper::sources::nodes::{Output, Place, survey};
use eoskeeper::sources::process::{self, Target};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use engine::{ERR, Engine, LiveRestore, Make, OUT};
use received::Received;

const PLAIN: Make = Make { tty: false, log: None };
const TTY: Make = Make { tty: true, log: None };
/// Unlike json-file, which stores text, this driver keeps any bytes.
const LOCAL: Make = Make { tty: false, log: Some(("local", &[])) };

/// A source and what it sends.
struct Followed {
    received: Received,
    stop: CancellationToken,
}

impl Followed {
    fn new(engine: &Engine, name: &str) -> Self {
        Self::at(&engine.host(), name)
    }

    fn at(host: &str, name: &str) -> Self {
        let (tx, rx) = mpsc::channel(16);
        let stop = CancellationToken::new();
        tokio::spawn(follow(name.to_owned(), Some(host.to_owned()), tx, stop.clone()));
        Self { received: Received::new(rx), stop }
    }

    /// Follows a container that runs and has an old line.
    async fn with_old_line(engine: &Engine, name: &str, make: Make) -> Self {
        engine.run(name, make).await;
        engine.say(name, b"old\n").await;
        engine.until_logged(name, "old").await;
        let mut followed = Self::new(engine, name);
        followed.received.following().await;
        followed
    }

    /// Has the container say `last line` and expects that, with what came before, exactly `lines`
    /// were received.
    async fn expect(&mut self, engine: &Engine, name: &str, lines: &[&str]) {
        engine.say(name, b"last line\n").await;
        self.received.line("last line").await;
        let mut wanted = lines.to_vec();
        wanted.push("last line");
        let received = self.received.texts();
        let same =
            received.iter().zip(&wanted).take_while(|(line, wanted)| line == *wanted).count();
        // Of a long list only where it differs is of use.
        assert_eq!(received.get(same), wanted.get(same).map(|line| (*line).to_owned()).as_ref());
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test]
async fn begins_at_the_end_and_reads_both_streams() {
    let Some(engine) = Engine::shared() else { return };
    let mut log = Followed::with_old_line(&engine, "both", PLAIN).await;
    engine.say_to(ERR, "both", b"to stderr\n").await;
    log.received.line("to stderr").await;
    engine.say_to(OUT, "both", b"to stdout\r\n").await;
    log.received.line("to stdout").await;
    log.expect(&engine, "both", &["to stderr", "to stdout"]).await;
}

#[tokio::test]
async fn a_line_in_two_parts_is_one_line_whatever_comes_between() {
    let Some(engine) = Engine::shared() else { return };
    for (name, make) in [("torn", PLAIN), ("torn-tty", TTY)] {
        let mut log = Followed::with_old_line(&engine, name, make).await;
        engine.say(name, b"text without").await;
        if !make.tty {
            engine.say_to(ERR, name, b"error\n").await;
            log.received.line("error").await;
        }
        engine.say(name, b" newline").await;
        engine.say(name, b"\n").await;
        log.received.line("text without newline").await;
        let lines: &[&str] =
            if make.tty { &["text without newline"] } else { &["error", "text without newline"] };
        log.expect(&engine, name, lines).await;
    }
}

#[tokio::test]
async fn long_lines_are_whole() {
    let Some(engine) = Engine::shared() else { return };
    for (name, make) in [("long", PLAIN), ("long-tty", TTY), ("long-local", LOCAL)] {
        let mut log = Followed::with_old_line(&engine, name, make).await;
        // Just at the size of Docker's parts, and far over it.
        let lines = [16_383, 16_384, 16_385, 32_768, 1024 * 1024].map(|length| "x".repeat(length));
        for line in &lines {
            engine.say(name, format!("{line}\n").as_bytes()).await;
        }
        log.received.count(lines.len()).await;
        let lengths: Vec<usize> = log.received.lines.iter().map(Vec::len).collect();
        assert_eq!(lengths, lines.each_ref().map(String::len), "{name}");
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        log.expect(&engine, name, &lines).await;
    }
}

#[tokio::test]
async fn odd_bytes_are_lines() {
    let Some(engine) = Engine::shared() else { return };
    let odd: &[u8] = b"\xff\xfe not UTF-8\na\0b\n\n\0\ncarriage\rreturn\n";
    let mut log = Followed::with_old_line(&engine, "odd-local", LOCAL).await;
    engine.say("odd-local", odd).await;
    log.received.count(5).await;
    let lines: [&[u8]; 5] = [b"\xff\xfe not UTF-8", b"a\0b", b"", b"\0", b"carriage\rreturn"];
    assert_eq!(log.received.lines, lines);

    let mut log = Followed::with_old_line(&engine, "odd", PLAIN).await;
    engine.say("odd", odd).await;
    // json-file itself puts U+FFFD where there is no UTF-8.
    let lines = ["\u{fffd}\u{fffd} not UTF-8", "a\0b", "", "\0", "carriage\rreturn"];
    log.received.count(5).await;
    log.expect(&engine, "odd", &lines).await;
}

#[tokio::test]
async fn two_hundred_thousand_lines_at_once_all_come() {
    const COUNT: usize = 200_000;
    let Some(engine) = Engine::shared() else { return };
    let mut log = Followed::with_old_line(&engine, "burst", PLAIN).await;
    let burst: String = (0..COUNT).map(|n| format!("info  line {n:07} of a burst\n")).collect();
    let began = std::time::Instant::now();
    let ((), ()) = tokio::join!(engine.say("burst", burst.as_bytes()), async {
        for part in 1..=20 {
            log.received.count(COUNT * part / 20).await;
        }
    });
    println!("{COUNT} lines received in {:?}", began.elapsed());
    for (number, line) in log.received.texts().iter().enumerate() {
        assert_eq!(*line, format!("info  line {number:07} of a burst"));
    }
}

#[tokio::test]
async fn a_container_that_appears_later_is_read_from_its_beginning() {
    let Some(engine) = Engine::shared() else { return };
    let mut log = Followed::new(&engine, "later");
    log.received.unavailable("there is no container later").await;
    engine.run("later", PLAIN).await;
    engine.say("later", b"first\n").await;
    log.received.line("first").await;
    log.expect(&engine, "later", &["first"]).await;
    log.received.following().await;
}

#[tokio::test]
async fn restarts_lose_and_repeat_nothing() {
    let Some(engine) = Engine::shared() else { return };
    for (name, make) in [("restart", PLAIN), ("restart-tty", TTY)] {
        let mut log = Followed::with_old_line(&engine, name, make).await;
        let mut wanted = Vec::new();
        for round in 0..3 {
            let (whole, torn) = (format!("round {round}"), format!("last words {round}"));
            engine.say(name, format!("{whole}\n{torn}").as_bytes()).await;
            log.received.line(&whole).await;
            engine.until_said(name).await;
            engine.kill(name).await;
            log.received.line(&torn).await;
            engine.start_container(name).await;
            wanted.extend([whole, torn]);
        }
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        log.expect(&engine, name, &wanted).await;
        log.received.unavailable("is not running (exited, code 137)").await;
        log.received.replaced(Replacement::Reconnected).await;
    }
}

#[tokio::test]
async fn re_creation_under_the_same_name_is_read_from_its_beginning() {
    let Some(engine) = Engine::shared() else { return };
    let mut log = Followed::with_old_line(&engine, "again", PLAIN).await;
    engine.say("again", b"first life\n").await;
    log.received.line("first life").await;
    engine.remove("again").await;
    log.received.unavailable("there is no container again").await;
    engine.run("again", TTY).await;
    engine.say("again", b"second life\n").await;
    log.received.line("second life").await;
    log.expect(&engine, "again", &["first life", "second life"]).await;
    log.received.replaced(Replacement::Recreated).await;
}

#[tokio::test]
async fn a_name_that_is_given_to_another_container() {
    let Some(engine) = Engine::shared() else { return };
    let mut log = Followed::with_old_line(&engine, "name", PLAIN).await;
    engine.rename("name", "former").await;
    engine.say("name", b"renamed, still running\n").await;
    log.received.line("renamed, still running").await;
    // As `docker compose up` does: the new one is made, the old one stopped, the new one started.
    engine.create("name", PLAIN).await;
    engine.kill("former").await;
    engine.start_container("name").await;
    engine.say("name", b"the other\n").await;
    log.received.line("the other").await;
    log.expect(&engine, "name", &["renamed, still running", "the other"]).await;
    log.received.replaced(Replacement::Recreated).await;
}

#[tokio::test]
async fn rotation_of_the_json_file() {
    let Some(engine) = Engine::shared() else { return };
    let rotating =
        Make { tty: false, log: Some(("json-file", &[("max-size", "10k"), ("max-file", "3")])) };
    let mut log = Followed::with_old_line(&engine, "rotate", rotating).await;
    let mut wanted = Vec::new();
    // Each round is about a third of a file; in all there are some thirty files.
    for round in 0..100 {
        let lines: Vec<String> = (0..20).map(|n| format!("round {round:03} line {n:02}")).collect();
        engine.say("rotate", format!("{}\n", lines.join("\n")).as_bytes()).await;
        log.received.line(&lines[19]).await;
        wanted.extend(lines);
    }
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    log.expect(&engine, "rotate", &wanted).await;
}

#[tokio::test]
async fn a_log_file_cut_behind_dockers_back_does_not_make_us_deaf() {
    let Some(engine) = Engine::shared() else { return };
    let mut log = Followed::with_old_line(&engine, "cut", PLAIN).await;
    let long = "a line that is longer than the next ones, so that the file is shorter then";
    engine.say("cut", format!("{long}\n").as_bytes()).await;
    log.received.line(long).await;
    let file = std::fs::File::options().write(true).open(engine.log_path("cut").await).unwrap();
    file.set_len(0).unwrap();
    engine.say("cut", b"after the cut\n").await;
    log.received.line("after the cut").await;
    log.expect(&engine, "cut", &[long, "after the cut"]).await;
}

#[tokio::test]
async fn a_log_that_cannot_be_read_back_is_named() {
    let Some(engine) = Engine::shared() else { return };
    let none = Make { tty: false, log: Some(("none", &[])) };
    engine.run("unreadable", none).await;
    let mut log = Followed::new(&engine, "unreadable");
    log.received.unavailable("cannot read the log back").await;
    assert_eq!(log.received.texts(), [""; 0]);
}

#[tokio::test]
async fn the_daemon_is_restarted_and_frozen() {
    let Some(engine) = Engine::start(LiveRestore::On) else { return };
    let mut log = Followed::with_old_line(&engine, "node", PLAIN).await;
    engine.say("node", b"before\n").await;
    log.received.line("before").await;

    engine.stop_daemon();
    log.received.unavailable("Docker").await;
    engine.say("node", b"while Docker is down\n").await;
    engine.restart_daemon();
    log.received.line("while Docker is down").await;
    log.received.replaced(Replacement::Reconnected).await;

    engine.freeze(true);
    let events = log.received.events.len();
    engine.say("node", b"while Docker is frozen\n").await;
    log.received
        .event_since(events, "an engine that does not answer", |event| {
            format!("{event:?}").contains("did not answer within 5 s")
        })
        .await;
    engine.freeze(false);
    log.received.line("while Docker is frozen").await;
    let all = ["before", "while Docker is down", "while Docker is frozen"];
    log.expect(&engine, "node", &all).await;
}

#[tokio::test]
async fn the_daemon_is_restarted_and_its_containers_with_it() {
    let Some(engine) = Engine::start(LiveRestore::Off) else { return };
    let mut log = Followed::with_old_line(&engine, "node", PLAIN).await;
    engine.say("node", b"before\nlast words").await;
    log.received.line("before").await;
    engine.until_said("node").await;
    engine.stop_daemon();
    log.received.unavailable("there is no socket at").await;
    engine.restart_daemon();
    log.received.line("last words").await;
    engine.start_container("node").await;
    engine.say("node", b"after\n").await;
    log.received.line("after").await;
    log.expect(&engine, "node", &["before", "last words", "after"]).await;
}

#[tokio::test]
async fn an_engine_that_cannot_be_reached_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let unix = |name: &str| format!("unix://{}", directory.path().join(name).display());
    // Held open and never answering.
    let deaf = std::os::unix::net::UnixListener::bind(directory.path().join("deaf")).unwrap();
    // Bound once, and nobody there any more.
    drop(std::os::unix::net::UnixListener::bind(directory.path().join("left")).unwrap());
    for (host, named) in [
        (unix("absent"), "there is no socket at"),
        (unix("left"), "nobody listens at"),
        (unix("deaf"), "did not answer within 5 s"),
        ("tcp://127.0.0.1:1".to_owned(), "nobody listens at"),
        ("ssh://node".to_owned(), "is neither unix:///path nor tcp://host:port"),
    ] {
        let mut log = Followed::at(&host, "node");
        log.received.unavailable(named).await;
    }
    drop(deaf);
}

/// Set in the process that runs without root's rights.
const AS_NOBODY: &str = "EOSKEEPER_TEST_SOCKET_OF_ROOT";

/// Root may use every socket, so the test runs itself once more as `nobody`.
#[test]
fn permission_denied_is_named() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755)).unwrap();
    let socket = directory.path().join("docker.sock");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o000)).unwrap();
    if !rustix::process::geteuid().is_root() {
        return is_denied(&socket);
    }
    let program = directory.path().join("test");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let output = Command::new(program)
        .args(["--exact", "child_without_rights", "--nocapture"])
        .env(AS_NOBODY, &socket)
        .current_dir(directory.path())
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    drop(listener);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("permission was denied"), "{said}");
}

#[test]
fn child_without_rights() {
    // Alone it says nothing; `permission_denied_is_named` gives it a socket.
    let Some(socket) = std::env::var_os(AS_NOBODY) else { return };
    is_denied(Path::new(&socket));
    println!("permission was denied");
}

#[tokio::main(flavor = "current_thread")]
async fn is_denied(socket: &Path) {
    let mut log = Followed::at(&format!("unix://{}", socket.display()), "node");
    log.received.unavailable("put eoskeeper's user into the group `docker`").await;
}

/// The container's life as the process source tells it.
struct Life {
    events: mpsc::Receiver<Event>,
    stop: CancellationToken,
}

impl Life {
    fn new(engine: &Engine, name: &str) -> Self {
        let (send, events) = mpsc::channel(16);
        let stop = CancellationToken::new();
        let target = Target::Container { name: name.to_owned(), host: Some(engine.host()) };
        tokio::spawn(process::watch(target, send, stop.clone()));
        Self { events, stop }
    }

    /// Waits for what is told next, which must have these words.
    async fn tells(&mut self, words: &str) {
        let told = tokio::time::timeout(received::PATIENCE, self.events.recv()).await;
        let told = match told.unwrap_or_else(|_| panic!("never came: {words}")) {
            Some(Event::Process(ProcessEvent::Running { what })) => format!("runs: {what}"),
            Some(Event::Process(ProcessEvent::Ended { how })) => format!("ended: {how}"),
            Some(Event::Process(ProcessEvent::NotWatched { why })) => format!("not watched: {why}"),
            other => panic!("{other:?}"),
        };
        assert!(told.contains(words), "{words} is not in {told}");
    }

    async fn silent(&mut self, while_ms: u64) {
        let told =
            tokio::time::timeout(std::time::Duration::from_millis(while_ms), self.events.recv());
        let told = told.await;
        assert!(told.is_err(), "{told:?}");
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test]
async fn what_runs_before_nodeos_in_a_container_is_named() {
    let Some(engine) = Engine::shared() else { return };
    engine.run("wrapped", PLAIN).await;
    let target = |host: String| Target::Container { name: "wrapped".to_owned(), host: Some(host) };
    let before = process::stands_before(&target(engine.host())).await;
    println!("the first process of the container: {before:?}");
    assert!(before.is_some(), "the container runs no nodeos");
    // What an engine elsewhere numbers is another process here.
    assert_eq!(process::stands_before(&target("tcp://127.0.0.1:1".to_owned())).await, None);
    engine.kill("wrapped").await;
    assert_eq!(process::stands_before(&target(engine.host())).await, None, "it has ended");
}

#[tokio::test]
async fn a_container_that_ends_is_told_at_once_and_why() {
    let Some(engine) = Engine::shared() else { return };
    // A name that begins with the one that is watched is another's.
    engine.run("lifelong", PLAIN).await;
    engine.run("life", PLAIN).await;
    let mut life = Life::new(&engine, "life");
    life.tells("runs: container life (").await;
    let began = std::time::Instant::now();
    engine.kill("life").await;
    life.tells("ended with exit code 137").await;
    println!("from the order to kill to the event: {:?}", began.elapsed());
    life.silent(2_500).await;
    engine.start_container("life").await;
    life.tells("runs: container life (").await;
    engine.stop_container("life").await;
    life.tells("ended with exit code").await;
    engine.start_container("life").await;
    life.tells("runs: container life (").await;
    engine.restart_container("life").await;
    life.tells("ended with exit code").await;
    life.tells("runs: container life (").await;
    engine.kill("lifelong").await;
    life.silent(2_500).await;
    engine.remove("life").await;
    life.tells("ended with exit code 137").await;
    engine.run("life", PLAIN).await;
    life.tells("runs: container life (").await;
    // Renamed away it is watched still, by its id.
    engine.rename("life", "former-life").await;
    engine.kill("former-life").await;
    life.tells("code 137").await;
}

#[tokio::test]
async fn a_container_that_is_not_there_is_waited_for() {
    let Some(engine) = Engine::shared() else { return };
    let mut life = Life::new(&engine, "late");
    life.tells("not watched: there is no container late").await;
    engine.create("late", PLAIN).await;
    life.tells("not watched: the container late is not running (created)").await;
    engine.start_container("late").await;
    life.tells("runs: container late (").await;
}

#[tokio::test]
async fn an_end_while_docker_is_away_is_told_when_it_is_back() {
    let Some(engine) = Engine::start(LiveRestore::Off) else { return };
    engine.run("node", PLAIN).await;
    let mut life = Life::new(&engine, "node");
    life.tells("runs: container node (").await;
    engine.freeze(true);
    life.tells("not watched: Docker at").await;
    engine.freeze(false);
    life.tells("runs: container node (").await;
    engine.stop_daemon();
    // Its last words may still reach us, or may not.
    engine.restart_daemon();
    let mut told = Vec::new();
    loop {
        let event = tokio::time::timeout(received::PATIENCE, life.events.recv()).await;
        let Ok(Some(Event::Process(event))) = event else { panic!("{event:?} after {told:?}") };
        let has_ended = matches!(event, ProcessEvent::Ended { .. });
        told.push(event);
        if has_ended {
            break;
        }
    }
    engine.start_container("node").await;
    loop {
        let event = tokio::time::timeout(received::PATIENCE, life.events.recv()).await;
        match event {
            Ok(Some(Event::Process(ProcessEvent::Running { .. }))) => break,
            // Docker may be found gone only after the end was told.
            Ok(Some(Event::Process(ProcessEvent::NotWatched { .. }))) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Runs a script of `scripts/` against the engine; how it ended and what it said.
async fn script(engine: &Engine, words: &str) -> (Option<i32>, String) {
    let mut words = words.split(' ');
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(words.next().unwrap());
    let mut command = Command::new(path);
    command.args(words).env("DOCKER_HOST", engine.host());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn the_scripts_fence_and_restart_a_container() {
    let Some(engine) = Engine::shared() else { return };
    engine.run("fenced", PLAIN).await;
    let mut life = Life::new(&engine, "fenced");
    life.tells("runs: container fenced (").await;
    let expect = async |words: &str, code: i32, said: &str| {
        let (found, text) = script(&engine, words).await;
        assert!(found == Some(code) && text.contains(said), "{words}: {found:?} {text}");
    };
    expect("restart.sh --container fenced -t 20", 0, "the container fenced runs again").await;
    life.tells("ended with exit code").await;
    life.tells("runs: container fenced (").await;
    expect("fence.sh --container fenced -t 1", 0, "the container fenced is").await;
    life.tells("ended with exit code").await;
    expect("fence.sh --container fenced", 0, "does not run").await;
    expect("fence.sh --container nobody", 10, "Docker does not answer about nobody").await;
    expect("restart.sh --container nobody", 10, "nothing is known of the container nobody").await;
}

#[tokio::test]
async fn a_nodeos_in_a_container_is_found_and_others_are_not() {
    let Some(engine) = Engine::shared() else { return };
    engine.run("no-node", PLAIN).await;
    engine.run_nodeos("a-node", "--http-server-address 0.0.0.0:8888 -p eosstorebest").await;
    let began = std::time::Instant::now();
    let found = loop {
        let found = survey(Some(&engine.host())).await;
        let ours = found
            .nodes
            .into_iter()
            .find(|node| matches!(&node.place, Place::Container { name, .. } if name == "a-node"));
        match ours {
            Some(node) => break node,
            None => assert!(began.elapsed() < received::PATIENCE, "{:?}", found.looked),
        }
    };
    assert_eq!(found.output, Output::Docker);
    assert_eq!(found.options.producers, ["eosstorebest"]);
    assert!(found.place.pid().is_some(), "it is a process of this host: {found:?}");
    let again = survey(Some(&engine.host())).await;
    let is_named = |node: &&eoskeeper::sources::nodes::Node, name: &str| matches!(&node.place, Place::Container { name: own, .. } if own == name);
    assert!(!again.nodes.iter().any(|node| is_named(&node, "no-node")));
    // It is no second time there as a process.
    let pid = found.place.pid();
    assert_eq!(again.nodes.iter().filter(|node| node.place.pid() == pid).count(), 1);
    assert!(again.looked.iter().any(|line| line.contains("running containers")), "{again:?}");
}
