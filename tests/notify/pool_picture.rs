//! A mining pool through the whole keeper: its answers are kept, its incident comes with its picture,
//! and the picture is drawn of the state afterwards.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::http_support;
use http_support::{Reply, Request, Server};

/// The keeper asks every ten seconds, and tells of a warning ten seconds after it began.
const PATIENCE: Duration = Duration::from_secs(90);

/// A keeper that is ended when the test is.
struct Keeper(Child);

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A pool with a worker that is silent for an hour, and a Discord.
fn service(request: &Request) -> Reply {
    if request.path != "/bitcoin/ourfarm" {
        return Reply::json(200, r#"{"id":"1175829384756"}"#);
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let workers = [("rig1", now), ("rig2", now), ("rig3", now - 3_600)]
        .map(|(name, last)| json!({"name": name, "hashrate": 500, "last_share": last}));
    Reply::json(200, json!({"hashrate": 1_500, "workers": workers}).to_string())
}

/// What Discord was told of the pool's workers, and the file that came with it.
fn told(server: &Server) -> Option<(Value, Vec<u8>)> {
    server.requests().iter().filter(|request| request.method == "POST").find_map(|request| {
        let parts = request.parts();
        let said = parts.iter().find(|part| part.name == "payload_json")?;
        let said: Value = serde_json::from_str(&said.text()).ok()?;
        let is_it = said["embeds"][0]["footer"]["text"].as_str()?.ends_with("pool_workers_offline");
        let file = parts.iter().find(|part| part.file.as_deref() == Some("pool.png"))?;
        is_it.then(|| (said, file.bytes.clone()))
    })
}

#[test]
fn a_pools_incident_comes_with_its_picture_and_its_past_can_be_drawn() {
    let server = Server::start(service);
    let dir = tempfile::tempdir().unwrap();
    let (path, url) = (dir.path(), server.url());
    fs::write(path.join("nodeos.log"), "").unwrap();
    let text = format!(
        "[global]\nrole = F\nproducer_name = eosstorebest\nhttp_port = 1\nlog_file = nodeos.log\n\
         [status]\nlisten = 127.0.0.1:0\n[state]\ndir = {}/state\n\
         [pool]\nurl = {url}/bitcoin\naccount = ourfarm\ninterval_seconds = 10\n\
         [discord]\nurl_file = discord.url\nlevels = warn\n",
        path.display()
    );
    fs::write(path.join("config.ini"), text).unwrap();
    fs::write(path.join("discord.url"), format!("{url}/api/webhooks/1/token")).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(path.join("discord.url"), private).unwrap();
    let eoskeeper = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eoskeeper"));
        command.current_dir(path).stdin(Stdio::null());
        command
    };
    let log = fs::File::create(path.join("keeper.log")).unwrap();
    let mut command = eoskeeper();
    let command = command.args(["run", "-c", "config.ini"]).stderr(log).stdout(Stdio::null());
    let keeper = Keeper(command.spawn().unwrap());
    let begin = Instant::now();
    let (said, picture) = loop {
        if let Some(told) = told(&server) {
            break told;
        }
        let log = || fs::read_to_string(path.join("keeper.log")).unwrap();
        assert!(begin.elapsed() < PATIENCE, "nothing was told with a picture: {}", log());
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(picture.starts_with(b"\x89PNG"));
    let caption = said["attachments"][0]["description"].as_str().unwrap();
    assert!(caption.contains("2 of 3 workers online"), "{caption}");

    // The keeper has the file open.
    let arguments = ["chart", "pool", "--last", "hour", "--format", "svg", "-o", "-"];
    let drawn = eoskeeper().args(arguments).args(["-c", "config.ini"]).output().unwrap();
    let error = String::from_utf8_lossy(&drawn.stderr);
    assert!(drawn.status.success(), "{error}");
    let svg = String::from_utf8(drawn.stdout).unwrap();
    assert!(svg.contains("2 of 3 workers online"), "{svg}");
    drop(keeper);
}
