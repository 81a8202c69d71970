//! The Slack channel against a server that refuses what Slack refuses.

#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::http_support;
#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::notify_support;

use eoskeeper::actions::notify::channel::{Channel, Delivered};
use eoskeeper::actions::notify::slack::Slack;
use eoskeeper::core::alarm::language::Language;
use eoskeeper::core::alarm::message::MessageKind;
use http_support::{Reply, Request, Server};
use notify_support::{clock, delivery, fault, hostile, message, wish};
use serde_json::Value;

/// What the documents of Block Kit ask for.
fn judged(request: &Request) -> Result<(), String> {
    let payload = request.json();
    let blocks = payload["blocks"].as_array().ok_or("no blocks")?;
    if blocks.is_empty() || blocks.len() > 50 {
        return Err(format!("{} blocks", blocks.len()));
    }
    let text = payload["text"].as_str().ok_or("no text")?;
    let mut texts = vec![(text, 40_000)];
    for block in blocks {
        match block["type"].as_str() {
            Some("header") => {
                assert_eq!(block["text"]["type"], "plain_text");
                let length = block["text"]["text"].as_str().ok_or("no header")?.chars().count();
                if !(1..=150).contains(&length) {
                    return Err(format!("a header of {length}"));
                }
            }
            Some("section") => texts.push((mrkdwn(&block["text"])?, 3_000)),
            Some("context") => {
                let elements = block["elements"].as_array().ok_or("no elements")?;
                for element in elements {
                    texts.push((mrkdwn(element)?, 3_000));
                }
            }
            other => return Err(format!("a block of type {other:?}")),
        }
    }
    for (text, most) in texts {
        let length = text.chars().count();
        if !(1..=most).contains(&length) {
            return Err(format!("a text of {length}"));
        }
        // Nothing of ours is a link or a mention, so that no control sequence may be there.
        if text.contains(['<', '>']) || unescaped(text) {
            return Err(format!("control sequences: {text}"));
        }
    }
    Ok(())
}

fn mrkdwn(text: &Value) -> Result<&str, String> {
    if text["type"] != "mrkdwn" || text["verbatim"] != true {
        return Err(format!("no verbatim text: {text}"));
    }
    text["text"].as_str().ok_or_else(|| "no text".to_owned())
}

fn unescaped(text: &str) -> bool {
    text.split('&').skip(1).any(|rest| !["amp;", "lt;", "gt;"].iter().any(|e| rest.starts_with(e)))
}

fn slack() -> Server {
    Server::start(|request| match judged(request) {
        Ok(()) => Reply::Answer(200, Vec::new(), b"ok".to_vec()),
        Err(why) => Reply::Answer(400, Vec::new(), format!("invalid_blocks: {why}").into_bytes()),
    })
}

fn channel(server: &Server) -> Slack {
    let url = format!("{}/services/T000/B0000000/SecretTokenOfSlack", server.url());
    Slack::new(&url.parse().unwrap(), clock()).unwrap()
}

#[tokio::test]
async fn every_kind_in_every_language_is_taken_however_hostile() {
    let server = slack();
    let channel = channel(&server);
    for kind in [
        MessageKind::Raised,
        MessageKind::Reminder,
        MessageKind::Changed,
        MessageKind::Resolved,
        MessageKind::Told,
        MessageKind::Report,
        MessageKind::Summary,
        MessageKind::Test,
    ] {
        for language in Language::ALL {
            for mut message in [message(kind), hostile(kind)] {
                message.language = language;
                let done = channel.deliver(&delivery(message)).await;
                assert_eq!(done, Ok(Delivered::default()), "{kind:?}");
            }
        }
    }
}

#[tokio::test]
async fn says_what_is_the_matter_and_what_to_do() {
    let server = slack();
    channel(&server).deliver(&delivery(message(MessageKind::Raised))).await.unwrap();
    let payload = server.requests()[0].json();
    assert_eq!(payload["blocks"][0]["text"]["text"], "🔴 PAGE · tokyo-1 · begins");
    assert_eq!(
        payload["text"],
        "🔴 PAGE · tokyo-1 · begins: nodeos does not answer: connection refused."
    );
    let all = payload.to_string();
    for words in [
        "*nodeos does not answer: connection refused.*",
        "*Note:* Dry run.",
        "*Seen*\\n• api_down: 5 polls in a row failed.\\n• No block for 31 s.",
        "*Next step:* See https://example.org/runbook#api_down.",
        "Since: 2026-11-21 02:44:17 UTC",
        "Incident: 20261121T024837-a-api_down",
    ] {
        assert!(all.contains(words), "{words} is not in {all}");
    }
}

#[tokio::test]
async fn where_slack_refuses_us_messages_are_kept_and_too_many_pass() {
    let server = slack();
    let channel = channel(&server);
    let delivery = delivery(message(MessageKind::Raised));
    for (status, words) in
        [(403, "action_prohibited"), (404, "no_service"), (410, "channel_is_archived")]
    {
        server.order(Reply::Answer(status, Vec::new(), words.as_bytes().to_vec()));
        let (kind, why) = fault(channel.deliver(&delivery).await);
        assert_eq!((kind, why), ("refused", format!("it answered {status}: {words}")));
    }
    server.order(Reply::too_many(30, "SecretTokenOfSlack rate_limited"));
    assert_eq!(wish(channel.deliver(&delivery).await), Some(30_000));
    server.order(Reply::too_many(30, "SecretTokenOfSlack rate_limited"));
    assert_eq!(fault(channel.deliver(&delivery).await).1, "it answered 429: … rate_limited");
}
