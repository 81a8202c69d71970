//! `[peers]` and `[global] node_name`.

use std::time::Duration;

use super::{ACTS, LEAST, loaded, parsed, secret_file};

const SECRET: &str = "oJ6y1VtqzvRzSYf0eQ4m0Jv3k4pIhV3nqX0aZ1b2c3d=";

fn with(lines: &str) -> String {
    format!("{LEAST}node_name = tokyo-2\n[peers]\n{lines}\n{ACTS}")
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

/// Peers of a node of this role, with the lines of `[promotion]`.
fn of_role(role: char, promotion: &str) -> String {
    let file = secret_file(0o600, SECRET);
    let global = LEAST.replace("role = B", &format!("role = {role}"));
    format!(
        "{global}[peers]\nlisten = 127.0.0.1:1\nnodes = other=http://a\nsecret_file = {}\n\
         [promotion]\n{promotion}",
        file.display()
    )
}

#[test]
fn a_node_with_peers_must_be_stoppable() {
    for role in ['A', 'B', 'C'] {
        let errors = parsed(&of_role(role, "")).expect_err("no demote").to_string();
        let message = "8: [peers] nodes: [promotion] demote is not given: a node that hands over to \
                       a peer must be stopped first; give [promotion] demote, for example api";
        assert!(errors.contains(message), "{role}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{role}: {errors}");
        loaded(&of_role(role, "demote = api\n"));
    }
    assert_eq!(loaded(&of_role('F', "")).notes, [""; 0]);
}

#[test]
fn an_active_node_that_cannot_be_armed_or_fenced_is_told() {
    for (name, role, promotion, notes) in [
        ("neither", 'A', "demote = api\n", &["promote is not given", "fence is not given"][..]),
        ("no fence", 'A', "promote = api\ndemote = api\n", &["fence is not given"]),
        ("no arming", 'A', "demote = api\nfence = ./f.sh\n", &["promote is not given"]),
        ("both", 'A', "promote = api\ndemote = api\nfence = ./f.sh\n", &[]),
        ("a standby", 'B', "demote = api\n", &[]),
    ] {
        let config = loaded(&of_role(role, promotion));
        assert_eq!(config.notes.len(), notes.len(), "{name}: {:?}", config.notes);
        for (note, words) in config.notes.iter().zip(notes) {
            assert!(note.contains(words) && note.contains("role A"), "{name}: {note}");
        }
    }
}

#[test]
fn the_word_that_is_asked_for_can_come_from_a_peer() {
    let config = loaded(&of_role('B', "promote = api\ndemote = api\nrequire_fence = yes\n"));
    assert!(config.settings.promotion.require_fence);
}
