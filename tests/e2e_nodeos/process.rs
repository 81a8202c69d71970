//! A real nodeos's process: its end is seen at once, it is fenced, and its key is changed.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eoskeeper::actions::script::{self, Host};
use eoskeeper::core::action::{Act, ActResult, Order};
use eoskeeper::core::event::Event;
use eoskeeper::core::process::ProcessEvent;
use eoskeeper::core::settings::{Role, Rules};
use eoskeeper::nodeos::keys;
use eoskeeper::nodeos::rpc::Client;
use eoskeeper::sources::get_info::{Pace, poll};
use eoskeeper::sources::process::{self, Target};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::network::{Network, OURS};
use crate::wait::until;

/// Only ends a test that has failed.
const PATIENCE: Duration = Duration::from_secs(60);

fn port(port: u16) -> Target {
    Target::Port(format!("http://127.0.0.1:{port}").parse().unwrap())
}

async fn next(events: &mut mpsc::Receiver<Event>) -> ProcessEvent {
    match tokio::time::timeout(PATIENCE, events.recv()).await.expect("it tells something") {
        Some(Event::Process(event)) => event,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_real_nodeos_is_seen_and_the_fence_makes_it() {
    let net = Network::up("process_end", 4);
    let (send, mut events) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let _guard = stop.clone().drop_guard();
    tokio::spawn(process::watch(port(net.http_port("a")), send, stop));
    let running = next(&mut events).await;
    assert!(matches!(&running, ProcessEvent::Running { what } if what.contains(&net.pid("a"))));
    let killed = Instant::now();
    let pid = rustix::process::Pid::from_raw(net.pid("a").parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let ended = next(&mut events).await;
    println!("from SIGKILL of nodeos to the event: {:?}", killed.elapsed());
    assert!(matches!(ended, ProcessEvent::Ended { .. }), "{ended:?}");
    net.order("start", &["a"]);
    assert!(matches!(next(&mut events).await, ProcessEvent::Running { .. }));

    // Its relay is not nodeos, and its end would prove nothing.
    let why = process::look(port(net.rpc_port("a"))).await.unwrap_err();
    assert!(why.contains("is not nodeos"), "{why}");

    for (node, freeze, words) in [("a", false, "has ended"), ("c", true, "is killed")] {
        if freeze {
            net.order("freeze", &[node]);
        }
        let fence = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/fence.sh");
        let port = net.http_port(node).to_string();
        let began = Instant::now();
        let ran = Command::new(fence).args(["--pid-of-port", &port]).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        println!("fenced {node} in {:?}: {said}", began.elapsed());
        assert!(ran.status.success() && said.contains(words), "{said} {ran:?}");
        assert_eq!(net.pid(node), "null");
    }
    assert!(matches!(next(&mut events).await, ProcessEvent::Ended { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_the_schedule_show_a_promotion_by_key() {
    let net = Network::up("process_key", 4);
    let key = keys::normal(net.order("set-key", &["b"]).trim()).unwrap();
    let client = Arc::new(
        Client::new(&format!("http://127.0.0.1:{}", net.rpc_port("b")), PATIENCE).unwrap(),
    );
    let (send, mut events) = mpsc::channel(1000);
    let stop = CancellationToken::new();
    let _guard = stop.clone().drop_guard();
    let pace = Pace { schedule: Duration::from_secs(1), ..Pace::of(&Rules::default()) };
    tokio::spawn(async move {
        poll(&client, pace, OURS.parse().unwrap(), &Notify::new(), send, stop).await
    });
    let mut keys_now = async || loop {
        let event = tokio::time::timeout(PATIENCE, events.recv()).await;
        if let Event::SigningKeys { keys } = event.expect("the poller polls").unwrap() {
            return keys;
        }
    };
    let before = keys_now().await;
    assert!(before.len() == 1 && before[0] != key, "{before:?}");

    // What the keeper would run: this chain's contract has no regproducer, so the schedule is
    // proposed with the key instead.
    let propose = net.line("schedule-key b");
    let body = format!("[ \"$EOSKEEPER_KEY\" = {key} ] || exit 10\nexec {propose} --no-wait");
    let script = net.script("key.sh", &body);
    let order = Order {
        id: 1,
        act: Act::Promote,
        reason: "a test".to_owned(),
        incident: "20261121T024837-producer_missing".to_owned(),
        producer: OURS.parse().unwrap(),
        chain_id: None,
        token: None,
        handover: None,
    };
    let host = Host {
        role: Role::FirstStandby,
        node: "b".to_owned(),
        producer_key: Some(key.clone()),
        http_url: String::new(),
        state_dir: net.path(""),
    };
    let result = script::run(&script, &order, &host, PATIENCE).await;
    assert!(matches!(&result, ActResult::Done(words) if words.contains("is proposed")), "{result}");
    let began = Instant::now();
    while keys_now().await != [key.clone()] {
        assert!(began.elapsed() < Duration::from_secs(120), "the schedule never has the key");
    }
    println!("from the proposal to the active schedule: {:?}", began.elapsed());
    net.order("resume", &["b"]);
    tokio::task::block_in_place(|| {
        until("a block of b with its own key", 60, || net.produced_blocks("b").pop());
    });
}
