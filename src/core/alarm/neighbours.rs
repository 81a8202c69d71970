//! Only us, or do our neighbours miss too? What the producers before and after us in the schedule
//! do tells a fault of ours from one of the chain.

use serde::Serialize;

use crate::core::name::Name;
use crate::core::rules::View;

/// The producers next to us in the schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Neighbours {
    /// Before and after us; one name where the schedule has only two.
    pub names: Vec<Name>,
    /// Those of them whose block was not seen for a round.
    pub missing: Vec<Name>,
}

impl Neighbours {
    /// Whether they miss too, so that the cause is not ours alone.
    #[must_use]
    pub fn miss_too(&self) -> bool {
        !self.names.is_empty() && self.missing.len() == self.names.len()
    }

    /// It in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let list = |names: &[Name]| {
            names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
        };
        if self.missing.is_empty() {
            format!("Only we miss: our neighbours {} sign", list(&self.names))
        } else if self.miss_too() {
            format!("Our neighbours {} miss too", list(&self.missing))
        } else {
            format!("Our neighbour {} misses too, the other signs", list(&self.missing))
        }
    }
}

/// What the neighbours do; `None` while the schedule is not known, it is ours alone, or the chain
/// was not watched for a round.
#[must_use]
pub fn look(view: &View<'_>) -> Option<Neighbours> {
    let schedule = view.schedule()?;
    let us = schedule.producers.iter().position(|name| *name == view.settings.producer)?;
    let count = schedule.producers.len();
    let mut names = vec![schedule.producers[(us + count - 1) % count]];
    let after = schedule.producers[(us + 1) % count];
    if !names.contains(&after) {
        names.push(after);
    }
    names.retain(|name| *name != view.settings.producer);
    if names.is_empty() {
        return None;
    }
    let round_ms = schedule.round_ms() + view.settings.rules.round_grace_ms;
    let since = view.evidence.coverage.since()?;
    if view.now.mono.since_ms(since.mono) < round_ms {
        return None;
    }
    let is_seen = |name: &&Name| {
        let (api, log) = (&view.evidence.api.producers, &view.evidence.log.producers);
        let last = api.last(**name).max(log.last(**name));
        last.is_some_and(|at| view.now.mono.since_ms(at) <= round_ms)
    };
    let missing = names.iter().filter(|name| !is_seen(name)).copied().collect();
    Some(Neighbours { names, missing })
}
