//! The simulated network: its lines, its RPC, and what it counts.

use crate::demo_log as log;

use std::path::Path;
use std::time::{Duration, Instant};

use eoskeeper::core::event::{ApiFailure, EventName, Level, LogEvent, Reason};
use eoskeeper::core::name::Name;
use eoskeeper::core::schedule::{Schedule, Slot};
use eoskeeper::core::time::Timestamp;
use eoskeeper::demo::{Block, Chain, Dialect, Network, Node, Saying, Signer};
use eoskeeper::nodeos::log::Classifier;
use eoskeeper::nodeos::rpc::Client;
use log::log_of;

const OURS: &str = "eosstorebest";
/// For what comes: nothing is measured by it.
const LONG: Duration = Duration::from_secs(20);
const DIALECTS: [Dialect; 3] = [Dialect::Eosio2, Dialect::Leap5, Dialect::Spring1];

fn ours() -> Name {
    OURS.parse().unwrap()
}

fn block() -> Block {
    let time: Timestamp = "2026-11-21T02:49:06.500".parse().unwrap();
    Block::new(7, 949, Slot::at(time), ours(), Signer::Node(Node::A))
}

fn printed(dialect: Dialect, saying: &Saying) -> (String, LogEvent) {
    let line = dialect.line("2026-11-21T02:49:06.512".parse().unwrap(), saying);
    let event = Classifier::new().classify(line.as_bytes());
    (line, event)
}

#[test]
fn every_line_of_every_dialect_is_classified_as_meant() {
    let other = Block { id: "ab".repeat(32), ..block() };
    let slot = block().slot;
    let sayings = [
        (Saying::Launched, EventName::NodeStarted),
        (Saying::Received { block: block(), lib: 947 }, EventName::BlockReceived),
        (Saying::Produced { block: block(), lib: 947 }, EventName::BlockProduced),
        (Saying::SkippedPaused { slot }, EventName::ProductionSkipped),
        (Saying::Paused, EventName::ProducerPaused),
        (Saying::Resumed, EventName::ProducerResumed),
        (Saying::Peers { connected: 2, known: 3 }, EventName::PeerCounts),
        (Saying::SwitchedForks { from: other, to: block() }, EventName::ForkSwitched),
        (Saying::DoubleProduced { block: block() }, EventName::BlockDoubleProduced),
    ];
    for dialect in DIALECTS {
        for (saying, name) in &sayings {
            let (line, event) = printed(dialect, saying);
            assert_eq!(event.name, *name, "{line}");
            assert_eq!(event.logged_at.map(|t| t.to_string()).as_deref(), Some(&line[6..29]));
        }
    }
}

#[test]
fn lines_carry_the_values_they_were_made_from() {
    for dialect in DIALECTS {
        for saying in [
            Saying::Received { block: block(), lib: 947 },
            Saying::Produced { block: block(), lib: 947 },
        ] {
            let (line, event) = printed(dialect, &saying);
            assert_eq!(
                (event.block, event.lib, event.transactions),
                (Some(949), Some(947), Some(0))
            );
            assert_eq!(event.producer, Some(ours()), "{line}");
            assert_eq!(event.block_time, Some(block().slot.time()), "{line}");
            assert_eq!(
                event.block_id.map(|id| format!("{:016x}", id.0)).unwrap(),
                block().short_id()
            );
            let latency = matches!(saying, Saying::Received { .. }).then_some(12);
            assert_eq!(event.latency_ms, latency, "{line}");
        }
        let (line, event) = printed(dialect, &Saying::SkippedPaused { slot: block().slot });
        let level = if dialect == Dialect::Spring1 { Level::Warn } else { Level::Error };
        assert_eq!((event.reason, event.level), (Some(Reason::Paused), Some(level)), "{line}");
        let (line, event) = printed(dialect, &Saying::Peers { connected: 2, known: 3 });
        assert_eq!(event.count, Some(4), "{line}");
    }
}

#[test]
fn columns_and_messages_are_nodeos_s_byte_for_byte() {
    // The layout of recorded lines; the messages as each version's sources format them.
    let id = block().short_id().to_owned();
    for (dialect, saying, real) in [
        (
            Dialect::Eosio2,
            Saying::Received { block: block(), lib: 947 },
            format!(
                "info  2026-11-21T02:49:06.512 nodeos    producer_plugin.cpp:404       \
                 on_incoming_block    ] Received block {id}... #949 @ 2026-11-21T02:49:06.500 signed \
                 by eosstorebest [trxs: 0, lib: 947, conf: 0, latency: 12 ms]"
            ),
        ),
        (
            Dialect::Leap5,
            Saying::Produced { block: block(), lib: 947 },
            format!(
                "info  2026-11-21T02:49:06.512 nodeos    producer_plugin.cpp:2641      \
                 produce_block        ] Produced block {id}... #949 @ 2026-11-21T02:49:06.500 signed \
                 by eosstorebest [trxs: 0, lib: 947, confirmed: 0, net: 0, cpu: 100, elapsed: 157, \
                 time: 2230]"
            ),
        ),
        (
            Dialect::Spring1,
            Saying::SkippedPaused { slot: block().slot },
            "warn  2026-11-21T02:49:06.512 nodeos    producer_plugin.cpp:2046      \
             determine_pending_bl ] Not producing block because production is explicitly paused, \
             block 2026-11-21T02:49:06.500"
                .to_owned(),
        ),
        (
            Dialect::Leap5,
            Saying::Peers { connected: 3, known: 3 },
            "info  2026-11-21T02:49:06.512 net-0     net_plugin.cpp:4400           \
             connection_monitor   ] p2p client connections: 3/25, peer connections: 3/3, block \
             producer peers: 0"
                .to_owned(),
        ),
    ] {
        assert_eq!(dialect.line("2026-11-21T02:49:06.512".parse().unwrap(), &saying), real);
    }
}

async fn network(dir: &Path) -> Network {
    // The only producer but one: within a turn or two something of ours is due.
    let producers = vec![ours(), "producer111a".parse().unwrap()];
    Network::start(dir, Schedule { version: 3, producers }, ours()).await.unwrap()
}

fn client(network: &Network, node: Node) -> Client {
    Client::new(network.http_url(node), LONG).unwrap()
}

/// Waits for something to hold on the chain.
async fn until(network: &Network, what: &str, holds: impl Fn(&Chain) -> bool) {
    let end = Instant::now() + Duration::from_secs(40);
    while !network.look(&holds) {
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_rpc_answers_as_nodeos_and_a_killed_node_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let network = network(dir.path()).await;
    let first = network.look(|chain| chain.head().number);
    until(&network, "a block", |chain| chain.head().number >= first + 2).await;
    for node in Node::ALL {
        let client = client(&network, node);
        let info = client.get_info().await.unwrap();
        assert!(info.head >= first + 2);
        assert_eq!(info.lib, info.head - 2, "{node}");
        assert_eq!(info.version.as_deref(), Some(node.dialect().version()));
        assert!(info.head_id.starts_with(&format!("{:08x}", info.head)));
        let schedule = client.producer_schedule().await.unwrap();
        assert_eq!((schedule.version, schedule.producers[0]), (3, ours()));
        assert_eq!(client.paused().await, Ok(node != Node::A));
    }
    let b = client(&network, Node::B);
    b.resume().await.unwrap();
    assert_eq!(b.paused().await, Ok(false));
    b.pause().await.unwrap();
    assert_eq!(b.paused().await, Ok(true));
    network.kill(Node::B).await;
    assert_eq!(b.get_info().await, Err(ApiFailure::ConnectionRefused));
    let a = client(&network, Node::A).get_info().await;
    assert!(a.is_ok(), "the others still answer: {a:?}");
}

#[tokio::test]
async fn two_unpaused_nodes_are_counted_as_double_and_logged_by_both() {
    let dir = tempfile::tempdir().unwrap();
    let network = network(dir.path()).await;
    client(&network, Node::B).resume().await.unwrap();
    until(&network, "a double", |chain| chain.ledger().tally(ours(), ..).double > 0).await;
    network.kill(Node::B).await;
    let produced = |node| {
        let log = log_of(network.log_path(node));
        log.into_iter().find(|event| event.name == EventName::BlockProduced).unwrap()
    };
    let (a, b) = (produced(Node::A), produced(Node::B));
    let at_b = log_of(network.log_path(Node::B));
    assert!(at_b.iter().any(|event| event.name == EventName::ForkSwitched));
    assert!(at_b.iter().any(|event| event.name == EventName::BlockReceived
        && (event.block, event.block_time) == (b.block, b.block_time)
        && event.block_id != b.block_id));
    assert_eq!((a.name, a.producer), (b.name, b.producer));
}
