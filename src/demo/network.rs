//! The network as it runs: the chain on the wall clock, with files and ports around it.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::core::name::Name;
use crate::core::schedule::{Schedule, Slot};
use crate::core::time::Human;
use crate::demo::block::Node;
use crate::demo::chain::{Chain, Saying};
use crate::demo::log_file::LogFile;
use crate::demo::rpc;

/// nodeos counts its connections every 30 s (`connection-cleanup-period`): 60 slots.
const PEERS_EVERY_SLOTS: u32 = 60;
/// The first count, after 5 s.
const PEERS_FIRST_SLOT: u32 = 10;
/// Slots that come late are run late, one after the other. After this long, two turns, the machine
/// was not busy but asleep, and nothing that was measured means anything.
const STOOD_STILL_MS: i64 = 12_000;

/// Why the simulated network cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// No port on loopback.
    #[error("no port on 127.0.0.1 for a simulated node")]
    Listen(#[source] io::Error),
    /// A node's log cannot be written.
    #[error("the log {path} of a simulated node cannot be written", path = path.display())]
    Log {
        /// The log.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The process was stopped, the machine slept, or the clock was set.
    #[error("this machine stood still, or its clock jumped, for {}; start again", Human(*.0))]
    StoodStill(
        /// For how long, milliseconds.
        u64,
    ),
}

/// The chain with the nodes' logs, behind one lock that is held for a slot's work at most.
#[derive(Debug)]
pub(super) struct World {
    clock: Clock,
    inside: Mutex<Inside>,
}

#[derive(Debug)]
struct Inside {
    chain: Chain,
    logs: [(PathBuf, LogFile); Node::ALL.len()],
    fault: Option<NetworkError>,
}

impl World {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Nothing inside is left half done by a panic: a slot's lines may be missing, that is all.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn look<T>(&self, look: impl FnOnce(&Chain) -> T) -> T {
        look(&self.lock().chain)
    }

    pub(super) fn set_paused(&self, node: Node, paused: bool) {
        let mut inside = self.lock();
        let saying = inside.chain.set_paused(node, paused);
        inside.say(&self.clock, node, &saying);
    }

    fn run_slot(&self, slot: Slot, is_count_due: bool) {
        let mut inside = self.lock();
        for (node, saying) in inside.chain.run_slot(slot) {
            inside.say(&self.clock, node, &saying);
        }
        for node in Node::ALL.into_iter().filter(|_| is_count_due) {
            let saying = inside.chain.peers(node);
            inside.say(&self.clock, node, &saying);
        }
    }

    fn fail(&self, error: NetworkError) {
        self.lock().fault.get_or_insert(error);
    }
}

impl Inside {
    /// Writes a line into the log of a node that runs.
    fn say(&mut self, clock: &Clock, node: Node, saying: &Saying) {
        if !self.chain.is_alive(node) {
            return;
        }
        let line = node.dialect().line(clock.now().wall, saying);
        let (path, log) = &mut self.logs[node.index()];
        if let Err(source) = log.write(&line) {
            self.fault.get_or_insert(NetworkError::Log { path: path.clone(), source });
        }
    }
}

/// Where a node is.
#[derive(Debug)]
struct Place {
    log_path: PathBuf,
    http_url: String,
    kill: CancellationToken,
    serving: Mutex<Option<JoinHandle<()>>>,
}

/// A running network. It ends when dropped.
#[derive(Debug)]
pub struct Network {
    world: Arc<World>,
    places: Vec<Place>,
    stop: CancellationToken,
}

impl Network {
    /// Starts three nodes that hold the key of `ours`; A is unpaused. Their logs are written to
    /// `a.log`, `b.log` and `c.log` in `dir`. The first slot is the next on the wall clock.
    ///
    /// # Errors
    /// [`NetworkError`] when there is no port, or a log cannot be created.
    pub async fn start(dir: &Path, schedule: Schedule, ours: Name) -> Result<Self, NetworkError> {
        let clock = Clock::start();
        let now = clock.now().wall;
        let before = Slot::at(now);
        let chain = Chain::new(now.ms().unsigned_abs(), schedule, ours, before);
        let [a, b, c] = Node::ALL.map(|node| create_log(dir, node));
        let inside = Mutex::new(Inside { chain, logs: [a?, b?, c?], fault: None });
        let world = Arc::new(World { clock, inside });
        let stop = CancellationToken::new();
        let mut places = Vec::with_capacity(Node::ALL.len());
        for node in Node::ALL {
            world.lock().say(&clock, node, &Saying::Launched);
            places.push(serve(node, dir, &world, stop.child_token()).await?);
        }
        let running = run_slots(Arc::clone(&world), Slot(before.0 + 1));
        tokio::spawn(stop.clone().run_until_cancelled_owned(running));
        Ok(Self { world, places, stop })
    }

    /// The log a node writes.
    #[must_use]
    pub fn log_path(&self, node: Node) -> &Path {
        &self.places[node.index()].log_path
    }

    /// Where a node serves its RPC: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn http_url(&self, node: Node) -> &str {
        &self.places[node.index()].http_url
    }

    /// Kills a node, as SIGKILL does: no line of farewell, and its port is closed when this returns.
    pub async fn kill(&self, node: Node) {
        self.world.lock().chain.kill(node);
        let place = &self.places[node.index()];
        place.kill.cancel();
        let serving = place.serving.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(serving) = serving {
            // It ends at the token; a panic in it ends it as well.
            let _ = serving.await;
        }
    }

    /// Looks at the chain as it is now; `look` holds the next slot up, so it shall be short.
    pub fn look<T>(&self, look: impl FnOnce(&Chain) -> T) -> T {
        self.world.look(look)
    }

    /// Why the network cannot go on, if it cannot; told once.
    #[must_use]
    pub fn take_fault(&self) -> Option<NetworkError> {
        self.world.lock().fault.take()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn log_path(dir: &Path, node: Node) -> PathBuf {
    dir.join(format!("{}.log", node.letter().to_ascii_lowercase()))
}

fn create_log(dir: &Path, node: Node) -> Result<(PathBuf, LogFile), NetworkError> {
    let path = log_path(dir, node);
    match LogFile::create(&path) {
        Ok(log) => Ok((path, log)),
        Err(source) => Err(NetworkError::Log { path, source }),
    }
}

async fn serve(
    node: Node,
    dir: &Path,
    world: &Arc<World>,
    kill: CancellationToken,
) -> Result<Place, NetworkError> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(NetworkError::Listen)?;
    let address = listener.local_addr().map_err(NetworkError::Listen)?;
    let routes = rpc::routes(node, Arc::clone(world));
    // Serving never ends by itself; with the token the listener is dropped, and the port closed.
    let serving = kill.clone().run_until_cancelled_owned(async move {
        let _ = axum::serve(listener, routes).await;
    });
    let serving = tokio::spawn(async move {
        serving.await;
    });
    Ok(Place {
        log_path: log_path(dir, node),
        http_url: format!("http://{address}"),
        kill,
        serving: Mutex::new(Some(serving)),
    })
}

/// Runs slot after slot, each when its time has come on the wall clock.
async fn run_slots(world: Arc<World>, first: Slot) {
    for at in 0.. {
        let slot = Slot(first.0 + at);
        let early_ms = slot.time().since_ms(world.clock.now().wall);
        if early_ms.abs() > STOOD_STILL_MS {
            return world.fail(NetworkError::StoodStill(early_ms.unsigned_abs()));
        }
        sleep(Duration::from_millis(early_ms.max(0).cast_unsigned())).await;
        world.run_slot(slot, at % PEERS_EVERY_SLOTS == PEERS_FIRST_SLOT);
    }
}
