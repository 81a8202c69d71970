//! The PagerDuty channel against a server that refuses what the Events API v2 refuses.

#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::http_support;
#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::notify_support;

use eoskeeper::actions::notify::channel::{Channel, Delivered};
use eoskeeper::actions::notify::pagerduty::PagerDuty;
use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::message::{Message, MessageKind};
use http_support::{Reply, Request, Server};
use notify_support::{clock, delivery, fault, hostile, message, wish};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// What the API's documents ask of an event.
fn judged(request: &Request) -> Result<(), String> {
    let event = request.json();
    if event["routing_key"] != KEY {
        return Err("Invalid routing key".to_owned());
    }
    let key = event["dedup_key"].as_str().unwrap_or_default();
    if !(1..=255).contains(&key.chars().count()) {
        return Err("'dedup_key' is too long or absent".to_owned());
    }
    match event["event_action"].as_str() {
        Some("resolve" | "acknowledge") => return Ok(()),
        Some("trigger") => {}
        other => return Err(format!("'event_action' is {other:?}")),
    }
    let payload = &event["payload"];
    let length = payload["summary"].as_str().unwrap_or_default().chars().count();
    if !(1..=1_024).contains(&length) {
        return Err(format!("'payload.summary' has {length} characters"));
    }
    if payload["source"].as_str().unwrap_or_default().is_empty() {
        return Err("'payload.source' is missing or blank".to_owned());
    }
    if !matches!(payload["severity"].as_str(), Some("critical" | "error" | "warning" | "info")) {
        return Err("'payload.severity' is invalid".to_owned());
    }
    Ok(())
}

fn pagerduty() -> Server {
    Server::start(|request| match judged(request) {
        Ok(()) => Reply::json(202, r#"{"status":"success","message":"Event processed"}"#),
        Err(why) => Reply::json(400, format!(r#"{{"status":"invalid event","errors":["{why}"]}}"#)),
    })
}

fn channel(server: &Server) -> PagerDuty {
    let url = format!("{}/v2/enqueue", server.url());
    PagerDuty::new(&url.parse().unwrap(), KEY, clock()).unwrap()
}

/// The events that came of a message: action and key.
async fn events(message: Message) -> Vec<(String, String)> {
    let server = pagerduty();
    let done = channel(&server).deliver(&delivery(message)).await;
    assert_eq!(done, Ok(Delivered::default()));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let event = |request: &Request| {
        let event = request.json();
        (text(&event["event_action"]), text(&event["dedup_key"]))
    };
    server.requests().iter().map(event).collect()
}

#[tokio::test]
async fn an_incident_is_one_alert_and_what_wakes_nobody_is_none() {
    let incident = "20261121T024837-a-api_down";
    let of = |kind, severity| Message { severity, ..message(kind) };
    let pair = |action: &str, key: &str| (action.to_owned(), key.to_owned());
    for (kind, severity, expected) in [
        (MessageKind::Raised, Severity::Page, vec![pair("trigger", incident)]),
        (MessageKind::Raised, Severity::Info, vec![pair("trigger", incident)]),
        (MessageKind::Reminder, Severity::Page, vec![pair("trigger", incident)]),
        (MessageKind::Changed, Severity::Warn, vec![pair("trigger", incident)]),
        (MessageKind::Resolved, Severity::Page, vec![pair("resolve", incident)]),
        (MessageKind::Told, Severity::Info, vec![]),
        (MessageKind::Told, Severity::Warn, vec![pair("trigger", incident)]),
        (MessageKind::Report, Severity::Info, vec![]),
        (MessageKind::Summary, Severity::Info, vec![]),
    ] {
        assert_eq!(events(of(kind, severity)).await, expected, "{kind:?} {severity:?}");
    }
    let test = Message { incident: String::new(), ..message(MessageKind::Test) };
    let key = test.id.clone();
    assert_eq!(events(test).await, [pair("trigger", &key), pair("resolve", &key)]);
}

#[tokio::test]
async fn an_alert_says_all_that_is_known() {
    let server = pagerduty();
    channel(&server).deliver(&delivery(message(MessageKind::Raised))).await.unwrap();
    let event = server.requests()[0].json();
    let payload = &event["payload"];
    assert_eq!(payload["summary"], "tokyo-1: nodeos does not answer: connection refused.");
    assert_eq!(payload["severity"], "critical");
    assert_eq!(payload["timestamp"], "2026-11-21T02:48:37.098Z");
    assert_eq!(payload["component"], "eosstorebest");
    assert_eq!(payload["class"], "api_down");
    assert_eq!(payload["custom_details"]["seen"][1], "No block for 31 s.");
    assert_eq!(event["links"][0]["href"], "https://example.org/runbook#api_down");
    channel(&server).deliver(&delivery(hostile(MessageKind::Raised))).await.unwrap();
    let summary = server.requests()[1].json()["payload"]["summary"].as_str().unwrap().to_owned();
    assert!(!summary.contains(char::is_control), "{summary}");
}

#[tokio::test]
async fn only_202_is_success() {
    let server = pagerduty();
    let channel = channel(&server);
    let delivery = delivery(message(MessageKind::Raised));
    for (status, expected) in
        [(200, "passing"), (400, "lasting"), (403, "refused"), (429, "passing"), (500, "passing")]
    {
        server.order(Reply::json(status, format!("about {KEY}")));
        let (kind, why) = fault(channel.deliver(&delivery).await);
        assert_eq!(kind, expected, "{why}");
        assert!(why.contains(&status.to_string()) && !why.contains(KEY), "{why}");
    }
    let about_the_key =
        r#"{"status":"invalid event","errors":["Length of 'routing_key' is incorrect"]}"#;
    server.order(Reply::json(400, about_the_key));
    assert_eq!(
        fault(channel.deliver(&delivery).await).0,
        "refused",
        "a wrong key makes the event wrong"
    );
    server.order(Reply::too_many(11, ""));
    assert_eq!(wish(channel.deliver(&delivery).await), Some(11_000));
}
