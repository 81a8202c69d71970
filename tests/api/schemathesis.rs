//! schemathesis asks a running keeper all it can think of: no answer but those that are described,
//! nothing secret in any, and nothing stops.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::live::{Keeper, until};

/// It makes requests for about a minute.
const LIMIT: Duration = Duration::from_secs(420);

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_is_answered_as_described_and_nothing_stops() {
    let mut keeper = Keeper::start(|_| String::new()).await;
    let ready = async || keeper.get("/readyz").await.filter(|answer| answer.status == 200);
    until("ready", ready).await;
    let sample = async || {
        let page = keeper.get("/api/samples").await?.json();
        (!page["items"].as_array()?.is_empty()).then_some(())
    };
    until("a sample", sample).await;
    let url = format!("http://127.0.0.1:{}", keeper.port);
    let asking = tokio::task::spawn_blocking(move || {
        Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/schemathesis"))
            .args(["run", &url])
            .stdin(Stdio::null())
            .output()
            .unwrap()
    });
    let output = tokio::time::timeout(LIMIT, asking).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(keeper.runs(), "the keeper ended");
    let health = keeper.get("/healthz").await.unwrap();
    assert_eq!(health.status, 200, "{health:?}");
    let log = keeper.log();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
}
