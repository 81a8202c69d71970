//! Two nodes of one file must not act for the same producer on the same chain. Which chain a node is
//! on is known only when it answers: then the later of them in the file is disarmed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Config;
use crate::core::action::Severity;
use crate::core::alarm::signal::Signal;
use crate::core::name::Name;
use crate::core::rules::State;

/// Who acts for which producer, by chain. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Twins {
    known: Arc<Mutex<BTreeMap<(Name, String), Claim>>>,
}

#[derive(Clone, Debug)]
struct Claim {
    index: usize,
    name: String,
}

/// One node's way to ask.
#[derive(Clone, Debug)]
pub(super) struct Twin {
    /// All of them.
    pub(super) twins: Twins,
    /// The node's place in the file.
    pub(super) index: usize,
    /// Its name.
    pub(super) name: String,
}

impl Twin {
    /// This node is on a chain: the name of an earlier one that is there for the same producer.
    pub(super) fn meet(&self, producer: Name, chain: &str) -> Option<String> {
        let mut known = self.twins.known.lock().unwrap_or_else(PoisonError::into_inner);
        let own = Claim { index: self.index, name: self.name.clone() };
        let first = known.entry((producer, chain.to_owned())).or_insert_with(|| own.clone());
        if own.index < first.index {
            *first = own;
        }
        (first.index < self.index).then(|| first.name.clone())
    }
}

/// Takes everything away that makes a node sign. What stops it stays: it may sign already.
pub(super) fn disarm(config: &mut Config) {
    let policy = &mut config.settings.promotion;
    policy.configured = false;
    policy.can_promote = false;
    policy.can_restart = false;
    config.promote = None;
    config.promote_remote = None;
    config.restart = None;
}

/// What people are told of a node that was disarmed.
pub(super) fn signal(producer: Name, other: Option<&str>) -> Signal {
    let other = other.map(|other| format!("[node:{other}] watches {producer} on the same chain"));
    Signal {
        cause: "producer_twice".to_owned(),
        subject: String::new(),
        state: if other.is_some() { State::Firing } else { State::Fine },
        severity: Severity::Page,
        meaning: "This node does not promote: another of this eoskeeper has its producer."
            .to_owned(),
        saw: other.unwrap_or_else(|| "no other node has its producer".to_owned()),
        next_step: "Remove one of the two sections, or correct its producer_name, and restart."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_node_of_the_file_gives_way_whoever_comes_first() {
        let twins = Twins::default();
        let twin = |index, name: &str| Twin { twins: twins.clone(), index, name: name.to_owned() };
        let (eos, wax, copy) = (twin(0, "eos"), twin(1, "wax"), twin(2, "copy"));
        let producer: Name = "eosstorebest".parse().unwrap();
        let other: Name = "waxstorebest".parse().unwrap();
        assert_eq!(copy.meet(producer, "aca3"), None, "it is alone so far");
        assert_eq!(wax.meet(producer, "1064"), None, "the same name on another chain");
        assert_eq!(wax.meet(other, "aca3"), None, "another name on the same chain");
        assert_eq!(eos.meet(producer, "aca3"), None);
        assert_eq!(copy.meet(producer, "aca3").as_deref(), Some("eos"));
        assert_eq!(eos.meet(producer, "aca3"), None);
    }
}
