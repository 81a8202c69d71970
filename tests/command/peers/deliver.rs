//! A handover, and the wish for one: it comes, or it is known that it did not, or that is not known.

use std::net::SocketAddr;
use std::time::Duration;

use eoskeeper::core::action::ActResult;
use eoskeeper::core::handover::PeerSaid;
use eoskeeper::peers::client::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{CALL, Node, handover, party, remote, seat};

/// For what comes at all.
const LONG: Duration = Duration::from_secs(20);
/// For what never does.
const SHORT: Duration = Duration::from_millis(700);

/// `a`'s client to a `b` at this address.
fn client_to(address: SocketAddr) -> Client {
    let party = party("a", vec![remote("b", address)]);
    Client::new(party.into(), eoskeeper::clock::Clock::start(), CALL).unwrap()
}

async fn b() -> Node {
    let a = seat("a").await.listener.local_addr().unwrap();
    Node::sit(seat("b").await, vec![remote("c", a), remote("a", a)], 10)
}

#[tokio::test]
async fn a_handover_and_an_ask_reach_the_keeper() {
    let mut b = b().await;
    let client = client_to(b.address);
    let given = handover("a", "b");
    let result = client.hand_over(&given, LONG).await;
    assert_eq!(
        result,
        ActResult::Done("b: The keeper has it; its status says what it does.".to_owned())
    );
    let event = b.until(|event| matches!(event.said, PeerSaid::Handover(_))).await;
    assert_eq!((event.index, event.said), (1, PeerSaid::Handover(given)));

    let result = client.ask("b", "a person\non a", LONG).await;
    assert!(matches!(&result, ActResult::Done(_)), "{result}");
    let event = b.until(|event| matches!(event.said, PeerSaid::Ask(_))).await;
    assert_eq!(event.said, PeerSaid::Ask("a person on a".to_owned()));
    assert!(b.got_nothing_more());
}

#[tokio::test]
async fn a_refusal_that_is_signed_means_that_nothing_was_taken() {
    let mut b = b().await;
    let client = client_to(b.address);
    let mut other = handover("a", "b");
    other.chain_id = Some("b".repeat(64));
    let result = client.hand_over(&other, LONG).await;
    let expected = "b refused: the nodes are on different chains".to_owned();
    assert_eq!(result, ActResult::Refused(expected));
    let result = client.hand_over(&handover("a", "nobody"), LONG).await;
    let expected = "no peer is named 'nobody' in [peers] nodes".to_owned();
    assert_eq!(result, ActResult::Refused(expected));
    assert!(b.got_nothing_more());
}

#[tokio::test]
async fn what_was_never_sent_is_refused() {
    let gone = seat("b").await.listener.local_addr().unwrap();
    let result = client_to(gone).hand_over(&handover("a", "b"), SHORT).await;
    let ActResult::Refused(why) = result else { panic!("{result}") };
    assert!(why.starts_with("b did not get it: cannot be reached: Connection refused"), "{why}");
}

#[tokio::test]
async fn it_is_tried_again_until_the_peer_is_there() {
    let place = seat("b").await;
    let address = place.listener.local_addr().unwrap();
    drop(place);
    let giving =
        tokio::spawn(async move { client_to(address).hand_over(&handover("a", "b"), LONG).await });
    tokio::time::sleep(SHORT).await;
    let listener = TcpListener::bind(address).await.unwrap();
    let mut b = Node::sit(super::Seat { name: "b", listener }, vec![remote("a", address)], 10);
    assert!(matches!(giving.await.unwrap(), ActResult::Done(_)));
    b.until(|event| matches!(event.said, PeerSaid::Handover(_))).await;
}

#[tokio::test]
async fn a_ticket_of_an_earlier_run_is_asked_for_anew() {
    let first = b().await;
    let address = first.address;
    let client = client_to(address);
    client.hello(0).await.unwrap();
    drop(first);
    let listener = loop {
        match TcpListener::bind(address).await {
            Ok(listener) => break listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let mut second = Node::sit(super::Seat { name: "b", listener }, vec![remote("a", address)], 10);
    let result = client.hand_over(&handover("a", "b"), LONG).await;
    assert!(matches!(&result, ActResult::Done(_)), "{result}");
    second.until(|event| matches!(event.said, PeerSaid::Handover(_))).await;
}

#[tokio::test]
async fn a_keeper_that_takes_no_events_has_not_received_it() {
    let a = seat("a").await.listener.local_addr().unwrap();
    let mut b = Node::sit(seat("b").await, vec![remote("a", a)], 1);
    let client = client_to(b.address);
    assert!(matches!(client.hand_over(&handover("a", "b"), LONG).await, ActResult::Done(_)));
    let result = client.hand_over(&handover("a", "b"), LONG).await;
    let expected = "b refused: this keeper is too busy or is ending".to_owned();
    assert_eq!(result, ActResult::Refused(expected));
    b.until(|event| matches!(event.said, PeerSaid::Handover(_))).await;
    assert!(b.got_nothing_more());
}

/// What lies between `a` and `b` when it is not the network alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// After the answer that was lost, all goes through.
    Heals,
    /// After the answer that was lost, somebody refuses in `b`'s name, without the secret.
    Refuses,
    /// Every answer to a handover is lost.
    Loses,
}

/// Passes on to `to` what comes, but for the answer to the first handover, which is lost.
async fn relay(to: SocketAddr, then: Then) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut has_lost = false;
        while let Ok((mut near, _)) = listener.accept().await {
            let mut bytes = vec![0; 16 * 1024];
            let count = near.read(&mut bytes).await.unwrap();
            let is_handover = bytes.starts_with(b"POST /peer/v1/handover");
            if then == Then::Refuses && has_lost {
                let refusal = "HTTP/1.1 403 No\r\ncontent-length: 3\r\n\r\nno\n";
                near.write_all(refusal.as_bytes()).await.unwrap();
                continue;
            }
            let mut far = TcpStream::connect(to).await.unwrap();
            far.write_all(&bytes[..count]).await.unwrap();
            let mut answer = Vec::new();
            far.read_to_end(&mut answer).await.unwrap();
            if is_handover && (then == Then::Loses || !has_lost) {
                has_lost = true;
                continue;
            }
            near.write_all(&answer).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn when_the_answer_is_lost_nobody_says_that_it_was_refused() {
    for (name, then, deadline, expected) in [
        ("the next try tells", Then::Heals, LONG, "done: b: The keeper has it"),
        (
            "a refusal without the secret",
            Then::Refuses,
            SHORT,
            "failed: b did not get it: refused the message (403): no; an earlier try may have come",
        ),
        ("no answer ever", Then::Loses, SHORT, "an earlier try may have come"),
    ] {
        let mut b = b().await;
        let client = client_to(relay(b.address, then).await);
        let result = client.hand_over(&handover("a", "b"), deadline).await.to_string();
        assert!(result.contains(expected), "{name}: {result}");
        b.until(|event| matches!(event.said, PeerSaid::Handover(_))).await;
    }
}
