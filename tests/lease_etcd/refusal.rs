//! Operators' hands on the key, values nobody wrote, users and passwords.

use std::fs;
use std::path::PathBuf;

use eoskeeper::core::action::ActResult;
use eoskeeper::core::lease::LeaseEvent;
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::keeper::{Keeper, TIMES, key};

#[tokio::test]
async fn a_deleted_key_is_lost() {
    let cluster = Cluster::up();
    let mut a = Keeper::new("a", &cluster.endpoints);
    a.read("a free key", Option::is_none).await;
    a.take().await;
    cluster.ctl(&["del", &key()]);
    let why = a.lost().await;
    assert!(why.ends_with("is gone: it lapsed or was deleted"), "{why}");
    // From here on it reads, and claims nothing.
    a.until("a free key", |event| match event {
        LeaseEvent::Read { record: None, .. } => Some(()),
        other => panic!("{other:?}"),
    })
    .await;
}

#[tokio::test]
async fn an_overwritten_key_is_lost_even_with_our_own_name_in_it() {
    let cluster = Cluster::up();
    let mut a = Keeper::new("a", &cluster.endpoints);
    a.read("a free key", Option::is_none).await;
    for (value, part) in [
        ("{\"holder\":\"b\"}", "was written by b since"),
        ("{\"holder\":\"a\"}", "was written by a since"),
        ("rubbish", "was overwritten"),
    ] {
        a.take().await;
        cluster.ctl(&["put", &key(), value]);
        let why = a.lost().await;
        assert!(why.contains(part), "{why}");
        cluster.ctl(&["del", &key()]);
        a.read("a free key", Option::is_none).await;
    }
}

#[tokio::test]
async fn a_value_nobody_understands_is_never_free() {
    let cluster = Cluster::up();
    let values =
        ["rubbish", "{}", "null", "{\"holder\":\"\"}", "{\"holder\":\"x\",\"released\":{}}"];
    for value in values {
        cluster.ctl(&["put", &key(), value]);
        let mut a = Keeper::new("a", &cluster.endpoints);
        let failure = a.failed().await.to_string();
        assert!(failure.contains("is no lease record"), "{value}: {failure}");
        let refused = a.acquire().await;
        assert!(
            matches!(&refused, ActResult::Refused(why) if why.contains("is no lease record")),
            "{value}: {refused}"
        );
        assert_eq!(cluster.ctl(&["get", &key(), "--print-value-only"]), value);
    }
}

fn password(dir: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn a_user_with_a_password() {
    let cluster = Cluster::up();
    for words in [
        &["user", "add", "root:master"][..],
        &["user", "grant-role", "root", "root"],
        &["role", "add", "keeper"],
        &["role", "grant-permission", "keeper", "--prefix=true", "readwrite", "/eoskeeper/"],
        &["user", "add", "keeper:right"],
        &["user", "grant-role", "keeper", "keeper"],
        &["user", "add", "stranger:right"],
        &["auth", "enable"],
    ] {
        cluster.ctl(words);
    }
    let dir = tempfile::tempdir().unwrap();
    let right = password(&dir, "right", "right\n");
    for (login, part) in [
        (None, "etcd asks who we are"),
        (Some(("keeper", password(&dir, "wrong", "wrong\n"))), "wrong name or password"),
        (Some(("nobody", right.clone())), "wrong name or password"),
        (Some(("stranger", right.clone())), "grant its role readwrite"),
        (Some(("keeper", dir.path().join("none"))), "cannot be read"),
        (Some(("keeper", password(&dir, "empty", "\n"))), "its first line is empty"),
    ] {
        let name = format!("{login:?}");
        let mut keeper = Keeper::with("x", &cluster.endpoints, login);
        let failure = keeper.failed().await.to_string();
        assert!(failure.contains(part), "{name}: {failure}");
        assert!(!failure.contains("right"), "a password: {failure}");
    }
    let mut a = Keeper::with("a", &cluster.endpoints, Some(("keeper", right)));
    a.read("a free key", Option::is_none).await;
    let token = a.take().await;
    assert_eq!(a.held_since(a.now() + TIMES.ttl_ms).await, token);
    // A restarted member knows no token: it is asked for another.
    for member in 1..=3 {
        cluster.kill(member);
    }
    for member in 1..=3 {
        cluster.start(member);
    }
    assert_eq!(a.held_since(a.now() + TIMES.ttl_ms).await, token);
    assert!(matches!(a.release(None).await, ActResult::Done(_)));
}
