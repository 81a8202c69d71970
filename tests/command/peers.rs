//! Keepers that speak to each other, over real sockets on loopback: what works, and every attack by
//! the reason it is refused for.

mod attacks;
mod deliver;
mod exchanges;
mod forged;
mod keepers;
mod limits;
mod signatures;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eoskeeper::clock::Clock;
use eoskeeper::core::event::Event;
use eoskeeper::core::handover::{Fence, Handover, PeerEvent, PeerSaid, PeerStatus};
use eoskeeper::core::keeper::Keeper;
use eoskeeper::core::settings::{Role, Settings};
use eoskeeper::peers::client::Client;
use eoskeeper::peers::desk::Desk;
use eoskeeper::peers::envelope::{Envelope, Key, Nonce, Side};
use eoskeeper::peers::exchange::exchange;
use eoskeeper::peers::heard::Heard;
use eoskeeper::peers::message::Topic;
use eoskeeper::peers::{Party, Remote, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

const SECRET: &[u8] = b"a secret of thirty-two bytes or more";
const PRODUCER: &str = "eosstorebest";
/// Within this something comes that comes at all.
const PATIENCE: Duration = Duration::from_secs(20);
/// Deadline of a client's call, long enough for a busy machine.
const CALL: Duration = Duration::from_secs(5);

/// What a test starts with: a listener, whose port the others must know before it serves.
struct Seat {
    name: &'static str,
    listener: TcpListener,
}

/// A keeper's side of the peers: it listens, and its events can be read.
struct Node {
    party: Arc<Party>,
    address: SocketAddr,
    clock: Clock,
    own: watch::Sender<Arc<PeerStatus>>,
    heard: Arc<Heard>,
    send: mpsc::Sender<Event>,
    events: mpsc::Receiver<Event>,
    stop: CancellationToken,
    _ends: DropGuard,
}

async fn seat(name: &'static str) -> Seat {
    Seat { name, listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
}

fn remote(name: &str, address: SocketAddr) -> Remote {
    Remote { name: name.to_owned(), url: format!("http://{address}") }
}

fn party(node: &str, remotes: Vec<Remote>) -> Party {
    let producer = PRODUCER.parse().unwrap();
    Party { node: node.to_owned(), producer, key: Key::new(SECRET), remotes }
}

fn status_of(node: &str) -> PeerStatus {
    let mut settings = Settings::new(Role::FirstStandby, PRODUCER.parse().unwrap());
    settings.node = node.to_owned();
    let now = Clock::start().now();
    let mut status = Keeper::new(settings, now, Ok(None)).peer_status(now);
    status.chain_id = Some("a".repeat(64));
    status
}

fn handover(from: &str, to: &str) -> Handover {
    Handover {
        id: "20261121T024837-process_gone".to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        producer: PRODUCER.parse().unwrap(),
        chain_id: Some("a".repeat(64)),
        reason: "The process ended.".to_owned(),
        fence: Fence::Fenced,
        fenced_at: Clock::start().now().wall,
        planned: false,
    }
}

impl Node {
    fn sit(seat: Seat, remotes: Vec<Remote>, room: usize) -> Self {
        let address = seat.listener.local_addr().unwrap();
        let party = Arc::new(party(seat.name, remotes));
        let clock = Clock::start();
        let (own, shown) = watch::channel(Arc::new(status_of(seat.name)));
        let heard = Arc::new(Heard::new(party.remotes.len()));
        let (send, events) = mpsc::channel(room);
        let stop = CancellationToken::new();
        let (hears, tells) = (Arc::clone(&heard), send.clone());
        let desk = Arc::new(Desk::new(Arc::clone(&party), clock, shown, hears, tells));
        tokio::spawn(server::serve(seat.listener, desk, stop.clone()));
        let ends = stop.clone().drop_guard();
        Self { party, address, clock, own, heard, send, events, stop, _ends: ends }
    }

    fn client(&self) -> Client {
        Client::new(Arc::clone(&self.party), self.clock, CALL).unwrap()
    }

    /// Begins to exchange statuses with every peer.
    fn exchange(&self) {
        let client = Arc::new(self.client());
        for index in 0..self.party.remotes.len() {
            let (client, own, heard) =
                (Arc::clone(&client), self.own.subscribe(), Arc::clone(&self.heard));
            let (send, stop) = (self.send.clone(), self.stop.clone());
            tokio::spawn(exchange(client, index, self.clock, own, heard, send, stop));
        }
    }

    /// The first event that `is` it.
    async fn until(&mut self, is: impl Fn(&PeerEvent) -> bool) -> PeerEvent {
        let coming = async {
            loop {
                match self.events.recv().await.expect("events end") {
                    Event::Peer(event) if is(&event) => return event,
                    Event::Peer(_) => {}
                    other => panic!("{other:?}"),
                }
            }
        };
        timeout(PATIENCE, coming).await.expect("it did not come")
    }

    /// Whether nothing but statuses is waiting.
    fn got_nothing_more(&mut self) -> bool {
        while let Ok(event) = self.events.try_recv() {
            if !matches!(event, Event::Peer(PeerEvent { said: PeerSaid::Status(_), .. })) {
                return false;
            }
        }
        true
    }
}

/// `b`, which serves, and knows of `a`, which does not.
async fn b_alone() -> Node {
    let a = seat("a").await.listener.local_addr().unwrap();
    Node::sit(seat("b").await, vec![remote("a", a)], 100)
}

/// A message as `a` would send it to `b` now.
fn envelope(topic: Topic) -> Envelope {
    let at = Clock::start().now().wall;
    let (from, to) = ("a".to_owned(), "b".to_owned());
    Envelope { topic, from, to, at, nonce: Nonce::random().unwrap() }
}

/// A request as bytes.
fn request(path: &str, envelope: &Envelope, signature: &str, body: &[u8]) -> Vec<u8> {
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: b\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in &envelope.headers(signature) {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// A rightly signed request as bytes.
fn signed(envelope: &Envelope, body: &[u8]) -> Vec<u8> {
    let signature = envelope.sign(&Key::new(SECRET), Side::Request, body);
    request(envelope.topic.path(), envelope, &signature, body)
}

/// Sends bytes; status and body of the answer, or `None` when there is none.
async fn send(address: SocketAddr, bytes: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    // The far end may have answered and closed before it had read all.
    let _ = stream.write_all(bytes).await;
    read(stream).await
}

async fn read(mut stream: TcpStream) -> Option<(u16, String)> {
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it does not end");
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.trim_end().to_owned()))
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}
