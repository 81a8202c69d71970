//! Against a real nodeos network: A is killed, and the pages of two keepers tell it.

use crate::browser::{Browser, PHONE};
use crate::keeper::Keeper;
use crate::network::Network;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_is_seen_on_the_page_without_a_reload() {
    let net = tokio::task::block_in_place(|| Network::up("page_kill", 4));
    let (a, b) = tokio::task::block_in_place(|| {
        (Keeper::start('A', &net, ""), Keeper::start('B', &net, ""))
    });
    let pages = [(a, 0, Browser::start().await), (b, 1, Browser::start().await)];
    for (_, index, browser) in &pages {
        browser.look(PHONE).await;
        browser.open(&format!("http://127.0.0.1:{}/", net.spare_port(*index))).await;
        browser
            .until(
                "a producer that signs",
                120,
                "return /Signs/.test(document.querySelector('#producer .headline').innerText);",
            )
            .await;
        browser.run("window.mark = 7; return 0;").await;
    }
    net.order("kill", &["a"]);
    let (keeper, _, browser) = &pages[0];
    browser
        .until(
            "A's page to turn",
            60,
            "return document.querySelector('#now').classList.contains('act');",
        )
        .await;
    assert!(
        browser.text("#node .headline").await.contains("answer")
            || browser.text("#node .headline").await.contains("ended"),
        "{}",
        keeper.story()
    );
    let (keeper, _, browser) = &pages[1];
    browser
        .until(
            "B to sign",
            180,
            "return /This standby signs/.test(document.getElementById('sentence').innerText);",
        )
        .await;
    println!("B's page: {}", browser.text("#now").await);
    assert!(browser.text("#now").await.contains("eoskeeper failback"), "{}", keeper.story());
    for (_, _, browser) in &pages {
        assert_eq!(browser.run("return window.mark;").await, 7, "without a reload");
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    }
}
