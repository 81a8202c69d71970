//! Phone and wall, by day and by night; and the pictures of the documents.

use std::path::PathBuf;

use eoskeeper::core::settings::Role;
use serde_json::json;

use crate::axe::violations;
use crate::browser::{Browser, Look, PHONE, WALL};
use crate::stage::{Stage, broken, eventful};

pub(crate) const LOOKS: [(&str, Look); 4] = [
    ("phone-light", PHONE),
    ("phone-dark", PHONE.dark()),
    ("wall-light", WALL),
    ("wall-dark", WALL.dark()),
];

/// Nothing of the page sticks out to the right.
pub(crate) async fn must_fit(browser: &Browser, name: &str) {
    let sticks = browser
        .run(
            "const wide = document.documentElement.clientWidth;
             return [document.documentElement.scrollWidth > wide ? 'the page' : '',
                 ...[...document.querySelectorAll('main *, header *, footer *')]
                     .filter((e) => e.getBoundingClientRect().right > wide + 1
                         && !e.closest('.unseen, .skip, thead'))
                     .map((e) => e.nodeName + '.' + e.getAttribute('class'))].filter(Boolean);",
        )
        .await;
    assert_eq!(sticks, json!([]), "{name}");
}

/// Every chart was loaded and is as large as it says.
async fn must_have_charts(browser: &Browser, name: &str) {
    browser.run("document.querySelector('#charts').scrollIntoView({ behavior: 'instant' }); return true;").await;
    let loaded = "return [...document.querySelectorAll('#charts img')]
        .every((i) => i.complete && i.naturalWidth >= 400);";
    browser.until(&format!("the charts of {name}"), 30, loaded).await;
    browser.run("scrollTo({ top: 0, behavior: 'instant' }); return true;").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_fits_and_is_usable_by_everybody_in_every_look() {
    for (role, story, word) in [
        (Role::Active, eventful as fn(u64, &mut _), "All is well"),
        (Role::Active, broken, "Act now"),
    ] {
        let stage = Stage::set(role, story).await;
        let browser = Browser::start().await;
        for (name, look) in LOOKS {
            browser.look(look).await;
            browser.open(&stage.url("/")).await;
            browser
                .until(
                    "a live page",
                    20,
                    "return document.documentElement.classList.contains('live');",
                )
                .await;
            let shown = browser.text("#now .word").await;
            assert_eq!(shown.trim(), word, "{name}");
            must_have_charts(&browser, name).await;
            must_fit(&browser, name).await;
            // What is folded is looked at as well.
            browser
                .run(
                    "document.querySelectorAll('details').forEach((d) => d.open = true); return 0;",
                )
                .await;
            must_fit(&browser, name).await;
            assert_eq!(violations(&browser).await, Vec::<String>::new(), "{name}, {word}");
        }
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    }
}

/// Makes the pictures of `doc/pictures`: `scripts/screenshots`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes pictures and asserts little; scripts/screenshots runs it"]
async fn pictures() {
    let dir = std::env::var_os("EOSKEEPER_PICTURES").expect("EOSKEEPER_PICTURES names a directory");
    let dir = PathBuf::from(dir);
    for (scene, story) in [("well", eventful as fn(u64, &mut _)), ("incident", broken)] {
        let stage = Stage::set(Role::Active, story).await;
        let browser = Browser::start().await;
        for (name, look) in LOOKS {
            browser.look(look).await;
            browser.open(&stage.url("/")).await;
            browser
                .until(
                    "a live page",
                    20,
                    "return document.documentElement.classList.contains('live');",
                )
                .await;
            must_have_charts(&browser, name).await;
            for (part, whole) in [("", false), ("-whole", true)] {
                // What changes above holds the reader's place, and would leave the top cut off.
                let top = "scrollTo({ top: 0, behavior: 'instant' }); return scrollY === 0;";
                browser.until("the top of the page", 10, top).await;
                let png = browser.picture(whole).await;
                assert!(png.len() > 10_000, "{scene} {name}");
                std::fs::write(dir.join(format!("page-{scene}-{name}{part}.png")), png).unwrap();
            }
        }
    }
}
