//! Keepers that keep each other up to date.

use eoskeeper::core::handover::{PeerSaid, PeerStatus, Signing};
use eoskeeper::peers::message::Topic;
use tokio::net::TcpListener;

use super::{Node, b_alone, envelope, json, remote, seat, send, signed, status_of};

fn is_status(said: &PeerSaid, of: &str) -> bool {
    matches!(said, PeerSaid::Status(status) if status.node == of)
}

#[tokio::test]
async fn two_keepers_know_how_the_other_stands() {
    let (a, b) = (seat("a").await, seat("b").await);
    let (at_a, at_b) = (a.listener.local_addr().unwrap(), b.listener.local_addr().unwrap());
    let mut a = Node::sit(a, vec![remote("b", at_b)], 100);
    let mut b = Node::sit(b, vec![remote("a", at_a)], 100);
    a.exchange();
    b.exchange();
    a.until(|event| event.index == 0 && is_status(&event.said, "b")).await;
    b.until(|event| event.index == 0 && is_status(&event.said, "a")).await;

    // What matters is told as soon as it changes.
    let signs = |status: &PeerStatus| status.signing == Signing::Yes;
    a.own.send_replace(PeerStatus { signing: Signing::Yes, ..status_of("a") }.into());
    b.until(|event| matches!(&event.said, PeerSaid::Status(status) if signs(status))).await;

    // One that ends is silent, and says why.
    drop(b);
    let silent = a.until(|event| matches!(event.said, PeerSaid::Silent(_))).await;
    let PeerSaid::Silent(why) = silent.said else { unreachable!() };
    assert!(why.starts_with("b cannot be reached: Connection refused"), "{why}");
}

#[tokio::test]
async fn a_peer_that_hangs_or_is_gone_holds_nobody_up() {
    // It takes connections, and never says a word.
    let hangs = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = seat("d").await.listener.local_addr().unwrap();
    let (a, b) = (seat("a").await, seat("b").await);
    let (at_a, at_b) = (a.listener.local_addr().unwrap(), b.listener.local_addr().unwrap());
    let at_c = hangs.local_addr().unwrap();
    let remotes = vec![remote("c", at_c), remote("d", gone), remote("b", at_b)];
    let mut a = Node::sit(a, remotes, 100);
    let b = Node::sit(b, vec![remote("a", at_a)], 100);
    a.exchange();
    let mut heard = 0;
    let mut silent = [false; 2];
    while heard < 3 || silent != [true, true] {
        let event = a.until(|_| true).await;
        match event.said {
            PeerSaid::Silent(why) if event.index == 0 => {
                assert!(why.starts_with("c gave no answer: 5 s are over"), "{why}");
                // Statuses of b came while c was waited for.
                assert!(heard >= 2, "{heard}");
                silent[0] = true;
            }
            PeerSaid::Silent(why) if event.index == 1 => {
                assert!(why.starts_with("d cannot be reached"), "{why}");
                silent[1] = true;
            }
            said => {
                assert!(event.index == 2 && is_status(&said, "b"), "{said:?}");
                heard += 1;
            }
        }
    }
    drop(b);
}

#[tokio::test]
async fn a_peer_that_reaches_us_is_not_silent_where_we_do_not_reach_it() {
    let (a, b) = (seat("a").await, seat("b").await);
    let at_a = a.listener.local_addr().unwrap();
    let gone = seat("b").await.listener.local_addr().unwrap();
    let mut a = Node::sit(a, vec![remote("b", gone)], 100);
    let b = Node::sit(b, vec![remote("a", at_a)], 100);
    b.exchange();
    a.until(|event| is_status(&event.said, "b")).await;
    a.exchange();
    for _ in 0..3 {
        let event = a.until(|_| true).await;
        assert!(is_status(&event.said, "b"), "{event:?}");
    }
}

#[tokio::test]
async fn a_status_that_was_held_up_does_not_pass_for_the_present() {
    let mut b = b_alone().await;
    let mut held_up = envelope(Topic::Status);
    held_up.at = held_up.at.plus_ms(1);
    let mut newer = envelope(Topic::Status);
    newer.at = newer.at.plus_ms(2_000);
    for (name, envelope, is_told) in [("the newer", &newer, true), ("the older", &held_up, false)] {
        let bytes = signed(envelope, &json(&status_of("a")));
        let (status, text) = send(b.address, &bytes).await.unwrap();
        assert_eq!(status, 200, "{name}: {text}");
        assert_eq!(b.events.try_recv().is_ok(), is_told, "{name}");
    }
}

#[tokio::test]
async fn what_a_peer_says_is_cut_and_cleaned() {
    let mut b = b_alone().await;
    let mut status = status_of("a");
    status.sentence = format!("\u{1b}[2J{}", "long ".repeat(9_000));
    let (code, text) =
        send(b.address, &signed(&envelope(Topic::Status), &json(&status))).await.unwrap();
    assert_eq!(code, 200, "{text}");
    let event = b.until(|_| true).await;
    let PeerSaid::Status(heard) = event.said else { panic!("{event:?}") };
    assert_eq!(heard.sentence.chars().count(), 1_000);
    assert!(heard.sentence.starts_with(" [2Jlong "), "{}", heard.sentence);
}
