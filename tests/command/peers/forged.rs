//! Answers that must not be believed, each with its reason.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eoskeeper::clock::Clock;
use eoskeeper::peers::client::{Client, Fault};
use eoskeeper::peers::envelope::{Envelope, Key, Side};
use eoskeeper::peers::message::{Standing, Topic};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Node, SECRET, json, party, remote, seat, status_of};

/// Answers each request with what `make` makes of it; the connection then stays open when the
/// answer ends with `…`.
async fn liar(make: impl Fn(Vec<u8>) -> Vec<u8> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 16 * 1024];
            let count = stream.read(&mut bytes).await.unwrap();
            bytes.truncate(count);
            let answer = make(bytes);
            let cut = answer.strip_suffix(b"...");
            stream.write_all(cut.unwrap_or(&answer)).await.unwrap();
            if cut.is_some() {
                open.push(stream);
            }
        }
    });
    address
}

fn client_to(address: SocketAddr) -> Client {
    let party = Arc::new(party("a", vec![remote("b", address)]));
    Client::new(party, Clock::start(), Duration::from_secs(1)).unwrap()
}

/// The envelope of the request that was sent.
fn asked(request: &[u8]) -> Envelope {
    let text = String::from_utf8(request.to_vec()).unwrap();
    let mut headers = axum::http::HeaderMap::new();
    for line in text.split("\r\n").skip(1).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap();
        let name = axum::http::HeaderName::try_from(name).unwrap();
        headers.append(name, value.parse().unwrap());
    }
    Envelope::read(Topic::Hello, &headers).unwrap().0
}

fn standing() -> Vec<u8> {
    let ticket = eoskeeper::peers::envelope::Nonce::from_bytes([1; 16]);
    json(&Standing { status: status_of("b"), ticket })
}

fn answer(envelope: &Envelope, signature: &str, body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in &envelope.headers(signature) {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

fn signed(envelope: &Envelope, body: &[u8]) -> Vec<u8> {
    answer(envelope, &envelope.sign(&Key::new(SECRET), Side::Answer, body), body)
}

fn reply(request: &[u8]) -> Envelope {
    asked(request).answer(Clock::start().now().wall)
}

type Make = fn(Vec<u8>) -> Vec<u8>;

#[tokio::test]
async fn an_answer_that_is_not_the_peers_own_is_not_believed() {
    let cases: [(&str, Make, &str); 13] = [
        (
            "another secret",
            |request| {
                let (envelope, body) = (reply(&request), standing());
                let wrong = Key::new(b"another secret of thirty-two bytes or more");
                answer(&envelope, &envelope.sign(&wrong, Side::Answer, &body), &body)
            },
            "not signed with our secret",
        ),
        (
            "the request's own signature",
            |request| {
                let (envelope, body) = (asked(&request), b"{}".to_vec());
                answer(&envelope, &envelope.sign(&Key::new(SECRET), Side::Request, &body), &body)
            },
            "not signed with our secret",
        ),
        (
            "another peer's",
            |request| signed(&Envelope { from: "c".to_owned(), ..reply(&request) }, &standing()),
            "not signed with our secret",
        ),
        (
            "to another peer",
            |request| signed(&Envelope { to: "c".to_owned(), ..reply(&request) }, &standing()),
            "not signed with our secret",
        ),
        (
            "to another question",
            |request| signed(&Envelope { topic: Topic::Status, ..reply(&request) }, &standing()),
            "not signed with our secret",
        ),
        (
            "an altered body",
            |request| {
                let text = String::from_utf8(signed(&reply(&request), &standing())).unwrap();
                let altered = text.replace("\"ready\":false", "\"ready\":true ");
                assert_ne!(altered, text, "something was altered");
                altered.into_bytes()
            },
            "not signed with our secret",
        ),
        (
            "no signature",
            |_| b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec(),
            "it is no answer of eoskeeper-peer/1",
        ),
        ("garbage, signed", |request| signed(&reply(&request), b"[]"), "cannot be used"),
        (
            "too large",
            |_| {
                let body = "x".repeat(70_000);
                format!("HTTP/1.1 200 OK\r\ncontent-length: 70000\r\n\r\n{body}").into_bytes()
            },
            "it is larger than 64 KiB",
        ),
        (
            "never ends",
            |_| b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{...".to_vec(),
            "gave no answer: 1 s are over",
        ),
        ("never begins", |_| b"...".to_vec(), "gave no answer: 1 s are over"),
        (
            "cut off",
            |_| b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec(),
            "gave no answer",
        ),
        (
            "sent elsewhere",
            |_| {
                b"HTTP/1.1 307 There\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
                    .to_vec()
            },
            "refused the message (307)",
        ),
    ];
    for (name, make, reason) in cases {
        let client = client_to(liar(make).await);
        let fault = client.hello(0).await.expect_err(name).to_string();
        assert!(fault.contains(reason), "{name}: {fault}");
    }
    let client = client_to(liar(|request| signed(&reply(&request), &standing())).await);
    assert!(client.hello(0).await.is_ok(), "the liar can also tell the truth");
}

#[tokio::test]
async fn a_recorded_answer_fits_no_other_question() {
    let recorded = Arc::new(std::sync::Mutex::new(None));
    let keep = Arc::clone(&recorded);
    let address = liar(move |request| {
        let mut kept = keep.lock().unwrap();
        kept.get_or_insert_with(|| signed(&reply(&request), &standing())).clone()
    });
    let client = client_to(address.await);
    assert!(client.hello(0).await.is_ok());
    assert_eq!(client.hello(0).await.unwrap_err(), Fault::NotSigned);
    assert!(recorded.lock().unwrap().is_some());
}

#[tokio::test]
async fn a_refusal_cannot_flood_or_move_a_terminal() {
    let address = liar(|_| {
        let text = format!("\u{1b}[2Jno\r\nmore{}", "x".repeat(9_000));
        format!("HTTP/1.1 403 No\r\ncontent-length: {}\r\n\r\n{text}", text.len()).into_bytes()
    });
    let fault = client_to(address.await).hello(0).await.unwrap_err();
    let Fault::Refused { status: 403, reason } = fault else { panic!("{fault}") };
    assert!(!reason.contains(char::is_control) && reason.len() <= 400, "{reason}");
}

#[tokio::test]
async fn a_status_of_another_producer_or_chain_is_not_passed_on() {
    let a = seat("a").await.listener.local_addr().unwrap();
    let b = Node::sit(seat("b").await, vec![remote("a", a)], 10);
    let client = client_to(b.address);
    for (name, producer, chain, reason) in [
        ("another chain", "eosstorebest", "b", "(403): the nodes are on different chains"),
        ("another producer", "eosio", "a", "(403): the keepers watch different producers"),
    ] {
        let mut own = status_of("a");
        own.producer = producer.parse().unwrap();
        own.chain_id = Some(chain.repeat(64));
        let fault = client.status(0, &own).await.expect_err(name).to_string();
        assert!(fault.contains(reason), "{name}: {fault}");
    }
    let answer = client.status(0, &status_of("a")).await.unwrap();
    assert_eq!(answer.content.node, "b");
    assert!(answer.skew_ms.abs() < 5_000, "{}", answer.skew_ms);
}
