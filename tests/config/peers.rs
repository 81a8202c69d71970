//! `[peers]` and `[global] node_name`.

use std::time::Duration;

use super::{LEAST, loaded, parsed, secret_file};

const SECRET: &str = "oJ6y1VtqzvRzSYf0eQ4m0Jv3k4pIhV3nqX0aZ1b2c3d=";

fn with(lines: &str) -> String {
    format!("{LEAST}node_name = tokyo-2\n[peers]\n{lines}\n")
}

#[test]
fn all_of_it_is_taken_and_the_secret_is_not_shown() {
    let file = secret_file(0o640, &format!("  {SECRET}\n"));
    let config = loaded(&with(&format!(
        "listen = 0.0.0.0:9881\nnodes = tokyo-1=http://10.0.0.2:9881, c=https://c.example\n\
         secret_file = {}\ntimeout_seconds = 0.5",
        file.display()
    )));
    assert_eq!(config.settings.node, "tokyo-2");
    assert_eq!(config.settings.peers.names, ["tokyo-1", "c"]);
    let access = config.peers.clone().unwrap();
    assert_eq!(access.secret.bytes(), SECRET.as_bytes());
    assert_eq!(access.timeout, Duration::from_millis(500));
    assert_eq!(access.nodes[0].1.as_str(), "http://10.0.0.2:9881/");
    let shown = format!("{config:?}");
    assert!(!shown.contains(SECRET) && shown.contains("Secret(…)"), "{shown}");
}

#[test]
fn a_keeper_without_peers_is_alone() {
    let config = loaded(LEAST);
    assert_eq!((config.peers, config.settings.node.as_str()), (None, "b"));
    assert!(config.settings.peers.names.is_empty());
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let good = secret_file(0o600, SECRET);
    let (open, short) = (secret_file(0o604, SECRET), secret_file(0o600, "short"));
    let (good, open, short) = (good.display(), open.display(), short.display());
    for (name, lines, message) in [
        (
            "no listen",
            format!("nodes = a=http://a\nsecret_file = {good}"),
            "7: [peers] listen: the key is missing",
        ),
        (
            "no nodes",
            format!("listen = 127.0.0.1:1\nsecret_file = {good}"),
            "7: [peers] nodes: the key is missing",
        ),
        (
            "no secret",
            "listen = 127.0.0.1:1\nnodes = a=http://a".to_owned(),
            "7: [peers] secret_file: neither the key nor the environment's \
             EOSKEEPER_PEERS_SECRET gives a secret; make one by: umask 077; head -c 32 /dev/urandom | base64",
        ),
        (
            "ourselves",
            format!(
                "listen = 127.0.0.1:1\nnodes = a=http://a,tokyo-2=http://b\n\
             secret_file = {good}"
            ),
            "9: [peers] nodes: 'tokyo-2' is the name of this node",
        ),
        (
            "twice",
            format!(
                "listen = 127.0.0.1:1\nnodes = a=http://a,a=http://b\n\
             secret_file = {good}"
            ),
            "9: [peers] nodes: 'a' is there twice",
        ),
        (
            "open to all",
            format!("listen = 127.0.0.1:1\nnodes = a=http://a\nsecret_file = {open}"),
            "is open to everybody on this host (mode 604); chmod 600 it",
        ),
        (
            "too short",
            format!("listen = 127.0.0.1:1\nnodes = a=http://a\nsecret_file = {short}"),
            "the secret has 5 bytes, and 32 to 4096 are allowed; make one by: umask 077; head -c 32",
        ),
        (
            "no file",
            "listen = 127.0.0.1:1\nnodes = a=http://a\nsecret_file = /nowhere".to_owned(),
            "10: [peers] secret_file: /nowhere: cannot be read: No such file or directory",
        ),
        (
            "a folder",
            "listen = 127.0.0.1:1\nnodes = a=http://a\nsecret_file = /".to_owned(),
            "10: [peers] secret_file: /: is not a file; name the file of the secret",
        ),
    ] {
        let errors = parsed(&with(&lines)).expect_err(name).to_string();
        assert!(errors.contains(message), "{name}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{name}: {errors}");
        assert!(!errors.contains(SECRET), "{name}");
    }
    let errors = parsed(&format!("{LEAST}node_name = Tokyo\n")).unwrap_err().to_string();
    assert!(errors.contains("6: [global] node_name: 'Tokyo' is no name of a node"), "{errors}");
}
