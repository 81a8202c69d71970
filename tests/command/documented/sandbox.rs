//! A host as the documents describe it: a nodeos that looks real, its log, a configuration with every
//! channel, and a keeper that runs; beside it one of two nodes, for commands that name a node. Nothing of
//! it leaves loopback.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};
use std::time::{Duration, Instant};

use super::read::{Command, Place, programs, root};
use crate::fake_nodeos::FakeNodeos;

/// What commands of the sandbox may start; a line with any other program is not run here.
const PROGRAMS: &[&str] = &["eoskeeper", "base64", "curl", "head", "jq", "tail", "umask", "zcat"];
/// A command that takes longer is a fault. The machine may be busy.
const SECONDS: u64 = 90;

/// What documents write for something of the reader's, and what there is in the sandbox.
const PLACEHOLDERS: &[(&str, &str)] = &[
    ("--test NAME", "--test script"),
    ("--to NAME", "--to a"),
    ("--node NAME", "--node wax"),
    ("--cause NAME", "--cause api_down"),
    ("--reason TEXT", "--reason disk"),
    (" INCIDENT", " 20261121T0248"),
    ("classify FILE", "classify nodeos.log"),
    ("-c FILE", "-c config.ini"),
    ("http://HOST:9880", "http://127.0.0.1:9880"),
    ("--url URL", "--url http://127.0.0.1:9880"),
    ("prod1,prod2,prod3", "eosstorebest,producer111a"),
    ("https://api.example.org", "http://127.0.0.1:8888"),
    ("http://10.0.0.5:9880", "http://127.0.0.1:9880"),
    // Without a terminal it shows one frame.
    ("eoskeeper top", "eoskeeper top --once"),
    ("top --once --once", "top --once"),
];

/// Where a reader has files, or puts some; here it is the sandbox.
const PLACES: &[&str] = &[
    "/etc/eoskeeper/",
    "/var/log/nodeos/",
    "/etc/bash_completion.d/",
    "${fpath[1]}/",
    "~/.config/fish/completions/",
    "/usr/local/share/man/",
];

/// Commands that are not let run to their end: what is tried of them is that their arguments are taken.
const ARGUMENTS_ONLY: &[(&str, &str)] = &[
    ("demo", "takes a minute and a quarter: tests/command/demo.rs runs it"),
    ("run", "the sandbox's own keeper is one; tests/command/run.rs has the rest"),
    ("simulate", "takes minutes: tests/simulator runs what it plays"),
];

/// Commands that a text may name without the arguments they need.
const NAMES: &[&str] = &["chart", "cloudwatch", "evidence", "notify", "replay", "switchover"];

/// Whether a program of a line may be started here: not beside a network of real nodes that the line names.
pub(super) fn has(program: &str, line: &str) -> bool {
    PROGRAMS.contains(&program) && !line.contains("target/drill")
}

/// Where the keeper of two nodes has its files, in the sandbox.
const SEVERAL: &str = "several";

/// Ended, with its keepers, when it is dropped.
pub(super) struct Sandbox {
    node: FakeNodeos,
    keepers: Vec<Child>,
    /// Of the keeper of one node, and of that of two.
    pages: [u16; 2],
}

/// Whether a line is for the keeper of two nodes.
fn is_of_several(line: &str) -> bool {
    line.contains("--node ")
}

impl Sandbox {
    /// Prepares it all and starts the keepers.
    pub(super) fn set() -> Self {
        let node = FakeNodeos::start("pause-on-startup = true\n", Some(true));
        let pages = [free_port(), free_port()];
        let sandbox = |name: &str| node.path(name);
        write(sandbox("config.ini"), &config(&node, pages[0]), 0o600);
        write(sandbox("telegram.token"), "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11\n", 0o600);
        write(sandbox("wecom.key"), "693a91f6-7a0c-4bc4-97a0-0ec2sifa5aaa\n", 0o600);
        write(sandbox("pagerduty.key"), "0123456789abcdef0123456789abcdef\n", 0o600);
        for name in ["slack.url", "discord.url"] {
            write(sandbox(name), "http://127.0.0.1:1/hook\n", 0o600);
        }
        write(sandbox("notify.sh"), "#!/bin/sh\ncat >/dev/null\n", 0o755);
        let recorded = root().join("tests/fixtures/recorded/b.log.gz");
        for name in ["nodeos.log.2.gz", "nodeos.log.1.gz"] {
            fs::copy(&recorded, sandbox(name)).unwrap();
        }
        fs::copy(sandbox("nodeos.log"), sandbox("nodeos.log.1")).unwrap();
        fs::create_dir(sandbox(SEVERAL)).unwrap();
        write(sandbox(SEVERAL).join("config.ini"), &config_of_two(&node, pages[1]), 0o600);
        write(sandbox(SEVERAL).join("wax.log"), "", 0o600);
        let mut set = Self { node, keepers: Vec::new(), pages };
        set.start("eoskeeper status");
        set.start("eoskeeper status --node wax");
        set
    }

    /// Starts a keeper and waits until it answers this.
    fn start(&mut self, question: &str) {
        let log = self.dir(question).join("keeper.log");
        let own = fs::File::create(&log).unwrap();
        let mut keeper = self.program("exec eoskeeper run", self.dir(question));
        let keeper = keeper.stdout(own.try_clone().unwrap()).stderr(own).spawn().unwrap();
        self.keepers.push(keeper);
        let begun = Instant::now();
        while !self.shell(question).is_ok_and(|(code, _)| code == 0) {
            let said = || fs::read_to_string(&log).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(60), "no keeper: {}", said());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Where a line is run.
    fn dir(&self, line: &str) -> PathBuf {
        match is_of_several(line) {
            true => self.node.path(SEVERAL),
            false => self.node.path(""),
        }
    }

    /// Runs a command as its reader would; what is wrong with how it ended.
    pub(super) fn try_out(&self, command: &Command) -> Result<(), String> {
        let line = self.fitted(command);
        let subcommand = subcommand(&line);
        let is_name = command.place == Place::Text
            && line.split_whitespace().count() == 2
            && NAMES.contains(&subcommand);
        let only = is_name || ARGUMENTS_ONLY.iter().any(|(name, _)| *name == subcommand);
        let line = if only { format!("{line} --help") } else { line.clone() };
        let (code, said) = self.shell(&line)?;
        let usage = said.contains("For more information, try '--help'");
        let allowed: &[i32] = if only { &[0] } else { codes(&line, subcommand) };
        if !usage && allowed.contains(&code) {
            return Ok(());
        }
        let end: String = said.chars().take(1_500).collect();
        Err(format!("`{line}` ended with {code}, not with one of {allowed:?}:\n{end}"))
    }

    /// Ends the keepers as systemd does; they must end well.
    pub(super) fn end(mut self) -> Result<(), String> {
        self.keepers.iter_mut().try_for_each(end)
    }

    /// The line with what there is in the sandbox in place of what is the reader's.
    fn fitted(&self, command: &Command) -> String {
        let mut line = command.line.clone();
        if command.place == Place::Text {
            // What may be left out: `[--evidence]`.
            line = line.replace(['[', ']'], "");
        }
        for (from, to) in PLACEHOLDERS {
            line = line.replace(from, to);
        }
        let here = format!("{}/", self.node.path("").display().to_string().trim_end_matches('/'));
        for place in PLACES {
            line = line.replace(place, &here);
        }
        let rpc = self.node.server.url();
        line = line.replace("http://127.0.0.1:8888", &rpc);
        let page = self.pages[usize::from(is_of_several(&line))];
        line = line.replace("http://127.0.0.1:9880", &format!("http://127.0.0.1:{page}"));
        line = line.replace("--pid 4711", &format!("--pid {}", self.node.pid()));
        if subcommand(&line) == "init" && !line.contains(" -o ") && !line.contains("--dry-run") {
            // Without it the host's own file might be meant.
            line.push_str(" --force -o written.ini");
        }
        line
    }

    /// Runs a line by a shell; its exit code and what it printed.
    fn shell(&self, line: &str) -> Result<(i32, String), String> {
        let limit = format!("set -o pipefail; {line}");
        let mut child = self
            .program(&limit, self.dir(line))
            .stdout(fs::File::create(self.node.path("out")).unwrap())
            .stderr(fs::File::create(self.node.path("err")).unwrap())
            .spawn()
            .map_err(|error| error.to_string())?;
        let begun = Instant::now();
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if begun.elapsed() > Duration::from_secs(SECONDS) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(format!("`{line}` has not ended within {SECONDS} s"));
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        let read = |name| fs::read(self.node.path(name)).unwrap_or_default();
        let said = [read("err"), read("out")].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        Ok((status.code().unwrap_or(-1), said))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        for keeper in &mut self.keepers {
            // It may have ended by itself.
            let _ = keeper.kill();
            let _ = keeper.wait();
        }
    }
}

fn end(keeper: &mut Child) -> Result<(), String> {
    let pid = keeper.id().to_string();
    let told = process::Command::new("kill").arg(&pid).status().is_ok_and(|s| s.success());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Some(status) = keeper.try_wait().unwrap() {
            return if told && status.success() {
                Ok(())
            } else {
                Err(format!("`eoskeeper run` ended with {status}"))
            };
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err("`eoskeeper run` does not end".to_owned())
}

/// The exit codes that a command may have here; 0 well, 1 not done. 2 is a wrong argument or
/// configuration, and for `init` alone also that it must be told more: this host may have other nodeos.
fn codes(line: &str, subcommand: &str) -> &'static [i32] {
    match subcommand {
        "promote" | "demote" | "switchover" | "failback" | "cloudwatch" | "evidence" => &[1],
        "notify" if line.contains("--test") && !line.contains("script") => &[1],
        "check" | "doctor" => &[0, 1],
        // The log of the sandbox's node stands still, which is no longer well after half a minute.
        "status" if line.contains("--health") => &[0, 1],
        // The keeper is seconds old: of a week there is nothing to draw, and no maintenance to end.
        "chart" => &[0, 1],
        "maintenance" if line.contains("--end") => &[0, 1],
        // The log is of today.
        "replay" if line.contains("--from") => &[0, 1],
        "init" => &[0, 1, 2],
        _ => &[0],
    }
}

/// `status` of `A=1 eoskeeper status --why`; nothing where eoskeeper isn't run.
fn subcommand(line: &str) -> &str {
    let mut words = line.split_whitespace().skip_while(|word| *word != "eoskeeper");
    words.next();
    let found = words.next().unwrap_or_default();
    debug_assert!(programs(line).contains(&"eoskeeper") || found.is_empty());
    found
}

impl Sandbox {
    /// A line for bash, in a directory of the sandbox, with this build first in `PATH`.
    fn program(&self, line: &str, dir: PathBuf) -> process::Command {
        let built = PathBuf::from(env!("CARGO_BIN_EXE_eoskeeper"));
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = process::Command::new("bash");
        command
            .args(["-c", line])
            .current_dir(dir)
            .env_clear()
            .env("PATH", format!("{}:{path}", built.parent().unwrap().display()))
            .env("HOME", self.node.path(""))
            .env("NO_COLOR", "1")
            .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
            // Amazon's address of an instance's own credentials is not asked.
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null());
        command
    }
}

fn config(node: &FakeNodeos, page: u16) -> String {
    format!(
        "[global]\nrole = B\nproducer_name = eosstorebest\nhttp_url = {}\nlog_file = nodeos.log\n\
         [promotion]\npromote = api\ndemote = api\ndry_run = true\n\
         [status]\nlisten = 127.0.0.1:{page}\n[state]\ndir = state\n\
         [telegram]\ntoken_file = telegram.token\nchat_id = 1\napi_url = http://127.0.0.1:1\nbot = no\n\
         [wecom]\nkey_file = wecom.key\napi_url = http://127.0.0.1:1\n\
         [email]\nsmtp = 127.0.0.1:1\nsecurity = none\nallow_insecure = true\nfrom = a@example.org\n\
         to = b@example.org\n\
         [slack]\nurl_file = slack.url\n[discord]\nurl_file = discord.url\n\
         [pagerduty]\nrouting_key_file = pagerduty.key\nurl = http://127.0.0.1:1/\n\
         [webhook]\nurl = http://127.0.0.1:1/\n[script]\npath = ./notify.sh\n\
         [cloudwatch]\nregion = eu-central-1\nendpoint_url = http://127.0.0.1:1\nchain = eos\n",
        node.server.url(),
    )
}

/// One node is that of the sandbox; the other's nodeos is not there.
fn config_of_two(node: &FakeNodeos, page: u16) -> String {
    format!(
        "[global]\nrole = B\nproducer_name = eosstorebest\n\
         [promotion]\npromote = api\ndemote = api\ndry_run = true\n\
         [script]\npath = ../notify.sh\n\
         [status]\nlisten = 127.0.0.1:{page}\n[state]\ndir = state\n\
         [node:eos]\nhttp_url = {}\nlog_file = ../nodeos.log\n\
         [node:wax]\nproducer_name = waxstorebest\nhttp_port = 1\nlog_file = wax.log\n",
        node.server.url(),
    )
}

fn write(path: impl AsRef<Path>, text: &str, mode: u32) {
    fs::write(&path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
