//! Advice on what configuration and command line say alone.

use super::cases::{Advice, Case};
use super::facts::Facts;
use crate::config::Config;
use crate::core::settings::Role;

/// Whether it acts by itself.
pub(super) fn acting(config: &Config) -> Vec<Advice> {
    let settings = &config.settings;
    if settings.role == Role::Observer {
        return vec![Case::Acts.because("An observer tells, and acts on nothing.")];
    }
    if settings.promotion.dry_run {
        return vec![Case::DryRun.because("It decides and tells, and acts on nothing.")];
    }
    if config.promote.is_none() && config.demote.is_none() {
        return vec![Case::NoMeans.because("[promotion] names neither promote nor demote.")];
    }
    vec![Case::Acts.because("[promotion] says how this node is made to sign and to stop.")]
}

/// Whether nodeos would sign on its own after a start.
pub(super) fn starts(config: &Config, facts: &Facts) -> Vec<Advice> {
    let settings = &config.settings;
    if settings.role == Role::Observer {
        return Vec::new();
    }
    let node = facts.node.as_ref().filter(|node| node.unread.is_empty());
    // The command line is enough where it says so.
    let is_paused = facts.node.as_ref().is_some_and(|node| node.options.is_paused);
    if !is_paused && node.is_none() {
        let why = facts.node.as_ref().and_then(|node| node.unread.first());
        let why = why.map_or("its process was not found on this host", String::as_str);
        return vec![
            Case::StartUnknown
                .because(format!("Whether nodeos starts paused is not known: {why}.")),
        ];
    }
    let shares = settings.lease.is_some() || !settings.peers.names.is_empty();
    let is_active = settings.role == Role::Active;
    let unpaused = "nodeos has no pause-on-startup: after a start it signs at once.";
    vec![match (is_paused, is_active) {
        (true, true) if !settings.promotion.can_promote => Case::PausedForEver
            .because("nodeos has pause-on-startup, and [promotion] promote is not set."),
        (true, _) => Case::StartsPaused.because("nodeos has pause-on-startup."),
        (false, true) if !shares => Case::ActiveUnpaused.because(unpaused),
        (false, _) => Case::StartsUnpaused.because(unpaused),
    }]
}

/// Switches that make nodeos sign when it must not, or not when it must.
pub(super) fn production(config: &Config, facts: &Facts) -> Vec<Advice> {
    let Some(node) = facts.node.as_ref().filter(|_| config.settings.role != Role::Observer) else {
        return Vec::new();
    };
    let mut advice = vec![if node.options.is_stale_allowed {
        Case::StaleAllowed.because("nodeos is started with enable-stale-production.")
    } else {
        Case::StaleNot.because("nodeos is started without enable-stale-production.")
    }];
    if node.options.is_irreversible {
        advice.push(Case::ModeWrong.because("nodeos is started with read-mode = irreversible."));
    }
    advice
}

/// Other nodes of the producer on this host.
pub(super) fn same_host(config: &Config, facts: &Facts) -> Vec<Advice> {
    let producer = config.settings.producer;
    let names = |options: &crate::nodeos::options::Options| {
        options.producers.iter().any(|name| name == producer.as_str())
    };
    let twins = facts.others.iter().filter(|(node, _)| names(&node.options));
    let own_signs = facts.paused.as_ref().is_ok_and(|paused| !paused);
    let mut advice: Vec<Advice> = twins
        .map(|(node, paused)| {
            let place = node.place.words();
            match paused {
                Some(false) if own_signs => Case::OtherSigner.because(format!(
                    "{place} names {producer} and is not paused, and neither is this keeper's node."
                )),
                _ => Case::SameHost.because(format!("{place} names {producer}, too.")),
            }
        })
        .collect();
    if advice.is_empty() {
        let count = facts.others.len();
        let words = format!("{count} other nodeos on this host, none of {producer}.");
        advice.push(Case::AloneHere.because(words));
    }
    advice
}

/// Whether others of the chain are named.
pub(super) fn references(config: &Config) -> Vec<Advice> {
    let count = config.references.len();
    let is_observer = config.settings.role == Role::Observer;
    vec![match count {
        0 if !is_observer => Case::ReferencesNone.because("[references] names none."),
        0..3 if !is_observer || count > 0 => {
            Case::ReferencesFew.because(format!("[references] names {count}."))
        }
        _ => Case::References.because(format!("[references] names {count}.")),
    }]
}
