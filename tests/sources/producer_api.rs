//! Pause and resume against a node that obeys, and against all that do not.

use crate::http;

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eoskeeper::actions::producer_api;
use eoskeeper::core::action::{Act, ActResult};
use eoskeeper::nodeos::rpc::Client;
use http::{Server, answer, wait_for_end};

/// For answers that come: nothing is measured by it.
const LONG: Duration = Duration::from_secs(20);
/// For answers that never come; long enough for a busy machine to connect.
const SHORT: Duration = Duration::from_secs(3);

/// The text of a failure.
fn failed(result: ActResult) -> String {
    let ActResult::Failed(why) = result else { panic!("not failed: {result}") };
    why
}

/// A node with the producer API; `obeys` is whether pause and resume have an effect.
fn node(obeys: bool) -> Server {
    let paused = AtomicBool::new(true);
    Server::start(move |request, stream| {
        let ok = r#"{"result":"ok"}"#;
        let body = if request.contains("/paused") {
            if paused.load(Ordering::SeqCst) { "true" } else { "false" }
        } else {
            if obeys {
                paused.store(request.contains("/pause "), Ordering::SeqCst);
            }
            ok
        };
        let _ = stream.write_all(answer(201, body).as_bytes());
    })
}

async fn act(url: &str, act: Act) -> ActResult {
    let client = Client::new(url, LONG).unwrap();
    producer_api::run(&client, act, LONG).await
}

#[tokio::test]
async fn the_producer_api_is_obeyed_and_confirmed() {
    let node = node(true);
    for (what, words) in [
        (Act::Promote, "nodeos says paused = false"),
        (Act::Demote, "nodeos says paused = true"),
        (Act::Demote, "nodeos says paused = true"),
    ] {
        assert_eq!(act(&node.url(), what).await, ActResult::Done(words.to_owned()));
    }
    assert!(node.requests().contains(&"POST /v1/producer/resume HTTP/1.1".to_owned()));
    let why = act(&node.url(), Act::PromoteRemote).await;
    assert!(matches!(&why, ActResult::Refused(text) if text.contains("script")), "{why}");
}

#[tokio::test]
async fn the_producer_api_claims_nothing_it_did_not_see() {
    let why = failed(act(&node(false).url(), Act::Promote).await);
    assert!(why.contains("still says paused = true"), "{why}");

    let absent = act(&Server::saying(answer(404, "{}")).url(), Act::Promote).await;
    assert!(matches!(&absent, ActResult::Refused(text) if text.contains("producer_api_plugin")));

    let unheard = act(&Server::saying(answer(400, "")).url(), Act::Demote).await;
    assert!(matches!(&unheard, ActResult::Refused(text) if text.contains("http-alias")));

    let why = failed(act(&Server::saying(answer(500, "{}")).url(), Act::Demote).await);
    assert!(why.contains("HTTP status 500") && why.contains("not known"), "{why}");

    // Resumed, but `paused` is behind another address.
    let half = Server::start(|request, stream| {
        let status = if request.contains("/paused") { 404 } else { 201 };
        let _ = stream.write_all(answer(status, r#"{"result":"ok"}"#).as_bytes());
    });
    let why = failed(act(&half.url(), Act::Promote).await);
    assert!(why.contains("did not confirm it"), "{why}");
}

#[tokio::test]
async fn a_node_that_hangs_leaves_the_outcome_unknown() {
    let hung = Server::start(|_, stream| wait_for_end(stream));
    let own = Client::new(&hung.url(), SHORT).unwrap();
    let patient = Client::new(&hung.url(), LONG).unwrap();
    let (by_call, by_act) = tokio::join!(
        producer_api::run(&own, Act::Promote, LONG),
        producer_api::run(&patient, Act::Demote, SHORT)
    );
    let (by_call, by_act) = (failed(by_call), failed(by_act));
    assert!(by_call.contains("obeys when it wakes"), "{by_call}");
    assert!(by_act.contains("was not confirmed within 3000 ms"), "{by_act}");
}
