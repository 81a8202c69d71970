//! What the keeper tells the system's service manager, over a real socket.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::orders::keeper::Host;

/// A service manager and the keeper it started; killed when dropped.
struct Service {
    host: Host,
    socket: UnixDatagram,
    process: Child,
}

impl Service {
    fn start(watchdog: Option<&str>) -> Self {
        let host = Host::new("./state");
        let path = host.dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut command = host.command(Path::new(env!("CARGO_BIN_EXE_eoskeeper")), &["run"]);
        command.env("NOTIFY_SOCKET", &path).env_remove("WATCHDOG_PID").env_remove("WATCHDOG_USEC");
        if let Some(usec) = watchdog {
            command.env("WATCHDOG_USEC", usec);
        }
        let process = command.stderr(Stdio::null()).spawn().unwrap();
        Self { host, socket, process }
    }

    fn heard(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).expect("a word of the keeper");
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// Waits for a message that begins so; says what came before it.
    fn until(&self, wanted: &str) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(60);
        let mut before = Vec::new();
        loop {
            let heard = self.heard();
            if heard.starts_with(wanted) {
                return before;
            }
            before.push(heard);
            assert!(Instant::now() < end, "{wanted} did not come: {before:?}");
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn ready_then_a_sign_of_life_a_second_reloading_and_stopping() {
    let mut service = Service::start(Some("30000000"));
    assert_eq!(service.until("READY=1"), [""; 0], "nothing is said before it watches");
    for _ in 0..3 {
        service.until("WATCHDOG=1");
    }
    service.signal(Signal::HUP);
    service.until("RELOADING=1");
    let between = service.until("READY=1");
    assert!(!between.iter().any(|word| word.starts_with("STOPPING")), "{between:?}");
    fs::write(service.host.config(), "[global]\n").unwrap();
    service.signal(Signal::HUP);
    service.until("RELOADING=1");
    service.until("READY=1");
    service.until("WATCHDOG=1");
    service.signal(Signal::TERM);
    service.until("STOPPING=1\nEXTEND_TIMEOUT_USEC=");
    assert_eq!(service.process.wait().unwrap().code(), Some(0));
}

#[test]
fn the_decision_is_its_status_line_and_without_a_watchdog_it_gives_no_sign_of_life() {
    let service = Service::start(None);
    let before = service.until("STATUS=The active schedule is not known");
    assert!(!before.iter().any(|word| word.starts_with("WATCHDOG")), "{before:?}");
}

#[test]
fn a_keeper_that_hangs_gives_no_sign_of_life() {
    let service = Service::start(Some("30000000"));
    service.until("WATCHDOG=1");
    service.signal(Signal::STOP);
    // What it said before it hung.
    service.socket.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    let mut buffer = [0; 4096];
    let said = (0..10).take_while(|_| service.socket.recv(&mut buffer).is_ok()).count();
    assert!(said < 10, "a keeper that is stopped goes on talking");
    service.signal(Signal::CONT);
    service.socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    service.until("WATCHDOG=1");
}
