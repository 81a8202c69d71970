//! The poller against a node that answers, hangs and lacks a plugin.

use crate::http;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eoskeeper::core::event::{ApiFailure, Event};
use eoskeeper::nodeos::rpc::Client;
use eoskeeper::sources::get_info::{Pace, poll};
use http::{Server, answer, wait_for_end};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

/// For what is waited for: nothing is measured by it.
const LONG: Duration = Duration::from_secs(20);

/// What every version of `get_info` has.
const INFO: &str = r#"{"head_block_num":949,"last_irreversible_block_num":622,"head_block_id":"000003b5c1e5a2f7d0b1a9c8e7f6d5c4b3a2918070605040302010fffefdfcfb","head_block_time":"2026-11-21T02:48:37.500","head_block_producer":"producer111j"}"#;

fn client(server: &Server, deadline: Duration) -> Client {
    Client::new(&server.url(), deadline).unwrap()
}

/// A pace that makes many calls in little time; `schedule` and `paused_absent` never come again.
const QUICK: Pace = Pace {
    info: Duration::from_millis(20),
    schedule: Duration::from_secs(3600),
    schedule_soon: Duration::from_millis(20),
    paused: Duration::from_millis(20),
    paused_absent: Duration::from_secs(3600),
};

/// Receives until `done`, within a generous bound.
async fn receive_until(
    events: &mut mpsc::Receiver<Event>,
    mut done: impl FnMut(&[Event]) -> bool,
) -> Vec<Event> {
    let mut seen = Vec::new();
    let all = async {
        while !done(&seen) {
            seen.push(events.recv().await.expect("the poller ended"));
        }
    };
    tokio::time::timeout(LONG, all).await.expect("it did not come to this");
    seen
}

#[tokio::test]
async fn a_call_that_hangs_delays_no_other_and_is_not_doubled() {
    static IN_FLIGHT: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let server = Server::start(|request, stream| {
        if request.contains("get_info") {
            let now = IN_FLIGHT.fetch_add(1, Ordering::SeqCst) + 1;
            MOST.fetch_max(now, Ordering::SeqCst);
            wait_for_end(stream);
            IN_FLIGHT.fetch_sub(1, Ordering::SeqCst);
        } else if request.contains("paused") {
            let _ = stream.write_all(answer(201, "false").as_bytes());
        }
    });
    let client = client(&server, Duration::from_secs(1));
    let (sender, mut events) = mpsc::channel(1000);
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let task = tokio::spawn(async move {
        poll(&client, QUICK, "eosstorebest".parse().unwrap(), &Notify::new(), sender, stopping)
            .await
    });
    let hung = Event::Info(Err(ApiFailure::AnswerTimeout));
    let seen =
        receive_until(&mut events, |seen| seen.iter().filter(|event| **event == hung).count() >= 2)
            .await;
    let paused = seen.iter().filter(|event| **event == Event::Paused(Ok(false))).count();
    let schedules = seen.iter().filter(|event| matches!(event, Event::Schedule(Err(_)))).count();
    assert!(paused >= 4 && schedules >= 2, "{paused} paused, {schedules} schedules");
    stop.cancel();
    assert_eq!(task.await.unwrap(), 0, "events were dropped");
    // A call that was given up may be seen a moment longer by the server than by the client.
    assert!(MOST.load(Ordering::SeqCst) <= 2, "{MOST:?} get_info in flight");
}

#[tokio::test]
async fn the_schedule_is_asked_for_when_the_log_announces_one() {
    let server = Server::start(|request, stream| {
        let body = if request.contains("schedule") {
            r#"{"active":{"version":1,"producers":[{"producer_name":"inita"}]}}"#
        } else {
            INFO
        };
        // The producer API is not loaded here.
        let status = if request.contains("/v1/producer/") { 404 } else { 200 };
        let _ = stream.write_all(answer(status, body).as_bytes());
    });
    let client = client(&server, LONG);
    let changed = Arc::new(Notify::new());
    let (sender, mut events) = mpsc::channel(1000);
    let stop = CancellationToken::new();
    let (notified, stopping) = (Arc::clone(&changed), stop.clone());
    let task = tokio::spawn(async move {
        poll(&client, QUICK, "eosstorebest".parse().unwrap(), &notified, sender, stopping).await
    });
    let infos = |seen: &[Event]| seen.iter().filter(|e| matches!(e, Event::Info(Ok(_)))).count();
    let schedules =
        |seen: &[Event]| seen.iter().filter(|e| matches!(e, Event::Schedule(Ok(_)))).count();
    let absent = Event::Paused(Err(ApiFailure::NoSuchApi));

    let before = receive_until(&mut events, |seen| infos(seen) >= 10).await;
    assert_eq!(schedules(&before), 1, "the schedule was asked for without a reason");
    assert_eq!(before.iter().filter(|event| **event == absent).count(), 1);
    changed.notify_one();
    receive_until(&mut events, |seen| schedules(seen) >= 3).await;
    stop.cancel();
    assert_eq!(task.await.unwrap(), 0, "events were dropped");
    let asked = server.requests();
    let paused = asked.iter().filter(|request| request.contains("/v1/producer/paused")).count();
    assert_eq!(paused, 1, "a call that is not there was repeated");
}

#[tokio::test]
async fn the_poller_ends_when_nobody_listens() {
    let server = Server::saying(answer(200, INFO));
    let (sender, events) = mpsc::channel(1);
    drop(events);
    let client = client(&server, LONG);
    let changed = Notify::new();
    let ended = poll(
        &client,
        QUICK,
        "eosstorebest".parse().unwrap(),
        &changed,
        sender,
        CancellationToken::new(),
    );
    assert_eq!(tokio::time::timeout(LONG, ended).await, Ok(0));
}

#[tokio::test]
async fn the_schedule_is_asked_for_when_the_node_answers_again() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let server = Server::start(|request, stream| {
        let is_info = request.contains("get_info");
        // The first ten answers are good, the next five are not.
        let number = if is_info { ASKED.fetch_add(1, Ordering::SeqCst) } else { 0 };
        let status = if (10..15).contains(&number) { 500 } else { 200 };
        let body = match is_info {
            true => INFO,
            false => r#"{"active":{"version":1,"producers":[{"producer_name":"inita"}]}}"#,
        };
        let _ = stream.write_all(answer(status, body).as_bytes());
    });
    let client = client(&server, LONG);
    let (sender, mut events) = mpsc::channel(1000);
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let task = tokio::spawn(async move {
        poll(&client, QUICK, "eosstorebest".parse().unwrap(), &Notify::new(), sender, stopping)
            .await
    });
    let failed = |seen: &[Event]| seen.iter().any(|e| matches!(e, Event::Info(Err(_))));
    let schedules =
        |seen: &[Event]| seen.iter().filter(|e| matches!(e, Event::Schedule(Ok(_)))).count();
    let before = receive_until(&mut events, failed).await;
    assert_eq!(schedules(&before), 1, "the schedule was asked for without a reason");
    let after = receive_until(&mut events, |seen| schedules(seen) >= 1).await;
    let back = after.iter().position(|e| matches!(e, Event::Info(Ok(_))));
    assert!(back.is_some(), "asked before the node answered again: {after:?}");
    stop.cancel();
    assert_eq!(task.await.unwrap(), 0, "events were dropped");
}
