//! Orders that a real keeper takes and carries out, without a node and on the simulated network.

use std::time::Duration;

use eoskeeper::core::schedule::Schedule;
use eoskeeper::demo::{Network, Node};
use eoskeeper::nodeos::rpc::Client;
use serde_json::json;
use tempfile::TempDir;

use super::keeper::{Host, text, until};
use super::says;

const OURS: &str = "eosstorebest";
/// Both ways to act, and no promotion by itself while a test runs.
const BY_HAND: &str = "[rules]\nround_grace_seconds = 1\n[promotion]\npromote = api\ndemote = api\n\
                       wait_rounds = 100\n";

/// Three producers, a round of 18 s; A signs for ours.
async fn network() -> (TempDir, Network) {
    let dir = tempfile::tempdir().unwrap();
    let producers = [OURS, "producer111a", "producer111b"].map(|name| name.parse().unwrap());
    let schedule = Schedule { version: 1, producers: producers.to_vec() };
    let network = Network::start(dir.path(), schedule, OURS.parse().unwrap()).await.unwrap();
    (dir, network)
}

async fn is_paused(network: &Network, node: Node) -> bool {
    let client = Client::new(network.http_url(node), Duration::from_secs(20)).unwrap();
    client.paused().await.unwrap()
}

#[test]
fn maintenance_is_shown_survives_a_crash_and_ends() {
    let mut host = Host::running("./state");
    let begun = host.order(&["maintenance", "--for", "2h", "--reason", "new disk"]);
    says(&begun, 0, &["Maintenance until", "No peers are configured"]);
    let maintenance = host.status()["maintenance"].clone();
    assert_eq!(maintenance["reason"], "new disk");
    says(&host.order(&["status"]), 0, &["Maintenance until", "left): new disk. Nothing is done"]);
    says(&host.order(&["maintenance"]), 0, &["new disk"]);
    until("the state on disk", || host.log().contains("An action came back").then_some(()));

    host.kill();
    host.start();
    assert_eq!(host.status()["maintenance"], maintenance, "as it was before the crash");
    says(&host.order(&["maintenance", "--end"]), 0, &["Maintenance is over."]);
    assert_eq!(host.status()["maintenance"], json!(null));
    until("the state on disk", || host.log().contains("An action came back").then_some(()));
    says(&host.order(&["maintenance", "--end"]), 1, &["There is no maintenance."]);
    host.kill();
    host.start();
    says(&host.order(&["maintenance"]), 0, &["No maintenance"]);
}

#[test]
fn the_budget_is_counted_anew_and_an_observer_takes_no_order() {
    let host = Host::running("./state");
    says(&host.order(&["rearm"]), 0, &["0 promotions are forgotten; the budget is whole again."]);
    let mut observer = Host::new("./state");
    let config = std::fs::read_to_string(observer.config()).unwrap();
    std::fs::write(observer.config(), config.replace("role = B", "role = F")).unwrap();
    observer.start();
    for order in [&["rearm"][..], &["promote", "--yes"], &["demote", "--yes", "--force"]] {
        says(&observer.order(order), 1, &["This node only observes (role F)"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_node_is_only_stopped_by_force_and_then_really() {
    let (_dir, network) = network().await;
    let mut host = Host::beside(&network, Node::A, 'A', "[promotion]\ndemote = api\n");
    host.start();
    until("the node", || (host.status()["node"]["paused"] == false).then_some(()));
    let words = "No other node is known to be ready, so that nobody would sign; use switchover";
    for order in [&["demote"][..], &["demote", "--yes"]] {
        says(&host.order(order), 1, &[words]);
    }
    assert!(!is_paused(&network, Node::A).await, "a refusal changes nothing");
    says(&host.order(&["demote", "--force"]), 0, &["would be stopped now"]);
    assert!(!is_paused(&network, Node::A).await, "a dry run changes nothing");

    let done = host.order(&["demote", "--yes", "--force"]);
    says(&done, 0, &["The keeper takes the order.\n  - This node is being stopped.", "Done: "]);
    assert!(is_paused(&network, Node::A).await);
    // An answer that may be from before the act does not count for the keeper.
    until("the pause to be known", || {
        text(&host.order(&["demote", "--force"])).contains("Nothing to stop").then_some(())
    });
}

/// Runs for about a minute.
#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_promoted_by_hand_when_the_active_node_is_dead_and_not_before() {
    let (_dir, network) = network().await;
    let mut host = Host::beside(&network, Node::B, 'B', BY_HAND);
    host.start();
    until("the producer", || (host.status()["decision"]["hold"] == "producer_seen").then_some(()));
    let too_early = host.order(&["promote", "--yes", "--force"]);
    says(&too_early, 1, &["Refused", "producer: eosstorebest signs"]);
    assert!(!text(&too_early).contains("(--force passes over it)"), "{}", text(&too_early));

    network.kill(Node::A).await;
    until("the silence of a round", || {
        let gates = host.status()["gates"].clone();
        let mut gates = gates.as_array().cloned().unwrap_or_default().into_iter();
        let producer = gates.find(|gate| gate["name"] == "producer")?;
        (producer["closed"] == "still_waiting").then_some(())
    });
    let refused = host.order(&["promote", "--yes"]);
    says(&refused, 1, &["waits", "(--force passes over it)"]);
    assert!(is_paused(&network, Node::B).await);

    let done = host.order(&["promote", "--yes", "--force"]);
    let words = ["This node is being made to sign.", "Done: This standby signs for eosstorebest"];
    says(&done, 0, &words);
    assert!(!is_paused(&network, Node::B).await);
    assert_eq!(host.status()["promotion"]["promotions"], json!([]), "by hand is not counted");
    says(&host.order(&["status"]), 0, &["Position      signs, or is meant to"]);
}
