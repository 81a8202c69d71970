//! Which keepers of one file do not run. Who does not run tells nobody: the first that does, tells.

use std::sync::{Arc, Mutex, PoisonError};

use crate::core::action::Severity;
use crate::core::alarm::signal::Signal;
use crate::core::rules::State;

/// Why a node's keeper does not run.
pub(super) type Fault = Arc<Mutex<Option<String>>>;

/// The faults of all nodes, in the order of the file. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Faults(Arc<[(String, Fault)]>);

impl Faults {
    /// All of them run, or are about to.
    pub(super) fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| (name.clone(), Fault::default())).collect())
    }

    /// That of one node.
    pub(super) fn of(&self, index: usize) -> Fault {
        Arc::clone(&self.0[index].1)
    }

    /// Why the node of this place does not run, one sentence; `None` where it does.
    pub(super) fn sentence(&self, index: usize) -> Option<String> {
        let (name, fault) = self.0.get(index)?;
        why(fault).map(|why| format!("{} {why}", meaning(name)))
    }

    /// The name of the section of this place.
    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.0.get(index).map(|(name, _)| name.as_str())
    }

    /// Whether the node of this place runs, or is about to.
    pub(super) fn runs(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(|(_, fault)| why(fault).is_none())
    }

    /// What the node of this place, which runs, tells of the others.
    pub(super) fn signals(&self, own: usize) -> Vec<Signal> {
        let is_first = (0..own).all(|index| !self.runs(index));
        let others = self.0.iter().enumerate().filter(|(index, _)| *index != own);
        others.map(|(_, (name, fault))| signal(name, why(fault).filter(|_| is_first))).collect()
    }
}

fn why(fault: &Fault) -> Option<String> {
    fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn meaning(name: &str) -> String {
    format!("The keeper of [node:{name}] does not run: nobody watches that node.")
}

fn signal(name: &str, why: Option<String>) -> Signal {
    Signal {
        cause: "keeper_down".to_owned(),
        subject: name.to_owned(),
        state: if why.is_some() { State::Firing } else { State::Fine },
        severity: Severity::Page,
        meaning: meaning(name),
        saw: why.unwrap_or_else(|| "it runs".to_owned()),
        next_step: "Mend what it says; it is started anew every 10 s, and eoskeeper's log has the \
                    rest."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_runs_tells_of_those_that_do_not() {
        let faults = Faults::new(&["eos", "wax", "telos"].map(str::to_owned));
        let fires = |own| -> Vec<String> {
            let signals = faults.signals(own).into_iter();
            signals.filter(|signal| signal.state == State::Firing).map(|s| s.key()).collect()
        };
        let set = |index: usize, why: Option<&str>| {
            *faults.of(index).lock().unwrap() = why.map(str::to_owned);
        };
        assert_eq!(faults.signals(1).len(), 2, "those that run end what stood");
        assert_eq!(fires(0), [""; 0]);
        set(1, Some("an address is taken"));
        assert_eq!(fires(0), ["keeper_down:wax"]);
        assert_eq!(fires(2), [""; 0], "one tells");
        set(0, Some("a fault"));
        assert_eq!(fires(2), ["keeper_down:eos", "keeper_down:wax"]);
        assert!(!faults.runs(0) && faults.runs(2) && faults.sentence(2).is_none());
        let said = faults.sentence(0).unwrap();
        assert!(said.contains("[node:eos] does not run") && said.ends_with("a fault"), "{said}");
        set(0, None);
        set(1, None);
        assert_eq!((fires(0), fires(2)), (vec![], vec![]));
    }
}
