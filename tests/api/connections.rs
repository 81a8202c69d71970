//! Connections that mean no good: slow ones, many, large ones, and noise.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use eoskeeper::web::guard::Guard;
use eoskeeper::web::server::CONNECTIONS_OF_ONE_MAX;

use crate::asking::{LONG, Server, exchange};
use crate::facts::{bare, facts};

async fn server() -> (Server, impl Sized) {
    let (facts, status, pulse) = facts(bare(), None);
    (Server::start(facts, Guard::default()).await, (status, pulse))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_its_share_of_connections_and_gets_them_back() {
    let (server, _kept) = server().await;
    let address = server.address;
    let mut held: Vec<TcpStream> = (0..CONNECTIONS_OF_ONE_MAX)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "GET /api/status HTTP/1.1\r\nHost: ").unwrap();
            stream
        })
        .collect();
    let mut refused = 0;
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let _ =
            write!(stream, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        refused += usize::from(read.is_err() || answer.is_empty());
    }
    assert!(refused > 0, "more than {CONNECTIONS_OF_ONE_MAX} were served at once");
    held.truncate(3);
    // They are given back when the server sees that they ended.
    let end = std::time::Instant::now() + LONG;
    loop {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let _ = write!(
            stream,
            "GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        );
        let mut answer = String::new();
        if stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(std::time::Instant::now() < end, "nobody is served any more");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_a_header_a_byte_at_a_time_is_dropped() {
    let (server, _kept) = server().await;
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    write!(stream, "GET /api/status HTTP/1.1\r\nHost: localhost\r\nX: ").unwrap();
    let end = std::time::Instant::now() + LONG;
    let mut answer = Vec::new();
    loop {
        assert!(std::time::Instant::now() < end, "it is still held");
        let is_gone = stream.write_all(b"x").is_err();
        let mut piece = [0; 1_024];
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock && !is_gone => {}
            Err(_) => break,
        }
    }
    let answer = String::from_utf8_lossy(&answer);
    assert!(!answer.contains("eosstorebest"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_nothing_is_dropped_at_first_and_after_an_answer() {
    let (server, _kept) = server().await;
    let mut silent = TcpStream::connect(server.address).unwrap();
    silent.set_read_timeout(Some(LONG)).unwrap();
    let mut kept = TcpStream::connect(server.address).unwrap();
    kept.set_read_timeout(Some(LONG)).unwrap();
    write!(kept, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    kept.read_to_end(&mut answer).expect("it is closed after a while");
    assert!(answer.starts_with(b"HTTP/1.1 "), "it was answered before");
    let mut nothing = Vec::new();
    let _ = silent.read_to_end(&mut nothing).map(|count| assert_eq!(count, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_and_what_is_too_large_is_refused_and_the_next_is_served() {
    let (server, _kept) = server().await;
    let address = server.address;
    let long = "x".repeat(64 * 1024);
    for request in [
        format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n"),
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03 not HTTP\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "GET http://evil.example/api/status HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(),
        "GET /api/status HTTP/1.1\r\n\r\n".to_owned(),
        "GET /api/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\
         Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/status HTTP/1.1\r\n\r\n"
            .to_owned(),
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        let answers = answer.matches("HTTP/1.1 ").count();
        let begins: String = request.chars().take(60).collect();
        // Two lengths: the request is answered, and what follows it is not taken for another.
        let is_smuggling = request.contains("Transfer-Encoding");
        let is_refused = answers == 0 || answer.starts_with("HTTP/1.1 4");
        assert!(is_refused || is_smuggling, "{begins}: {answer}");
        assert!(answers <= 1, "{begins}: {answer}");
    }
    let request = "GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(exchange(address, request).status, 200);
}
