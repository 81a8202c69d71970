//! The states on disk of several nodes: one directory and one lock, and in it a state for each node,
//! so that a file that is damaged stops one node only, and no latch waits for another's history.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, Site};
use crate::core::name::Name;
use crate::daemon::mouth::desk_of;
use crate::daemon::{Found, OUTBOX, unusable};
use crate::history::store::adopt::{self, Claims, Given, Heir, Refusal};
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
    let claims = adopt(dir, site);
    let nodes = site.nodes.iter().map(|config| open_node(config, &claims.barred));
    let nodes = nodes.collect::<anyhow::Result<Vec<_>>>()?;
    let shared = open_shared(&dir.join(OUTBOX), common.settings.producer)?;
    if let Some(shared) = &shared {
        rename_desks(&claims.given, shared);
        site.nodes.iter().zip(&nodes).for_each(|(config, node)| take_over(config, node, shared));
    }
    Ok(States { lock, shared, nodes })
}

fn open_node(config: &Config, barred: &[(String, String)]) -> anyhow::Result<State> {
    let of_node = |(name, _): &&(String, String)| *name == name_of(config);
    let barred = barred.iter().find(of_node).map(|(_, why)| why.clone());
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

fn name_of(config: &Config) -> String {
    config.section.clone().unwrap_or_default()
}

/// What became of the states that no node had.
struct Claimed {
    given: Vec<Given>,
    /// Nodes that must not act, and why.
    barred: Vec<(String, String)>,
}

/// Gives the states that no node has to whom they belong: that of a keeper of one node, and those
/// of sections that have another name now.
fn adopt(dir: &Path, site: &Site) -> Claimed {
    let heir = |config: &Config| Heir {
        name: name_of(config),
        producer: config.settings.producer,
        dir: config.state_dir.clone(),
    };
    let heirs: Vec<Heir> = site.nodes.iter().map(heir).collect();
    let Claims { given, refused } = adopt::adopt(dir, &heirs);
    for Given { of, name } in &given {
        let what = match of {
            None => "The state of the keeper of one node".to_owned(),
            Some(of) => format!("There is no [node:{of}] any more; its state"),
        };
        tracing::warn!("{what} is now that of [node:{name}].");
    }
    let mut barred = Vec::new();
    for Refusal { why, barred: names } in refused {
        let nodes = names.join(", ");
        match names.is_empty() {
            true => tracing::warn!(%why, "A state of no node lies there; every node has its own."),
            false => tracing::error!(%why, nodes, "These nodes watch and never act."),
        }
        barred.extend(names.into_iter().map(|name| (name, why.to_string())));
    }
    Claimed { given, barred }
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

/// What people were told, and which silences hold, is kept by the name of the section.
fn rename_desks(given: &[Given], shared: &Store) {
    for Given { of, name } in given {
        let Some(of) = of else { continue };
        let renamed = shared.kept(&desk_of(of)).and_then(|body| match body {
            Some(body) => shared.keep(&desk_of(name), &body),
            None => Ok(()),
        });
        if let Err(error) = renamed {
            tracing::warn!(
                %error,
                "What was told of [node:{name}] before is not known; it may be told again."
            );
        }
    }
}

/// What a keeper of this one node had not delivered yet waits with the others from now on, and what
/// its channels show is edited by those of all.
fn take_over(config: &Config, node: &State, shared: &Store) {
    let Some(store) = node.store.as_deref().filter(|_| node.barred.is_none()) else { return };
    // Nothing is read of a state before its latch was found good.
    let moved = store.load(config.settings.producer).and_then(|_| {
        let shown = store.all_shown()?;
        if !shown.is_empty() {
            shared.take_shown(&shown)?;
            store.forget_shown()?;
        }
        let waiting = store.waiting()?;
        for one in &waiting {
            shared.enqueue(None, one.queued, &[(one.channel.as_str(), &one.message)])?;
            store.replace(&[one.id], None)?;
        }
        Ok(waiting.len())
    });
    let name = name_of(config);
    match moved {
        Ok(0) => {}
        Ok(count) => {
            tracing::info!(
                count,
                node = name,
                "Messages that waited are delivered with the others."
            );
        }
        Err(error) => tracing::error!(
            %error,
            node = name,
            "Messages that may wait in the state of this node are not delivered for now; the next \
             start tries again."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_site;
    use crate::core::action::Severity;
    use crate::core::alarm::language::Language;
    use crate::core::alarm::message::{MESSAGE_VERSION, Message, MessageKind};
    use crate::core::settings::Role;
    use crate::core::time::Timestamp;
    use crate::history::store::FILE;

    const EOS: &str = "[node:eos]\nproducer_name = eosstorebest\nhttp_port = 1\nlog_file = a\n";
    const WAX: &str = "[node:wax]\nproducer_name = waxstorebest\nhttp_port = 2\nlog_file = b\n";

    fn site(dir: &Path, nodes: &str) -> Site {
        let text = format!("[global]\nrole = B\n[state]\ndir = {}\n{nodes}", dir.display());
        parse_site(Path::new("/etc/eoskeeper/config.ini"), &text).unwrap()
    }

    fn producer() -> Name {
        "eosstorebest".parse().unwrap()
    }

    /// A state of `eosstorebest` in which something was done.
    fn left(dir: &Path) -> Store {
        let store = Store::open(dir).unwrap();
        store.load(producer()).unwrap();
        store.save(&crate::core::action::Latch::at_rest(producer(), at())).unwrap();
        store
    }

    fn at() -> Timestamp {
        Timestamp::from_ms(1_790_000_000_000)
    }

    fn message() -> Message {
        Message {
            version: MESSAGE_VERSION,
            id: "1".to_owned(),
            kind: MessageKind::Raised,
            severity: Severity::Page,
            first_told_as: None,
            incident: "20261121T0248-a-api_down".to_owned(),
            cause: "api_down".to_owned(),
            title: "nodeos does not answer.".to_owned(),
            proof: Vec::new(),
            next_step: String::new(),
            marks: Vec::new(),
            node: "a".to_owned(),
            role: Role::FirstStandby,
            producer: producer(),
            chain_id: None,
            at: at(),
            began: at(),
            ended: None,
            reminder: 0,
            pictures: Vec::new(),
            language: Language::English,
        }
    }

    #[test]
    fn what_a_keeper_of_one_node_did_not_deliver_waits_with_the_rest() {
        let temp = tempfile::tempdir().unwrap();
        let store = left(temp.path());
        store.enqueue(None, at(), &[("telegram", &message()), ("slack", &message())]).unwrap();
        store.shows("telegram", &message().incident, at(), "77").unwrap();
        drop(store);
        let states = open(&site(temp.path(), &format!("{EOS}{WAX}"))).unwrap();
        let shared = states.shared.as_deref().unwrap();
        let waiting = shared.waiting().unwrap();
        let channels: Vec<&str> = waiting.iter().map(|one| one.channel.as_str()).collect();
        assert_eq!(channels, ["telegram", "slack"]);
        assert_eq!((&waiting[0].message, waiting[0].queued), (&message(), at()));
        let shown = shared.shown("telegram", &message().incident).unwrap();
        assert_eq!(shown.as_deref(), Some("77"), "the message that is edited");
        let own = states.nodes[0].store.as_deref().unwrap();
        assert!(own.waiting().unwrap().is_empty(), "they are sent once");
        assert!(own.all_shown().unwrap().is_empty());
    }

    #[test]
    fn a_section_of_another_name_keeps_its_latch_and_what_was_told() {
        let temp = tempfile::tempdir().unwrap();
        drop(left(&temp.path().join("nodes/old")));
        let outbox = open_shared(&temp.path().join(OUTBOX), producer()).unwrap().unwrap();
        outbox.keep(&desk_of("old"), "{}").unwrap();
        drop(outbox);
        let site = site(temp.path(), &format!("{WAX}{EOS}"));
        let states = open(&site).unwrap();
        let latch = |index: usize| states.nodes[index].latch(&site.nodes[index]).unwrap();
        assert_eq!(latch(0), None, "the other node begins");
        assert!(latch(1).is_some());
        let kept = states.shared.unwrap().kept(&desk_of("eos")).unwrap();
        assert_eq!(kept.as_deref(), Some("{}"));
    }

    #[test]
    fn a_node_beside_whose_state_another_of_its_producer_lies_does_not_act() {
        let temp = tempfile::tempdir().unwrap();
        let own = temp.path().join("nodes/eos");
        left(&own).enqueue(None, at(), &[("slack", &message())]).unwrap();
        drop(left(temp.path()));
        let wax = Store::open(&temp.path().join("nodes/wax")).unwrap();
        wax.load("waxstorebest".parse().unwrap()).unwrap();
        drop(wax);
        let site = site(temp.path(), &format!("{EOS}{WAX}"));
        let states = open(&site).unwrap();
        let why = states.nodes[0].latch(&site.nodes[0]).unwrap_err();
        assert!(why.contains("has a state already: eos; find out which"), "{why}");
        let store = states.nodes[0].store.as_deref().unwrap();
        assert!(store.load(producer()).is_err(), "the store itself is barred");
        assert_eq!(states.nodes[1].latch(&site.nodes[1]).unwrap(), None, "the other goes on");
        assert!(
            states.shared.as_deref().unwrap().waiting().unwrap().is_empty(),
            "nothing is taken"
        );
        assert!(own.join(FILE).exists() && temp.path().join(FILE).exists());
    }
}
