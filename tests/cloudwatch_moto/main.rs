//! CloudWatch as moto plays it, through the real SDK: what is sent arrives, the alarms are made
//! once, and an incident sets them.
//!
//! Needs `scripts/moto install`.

mod alarms;
mod incidents;
mod keeper;
mod moto;
#[path = "../cloudwatch_support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

/// Waits until there is something, for a minute.
async fn wait_for<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn moto_ends_with_its_owner() {
    let mut owner = std::process::Command::new("sleep");
    // It outlives a test that fails, and must not hold what reads the test's output.
    owner.arg("600").stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut owner = owner.spawn().unwrap();
    let moto = moto::Moto::owned_by(owner.id()).await;
    assert!(moto.answers().await);
    owner.kill().unwrap();
    owner.wait().unwrap();
    wait_for("moto's end", async || (!moto.answers().await).then_some(())).await;
}
