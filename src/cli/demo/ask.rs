//! Asks the keepers what they see, as `eoskeeper status` does.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::cli::keeper_client::KeeperClient;
use crate::demo::Node;

/// Between two questions; a keeper judges once a second.
const EVERY: Duration = Duration::from_millis(400);
/// A keeper answers from memory.
const DEADLINE: Duration = Duration::from_secs(2);

/// What the demo shows of a keeper's status.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Seen {
    pub decision: Decision,
    pub findings: Vec<Finding>,
    pub gates: Vec<Gate>,
    pub promotion: Promotion,
    pub producer: Producer,
}

/// The decision of the last tick.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Decision {
    pub kind: String,
    pub hold: Option<String>,
    pub sentence: String,
}

/// A rule's answer.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Finding {
    pub rule: String,
    pub state: String,
    pub severity: String,
    pub saw: String,
}

/// A gate before a promotion.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Gate {
    pub name: String,
    pub closed: Option<String>,
    pub sentence: String,
}

/// Where a promotion stands.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Promotion {
    pub stage: String,
}

/// What is known of the producer.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Producer {
    pub silent_ms: Option<u64>,
    pub wait_ms: Option<u64>,
}

/// Asks one keeper again and again, until nobody listens. A question that fails is asked again: a
/// keeper that has ended is noticed elsewhere, and the demo has an end of its own.
pub(super) async fn watch(node: Node, address: SocketAddr, seen: mpsc::Sender<(Node, Seen)>) {
    let Ok(client) = KeeperClient::at(address, DEADLINE) else { return };
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Ok(status) = ask(&client).await
            && seen.send((node, status)).await.is_err()
        {
            return;
        }
    }
}

async fn ask(client: &KeeperClient) -> anyhow::Result<Seen> {
    Ok(serde_json::from_str(&client.status().await?)?)
}
