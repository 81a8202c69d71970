//! The script runner with real scripts, well behaved and not.

use crate::own_log as log;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eoskeeper::actions::script::{Host, OUTPUT_BYTES, OUTPUT_LINES, run};
use eoskeeper::core::action::{Act, ActResult, Order};
use eoskeeper::core::handover::{Fence, Handover};
use eoskeeper::core::settings::Role;
use eoskeeper::core::time::Timestamp;
use tempfile::TempDir;

/// For scripts that end by themselves: nothing is measured by it.
const LONG: Duration = Duration::from_secs(20);
/// For scripts that do not; long enough for a busy machine to have started them.
const SHORT: Duration = Duration::from_secs(3);

fn order(act: Act) -> Order {
    Order {
        id: 7,
        act,
        reason: "no block of eosstorebest for 4 min 20 s; $(touch /tmp/x) 'quoted' \n line"
            .to_owned(),
        incident: "20261121T024837-producer_missing".to_owned(),
        producer: "eosstorebest".parse().unwrap(),
        chain_id: Some("8a34ec7d".repeat(8)),
        token: None,
        handover: None,
    }
}

/// A directory with one script in it, which is told of the directory by `EOSKEEPER_STATE_DIR`.
struct Bench {
    dir: TempDir,
    script: PathBuf,
}

impl Bench {
    fn new(text: &str) -> Self {
        log::collect();
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("act.sh");
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        Self { dir, script }
    }

    /// A `bash` script.
    fn bash(text: &str) -> Self {
        Self::new(&format!("#!/bin/bash\n{text}\n"))
    }

    fn host(&self) -> Host {
        Host {
            role: Role::FirstStandby,
            node: "b".to_owned(),
            producer_key: None,
            http_url: "http://127.0.0.1:8888".to_owned(),
            state_dir: self.dir.path().to_owned(),
        }
    }

    async fn run(&self, deadline: Duration) -> ActResult {
        run(&self.script, &order(Act::Promote), &self.host(), deadline).await
    }

    /// What the script wrote to a file in its directory.
    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    /// Process number a script wrote to the file `pid`.
    fn pid(&self) -> u32 {
        self.file("pid").trim().parse().expect("a process number")
    }
}

/// Whether a process is there and is no zombie. A killed orphan waits for init to reap it.
fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..400 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to this: {what}");
}

/// The text of a failure.
fn failed(result: ActResult) -> String {
    let ActResult::Failed(why) = result else { panic!("not failed: {result}") };
    why
}

#[tokio::test]
async fn the_exit_code_decides() {
    for (text, result) in [
        ("echo promoted", ActResult::Done("promoted".to_owned())),
        ("echo one; echo two; echo; echo '  '", ActResult::Done("two".to_owned())),
        ("printf 'no newline'", ActResult::Done("no newline".to_owned())),
        ("echo out; echo err >&2", ActResult::Done("out".to_owned())),
        ("echo err >&2", ActResult::Done("err".to_owned())),
        ("exit 0", ActResult::Done("it said nothing".to_owned())),
        ("echo 'not synced'; exit 10", ActResult::Refused("not synced".to_owned())),
    ] {
        assert_eq!(Bench::bash(text).run(LONG).await, result, "{text}");
    }
    for (text, words) in [
        ("echo progress; echo 'no wallet' >&2; exit 1", "failed with exit code 1: no wallet"),
        ("exit 9", "exit code 9: it said nothing"),
        ("exit 11", "exit code 11"),
        ("nosuchcommand", "exit code 127"),
        ("kill -SEGV $$", "killed by signal 11, not by us"),
        ("kill -KILL $$", "killed by signal 9, not by us"),
    ] {
        let why = failed(Bench::bash(text).run(LONG).await);
        assert!(why.contains(words), "{text}: {why}");
        assert!(why.contains("act.sh"), "{text}: {why}");
    }
}

#[tokio::test]
async fn what_cannot_be_started_says_why_and_that_nothing_was_done() {
    let bench = Bench::bash("echo never");
    let plain = bench.dir.path().join("plain.sh");
    fs::write(&plain, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).unwrap();
    let no_interpreter = Bench::new("#!/no/such/interpreter\n");
    let empty = Bench::new("");
    let binary = Bench::new("\u{7f}EL\u{0}\u{1}");
    for (path, words) in [
        (Path::new("/no/such/script.sh"), "does not exist"),
        (plain.as_path(), "not executable"),
        (bench.dir.path(), "is a directory"),
        (bench.script.join("below").as_path(), "could not be started"),
        (no_interpreter.script.as_path(), "interpreter"),
        (empty.script.as_path(), "no first line such as #!/bin/sh"),
        (binary.script.as_path(), "no first line such as #!/bin/sh"),
        // Not searched for in PATH.
        (Path::new("true"), "does not exist"),
        (Path::new(""), "cannot be made absolute"),
    ] {
        let why = failed(run(path, &order(Act::Promote), &bench.host(), LONG).await);
        assert!(why.contains(words), "{}: {why}", path.display());
        let nothing = why.contains("nothing was done") || why.contains("was not run");
        assert!(nothing, "{}: {why}", path.display());
    }
}

#[tokio::test]
async fn what_is_there_of_lease_key_and_handover_is_told_and_nothing_else() {
    let bench = Bench::bash(
        "echo \"$EOSKEEPER_ACTION ${EOSKEEPER_TOKEN-none} ${EOSKEEPER_KEY-none} \
         ${EOSKEEPER_TO-none} ${EOSKEEPER_FROM-none} ${EOSKEEPER_HANDOVER-none}\"",
    );
    let run = async |order: Order, host: Host| run(&bench.script, &order, &host, LONG).await;
    let bare = run(order(Act::Fence), bench.host()).await;
    assert_eq!(bare, ActResult::Done("fence none none none none none".to_owned()));
    let handover = Handover {
        id: "20261121T024837-handover".to_owned(),
        from: "a".to_owned(),
        to: "b".to_owned(),
        producer: "eosstorebest".parse().unwrap(),
        chain_id: None,
        reason: "its process ended".to_owned(),
        fence: Fence::Fenced,
        fenced_at: Timestamp::from_ms(0),
        planned: false,
    };
    let order = Order { token: Some(4711), handover: Some(handover), ..order(Act::Restart) };
    let host = Host { producer_key: Some("PUB_K1_x".to_owned()), ..bench.host() };
    let full = run(order, host).await;
    let words = "restart 4711 PUB_K1_x b a 20261121T024837-handover";
    assert_eq!(full, ActResult::Done(words.to_owned()));
}

#[tokio::test]
async fn the_environment_is_what_the_contract_says() {
    let bench = Bench::bash("env -0 | tr '\\n\\0' '?\\n' > \"$EOSKEEPER_STATE_DIR/env\"; echo $#");
    assert_eq!(bench.run(LONG).await, ActResult::Done("0".to_owned()), "no arguments");
    let text = bench.file("env");
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
    };
    assert_eq!(value("EOSKEEPER_ROLE"), "B");
    assert_eq!(value("EOSKEEPER_PRODUCER"), "eosstorebest");
    assert_eq!(value("EOSKEEPER_ACTION"), "promote");
    assert_eq!(value("EOSKEEPER_NODE"), "b");
    assert_eq!(value("EOSKEEPER_INCIDENT"), "20261121T024837-producer_missing");
    assert_eq!(value("EOSKEEPER_CHAIN_ID"), "8a34ec7d".repeat(8));
    assert_eq!(value("EOSKEEPER_HTTP_URL"), "http://127.0.0.1:8888");
    assert_eq!(value("EOSKEEPER_STATE_DIR"), bench.dir.path().to_str().unwrap());
    assert_eq!(
        value("EOSKEEPER_REASON"),
        "no block of eosstorebest for 4 min 20 s; $(touch /tmp/x) 'quoted'   line"
    );
    assert!(!value("PATH").is_empty());
    // `cargo test` sets many more, and bash adds a few of its own.
    let known = ["PATH", "HOME", "LANG", "TZ", "PWD", "SHLVL", "_", "OLDPWD"];
    for name in text.lines().map(|line| line.split('=').next().unwrap()) {
        assert!(known.contains(&name) || name.starts_with("EOSKEEPER_"), "{name} was handed on");
    }
}

#[tokio::test]
async fn an_unknown_chain_is_an_empty_variable() {
    let bench = Bench::bash("set -u; echo \"[$EOSKEEPER_CHAIN_ID] $EOSKEEPER_ACTION\"");
    let order = Order { chain_id: None, ..order(Act::PromoteRemote) };
    let result = run(&bench.script, &order, &bench.host(), LONG).await;
    assert_eq!(result, ActResult::Done("[] promote_remote".to_owned()));
}

#[tokio::test]
async fn a_script_that_hangs_is_ended_with_its_children() {
    let bench =
        Bench::bash("echo started; sleep 300 & echo $! > \"$EOSKEEPER_STATE_DIR/pid\"; wait");
    let why = failed(bench.run(SHORT).await);
    assert!(why.contains("did not end within 3000 ms and was killed"), "{why}");
    assert!(why.contains("Its last words: started"), "{why}");
    until("the child is gone", || !lives(bench.pid())).await;
}

#[tokio::test]
async fn a_script_that_ignores_sigterm_is_killed_with_its_children() {
    // The child ignores it too, and holds the pipes open.
    let bench = Bench::bash(
        "trap '' TERM; sleep 300 & echo $! > \"$EOSKEEPER_STATE_DIR/pid\"
         while :; do sleep 1; done",
    );
    let why = failed(bench.run(SHORT).await);
    assert!(why.contains("was killed"), "{why}");
    until("the child is gone", || !lives(bench.pid())).await;
}

#[tokio::test]
async fn a_script_may_tidy_up_on_sigterm() {
    let bench = Bench::bash(
        "trap 'echo undone > \"$EOSKEEPER_STATE_DIR/undone\"; echo tidied >&2; exit 0' TERM
         while :; do sleep 0.1; done",
    );
    let why = failed(bench.run(SHORT).await);
    // Also with exit code 0: it did not do what it was told in time.
    assert!(why.contains("Its last words: tidied"), "{why}");
    assert_eq!(bench.file("undone"), "undone\n");
}

#[tokio::test]
async fn a_child_that_holds_the_output_does_not_hold_us_and_is_ended() {
    let bench = Bench::bash("sleep 300 & echo $! > \"$EOSKEEPER_STATE_DIR/pid\"; echo done");
    assert_eq!(bench.run(LONG).await, ActResult::Done("done".to_owned()));
    until("the child is gone", || !lives(bench.pid())).await;
}

#[tokio::test]
async fn a_daemon_that_lets_go_of_the_output_lives_on() {
    let bench = Bench::bash(
        "setsid sleep 300 </dev/null >/dev/null 2>&1 & echo $! > \"$EOSKEEPER_STATE_DIR/pid\"
         echo done",
    );
    assert_eq!(bench.run(LONG).await, ActResult::Done("done".to_owned()));
    let pid = bench.pid();
    assert!(lives(pid));
    let daemon = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(daemon, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_daemon_that_keeps_the_output_does_not_hold_us() {
    // Out of the group, so that it gets no signal, and with our pipes open.
    let bench = Bench::bash(
        "setsid bash -c 'echo $$ > \"$EOSKEEPER_STATE_DIR/pid\"; exec sleep 300' &
         while ! [ -s \"$EOSKEEPER_STATE_DIR/pid\" ]; do sleep 0.05; done; echo done",
    );
    assert_eq!(bench.run(LONG).await, ActResult::Done("done".to_owned()));
    let daemon = rustix::process::Pid::from_raw(bench.pid().cast_signed()).unwrap();
    rustix::process::kill_process(daemon, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn output_is_bounded_and_made_printable() {
    let cases = [
        ("10 MiB in lines", "yes | head -c 10485760; echo; echo last", "last"),
        ("10 MiB in one line", "head -c 10485760 /dev/zero | tr '\\0' x; echo; echo last", "last"),
        (
            "10 MiB to both",
            "head -c 10485760 /dev/urandom | tee /dev/stderr; echo; echo last",
            "last",
        ),
        ("control characters", "printf 'a\\033[31mb\\007c\\n'", "a\u{fffd}[31mb\u{fffd}c"),
        ("not UTF-8", "printf 'a\\377b\\n'", "a\u{fffd}b"),
        ("CRLF", "printf 'ok\\r\\n'", "ok"),
    ];
    for (case, text, last) in cases {
        assert_eq!(Bench::bash(text).run(LONG).await, ActResult::Done(last.to_owned()), "{case}");
    }
    let ActResult::Done(words) = Bench::bash("printf '%05000d' 0").run(LONG).await else {
        panic!("not done");
    };
    assert_eq!(words, "0".repeat(300));
}

#[tokio::test]
async fn output_is_logged_by_lines_up_to_its_bound() {
    let text =
        "echo first; echo oops >&2; for i in {1..1000}; do echo \"line $i $(printf %0100d 0)\"
        done; printf 'no newline'";
    Bench::bash(text).run(LONG).await;
    let lines = log::lines();
    let of = |stream: &str| {
        let of = |line: &&serde_json::Value| {
            line["target"] == "script" && line["fields"]["stream"] == stream
        };
        lines.iter().filter(of).map(|line| &line["fields"]["message"]).collect::<Vec<_>>()
    };
    let out = of("stdout");
    assert_eq!((out[0], &of("stderr")[..]), (&"first".into(), &[&"oops".into()][..]));
    let bytes: usize = out.iter().map(|text| text.as_str().unwrap().len()).sum();
    assert!(bytes <= OUTPUT_BYTES && bytes > OUTPUT_BYTES - 300, "{bytes} bytes");
    let skipped = lines.iter().find(|line| line["fields"]["skipped"].is_u64()).unwrap();
    assert_eq!(skipped["level"], "WARN");
    // Every line tells which incident it belongs to.
    for line in &lines {
        assert_eq!(line["fields"]["incident"], "20261121T024837-producer_missing", "{line}");
    }
}

#[tokio::test]
async fn very_many_short_lines_do_not_fill_our_log() {
    Bench::bash("yes | head -n 100000").run(LONG).await;
    let count = log::lines().iter().filter(|line| line["target"] == "script").count();
    assert_eq!(count, OUTPUT_LINES);
}

#[tokio::test]
async fn a_script_that_never_stops_talking_is_ended() {
    let why = failed(Bench::bash("yes").run(SHORT).await);
    assert!(why.contains("Its last words: y"), "{why}");
}

#[tokio::test]
async fn standard_input_is_empty() {
    let result = Bench::bash("read -r line || echo 'no input'").run(LONG).await;
    assert_eq!(result, ActResult::Done("no input".to_owned()));
}

#[tokio::test]
async fn an_action_that_is_given_up_takes_its_processes_with_it() {
    let bench = Arc::new(Bench::bash(
        "sleep 300 & echo $! > \"$EOSKEEPER_STATE_DIR/pid\"; trap '' TERM; wait; wait",
    ));
    let running = Arc::clone(&bench);
    let task = tokio::spawn(async move { running.run(LONG * 10).await });
    until("the child runs", || bench.file("pid").ends_with('\n')).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    until("the child is gone", || !lives(bench.pid())).await;
}
