//! A Telegram that fails in every way, and what follows from each.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use eoskeeper::actions::notify::channel::{Channel, Delivery, DeliveryError};
use eoskeeper::actions::notify::telegram::{Settings, Telegram, Token};
use eoskeeper::cli::check::{Row, Scope, State, examine};
use eoskeeper::core::action::Severity::Page;
use eoskeeper::core::alarm::ending::OnEnd;
use eoskeeper::core::alarm::message::MessageKind::{Changed, Raised, Resolved};
use serde_json::json;

use super::http_support::{Authority, Reply, Server};
use super::service::{self, CHAT, TOKEN};
use super::{deliver, delivery, go_on, message, picture, settings};

fn said(code: u16, description: &str) -> String {
    json!({"ok": false, "error_code": code, "description": description}).to_string()
}

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follows {
    Passes,
    Refused,
    Lasts,
}
use Follows::{Lasts, Passes, Refused};

/// What follows from it, how long to wait, and the words.
fn kind(error: &DeliveryError) -> (Follows, Option<u64>, String) {
    match error {
        DeliveryError::Passing { why, retry_after } => {
            (Passes, retry_after.map(|wait| wait.as_secs()), why.clone())
        }
        DeliveryError::Refused(why) => (Refused, None, why.clone()),
        DeliveryError::Lasting(why) => (Lasts, None, why.clone()),
    }
}

#[tokio::test]
async fn each_failure_is_told_by_what_follows_from_it() {
    let elsewhere = Server::start(|_| Reply::json(200, r#"{"ok":true,"result":{}}"#));
    let busy = json!({"ok": false, "error_code": 429, "description": "Too Many Requests",
        "parameters": {"retry_after": 17}});
    for (name, reply, follows, wait, words) in [
        ("429", Reply::too_many(17, busy.to_string()), Passes, Some(17), "17 s of rest"),
        ("429 of a proxy", Reply::too_many(9, "<html>"), Passes, Some(9), "9 s of rest"),
        ("500", Reply::json(500, said(500, "Internal Server Error")), Passes, None, "status 500"),
        ("502 of a proxy", Reply::json(502, "<html>"), Passes, None, "status 502"),
        ("closes", Reply::Close, Passes, None, "cannot be reached"),
        ("no HTTP", Reply::Garbage, Passes, None, "cannot be reached"),
        (
            "half a body",
            Reply::Half(200, b"{\"ok\":true,\"result\":{}}".to_vec()),
            Passes,
            None,
            "in the middle",
        ),
        ("no JSON", Reply::json(200, "<html>"), Passes, None, "no answer of the Bot API"),
        ("another JSON", Reply::json(200, r#"{"ok":true,"result":7}"#), Passes, None, "not known"),
        ("redirect", Reply::redirect(&elsewhere.url()), Passes, None, "HTTP status 302"),
        (
            "wrong chat",
            Reply::json(400, said(400, "Bad Request: chat not found")),
            Refused,
            None,
            "chat_id",
        ),
        (
            "blocked",
            Reply::json(403, said(403, "Forbidden: bot was blocked by the user")),
            Refused,
            None,
            "press Start",
        ),
        (
            "kicked",
            Reply::json(403, said(403, "Forbidden: bot was kicked from the group chat")),
            Refused,
            None,
            "add the bot",
        ),
        (
            "no rights",
            Reply::json(
                400,
                said(400, "Bad Request: need administrator rights in the channel chat"),
            ),
            Refused,
            None,
            "administrator",
        ),
        ("revoked", Reply::json(401, said(401, "Unauthorized")), Refused, None, "@BotFather"),
        (
            "too long",
            Reply::json(400, said(400, "Bad Request: message is too long")),
            Lasts,
            None,
            "refuses the message",
        ),
    ] {
        let service = service::Telegram::start();
        let channel = Telegram::new(&settings(&service.server.url())).unwrap();
        service.server.order(reply);
        let error = deliver(&channel, delivery(message(Raised, Page), None)).await.unwrap_err();
        let (followed, waits, why) = kind(&error);
        assert_eq!((followed, waits), (follows, wait), "{name}: {why}");
        assert!(why.contains(words), "{name}: {why}");
        for secret in [TOKEN, "AAHdq", &service.server.url()] {
            assert!(!format!("{error:?} {error}").contains(secret), "{name}: {why}");
        }
        // It was one try, and the next one works.
        assert_eq!(service.server.requests().len(), 1, "{name}");
        deliver(&channel, delivery(message(Raised, Page), None)).await.unwrap();
        assert_eq!(service.chat().len(), 1, "{name}");
    }
    assert!(elsewhere.requests().is_empty(), "the token was carried elsewhere");
}

#[tokio::test]
async fn a_wrong_token_is_a_person_s_matter_and_stays_secret() {
    let service = service::Telegram::start();
    let wrong = "654321:ZZHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
    let settings = Settings { token: Token::new(wrong), ..settings(&service.server.url()) };
    let channel = Telegram::new(&settings).unwrap();
    let error = deliver(&channel, delivery(message(Raised, Page), None)).await.unwrap_err();
    assert!(matches!(&error, DeliveryError::Refused(why) if why.contains("@BotFather")), "{error}");
    assert!(!format!("{error:?}{settings:?}").contains("ZZHdq"));
    let why = channel.describe().await.unwrap_err();
    assert!(why.contains("does not know the token; get"), "{why}");
}

#[tokio::test]
async fn a_server_that_hangs_is_left_at_the_outbox_s_deadline() {
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    for hang in [Reply::Hang, Reply::HangInBody] {
        service.server.order(hang);
        let delivery = delivery(message(Raised, Page), None);
        let late = tokio::time::timeout(Duration::from_millis(300), channel.deliver(&delivery));
        assert!(late.await.is_err());
    }
    deliver(&channel, delivery(message(Raised, Page), None)).await.unwrap();
    assert_eq!(service.chat().len(), 1);
}

#[tokio::test]
async fn an_alarm_comes_before_its_looks() {
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    service.server.order(Reply::json(
        400,
        said(400, "Bad Request: can't parse entities: Unsupported start tag \"x\""),
    ));
    deliver(&channel, delivery(message(Raised, Page), None)).await.unwrap();
    let shown = service.chat().pop().unwrap();
    assert_eq!(shown.html, shown.plain);
    assert!(shown.plain.contains("\nPAGE begins"), "{}", shown.plain);
}

#[tokio::test]
async fn a_picture_that_fails_takes_no_alarm_with_it() {
    let refused = Reply::json(400, said(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"));
    for (name, count, reply, is_lost_at_first) in [
        ("one is refused", 1, refused.clone(), false),
        ("the connection is lost", 1, Reply::Close, true),
        ("too large for a proxy", 1, Reply::json(413, "<html>"), false),
        ("broken", 1, Reply::json(502, "<html>"), true),
    ] {
        let service = service::Telegram::start();
        let channel = Telegram::new(&settings(&service.server.url())).unwrap();
        let first = Delivery {
            message: message(Raised, Page),
            pictures: vec![picture(); count],
            shown: None,
        };
        service.server.order(reply);
        let delivered = deliver(&channel, first.clone()).await;
        assert_eq!(delivered.is_err(), is_lost_at_first, "{name}: {delivered:?}");
        if is_lost_at_first {
            deliver(&channel, first).await.unwrap();
        }
        let chat = service.chat();
        assert_eq!(chat.len(), 1, "{name}");
        assert!(chat[0].plain.contains("PAGE begins"), "{name}");
    }
    // Below a text they are left out.
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    service.refuse("sendMediaGroup", 400, "Bad Request: wrong file identifier");
    let pictures = vec![picture(); 2];
    let both = Delivery { message: message(Raised, Page), pictures, shown: None };
    deliver(&channel, both).await.unwrap();
    assert_eq!(service.chat().len(), 1);
}

#[tokio::test]
async fn a_message_that_somebody_deleted_is_sent_anew() {
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    let mut shown = None;
    go_on(&channel, message(Raised, Page), &mut shown).await;
    service.state().messages.clear();
    go_on(&channel, message(Changed, Page), &mut shown).await;
    assert_eq!(service.chat().len(), 1);
    service.state().messages.clear();
    go_on(&channel, message(Resolved, Page), &mut shown).await;
    let chat = service.chat();
    assert!(chat[0].plain.starts_with("✅") && chat[0].is_silent, "{chat:?}");
}

#[tokio::test]
async fn what_the_outbox_kept_of_another_version_is_no_obstacle() {
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    let shown = "{\"old\":1}".to_owned();
    deliver(&channel, delivery(message(Changed, Page), Some(shown.clone()))).await.unwrap();
    assert_eq!(service.chat().len(), 1);
    assert!(matches!(channel.remove(&shown).await, Err(DeliveryError::Lasting(_))));
}

#[tokio::test]
async fn a_group_that_becomes_a_supergroup_is_followed() {
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    let mut shown = None;
    go_on(&channel, message(Raised, Page), &mut shown).await;
    service.state().moved = Some(-100_777);
    // What was shown is out of reach; the incident goes on in the new chat.
    go_on(&channel, message(Changed, Page), &mut shown).await;
    go_on(&channel, message(Resolved, Page), &mut shown).await;
    let chat = service.chat();
    let chats: Vec<i64> = chat.iter().map(|shown| shown.chat).collect();
    assert_eq!(chats, [CHAT, -100_777]);
    assert!(chat[1].plain.starts_with("✅"), "{}", chat[1].plain);
}

#[tokio::test]
async fn an_end_in_a_chat_that_has_moved_is_told_there() {
    for on_end in [OnEnd::Edit, OnEnd::Delete, OnEnd::Summary] {
        let service = service::Telegram::start();
        let settings = Settings { on_end, ..settings(&service.server.url()) };
        let channel = Telegram::new(&settings).unwrap();
        let mut shown = None;
        go_on(&channel, message(Raised, Page), &mut shown).await;
        service.state().moved = Some(-100_777);
        go_on(&channel, message(Resolved, Page), &mut shown).await;
        let chat = service.chat();
        let last = chat.last().unwrap();
        assert_eq!((last.chat, chat.len()), (-100_777, 2), "{on_end:?}");
        assert!(last.plain.starts_with("✅"), "{on_end:?}: {}", last.plain);
    }
}

#[tokio::test]
async fn check_has_a_row_for_each_chat() {
    let service = service::Telegram::start();
    let dir = tempfile::tempdir().unwrap();
    let secret = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    };
    secret("token", TOKEN);
    secret("key", "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa");
    let rows = async |chat: &str| {
        let text = format!(
            "[global]\nrole = F\nproducer_name = eosstorebest\nhttp_port = 1\nlog_file = x.log\n\
             [telegram]\ntoken_file = token\nchat_id = {chat}\napi_url = {}\nallowed_users = 5\n\
             [wecom]\nkey_file = key\n",
            service.server.url()
        );
        let config = eoskeeper::config::parse(&dir.path().join("config.ini"), &text).unwrap();
        let rows = examine(&config, Scope::Everything).await;
        rows.into_iter().filter(|row| ["telegram", "bot", "wecom"].contains(&row.what)).collect()
    };
    let good: Vec<Row> = rows(&CHAT.to_string()).await;
    let seen: Vec<(State, &str)> = good.iter().map(|row| (row.state, row.what)).collect();
    assert_eq!(seen, [(State::Ok, "telegram"), (State::Ok, "bot"), (State::Unknown, "wecom")]);
    assert_eq!(good[0].detail, "@Keeper_Bot writes to the supergroup 'BP alarms'");
    let bad: Vec<Row> = rows("-77").await;
    assert_eq!(bad[0].state, State::Fail);
    assert!(bad[0].next.as_ref().unwrap().contains("chat_id is right"), "{:?}", bad[0]);
}

#[tokio::test]
async fn check_says_who_writes_where() {
    let service = service::Telegram::start();
    let good = settings(&service.server.url());
    let said = Telegram::new(&good).unwrap().describe().await;
    assert_eq!(said, Ok("@Keeper_Bot writes to the supergroup 'BP alarms'".to_owned()));
    let wrong = Settings { chat: "-5".to_owned(), ..good };
    let why = Telegram::new(&wrong).unwrap().describe().await.unwrap_err();
    assert!(why.contains("chat not found; see that [telegram] chat_id"), "{why}");
    let methods: Vec<String> = service.state().calls.clone();
    assert!(methods.iter().all(|method| method.starts_with("get")), "{methods:?}");
}

/// In a process of its own, for the certificates that are trusted come from the environment.
#[test]
fn a_server_with_the_certificate_of_another_is_not_told_the_token() {
    let authority = Authority::new();
    let ok = json!({"ok": true, "result": {"message_id": 1, "date": 1, "chat": {"id": CHAT}}});
    let answer = move |_: &_| Reply::json(200, ok.to_string());
    let right = Server::start_tls(&authority, "localhost", answer.clone());
    let wrong = Server::start_tls(&authority, "elsewhere.example", answer);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "telegram::misbehaving::over_tls", "--ignored", "--nocapture"])
        .env("SSL_CERT_FILE", &file)
        .env("TEST_URLS", format!("{} {}", right.url(), wrong.url()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!((right.requests().len(), wrong.requests().len()), (1, 0));
}

#[tokio::test]
#[ignore = "run by the test above, with what it needs in the environment"]
async fn over_tls() {
    let urls = std::env::var("TEST_URLS").unwrap();
    let (right, wrong) = urls.split_once(' ').unwrap();
    let channel = Telegram::new(&settings(right)).unwrap();
    deliver(&channel, delivery(message(Raised, Page), None)).await.unwrap();
    let channel = Telegram::new(&settings(wrong)).unwrap();
    let error = deliver(&channel, delivery(message(Raised, Page), None)).await.unwrap_err();
    let (passes, _, why) = kind(&error);
    assert!(
        passes == Passes && why.contains("TLS failed") && why.contains("not valid for name"),
        "{why}"
    );
    assert!(!why.contains("AAHdq"), "{why}");
}
