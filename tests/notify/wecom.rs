//! WeCom against a server that checks what its robots' webhook checks, and misbehaves.

#[allow(dead_code, reason = "each test file that uses the service uses another part of it")]
mod service;

#[allow(dead_code, reason = "each test file that uses the server uses another part of it")]
use crate::http_support;

use std::time::Duration;

use eoskeeper::actions::notify::channel::{Channel, Delivered, Delivery, DeliveryError, Picture};
use eoskeeper::actions::notify::wecom::{Settings, Token, WeCom};
use eoskeeper::core::action::Severity::{self, Info, Page, Warn};
use eoskeeper::core::alarm::language::Language;
use eoskeeper::core::alarm::message::MessageKind::{self, Raised, Reminder, Report, Resolved};
use eoskeeper::core::alarm::message::{
    MESSAGE_VERSION, Message, PROOF_MAX, PictureKind, SENTENCE_BYTES_MAX,
};
use eoskeeper::core::settings::Role;
use eoskeeper::core::time::Timestamp;
use http_support::{Reply, Request, Server};
use service::{KEY, answer as service, code};

fn channel(server: &Server) -> WeCom {
    with(server, KEY, &["zhangsan"])
}

fn with(server: &Server, key: &str, mentioned: &[&str]) -> WeCom {
    let mentioned = mentioned.iter().map(|name| (*name).to_owned()).collect();
    let settings =
        Settings { key: Token::new(key), api_url: server.url().parse().unwrap(), mentioned };
    WeCom::new(&settings).unwrap()
}

fn message(kind: MessageKind, severity: Severity) -> Message {
    let at = Timestamp::from_ms(1_795_229_317_098);
    Message {
        version: MESSAGE_VERSION,
        id: "m".to_owned(),
        kind,
        severity,
        incident: "20261121T024837-api_down".to_owned(),
        cause: "api_down".to_owned(),
        title: "the RPC does not answer".to_owned(),
        proof: vec!["5 polls in a row failed".to_owned()],
        next_step: "see that nodeos runs".to_owned(),
        marks: vec!["dry run".to_owned()],
        node: "tokyo-1".to_owned(),
        role: Role::Active,
        producer: "eosstorebest".parse().unwrap(),
        chain_id: None,
        at,
        began: at,
        ended: (kind == Resolved).then(|| at.plus_ms(260_000)),
        reminder: 0,
        first_told_as: None,
        pictures: Vec::new(),
        language: Language::English,
    }
}

async fn deliver(
    channel: &WeCom,
    message: Message,
    pictures: Vec<Picture>,
) -> Result<Delivered, DeliveryError> {
    let delivery = Delivery { message, pictures, shown: None };
    let delivering = channel.deliver(&delivery);
    tokio::time::timeout(Duration::from_secs(20), delivering).await.expect("no answer in time")
}

fn picture(bytes: usize) -> Picture {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.resize(bytes.max(png.len()), 7);
    Picture { kind: PictureKind::Lag, caption: "lag".to_owned(), png }
}

/// The markdown of a request.
fn content(request: &Request) -> String {
    request.json()["markdown"]["content"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_page_is_coloured_and_calls_people() {
    let server = Server::start(service);
    let delivered = deliver(&channel(&server), message(Raised, Page), Vec::new()).await;
    assert_eq!(delivered, Ok(Delivered::default()));
    assert_eq!(
        content(&server.requests()[0]),
        "🔴 **<font color=\"warning\">the RPC does not answer</font>**\n\
         <font color=\"comment\">PAGE begins · tokyo-1 (A) · eosstorebest</font>\n\
         > 5 polls in a row failed\n\
         **Next step:** see that nodeos runs\n\
         ⚠ dry run\n\
         <font color=\"comment\">Since: 2026-11-21 02:48:37 UTC</font>\n\
         <font color=\"comment\">Incident: 20261121T024837-api_down</font>\n\
         <@zhangsan>"
    );
}

#[tokio::test]
async fn levels_have_their_colours_and_only_pages_call() {
    let server = Server::start(service);
    for (kind, severity, colour, calls) in [
        (Raised, Page, "warning", true),
        (Reminder, Page, "warning", true),
        (Raised, Warn, "warning", false),
        (Raised, Info, "comment", false),
        (Resolved, Page, "info", false),
        (Report, Info, "comment", false),
        (MessageKind::Test, Page, "comment", false),
    ] {
        for language in Language::ALL {
            // A robot of its own for each: there is a limit a minute.
            let message = Message { language, ..message(kind, severity) };
            deliver(&channel(&server), message, Vec::new()).await.unwrap();
            let content = content(&server.take_requests()[0]);
            let has_colour = content.contains(&format!("**<font color=\"{colour}\">"));
            assert!(has_colour, "{kind:?} {severity:?}: {content}");
            assert!(content.contains(language.kind(kind)), "{content}");
            assert_eq!(content.contains("<@zhangsan>"), calls, "{kind:?} {severity:?}");
        }
    }
}

#[tokio::test]
async fn hostile_and_endless_texts_stay_text_within_the_limit() {
    let server = Server::start(service);
    for part in ["<@all> **x** [a](http://b) ", "出块者停止出块。", "🔴🟠", "x\n\u{202e}# y\0"]
    {
        let text = part.repeat(SENTENCE_BYTES_MAX / part.len());
        let message = Message {
            title: text.clone(),
            proof: vec![text.clone(); PROOF_MAX],
            next_step: text.clone(),
            marks: vec![text.clone(); 5],
            node: text.clone(),
            incident: text.clone(),
            ..message(Raised, Page)
        };
        let many: Vec<String> = (0..20).map(|n| format!("{n:a<60}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let delivered = deliver(&with(&server, KEY, &many), message, Vec::new()).await;
        assert!(delivered.is_ok(), "{part}: {delivered:?}");
        let content = content(&server.take_requests()[0]);
        assert!(!content.contains("<@all") && !content.contains("](http"), "{content}");
        assert!(!content.contains(['\0', '\u{202e}']), "{content}");
        assert!(content.contains("Next step") && content.contains("Since: 2026"), "{content}");
        let called = content.matches("<@").count();
        assert!((1..20).contains(&called) && content.ends_with("aaa>"), "{called}: {content}");
    }
}

#[tokio::test]
async fn pictures_follow_with_their_md5() {
    let server = Server::start(service);
    let too_large = picture(2 * 1024 * 1024 + 1);
    let pictures = vec![picture(100), too_large, picture(2 * 1024 * 1024)];
    deliver(&channel(&server), message(Report, Info), pictures).await.unwrap();
    let requests = server.requests();
    let kinds: Vec<_> = requests.iter().map(|request| request.json()["msgtype"].clone()).collect();
    assert_eq!(kinds, ["markdown", "image", "image"]);
    for request in &requests[1..] {
        assert!(matches!(service(request), Reply::Answer(200, _, body)
            if body.starts_with(b"{\"errcode\":0")));
    }
}

#[tokio::test]
async fn a_picture_that_fails_takes_no_text_with_it() {
    let server = Server::start(service);
    server.order(code(0, "ok"));
    server.order(Reply::Close);
    let both = vec![picture(100), picture(200)];
    assert_eq!(
        deliver(&channel(&server), message(Report, Info), both).await,
        Ok(Delivered::default())
    );
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_robot_keeps_to_its_minute() {
    let server = Server::start(service);
    let channel = channel(&server);
    for _ in 0..20 {
        deliver(&channel, message(Raised, Warn), Vec::new()).await.unwrap();
    }
    let error = deliver(&channel, message(Raised, Warn), Vec::new()).await.unwrap_err();
    let DeliveryError::Passing { why, retry_after: Some(wait) } = error else { panic!("{error}") };
    assert!(why.contains("20 messages a minute"), "{why}");
    assert!(!wait.is_zero() && wait <= Duration::from_secs(60), "{wait:?}");
    assert_eq!(server.requests().len(), 20);
}

#[tokio::test]
async fn each_failure_is_told_by_what_follows_from_it() {
    let elsewhere = Server::start(|_| code(0, "ok"));
    for (name, reply, passes, wait, words) in [
        ("too many", code(45_009, "reach max api daily quota limit"), true, Some(60), "rest"),
        ("busy", code(-1, "system busy"), true, None, "system busy"),
        ("429", Reply::too_many(9, ""), true, Some(9), "rest"),
        ("500", Reply::json(500, "oops"), true, None, "status 500"),
        ("removed", code(93_000, "invalid webhook url"), false, None, "copy the key"),
        ("refused", code(40_058, "invalid parameter"), false, None, "refuses the message"),
        ("closes", Reply::Close, true, None, "cannot be reached"),
        ("no HTTP", Reply::Garbage, true, None, "cannot be reached"),
        ("half a body", Reply::Half(200, b"{\"errcode\":0}".to_vec()), true, None, "in the middle"),
        ("no JSON", Reply::json(200, "<html>"), true, None, "no answer of WeCom"),
        ("redirect", Reply::redirect(&elsewhere.url()), true, None, "HTTP status 302"),
    ] {
        let server = Server::start(service);
        let channel = channel(&server);
        server.order(reply);
        let error = deliver(&channel, message(Raised, Page), Vec::new()).await.unwrap_err();
        let (passed, waits) = match &error {
            DeliveryError::Passing { retry_after, .. } => (true, retry_after.map(|w| w.as_secs())),
            DeliveryError::Refused(_) | DeliveryError::Lasting(_) => (false, None),
        };
        assert_eq!((passed, waits), (passes, wait), "{name}: {error}");
        assert!(error.to_string().contains(words), "{name}: {error}");
        assert!(!format!("{error:?}").contains(KEY), "{name}: {error}");
        deliver(&channel, message(Raised, Page), Vec::new()).await.unwrap();
    }
    assert!(elsewhere.requests().is_empty(), "the key was carried elsewhere");
    let server = Server::start(service);
    let error = deliver(&with(&server, "wrong-key", &[]), message(Raised, Page), Vec::new()).await;
    assert!(matches!(error, Err(DeliveryError::Refused(why)) if why.contains("93000")));
}

#[tokio::test]
async fn a_server_that_hangs_is_left_at_the_outbox_s_deadline() {
    let server = Server::start(service);
    let channel = channel(&server);
    let delivery = Delivery { message: message(Raised, Page), pictures: Vec::new(), shown: None };
    for hang in [Reply::Hang, Reply::HangInBody] {
        server.order(hang);
        let late = tokio::time::timeout(Duration::from_millis(300), channel.deliver(&delivery));
        assert!(late.await.is_err());
    }
    channel.deliver(&delivery).await.unwrap();
}

#[test]
fn the_key_is_never_printed() {
    let url = "https://qyapi.weixin.qq.com".parse().unwrap();
    let settings = Settings { key: Token::new(KEY), api_url: url, mentioned: Vec::new() };
    assert!(!format!("{settings:?}").contains("693a"));
}

#[tokio::test]
async fn late_pictures_are_sent_without_the_text_again() {
    let server = Server::start(service);
    let pictures = vec![picture(50_000), picture(9)];
    let late = Delivery { message: message(Raised, Page), pictures, shown: None };
    assert_eq!(channel(&server).follow(&late).await, Ok(Delivered::default()));
    let kinds: Vec<_> = server
        .requests()
        .iter()
        .map(|r| r.json()["msgtype"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["image", "image"]);
}
