//! `eoskeeper notify` and the rows of `check` as a person runs them, against servers of ours.

#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::http_support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use http_support::{Authority, Reply, Server};
use serde_json::Value;
use tempfile::TempDir;

/// A directory with a configuration and the files of its secrets.
struct Host {
    dir: TempDir,
}

impl Host {
    fn new(sections: &str, secrets: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let global = "[global]\nrole = F\nproducer_name = eosstorebest\nhttp_port = 1\n\
                      log_file = nodeos.log\n";
        fs::write(dir.path().join("config.ini"), format!("{global}{sections}")).unwrap();
        for (name, text) in secrets {
            write(&dir.path().join(name), text, 0o600);
        }
        Self { dir }
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
            .args(arguments)
            .arg("-c")
            .arg(self.dir.path().join("config.ini"))
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn texts(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn lists_what_is_configured_and_nothing_secret() {
    let host = Host::new("", &[]);
    let (code, out, _) = texts(&host.run(&["notify", "--list"], &[]));
    let nothing = "No channel is configured; alarms are in the keeper's own log only.\n";
    assert_eq!((code, out.as_str()), (Some(0), nothing));

    let host = Host::new(
        "[slack]\nurl_file = slack.url\nlevels = page\nreports = no\n[discord]\n\
         [pagerduty]\nrouting_key_file = key\n[script]\npath = ./notify.sh\n",
        &[("slack.url", "https://hooks.slack.example/services/T/B/token"), ("key", "abc123")],
    );
    let variables = [("EOSKEEPER_DISCORD_URL", "https://discord.example/api/webhooks/1/token")];
    let (code, out, _) = texts(&host.run(&["notify", "--list"], &variables));
    let expected = "slack       page\n\
                    discord     page, warn, info, reports, pictures\n\
                    pagerduty   page, warn\n\
                    script      page, warn, info, reports, pictures\n";
    assert_eq!((code, out.as_str()), (Some(0), expected));
    let listed = json(&host.run(&["notify", "--list", "--json"], &[]));
    assert_eq!(listed[0]["name"], "slack");
    assert_eq!(listed[0]["levels"], serde_json::json!(["page"]));
    assert_eq!(listed.as_array().unwrap().len(), 3, "without its variable Discord is not used");
}

#[test]
fn a_channel_that_is_not_there_is_a_wrong_argument() {
    let (code, _, error) = texts(&Host::new("", &[]).run(&["notify", "--test", "slack"], &[]));
    assert_eq!(code, Some(2));
    assert!(
        error.contains("no channel is configured in ") && error.contains("config.ini"),
        "{error}"
    );
    let host = Host::new("[script]\npath = ./notify.sh\n", &[]);
    let (code, _, error) = texts(&host.run(&["notify", "--test", "slakc"], &[]));
    assert_eq!(code, Some(2));
    assert!(
        error.contains("'slakc' is no channel of ") && error.ends_with("those are: script\n"),
        "{error}"
    );
    let (code, _, error) = texts(&host.run(&["notify"], &[]));
    assert!(code == Some(2) && error.contains("--test") && error.contains("--list"), "{error}");
}

#[test]
fn a_test_is_what_the_keeper_would_send() {
    let server = Server::start(|request| match request.method.as_str() {
        "POST" => Reply::json(200, r#"{"id":"42"}"#),
        _ => Reply::json(200, "{}"),
    });
    let url = format!("{}/api/webhooks/1/SecretToken", server.url());
    let host = Host::new("[discord]\nurl_file = url\n", &[("url", &url)]);
    let arguments = [
        "notify",
        "--test",
        "discord",
        "--kind",
        "resolved",
        "--severity",
        "warn",
        "--with-picture",
    ];
    let (code, out, error) = texts(&host.run(&arguments, &[]));
    assert_eq!(code, Some(0), "{error}");
    assert!(out.starts_with("discord: both messages were delivered in "), "{out}");
    let requests = server.take_requests();
    let methods: Vec<&str> = requests.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["POST", "PATCH", "POST"]);
    assert!(requests[1].path.starts_with("/api/webhooks/1/SecretToken/messages/42"));
    assert!(requests[0].parts().iter().any(|part| part.bytes.starts_with(b"\x89PNG")));

    server.order(Reply::json(401, "SecretToken is wrong"));
    let output = host.run(&["notify", "--test", "discord", "--json"], &[]);
    let outcome = json(&output);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(outcome["error"], "it answered 401: … is wrong");
    assert_eq!((&outcome["again"], &outcome["delivered"]), (&Value::Bool(true), &0.into()));
    assert_eq!(outcome["refuses_us"], true);
    server.order(Reply::json(401, "SecretToken is wrong"));
    let (code, _, error) = texts(&host.run(&["notify", "--test", "discord"], &[]));
    assert_eq!(code, Some(1));
    assert!(
        error.contains("correct the token, key or address; doc/alarms/discord.md")
            && !error.contains("SecretToken"),
        "{error}"
    );
}

#[test]
fn a_test_speaks_the_language_that_is_configured() {
    for (language, title) in [
        ("en", "A test: this channel works."),
        ("zh", "测试：这个渠道可以使用。"),
        ("ru", "Проверка: этот канал работает."),
    ] {
        let server = Server::start(|_| Reply::json(204, ""));
        let sections =
            format!("[alarm]\nlanguage = {language}\n[webhook]\nurl = {}/hook\n", server.url());
        let host = Host::new(&sections, &[]);
        let (code, _, error) = texts(&host.run(&["notify", "--test", "webhook"], &[]));
        assert_eq!(code, Some(0), "{error}");
        let said = server.take_requests()[0].json();
        assert_eq!((&said["language"], &said["title"]), (&language.into(), &title.into()));
        let proof = said["proof"][1].as_str().unwrap();
        assert!(proof.ends_with("@everyone <!channel> *a* _b_ [c](d)."), "{proof}");
    }
}

#[test]
fn a_certificate_counts_only_for_its_own_name() {
    let authority = Authority::new();
    for (name, expected) in [("localhost", Some(0)), ("hooks.slack.com", Some(1))] {
        let server = Server::start_tls(&authority, name, |_| Reply::json(200, "ok"));
        let host = Host::new(
            "[slack]\nurl_file = url\n",
            &[("url", &format!("{}/services/T/B/SecretToken", server.url()))],
        );
        let pem = host.dir.path().join("ca.pem");
        fs::write(&pem, authority.pem()).unwrap();
        let trust = [("SSL_CERT_FILE", pem.to_str().unwrap())];
        let (code, _, error) = texts(&host.run(&["notify", "--test", "slack"], &trust));
        assert_eq!(code, expected, "{name}: {error}");
        assert_eq!(server.take_requests().len(), usize::from(expected == Some(0)));
        if expected == Some(1) {
            assert!(
                error.contains("not valid for name") && !error.contains("SecretToken"),
                "{error}"
            );
        }
        let rows = json(&host.run(&["check", "--json"], &trust));
        let row = rows.as_array().unwrap().iter().find(|row| row["what"] == "slack").unwrap();
        assert_eq!(row["state"], if expected == Some(0) { "ok" } else { "fail" }, "{row}");
        let asked = server.take_requests();
        assert!(asked.iter().all(|request| request.method == "HEAD" && request.path == "/"));
    }
}

#[test]
fn check_tells_each_channel_s_state_and_sends_nothing() {
    let server = Server::start(|request| match (request.method.as_str(), request.path.as_str()) {
        ("HEAD", "/") => Reply::json(404, ""),
        ("GET", "/api/webhooks/1/right-token") => Reply::json(200, "{}"),
        ("GET", _) => Reply::json(401, "no"),
        _ => panic!("something was sent: {request:?}"),
    });
    for (token, state) in [("right-token", "ok"), ("wrong-token", "fail")] {
        let host = Host::new(
            &format!(
                "[webhook]\nurl = {0}/hook\n[discord]\nurl_file = url\n\
                 [pagerduty]\nrouting_key_file = key\nurl = {0}/v2/enqueue\n\
                 [script]\npath = ./notify.sh\n",
                server.url()
            ),
            &[("url", &format!("{}/api/webhooks/1/{token}", server.url())), ("key", "abc123")],
        );
        write(&host.dir.path().join("notify.sh"), "#!/bin/sh\ntouch was-run\n", 0o755);
        let rows = json(&host.run(&["check", "--json"], &[]));
        let of = |what: &str| {
            let found = rows.as_array().unwrap().iter().find(|row| row["what"] == what);
            found.unwrap_or_else(|| panic!("no row of {what}: {rows}"))["state"].clone()
        };
        assert_eq!(
            (of("webhook"), of("discord"), of("pagerduty"), of("script")),
            ("ok".into(), state.into(), "ok".into(), "ok".into())
        );
        assert!(!rows.to_string().contains(token), "{rows}");
        assert!(!host.dir.path().join("was-run").exists());
    }
}
