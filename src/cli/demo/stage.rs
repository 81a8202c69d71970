//! The network and the three keepers on it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::clock::Clock;
use crate::config;
use crate::core::name::Name;
use crate::core::schedule::{Schedule, Slot, Turn};
use crate::daemon::{self, Outside};
use crate::demo::{Network, Node};

use super::scratch::Scratch;

/// The producer the demo is about.
pub(super) const OURS: &str = "eosstorebest";
/// The others. Three producers make a round of 18 s, short enough to watch.
const OTHERS: [&str; 2] = ["producer111a", "producer111b"];
/// `[rules] round_grace_seconds`: less than the default 4 s, because a round is 18 s and not 126 s.
const ROUND_GRACE_SECONDS: u64 = 1;
/// Time for the keepers to start before our turn begins.
const LEAD_MS: i64 = 2_500;
/// How long the keepers may take to end.
const END_DEADLINE: Duration = Duration::from_secs(5);

/// Everything that runs.
pub(super) struct Stage {
    /// The simulated network.
    pub network: Network,
    /// The producer the keepers watch.
    pub ours: Name,
    /// Our first turn: A is killed in it.
    pub turn: Turn,
    /// Where each keeper answers, in the order of [`Node::ALL`].
    pub status: [SocketAddr; Node::ALL.len()],
    /// Behind a lock because the story only borrows the stage while it waits for one to end.
    keepers: Mutex<JoinSet<(Node, anyhow::Result<()>)>>,
    stop: CancellationToken,
}

impl Stage {
    /// Starts the network and a keeper beside each node.
    ///
    /// # Errors
    /// When there is no port, or a file cannot be written.
    pub(super) async fn set(scratch: &Scratch) -> anyhow::Result<Self> {
        let dir = scratch.path();
        let ours: Name = OURS.parse()?;
        let turn = first_turn();
        let network = Network::start(dir, schedule(turn, ours)?, ours).await?;
        let stop = CancellationToken::new();
        let mut keepers = JoinSet::new();
        let mut status = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); Node::ALL.len()];
        for (node, address) in Node::ALL.into_iter().zip(&mut status) {
            *address = free_address().await?;
            let config = configure(dir, node, network.http_url(node), *address)?;
            let span = tracing::info_span!("keeper", role = %node);
            let keeper = daemon::run(config, Outside::until(stop.clone()));
            keepers.spawn(async move { (node, keeper.await) }.instrument(span));
        }
        let keepers = Mutex::new(keepers);
        Ok(Self { network, ours, turn, status, keepers, stop })
    }

    /// Waits for a keeper to end, which none should; says which and why.
    pub(super) async fn keeper_ended(&self) -> anyhow::Error {
        match self.keepers.lock().await.join_next().await {
            Some(Ok((node, Ok(())))) => anyhow::anyhow!("the keeper of {node} ended by itself"),
            Some(Ok((node, Err(error)))) => error.context(format!("the keeper of {node} ended")),
            Some(Err(error)) => of_task(error),
            None => anyhow::anyhow!("no keeper runs"),
        }
    }

    /// Ends the keepers, then the network.
    pub(super) async fn strike(self) {
        self.stop.cancel();
        let mut keepers = self.keepers.into_inner();
        let ending = async { while keepers.join_next().await.is_some() {} };
        if timeout(END_DEADLINE, ending).await.is_err() {
            keepers.shutdown().await;
        }
    }
}

fn of_task(error: JoinError) -> anyhow::Error {
    anyhow::Error::new(error).context("a keeper ended in a fault of eoskeeper itself; report this")
}

/// The first turn for which the keepers are ready.
fn first_turn() -> Turn {
    let ready = Clock::start().now().wall.plus_ms(LEAD_MS);
    Turn(Slot::at(ready).turn().0 + 1)
}

/// A schedule in which `turn` is ours. A real one is sorted by name; here the wait is shorter.
fn schedule(turn: Turn, ours: Name) -> anyhow::Result<Schedule> {
    let mut producers = vec![ours];
    for other in OTHERS {
        producers.push(other.parse()?);
    }
    let place = turn.0 as usize % producers.len();
    producers.rotate_right(place);
    Ok(Schedule { version: 1, producers })
}

/// A port of loopback that was free a moment ago.
async fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    Ok(listener.context("no port on 127.0.0.1 for a keeper")?.local_addr()?)
}

/// Writes a keeper's configuration, as an operator would, and loads it.
fn configure(
    dir: &Path,
    node: Node,
    http_url: &str,
    status: SocketAddr,
) -> anyhow::Result<config::Config> {
    let name = node.letter().to_ascii_lowercase();
    let path = dir.join(format!("{name}.ini"));
    let text = config_text(node, http_url, status);
    fs::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    config::parse(&path, &text).context("the demo's own configuration is refused; report this")
}

/// Paths are relative to the file's own directory.
fn config_text(node: Node, http_url: &str, status: SocketAddr) -> String {
    let name = node.letter().to_ascii_lowercase();
    let promotion = match node {
        Node::A => "demote = api\n",
        Node::B | Node::C => "promote = api\ndemote = api\n",
    };
    format!(
        "[global]\nrole = {node}\nproducer_name = {OURS}\nhttp_url = {http_url}\n\
         log_file = {name}.log\n\n[rules]\nround_grace_seconds = {ROUND_GRACE_SECONDS}\n\n\
         [promotion]\n{promotion}\n[status]\nlisten = {status}\n\n[state]\ndir = state-{name}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::settings::Role;

    #[test]
    fn the_first_turn_is_ours_wherever_the_clock_stands() {
        let ours: Name = OURS.parse().unwrap();
        for turn in (141_000_000..141_000_006).map(Turn) {
            let schedule = schedule(turn, ours).unwrap();
            assert_eq!(schedule.owner_of_turn(turn), Some(ours), "{turn:?}");
            assert_eq!(schedule.round_ms(), 18_000);
        }
    }

    #[test]
    fn configurations_load_and_only_standbys_promote() {
        let status = SocketAddr::from((Ipv4Addr::LOCALHOST, 9880));
        for (node, role) in
            [(Node::A, Role::Active), (Node::B, Role::FirstStandby), (Node::C, Role::SecondStandby)]
        {
            let text = config_text(node, "http://127.0.0.1:8888", status);
            let config = config::parse(Path::new("/srv/demo/x.ini"), &text).unwrap();
            assert_eq!(config.settings.role, role);
            assert_eq!(config.promote.is_some(), role.is_standby());
            assert_eq!(config.settings.rules.round_grace_ms, 1_000);
            assert_eq!(config.notes, Vec::<String>::new());
        }
    }
}
