//! Who sends too much, too slowly or too often is cut off, and others are not.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use eoskeeper::peers::message::Topic;
use eoskeeper::peers::replay::NONCES_MAX;
use eoskeeper::peers::server::CONNECTIONS_OF_ONE_MAX;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use super::{b_alone, envelope, read, send, signed};

fn hello() -> Vec<u8> {
    signed(&envelope(Topic::Hello), b"{}")
}

fn with_length(length: &str) -> Vec<u8> {
    let text = String::from_utf8(hello()).unwrap();
    text.replace("content-length: 2", length).into_bytes()
}

#[tokio::test]
async fn what_is_too_large_or_too_slow_is_cut_off() {
    let mut b = b_alone().await;
    let big = "x".repeat(70_000);
    let chunked = [with_length("transfer-encoding: chunked"), Vec::new()].concat();
    let chunked = chunked.strip_suffix(b"{}").unwrap().to_vec();
    let chunks = format!("11170\r\n{big}\r\n0\r\n\r\n");
    let many = format!("POST /peer/v1/hello HTTP/1.1\r\n{}", "x: y\r\n".repeat(9_000));
    for (name, bytes, expected) in [
        ("a large body, announced", with_length("content-length: 70000"), Some((413, "64 KiB"))),
        (
            "a large body in chunks",
            [&chunked[..], chunks.as_bytes()].concat(),
            Some((413, "64 KiB")),
        ),
        ("a body that never ends", with_length("content-length: 3"), Some((408, "in time"))),
        ("headers that never end", b"POST /peer/v1/hello HTTP/1.1\r\nhost:".to_vec(), None),
        ("nothing at all", Vec::new(), None),
        ("headers without number", many.into_bytes(), Some((431, ""))),
    ] {
        match (send(b.address, &bytes).await, expected) {
            (Some((status, text)), Some((code, reason))) => {
                assert!(status == code && text.contains(reason), "{name}: {status} {text}");
            }
            // hyper may still say 408 before it closes.
            (None, None) | (Some((408, _)), None) => {}
            (got, _) => panic!("{name}: {got:?}"),
        }
    }
    assert_eq!(send(b.address, &hello()).await.unwrap().0, 200);
    assert!(b.events.try_recv().is_err());
}

/// A connection from an address of one's own.
async fn from(last: u8, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let ip = IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
    socket.bind((ip, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

#[tokio::test]
async fn a_flood_of_connections_does_not_shut_others_out() {
    let b = b_alone().await;
    let mut flood = Vec::new();
    for _ in 0..3 * CONNECTIONS_OF_ONE_MAX {
        flood.push(from(2, b.address).await);
    }
    let mut more = from(2, b.address).await;
    let _ = more.write_all(&hello()).await;
    assert_eq!(read(more).await, None, "the flooding address has its share");
    let mut other = from(1, b.address).await;
    other.write_all(&hello()).await.unwrap();
    assert_eq!(read(other).await.unwrap().0, 200, "another address is answered");
    // Connections that say nothing are closed, and the address is answered again.
    for silent in flood {
        let _ = read(silent).await;
    }
    let mut again = from(2, b.address).await;
    again.write_all(&hello()).await.unwrap();
    assert_eq!(read(again).await.unwrap().0, 200);
}

#[tokio::test]
async fn a_full_memory_refuses_and_says_so() {
    let b = b_alone().await;
    for _ in 0..NONCES_MAX {
        assert_eq!(send(b.address, &hello()).await.unwrap().0, 200);
    }
    let (status, text) = send(b.address, &hello()).await.unwrap();
    assert_eq!((status, text.as_str()), (503, "too many messages within a minute"));
}
