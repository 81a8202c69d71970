//! Everything that makes a run what it is; written to a file it is a fixture.

use serde::{Deserialize, Serialize};

use crate::core::name::Name;
use crate::core::settings::{Lease, Peers, References, Settings};
use crate::sim::faults::Fault;
use crate::sim::site::Site;

/// Our producer in every simulation.
pub const OURS: &str = "eosstorebest";
/// References where any are configured.
pub const REFERENCES: u8 = 3;

/// What helps the keepers to know of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing: each judges by the chain.
    #[default]
    None,
    /// They talk to each other.
    Peers,
    /// They share a lease in etcd.
    Etcd,
    /// Both.
    Both,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::None, Self::Peers, Self::Etcd, Self::Both];

    /// Whether the keepers talk to each other.
    #[must_use]
    pub const fn has_peers(self) -> bool {
        matches!(self, Self::Peers | Self::Both)
    }

    /// Whether there is a lease.
    #[must_use]
    pub const fn has_lease(self) -> bool {
        matches!(self, Self::Etcd | Self::Both)
    }

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Peers => "peers",
            Self::Etcd => "etcd",
            Self::Both => "both",
        }
    }
}

/// Whether the standbys may act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acting {
    /// They act.
    #[default]
    Yes,
    /// They rehearse.
    DryRun,
    /// No way to act is configured.
    NotConfigured,
}

/// How the keepers and nodes are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What helps the keepers.
    pub mode: Mode,
    /// Producers in the schedule at the start, 4 to 25.
    pub producers: u32,
    /// Whether each keeper compares its node with references.
    pub references: bool,
    /// Whether A's keeper has a script that promotes B.
    pub remote: bool,
    /// Whether A's nodeos starts paused; the standbys' always do.
    pub a_starts_paused: bool,
    /// Promotions allowed within a day.
    pub max_promotions: u32,
    /// Whether the standbys may act.
    pub acting: Acting,
    /// Whether the observer's keeper runs; the others take no notice of it.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub observer: bool,
}

const fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
const fn is_yes(flag: &bool) -> bool {
    *flag
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, one sentence; of a fixture.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The promise it breaks today, of a fixture of a known weakness; empty: it keeps them all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub breaks: String,
    /// Without the exemptions for known weaknesses ([`crate::sim::invariants`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// Decides delays, losses and phases.
    pub seed: u64,
    /// How everything is set up.
    pub config: Config,
    /// How long it lasts, milliseconds.
    pub length_ms: u64,
    /// What happens.
    pub faults: Vec<Fault>,
}

impl Config {
    /// The plain set-up.
    #[must_use]
    pub const fn plain(mode: Mode, producers: u32) -> Self {
        Self {
            mode,
            producers,
            references: false,
            remote: false,
            a_starts_paused: true,
            max_promotions: 100,
            acting: Acting::Yes,
            observer: true,
        }
    }

    /// The producers of the schedule, ours the second.
    #[must_use]
    pub fn names(&self) -> Vec<Name> {
        let letter = |i: u32| char::from(b'a' + (i % 26) as u8);
        let other = |i: u32| format!("producer{}{}", letter(i / 26), letter(i));
        let mut names: Vec<Name> =
            (1..self.producers).filter_map(|i| other(i - 1).parse().ok()).collect();
        names.insert(names.len().min(1), ours());
        names
    }

    /// What the keeper of a host is told at its start.
    #[must_use]
    pub fn settings(&self, site: Site) -> Settings {
        let mut settings = Settings::new(site.role(), ours());
        let is_standby = Site::STANDBYS.contains(&site);
        let is_signer = Site::SIGNERS.contains(&site);
        let policy = &mut settings.promotion;
        policy.max_promotions = self.max_promotions;
        policy.configured = match self.acting {
            Acting::NotConfigured => false,
            Acting::Yes | Acting::DryRun => is_standby || site == Site::A && self.remote,
        };
        policy.can_demote = is_signer && self.acting != Acting::NotConfigured;
        policy.dry_run = self.acting == Acting::DryRun;
        let helped = is_signer && self.mode != Mode::None && self.acting != Acting::NotConfigured;
        let arms = site == Site::A && self.a_starts_paused && self.acting != Acting::NotConfigured;
        policy.can_promote = is_standby && policy.configured || helped || arms;
        policy.can_fence = helped;
        if self.references {
            let names: Vec<String> = (1..=REFERENCES).map(|i| format!("reference{i}")).collect();
            settings.references =
                References { min_agree: References::majority(names.len()), names };
        }
        if self.mode.has_peers() {
            let names = peers_of(site).map(|peer| peer.name().to_owned()).collect();
            settings.peers = Peers { names };
        }
        if self.mode.has_lease() && is_signer {
            settings.lease = Some(Lease::DEFAULT);
        }
        settings
    }
}

/// The peers of a keeper, in the order of its settings.
pub fn peers_of(site: Site) -> impl Iterator<Item = Site> {
    Site::SIGNERS.into_iter().filter(move |peer| *peer != site)
}

/// Our producer.
#[must_use]
pub fn ours() -> Name {
    // A name by construction; see the test.
    OURS.parse().unwrap_or_else(|_| unreachable!("{OURS} is an account name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_many_as_asked_for_and_ours_is_one() {
        for producers in [4, 21, 25] {
            let mut names = Config::plain(Mode::None, producers).names();
            assert_eq!((names.len(), names[1]), (producers as usize, ours()));
            names.sort();
            names.dedup();
            assert_eq!(names.len(), producers as usize);
        }
    }
}
