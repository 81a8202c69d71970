//! Sees nodeos's process end, at once and not at the next poll.
//!
//! On this host the kernel tells it: a process that is marked as exiting runs no code of its own any
//! more, and a pidfd becomes readable when its last thread has ended. In a container Docker's event stream does.
//! What is told must be true, because a handover follows from it: the end of a relay, of a proxy or
//! of a start script proves nothing, so those are not watched, and it is said why.

pub(in crate::sources) mod aside;
mod container;
mod ending;
pub(in crate::sources) mod holders;
pub(in crate::sources) mod listeners;
pub(in crate::sources) mod name;
mod pidfd;
mod port;
mod teller;
mod unit;

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::core::event::Event;
use crate::sources::docker;
use crate::sources::process::pidfd::{Ending, Watched};
use crate::sources::process::port::Port;
use crate::sources::process::teller::Teller;
use crate::sources::process::unit::Unit;

pub use name::is_nodeos;

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The nodeos that listens on the port of this address, when that is an address of this host.
    Port(Url),
    /// The main process of a systemd unit.
    Unit {
        /// The unit, for example `nodeos.service`.
        name: String,
        /// The address of its RPC: a main process of another name is taken for nodeos when it
        /// listens there.
        url: Url,
        /// The program to ask: `systemctl`.
        systemctl: PathBuf,
    },
    /// A container.
    Container {
        /// Its name or id.
        name: String,
        /// Address of the engine; `None` is the engine of this host.
        host: Option<String>,
    },
}

/// Between two looks for a nodeos that is not there.
const LOOK_FOR_NEXT: Duration = Duration::from_secs(1);
/// Between two looks when something stands against watching.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long [`look`] takes at most: the questions to systemd or Docker, each with 5 s or less.
const LOOK_MAX: Duration = Duration::from_secs(15);

/// Why there is nothing to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Missing {
    /// There is no nodeos now; one sentence.
    Nobody(String),
    /// There may be one, and its end would not be seen; one sentence.
    Unwatchable(String),
}

/// Watches until `stop` is cancelled or nobody receives any more. Sends `Running` when a process or
/// container is watched, `Ended` within milliseconds of its end, `NotWatched` where it cannot be;
/// each once until another is true. A nodeos that is not there when the watch begins is
/// `NotWatched`: only an end that was seen is told as one.
pub async fn watch(target: Target, events: mpsc::Sender<Event>, stop: CancellationToken) {
    let teller = Teller::new(events);
    let watching = async {
        match target {
            Target::Container { name, host } => container::watch(name, host, teller).await,
            Target::Port(url) => watch_process(Finder::Port(Port::new(url)), teller).await,
            Target::Unit { name, url, systemctl } => {
                let unit = Unit::new(name, systemctl, Port::new(url));
                watch_process(Finder::Unit(unit), teller).await;
            }
        }
    };
    stop.run_until_cancelled(watching).await;
}

/// Looks once: the words for what would be watched, or why nothing can be.
///
/// # Errors
/// One sentence: why not, and what to do.
pub async fn look(target: Target) -> Result<String, String> {
    let (name, host) = match target {
        Target::Container { name, host } => (name, host),
        target => return find_once(target).await.map(|watched| watched.what()),
    };
    match timeout(LOOK_MAX, docker::look(&name, host.as_deref())).await {
        Ok(Ok(look)) if look.running => Ok(format!("container {name}")),
        Ok(Ok(look)) => Err(format!("the container {name} is not running ({})", look.state)),
        Ok(Err(why)) => Err(why),
        Err(_) => Err("Docker did not answer in time".to_owned()),
    }
}

/// What runs before nodeos as the first process of its container, so that the end of nodeos is not the
/// container's: the name of a start script or of a supervisor. `None` where nodeos is the first, or a
/// bare init that ends with it; and where that cannot be seen, as with an engine on another host.
pub async fn stands_before(target: &Target) -> Option<String> {
    let Target::Container { name, host } = target else { return None };
    if host.as_deref().is_some_and(|host| !host.starts_with("unix://")) {
        return None;
    }
    let found = timeout(LOOK_MAX, docker::look(name, host.as_deref())).await.ok()?.ok()?;
    let pid = i32::try_from(found.pid).ok().filter(|pid| *pid > 0)?;
    name::before_nodeos(&name::arguments(Path::new("/proc"), pid))
}

/// The number of nodeos's process, on this host and in no container.
///
/// # Errors
/// As [`look`].
pub async fn number(target: Target) -> Result<u32, String> {
    find_once(target).await.map(|watched| watched.first())
}

async fn find_once(target: Target) -> Result<Watched, String> {
    let mut finder = match target {
        Target::Container { .. } => return Err("nodeos runs in a container".to_owned()),
        Target::Port(url) => Finder::Port(Port::new(url)),
        Target::Unit { name, url, systemctl } => {
            Finder::Unit(Unit::new(name, systemctl, Port::new(url)))
        }
    };
    match timeout(LOOK_MAX, finder.find()).await {
        Ok(Ok(watched)) => Ok(watched),
        Ok(Err(Missing::Nobody(why) | Missing::Unwatchable(why))) => Err(why),
        Err(_) => Err("neither /proc nor systemd answered in time".to_owned()),
    }
}

/// How the process is found.
enum Finder {
    Port(Port),
    Unit(Unit),
}

impl Finder {
    async fn find(&mut self) -> Result<Watched, Missing> {
        match self {
            Self::Port(port) => port.find().await,
            Self::Unit(unit) => unit.find().await,
        }
    }

    fn port(&mut self) -> &mut Port {
        match self {
            Self::Port(port) => port,
            Self::Unit(unit) => unit.port(),
        }
    }
}

/// Finds the process, waits for its end, and begins again; until nobody receives any more.
async fn watch_process(mut finder: Finder, mut teller: Teller) {
    loop {
        let pause = match finder.find().await {
            Ok(mut watched) => {
                teller.running(watched.what()).await;
                match watched.ended(finder.port()).await {
                    Ending::Ended(how) => teller.ended(how).await,
                    // Another process has the port: it is looked at right away.
                    Ending::Replaced => continue,
                }
                LOOK_FOR_NEXT
            }
            Err(Missing::Nobody(why)) => {
                teller.nobody(why).await;
                LOOK_FOR_NEXT
            }
            Err(Missing::Unwatchable(why)) => {
                teller.not_watched(why).await;
                LOOK_AGAIN
            }
        };
        if teller.is_closed() {
            return;
        }
        sleep(pause).await;
    }
}
