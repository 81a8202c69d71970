//! The e-mail channel against a real SMTP server: aiosmtpd of PyPI, by `scripts/smtp-server`.

#[allow(dead_code, reason = "each test of a channel uses another part of it")]
#[path = "../notify/notify_support/mod.rs"]
mod notify_support;
mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use eoskeeper::actions::notify::channel::{Channel, Delivered, Delivery};
use eoskeeper::actions::notify::email::{Email, Security, Setup};
use eoskeeper::core::alarm::language::Language;
use eoskeeper::core::alarm::message::{Message, MessageKind, PictureKind};
use notify_support::{delivery, fault, hostile, message, picture};
use serde_json::Value;
use server::{PASSWORD, Server, USER};

const TO: [&str; 2] = ["ops@example.org", "值班 <night@example.org>"];

fn channel(server: &Server, security: Security, password: &str) -> Email {
    let has_tls = security != Security::None;
    Email::new(Setup {
        host: if has_tls { "localhost" } else { "127.0.0.1" }.to_owned(),
        port: server.port,
        security,
        login: has_tls.then(|| (USER.to_owned(), password.to_owned())),
        from: "eoskeeper <eoskeeper@example.org>".parse().unwrap(),
        to: TO.map(|address| address.parse().unwrap()).to_vec(),
        ca_file: has_tls.then(|| server.ca()),
    })
    .unwrap()
}

fn header<'a>(mail: &'a Value, name: &str) -> Vec<&'a str> {
    let all = mail["headers"].as_array().unwrap().iter();
    all.filter(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(name))
        .map(|pair| pair[1].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_mail_arrives_by_every_way() {
    for (word, security) in
        [("tls", Security::Tls), ("starttls", Security::Starttls), ("none", Security::None)]
    {
        let server = Server::start(word, "localhost");
        let channel = channel(&server, security, PASSWORD);
        channel.probe().await.unwrap_or_else(|error| panic!("{word}: {error}"));
        assert_eq!(server.count(), 0, "{word}: a probe sends nothing");
        let done = channel.deliver(&delivery(message(MessageKind::Raised))).await;
        let root = "<20261121T024837-a-api_down-raised@example.org>".to_owned();
        assert_eq!(done, Ok(Delivered { shown: Some(root), remove_after: None }), "{word}");
        let mail = server.mail(1);
        assert_eq!(mail["is_tls"], security != Security::None, "{word}");
        assert_eq!(mail["is_authenticated"], security != Security::None, "{word}");
        assert_eq!(mail["mail_from"], "eoskeeper@example.org");
        assert_eq!(mail["rcpt_tos"], serde_json::json!(["ops@example.org", "night@example.org"]));
        assert_eq!(mail["to"], mail["rcpt_tos"]);
        assert_eq!(mail["defects"], serde_json::json!([]));
    }
}

#[tokio::test]
async fn a_mail_says_all_of_it_twice_and_shows_its_pictures() {
    let server = Server::start("none", "localhost");
    let channel = channel(&server, Security::None, "");
    let pictures = vec![picture(PictureKind::Lag, 50_000), picture(PictureKind::Host, 9)];
    let sent = Delivery { pictures, ..delivery(message(MessageKind::Raised)) };
    channel.deliver(&sent).await.unwrap();
    let mail = server.mail(1);
    assert_eq!(
        mail["structure"],
        serde_json::json!([
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png",
            "image/png"
        ])
    );
    let subject = "[PAGE] tokyo-1 begins: nodeos does not answer: connection refused.";
    assert_eq!(header(&mail, "Subject"), [subject]);
    assert_eq!(header(&mail, "Auto-Submitted"), ["auto-generated"]);
    assert_eq!(header(&mail, "Importance"), ["high"]);
    assert_eq!(header(&mail, "Date"), ["Sat, 21 Nov 2026 02:48:37 +0000"]);
    let (plain, html) = (mail["plain"].as_str().unwrap(), mail["html"].as_str().unwrap());
    for words in [
        "nodeos does not answer: connection refused.",
        "api_down: 5 polls in a row failed.",
        "See https://example.org/runbook#api_down.",
        "Dry run.",
        "2026-11-21 02:44:17 UTC",
        "20261121T024837-a-api_down",
    ] {
        assert!(plain.contains(words), "{words} is not in {plain}");
        assert!(html.contains(words), "{words} is not in {html}");
    }
    for (index, kind) in ["lag", "host"].iter().enumerate() {
        assert_eq!(mail["pictures"][index]["id"], format!("<{index}-{kind}@eoskeeper>"));
        assert_eq!(mail["pictures"][index]["disposition"], "inline");
        assert!(html.contains(&format!("src=\"cid:{index}-{kind}@eoskeeper\"")), "{html}");
    }
    // Nothing is fetched from anywhere.
    assert!(!html.contains("src=\"http") && !html.contains("url(") && !html.contains("<link"));
}

#[tokio::test]
async fn an_incident_is_one_thread_and_a_retry_is_the_same_mail() {
    let server = Server::start("none", "localhost");
    let channel = channel(&server, Security::None, "");
    let first = channel.deliver(&delivery(message(MessageKind::Raised))).await.unwrap();
    let root = first.shown.unwrap();
    for kind in [MessageKind::Reminder, MessageKind::Resolved] {
        let sent = Delivery { shown: Some(root.clone()), ..delivery(message(kind)) };
        assert_eq!(channel.deliver(&sent).await, Ok(Delivered::default()));
    }
    // A new process does not know who has it.
    let again = self::channel(&server, Security::None, "");
    let retried = again.deliver(&delivery(message(MessageKind::Raised))).await.unwrap();
    assert_eq!(retried.shown.as_ref(), Some(&root));
    assert_eq!(header(&server.mail(1), "Message-ID"), [root.as_str()]);
    assert_eq!(header(&server.mail(4), "Message-ID"), [root.as_str()]);
    assert!(header(&server.mail(1), "References").is_empty());
    for number in [2, 3] {
        let mail = server.mail(number);
        assert_eq!(header(&mail, "References"), [root.as_str()]);
        assert_eq!(header(&mail, "In-Reply-To"), [root.as_str()]);
        assert_ne!(header(&mail, "Message-ID"), [root.as_str()]);
    }
    assert!(header(&server.mail(3), "Importance").is_empty(), "good news can wait");
}

#[tokio::test]
async fn hostile_text_is_text_in_every_language() {
    let server = Server::start("none", "localhost");
    let channel = channel(&server, Security::None, "");
    for (index, language) in Language::ALL.into_iter().enumerate() {
        let id = format!("id{index}\r\nBcc: evil@example.com");
        let sent = Message { language, id, ..hostile(MessageKind::Raised) };
        channel.deliver(&delivery(sent)).await.unwrap();
        let mail = server.mail(index + 1);
        assert_eq!(mail["defects"], serde_json::json!([]));
        assert!(header(&mail, "Bcc").is_empty(), "{mail}");
        assert_eq!(mail["rcpt_tos"], serde_json::json!(["ops@example.org", "night@example.org"]));
        let html = mail["html"].as_str().unwrap();
        assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
        assert!(mail["plain"].as_str().unwrap().contains("</title><script>x</script>"));
        assert_eq!(header(&mail, "Subject").len(), 1);
    }
}

#[tokio::test]
async fn a_wrong_password_is_a_refusal_and_a_wrong_certificate_is_named() {
    let server = Server::start("starttls", "localhost");
    let (kind, why) = fault(channel(&server, Security::Starttls, "wrong").probe().await);
    assert_eq!(kind, "refused", "{why}");
    assert!(why.contains("logging in: permanent error (535)") && !why.contains("wrong"), "{why}");
    for (word, security) in [("tls", Security::Tls), ("starttls", Security::Starttls)] {
        let other = Server::start(word, "mail.example.org");
        let sent = delivery(message(MessageKind::Raised));
        let (kind, why) = fault(channel(&other, security, PASSWORD).deliver(&sent).await);
        assert_eq!(kind, "passing", "{why}");
        assert!(why.contains("TLS: ") && why.contains("not valid for name"), "{why}");
        assert_eq!(other.count(), 0);
    }
    // Of another authority.
    let mine = Server::start("tls", "localhost");
    let setup = Setup {
        host: "localhost".to_owned(),
        port: mine.port,
        security: Security::Tls,
        login: None,
        from: "eoskeeper@example.org".parse().unwrap(),
        to: vec!["ops@example.org".parse().unwrap()],
        ca_file: Some(server.ca()),
    };
    let (kind, why) = fault(Email::new(setup).unwrap().probe().await);
    assert!(kind == "passing" && why.contains("TLS: "), "{why}");
}

/// Runs the command with a configuration that sends mail to the server.
fn eoskeeper(server: &Server, arguments: &[&str], password: &str) -> Output {
    let secret = server.dir().join("password");
    fs::write(&secret, password).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let config = server.dir().join("config.ini");
    let text = format!(
        "[global]\nrole = F\nproducer_name = eosstorebest\nhttp_port = 1\nlog_file = nodeos.log\n\
         [email]\nsmtp = localhost:{}\nsecurity = starttls\nuser = {USER}\n\
         password_file = password\nfrom = eoskeeper@example.org\nto = ops@example.org\n\
         ca_file = ca.pem\n",
        server.port
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_eoskeeper"));
    command.args(arguments).arg("-c").arg(&config).output().unwrap()
}

#[test]
fn a_person_tries_the_channel_from_the_command_line() {
    let server = Server::start("starttls", "localhost");
    let arguments =
        ["notify", "--test", "email", "--kind", "resolved", "--severity", "page", "--with-picture"];
    let output = eoskeeper(&server, &arguments, PASSWORD);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.starts_with("email: both messages were delivered in "), "{text}");
    assert_eq!(server.count(), 2);
    let (begin, end) = (server.mail(1), server.mail(2));
    assert_eq!(header(&end, "In-Reply-To"), header(&begin, "Message-ID"));
    assert_eq!(begin["pictures"][0]["type"], "image/png");

    let output = eoskeeper(&server, &["notify", "--test", "email"], "wrong");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("not delivered") && error.contains("535"), "{error}");

    for (password, state) in [(PASSWORD, "ok"), ("wrong", "fail")] {
        let output = eoskeeper(&server, &["check", "--json"], password);
        let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
        let row = rows.as_array().unwrap().iter().find(|row| row["what"] == "email").unwrap();
        assert_eq!(row["state"], state, "{row}");
    }
    assert_eq!(server.count(), 2, "check sends no mail");
}
