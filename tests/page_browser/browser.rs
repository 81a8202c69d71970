//! A chromium with a chromedriver of its own, over the WebDriver protocol. It ends when dropped.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};

/// Nothing the browser is asked for takes this long.
const DEADLINE: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(100);

/// How the page is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
}

/// A phone by day.
pub(crate) const PHONE: Look = Look { width: 360, height: 780, dark: false };
/// A screen on the wall by day.
pub(crate) const WALL: Look = Look { width: 1920, height: 1080, dark: false };

/// A client of plain HTTP; its library wants to know a TLS all the same.
pub(crate) fn client(deadline: Duration) -> reqwest::Client {
    // Whoever comes second finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(deadline).build().unwrap()
}

impl Look {
    pub(crate) const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }
}

pub(crate) struct Browser {
    driver: Child,
    client: reqwest::Client,
    /// `http://127.0.0.1:PORT/session/ID`.
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a browser with an empty profile, in the time zone of Tokyo.
    pub(crate) async fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            // Where it would keep reports of crashes.
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver: install chromium and chromium-driver");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port: u16 = lines
            .find_map(|line| {
                let line = line.ok()?;
                line.strip_prefix("ChromeDriver was started successfully on port ")?
                    .trim_end_matches('.')
                    .parse()
                    .ok()
            })
            .expect("chromedriver says its port");
        // What it says later is read away, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        let client = client(DEADLINE);
        let mut browser = Self {
            driver,
            client,
            session: format!("http://127.0.0.1:{port}/session"),
            _profile: profile,
        };
        let profile = browser._profile.path().display();
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--hide-scrollbars", "--no-first-run", "--lang=en-GB",
                format!("--user-data-dir={profile}"),
            ]},
            "goog:loggingPrefs": { "browser": "ALL" },
        }}});
        let made = browser.post("", capabilities).await;
        let id = made["sessionId"].as_str().expect("a session").to_owned();
        browser.session = format!("{}/{id}", browser.session);
        browser.cdp("Emulation.setTimezoneOverride", json!({ "timezoneId": "Asia/Tokyo" })).await;
        browser
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.session);
        let answer = self.client.post(&url).body(body.to_string()).send().await;
        let answer: Value =
            serde_json::from_str(&answer.unwrap().text().await.unwrap()).expect("JSON");
        let value = answer["value"].clone();
        assert!(value["error"].is_null(), "{path}: {value}");
        value
    }

    /// A command of the DevTools protocol.
    pub(crate) async fn cdp(&self, command: &str, params: Value) -> Value {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": params })).await
    }

    /// Sets size and colours.
    pub(crate) async fn look(&self, look: Look) {
        let metrics = json!({ "width": look.width, "height": look.height, "deviceScaleFactor": 1,
                              "mobile": look.width < 500 });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if look.dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.cdp("Emulation.setEmulatedMedia", media).await;
    }

    /// Loads a page, and waits until it is there.
    pub(crate) async fn open(&self, url: &str) {
        self.post("/url", json!({ "url": url })).await;
    }

    /// The value of a body of a function.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// The same for a function that hands its value to its last argument, `done`.
    pub(crate) async fn run_async(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1];\n{script}");
        self.post("/execute/async", json!({ "script": script, "args": [] })).await
    }

    /// The text of an element as it is shown.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({selector:?})?.innerText ?? '';");
        self.run(&script).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a script says true; the test fails after `seconds`.
    pub(crate) async fn until(&self, what: &str, seconds: u64, script: &str) {
        let end = Instant::now() + Duration::from_secs(seconds);
        while self.run(script).await != json!(true) {
            if Instant::now() > end {
                let shown = self.text("body").await;
                panic!("waited {seconds} s for {what}; the page shows:\n{shown}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Presses a key: `Tab`, `Enter`.
    pub(crate) async fn press(&self, key: &str) {
        let value = match key {
            "Tab" => "\u{e004}",
            "Enter" => "\u{e007}",
            other => other,
        };
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": [
            { "type": "keyDown", "value": value }, { "type": "keyUp", "value": value } ]}]});
        self.post("/actions", actions).await;
    }

    /// What the browser complained of since it was asked last.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.post("/se/log", json!({ "type": "browser" })).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let is_bad = |entry: &Value| entry["level"] == "SEVERE" || entry["level"] == "WARNING";
        entries.iter().filter(|e| is_bad(e)).map(|e| e["message"].to_string()).collect()
    }

    /// The whole page as PNG, or what is seen of it.
    pub(crate) async fn picture(&self, whole: bool) -> Vec<u8> {
        let params = json!({ "format": "png", "captureBeyondViewport": whole });
        let params = if whole {
            let size = self.cdp("Page.getLayoutMetrics", json!({})).await["cssContentSize"].clone();
            json!({ "format": "png", "captureBeyondViewport": true, "clip": {
                "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 } })
        } else {
            params
        };
        let shot = self.cdp("Page.captureScreenshot", params).await;
        let data = shot["data"].as_str().expect("a picture");
        base64::engine::general_purpose::STANDARD.decode(data).expect("base64")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Told to end, the driver leaves its browsers behind; those with our profile are ours.
        let ours = format!("--user-data-dir={}", self._profile.path().display());
        let _ = Command::new("pkill").args(["-KILL", "-f", "--", &ours]).status();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
