//! A `moto_server` on loopback, and what it has taken, asked without the SDK.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::support::REGION;
use super::wait_for;

/// A server that ends when it is dropped, or when its owner does.
pub(crate) struct Moto {
    port: u16,
    /// `scripts/moto serve`, which ends the server before itself.
    process: Child,
}

impl Moto {
    /// A server of this test.
    pub(crate) async fn start() -> Self {
        Self::owned_by(std::process::id()).await
    }

    /// A server that ends with another process.
    pub(crate) async fn owned_by(owner: u32) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/moto"))
            .args(["serve", &port.to_string(), &owner.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut moto = Self { port, process };
        wait_for("moto", async || {
            let ended = moto.process.try_wait().unwrap();
            assert!(ended.is_none(), "scripts/moto ended: {ended:?}; run scripts/moto install");
            moto.answers().await.then_some(())
        })
        .await;
        moto
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) async fn answers(&self) -> bool {
        http().get(format!("{}/moto-api/", self.url())).send().await.is_ok()
    }

    /// Asks by the query protocol, as another program would.
    pub(crate) async fn ask(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        let mut form = vec![("Action", action), ("Version", "2010-08-01")];
        form.extend_from_slice(parameters);
        let body: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let scope = format!("Credential=OTHER/20261121/{REGION}/monitoring/aws4_request");
        let answer = http()
            .post(self.url())
            .header("Authorization", format!("AWS4-HMAC-SHA256 {scope}, Signature=0"))
            .header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(body.join("&"))
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{action}: {status} {text}");
        text
    }

    /// Sum, least, greatest and number of the samples of a metric, over all there are.
    pub(crate) async fn statistics(&self, namespace: &str, metric: &str) -> Option<[f64; 4]> {
        let all = ["Sum", "Minimum", "Maximum", "SampleCount"];
        let mut parameters = vec![
            ("Namespace", namespace),
            ("MetricName", metric),
            ("StartTime", "2020-01-01T00:00:00Z"),
            ("EndTime", "2040-01-01T00:00:00Z"),
            ("Period", "864000000"),
        ];
        let names: Vec<String> = (1..=4).map(|n| format!("Statistics.member.{n}")).collect();
        parameters.extend(names.iter().map(String::as_str).zip(all));
        let text = self.ask("GetMetricStatistics", &parameters).await;
        let value = |name: &str| value_of(&text, name)?.parse().ok();
        Some([value(all[0])?, value(all[1])?, value(all[2])?, value(all[3])?])
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Politely: the script ends its server, which a kill of the script would leave behind for
        // as long as this process lives.
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.process.wait();
    }
}

/// The text of the first element of a name.
pub(crate) fn value_of<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once("</")?.0)
}

fn http() -> reqwest::Client {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
    builder.tls_certs_only(Vec::new()).build().unwrap()
}

fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
