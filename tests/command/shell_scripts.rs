//! The scripts an operator gets: checked, and run against a server that behaves and misbehaves,
//! with `ssh` and `cleos` replaced by programs that record what they were told.

use crate::http;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use eoskeeper::core::time::Timestamp;
use http::{Server, answer, wait_for_end};
use tempfile::TempDir;

const CHAIN: &str = "8a34ec7df1b8cd06ff4a8abbaa7cc50300823350cadc59ab296cb00d104d2b8f";
const OWN_KEY: &str = "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV";
/// The same key in its other form.
const OWN_KEY_NEW: &str = "PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63";
const OTHER_KEY: &str = "EOS5kaAHuJ3BqFGvUWcKT9xCfpYCdHEnXdpFgYnPfSLRQFNT38Rrt";
/// A deadline no answer of our server comes near, however busy the machine is.
const PATIENT: &[&str] = &["-t", "20"];
const SCRIPTS: [&str; 6] =
    ["promote.sh", "demote.sh", "promote-remote.sh", "switch-key.sh", "fence.sh", "restart.sh"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts")
}

/// Programs that stand in for others, and a place for what they note.
struct Bench {
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// Puts a program before all others in `PATH`. It notes its arguments, one a line, and goes on
    /// with `then`.
    fn with(self, program: &str, then: &str) -> Self {
        let path = self.dir.path().join(program);
        let notes = self.dir.path().join(format!("{program}.told"));
        let text = format!("#!/bin/bash\nprintf '%s\\n' \"$@\" >>{}\n{then}\n", notes.display());
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// The arguments a program was given.
    fn told(&self, program: &str) -> Vec<String> {
        let notes = self.dir.path().join(format!("{program}.told"));
        fs::read_to_string(notes).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    fn run(&self, script: &str, args: &[&str], env: &[(&str, &str)]) -> Ran {
        let path = format!("{}:{}", self.dir.path().display(), std::env::var("PATH").unwrap());
        let output = Command::new(folder().join(script))
            .args(args)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.dir.path())
            .envs(env.iter().copied())
            .output()
            .unwrap();
        Ran::from(output)
    }
}

/// How a script ended.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Ran {
    /// The line the keeper shows.
    fn last(&self) -> &str {
        let text = if self.out.trim().is_empty() { &self.err } else { &self.out };
        text.trim_end().lines().last().unwrap_or_default()
    }

    #[track_caller]
    fn expect(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        let line = if code == 0 || code == 10 { self.last() } else { &self.err };
        assert!(line.contains(words), "{words} is not in {self:?}");
    }
}

/// A `get_info` whose head block is `age_s` seconds old.
fn info(age_s: i64) -> String {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let time = Timestamp::from_ms(i64::try_from(wall).unwrap() - age_s * 1000);
    format!(r#"{{"chain_id":"{CHAIN}","head_block_num":949,"head_block_time":"{time}"}}"#)
}

/// A node with the producer API, its head `age_s` seconds old.
fn node(age_s: i64) -> Server {
    let paused = AtomicBool::new(true);
    Server::start(move |request, stream| {
        let said = match request.split(' ').nth(1).unwrap_or_default() {
            "/v1/chain/get_info" => answer(200, &info(age_s)),
            "/v1/producer/paused" => answer(201, &paused.load(Ordering::SeqCst).to_string()),
            path => {
                paused.store(path.ends_with("/pause"), Ordering::SeqCst);
                answer(201, r#"{"result":"ok"}"#)
            }
        };
        let _ = stream.write_all(said.as_bytes());
    })
}

#[test]
fn shellcheck_has_no_complaint() {
    let mut files: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "sh"))
        .collect();
    files.sort();
    assert!(files.len() > SCRIPTS.len(), "{files:?}");
    let ran = Ran::from(
        Command::new("shellcheck")
            .current_dir(folder().parent().unwrap())
            .args(&files)
            .output()
            .expect("shellcheck is installed"),
    );
    assert_eq!(ran.code, Some(0), "{}", ran.out);
}

#[test]
fn each_script_explains_itself_and_refuses_wrong_arguments() {
    let bench = Bench::new();
    for script in SCRIPTS {
        for help in ["-h", "--help"] {
            let ran = bench.run(script, &[help], &[]);
            ran.expect(0, "Exit codes: 0 done, 10 refused");
            assert!(ran.out.starts_with(&format!("Usage: {script} ")), "{ran:?}");
        }
        for (args, words) in [
            (&["--nonsense"][..], "unknown argument '--nonsense'"),
            (&["-t"], "-t needs a value"),
            (&["-t", "soon"], "-t is a whole number from"),
            (&["-t", "0"], "-t is a whole number from"),
            (&["-t", "0x1f"], "-t is a whole number from"),
        ] {
            let ran = bench.run(script, args, &[]);
            ran.expect(64, words);
            assert!(ran.err.contains("Usage: ") && ran.out.is_empty(), "{ran:?}");
        }
    }
}

#[test]
fn promote_and_demote_change_the_node_and_confirm_it() {
    let (bench, node) = (Bench::new(), node(3));
    let env = [("EOSKEEPER_HTTP_URL", &*node.url()), ("EOSKEEPER_CHAIN_ID", CHAIN)];
    bench.run("promote.sh", PATIENT, &env).expect(0, "says paused = false, its head block is");
    bench.run("demote.sh", PATIENT, &env).expect(0, "says paused = true");
    bench
        .run("promote.sh", &["-t", "20", "-u", &format!("{}/", node.url())], &[])
        .expect(0, "paused = false");
    let orders: Vec<_> =
        node.requests().into_iter().filter(|request| request.starts_with("POST")).collect();
    assert_eq!(
        orders,
        [
            "POST /v1/producer/resume HTTP/1.1",
            "POST /v1/producer/pause HTTP/1.1",
            "POST /v1/producer/resume HTTP/1.1"
        ]
    );
}

#[test]
fn promote_refuses_where_it_would_do_harm_and_changes_nothing() {
    let bench = Bench::new();
    for (case, server, chain, words) in [
        ("behind", node(3600), CHAIN, "not synced: the head block is 36"),
        ("ahead", node(-3600), CHAIN, "clock is wrong"),
        ("other chain", node(3), "00", "not on 00"),
        ("no API", Server::saying(answer(500, "")), CHAIN, "does not answer get_info (HTTP 500)"),
        ("no time", Server::saying(answer(200, "{}")), "", "is no time: ''"),
    ] {
        let env = [("EOSKEEPER_HTTP_URL", &*server.url()), ("EOSKEEPER_CHAIN_ID", chain)];
        let ran = bench.run("promote.sh", PATIENT, &env);
        ran.expect(10, words);
        assert!(server.requests().iter().all(|r| r.starts_with("GET")), "{case}: {ran:?}");
    }
}

#[test]
fn a_node_that_cannot_be_told_is_reported_as_it_is() {
    let bench = Bench::new();
    let api = |paused: &'static str, status: u16| {
        Server::start(move |request, stream| {
            let said = match request {
                request if request.contains("get_info") => answer(200, &info(3)),
                request if request.contains("/paused") => answer(201, paused),
                _ => answer(status, r#"{"result":"ok"}"#),
            };
            let _ = stream.write_all(said.as_bytes());
        })
    };
    for (script, server, code, words) in [
        ("promote.sh", api("true", 201), 1, "does not say paused = false"),
        ("promote.sh", api("true", 404), 10, "load eosio::producer_api_plugin"),
        ("promote.sh", api("true", 500), 1, "HTTP 500; whether nodeos obeyed is not known"),
        ("demote.sh", api("false", 201), 1, "does not say paused = true"),
        ("demote.sh", api("\"true\"", 201), 1, "does not say paused = true"),
        ("demote.sh", api("true", 404), 10, "load eosio::producer_api_plugin"),
        ("demote.sh", api("true", 400), 10, "or add it as http-alias"),
        ("promote.sh", Server::saying(answer(400, "")), 10, "or add it as http-alias"),
        ("demote.sh", Server::saying("SSH-2.0-x\r\n"), 1, "not known"),
    ] {
        bench.run(script, &["-t", "20", "--url", &server.url()], &[]).expect(code, words);
    }
    // A port that was open a moment ago, and a name that is none.
    for url in ["http://127.0.0.1:1", "http://nodeos.invalid:8888"] {
        bench.run("demote.sh", &["-u", url], &[]).expect(10, "did not reach nodeos");
        bench.run("promote.sh", &["-u", url], &[]).expect(10, "does not answer get_info");
    }
}

#[test]
fn a_node_that_hangs_ends_the_script_at_its_deadline() {
    let bench = Bench::new();
    let hung = Server::start(|request, stream| {
        if request.contains("get_info") {
            let _ = stream.write_all(answer(200, &info(3)).as_bytes());
        } else {
            wait_for_end(stream);
        }
    });
    for script in ["promote.sh", "demote.sh"] {
        let ran = bench.run(script, &["-t", "1", "-u", &hung.url()], &[]);
        ran.expect(1, "obeys when it wakes");
    }
    let silent = Server::start(|_, stream| wait_for_end(stream));
    bench.run("promote.sh", &["-t", "1", "-u", &silent.url()], &[]).expect(10, "nothing was done");

    let endless = Server::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    let ran = bench.run("promote.sh", &["-t", "5", "-u", &endless.url()], &[]);
    ran.expect(10, "does not answer get_info");
}

#[test]
fn promote_remote_tells_the_standby_what_it_needs_and_no_more() {
    let bench = Bench::new().with("ssh", "echo promoted there");
    let env = [
        ("EOSKEEPER_PRODUCER", "eosstorebest"),
        ("EOSKEEPER_INCIDENT", "20261121T024837-producer_missing"),
        ("EOSKEEPER_REASON", "no block; '$(touch /tmp/x)' `id` \"x\"\n& more"),
        ("EOSKEEPER_CHAIN_ID", CHAIN),
        ("EOSKEEPER_HTTP_URL", "http://127.0.0.1:8888"),
    ];
    let args = ["-H", "eos@bp2.example.org", "-p", "2222", "-c", "/opt/k/promote.sh -a 60"];
    bench.run("promote-remote.sh", &args, &env).expect(0, "says it is done");
    let told = bench.told("ssh");
    for option in ["BatchMode=yes", "ConnectTimeout=4", "StrictHostKeyChecking=yes", "2222", "-n"] {
        assert!(told.iter().any(|arg| arg == option), "{option} is not in {told:?}");
    }
    let [.., host, command] = &told[..] else { panic!("{told:?}") };
    assert_eq!(host, "eos@bp2.example.org");
    assert_eq!(
        command,
        &format!(
            "env EOSKEEPER_ACTION='promote' EOSKEEPER_PRODUCER='eosstorebest' \
             EOSKEEPER_REASON='no block; (touch /tmp/x) id x more' \
             EOSKEEPER_INCIDENT='20261121T024837-producer_missing' \
             EOSKEEPER_CHAIN_ID='{CHAIN}' /opt/k/promote.sh -a 60"
        )
    );
}

#[test]
fn promote_remote_hands_on_the_exit_code() {
    for (then, code, words) in [
        ("echo 'not synced'; exit 10", 10, "the promotion script refused"),
        ("exit 3", 1, "failed with exit code 3"),
        ("exit 255", 1, "ssh to bp2 failed; try it by hand"),
        ("exit 127", 1, "is not there"),
    ] {
        let bench = Bench::new().with("ssh", then);
        bench.run("promote-remote.sh", &["-H", "bp2", "-t", "20"], &[]).expect(code, words);
    }
    for hang in ["exec sleep 300", "trap '' TERM; while :; do sleep 1; done"] {
        let bench = Bench::new().with("ssh", hang);
        let ran = bench.run("promote-remote.sh", &["-H", "bp2", "-t", "2"], &[]);
        ran.expect(1, "did not answer within the deadline of 2 s; it may still be promoting");
    }
}

#[test]
fn promote_remote_takes_arguments_before_environment_before_file() {
    let bench = Bench::new().with("ssh", "");
    let conf = bench.dir.path().join("scripts.conf");
    let conf_path = conf.to_str().unwrap();
    fs::write(
        &conf,
        "# The standby.\nREMOTE_HOST=from-file\nREMOTE_PORT=1022\n\nSIGNING_KEY=not ours\nPATH=/x\n",
    )
    .unwrap();
    let env = [("REMOTE_HOST", "from-env")];
    for (args, env, host) in [
        (&["-f", conf_path][..], &[][..], "from-file"),
        (&["-f", conf_path], &env, "from-env"),
        (&["-f", conf_path, "-H", "from-arg"], &env, "from-arg"),
    ] {
        bench.run("promote-remote.sh", args, env).expect(0, host);
        let told = bench.told("ssh");
        assert_eq!(told[told.len() - 2], host);
        assert!(told.iter().any(|arg| arg == "1022"), "{told:?}");
    }
    bench.run("promote-remote.sh", &[], &[]).expect(64, "no standby given");
    bench.run("promote-remote.sh", &["-H", "-oProxyCommand=x"], &[]).expect(64, "is no host");
    bench.run("promote-remote.sh", &["-f", "/no/file"], &[]).expect(1, "cannot be read");
    fs::write(&conf, "REMOTE_HOST=a\nrm -rf x\n").unwrap();
    bench
        .run("promote-remote.sh", &["-f", conf_path], &[])
        .expect(1, "scripts.conf:2 is not NAME=value");
}

/// A schedule of three, in which `eosstorebest` signs with `key`; a pending one has the own key.
fn schedule(key: &str, authority: bool) -> String {
    let row = |name: &str, key: &str| {
        if authority {
            let keys = format!(r#"[{{"key":"{key}","weight":1}}]"#);
            format!(
                r#"{{"producer_name":"{name}","authority":[0,{{"threshold":1,"keys":{keys}}}]}}"#
            )
        } else {
            format!(r#"{{"producer_name": "{name}", "block_signing_key": "{key}"}}"#)
        }
    };
    let rows = |key: &str| {
        [row("atticlab1234", OWN_KEY), row("eosstorebest", key), row("zbeosbp11111", OWN_KEY)]
            .join(",")
    };
    format!(
        r#"{{"active":{{"version":3,"producers":[{}]}},"pending":{{"version":4,"producers":[{}]}},"proposed":null}}"#,
        rows(key),
        rows(OWN_KEY)
    )
}

/// A node whose schedule has the own key as soon as the file `sent` is there.
fn chain(bench: &Bench, authority: bool) -> Server {
    let sent = bench.dir.path().join("sent");
    Server::start(move |request, stream| {
        let said = if request.contains("get_info") {
            info(3)
        } else if sent.exists() {
            schedule(OWN_KEY, authority)
        } else {
            schedule(OTHER_KEY, authority)
        };
        let _ = stream.write_all(answer(200, &said).as_bytes());
    })
}

#[test]
fn switch_key_registers_the_key_and_waits_for_it() {
    for authority in [false, true] {
        let bench = Bench::new().with("cleos", "touch \"$HOME/sent\"");
        let node = chain(&bench, authority);
        let env = [
            ("EOSKEEPER_PRODUCER", "eosstorebest"),
            ("EOSKEEPER_HTTP_URL", &*node.url()),
            ("EOSKEEPER_CHAIN_ID", CHAIN),
            ("SIGNING_KEY", OWN_KEY),
        ];
        let args = ["-w", "https://example.org", "-l", "840", "--wallet", "http://127.0.0.1:8900"];
        bench.run("switch-key.sh", &args, &env).expect(0, "the schedule has this key");
        let url = node.url();
        let told = [
            "--url",
            &url,
            "--wallet-url",
            "http://127.0.0.1:8900",
            "system",
            "regproducer",
            "eosstorebest",
            OWN_KEY,
            "https://example.org",
            "840",
            "-p",
            "eosstorebest@active",
        ];
        assert_eq!(bench.told("cleos"), told);
        bench.run("switch-key.sh", &args, &env).expect(0, "already has this key");
        assert_eq!(bench.told("cleos").len(), told.len(), "it was sent twice");
    }
}

#[test]
fn switch_key_as_the_keepers_script_sends_and_leaves_the_wait_to_the_keeper() {
    let bench = Bench::new().with("cleos", "");
    let node = chain(&bench, true);
    let finalizer = format!("PUB_BLS_{}", "a".repeat(130));
    let env = [
        ("EOSKEEPER_PRODUCER", "eosstorebest"),
        ("EOSKEEPER_HTTP_URL", &*node.url()),
        ("EOSKEEPER_CHAIN_ID", CHAIN),
        ("EOSKEEPER_KEY", OWN_KEY_NEW),
        ("FINALIZER_KEY", &finalizer),
    ];
    bench.run("switch-key.sh", &[], &env).expect(0, "regproducer is sent");
    let told = bench.told("cleos");
    assert_eq!(told[2..6], ["system", "regproducer", "eosstorebest", OWN_KEY_NEW]);
    let data = format!("[\"eosstorebest\",\"{finalizer}\"]");
    assert!(told.windows(3).any(|w| w == ["eosio", "actfinkey", &data]), "{told:?}");
    // The chain prints the key in its old form.
    fs::write(bench.dir.path().join("sent"), "").unwrap();
    bench.run("switch-key.sh", &[], &env).expect(0, "already has this key");
    let private = [("FINALIZER_KEY", "PVT_BLS_secret")];
    let ran = bench.run("switch-key.sh", &["-P", "bp", "-k", OWN_KEY], &private);
    ran.expect(64, "is no public finalizer key");
    assert!(!ran.err.contains("secret"), "a secret was printed");
}

#[test]
fn switch_key_says_where_it_got_stuck() {
    let stuck = |cleos: &str, producer: &str, chain_id: &str| {
        let bench = Bench::new().with("cleos", cleos);
        let node = chain(&bench, false);
        let env = [("EOSKEEPER_HTTP_URL", &*node.url()), ("EOSKEEPER_CHAIN_ID", chain_id)];
        bench.run("switch-key.sh", &["-P", producer, "-k", OWN_KEY, "-t", "2"], &env)
    };
    stuck("exit 0", "eosstorebest", CHAIN).expect(1, "does not have the key after 2 s");
    let locked = "echo 'Error 3120003: Locked wallet' >&2; exit 1";
    let ran = stuck(locked, "eosstorebest", CHAIN);
    ran.expect(1, "cleos failed with 1");
    assert!(ran.err.contains("Locked wallet"), "{ran:?}");
    stuck("exit 0", "producer111a", CHAIN).expect(10, "not in the active schedule");
    // Part of another's name.
    stuck("exit 0", "eosstore", CHAIN).expect(10, "not in the active schedule");
    stuck("exit 0", "eosstorebest", "00").expect(10, "not on 00");
}

#[test]
fn switch_key_checks_what_it_is_told_and_can_only_show_it() {
    let bench = Bench::new().with("cleos", "");
    let run = |args: &[&str]| bench.run("switch-key.sh", args, &[]);
    run(&["-k", OWN_KEY]).expect(64, "'' is no producer's name");
    run(&["-P", "Producer", "-k", OWN_KEY]).expect(64, "is no producer's name");
    run(&["-P", "bp"]).expect(64, "there is no public key");
    // The key every EOSIO tutorial prints.
    let private = "5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3";
    let ran = run(&["-P", "bp", "-k", private]);
    ran.expect(64, "there is no public key");
    assert!(!ran.err.contains(private), "a secret was printed");
    run(&["-P", "bp", "-k", OWN_KEY, "-l", "70000"]).expect(64, "--location is a whole number");
    run(&["-P", "bp", "-k", OWN_KEY, "-a", "bp"]).expect(64, "is no permission");
    let ran = run(&["--dry-run", "-P", "bp", "-k", OWN_KEY, "-w", "https://a b", "-a", "bp@claim"]);
    ran.expect(0, "cleos --url http://127.0.0.1:8888 system regproducer bp EOS6MRy");
    assert!(ran.out.contains(r"https://a\ b 0 -p bp@claim"), "{ran:?}");
    assert!(bench.told("cleos").is_empty());
}

/// No test: what [`Node`] starts. Listens, says so, and waits.
#[test]
#[ignore = "started by the other tests"]
fn listener() {
    if std::env::var_os("EK_LISTEN").is_none() {
        return;
    }
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    println!("listens {} ", socket.local_addr().unwrap().port());
    std::thread::sleep(std::time::Duration::from_secs(120));
}

/// A process that listens, under a name; killed when it is dropped.
struct Node {
    child: std::process::Child,
    port: String,
}

impl Node {
    /// Starts one; `deaf` to SIGTERM it takes a kill to end it.
    fn start(name: &str, deaf: bool) -> Self {
        use std::io::{BufRead, BufReader};
        let trap = if deaf { "trap '' TERM;" } else { "" };
        let program = std::env::current_exe().unwrap();
        let script = format!(
            "{trap} exec -a {name} {} shell_scripts::listener --exact --ignored --nocapture",
            program.display()
        );
        let mut child = Command::new("bash")
            .args(["-c", &script])
            .env("EK_LISTEN", "1")
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            Some(line.split_once("listens ")?.1.split(' ').next()?.to_owned())
        });
        Self { child, port: port.expect("it listens") }
    }

    fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn fence_ends_nodeos_with_force_if_need_be_and_nothing_else() {
    let bench = Bench::new();
    for (deaf, words) in [(false, "has ended"), (true, "is killed")] {
        let mut node = Node::start("/usr/bin/nodeos", deaf);
        let port = node.port.clone();
        let ran = bench.run("fence.sh", &["--pid-of-port", &port, "-t", "2"], &[]);
        ran.expect(0, &format!("process {} {words}", node.child.id()));
        assert!(node.has_ended(), "{ran:?}");
        let again = bench.run("fence.sh", &["--pid-of-port", &port], &[]);
        again.expect(10, "nobody listens on port");
    }
    // One that was stopped in its tracks would sign when it goes on.
    let mut frozen = Node::start("nodeos", false);
    let pid = rustix::process::Pid::from_child(&frozen.child);
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    let url = format!("http://127.0.0.1:{}/", frozen.port);
    bench.run("fence.sh", &[], &[("EOSKEEPER_HTTP_URL", &url)]).expect(0, "is killed");
    assert!(frozen.has_ended());

    let mut relay = Node::start("haproxy", false);
    let port = relay.port.clone();
    let ran = bench.run("fence.sh", &["--pid-of-port", &port], &[]);
    ran.expect(10, &format!("is no nodeos: process {} (haproxy", relay.child.id()));
    assert!(!relay.has_ended());
    bench.run("fence.sh", &["--unit", "a", "--container", "b"], &[]).expect(64, "give one of");
}

/// A `systemctl` of a unit whose state is a file: `stop` obeys or not, `kill` always does.
fn systemd(obeys: bool) -> Bench {
    let stop = if obeys { "echo inactive 0 >\"$HOME/unit\"" } else { "exec sleep 60" };
    let bench = Bench::new().with(
        "systemctl",
        &format!(
            "read -r state main <\"$HOME/unit\"
case $1 in
show) if [[ $* == *--value* ]]; then echo $main; else
    printf 'LoadState=%s\\nActiveState=%s\\nMainPID=%s\\n' \
        \"$([[ $* == *nodeos* ]] && echo loaded || echo not-found)\" $state $main; fi ;;
stop) {stop} ;;
kill) echo failed 0 >\"$HOME/unit\" ;;
restart) echo active $((main + 1)) >\"$HOME/unit\" ;;
esac"
        ),
    );
    fs::write(bench.dir.path().join("unit"), "active 4711\n").unwrap();
    bench
}

#[test]
fn fence_stops_a_unit_and_looks_whether_it_did() {
    let obedient = systemd(true);
    obedient.run("fence.sh", &["--unit", "nodeos"], &[]).expect(0, "is stopped (inactive)");
    obedient.run("fence.sh", &["--unit", "nodeos"], &[]).expect(0, "is inactive already");
    obedient.run("fence.sh", &["--unit", "other"], &[]).expect(10, "knows no unit other");
    let hung = systemd(false);
    let env = [("FENCE_UNIT", "nodeos.service")];
    hung.run("fence.sh", &["-t", "1"], &env).expect(0, "is killed (failed)");
    let none = Bench::new().with("systemctl", "echo 'no bus' >&2; exit 1");
    none.run("fence.sh", &[], &env)
        .expect(10, "systemd does not answer about nodeos.service: no bus");
    let stuck = Bench::new().with(
        "systemctl",
        "[[ $1 != show ]] || printf 'LoadState=loaded\\nActiveState=active\\nMainPID=1\\n'",
    );
    stuck.run("fence.sh", &["-t", "1"], &env).expect(1, "is active with main process 1");
}

#[test]
fn restart_is_done_when_another_process_runs() {
    let systemd = systemd(true);
    systemd.run("restart.sh", &["--unit", "nodeos"], &[]).expect(0, "the unit nodeos runs again");
    assert_eq!(fs::read_to_string(systemd.dir.path().join("unit")).unwrap(), "active 4712\n");
    systemd.run("restart.sh", &[], &[]).expect(10, "what is to be restarted is not known");
    let same = Bench::new().with("systemctl", "[[ $1 != show ]] || echo 4711");
    let ran = same.run("restart.sh", &["--unit", "nodeos", "-t", "2"], &[]);
    ran.expect(1, "is not seen to run again within 2 s");
    let none = Bench::new().with("docker", "echo 'Cannot connect' >&2; exit 1");
    let ran = none.run("restart.sh", &["--container", "nodeos"], &[]);
    ran.expect(10, "nothing is known of the container nodeos: Cannot connect");
}
