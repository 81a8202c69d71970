//! The lease against a real etcd of three members: who gets it, what keeps it, what loses it.
//!
//! Needs `etcd` and `etcdctl` (Debian's etcd-server and etcd-client).

mod check;
mod cluster;
#[allow(dead_code, reason = "only what it answers is used here")]
#[path = "../support/http.rs"]
mod http;
mod keeper;
mod outage;
mod proxy;
mod refusal;
mod taking;

use std::time::{Duration, Instant};

/// Waits until `is_so`, for a minute.
async fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_cluster_ends_with_its_owner() {
    let mut owner = std::process::Command::new("sleep");
    // It outlives a test that fails, and must not hold what reads the test's output.
    owner.arg("600").stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut owner = owner.spawn().unwrap();
    let cluster = cluster::Cluster::owned_by(owner.id());
    assert!(!cluster.is_down());
    owner.kill().unwrap();
    owner.wait().unwrap();
    wait_until("the cluster's end", || cluster.is_down()).await;
}
