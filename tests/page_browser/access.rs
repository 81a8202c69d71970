//! Without JavaScript, by the keyboard, and for those who listen.

use eoskeeper::core::settings::Role;
use serde_json::json;

use crate::browser::{Browser, PHONE, WALL};
use crate::stage::{Stage, eventful};

#[tokio::test(flavor = "multi_thread")]
async fn it_works_without_javascript() {
    let stage = Stage::set(Role::FirstStandby, eventful).await;
    let browser = Browser::start().await;
    browser.cdp("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    browser.look(PHONE).await;
    browser.open(&stage.url("/?charts=day")).await;
    let text = browser.text("body").await;
    for expected in [
        "Without JavaScript the page does not change by itself",
        "eosstorebest",
        "Producer",
        "Gates",
        "Our turns",
        "Decisions",
        "UTC",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("here)"), "no local time without a script\n{text}");
    let chosen = browser.text("nav [aria-current]").await;
    assert_eq!(chosen, "day");
    let folds = "const d = document.querySelector('details'); d.querySelector('summary').click(); return d.open;";
    assert_eq!(browser.run(folds).await, json!(true), "what is folded opens without a script");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stop_of_the_tab_key_is_seen_and_the_first_skips_to_the_status() {
    let stage = Stage::set(Role::Active, eventful).await;
    let browser = Browser::start().await;
    browser.look(WALL).await;
    browser.open(&stage.url("/")).await;
    let stop = "const e = document.activeElement; const r = e.getBoundingClientRect();
        const s = getComputedStyle(e);
        return { what: e.nodeName + ' ' + (e.innerText || '').slice(0, 40), body: e === document.body,
            seen: r.width > 0 && r.right > 0 && s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 };";
    let mut stops = Vec::new();
    for _ in 0..60 {
        browser.press("Tab").await;
        let at = browser.run(stop).await;
        if at["body"] == true || stops.first() == Some(&at["what"]) {
            break;
        }
        assert_eq!(at["seen"], true, "{at}");
        stops.push(at["what"].clone());
    }
    assert!(stops.len() >= 10, "{stops:?}");
    assert_eq!(stops[0], "A Skip to the status");
    browser.open(&stage.url("/")).await;
    browser.press("Tab").await;
    browser.press("Enter").await;
    let focused = browser.run("return document.activeElement.id;").await;
    assert_eq!(focused, json!("main"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_finds_landmarks_headings_and_captions() {
    let stage = Stage::set(Role::Active, eventful).await;
    let browser = Browser::start().await;
    browser.open(&stage.url("/")).await;
    let found = browser
        .run(
            "const all = (s) => document.querySelectorAll(s).length;
             return { main: all('main'), header: all('header'), footer: all('footer'), h1: all('h1'),
                 live: all('[aria-live]'), tables: all('table'), captions: all('table > caption'),
                 lang: document.documentElement.lang,
                 levels: [...document.querySelectorAll('h1, h2, h3')].map((h) => +h.nodeName[1])
                     .some((l, i, a) => i > 0 && l > a[i - 1] + 1) };",
        )
        .await;
    for (what, expected) in [("main", 1), ("header", 1), ("footer", 1), ("h1", 1), ("live", 1)] {
        assert_eq!(found[what], expected, "{what}: {found}");
    }
    assert_eq!(found["tables"], found["captions"], "{found}");
    assert_eq!(found["lang"], "en");
    assert_eq!(found["levels"], false, "a level of headings is skipped: {found}");
}
