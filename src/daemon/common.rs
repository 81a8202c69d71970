//! What all nodes of a file have in common is told by one of them: by the first that runs and watches
//! it as the others do.

use crate::core::settings::{Host, Settings};

/// What a node watches of what is common to all. By default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Watched {
    /// The limits of the host, where it is watched.
    host: Option<Host>,
    /// Whether anybody's clock is there to compare ours with.
    has_clocks: bool,
    /// Why its configuration was refused, where it was.
    refused: Option<String>,
}

impl Watched {
    /// What a keeper with these settings watches; `refused` says why its configuration was.
    pub(super) fn of(settings: &Settings, refused: Option<&str>) -> Self {
        Self {
            host: settings.host,
            has_clocks: !settings.references.names.is_empty(),
            refused: refused.map(str::to_owned),
        }
    }

    /// Whether this node, which runs, tells of a cause what `other` would.
    fn tells(&self, cause: &str, other: &Self) -> bool {
        let same = |limit: fn(&Host) -> u32| {
            let (Some(own), Some(other)) = (&self.host, &other.host) else { return false };
            own.interval_ms == other.interval_ms && limit(own) == limit(other)
        };
        match cause {
            "channel_failing" => true,
            "config_refused" => self.refused.is_some() && self.refused == other.refused,
            "host_cpu" => same(|host| host.cpu_permille),
            "host_memory" => same(|host| host.memory_permille),
            "host_swap" => same(|host| host.swap_permille),
            "host_clock" => self.has_clocks && same(|host| host.clock_offset_ms),
            // The disks may be others, and the open files are those of the node's own nodeos.
            _ => false,
        }
    }
}

/// What a node leaves to others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// What it watches itself.
    pub(super) own: Watched,
    /// What those watch that stand before it in the file and run.
    pub(super) before: Vec<Watched>,
}

impl Left {
    /// Whether one of them tells of this cause.
    pub(super) fn has(&self, cause: &str) -> bool {
        self.before.iter().any(|other| other.tells(cause, &self.own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_common_is_left_to_one_that_tells_the_same() {
        type Case<'a> = (&'a str, &'a str, &'a Watched, Vec<&'a Watched>, bool);
        let usual = Watched { host: Some(Host::DEFAULT), has_clocks: true, refused: None };
        let unwatched = Watched { host: None, ..usual.clone() };
        let calm = Host { cpu_permille: 990, ..Host::DEFAULT };
        let calm = Watched { host: Some(calm), ..usual.clone() };
        let slow = Host { interval_ms: 60_000, ..Host::DEFAULT };
        let slow = Watched { host: Some(slow), ..usual.clone() };
        let alone = Watched { has_clocks: false, ..usual.clone() };
        let refused = |why: &str| Watched { refused: Some(why.to_owned()), ..usual.clone() };
        let (missing, other) = (refused("x"), refused("y"));
        let own = &usual;
        let cases: [Case<'_>; 17] = [
            ("no other runs", "host_cpu", own, vec![], false),
            ("no other runs", "channel_failing", own, vec![], false),
            ("any that runs", "channel_failing", own, vec![&unwatched], true),
            ("equal settings", "host_cpu", own, vec![&usual], true),
            ("it watches no host", "host_cpu", own, vec![&unwatched], false),
            ("it watches no host", "host_clock", own, vec![&unwatched], false),
            ("the second does", "host_memory", own, vec![&unwatched, &usual], true),
            ("another limit", "host_cpu", own, vec![&calm], false),
            ("this limit is the same", "host_swap", own, vec![&calm], true),
            ("another pace", "host_swap", own, vec![&slow], false),
            ("it has no references", "host_clock", own, vec![&alone], false),
            ("nor is memory theirs", "host_memory", own, vec![&alone], true),
            ("it took the file", "config_refused", &missing, vec![&usual], false),
            ("it refused it too", "config_refused", &missing, vec![&missing], true),
            ("for another reason", "config_refused", &missing, vec![&other], false),
            ("its own", "host_disk", own, vec![&usual], false),
            ("its own", "api_down", own, vec![&usual], false),
        ];
        for (name, cause, own, before, expected) in cases {
            let before = before.into_iter().cloned().collect();
            let left = Left { own: own.clone(), before };
            assert_eq!(left.has(cause), expected, "{name}: {cause}");
        }
    }
}
