//! The RPC client against servers that really misbehave.

use crate::http;

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use eoskeeper::core::event::{ApiFailure, ChainInfo};
use eoskeeper::core::schedule::Schedule;
use eoskeeper::nodeos::rpc::{Client, SCHEDULE_ANSWER_BYTES, SMALL_ANSWER_BYTES};
use http::{Server, answer, wait_for_end};

/// For answers that come: nothing is measured by it.
const LONG: Duration = Duration::from_secs(20);
/// For answers that never come.
const SHORT: Duration = Duration::from_secs(1);

const ID: &str = "000003b5c1e5a2f7d0b1a9c8e7f6d5c4b3a2918070605040302010fffefdfcfb";

/// As Leap 4.1 answers, all 20 fields.
const INFO_LEAP: &str = r#"{"server_version":"db2e80ba","chain_id":"8a34ec7df1b8cd06ff4a8abbaa7cc50300823350cadc59ab296cb00d104d2b8f","head_block_num":949,"last_irreversible_block_num":622,"last_irreversible_block_id":"0000026ec1e5a2f7d0b1a9c8e7f6d5c4b3a2918070605040302010fffefdfcfb","head_block_id":"000003b5c1e5a2f7d0b1a9c8e7f6d5c4b3a2918070605040302010fffefdfcfb","head_block_time":"2026-11-21T02:48:37.500","head_block_producer":"producer111j","virtual_block_cpu_limit":200000000,"virtual_block_net_limit":1048576000,"block_cpu_limit":200000,"block_net_limit":1048576,"server_version_string":"v4.1.0-rc1","fork_db_head_block_num":949,"fork_db_head_block_id":"000003b5c1e5a2f7d0b1a9c8e7f6d5c4b3a2918070605040302010fffefdfcfb","server_full_version_string":"v4.1.0-rc1-db2e80ba","total_cpu_weight":"0","total_net_weight":"0","earliest_available_block_num":1,"last_irreversible_block_time":"2026-11-21T02:45:54.000"}"#;

fn client(server: &Server, deadline: Duration) -> Client {
    Client::new(&server.url(), deadline).unwrap()
}

async fn info_of(bytes: impl Into<Vec<u8>>) -> Result<ChainInfo, ApiFailure> {
    let server = Server::saying(bytes);
    client(&server, LONG).get_info().await
}

/// The failure's name, as printed and as tests compare it.
fn name(failure: &ApiFailure) -> String {
    let json = serde_json::to_value(failure).unwrap();
    json["failure"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_block_id_is_asked_for_in_both_ways() {
    let id = format!(r#"{{"block_num":622,"id":"{ID}"}}"#);
    let old = Server::start(move |request, stream| {
        let is_known = request.starts_with("POST /v1/chain/get_block ");
        let said = if is_known { answer(200, &id) } else { answer(404, "{}") };
        let _ = stream.write_all(said.as_bytes());
    });
    assert_eq!(client(&old, LONG).block_id(622).await.as_deref(), Ok(ID));
    assert_eq!(
        old.requests(),
        ["POST /v1/chain/get_block_info HTTP/1.1", "POST /v1/chain/get_block HTTP/1.1"]
    );
    let new = Server::saying(answer(200, &format!(r#"{{"id":"{ID}"}}"#)));
    assert_eq!(client(&new, LONG).block_id(622).await.as_deref(), Ok(ID));
    assert_eq!(new.requests(), ["POST /v1/chain/get_block_info HTTP/1.1"]);

    let odd = Server::saying(answer(200, r#"{"id":"short"}"#));
    assert_eq!(name(&client(&odd, LONG).block_id(1).await.unwrap_err()), "unexpected_answer");
    // A node that does not have the block.
    let without = Server::saying(answer(500, "{}"));
    assert_eq!(name(&client(&without, LONG).block_id(1).await.unwrap_err()), "http_status");
}

#[tokio::test]
async fn reads_get_info_of_every_age() {
    let leap = info_of(answer(200, INFO_LEAP)).await.unwrap();
    assert_eq!((leap.head, leap.lib), (949, 622));
    assert_eq!(leap.head_id, ID);
    assert_eq!(leap.head_producer.as_str(), "producer111j");
    assert_eq!(leap.head_time.to_string(), "2026-11-21T02:48:37.500");
    assert_eq!(leap.version.as_deref(), Some("v4.1.0-rc1"));
    assert!(leap.chain_id.unwrap().starts_with("8a34ec7d"));
    assert!(leap.lib_id.unwrap().starts_with("0000026e"));

    // dawn-2: neither chain id nor the LIB's id; whole seconds. And with a Z, which none has.
    for time in ["2018-01-09T12:00:03", "2018-01-09T12:00:03Z", "2018-01-09T12:00:03.000Z"] {
        let dawn = format!(
            r#"{{"head_block_num":1,"last_irreversible_block_num":0,"head_block_id":"{ID}",
            "head_block_time":"{time}","head_block_producer":"inita"}}"#
        );
        let dawn = info_of(answer(200, &dawn)).await.unwrap();
        assert_eq!(dawn.head_time.to_string(), "2018-01-09T12:00:03.000", "{time}");
        assert_eq!((dawn.chain_id, dawn.lib_id, dawn.version), (None, None, None));
    }
}

#[tokio::test]
async fn an_answer_that_is_not_right_names_the_field() {
    let with = |from: &str, to: &str| {
        assert!(INFO_LEAP.contains(from), "{from}");
        INFO_LEAP.replace(from, to)
    };
    let id = format!("\"{ID}\"");
    let cases = [
        ("null", "null".to_owned(), "unexpected_answer", "not an object: null"),
        ("a list", "[1,2]".to_owned(), "unexpected_answer", "not an object: [1,2]"),
        ("nothing", String::new(), "not_json", "EOF"),
        ("HTML", "<html>busy</html>".to_owned(), "not_json", "expected value"),
        ("cut", INFO_LEAP[..200].to_owned(), "not_json", "EOF"),
        ("two", format!("{INFO_LEAP}{INFO_LEAP}"), "not_json", "trailing"),
        ("deep", "[".repeat(10_000), "not_json", "recursion limit"),
        ("empty", "{}".to_owned(), "unexpected_answer", "head_block_num is missing"),
        (
            "a null",
            with("949,\"last", "null,\"last"),
            "unexpected_answer",
            "head_block_num is missing",
        ),
        (
            "a text",
            with("949,\"last", "\"949\",\"last"),
            "unexpected_answer",
            "head_block_num is \"949\"",
        ),
        ("too large", with("949,\"last", "4294967296,\"last"), "unexpected_answer", "4294967296"),
        (
            "huge",
            with("949,\"last", "1e300,\"last"),
            "unexpected_answer",
            "head_block_num is 1e+300",
        ),
        ("beyond", with("949,\"last", "1e999,\"last"), "not_json", "number out of range"),
        ("negative", with("949,\"last", "-1,\"last"), "unexpected_answer", "head_block_num is -1"),
        ("no name", with("producer111j", "Producer_j"), "unexpected_answer", "head_block_producer"),
        ("no producer", with("producer111j", ""), "unexpected_answer", "at least one character"),
        (
            "no time",
            with("2026-11-21T02:48:37.500", "soon"),
            "unexpected_answer",
            "head_block_time is \"soon\"",
        ),
        ("no id", with(&id, "\"000003b5\""), "unexpected_answer", "64 lower-case hex digits"),
        ("long", with("producer111j", &"x".repeat(5_000)), "unexpected_answer", "xxx…"),
    ];
    for (case, body, failure, text) in cases {
        let error = info_of(answer(200, &body)).await.unwrap_err();
        assert_eq!(name(&error), failure, "{case}: {error}");
        assert!(error.to_string().contains(text), "{case}: {error}");
        assert!(error.to_string().len() < 400, "{case}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_has_a_name_of_its_own() {
    let length = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"head";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let cases: [(&str, String, &str); 13] = [
        ("404", answer(404, "{\"code\":404}"), "no_such_api"),
        ("500", answer(500, "{\"code\":500}"), "http_status"),
        ("503", answer(503, ""), "http_status"),
        ("redirect", "HTTP/1.1 302 X\r\nLocation: /x\r\n\r\n".to_owned(), "http_status"),
        (
            "announced too large",
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{{", 10 << 20),
            "body_too_large",
        ),
        ("cut", length.to_owned(), "truncated_body"),
        ("cut chunks", format!("{chunked}64\r\n{{\"head"), "truncated_body"),
        ("cut between chunks", format!("{chunked}2\r\n{{}}\r\n"), "truncated_body"),
        ("cut head", "HTTP/1.1 200 OK\r\nContent-Le".to_owned(), "truncated_body"),
        ("closed at once", String::new(), "truncated_body"),
        ("not HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned(), "other"),
        ("binary", "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(), "other"),
        ("no chunk size", format!("{chunked}zz\r\n{{}}\r\n"), "other"),
    ];
    for (case, bytes, failure) in cases {
        let error = info_of(bytes).await.unwrap_err();
        assert_eq!(name(&error), failure, "{case}: {error}");
        assert!(!error.to_string().contains("127.0.0.1"), "{case}: {error}");
    }
    assert_eq!(info_of(answer(500, "")).await, Err(ApiFailure::HttpStatus(500)));
}

#[tokio::test]
async fn ten_mebibytes_are_not_taken_in() {
    // With a length that is not announced, and never coming to an end by itself.
    let server = Server::start(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(&vec![b' '; 10 << 20]);
    });
    let client = client(&server, LONG);
    assert_eq!(client.get_info().await, Err(ApiFailure::BodyTooLarge(SMALL_ANSWER_BYTES as u64)));
    assert_eq!(
        client.producer_schedule().await,
        Err(ApiFailure::BodyTooLarge(SCHEDULE_ANSWER_BYTES as u64))
    );
}

#[tokio::test]
async fn whatever_hangs_ends_at_the_deadline() {
    let silent = |_: &str, stream: &mut TcpStream| wait_for_end(stream);
    let half_a_head = |_: &str, stream: &mut TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConte");
        wait_for_end(stream);
    };
    let stuck_body = |_: &str, stream: &mut TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
        wait_for_end(stream);
    };
    let dripping = |_: &str, stream: &mut TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while stream.write_all(b"1\r\n \r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let cases = [
        ("silent", Server::start(silent), ApiFailure::AnswerTimeout),
        ("half a head", Server::start(half_a_head), ApiFailure::AnswerTimeout),
        ("stuck body", Server::start(stuck_body), ApiFailure::EndlessBody),
        ("dripping", Server::start(dripping), ApiFailure::EndlessBody),
    ];
    // Long enough for a slow machine to connect; half of it is for that.
    let asked = cases.map(|(case, server, failure)| async move {
        assert_eq!(client(&server, 3 * SHORT).get_info().await, Err(failure), "{case}");
    });
    futures_util::future::join_all(asked).await;
}

#[tokio::test]
async fn what_cannot_be_reached_says_how() {
    let closed = Server::saying("");
    let url = closed.url();
    drop(closed);
    // The listener's thread may take a moment to go.
    for _ in 0..200 {
        if TcpStream::connect(url.trim_start_matches("http://")).is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let answer = Client::new(&url, LONG).unwrap().get_info().await;
    assert_eq!(answer, Err(ApiFailure::ConnectionRefused));

    let nowhere = Client::new("http://nodeos.invalid:8888", LONG).unwrap();
    let error = nowhere.get_info().await.unwrap_err();
    assert_eq!(name(&error), "name_not_found", "{error}");
    assert!(error.to_string().contains("nodeos.invalid"), "{error}");
}

#[tokio::test]
async fn a_full_backlog_is_a_connect_timeout() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    // Connections nobody accepts fill the queue; then the kernel answers no more.
    let mut queued = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(SHORT, tokio::net::TcpStream::connect(address)).await
    {
        queued.push(stream);
        assert!(queued.len() < 100, "the queue does not fill");
    }
    let client = Client::new(&format!("http://{address}"), SHORT).unwrap();
    assert_eq!(client.get_info().await, Err(ApiFailure::ConnectTimeout));
}

#[tokio::test]
async fn tls_that_is_none_is_a_failure_of_tls() {
    // To a plain port: it answers the handshake in clear, or closes.
    for (case, said) in [("plain answer", answer(400, "")), ("closed", String::new())] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut hello = [0; 64];
            let _ = std::io::Read::read(&mut stream, &mut hello);
            let _ = stream.write_all(said.as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Write);
            wait_for_end(&mut stream);
        });
        let client = Client::new(&format!("https://127.0.0.1:{port}"), LONG).unwrap();
        let error = client.get_info().await.unwrap_err();
        assert_eq!(name(&error), "tls", "{case}: {error}");
        thread.join().unwrap();
    }
}

#[test]
fn an_address_that_cannot_be_one_is_refused_with_the_right_form() {
    for (url, text) in [
        ("", "relative URL"),
        ("127.0.0.1:8888", "write http://HOST:PORT"),
        ("localhost:8888", "neither with http:// nor with https://"),
        ("ftp://localhost", "neither with http:// nor with https://"),
        ("http://", "empty host"),
        ("http://h:99999", "invalid port"),
        ("http://me:secret@h:8888", "would be printed"),
        ("http://h:8888/?a=b", "'?'"),
    ] {
        let error = Client::new(url, LONG).unwrap_err().to_string();
        assert!(error.contains(text), "{url}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_path_in_the_address_is_a_prefix() {
    let server = Server::saying(answer(200, INFO_LEAP));
    for suffix in ["", "/", "/node1", "/node1/"] {
        let client = Client::new(&format!("{}{suffix}", server.url()), LONG).unwrap();
        assert!(client.get_info().await.is_ok());
    }
    let (root, below) =
        ("GET /v1/chain/get_info HTTP/1.1", "GET /node1/v1/chain/get_info HTTP/1.1");
    assert_eq!(server.requests(), [root, root, below, below]);
}

async fn schedule_of(body: &str) -> Result<Schedule, ApiFailure> {
    client(&Server::saying(answer(200, body)), LONG).producer_schedule().await
}

/// The answer of a Leap 4.1 whose producer had changed its key, cut to two producers; and the same
/// in the shape of EOSIO 1.
const SCHEDULE_LEAP: &str = r#"{"active":{"version":1,"producers":[{"producer_name":"eosstorebest","authority":[0,{"threshold":1,"keys":[{"key":"EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV","weight":1}]}]},{"producer_name":"producer111a","authority":[0,{"threshold":1,"keys":[{"key":"EOS6Dx2axBE5LdtR7GLfGAijuV4FvNJcYPNKwuWzwruBBauDBFyGP","weight":1}]}]}]},"pending":null,"proposed":null}"#;
const SCHEDULE_EOSIO1: &str = r#"{"active":{"version":1,"producers":[{"producer_name":"eosstorebest","block_signing_key":"EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV"},{"producer_name":"producer111a","block_signing_key":"EOS6Dx2axBE5LdtR7GLfGAijuV4FvNJcYPNKwuWzwruBBauDBFyGP"}]},"pending":null,"proposed":null}"#;

#[tokio::test]
async fn reads_the_keys_our_producer_may_sign_with() {
    let ours = "PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63";
    let two = SCHEDULE_LEAP.replacen(
        r#""weight":1}"#,
        r#""weight":1},{"key":"PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63","weight":1}"#,
        1,
    );
    let broken = SCHEDULE_LEAP.replace("6MRyAjQq8ud7", "6MRyAjQq8ud8");
    for (case, body, producer, keys) in [
        ("Leap", SCHEDULE_LEAP, "eosstorebest", &[ours][..]),
        ("EOSIO 1", SCHEDULE_EOSIO1, "eosstorebest", &[ours]),
        ("two keys, both forms", &two, "eosstorebest", &[ours, ours]),
        ("not in the schedule", SCHEDULE_LEAP, "producer111b", &[]),
        ("no key of any form", &broken, "eosstorebest", &[]),
    ] {
        let server = Server::saying(answer(200, body));
        let name = producer.parse().unwrap();
        let (schedule, found) = client(&server, LONG).schedule_and_keys(name).await.unwrap();
        assert_eq!(
            (schedule.producers.len(), &found[..]),
            (2, &keys.iter().map(|k| (*k).to_owned()).collect::<Vec<_>>()[..]),
            "{case}"
        );
    }
}

#[tokio::test]
async fn reads_schedules_of_both_shapes() {
    let key = "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV";
    let eosio1 = format!(
        r#"{{"active":{{"version":3,"producers":[
        {{"producer_name":"inita","block_signing_key":"{key}"}},
        {{"producer_name":"initb","block_signing_key":"{key}"}}]}},"pending":null,"proposed":null}}"#
    );
    let leap = format!(
        r#"{{"active":{{"version":3,"producers":[
        {{"producer_name":"inita","authority":[0,{{"threshold":1,"keys":[{{"key":"{key}","weight":1}}]}}]}},
        {{"producer_name":"initb","authority":[0,{{"threshold":1,"keys":[{{"key":"{key}","weight":1}}]}}]}}]}},
        "pending":{{"version":4,"producers":[]}},"proposed":null}}"#
    );
    for body in [eosio1, leap] {
        let schedule = schedule_of(&body).await.unwrap();
        let names: Vec<_> = schedule.producers.iter().map(ToString::to_string).collect();
        assert_eq!((schedule.version, names), (3, vec!["inita".to_owned(), "initb".to_owned()]));
    }
}

#[tokio::test]
async fn a_schedule_that_cannot_be_is_refused() {
    let rows = |count: usize| {
        let letters: Vec<char> = "abcdefghijklmnopqrstuvwxyz".chars().collect();
        let names = (0..count).map(|i| format!("{}{}", letters[i / 26], letters[i % 26]));
        names.map(|name| format!(r#"{{"producer_name":"{name}"}}"#)).collect::<Vec<_>>().join(",")
    };
    let of = |rows: &str| format!(r#"{{"active":{{"version":1,"producers":[{rows}]}}}}"#);
    assert_eq!(schedule_of(&of(&rows(125))).await.unwrap().producers.len(), 125);
    let twice = r#"{"producer_name":"a"},{"producer_name":"a"}"#;
    for (case, body, text) in [
        ("none", of(""), "0 producers"),
        ("too many", of(&rows(126)), "126 producers"),
        ("twice", of(twice), "a is in the schedule twice"),
        ("no name", of(r#"{"producer_name":"A!"}"#), "producer_name is \"A!\""),
        ("no row", of("1"), "a row of active.producers is not an object"),
        ("nameless", of("{}"), "producer_name is missing"),
        ("no active", r#"{"active":null}"#.to_owned(), "active is not an object"),
        ("no version", r#"{"active":{"producers":[]}}"#.to_owned(), "version is missing"),
        ("no list", r#"{"active":{"version":1}}"#.to_owned(), "not a list"),
    ] {
        let error = schedule_of(&body).await.unwrap_err();
        assert_eq!(name(&error), "unexpected_answer", "{case}");
        assert!(error.to_string().contains(text), "{case}: {error}");
    }
}

#[tokio::test]
async fn the_producer_api_answers_201() {
    let server = Server::start(|request, stream| {
        let body = if request.contains("/paused") { "true" } else { r#"{"result":"ok"}"# };
        let _ = stream.write_all(answer(201, body).as_bytes());
    });
    let node = client(&server, LONG);
    assert_eq!(node.paused().await, Ok(true));
    assert_eq!((node.pause().await, node.resume().await), (Ok(()), Ok(())));
    assert_eq!(
        server.requests(),
        [
            "GET /v1/producer/paused HTTP/1.1",
            "POST /v1/producer/pause HTTP/1.1",
            "POST /v1/producer/resume HTTP/1.1"
        ]
    );
    for (body, failure) in
        [("\"true\"", "unexpected_answer"), ("yes", "not_json"), ("1", "unexpected_answer")]
    {
        let odd = Server::saying(answer(201, body));
        assert_eq!(name(&client(&odd, LONG).paused().await.unwrap_err()), failure, "{body}");
        assert_eq!(name(&client(&odd, LONG).pause().await.unwrap_err()), failure, "{body}");
    }
}
