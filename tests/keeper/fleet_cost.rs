//! What a thousand members cost a keeper: real HTTP on loopback, the real program, its own
//! processor time as the kernel counts it. A minute and a half, for a build with --release.

#[allow(dead_code, reason = "each test file that uses the server uses another part of it")]
use crate::http;
#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use eoskeeper::core::settings::Role;
use keeper_support::World;

const MEMBERS: usize = 1_000;
const MEASURED: Duration = Duration::from_secs(60);
/// Share of one processor.
const MOST_PERCENT: f64 = 5.0;

/// Ends the keeper whatever comes.
struct Keeper(Child);

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Seconds of processor time of a process so far.
fn processor_time(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // After the name, which may hold anything: utime and stime are the 12th and 13th.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    // The kernel tells ticks of a hundredth of a second on every architecture nodeos runs on.
    ticks as f64 / 100.0
}

/// Answers every question with a keeper's status, each time a newer one; returns the port and the
/// count of answers.
fn serve() -> (u16, Arc<AtomicU64>) {
    let mut world = World::armed(Role::FirstStandby, 21);
    world.run(300);
    let body = serde_json::to_string(&world.keeper.status(world.now)).unwrap();
    let at = format!("\"at\":\"{}\"", world.now.wall);
    assert!(body.contains(&at), "{body}");
    println!("a status has {} bytes", body.len());
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answered = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&answered);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let newer = format!("\"at\":\"{}\"", world.now.wall.plus_ms(number as i64 * 1_000));
            let Ok(stream) = stream else { continue };
            reply(stream, &body.replacen(&at, &newer, 1));
        }
    });
    (port, answered)
}

fn reply(mut stream: TcpStream, body: &str) {
    let mut head = [0; 2048];
    let _ = stream.read(&mut head);
    let _ = stream.write_all(http::answer(200, body).as_bytes());
}

fn run(dir: &Path, fleet: &str) -> f64 {
    fs::write(dir.join("node.log"), "").unwrap();
    let config = format!(
        "[global]\nrole = F\nproducer_name = eosstorebest\nhttp_port = 1\nlog_file = node.log\n\
         [status]\nlisten = 127.0.0.1:0\n[state]\ndir = state\n{fleet}"
    );
    fs::write(dir.join("config.ini"), config).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
        .args(["run", "-c"])
        .arg(dir.join("config.ini"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut keeper = Keeper(child);
    thread::sleep(Duration::from_secs(5));
    let (before, began) = (processor_time(keeper.0.id()), Instant::now());
    thread::sleep(MEASURED);
    assert!(keeper.0.try_wait().unwrap().is_none(), "the keeper ended");
    let used = processor_time(keeper.0.id()) - before;
    used / began.elapsed().as_secs_f64() * 100.0
}

#[test]
#[ignore = "two minutes of measuring; cargo test --release --test keeper fleet_cost -- --ignored --nocapture"]
fn a_thousand_members_cost_less_than_a_twentieth_of_a_processor() {
    let dir = tempfile::tempdir().unwrap();
    let alone = run(dir.path(), "");
    let (port, answered) = serve();
    let members: String = (0..MEMBERS)
        .map(|n| format!("m{n}=http://127.0.{}.{}:{port}\n", 1 + n / 250, 1 + n % 250))
        .collect();
    fs::write(dir.path().join("fleet.txt"), members).unwrap();
    let with = run(dir.path(), "[fleet]\nmembers_file = fleet.txt\n");
    let answered = answered.load(Ordering::Relaxed);
    println!(
        "{MEMBERS} members: {with:.2} % of a processor, {alone:.2} % without; {answered} answers"
    );
    assert!(answered > 1_500, "{answered}");
    assert!(with < MOST_PERCENT, "{with:.2} %");
}
