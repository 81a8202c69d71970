//! Requests that must be refused, each with its reason; and that the keeper hears nothing of them.

use eoskeeper::core::handover::PeerStatus;
use eoskeeper::core::time::Timestamp;
use eoskeeper::peers::envelope::{Envelope, Key, Nonce, Side};
use eoskeeper::peers::message::{Give, Topic, Wish};
use serde_json::json;

use super::{
    Node, SECRET, b_alone, envelope, handover, json, remote, request, seat, send, signed, status_of,
};

fn shifted(topic: Topic, ms: i64) -> Envelope {
    let envelope = envelope(topic);
    Envelope { at: envelope.at.plus_ms(ms), ..envelope }
}

fn signature(envelope: &Envelope, body: &[u8]) -> String {
    envelope.sign(&Key::new(SECRET), Side::Request, body)
}

fn without_header(bytes: &[u8], header: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let lines = text.split("\r\n").filter(|line| !line.starts_with(header));
    lines.collect::<Vec<_>>().join("\r\n").into_bytes()
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(text.contains(from), "{text}");
    text.replace(from, to).into_bytes()
}

#[tokio::test]
async fn what_is_not_right_is_refused_with_its_reason() {
    let mut b = b_alone().await;
    let body = json(&status_of("a"));
    let status = || envelope(Topic::Status);
    let good = || signed(&status(), &body);
    let alter = |change: fn(&mut PeerStatus)| {
        let mut altered = status_of("a");
        change(&mut altered);
        signed(&status(), &json(&altered))
    };
    let original = status();
    let with = |altered: Envelope| {
        request("/peer/v1/status", &altered, &signature(&original, &body), &body)
    };
    let wrong = Key::new(b"another secret of thirty-two bytes or more");
    let wrong = status().sign(&wrong, Side::Request, &body);
    let from_c = Envelope { from: "c".to_owned(), ..status() };
    let to_c = Envelope { to: "c".to_owned(), ..status() };
    let deep = "[".repeat(20_000);
    let unknown_field = replaced(&body, "{\"node\"", "{\"more\":1,\"node\"");
    let as_answer = status();
    let as_answer_signature = as_answer.sign(&Key::new(SECRET), Side::Answer, &body);

    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        (
            "an altered body",
            {
                let mut bytes = good();
                let last = bytes.len() - 2;
                bytes[last] ^= 1;
                bytes
            },
            401,
            "the signature does not fit",
        ),
        (
            "an altered path",
            replaced(&good(), "/peer/v1/status", "/peer/v1/ask"),
            401,
            "the signature",
        ),
        (
            "an altered sender",
            with(Envelope { from: "c".into(), ..original.clone() }),
            401,
            "the signature",
        ),
        (
            "an altered addressee",
            with(Envelope { to: "c".into(), ..original.clone() }),
            401,
            "the signature",
        ),
        (
            "an altered time",
            with(Envelope { at: original.at.plus_ms(1), ..original.clone() }),
            401,
            "the signature",
        ),
        (
            "an altered nonce",
            with(Envelope { nonce: Nonce::from_bytes([0; 16]), ..original.clone() }),
            401,
            "the signature",
        ),
        (
            "another secret",
            request("/peer/v1/status", &status(), &wrong, &body),
            401,
            "the signature",
        ),
        ("no signature", request("/peer/v1/status", &status(), "", &body), 401, "the signature"),
        (
            "an answer as a request",
            request("/peer/v1/status", &as_answer, &as_answer_signature, &body),
            401,
            "the signature",
        ),
        ("an unknown sender", signed(&from_c, &body), 403, "no peer of the sender's name is known"),
        ("for another node", signed(&to_c, &body), 403, "the message is for another node"),
        (
            "stale",
            signed(&shifted(Topic::Status, -45_000), &body),
            401,
            "the sender's clock is 45.",
        ),
        ("future", signed(&shifted(Topic::Status, 45_000), &body), 401, "ahead of ours"),
        (
            "the end of time",
            signed(&Envelope { at: Timestamp::from_ms(i64::MAX), ..status() }, &body),
            401,
            "the sender's clock is",
        ),
        (
            "the beginning of time",
            signed(&Envelope { at: Timestamp::from_ms(i64::MIN), ..status() }, &body),
            401,
            "the sender's clock is",
        ),
        (
            "signed before we started",
            signed(&shifted(Topic::Status, -10_000), &body),
            401,
            "the message was signed before this keeper started",
        ),
        ("no JSON", signed(&status(), b"\xff\x00{"), 400, "the message cannot be read"),
        ("no body", signed(&status(), b""), 400, "the message cannot be read"),
        ("deep JSON", signed(&status(), deep.as_bytes()), 400, "the message cannot be read"),
        (
            "deep JSON in its place",
            signed(&status(), format!("{{\"node\":{deep}").as_bytes()),
            400,
            "the message cannot be read",
        ),
        ("an unknown field", signed(&status(), &unknown_field), 400, "unknown field `more`"),
        (
            "a hello with more",
            signed(&envelope(Topic::Hello), b"{\"x\":1}"),
            400,
            "unknown field `x`",
        ),
        (
            "another producer",
            alter(|s| s.producer = "eosio".parse().unwrap()),
            403,
            "the keepers watch different producers (eosio, here eosstorebest)",
        ),
        ("another chain", alter(|s| s.chain_id = Some("b".repeat(64))), 403, "on different chains"),
        ("no chain id", alter(|s| s.chain_id = Some("x".repeat(64))), 400, "64 hex digits"),
        ("another node's status", alter(|s| s.node = "c".into()), 403, "the names in the message"),
        (
            "no such path",
            replaced(&good(), "/peer/v1/status", "/peer/v2/status"),
            404,
            "no such path",
        ),
        (
            "the status page",
            replaced(&good(), "/peer/v1/status", "/api/status"),
            404,
            "no such path",
        ),
        ("a query", replaced(&good(), "/peer/v1/status", "/peer/v1/status?x"), 405, "only POST"),
        ("GET", replaced(&good(), "POST ", "GET "), 405, "only POST is answered"),
        (
            "another protocol",
            replaced(&good(), "eoskeeper-peer/1", "eoskeeper-peer/2"),
            400,
            "the header eoskeeper-protocol",
        ),
        ("no nonce", without_header(&good(), "eoskeeper-nonce"), 400, "the header eoskeeper-nonce"),
        ("no time", without_header(&good(), "eoskeeper-time"), 400, "the header eoskeeper-time"),
        (
            "two senders",
            replaced(&good(), "eoskeeper-to:", "eoskeeper-from: c\r\neoskeeper-to:"),
            400,
            "the header eoskeeper-from",
        ),
        (
            "a name of two lines",
            replaced(&good(), "eoskeeper-from: a", "eoskeeper-from: a\tb"),
            400,
            "the header eoskeeper-from",
        ),
        ("no HTTP", b"\x16\x03\x01 hello\r\n\r\n".to_vec(), 400, ""),
    ];
    for (name, bytes, status, reason) in cases {
        let (got, text) = send(b.address, &bytes).await.unwrap_or_else(|| panic!("{name}: none"));
        assert!(got == status && text.contains(reason), "{name}: {got} {text}");
        assert!(text.lines().count() <= 1 && text.len() < 400, "{name}: {text}");
    }
    assert!(b.events.try_recv().is_err(), "the keeper heard of it");
    let (status, text) = send(b.address, &good()).await.unwrap();
    assert_eq!(status, 200, "{text}");
    assert!(b.events.try_recv().is_ok());
}

#[tokio::test]
async fn a_message_counts_once() {
    let mut b = b_alone().await;
    let again = signed(&envelope(Topic::Status), &json(&status_of("a")));
    assert_eq!(send(b.address, &again).await.unwrap().0, 200);
    assert!(b.events.try_recv().is_ok());
    for _ in 0..3 {
        let refused = send(b.address, &again).await.unwrap();
        assert_eq!(refused, (409, "the message was here before".to_owned()));
    }
    // Its nonce with another time, rightly signed, is the same message still.
    let first = envelope(Topic::Hello);
    let later = Envelope { at: first.at.plus_ms(5), ..first.clone() };
    assert_eq!(send(b.address, &signed(&first, b"{}")).await.unwrap().0, 200);
    assert_eq!(send(b.address, &signed(&later, b"{}")).await.unwrap().0, 409);
    assert!(b.events.try_recv().is_err());
}

/// A keeper that starts anew has forgotten the nonces; what was signed before is none of its own.
#[tokio::test]
async fn a_restart_opens_nothing() {
    let a = seat("a").await.listener.local_addr().unwrap();
    let first = Node::sit(seat("b").await, vec![remote("a", a)], 10);
    let recorded = signed(&envelope(Topic::Status), &json(&status_of("a")));
    assert_eq!(send(first.address, &recorded).await.unwrap().0, 200);
    drop(first);
    // The clock counts milliseconds.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let mut second = Node::sit(seat("b").await, vec![remote("a", a)], 10);
    let (status, text) = send(second.address, &recorded).await.unwrap();
    assert_eq!(status, 401, "{text}");
    assert!(text.contains("was signed before this keeper started"), "{text}");
    assert!(second.events.try_recv().is_err());
}

/// A handover that was held up must not make two signers: its ticket is of an earlier run, or old.
#[tokio::test]
async fn a_handover_without_a_fresh_ticket_is_not_taken() {
    let mut b = b_alone().await;
    let made_up = Nonce::random().unwrap();
    let give = json(&Give { ticket: made_up, handover: handover("a", "b") });
    let wish = json(&Wish { ticket: made_up, on_behalf: "a person".to_owned() });
    for (topic, body) in [(Topic::Handover, give), (Topic::Ask, wish)] {
        let (status, text) = send(b.address, &signed(&envelope(topic), &body)).await.unwrap();
        assert_eq!(status, 200, "{text}");
        assert!(text.contains("\"verdict\":\"stale_ticket\""), "{text}");
    }
    assert!(b.events.try_recv().is_err());
}

#[tokio::test]
async fn a_handover_that_is_not_from_its_sender_to_us_is_refused() {
    let mut b = b_alone().await;
    let (_, standing) = send(b.address, &signed(&envelope(Topic::Hello), b"{}")).await.unwrap();
    let standing: serde_json::Value = serde_json::from_str(&standing).unwrap();
    let cases = [
        ("of another giver", "from", json!("c"), "the names in the message"),
        ("to another node", "to", json!("c"), "the names in the message"),
        ("of another producer", "producer", json!("eosio"), "different producers"),
        ("of another chain", "chain_id", json!("b".repeat(64)), "different chains"),
        ("without an id", "id", json!(""), "no id of a handover"),
        ("with an id of two lines", "id", json!("1\n2"), "no id of a handover"),
    ];
    for (name, field, value, reason) in cases {
        let mut body = json!({ "ticket": standing["ticket"], "handover": handover("a", "b") });
        body["handover"][field] = value;
        let bytes = signed(&envelope(Topic::Handover), &json(&body));
        let (status, text) = send(b.address, &bytes).await.unwrap();
        assert_eq!(status, 200, "{name}: {text}");
        assert!(
            text.contains("\"verdict\":\"refused\"") && text.contains(reason),
            "{name}: {text}"
        );
    }
    assert!(b.events.try_recv().is_err());
}
