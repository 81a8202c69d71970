//! The lease's task against a server that answers as etcd would in moments that cannot be brought
//! about at will, and as no etcd does. A real etcd is asked in `lease_etcd`.

use crate::http;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eoskeeper::actions::lease::{self, Access, Handle, Setup};
use eoskeeper::clock::Clock;
use eoskeeper::core::action::{Act, ActResult, Order};
use eoskeeper::core::event::{ApiFailure, Event};
use eoskeeper::core::lease::LeaseEvent;
use eoskeeper::core::settings::Lease;
use http::Server;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// `{"holder":"a"}`
const HELD_BY_A: &str = "eyJob2xkZXIiOiJhIn0=";

/// What the server answers.
#[derive(Default)]
struct Etcd {
    /// The term of a renewal's answer.
    renewed_in: AtomicU64,
    /// The term of a reading's answer.
    read_in: AtomicU64,
    /// What a renewal gives, seconds.
    renewed_ttl: AtomicU64,
    /// What is granted, seconds.
    granted_ttl: AtomicU64,
    taken: Mutex<bool>,
}

impl Etcd {
    fn well() -> Arc<Self> {
        let etcd = Self::default();
        for (field, value) in [
            (&etcd.renewed_in, 2),
            (&etcd.read_in, 2),
            (&etcd.renewed_ttl, 10),
            (&etcd.granted_ttl, 10),
        ] {
            field.store(value, Ordering::SeqCst);
        }
        Arc::new(etcd)
    }

    fn answer(&self, path: &str) -> Option<Value> {
        let number = |field: &AtomicU64| field.load(Ordering::SeqCst).to_string();
        let header =
            |term: String| json!({ "member_id": "1", "cluster_id": "1", "raft_term": term });
        match path {
            "/v3/lease/grant" => Some(json!({ "ID": "7", "TTL": number(&self.granted_ttl) })),
            "/v3/lease/keepalive" => Some(json!({ "result": {
                "header": header(number(&self.renewed_in)), "ID": "7",
                "TTL": number(&self.renewed_ttl),
            }})),
            "/v3/kv/txn" => {
                *self.taken.lock().unwrap() = true;
                Some(json!({ "header": { "revision": "5" }, "succeeded": true }))
            }
            "/v3/kv/range" => {
                let key = json!({ "mod_revision": "5", "value": HELD_BY_A, "lease": "7" });
                let kvs = if *self.taken.lock().unwrap() { vec![key] } else { vec![] };
                Some(json!({ "header": header(number(&self.read_in)), "kvs": kvs }))
            }
            _ => None,
        }
    }

    fn serve(self: &Arc<Self>) -> Server {
        let etcd = Arc::clone(self);
        Server::start(move |request, stream| {
            let path = request.split_whitespace().nth(1).unwrap_or_default();
            let (status, body) = match etcd.answer(path) {
                Some(answer) => (200, answer.to_string()),
                None => (503, "{\"error\":\"etcdserver: no leader\",\"code\":14}".to_owned()),
            };
            drop(stream.write_all(closing(status, &body).as_bytes()));
        })
    }
}

/// An answer after which the connection ends: the server takes one question of each.
fn closing(status: u16, body: &str) -> String {
    http::answer(status, body).replacen("\r\n", "\r\nConnection: close\r\n", 1)
}

struct Keeper {
    handle: Handle,
    events: mpsc::Receiver<Event>,
    _chain_id: watch::Sender<Option<String>>,
    _tasks: JoinSet<()>,
}

impl Keeper {
    fn of(servers: &[&Server]) -> Self {
        let (events, received) = mpsc::channel(4096);
        let (chain_id, known) = watch::channel(Some("8a34".to_owned()));
        let (clock, mut tasks) = (Clock::start(), JoinSet::new());
        let setup = Setup {
            access: Access {
                endpoints: servers.iter().map(|server| server.url().parse().unwrap()).collect(),
                user: None,
                password_file: None,
                ca_file: None,
                deadline: Duration::from_secs(5),
            },
            prefix: "/eoskeeper".to_owned(),
            times: Lease { renew_ms: 50, ..Lease::DEFAULT },
            node: "a".to_owned(),
            producer: "eosstorebest".parse().unwrap(),
            chain_id: known,
            clock: Arc::new(move || clock.now().mono),
            events,
        };
        let handle = lease::start(setup, &mut tasks, &CancellationToken::new()).unwrap();
        Self { handle, events: received, _chain_id: chain_id, _tasks: tasks }
    }

    async fn next(&mut self) -> LeaseEvent {
        match timeout(PATIENCE, self.events.recv()).await {
            Ok(Some(Event::Lease(event))) => event,
            other => panic!("{other:?}"),
        }
    }

    async fn acquire(&self) -> ActResult {
        let order = Order {
            id: 1,
            act: Act::AcquireLease,
            reason: "The test says so.".to_owned(),
            incident: String::new(),
            producer: "eosstorebest".parse().unwrap(),
            chain_id: None,
            token: None,
            handover: None,
        };
        self.handle.order(&order).await
    }

    /// Takes the lease and drops what was told until then.
    async fn take(&mut self) {
        self.next().await;
        assert_eq!(self.acquire().await, ActResult::Done("the lease is ours, token 5".to_owned()));
        while self.events.try_recv().is_ok() {}
    }

    /// The next failure; a claim or a loss before it is wrong.
    async fn failure(&mut self) -> String {
        match self.next().await {
            LeaseEvent::Failed(failure) => failure.to_string(),
            other => panic!("{other:?}"),
        }
    }

    /// Drops the claims of renewals that were under way, and the first event after them.
    async fn until_not_held(&mut self) {
        for _ in 0..20 {
            if !matches!(self.next().await, LeaseEvent::Held { .. }) {
                return;
            }
        }
        panic!("it is claimed on and on");
    }

    /// Events until a claim; a loss before it is wrong.
    async fn until_held(&mut self) {
        loop {
            match self.next().await {
                LeaseEvent::Held { token, .. } => return assert_eq!(token, 5),
                LeaseEvent::Lost(why) => panic!("{why}"),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn a_renewal_by_a_leader_of_the_past_is_no_renewal() {
    let etcd = Etcd::well();
    let server = etcd.serve();
    let mut keeper = Keeper::of(&[&server]);
    keeper.take().await;
    keeper.until_held().await;
    etcd.read_in.store(3, Ordering::SeqCst);
    keeper.until_not_held().await;
    for _ in 0..5 {
        assert_eq!(keeper.failure().await, "etcd was changing its leader");
    }
    etcd.renewed_in.store(3, Ordering::SeqCst);
    keeper.until_held().await;
}

#[tokio::test]
async fn a_lease_that_is_not_known_while_its_key_is_there_is_not_lost() {
    let etcd = Etcd::well();
    let server = etcd.serve();
    let mut keeper = Keeper::of(&[&server]);
    keeper.take().await;
    etcd.renewed_ttl.store(0, Ordering::SeqCst);
    keeper.until_not_held().await;
    assert_eq!(keeper.failure().await, "etcd has the key and does not know its lease");
    etcd.renewed_ttl.store(10, Ordering::SeqCst);
    keeper.until_held().await;
}

#[tokio::test]
async fn a_lease_of_less_time_than_asked_for_is_not_used() {
    let etcd = Etcd::well();
    etcd.granted_ttl.store(9, Ordering::SeqCst);
    let server = etcd.serve();
    let mut keeper = Keeper::of(&[&server]);
    keeper.next().await;
    let refused = keeper.acquire().await;
    assert!(
        matches!(&refused, ActResult::Refused(why) if why.contains("no lease of the time")),
        "{refused}"
    );
    assert!(!*etcd.taken.lock().unwrap(), "it was taken all the same");
}

#[tokio::test]
async fn what_is_no_answer_of_etcd_is_a_failure_and_never_a_free_key() {
    let huge = "x".repeat(300 * 1024);
    for (name, status, body, part) in [
        ("a web server", 404, "<html>", "no etcd v3 answers there"),
        ("a proxy's error", 502, "<html>", "HTTP status 502"),
        ("no JSON", 200, "hello", "not JSON"),
        ("an array", 200, "[]", "not JSON"),
        ("nothing in it", 200, "{}", "no usable field \"header\""),
        ("a number that is none", 200, r#"{"header":{"raft_term":"x"}}"#, "\"raft_term\""),
        ("a key without revision", 200, r#"{"header":{},"kvs":[{}]}"#, "never written"),
        (
            "no base64",
            200,
            r#"{"header":{},"kvs":[{"mod_revision":"1","value":"%"}]}"#,
            "\"value\"",
        ),
        ("too large", 200, huge.as_str(), "larger than 262144 bytes"),
    ] {
        let server = Server::saying(closing(status, body));
        let failure = Keeper::of(&[&server]).failure().await;
        assert!(failure.contains(part), "{name}: {failure}");
    }
}

#[tokio::test]
async fn members_are_tried_in_turn_and_the_one_that_answers_is_kept() {
    let (etcd, ill) = (Etcd::well(), closing(503, "{\"error\":\"no leader\",\"code\":14}"));
    let (first, second, third) = (Server::saying(ill.clone()), etcd.serve(), Server::saying(ill));
    let mut keeper = Keeper::of(&[&first, &second, &third]);
    for _ in 0..3 {
        let event = keeper.next().await;
        assert!(matches!(event, LeaseEvent::Read { record: None, .. }), "{event:?}");
    }
    let reads = |server: &Server| {
        server.requests().iter().filter(|line| line.contains("/v3/kv/range")).count()
    };
    assert_eq!((reads(&first), reads(&third)), (1, 0));
    assert!(reads(&second) >= 3);
}

#[tokio::test]
async fn what_several_members_say_is_told_of_each() {
    let (one, two) = (Server::saying(closing(502, "")), Server::saying(closing(200, "hello")));
    let failure = Keeper::of(&[&one, &two]).failure().await;
    for part in [one.url(), two.url(), "HTTP status 502".to_owned(), "not JSON".to_owned()] {
        assert!(failure.contains(&part), "{failure}");
    }
    let (one, two) = (Server::saying(closing(502, "")), Server::saying(closing(502, "")));
    let mut keeper = Keeper::of(&[&one, &two]);
    assert_eq!(keeper.next().await, LeaseEvent::Failed(ApiFailure::HttpStatus(502)));
}
