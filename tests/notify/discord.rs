//! The Discord channel against a server that refuses what Discord refuses.

#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::http_support;
#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::notify_support;

use eoskeeper::actions::notify::channel::{Channel, Delivered, Delivery};
use eoskeeper::actions::notify::discord::Discord;
use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::message::{Message, MessageKind, PictureKind};
use http_support::{Reply, Request, Server};
use notify_support::{clock, delivery, fault, hostile, message, picture, wish};
use serde_json::Value;

const PATH: &str = "/api/webhooks/123456/SecretTokenOfDiscord";

fn payload(request: &Request) -> Value {
    match request.parts().iter().find(|part| part.name == "payload_json") {
        Some(part) => serde_json::from_str(&part.text()).unwrap(),
        None => request.json(),
    }
}

/// The length of a text as Discord may count it: the stricter of two ways.
fn length(text: &Value) -> usize {
    text.as_str().map_or(0, |text| text.encode_utf16().count())
}

/// What the documents ask of a message.
fn judged(request: &Request) -> Result<(), String> {
    let payload = payload(request);
    let embeds = payload["embeds"].as_array().ok_or("no embeds")?;
    if !(1..=10).contains(&embeds.len()) {
        return Err(format!("{} embeds", embeds.len()));
    }
    if payload["allowed_mentions"] != serde_json::json!({"parse": []}) {
        return Err("somebody may be called".to_owned());
    }
    let mut total = 0;
    for embed in embeds {
        let fields = embed["fields"].as_array().cloned().unwrap_or_default();
        let bounds = [
            ("title", length(&embed["title"]), 256),
            ("description", length(&embed["description"]), 4_096),
            ("footer", length(&embed["footer"]["text"]), 2_048),
            ("fields", fields.len(), 25),
        ];
        for (what, length, most) in bounds {
            if length > most {
                return Err(format!("{what}: {length}"));
            }
        }
        total += length(&embed["title"]) + length(&embed["description"]);
        total += length(&embed["footer"]["text"]);
        for field in fields {
            let (name, value) = (length(&field["name"]), length(&field["value"]));
            if !(1..=256).contains(&name) || !(1..=1_024).contains(&value) {
                return Err(format!("a field of {name} and {value}"));
            }
            total += name + value;
        }
        if let Some(url) = embed["image"]["url"].as_str() {
            let name = url.strip_prefix("attachment://").ok_or("an image from elsewhere")?;
            if !request.parts().iter().any(|part| part.file.as_deref() == Some(name)) {
                return Err(format!("no file {name}"));
            }
        }
    }
    if total > 6_000 { Err(format!("{total} characters")) } else { Ok(()) }
}

fn discord() -> Server {
    Server::start(|request| match (judged(request), request.method.as_str()) {
        (Err(why), _) => Reply::json(400, format!(r#"{{"code":50035,"message":"{why}"}}"#)),
        (Ok(()), "POST") if request.path == format!("{PATH}?wait=true") => {
            Reply::json(200, r#"{"id":"1175829384756"}"#)
        }
        (Ok(()), "PATCH") if request.path == format!("{PATH}/messages/1175829384756") => {
            Reply::json(200, r#"{"id":"1175829384756"}"#)
        }
        _ => Reply::json(404, r#"{"code":10015,"message":"Unknown Webhook"}"#),
    })
}

fn channel(server: &Server) -> Discord {
    Discord::new(&format!("{}{PATH}", server.url()).parse().unwrap(), clock()).unwrap()
}

fn shown(text: &str) -> Delivered {
    Delivered { shown: Some(text.to_owned()), remove_after: None }
}

fn after(message: Message, shown: &str) -> Delivery {
    Delivery { shown: Some(shown.to_owned()), ..delivery(message) }
}

fn methods(server: &Server) -> Vec<String> {
    server.take_requests().into_iter().map(|request| request.method).collect()
}

#[tokio::test]
async fn an_incident_is_shown_edited_and_ended() {
    let server = discord();
    let channel = channel(&server);
    let done = channel.deliver(&delivery(message(MessageKind::Raised))).await;
    assert_eq!(done, Ok(shown("page/1175829384756")));
    let first = payload(&server.take_requests()[0]);
    assert_eq!(first["embeds"][0]["title"], "🔴 PAGE · tokyo-1 · begins");
    assert_eq!(first["embeds"][0]["color"], 0xe0_35_35);
    assert_eq!(first["embeds"][0]["timestamp"], "2026-11-21T02:48:37.098Z");

    let changed =
        channel.deliver(&after(message(MessageKind::Changed), "page/1175829384756")).await;
    assert_eq!(changed, Ok(Delivered::default()));
    assert_eq!(methods(&server), ["PATCH"]);

    let worse = channel.deliver(&after(message(MessageKind::Changed), "warn/1175829384756")).await;
    assert_eq!(worse, Ok(shown("page/1175829384756")), "an edit would call nobody");
    assert_eq!(methods(&server), ["POST"]);

    let reminded =
        channel.deliver(&after(message(MessageKind::Reminder), "page/1175829384756")).await;
    assert_eq!(
        (reminded, methods(&server)),
        (Ok(shown("page/1175829384756")), vec!["POST".to_owned()])
    );

    let ended = channel.deliver(&after(message(MessageKind::Resolved), "page/1175829384756")).await;
    assert_eq!(ended, Ok(shown("page/1175829384756")));
    let [edit, news] = server.take_requests().try_into().unwrap();
    assert_eq!((edit.method.as_str(), news.method.as_str()), ("PATCH", "POST"));
    assert_eq!(payload(&edit)["embeds"][0]["color"], 0x2e_9e_44);
}

#[tokio::test]
async fn what_a_person_deleted_is_told_anew() {
    let server = discord();
    let channel = channel(&server);
    for (kind, count) in [(MessageKind::Changed, 2), (MessageKind::Resolved, 2)] {
        let done = channel.deliver(&after(message(kind), "page/42")).await;
        assert_eq!(done, Ok(shown("page/1175829384756")), "{kind:?}");
        assert_eq!(methods(&server).len(), count);
    }
}

#[tokio::test]
async fn hostile_text_stays_within_the_limits_with_every_picture() {
    let server = discord();
    let channel = channel(&server);
    for kind in [MessageKind::Raised, MessageKind::Report, MessageKind::Summary] {
        for severity in [Severity::Page, Severity::Warn, Severity::Info] {
            let pictures = PictureKind::ALL.map(|kind| picture(kind, 20_000)).to_vec();
            let message = Message { severity, ..hostile(kind) };
            let sent = Delivery { pictures, ..delivery(message) };
            assert!(channel.deliver(&sent).await.is_ok(), "{kind:?}");
        }
    }
    let request = &server.requests()[0];
    let parts = request.parts();
    let files: Vec<_> = parts.iter().filter_map(|part| part.file.clone()).collect();
    assert_eq!(files, ["lag.png", "host.png", "slots.png", "production.png", "pool.png"]);
    assert_eq!(parts[1].kind.as_deref(), Some("image/png"));
    assert_eq!(parts[1].bytes.len(), 20_000);
    let payload = payload(request);
    assert_eq!(payload["attachments"][0]["description"], "What lag shows: <b>\"lag\"</b>");
    let text = payload["embeds"][0]["description"].as_str().unwrap();
    assert!(text.contains("\\@everyone") && !text.contains("[d](http"), "{text}");
}

#[tokio::test]
async fn pictures_that_are_too_large_are_left_out() {
    let server = discord();
    let pictures = vec![
        picture(PictureKind::Lag, 6 << 20),
        picture(PictureKind::Host, 6 << 20),
        picture(PictureKind::Slots, 99),
    ];
    let sent = Delivery { pictures, ..delivery(message(MessageKind::Raised)) };
    channel(&server).deliver(&sent).await.unwrap();
    let files: Vec<_> =
        server.requests()[0].parts().iter().filter_map(|part| part.file.clone()).collect();
    assert_eq!(files, ["lag.png", "slots.png"]);
}

#[tokio::test]
async fn failures_are_told_apart_without_the_secret() {
    let server = discord();
    let channel = channel(&server);
    let sent = delivery(message(MessageKind::Raised));
    server.order(Reply::too_many(2, r#"{"message":"limited","retry_after":1.25,"global":false}"#));
    assert_eq!(wish(channel.deliver(&sent).await), Some(1_250));
    server.order(Reply::too_many(9, "no JSON"));
    assert_eq!(wish(channel.deliver(&sent).await), Some(9_000));
    server.order(Reply::json(429, r#"{"retry_after":1e300}"#));
    assert_eq!(wish(channel.deliver(&sent).await), None);
    for (status, expected) in
        [(401, "refused"), (404, "refused"), (413, "lasting"), (502, "passing")]
    {
        server.order(Reply::json(status, "SecretTokenOfDiscord"));
        let (kind, why) = fault(channel.deliver(&sent).await);
        assert_eq!((kind, why), (expected, format!("it answered {status}: …")));
    }
    // It was taken; only its id is not known.
    for reply in [Reply::Half(200, br#"{"id":"1175829384756"}"#.to_vec()), Reply::json(200, "[]")] {
        server.order(reply);
        assert_eq!(channel.deliver(&sent).await, Ok(Delivered::default()));
    }
    server.order(Reply::json(200, r#"{"id":"../../evil"}"#));
    assert_eq!(channel.deliver(&sent).await, Ok(Delivered::default()));
}

#[tokio::test]
async fn late_pictures_are_added_to_their_message() {
    let server = discord();
    let channel = channel(&server);
    let pictures = vec![picture(PictureKind::Lag, 50_000)];
    let sent = Delivery { pictures, ..after(message(MessageKind::Raised), "page/1175829384756") };
    assert_eq!(channel.follow(&sent).await, Ok(Delivered::default()));
    let [request] = server.take_requests().try_into().unwrap();
    assert_eq!(request.method, "PATCH");
    assert!(request.parts().iter().any(|part| part.file.is_some()), "with the picture");
    assert_eq!(payload(&request)["embeds"][0]["title"], "🔴 PAGE · tokyo-1 · begins");
    // Somebody deleted it: then its pictures are not missed.
    server.order(Reply::json(404, r#"{"code":10008,"message":"Unknown Message"}"#));
    assert_eq!(channel.follow(&sent).await, Ok(Delivered::default()));
    assert_eq!(methods(&server), ["PATCH"]);
}
