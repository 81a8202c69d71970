//! The states on disk of several nodes: one directory and one lock, and in it a state for each node,
//! so that a file that is damaged stops one node only, and no latch waits for another's history.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, Site};
use crate::core::name::Name;
use crate::daemon::{Found, OUTBOX, unusable};
use crate::history::store::adopt::{self, Heir};
use crate::history::store::{Store, StoreError};

/// The state of one node.
pub(super) struct State {
    /// Its directory; `None` where it cannot be used at all.
    pub(super) store: Option<Arc<Store>>,
    /// Why nothing in it may be trusted, where that is known without looking.
    pub(super) barred: Option<String>,
}

/// All of them.
pub(super) struct States {
    /// The directory that is theirs alone for as long as this lives.
    pub(super) lock: Option<Store>,
    /// What is common.
    pub(super) shared: Option<Arc<Store>>,
    /// In the order of the file.
    pub(super) nodes: Vec<State>,
}

impl State {
    /// The latch, or why the node must not act.
    pub(super) fn latch(&self, config: &Config) -> Found {
        if let Some(why) = &self.barred {
            return Err(why.clone());
        }
        let Some(store) = &self.store else {
            return Err("its state directory cannot be used; the log says why".to_owned());
        };
        store.load(config.settings.producer).map_err(|error| unusable(&error))
    }
}

/// Opens them. What cannot be used is told; its node watches and never acts.
///
/// # Errors
/// Another eoskeeper has the directory.
pub(super) fn open(site: &Site) -> anyhow::Result<States> {
    let common = site.common();
    let dir = &common.shared_dir;
    let lock = match Store::open(dir) {
        Ok(lock) => Some(lock),
        Err(error @ StoreError::InUse { .. }) => return Err(error.into()),
        Err(error) => {
            unusable(&error);
            None
        }
    };
    let unclaimed = adopt(dir, site).err();
    let nodes = site.nodes.iter().map(|config| open_node(config, unclaimed.as_deref()));
    let nodes = nodes.collect::<anyhow::Result<Vec<_>>>()?;
    let shared = open_shared(&dir.join(OUTBOX), common.settings.producer)?;
    if let Some(shared) = &shared {
        nodes.iter().for_each(|node| take_over(node, shared));
    }
    Ok(States { lock, shared, nodes })
}

fn open_node(config: &Config, unclaimed: Option<&str>) -> anyhow::Result<State> {
    // One with a state of its own has nothing to do with what nobody claims.
    let has_own = config.state_dir.join(crate::history::store::FILE).exists();
    let barred = unclaimed.filter(|_| !has_own).map(str::to_owned);
    match Store::open(&config.state_dir) {
        Ok(store) => {
            if barred.is_some() {
                store.bar();
            }
            Ok(State { store: Some(Arc::new(store)), barred })
        }
        Err(error @ StoreError::InUse { .. }) => Err(error.into()),
        Err(error) => Ok(State { store: None, barred: Some(unusable(&error)) }),
    }
}

/// Gives the state of a keeper of one node to whom it belongs.
fn adopt(dir: &Path, site: &Site) -> Result<(), String> {
    let heir = |config: &Config| Heir {
        name: config.section.clone().unwrap_or_default(),
        producer: config.settings.producer,
        dir: config.state_dir.clone(),
    };
    let heirs: Vec<Heir> = site.nodes.iter().map(heir).collect();
    match adopt::adopt(dir, &heirs) {
        Ok(None) => Ok(()),
        Ok(Some(name)) => {
            tracing::warn!("The state of the keeper of one node is now that of [node:{name}].");
            Ok(())
        }
        Err(why) => Err(unusable(&why)),
    }
}

/// Messages of all nodes; without it they are kept in memory. No latch is ever in it.
fn open_shared(dir: &Path, producer: Name) -> anyhow::Result<Option<Arc<Store>>> {
    let opened = Store::open(dir).and_then(|store| store.load(producer).map(|_| store));
    match opened {
        Ok(store) => Ok(Some(Arc::new(store))),
        Err(error @ StoreError::InUse { .. }) => Err(error.into()),
        Err(error) => {
            tracing::error!(%error, "Messages that wait are kept in memory only.");
            Ok(None)
        }
    }
}

/// What a keeper of this one node had not delivered yet waits with the others from now on.
fn take_over(node: &State, shared: &Store) {
    let Some(store) = &node.store else { return };
    let moved = store.waiting().and_then(|waiting| {
        for one in &waiting {
            shared.enqueue(None, one.queued, &[(one.channel.as_str(), &one.message)])?;
            store.replace(&[one.id], None)?;
        }
        Ok(waiting.len())
    });
    match moved {
        Ok(0) | Err(StoreError::NotGood { .. }) => {}
        Ok(count) => tracing::info!(count, "Messages that waited are delivered with the others."),
        Err(error) => tracing::warn!(%error, "Messages that waited cannot be read."),
    }
}
