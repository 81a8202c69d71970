//! The process source against real processes: killed, ended, replaced, forked, out of reach.
//!
//! The processes that listen are this test program itself, started again under another name: see
//! [`listener`].

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use eoskeeper::core::event::Event;
use eoskeeper::core::process::ProcessEvent;
use eoskeeper::sources::process::{Target, look, number, watch};
use reqwest::Url;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Generous: it only ends a test that has failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// A listener that nobody ends goes by itself.
const LIFE: Duration = Duration::from_secs(120);

/// No test: what [`Listener`] starts. Listens, says so, and waits; with `EK_FORK` a child holds the
/// socket as well.
#[test]
#[ignore = "started by the other tests"]
fn listener() {
    let Ok(port) = std::env::var("EK_PORT") else { return };
    let socket = TcpListener::bind(("127.0.0.1", port.parse().unwrap())).unwrap();
    let mut child = std::env::var("EK_FORK").ok().map(|name| {
        rustix::io::fcntl_setfd(socket.as_fd(), rustix::io::FdFlags::empty()).unwrap();
        Command::new("sleep").arg0(name).arg("120").stdout(Stdio::null()).spawn().unwrap()
    });
    let forked = child.as_ref().map_or(0, Child::id);
    println!("listens {} {forked}", socket.local_addr().unwrap().port());
    std::thread::sleep(LIFE);
    drop(child.as_mut().map(Child::wait));
}

/// A process that listens; killed when it is dropped.
struct Listener {
    child: Child,
    port: u16,
    /// A process it has forked, which holds the socket.
    forked: Option<Pid>,
}

impl Listener {
    fn start(name: &str) -> Self {
        Self::with(name, 0, &[], |_| {})
    }

    fn with(name: &str, port: u16, env: &[(&str, &str)], more: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .arg0(name)
            .args(["process::listener", "--exact", "--ignored", "--nocapture"])
            .env("EK_PORT", port.to_string())
            .envs(env.iter().copied())
            .stdout(Stdio::piped());
        more(&mut command);
        Self::of(command.spawn().unwrap())
    }

    fn of(mut child: Child) -> Self {
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told =
            lines.find_map(|line| line.unwrap().split_once("listens ").map(|t| t.1.to_owned()));
        let told = told.expect("it listens");
        let (port, forked) = told.split_once(' ').unwrap();
        Self { child, port: port.parse().unwrap(), forked: Pid::from_raw(forked.parse().unwrap()) }
    }

    fn url(&self) -> Url {
        format!("http://127.0.0.1:{}", self.port).parse().unwrap()
    }

    fn target(&self) -> Target {
        Target::Port(self.url())
    }

    /// `process 4711 (nodeos)`.
    fn words(&self, name: &str) -> String {
        format!("process {} ({name})", self.child.id())
    }

    fn end(&mut self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(forked) = self.forked {
            let _ = kill_process(forked, Signal::KILL);
        }
    }
}

/// A watch and what it tells.
struct Watching {
    events: mpsc::Receiver<Event>,
    stop: CancellationToken,
}

impl Watching {
    fn new(target: Target) -> Self {
        let (send, events) = mpsc::channel(16);
        let stop = CancellationToken::new();
        tokio::spawn(watch(target, send, stop.clone()));
        Self { events, stop }
    }

    async fn next(&mut self) -> ProcessEvent {
        match tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("it tells something")
        {
            Some(Event::Process(event)) => event,
            other => panic!("{other:?}"),
        }
    }

    async fn running(&mut self, what: &str) {
        assert_eq!(self.next().await, ProcessEvent::Running { what: what.to_owned() });
    }

    async fn ended(&mut self, how: &str) {
        assert_eq!(self.next().await, ProcessEvent::Ended { how: how.to_owned() });
    }

    async fn not_watched(&mut self, words: &str) {
        match self.next().await {
            ProcessEvent::NotWatched { why } if why.contains(words) => {}
            other => panic!("{words} is not in {other:?}"),
        }
    }

    /// Nothing is told for a while.
    async fn silent(&mut self, while_ms: u64) {
        let told = tokio::time::timeout(Duration::from_millis(while_ms), self.events.recv()).await;
        assert!(told.is_err(), "{told:?}");
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test]
async fn the_end_of_nodeos_is_told_whatever_ended_it() {
    for signal in [Signal::KILL, Signal::TERM] {
        let mut node = Listener::start("/usr/bin/nodeos");
        let words = node.words("nodeos");
        let mut watching = Watching::new(node.target());
        watching.running(&words).await;
        node.end(signal);
        let began = Instant::now();
        watching.ended(&format!("{words} ended")).await;
        println!("from {signal:?} to the event: {:?}", began.elapsed());
        // The end stays what is known; nobody listening there is no news.
        watching.silent(1_500).await;
    }
}

#[tokio::test]
async fn a_process_that_is_stopped_and_continued_has_not_ended() {
    let mut node = Listener::start("nodeos");
    let words = node.words("nodeos");
    let mut watching = Watching::new(node.target());
    watching.running(&words).await;
    node.end(Signal::STOP);
    node.end(Signal::CONT);
    watching.silent(500).await;
    node.end(Signal::STOP);
    watching.silent(500).await;
    node.end(Signal::KILL);
    watching.ended(&format!("{words} ended")).await;
}

#[tokio::test]
async fn the_next_nodeos_is_found_and_watched() {
    let mut node = Listener::start("nodeos");
    let port = node.port;
    let mut watching = Watching::new(node.target());
    for name in ["nodeos", "/opt/nodeos-5.0.3", "nodeos"] {
        let words = node.words(name.rsplit('/').next().unwrap());
        watching.running(&words).await;
        node.end(Signal::KILL);
        watching.ended(&format!("{words} ended")).await;
        node.child.wait().unwrap();
        let next = if name == "nodeos" { "/opt/nodeos-5.0.3" } else { "nodeos" };
        node = Listener::with(next, port, &[], |_| {});
    }
    watching.running(&node.words("nodeos-5.0.3")).await;
}

#[tokio::test]
async fn nobody_there_is_no_end() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut watching =
        Watching::new(Target::Port(format!("http://127.0.0.1:{free}").parse().unwrap()));
    watching.not_watched(&format!("nobody listens on 127.0.0.1:{free} here")).await;
    watching.silent(1_500).await;
    let node = Listener::with("nodeos", free, &[], |_| {});
    watching.running(&node.words("nodeos")).await;
}

#[tokio::test]
async fn the_end_of_what_is_not_nodeos_proves_nothing() {
    let mut relay = Listener::start("haproxy");
    let (pid, port) = (relay.child.id(), relay.port);
    let mut watching = Watching::new(relay.target());
    let words = format!("haproxy (process {pid}) listens on 127.0.0.1:{port} and is not nodeos");
    watching.not_watched(&words).await;
    relay.end(Signal::KILL);
    watching.not_watched("nobody listens").await;
    assert!(look(relay.target()).await.unwrap_err().contains("nobody listens"));
}

#[tokio::test]
async fn another_host_is_not_watched() {
    // Kept free for documents: nobody's address.
    let mut watching = Watching::new(Target::Port("http://192.0.2.7:8888".parse().unwrap()));
    watching.not_watched("192.0.2.7 is not this host").await;
    let mut watching = Watching::new(Target::Port("http://nodeos.invalid:8888".parse().unwrap()));
    watching.not_watched("nodeos.invalid has no address").await;
}

#[tokio::test]
async fn localhost_and_every_address_are_this_host() {
    let node = Listener::start("nodeos");
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("http://{host}:{}", node.port).parse().unwrap();
        assert_eq!(look(Target::Port(url)).await, Ok(node.words("nodeos")), "{host}");
    }
    assert_eq!(number(node.target()).await, Ok(node.child.id()));
}

#[tokio::test]
async fn a_forked_nodeos_that_keeps_the_port_lives_on() {
    let mut node = Listener::with("nodeos", 0, &[("EK_FORK", "nodeos")], |_| {});
    let forked = node.forked.unwrap();
    let mut watching = Watching::new(node.target());
    match watching.next().await {
        ProcessEvent::Running { what } => {
            assert!(what.contains(&node.words("nodeos")), "{what}");
            assert!(what.contains(&format!("process {} (nodeos)", forked.as_raw_pid())), "{what}");
        }
        other => panic!("{other:?}"),
    }
    node.end(Signal::KILL);
    watching.silent(1_000).await;
    kill_process(forked, Signal::KILL).unwrap();
    let both =
        format!("{} and process {} (nodeos) ended", node.words("nodeos"), forked.as_raw_pid());
    watching.ended(&both).await;
}

#[tokio::test]
async fn another_program_that_inherited_the_port_does_not_hide_the_end() {
    let mut node = Listener::with("nodeos", 0, &[("EK_FORK", "sleep")], |_| {});
    let mut watching = Watching::new(node.target());
    watching.running(&node.words("nodeos")).await;
    node.end(Signal::KILL);
    watching.ended(&format!("{} ended", node.words("nodeos"))).await;
    watching.not_watched("sleep (process").await;
}

/// This program, where another user can read it.
fn for_everybody(dir: &Path) -> PathBuf {
    let open = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755));
    let copy = dir.join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    open(dir).unwrap();
    open(&copy).unwrap();
    copy
}

/// No test: looks at `EK_LOOK` as another user and prints what it finds.
#[test]
#[ignore = "started by the other tests"]
fn looker() {
    let Ok(url) = std::env::var("EK_LOOK") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("found {:?}", runtime.block_on(look(Target::Port(url.parse().unwrap()))));
}

#[tokio::test]
async fn a_process_of_another_user_is_named_as_out_of_reach() {
    if !geteuid().is_root() {
        println!("skipped: only root can be another user");
        return;
    }
    let node = Listener::start("nodeos");
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(for_everybody(dir.path()))
        .args(["process::looker", "--exact", "--ignored", "--nocapture"])
        .env("EK_LOOK", node.url().as_str())
        .current_dir(dir.path())
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let words = format!(
        "permission denied: the process that listens on 127.0.0.1:{} is user 0's, and user 65534",
        node.port
    );
    assert!(said.contains(&words), "{said}");
}

#[tokio::test]
async fn root_sees_a_process_of_another_user() {
    if !geteuid().is_root() {
        println!("skipped: only root can be another user");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(for_everybody(dir.path()));
    command
        .arg0("nodeos")
        .args(["process::listener", "--exact", "--ignored", "--nocapture"])
        .env("EK_PORT", "0")
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .uid(65534)
        .gid(65534);
    let mut node = Listener::of(command.spawn().unwrap());
    let mut watching = Watching::new(node.target());
    watching.running(&node.words("nodeos")).await;
    node.end(Signal::KILL);
    watching.ended(&format!("{} ended", node.words("nodeos"))).await;
}

/// A `systemctl` that says of every unit what a file says.
struct Systemd {
    dir: tempfile::TempDir,
}

impl Systemd {
    fn new() -> Self {
        let systemd = Self { dir: tempfile::tempdir().unwrap() };
        let script = systemd.dir.path().join("systemctl");
        let text = "#!/bin/sh\nexec cat \"${0%/*}/said\"\n";
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        systemd
    }

    fn says(&self, load: &str, state: &str, pid: u32) {
        let text = format!("LoadState={load}\nActiveState={state}\nMainPID={pid}\n");
        std::fs::write(self.dir.path().join("new"), text).unwrap();
        std::fs::rename(self.dir.path().join("new"), self.dir.path().join("said")).unwrap();
    }

    fn target(&self, url: Url) -> Target {
        let systemctl = self.dir.path().join("systemctl");
        Target::Unit { name: "nodeos.service".to_owned(), url, systemctl }
    }
}

#[tokio::test]
async fn the_main_process_of_a_unit_is_watched() {
    let systemd = Systemd::new();
    // Another port: the RPC is behind a relay.
    let relay = Listener::start("haproxy");
    let mut node = Listener::start("nodeos");
    systemd.says("loaded", "inactive", 0);
    let mut watching = Watching::new(systemd.target(relay.url()));
    watching.not_watched("the unit nodeos.service is inactive").await;
    systemd.says("loaded", "active", node.child.id());
    let words = format!("{} of unit nodeos.service", node.words("nodeos"));
    watching.running(&words).await;
    systemd.says("loaded", "activating", 0);
    node.end(Signal::KILL);
    watching.ended(&format!("{words} ended")).await;
    let next = Listener::start("nodeos");
    systemd.says("loaded", "active", next.child.id());
    watching.running(&format!("{} of unit nodeos.service", next.words("nodeos"))).await;
}

#[tokio::test]
async fn a_unit_whose_main_process_is_not_nodeos_is_not_watched() {
    let systemd = Systemd::new();
    let node = Listener::start("nodeos");
    let script = Listener::start("bash");
    systemd.says("loaded", "active", script.child.id());
    let why = look(systemd.target(node.url())).await.unwrap_err();
    assert!(why.contains("the main process of nodeos.service is bash"), "{why}");
    // The same program counts when it is what listens: a nodeos under another name.
    let found = look(systemd.target(script.url())).await;
    assert_eq!(found, Ok(format!("{} of unit nodeos.service", script.words("bash"))));
    systemd.says("not-found", "inactive", 0);
    let why = look(systemd.target(node.url())).await.unwrap_err();
    assert!(why.contains("systemd knows no unit nodeos.service"), "{why}");
    let nowhere = Target::Unit {
        name: "nodeos.service".to_owned(),
        url: node.url(),
        systemctl: "/no/systemctl".into(),
    };
    assert!(look(nowhere).await.unwrap_err().contains("/no/systemctl cannot be run"));
}
