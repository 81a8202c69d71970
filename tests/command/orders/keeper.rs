//! A keeper as a process, without a node, and the means to give it orders.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use eoskeeper::demo::{Network, Node};
use serde_json::Value;
use tempfile::TempDir;

/// A host: a directory with a configuration, and a keeper or none. Killed when dropped.
pub struct Host {
    pub dir: TempDir,
    pub state_dir: PathBuf,
    port: u16,
    process: Option<Child>,
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Tries until it comes, for at most 60 s.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

impl Host {
    /// A first standby whose nodeos is not there; no keeper runs yet.
    pub fn new(state_dir: &str) -> Self {
        let node = format!("http_port = {}\nlog_file = ./node.log\n", free_port());
        Self::configured('B', &node, "", state_dir)
    }

    /// A host of a role beside a node of a simulated network; with sections of its own.
    pub fn beside(network: &Network, node: Node, role: char, sections: &str) -> Self {
        let (url, log) = (network.http_url(node), network.log_path(node).display());
        let node = format!("http_url = {url}\nlog_file = {log}\n");
        Self::configured(role, &node, sections, "./state")
    }

    /// A host with these sections, most of all of nodes.
    pub fn with_sections(sections: &str) -> Self {
        Self::configured('B', "", sections, "./state")
    }

    fn configured(role: char, node: &str, sections: &str, state_dir: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let config = format!(
            "[global]\nrole = {role}\nproducer_name = eosstorebest\n{node}{sections}[status]\n\
             listen = 127.0.0.1:{port}\n[state]\ndir = {state_dir}\n[log]\nformat = json\n"
        );
        fs::write(dir.path().join("config.ini"), config).unwrap();
        fs::write(dir.path().join("node.log"), "").unwrap();
        let state_dir = dir.path().join(state_dir);
        Self { dir, state_dir, port, process: None }
    }

    /// The same, with a keeper that has begun to watch.
    pub fn running(state_dir: &str) -> Self {
        let mut host = Self::new(state_dir);
        host.start();
        host
    }

    /// Starts a keeper and waits until it is ready for orders, or has said that it takes none.
    pub fn start(&mut self) {
        let log = File::create(self.log_path()).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
            .args(["run", "-c"])
            .arg(self.config())
            .stdin(Stdio::null())
            .stderr(log)
            .spawn();
        self.process = Some(process.unwrap());
        until("the start", || self.log().contains("The keeper watches.").then_some(()));
        until("an answer", || self.health().is_some().then_some(()));
    }

    /// Ends the keeper as a crash does.
    pub fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Ends the keeper as a unit does.
    pub fn terminate(&mut self) {
        let mut process = self.process.take().unwrap();
        let pid = rustix::process::Pid::from_child(&process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert_eq!(process.wait().unwrap().code(), Some(0));
    }

    pub fn pid(&self) -> i32 {
        self.process.as_ref().unwrap().id().cast_signed()
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("config.ini")
    }

    pub fn socket(&self) -> PathBuf {
        self.state_dir.join("control.sock")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("keeper.log")
    }

    /// The keeper's own log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// What `/healthz` answers, where it answers.
    pub fn health(&self) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut answer = String::new();
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: keeper\r\nConnection: close\r\n\r\n")
            .ok()?;
        stream.read_to_string(&mut answer).ok()?;
        (!answer.is_empty()).then_some(answer)
    }

    /// A command of this host, such as `["promote", "--yes"]`.
    pub fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).arg("-c").arg(self.config()).stdin(Stdio::null());
        command
    }

    pub fn order(&self, arguments: &[&str]) -> Output {
        let program = Path::new(env!("CARGO_BIN_EXE_eoskeeper"));
        self.command(program, arguments).output().unwrap()
    }

    /// The keeper's status; null while it does not answer.
    pub fn status(&self) -> Value {
        serde_json::from_slice(&self.order(&["status", "--json"]).stdout).unwrap_or_default()
    }

    pub fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends bytes as an order, and says that no more come.
    pub fn send(&self, bytes: &[u8]) -> Value {
        let mut stream = self.connect();
        // A keeper that has heard enough does not read the rest.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        answer(&stream)
    }
}

/// The answer on a connection.
pub fn answer(stream: &UnixStream) -> Value {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
