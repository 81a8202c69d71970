//! A real keeper beside a simulated node: what it answers, with token and TLS, to its own commands
//! and to another keeper.

use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use eoskeeper::core::name::Name;
use eoskeeper::core::schedule::Schedule;
use eoskeeper::demo::{Network, Node};
use serde_json::Value;
use tempfile::TempDir;

use crate::asking::{Answer, LONG, exchange};
use crate::description::faults;

/// A keeper beside the active node of a simulated network; killed when dropped.
pub(crate) struct Keeper {
    process: Child,
    pub(crate) dir: TempDir,
    pub(crate) port: u16,
    pub(crate) network: Network,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

impl Keeper {
    /// With more lines of `[status]` and after it.
    pub(crate) async fn start(prepare: impl FnOnce(&Path) -> String) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let names = ["alice", "eosstorebest", "carol"].map(|name| name.parse().unwrap());
        let schedule = Schedule { version: 1, producers: names.to_vec() };
        let ours: Name = "eosstorebest".parse().unwrap();
        let network = Network::start(dir.path(), schedule, ours).await.unwrap();
        let port = free_port();
        let more = prepare(dir.path());
        let config = format!(
            "[global]\nrole = A\nproducer_name = eosstorebest\nhttp_url = {}\nlog_file = {}\n\
             watch_process = false\n[references]\nurls = {}\n[state]\ndir = ./state\n\
             [status]\nlisten = 127.0.0.1:{port}\n{more}\n",
            network.http_url(Node::A).trim_end_matches('/'),
            network.log_path(Node::A).display(),
            network.http_url(Node::B).trim_end_matches('/'),
        );
        fs::write(dir.path().join("config.ini"), config).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
            .args(["run", "-c"])
            .arg(dir.path().join("config.ini"))
            .stdin(Stdio::null())
            .stderr(File::create(dir.path().join("keeper.log")).unwrap())
            .spawn()
            .unwrap();
        Self { process, dir, port, network }
    }

    pub(crate) async fn get(&self, path: &str) -> Option<Answer> {
        let (port, path) = (self.port, path.to_owned());
        tokio::task::spawn_blocking(move || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            Some(exchange(([127, 0, 0, 1], port).into(), &request))
        })
        .await
        .unwrap()
    }

    /// Runs a command of eoskeeper with this keeper's configuration.
    async fn command(&self, arguments: &'static [&'static str]) -> Output {
        let config = self.dir.path().join("config.ini");
        tokio::task::spawn_blocking(move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_eoskeeper"));
            command.args(arguments).arg("-c").arg(config).output().unwrap()
        })
        .await
        .unwrap()
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("keeper.log")).unwrap()
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Tries until it comes.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + LONG;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < end, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_keeper_becomes_ready_and_answers_what_is_described() {
    let keeper = Keeper::start(|_| String::new()).await;
    let ready = async || keeper.get("/readyz").await.filter(|answer| answer.status == 200);
    until("ready", ready).await;
    let status = keeper.get("/api/status").await.unwrap().json();
    assert_eq!(faults("Status", &status), [""; 0], "{status}");
    let health = keeper.get("/healthz").await.unwrap();
    assert_eq!((health.status, faults("Health", &health.json())), (200, Vec::new()));
    let blocks = async || {
        let text = keeper.get("/metrics").await?.body;
        let count = text.lines().find_map(|line| {
            let series = "eoskeeper_producer_blocks_total{producer=\"eosstorebest\"} ";
            line.strip_prefix(series)?.parse::<f64>().ok()
        })?;
        (count >= 3.0 && text.contains("eoskeeper_node_api_up 1.0\n")).then_some(text)
    };
    let text = until("our blocks in the metrics", blocks).await;
    assert!(text.contains("eoskeeper_signing 1.0\n"), "{text}");
    assert!(text.contains("eoskeeper_healthy{check=\"polls\"} 1.0\n"), "{text}");
    let history = async || {
        let page = keeper.get("/api/history?limit=1000").await?.json();
        page["items"].as_array()?.iter().any(|row| row["what"] == "start").then_some(page)
    };
    let page = until("the start in the history", history).await;
    assert_eq!(faults("HistoryPage", &page), [""; 0]);
    let samples = async || {
        let page = keeper.get("/api/samples").await?.json();
        (!page["items"].as_array()?.is_empty()).then_some(page)
    };
    assert_eq!(faults("SamplesPage", &until("a sample", samples).await), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_token_and_tls_its_own_commands_and_the_fleet_still_read_it() {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let (pem, key) = (certificate.pem(), key.serialize_pem());
    let guarded = Keeper::start(|dir| {
        private(&dir.join("status.token"), "sesame-sesame-16\n");
        private(&dir.join("status.key"), &key);
        fs::write(dir.join("status.pem"), &pem).unwrap();
        "token_file = ./status.token\ntls_cert = ./status.pem\ntls_key = ./status.key".to_owned()
    })
    .await;
    let said = async || {
        let output = guarded.command(&["status", "--json"]).await;
        output.status.success().then_some(output)
    };
    let output = until("the status by the command", said).await;
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["producer"]["name"], "eosstorebest");
    // Another keeper has it in its fleet: with the token and the certificate it is heard …
    let member = format!("urls = oslo-1=https://localhost:{}\npoll_seconds = 5", guarded.port);
    let watcher = Keeper::start(|dir| {
        private(&dir.join("fleet.token"), "sesame-sesame-16");
        fs::write(dir.join("ca.pem"), &pem).unwrap();
        format!("[fleet]\n{member}\ntoken_file = ./fleet.token\nca_file = ./ca.pem")
    })
    .await;
    let heard = async || {
        let status = watcher.get("/api/status").await?.json();
        let member = &status["fleet"]["members"][0];
        (member["state"] == "reporting").then(|| member.clone())
    };
    let member_view = until("the member's report", heard).await;
    assert_eq!(member_view["report"]["producer"], "eosstorebest");
    // … and with the wrong token it says what is missing.
    let stranger = Keeper::start(|dir| {
        private(&dir.join("fleet.token"), "sesame-sesame-17");
        fs::write(dir.join("ca.pem"), &pem).unwrap();
        format!("[fleet]\n{member}\ntoken_file = ./fleet.token\nca_file = ./ca.pem")
    })
    .await;
    let failure = async || {
        let status = stranger.get("/api/status").await?.json();
        status["fleet"]["members"][0]["failure"].as_str().map(str::to_owned)
    };
    let failure = until("why it is not heard", failure).await;
    assert!(failure.contains("asks for a token: [fleet] token_file"), "{failure}");
    for keeper in [&guarded, &watcher, &stranger] {
        let log = keeper.log();
        assert!(!log.contains("sesame") && !log.contains("PRIVATE KEY"), "{log}");
    }
}
