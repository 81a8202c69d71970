//! A real cluster of three, started by `scripts/etcd-cluster`; it ends with the test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};

use reqwest::Url;
use tempfile::TempDir;

/// Ports of a cluster of three: a client's and a peer's each.
const PORTS: u16 = 6;
/// Where the clusters of this process begin; others choose by their process id too.
static NEXT: AtomicU16 = AtomicU16::new(0);

pub(crate) struct Cluster {
    dir: TempDir,
    pub(crate) endpoints: Vec<Url>,
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/etcd-cluster")
}

fn run(words: &[&str]) -> Output {
    Command::new(script()).args(words).output().expect("scripts/etcd-cluster cannot be run")
}

#[track_caller]
fn text(output: Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Cluster {
    /// Starts one that ends with this process at the latest.
    pub(crate) fn up() -> Self {
        Self::owned_by(std::process::id())
    }

    pub(crate) fn owned_by(owner: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("etcd");
        let (home, owner) = (home.to_str().unwrap(), owner.to_string());
        let first = u16::try_from(std::process::id() % 300).unwrap();
        let mut said = String::new();
        for _ in 0..20 {
            // 300 processes × 5 clusters below the ephemeral ports; a port in use is passed over.
            let next = first * 5 + NEXT.fetch_add(1, Ordering::Relaxed);
            let base = (20_000 + u32::from(next) * u32::from(PORTS)) % 10_000 + 20_000;
            let base = base.to_string();
            let output = run(&["up", "--dir", home, "--port-base", &base, "--owner", &owner]);
            if output.status.success() {
                let endpoints = text(output);
                let endpoints = endpoints.split(',').map(|url| url.parse().unwrap()).collect();
                return Self { dir, endpoints };
            }
            said = String::from_utf8_lossy(&output.stderr).into_owned();
            if !said.contains("another --port-base") {
                break;
            }
        }
        panic!("{said}");
    }

    fn home(&self) -> String {
        self.dir.path().join("etcd").to_str().unwrap().to_owned()
    }

    fn order(&self, word: &str, member: usize) {
        text(run(&[word, &member.to_string(), "--dir", &self.home()]));
    }

    /// SIGKILL to a member, by its number from 1.
    pub(crate) fn kill(&self, member: usize) {
        self.order("kill", member);
    }

    /// Starts it again.
    pub(crate) fn start(&self, member: usize) {
        self.order("start", member);
    }

    /// SIGSTOP.
    pub(crate) fn freeze(&self, member: usize) {
        self.order("freeze", member);
    }

    /// SIGCONT.
    pub(crate) fn thaw(&self, member: usize) {
        self.order("thaw", member);
    }

    /// The leader's number.
    pub(crate) fn leader(&self) -> usize {
        text(run(&["leader", "--dir", &self.home()])).parse().unwrap()
    }

    /// Numbers of the others.
    pub(crate) fn followers(&self) -> Vec<usize> {
        let leader = self.leader();
        (1..=3).filter(|member| *member != leader).collect()
    }

    /// Whether no member runs.
    pub(crate) fn is_down(&self) -> bool {
        let status = text(run(&["status", "--dir", &self.home()]));
        status.lines().all(|line| line.contains(" down "))
    }

    /// etcdctl, as an operator would use it.
    #[track_caller]
    pub(crate) fn ctl(&self, words: &[&str]) -> String {
        let endpoints: Vec<&str> = self.endpoints.iter().map(Url::as_str).collect();
        let output = Command::new("etcdctl")
            .env("ETCDCTL_API", "3")
            .args(["--endpoints", &endpoints.join(","), "--command-timeout", "20s"])
            .args(words)
            .output()
            .expect("etcdctl cannot be run; install etcd-client");
        text(output)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // An error would hide the test's own; the owner's end ends the cluster as well.
        run(&["down", "--dir", &self.home()]);
    }
}
