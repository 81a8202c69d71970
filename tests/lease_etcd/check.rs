//! What `eoskeeper check` says of the lease.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use eoskeeper::cli::check::{Format, Outcome, Scope, check};
use reqwest::Url;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::http::{Server, answer};
use crate::keeper::{CHAIN, Keeper, handover, key};

/// A nodeos that says which chain it is on.
fn node() -> Server {
    let info = json!({
        "server_version_string": "v5.0.2", "chain_id": CHAIN, "head_block_num": 700,
        "head_block_id": CHAIN, "head_block_time": "2026-11-21T02:50:06.000",
        "head_block_producer": "producer111a", "last_irreversible_block_num": 400,
    });
    Server::saying(answer(200, &info.to_string()))
}

/// The rows about the lease: state and detail.
async fn rows(node_url: &str, endpoints: &[Url], more: &str) -> Vec<(String, String)> {
    let dir: TempDir = tempfile::tempdir().unwrap();
    let endpoints: Vec<&str> = endpoints.iter().map(Url::as_str).collect();
    let password = dir.path().join("password");
    fs::write(&password, "secret").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).unwrap();
    let text = format!(
        "[global]\nrole = B\nproducer_name = eosstorebest\nhttp_url = {node_url}\n\
         log_file = nodeos.log\n[state]\ndir = .\n[promotion]\npromote = api\ndemote = api\n[lease]\nendpoints = {}\n{more}",
        endpoints.join(", ")
    );
    let config = dir.path().join("config.ini");
    fs::write(&config, text).unwrap();
    let mut output = Vec::new();
    let outcome = check(Some(&config), Scope::Everything, Format::Json, &mut output).await.unwrap();
    assert_ne!(outcome, Outcome::BadConfig, "{}", String::from_utf8_lossy(&output));
    let all: Vec<Value> = serde_json::from_slice(&output).unwrap();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    all.iter()
        .filter(|row| row["what"] == "lease")
        .map(|row| (text(row, "state"), text(row, "detail")))
        .collect()
}

#[track_caller]
fn expect(rows: &[(String, String)], state: &str, part: &str) {
    let is_there = rows.iter().any(|(s, detail)| s == state && detail.contains(part));
    assert!(is_there, "no {state} row with {part:?} in {rows:#?}");
}

#[tokio::test]
async fn it_tells_members_cluster_and_holder() {
    let (cluster, node) = (Cluster::up(), node());
    let members = &cluster.endpoints;
    let found = rows(&node.url(), members, "").await;
    expect(&found, "ok", "one cluster of 3 members");
    expect(&found, "ok", &format!("{} is free", key()));
    assert!(found.iter().filter(|(_, row)| row.contains("for a majority after")).count() <= 3);

    let mut a = Keeper::new("a", members);
    a.read("a free key", Option::is_none).await;
    let token = a.take().await;
    let held = format!("{} is held by a, token {token}", key());
    expect(&rows(&node.url(), members, "").await, "ok", &held);
    a.release(Some(handover("a"))).await;
    expect(&rows(&node.url(), members, "").await, "ok", "was released by a, token ");
    cluster.ctl(&["put", &key(), "rubbish"]);
    expect(&rows(&node.url(), members, "").await, "fail", "is no lease record");
    expect(&rows("http://127.0.0.1:1", members, "").await, "warn", "does not say its chain's id");
    let user = "user = keeper\npassword_file = password\n";
    let found = rows(&node.url(), members, user).await;
    expect(&found, "fail", "authentication is not enabled");
    expect(&found, "warn", "can be read by others (mode 644)");

    // Two members named, one of them twice over another name.
    let twice: Vec<Url> = vec![
        members[0].clone(),
        members[0].as_str().replace("127.0.0.1", "localhost").parse().unwrap(),
    ];
    expect(&rows(&node.url(), &twice, "").await, "warn", "two endpoints are the same member");
    expect(&rows(&node.url(), &members[..2], "").await, "warn", "endpoints names 2");

    let other = Cluster::up();
    let mixed = [members[0].clone(), other.endpoints[0].clone()];
    expect(&rows(&node.url(), &mixed, "").await, "fail", "belong to different clusters");

    for member in cluster.followers() {
        cluster.freeze(member);
    }
    let found = rows(&node.url(), members, "").await;
    assert!(found.iter().all(|(state, _)| state != "ok"), "{found:#?}");
    expect(&found, "fail", "no answer within the deadline");
}
