//! Who is answered, and what every answer carries.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eoskeeper::web::guard::Guard;

use crate::asking::Server;
use crate::facts::{bare, beat, facts};

const TOKEN: &str = "sesame-sesame-16";

async fn server(guard: Guard) -> (Server, impl Sized) {
    let (facts, status, pulse) = facts(bare(), None);
    beat(&pulse);
    (Server::start(facts, guard).await, (status, pulse))
}

#[tokio::test]
async fn with_a_token_only_who_shows_it_is_answered() {
    let (server, _kept) = server(Guard::new(Some(TOKEN.as_bytes()), false)).await;
    let bearer = format!("Bearer {TOKEN}");
    let password = format!("Basic {}", STANDARD.encode(format!("anybody:{TOKEN}")));
    for path in ["/api/status", "/metrics", "/", "/api/openapi.json", "/nothing"] {
        let answer = server.ask("GET", path, &[("Host", "keeper.example")]).await;
        assert_eq!(answer.status, 401, "{path}: {answer:?}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Basic realm=\"eoskeeper\""), "{challenge}");
        assert!(!answer.body.contains(TOKEN) && !answer.body.contains("eosstorebest"));
        let wrong = [("Host", "x"), ("Authorization", "Bearer sesame-sesame-17")];
        assert_eq!(server.ask("GET", path, &wrong).await.status, 401, "{path}");
    }
    for shown in [&bearer, &password] {
        let headers = [("Host", "keeper.example:9880"), ("Authorization", shown.as_str())];
        let answer = server.ask("GET", "/api/status", &headers).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn whoever_watches_health_is_told_yes_or_no_and_with_the_token_why() {
    let (server, _kept) = server(Guard::new(Some(TOKEN.as_bytes()), false)).await;
    let answer = server.ask("GET", "/healthz", &[("Host", "x")]).await;
    assert_eq!(answer.json(), serde_json::json!({ "api_version": 1, "ok": true }));
    let answer = server.ask("GET", "/readyz", &[("Host", "x")]).await;
    assert_eq!(answer.status, 503, "the node was not asked yet");
    assert_eq!(answer.json(), serde_json::json!({ "api_version": 1, "ok": false }));
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("Host", "x"), ("Authorization", bearer.as_str())];
    let health = server.ask("GET", "/healthz", &headers).await.json();
    let names: Vec<&str> =
        health["checks"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["judging", "log", "polls", "outbox", "state"]);
}

#[tokio::test]
async fn a_page_of_the_web_cannot_read_what_listens_on_loopback() {
    let (server, _kept) = server(Guard::default()).await;
    for host in ["evil.example", "evil.example:9880", "127.0.0.1.evil.example"] {
        let answer = server.ask("GET", "/api/status", &[("Host", host)]).await;
        assert_eq!(answer.status, 421, "{host}: {answer:?}");
        assert_eq!(answer.json()["error"]["code"], "wrong_host");
    }
    let twice = [("Host", "localhost"), ("Host", "evil.example")];
    let answer = server.ask("GET", "/api/status", &twice).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
    assert_eq!(server.get("/api/status").await.status, 200);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let (open, _kept) = server(Guard::default()).await;
    let (closed, _kept_too) = server(Guard::new(Some(TOKEN.as_bytes()), false)).await;
    let host = [("Host", "localhost")];
    let answers = [
        open.get("/api/status").await,
        open.get("/metrics").await,
        open.get("/nothing").await,
        open.get("/api/history?limit=0").await,
        open.ask("DELETE", "/api/status", &host).await,
        open.ask("GET", "/api/status", &[("Host", "evil.example")]).await,
        open.ask("HEAD", "/healthz", &host).await,
        closed.get("/api/status").await,
    ];
    for answer in answers {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}: {}", answer.head);
        }
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(answer.header("access-control-allow-origin").is_none());
        assert!(answer.header("server").is_none());
    }
}
