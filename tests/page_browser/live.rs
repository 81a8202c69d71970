//! The page follows its keeper, and says when it cannot.

use eoskeeper::core::settings::Role;
use serde_json::json;

use crate::browser::{Browser, WALL};
use crate::stage::{Stage, eventful, quiet};

const LIVE: &str = "return document.documentElement.classList.contains('live');";

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_without_a_reload_and_keeps_what_a_person_does() {
    let stage = Stage::set(Role::Active, eventful).await;
    let browser = Browser::start().await;
    browser.look(WALL).await;
    browser.open(&stage.url("/")).await;
    browser.until("a live page", 20, LIVE).await;
    assert!(browser.text("#asof, .asof").await.contains("Live"), "it says so");
    let local = browser.text("#now .next").await;
    assert!(local.contains("UTC") && local.contains("here"), "{local}");
    // A mark that a reload would lose, a fold that is open, and the focus in it.
    browser
        .run(
            "window.mark = 7; const d = document.querySelector('#decisions details');
             d.open = true; d.querySelector('summary').focus(); window.fold = d.id; return 0;",
        )
        .await;
    let age = browser.text("#producer dd").await;
    browser
        .until(
            "the figures to change",
            20,
            &format!("return document.querySelector('#producer dd').innerText !== {age:?};"),
        )
        .await;
    stage.change(|world| {
        world.knobs.api = false;
        world.knobs.log = false;
    });
    browser
        .until(
            "the band to turn",
            60,
            "return document.querySelector('#now').classList.contains('act');",
        )
        .await;
    let kept = browser
        .run(
            "const d = document.getElementById(window.fold);
             return [window.mark, !!d && d.open, !!d && d.contains(document.activeElement)];",
        )
        .await;
    assert_eq!(kept, json!([7, true, true]), "no reload; the fold and the focus stay");
    let spoken = browser.text("#spoken").await;
    assert!(spoken.starts_with("Act now. "), "{spoken}");
    let title = browser.run("return document.title;").await;
    assert!(title.as_str().unwrap().starts_with("✕ Act now"), "{title}");
    let icon = browser.run("return document.getElementById('icon').getAttribute('href');").await;
    assert_eq!(icon, json!("icon/act.svg"));
    assert!(
        browser.text("#standing").await.contains("eoskeeper evidence"),
        "it names what to type"
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_said_and_the_page_comes_back_by_itself() {
    let mut stage = Stage::set(Role::FirstStandby, quiet).await;
    let browser = Browser::start().await;
    browser.open(&stage.url("/")).await;
    browser.until("a live page", 20, LIVE).await;
    browser.run("window.mark = 7; return 0;").await;
    stage.leave().await;
    browser
        .until(
            "the page to say so",
            30,
            "const n = document.getElementById('notlive');
            return !n.hidden && document.documentElement.classList.contains('lost')
                && /what you see is/i.test(n.innerText);",
        )
        .await;
    let grows = "return document.getElementById('notlive-age').textContent;";
    let before = browser.run(grows).await;
    let script = format!("return document.getElementById('notlive-age').textContent !== {before};");
    browser.until("the age to grow", 20, &script).await;
    assert!(browser.text("#spoken").await.contains("lost"));
    stage.serve().await;
    browser.until("a live page again", 60, LIVE).await;
    assert_eq!(browser.run("return window.mark;").await, json!(7), "without a reload");
    assert!(browser.text("#spoken").await.starts_with("Connected again."));
    assert_eq!(browser.run("return document.getElementById('notlive').hidden;").await, json!(true));
}
