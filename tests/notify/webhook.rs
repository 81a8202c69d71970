//! The webhook channel against a server of ours, which checks what a receiver would check.

#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::http_support;
#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::notify_support;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use eoskeeper::actions::notify::channel::{Channel, Delivered};
use eoskeeper::actions::notify::webhook::Webhook;
use eoskeeper::core::alarm::message::{Message, MessageKind};
use http_support::{Reply, Server};
use notify_support::{clock, delivery, fault, hostile, message, wish};

const SECRET: &str = "a secret of at least thirty-two bytes";

fn channel(server: &Server, secret: Option<&str>) -> Webhook {
    let url = format!("{}/hook/token-in-the-path?key=token-in-the-query", server.url());
    Webhook::new(&url.parse().unwrap(), secret.map(str::as_bytes), clock()).unwrap()
}

fn fine() -> Server {
    Server::start(|_| Reply::json(200, "{}"))
}

/// The Python of `doc/alarms/webhook.md`, run for real with a request: its output.
fn verified_by_the_document(body: &[u8], signature: &str, secret: &str, now: i64) -> String {
    let page = include_str!("../../doc/alarms/webhook.md");
    let (_, rest) = page.split_once("```python\n").expect("the page has the example");
    let (example, _) = rest.split_once("```").unwrap();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("verify.py"), example).unwrap();
    let call = "import sys, verify\n\
                body = sys.stdin.buffer.read()\n\
                message = verify.verified(body, sys.argv[1], sys.argv[2].encode(), int(sys.argv[3]))\n\
                print(message['id'] if message else 'refused')\n";
    let mut python = Command::new("python3")
        .args(["-B", "-c", call, signature, secret, &now.to_string()])
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(body).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_message_arrives_whole_and_its_signature_is_what_the_document_says() {
    let server = fine();
    let sent = hostile(MessageKind::Raised);
    let done = channel(&server, Some(SECRET)).deliver(&delivery(sent.clone())).await;
    assert_eq!(done, Ok(Delivered::default()));
    let [request] = server.requests().try_into().unwrap();
    assert_eq!(request.method, "POST");
    assert_eq!(request.path, "/hook/token-in-the-path?key=token-in-the-query");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("x-eoskeeper-delivery"), Some(sent.id.as_str()));
    assert_eq!(serde_json::from_slice::<Message>(&request.body).unwrap(), sent);
    let signature = request.header("x-eoskeeper-signature").unwrap();
    // The clock of the test stands at 2026-11-21T03:00:00.
    let now = 1_795_230_000;
    assert!(signature.starts_with(&format!("t={now},v1=")), "{signature}");
    let id = verified_by_the_document(&request.body, signature, SECRET, now + 60);
    assert_eq!(id, sent.id, "the example gives the message");
    let mut forged = request.body.clone();
    forged[20] ^= 1;
    for (body, secret, at) in [
        (&forged, SECRET, now),
        (&request.body, "another secret of thirty-two bytes!!", now),
        (&request.body, SECRET, now + 3_600),
    ] {
        assert_eq!(verified_by_the_document(body, signature, secret, at), "refused");
    }
}

#[tokio::test]
async fn without_a_secret_nothing_is_signed() {
    let server = fine();
    let done = channel(&server, None).deliver(&delivery(message(MessageKind::Told))).await;
    assert_eq!(done, Ok(Delivered::default()));
    assert_eq!(server.requests()[0].header("x-eoskeeper-signature"), None);
}

#[tokio::test]
async fn an_answer_says_whether_trying_again_helps() {
    let server = fine();
    let channel = channel(&server, Some(SECRET));
    let delivery = delivery(message(MessageKind::Raised));
    for (status, expected) in [
        (301, "passing"),
        (400, "lasting"),
        (401, "refused"),
        (404, "refused"),
        (408, "passing"),
        (410, "refused"),
        (425, "passing"),
        (429, "passing"),
        (500, "passing"),
        (503, "passing"),
    ] {
        // What it echoes of the address must not be told on.
        server.order(Reply::json(status, "no: token-in-the-path \u{1b}[31m token-in-the-query"));
        let (kind, why) = fault(channel.deliver(&delivery).await);
        assert_eq!(kind, expected, "{status}: {why}");
        assert!(why.contains(&status.to_string()) && why.contains(": no: …"), "{why}");
        assert!(!why.contains("token-in") && !why.contains('\u{1b}'), "{why}");
    }
    server.order(Reply::json(204, ""));
    assert_eq!(channel.deliver(&delivery).await, Ok(Delivered::default()));
}

#[tokio::test]
async fn a_wish_to_be_left_alone_is_seconds_or_a_date() {
    let server = fine();
    let channel = channel(&server, None);
    let delivery = delivery(message(MessageKind::Raised));
    for (header, expected) in [
        ("7", Some(7_000)),
        ("Sat, 21 Nov 2026 03:02:00 GMT", Some(120_000)),
        ("Sat, 21 Nov 2026 02:00:00 GMT", Some(0)),
        ("999999999", Some(3_600_000)),
        ("soon", None),
        ("-1", None),
    ] {
        server.order(Reply::json(429, "").with("Retry-After", header));
        assert_eq!(wish(channel.deliver(&delivery).await), expected, "{header}");
    }
}

#[tokio::test]
async fn a_server_that_misbehaves_is_a_named_failure() {
    let server = fine();
    let other = fine();
    let channel = channel(&server, None);
    let delivery = delivery(message(MessageKind::Raised));
    for (reply, words) in [
        (Reply::Close, "127.0.0.1: "),
        (Reply::Garbage, "127.0.0.1: "),
        (Reply::redirect(&other.url()), "redirects are not followed"),
        (Reply::Half(500, vec![b'x'; 100]), "500"),
    ] {
        server.order(reply.clone());
        let (kind, why) = fault(channel.deliver(&delivery).await);
        assert_eq!(kind, "passing", "{reply:?}: {why}");
        assert!(why.contains(words) && !why.contains("token-in"), "{reply:?}: {why}");
    }
    assert!(other.requests().is_empty(), "the redirect was followed");
    // The status was said: it is not sent again because of half a body.
    for reply in [Reply::Half(200, vec![b'x'; 100]), Reply::HangInBody] {
        server.order(reply);
        assert_eq!(channel.deliver(&delivery).await, Ok(Delivered::default()));
    }
    let url = "http://127.0.0.1:1/token-in-the-path".parse().unwrap();
    let nobody = Webhook::new(&url, None, clock()).unwrap();
    let (kind, why) = fault(nobody.deliver(&delivery).await);
    assert!(kind == "passing" && why.contains("connection refused"), "{why}");
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_within_the_deadline_of_a_delivery() {
    let server = fine();
    server.order(Reply::Hang);
    let (kind, why) =
        fault(channel(&server, None).deliver(&delivery(message(MessageKind::Raised))).await);
    assert_eq!((kind, why.as_str()), ("passing", "127.0.0.1: no answer within 25 s"));
}
