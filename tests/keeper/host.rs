//! The host: what is read of the real one is sane, odd data is unknown and never a number, and the
//! rules fire at their thresholds and change no decision.

#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use eoskeeper::core::event::{Event, ReferenceAnswer, ReferenceEvent};
use eoskeeper::core::host::{HostReading, Resource};
use eoskeeper::core::rules::{Rule, State};
use eoskeeper::core::sample::{DiskSample, HostSample};
use eoskeeper::core::settings::{References, Role, Settings};
use eoskeeper::core::time::Timestamp;
use eoskeeper::sources::host::{Looker, Plan, Roots, watch};
use eoskeeper::sources::process::Target;
use keeper_support::{BP, World, armed, name};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// For what is waited for: nothing is measured by it.
const LONG: Duration = Duration::from_secs(30);

fn plan(roots: Roots) -> Plan {
    Plan { roots, disks: Vec::new(), usual: Vec::new(), node: None }
}

#[tokio::test]
async fn the_real_host_has_sane_figures() {
    let target = env!("CARGO_TARGET_TMPDIR");
    let usual = vec![("state".to_owned(), target.into()), ("again".to_owned(), target.into())];
    let mut looker = Looker::new(Plan { usual, ..plan(Roots::default()) });
    let first = looker.look().await;
    assert_eq!(first.sample.cpu_permille, None, "there is nothing to compare with yet");
    // Long enough for a tick of the kernel's.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let reading = looker.look().await;
    let sample = &reading.sample;
    assert!(sample.cpu_permille.is_some_and(|share| share <= 1_000), "{reading:?}");
    assert!(
        sample.memory_permille.is_some_and(|share| (1..=1_000).contains(&share)),
        "{reading:?}"
    );
    assert!(sample.swap_permille.is_none_or(|share| share <= 1_000), "{reading:?}");
    let [disk] = sample.disks.as_slice() else { panic!("one file system, once: {reading:?}") };
    assert!(disk.name == "state" && disk.used_permille <= 1_000, "{disk:?}");
    // What `df` says of the same directory.
    let df = Command::new("df").args(["-B1", "--output=avail,pcent", target]).output();
    let df = String::from_utf8(df.unwrap().stdout).unwrap();
    let row: Vec<&str> = df.lines().nth(1).unwrap().split_whitespace().collect();
    let percent: u32 = row[1].trim_end_matches('%').parse().unwrap();
    assert!(disk.used_permille.div_ceil(10).abs_diff(percent) <= 1, "{disk:?}, df: {df}");
    let free: u64 = row[0].parse().unwrap();
    // Builds run beside this test.
    assert!(disk.free_bytes.abs_diff(free) < 2 << 30, "{disk:?}, df: {df}");
    let why: Vec<_> = reading.unknown.iter().map(|(what, _)| *what).collect();
    assert_eq!(why, [Resource::OpenFiles], "{reading:?}");
}

/// No test: what [`Node`] starts. Listens, keeps a `blocks.log` and some files open, and waits.
#[test]
#[ignore = "started by another test"]
fn node() {
    let Ok(blocks) = std::env::var("EK_BLOCKS") else { return };
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let open = || fs::File::open("/dev/null").unwrap();
    let files: Vec<fs::File> = (0..40).map(|_| open()).collect();
    let log = fs::File::create(Path::new(&blocks).join("blocks.log")).unwrap();
    println!("listens {}", socket.local_addr().unwrap().port());
    std::thread::sleep(LONG * 4);
    drop((files, log));
}

/// This test program as a nodeos; killed when it is dropped.
struct Node {
    child: Child,
    target: Target,
}

impl Node {
    fn start(blocks: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg0("nodeos")
            .args(["host::node", "--exact", "--ignored", "--nocapture"])
            .env("EK_BLOCKS", blocks)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told =
            lines.find_map(|line| line.unwrap().split_once("listens ").map(|t| t.1.to_owned()));
        let url = format!("http://127.0.0.1:{}", told.unwrap());
        Self { child, target: Target::Port(url.parse().unwrap()) }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn nodeos_has_its_files_counted_and_its_data_found() {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let node = Node::start(data.path());
    let plan = Plan { node: Some(node.target.clone()), ..plan(Roots::default()) };
    let mut looker = Looker::new(plan);
    for _ in 0..2 {
        let reading = looker.look().await;
        let (open, limit) = reading.sample.open_files.unwrap_or_else(|| panic!("{reading:?}"));
        let limits = fs::read_to_string(format!("/proc/{}/limits", node.child.id())).unwrap();
        assert!(limits.contains(&limit.to_string()) && (42..100).contains(&open), "{open} {limit}");
        let names: Vec<&str> = reading.sample.disks.iter().map(|d| d.name.as_str()).collect();
        assert_eq!((names, reading.unknown.len()), (vec!["data"], 0), "{reading:?}");
    }
    drop(node);
    let reading = looker.look().await;
    assert_eq!(reading.sample.open_files, None);
    assert!(unknown(&reading, Resource::OpenFiles)[0].contains("nobody listens"), "{reading:?}");
}

#[tokio::test]
async fn what_is_not_called_nodeos_is_not_taken_for_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let node = Some(Target::Port(url.parse().unwrap()));
    let reading = Looker::new(Plan { node, ..plan(Roots::default()) }).look().await;
    assert_eq!(reading.sample.open_files, None);
    let why = unknown(&reading, Resource::OpenFiles);
    assert!(why.len() == 1 && why[0].contains("is not nodeos"), "{why:?}");
}

/// A `/proc` and a `/sys/fs/cgroup` of our own.
struct Faked {
    dir: tempfile::TempDir,
}

const STAT: &str = "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 100 0 100 800 0 0 0 0 0 0\n\
                    intr 1\nctxt 1\nbtime 1700000000\nprocesses 1\nprocs_running 1\n";

impl Faked {
    /// With the real host's files where the kernel's text is long.
    fn new() -> Self {
        let faked = Self { dir: tempfile::tempdir().unwrap() };
        faked.write("proc/stat", STAT);
        faked.write("proc/meminfo", &fs::read_to_string("/proc/meminfo").unwrap());
        faked.write("proc/self/cgroup", "0::/\n");
        faked
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.dir.path().join(path)).unwrap();
    }

    fn roots(&self) -> Roots {
        Roots { proc: self.dir.path().join("proc"), cgroup: self.dir.path().join("cgroup") }
    }

    async fn look(&self) -> HostReading {
        Looker::new(plan(self.roots())).look().await
    }
}

fn unknown(reading: &HostReading, resource: Resource) -> Vec<&str> {
    let found = reading.unknown.iter().filter(|(what, _)| *what == resource);
    found.map(|(_, why)| why.as_str()).collect()
}

#[tokio::test]
async fn the_share_of_the_processors_is_since_the_look_before() {
    let faked = Faked::new();
    let mut looker = Looker::new(plan(faked.roots()));
    looker.look().await;
    for (line, expected) in [
        // Of 800 ticks more 550 busy; waiting for a disk is idle, being held by the hypervisor is not.
        ("cpu  200 50 300 950 100 50 50 100 999 999", Some(687)),
        // The same ticks again: no time has passed.
        ("cpu  200 50 300 950 100 50 50 100 999 999", None),
        // Ticks that went back.
        ("cpu  100 0 100 800 0 0 0 0 0 0", None),
        ("cpu  100 0 100 900 0 0 0 0 0 0", Some(0)),
        ("cpu  300 0 100 900 0 0 0 0 0 0", Some(1_000)),
    ] {
        faked.write("proc/stat", &STAT.replacen("cpu  100 0 100 800 0 0 0 0 0 0", line, 1));
        let reading = looker.look().await;
        assert_eq!(reading.sample.cpu_permille, expected, "{line}");
        assert_eq!(unknown(&reading, Resource::Cpu), [""; 0], "{line}");
    }
}

#[tokio::test]
async fn odd_data_is_unknown_with_its_reason_and_never_a_number() {
    let long = "x".repeat(2_000_000);
    for (what, file, text, resource) in [
        ("empty stat", "stat", "", Resource::Cpu),
        ("words for ticks", "stat", "cpu  a b c d\nctxt 1\nbtime 1\nprocesses 1\n", Resource::Cpu),
        ("too few ticks", "stat", "cpu  1\nctxt 1\nbtime 1\nprocesses 1\n", Resource::Cpu),
        ("ticks beyond 64 bits", "stat", "cpu  99999999999999999999999 1 1 1\n", Resource::Cpu),
        ("not ASCII", "stat", "cpü  1 2 3 4\n", Resource::Cpu),
        ("a long line", "stat", long.as_str(), Resource::Cpu),
        ("empty meminfo", "meminfo", "", Resource::Memory),
        ("one word a line", "meminfo", "MemTotal:\nMemFree:\n", Resource::Memory),
        ("an unknown unit", "meminfo", "MemTotal: 5 furlongs\n", Resource::Memory),
        ("a name that is not ASCII", "meminfo", "Mé: 5 kB\n", Resource::Memory),
    ] {
        let faked = Faked::new();
        faked.write(&format!("proc/{file}"), text);
        let reading = faked.look().await;
        let why = unknown(&reading, resource);
        assert!(why.len() == 1 && why[0].contains(file), "{what}: {reading:?}");
        let other = if file == "stat" { Resource::Memory } else { Resource::Cpu };
        assert_eq!(unknown(&reading, other), [""; 0], "{what}: one file spoils no other");
    }
    let faked = Faked::new();
    faked.remove("proc/stat");
    faked.remove("proc/meminfo");
    let reading = faked.look().await;
    for resource in [Resource::Cpu, Resource::Memory, Resource::Swap] {
        assert!(unknown(&reading, resource)[0].contains("No such file"), "{reading:?}");
    }
    assert_eq!(reading.sample, HostSample::default());
}

/// The real host's text with some values changed, in kB.
fn meminfo(changes: &[(&str, u64)]) -> String {
    let real = fs::read_to_string("/proc/meminfo").unwrap();
    let line = |line: &str| {
        let name = line.split(':').next().unwrap();
        match changes.iter().find(|(changed, _)| *changed == name) {
            Some((_, kib)) => format!("{name}: {kib} kB\n"),
            None => format!("{line}\n"),
        }
    };
    real.lines().map(line).collect()
}

#[tokio::test]
async fn memory_is_the_host_s_or_that_of_the_fullest_group() {
    const MIB: u64 = 1 << 20;
    let gib = 16 * 1024 * 1024;
    let text = meminfo(&[
        ("MemTotal", gib),
        ("MemAvailable", gib / 2),
        ("SwapTotal", 1000),
        ("SwapFree", 250),
    ]);
    let group = |root: &str, files: &[(&str, String)]| {
        let faked = Faked::new();
        faked.write("proc/meminfo", &text);
        for (name, content) in files {
            faked.write(&format!("{root}/{name}"), content);
        }
        faked
    };
    let none = group("cgroup", &[]).look().await;
    assert_eq!((none.sample.memory_permille, none.memory_group), (Some(500), None));
    assert_eq!(none.sample.swap_permille, Some(750));
    // 900 MiB of 1000 MiB, of which 100 MiB are cache that is not used.
    let v2 = [
        ("memory.max", (1000 * MIB).to_string()),
        ("memory.current", (900 * MIB).to_string()),
        ("memory.stat", format!("anon 1\ninactive_file {}\nactive_file 1\n", 100 * MIB)),
    ];
    let full = group("cgroup/system.slice/docker-1.scope", &v2);
    full.write("proc/self/cgroup", "0::/system.slice/docker-1.scope/init\n");
    let full = full.look().await;
    let name = Some("/system.slice/docker-1.scope".to_owned());
    assert_eq!(
        (full.sample.memory_permille, full.memory_group),
        (Some(800), name),
        "an ancestor's"
    );
    for (what, path, limit) in [
        ("no limit", "0::/a", "max".to_owned()),
        ("a limit above the host's memory", "0::/a", (u64::MAX / 2).to_string()),
        ("a group outside", "0::/../../a", (1000 * MIB).to_string()),
        ("no number", "0::/a", "ten".to_owned()),
        ("odd lines", "what\n::\n0::/a", (1000 * MIB).to_string()),
    ] {
        let faked = group("cgroup/a", &v2);
        faked.write("cgroup/a/memory.max", &limit);
        faked.write("proc/self/cgroup", path);
        let found = faked.look().await;
        assert_eq!(found.sample.memory_permille, Some(500), "{what}: {found:?}");
    }
    let v1 = [
        ("memory.limit_in_bytes", (1000 * MIB).to_string()),
        ("memory.usage_in_bytes", (950 * MIB).to_string()),
        ("memory.stat", "total_inactive_file 0\n".to_owned()),
    ];
    let old = group("cgroup/memory/docker/1", &v1);
    old.write("proc/self/cgroup", "9:cpu:/x\n4:memory:/docker/1\n0::/\n");
    let old = old.look().await;
    let name = Some("/docker/1".to_owned());
    assert_eq!((old.sample.memory_permille, old.memory_group), (Some(950), name));
}

#[tokio::test]
async fn a_disk_that_is_not_there_is_unknown_and_hides_no_other() {
    let here = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let disks = vec![here.join("no-such-directory"), here.to_owned(), "/proc".into()];
    let mut looker = Looker::new(Plan { disks, ..plan(Roots::default()) });
    let reading = looker.look().await;
    let names: Vec<&str> = reading.sample.disks.iter().map(|disk| disk.name.as_str()).collect();
    assert_eq!(names, [here.to_str().unwrap()], "{reading:?}");
    let why = unknown(&reading, Resource::Disk);
    assert!(why.len() == 2 && why[0].contains("no such directory"), "{why:?}");
    assert!(why[1].contains("no file system that fills up"), "{why:?}");
}

#[tokio::test]
async fn a_state_directory_that_is_not_made_yet_is_on_its_parent_s_disk() {
    let here = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let usual = vec![("state".to_owned(), here.join("not/made/yet"))];
    let reading = Looker::new(Plan { usual, ..plan(Roots::default()) }).look().await;
    assert_eq!(reading.sample.disks.len(), 1, "{reading:?}");
}

#[tokio::test]
async fn looks_come_as_events_until_it_is_stopped() {
    let faked = Faked::new();
    let (events, mut seen) = mpsc::channel(4);
    let stop = CancellationToken::new();
    let every = Duration::from_millis(10);
    let task = tokio::spawn(watch(plan(faked.roots()), every, events, stop.clone()));
    for _ in 0..6 {
        let event = tokio::time::timeout(LONG, seen.recv()).await.unwrap();
        assert!(matches!(event, Some(Event::Host(_))), "{event:?}");
    }
    stop.cancel();
    tokio::time::timeout(LONG, task).await.unwrap().unwrap();
}

fn sample(value: u32) -> HostSample {
    let disk = |name: &str, used| DiskSample {
        name: name.to_owned(),
        used_permille: used,
        free_bytes: 5 << 30,
    };
    HostSample {
        cpu_permille: Some(value),
        memory_permille: Some(value),
        swap_permille: Some(value),
        disks: vec![disk("state", 100), disk("data", value)],
        open_files: Some((u64::from(value), 1_000)),
        clock_offset_ms: None,
    }
}

/// So many looks, ten seconds apart.
fn looks(world: &mut World, values: &[u32]) {
    for value in values {
        let sample = sample(*value);
        world.tell(Event::Host(HostReading { sample, ..HostReading::default() }));
        world.run(10);
    }
}

fn state(world: &World, rule: Rule) -> (State, String) {
    let found = world.keeper.findings().iter().find(|f| f.rule == rule).unwrap();
    (found.state, found.saw.clone())
}

const EACH: [Rule; 5] =
    [Rule::HostCpu, Rule::HostMemory, Rule::HostSwap, Rule::HostDisk, Rule::HostOpenFiles];

#[test]
fn each_fires_on_the_mean_of_five_and_ends_below_it() {
    for (what, values, expected) in [
        ("four looks", &[990; 4][..], State::Unknown),
        ("just the threshold", &[800; 5], State::Fine),
        ("above it", &[801, 801, 801, 801, 801], State::Firing),
        ("a peak", &[100, 100, 1_000, 1_000, 1_000], State::Fine),
        ("a mean of more", &[500, 900, 900, 900, 900], State::Firing),
        (
            "a little below, after",
            &[900, 900, 900, 900, 900, 760, 760, 760, 760, 760],
            State::Firing,
        ),
        ("well below, after", &[900, 900, 900, 900, 900, 750, 750, 750, 750, 750], State::Fine),
        ("a little below, not after", &[760; 5], State::Fine),
    ] {
        let mut world = World::new(Role::Active, 21);
        looks(&mut world, values);
        for rule in EACH {
            let (state, saw) = state(&world, rule);
            assert_eq!(state, expected, "{what}: {rule}: {saw}");
        }
    }
}

#[test]
fn a_disk_that_is_as_good_as_full_pages() {
    let mut world = World::new(Role::Active, 21);
    looks(&mut world, &[940; 5]);
    assert_eq!(state(&world, Rule::HostDiskFull).0, State::Fine);
    looks(&mut world, &[960; 5]);
    let (state, saw) = state(&world, Rule::HostDiskFull);
    assert_eq!((state, saw.as_str()), (State::Firing, "data is 96 % full, 5.0 GiB free"));
    assert_eq!((world.told("host_disk_full"), world.told("host_disk")), (1, 1));
}

#[test]
fn what_cannot_be_read_is_unknown_and_looks_that_stop_are_too() {
    let mut world = World::new(Role::Active, 21);
    assert_eq!(state(world.run(1), Rule::HostCpu).0, State::Unknown);
    looks(&mut world, &[900; 5]);
    let unknown = vec![
        (Resource::Cpu, "/proc/stat: denied".to_owned()),
        (Resource::Disk, "how full /nfs is: no answer".to_owned()),
    ];
    let sample = HostSample { cpu_permille: None, ..sample(100) };
    for _ in 0..5 {
        let (sample, unknown) = (sample.clone(), unknown.clone());
        world.tell(Event::Host(HostReading { sample, unknown, ..HostReading::default() }));
        world.run(10);
    }
    assert_eq!(state(&world, Rule::HostCpu), (State::Unknown, "/proc/stat: denied".to_owned()));
    let (disk, saw) = state(&world, Rule::HostDisk);
    // The others are fine, and the one that hangs may be full.
    assert!(disk == State::Unknown && saw.contains("/nfs"), "{saw}");
    world.run(70);
    for rule in EACH {
        let (state, saw) = state(&world, rule);
        assert!(state == State::Unknown && saw.starts_with("last looked at"), "{rule}: {saw}");
    }
    let mut settings = Settings::new(Role::Active, name(BP));
    settings.host = None;
    let mut world = World::with(settings, 21, Ok(None));
    looks(&mut world, &[990; 5]);
    assert_eq!(state(&world, Rule::HostCpu).1, "the host is not watched");
    assert_eq!(world.keeper.status(world.now).host, None);
}

#[test]
fn no_swap_is_fine() {
    let mut world = World::new(Role::Active, 21);
    for _ in 0..5 {
        let sample = HostSample { swap_permille: None, ..sample(900) };
        world.tell(Event::Host(HostReading { sample, ..HostReading::default() }));
        world.run(10);
    }
    assert_eq!(state(&world, Rule::HostSwap), (State::Fine, "there is no swap".to_owned()));
}

/// A host without anything left neither keeps a standby from promoting nor makes it.
#[test]
fn a_host_that_is_short_of_everything_changes_no_decision() {
    let run = |value: Option<u32>| {
        let mut world = World::armed(Role::FirstStandby, 21);
        for second in 0..800 {
            if let (Some(value), 0) = (value, second % 10) {
                let sample = sample(value);
                world.tell(Event::Host(HostReading { sample, ..HostReading::default() }));
            }
            world.knobs.active_signs = second < 300;
            world.run(1);
        }
        (world.acts(), world.decisions)
    };
    let without = run(None);
    assert!(!without.0.is_empty(), "it should promote: {without:?}");
    assert_eq!(run(Some(1_000)), without);
    assert_eq!(run(Some(0)), without);
}

#[test]
fn a_short_host_makes_the_active_node_give_nothing_away() {
    let mut world = World::with(armed(Role::Active), 21, Ok(None));
    world.knobs.paused = false;
    looks(&mut world, &[1_000; 30]);
    assert!(EACH.iter().all(|rule| world.fires(rule.as_str())));
    assert_eq!(world.acts(), []);
}

/// References that say their time each 3 s, this host's clock `ahead_ms` ahead of theirs.
fn dated(ahead: [i64; 3], seconds: u64) -> World {
    let mut settings = Settings::new(Role::Active, name(BP));
    settings.references = References {
        names: ["http://one", "http://two", "http://three"].map(str::to_owned).to_vec(),
        min_agree: 2,
    };
    let mut world = World::with(settings, 21, Ok(None));
    for second in 0..seconds {
        for (index, ahead_ms) in ahead.into_iter().enumerate() {
            // Each at another part of a second; the answer was made in the middle of 60 ms.
            let shift = (second * 137 + index as u64 * 333) % 1_000;
            let now = world.now.plus_ms(shift);
            let theirs = now.wall.ms() - 30 - ahead_ms;
            let date = Timestamp::from_ms(theirs.div_euclid(1_000) * 1_000);
            let answer = ReferenceAnswer::Date { date, took_ms: 60 };
            world.keeper.record(now, &Event::Reference(ReferenceEvent { index, answer }));
        }
        world.run(1);
    }
    looks(&mut world, &[100]);
    world
}

#[test]
fn a_clock_fires_only_when_it_is_surely_off() {
    for (what, ahead, expected) in [
        ("right", [0, 20, -30], State::Fine),
        ("off by less", [300, 320, 310], State::Fine),
        ("ahead", [900, 920, 880], State::Firing),
        ("behind", [-900, -920, -880], State::Firing),
        ("one reference lies", [0, 10, 3_600_000], State::Fine),
    ] {
        let world = dated(ahead, 60);
        let (state, saw) = state(&world, Rule::HostClock);
        assert_eq!(state, expected, "{what}: {saw}");
        assert!(saw.contains("give or take") && saw.contains("by 3 of them"), "{saw}");
        let host = world.keeper.status(world.now).host.unwrap();
        let shown = host.clock_offset_ms.unwrap_or_else(|| panic!("{what}: {saw}"));
        if what != "one reference lies" {
            assert!((shown - ahead[0]).abs() < 150, "{what}: {shown}");
        }
    }
    // One answer is good to a second only.
    let world = dated([700, 700, 700], 1);
    assert_eq!(state(&world, Rule::HostClock).0, State::Fine);
    assert_eq!(world.keeper.status(world.now).host.unwrap().clock_offset_ms, None);
}

#[test]
fn the_references_figures_are_in_the_status() {
    let mut settings = Settings::new(Role::Active, name(BP));
    let names = ["http://one", "http://two", "http://three"].map(str::to_owned).to_vec();
    settings.references = References { names, min_agree: 2 };
    let mut world = World::with(settings, 21, Ok(None));
    world.knobs.honest = 2;
    world.run(60);
    let status = world.keeper.status(world.now);
    let (chain, head) = (&status.chain, status.chain.head.unwrap());
    assert_eq!((chain.agree, chain.median), (2, Some(head)));
    assert_eq!((chain.best, chain.lag_blocks), (Some(head + 100_000), Some(0)));
    let lags: Vec<_> = status.references.iter().map(|reference| reference.lag_blocks).collect();
    assert_eq!(lags, [Some(100_000), Some(100_000), Some(0)]);
    // This node stands still, the others go on: 2 blocks a second.
    world.knobs.connected = false;
    world.run(10);
    let chain = world.keeper.status(world.now).chain;
    assert!(chain.lag_blocks.is_some_and(|lag| (18..=22).contains(&lag)), "{chain:?}");
}
