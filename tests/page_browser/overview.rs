//! Several nodes: the overview, the way to each node's own page and back.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use eoskeeper::core::settings::Role;
use eoskeeper::web::guard::Guard;
use eoskeeper::web::nodes::Node;
use eoskeeper::web::serve_site;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::axe::violations;
use crate::browser::{Browser, PHONE, WALL};
use crate::looks::{LOOKS, must_fit};
use crate::stage::{Stage, eventful};

/// Three keepers behind one address; the third's does not run.
struct Site {
    stages: [Stage; 2],
    fault: Arc<Mutex<Option<String>>>,
    port: u16,
    serving: Option<(CancellationToken, JoinHandle<()>)>,
}

impl Site {
    async fn set() -> Self {
        let stages = [
            Stage::set(Role::Active, eventful).await,
            Stage::set(Role::FirstStandby, eventful).await,
        ];
        let why = "cannot listen on 10.0.0.2:9881 ([peers] listen)".to_owned();
        let fault = Arc::new(Mutex::new(Some(why)));
        let mut site = Self { stages, fault, port: 0, serving: None };
        site.serve().await;
        site
    }

    async fn serve(&mut self) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.unwrap();
        self.port = listener.local_addr().unwrap().port();
        let node = |name: &str, stage: usize, fault| Node {
            name: name.to_owned(),
            facts: self.stages[stage].facts(Some(name)),
            fault,
        };
        let nodes = vec![
            node("eos", 0, Arc::default()),
            node("wax_2", 1, Arc::default()),
            node("telos", 1, Arc::clone(&self.fault)),
        ];
        let stop = CancellationToken::new();
        let page = serve_site(listener, nodes, Guard::default(), None, stop.clone());
        self.serving = Some((stop, tokio::spawn(page)));
    }

    async fn leave(&mut self) {
        if let Some((stop, serving)) = self.serving.take() {
            stop.cancel();
            serving.await.unwrap();
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}

const LIVE: &str = "return document.documentElement.classList.contains('live');";

#[tokio::test(flavor = "multi_thread")]
async fn it_fits_in_every_look_and_leads_to_each_node_and_back() {
    let site = Site::set().await;
    let browser = Browser::start().await;
    for (name, look) in LOOKS {
        browser.look(look).await;
        browser.open(&site.url()).await;
        browser.until("a live overview", 20, LIVE).await;
        must_fit(&browser, name).await;
        assert_eq!(violations(&browser).await, Vec::<String>::new(), "{name}");
        if let Some(dir) = std::env::var_os("EOSKEEPER_PICTURES") {
            let png = browser.picture(true).await;
            std::fs::write(PathBuf::from(dir).join(format!("overview-{name}.png")), png).unwrap();
        }
    }
    let shown = browser.text("main").await;
    for words in
        ["eos: ", "wax_2: ", "telos: ", "All is well", "The keeper does not run", "10.0.0.2"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    for node in ["eos", "wax_2"] {
        let go = format!("document.querySelector('#node-{node} a').click(); return true;");
        browser.run(&go).await;
        let there = format!(
            "return location.pathname === '/node/{node}/' && !!document.querySelector('#gates');"
        );
        browser.until("the node's own page", 20, &there).await;
        browser.until("a live page", 20, LIVE).await;
        browser.run("document.querySelector('#charts').scrollIntoView(); return true;").await;
        let loaded = "return [...document.querySelectorAll('#charts img')].every((i) => i.complete && i.naturalWidth >= 400);";
        browser.until("the charts of a node among several", 30, loaded).await;
        browser
            .run("document.querySelector('header a[href=\"../../\"]').click(); return true;")
            .await;
        browser.until("the overview", 20, "return location.pathname === '/';").await;
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_keeps_the_focus_and_says_when_it_cannot() {
    let mut site = Site::set().await;
    let browser = Browser::start().await;
    browser.look(WALL).await;
    browser.open(&site.url()).await;
    browser.until("a live overview", 20, LIVE).await;
    browser.run("document.querySelector('#node-telos a').focus(); return true;").await;
    *site.fault.lock().unwrap() = None;
    site.stages[0].change(|world| world.knobs.api = false);
    let runs = "return !document.querySelector('#node-telos').innerText.includes('does not run');";
    browser.until("the node that runs again", 30, runs).await;
    let focused = browser.run("return document.activeElement.closest('section')?.id ?? '';").await;
    assert_eq!(focused, "node-telos");
    let dead = "return document.querySelector('#node-eos').classList.contains('act')
        && document.title.startsWith('✕') && document.querySelector('#spoken').textContent.includes('eos: ');";
    browser.until("the node whose nodeos is dead", 60, dead).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    site.leave().await;
    let lost = "return document.documentElement.classList.contains('lost') && !document.querySelector('#notlive').hidden;";
    browser.until("the loss to be said", 30, lost).await;
    site.serve().await;
    browser.until("a live overview again", 30, LIVE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_without_javascript() {
    let site = Site::set().await;
    let browser = Browser::start().await;
    let off = serde_json::json!({ "value": true });
    browser.cdp("Emulation.setScriptExecutionDisabled", off).await;
    browser.look(PHONE).await;
    browser.open(&site.url()).await;
    let text = browser.text("body").await;
    for words in ["Without JavaScript", "Look again", "eos: ", "wax_2: ", "eosstorebest"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
