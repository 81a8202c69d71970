//! What is served, seen without a browser: headers, addresses, listeners.

use std::time::Duration;

use eoskeeper::core::settings::Role;

use crate::browser;
use crate::stage::{Stage, quiet};

/// Listeners that `src/web/page/events.rs` has places for.
const LISTENERS_MAX: usize = 32;

fn client() -> reqwest::Client {
    browser::client(Duration::from_secs(60))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_inline_and_the_policy_says_so() {
    let stage = Stage::set(Role::Active, quiet).await;
    let page = client().get(stage.url("/")).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
    let html = page.text().await.unwrap();
    for bad in [" style=\"", "<style", "javascript:", "http://", "https://cdn"] {
        let shown = html.replace("http://www.w3.org", "");
        assert!(!shown.contains(bad), "{bad}");
    }
    assert_eq!(html.matches("<script").count(), 1);
    // Each of what it names is there, and may be kept for good when its name has a checksum.
    let names = html.split(['"', '\'']).filter(|word| {
        word.starts_with("style-") || word.starts_with("script-") || word.starts_with("icon/")
    });
    let mut seen = 0;
    for name in names {
        let asset = client().get(stage.url(&format!("/{name}"))).send().await.unwrap();
        assert_eq!(asset.status(), 200, "{name}");
        let keeps = asset.headers()["cache-control"].to_str().unwrap().contains("immutable");
        assert_eq!(keeps, !name.starts_with("icon/"), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_are_drawn_by_name_and_nothing_else_is() {
    let stage = Stage::set(Role::Active, quiet).await;
    for (kind, ground, paper) in
        [("lag", "light", "#FCFBF8"), ("host", "dark", "#101316"), ("lag", "dark", "#101316")]
    {
        let path = format!("/chart/{kind}-hour-wide-{ground}.svg?at=7");
        let answer = client().get(stage.url(&path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], "image/svg+xml");
        let svg = answer.text().await.unwrap();
        assert!(svg.contains(paper) && !svg.contains("\"#FFFFFF\""), "{path}: {}", &svg[..400]);
        assert!(svg.contains("tokyo-1"), "{path}");
    }
    for path in ["/chart/", "/chart/lag.svg", "/chart/..%2f..%2fetc%2fpasswd", "/icon/x.svg"] {
        let answer = client().get(stage.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    for path in ["/?charts=week", "/?charts=%3Cscript%3E", "/?charts=day&charts=x", "/?%ff"] {
        let answer = client().get(stage.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(!answer.text().await.unwrap().contains("<script>"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_have_places_and_leave_them() {
    let stage = Stage::set(Role::Active, quiet).await;
    let client = client();
    let mut listening = Vec::new();
    for _ in 0..LISTENERS_MAX {
        let mut answer = client.get(stage.url("/events")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let first = answer.chunk().await.unwrap().unwrap();
        assert!(String::from_utf8_lossy(&first).contains("event: look"), "{first:?}");
        listening.push(answer);
    }
    let refused = client.get(stage.url("/events")).send().await.unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "30");
    assert!(refused.text().await.unwrap().contains("pages listen already"));
    // The page itself is there for everybody.
    assert_eq!(client.get(stage.url("/")).send().await.unwrap().status(), 200);
    drop(listening);
    for _ in 0..100 {
        if client.get(stage.url("/events")).send().await.unwrap().status() == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("no place was free again");
}
