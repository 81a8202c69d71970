//! The lease: which node of a producer may sign, kept in etcd.
//!
//! One task ([`start`]) reads the key, renews it while it is ours, and carries out the keeper's
//! orders to take it and to let go of it. It judges nothing: what it learns are
//! [`LeaseEvent`](crate::core::lease::LeaseEvent)s, and when a lease that could not be renewed has
//! run out is for the keeper to say.
//!
//! The key is `PREFIX/CHAIN_ID/PRODUCER/lease`. Its value is a [`record`], its `mod_revision` is
//! the fencing token: etcd counts it up with every change, for all keys together, so that a later
//! holder always has a greater one. `doc/lease.md` has the arithmetic of the times.

pub mod etcd;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod holder;
mod key;
mod poke;
pub mod record;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::core::action::{ActResult, Order};
use crate::core::event::Event;
use crate::core::name::Name;
use crate::core::settings::Lease;
use crate::core::time::Mono;
use etcd::{Etcd, SetupError};
use holder::Holder;

pub use key::{Expect, Found, Keepalive, Reading};

/// Orders that wait for the one that is carried out. The keeper gives one at a time.
const ORDERS_MAX: usize = 4;
/// An order is at most so many questions one after the other: reading and granting, the change,
/// finding out what came of it, taking it back; and one that was under way before it.
const QUESTIONS_PER_ORDER: u32 = 5;

/// How etcd is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Addresses of its members for clients, at least one.
    pub endpoints: Vec<Url>,
    /// User, where etcd asks for one.
    pub user: Option<String>,
    /// File with the user's password; it is read anew each time a token is asked for.
    pub password_file: Option<PathBuf>,
    /// Certificates (PEM) that etcd's own must be signed by; `None`: those of the system.
    pub ca_file: Option<PathBuf>,
    /// Deadline of a question, whatever number of members is tried for it.
    pub deadline: Duration,
}

/// Reads the monotonic clock of the keeper.
pub type Clock = Arc<dyn Fn() -> Mono + Send + Sync>;

/// What the task is told at start.
#[derive(Clone)]
pub struct Setup {
    /// How etcd is reached.
    pub access: Access,
    /// Before the chain id in the key: `/eoskeeper`.
    pub prefix: String,
    /// The times.
    pub times: Lease,
    /// Name of this node.
    pub node: String,
    /// The producer.
    pub producer: Name,
    /// The chain id, once it is known; before, nothing is asked.
    pub chain_id: watch::Receiver<Option<String>>,
    /// The keeper's clock.
    pub clock: Clock,
    /// To the keeper.
    pub events: mpsc::Sender<Event>,
}

/// Where orders are given.
#[derive(Clone, Debug)]
pub struct Handle {
    orders: mpsc::Sender<Asked>,
    patience: Duration,
}

/// An order, and where its outcome goes.
#[derive(Debug)]
struct Asked {
    order: Order,
    outcome: oneshot::Sender<ActResult>,
}

/// Starts the task on `tasks`; it ends with `stop`, after the order it is carrying out. A lease
/// that is held then is left to run out: the next start of this keeper takes it up again.
///
/// # Errors
/// [`SetupError`]: no client can be made, for example because `ca_file` cannot be read.
pub fn start(
    setup: Setup,
    tasks: &mut JoinSet<()>,
    stop: &CancellationToken,
) -> Result<Handle, SetupError> {
    let etcd = Arc::new(Etcd::new(&setup.access)?);
    let poke = Arc::new(Notify::new());
    let (orders, inbox) = mpsc::channel(ORDERS_MAX);
    let patience = setup.access.deadline * QUESTIONS_PER_ORDER;
    let keys = (setup.prefix.clone(), setup.producer);
    let chain_id = setup.chain_id.clone();
    let (watched, poked, ended) = (Arc::clone(&etcd), Arc::clone(&poke), stop.clone());
    tasks.spawn(async move {
        ended.run_until_cancelled(poke::watch(&watched, keys, chain_id, &poked)).await;
    });
    let holder = Holder::new(setup, etcd, poke);
    tasks.spawn(holder.run(inbox, stop.clone()));
    Ok(Handle { orders, patience })
}

impl Handle {
    /// Has an order carried out and says what came of it. When it says that the lease was taken,
    /// the keeper has been sent [`LeaseEvent::Held`](crate::core::lease::LeaseEvent::Held) before.
    pub async fn order(&self, order: &Order) -> ActResult {
        let (outcome, result) = oneshot::channel();
        if self.orders.try_send(Asked { order: order.clone(), outcome }).is_err() {
            return ActResult::Refused("the keeper of the lease takes no order now".to_owned());
        }
        match timeout(self.patience, result).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => {
                ActResult::Failed("the keeper ended before the order was done".to_owned())
            }
            Err(_) => {
                ActResult::Failed(format!("no outcome within {} ms", self.patience.as_millis()))
            }
        }
    }
}

/// The key of a producer's lease.
#[must_use]
pub fn key_of(prefix: &str, chain_id: &str, producer: Name) -> String {
    format!("{}/{chain_id}/{producer}/lease", prefix.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_names_chain_and_producer() {
        let producer = "eosstorebest".parse().unwrap();
        for prefix in ["/eoskeeper", "/eoskeeper/"] {
            assert_eq!(key_of(prefix, "8a34", producer), "/eoskeeper/8a34/eosstorebest/lease");
        }
    }
}
