//! Rules on what the log says.

use std::borrow::Cow;

use crate::core::event::Reason;
use crate::core::evidence::log::LogState;
use crate::core::rules::{Verdict, View, say};
use crate::core::time::Human;

/// nodeos prints its peer counts every `connection-cleanup-period`, 30 s; three of them.
const PEERS_FRESH_MS: u64 = 90_000;

/// Why the log cannot be judged, if it cannot.
fn unreadable(view: &View<'_>) -> Option<Cow<'static, str>> {
    match &view.evidence.log.state.0 {
        LogState::Unknown => Some("the log is not being read".into()),
        LogState::Unavailable(why) => Some(say!(view, "{why}")),
        LogState::Following(_) => None,
    }
}

/// `log_silent`: no line at all, or no log.
pub(super) fn silent(view: &View<'_>) -> Verdict {
    let log = &view.evidence.log;
    let limit_ms = view.settings.rules.log_silent_ms;
    let threshold = say!(view, "no line for {}", Human(limit_ms));
    let quiet_ms = view.now.mono.since_ms(log.last_line.unwrap_or(log.since).max(log.since));
    match &log.state.0 {
        LogState::Unknown => Verdict::unknown("the log is not being read", threshold),
        LogState::Unavailable(why) => Verdict::when(
            view.now.mono.since_ms(log.state.1) >= limit_ms,
            say!(view, "{why}"),
            threshold,
        ),
        LogState::Following(_) => Verdict::when(
            quiet_ms >= limit_ms,
            say!(view, "quiet for {}", Human(quiet_ms)),
            threshold,
        ),
    }
}

/// `log_deaf`: the head moves, and the log shows no block.
pub(super) fn deaf(view: &View<'_>) -> Verdict {
    let (log, api) = (&view.evidence.log, &view.evidence.api);
    let limit_ms = view.settings.rules.log_deaf_ms;
    let threshold = say!(view, "no block understood for {} while the head moves", Human(limit_ms));
    if let Some(why) = unreadable(view) {
        return Verdict::unknown(why, threshold);
    }
    if api.failed_in_row > 0 || api.head_moved.is_none() {
        return Verdict::unknown("the RPC does not say whether the head moves", threshold);
    }
    let deaf_ms = view.now.mono.since_ms(log.last_block.unwrap_or(log.since).max(log.since));
    // The head moved in the last quarter of the window: it moves.
    let moving = view.age_ms(api.head_moved).is_some_and(|age| age * 4 <= limit_ms);
    let last = if log.last_other.is_empty() { "none" } else { &log.last_other };
    let saw = say!(view, "last block line {} ago; last unknown line: {last}", Human(deaf_ms));
    Verdict::when(moving && deaf_ms >= limit_ms, saw, threshold)
}

/// `no_block_received`: no block of another node in the log.
pub(super) fn no_block_received(view: &View<'_>) -> Verdict {
    let log = &view.evidence.log;
    let limit_ms = view.settings.rules.no_block_received_ms;
    let threshold = say!(view, "no received block for {}", Human(limit_ms));
    if let Some(why) = unreadable(view) {
        return Verdict::unknown(why, threshold);
    }
    if view.schedule().is_some_and(|s| s.producers.len() == 1) {
        return Verdict::fine("the schedule has one producer", threshold);
    }
    let quiet_ms = view.now.mono.since_ms(log.last_received.unwrap_or(log.since).max(log.since));
    let saw = match log.last_received {
        Some(_) => say!(view, "last received block {} ago", Human(quiet_ms)),
        None => say!(view, "none in {} of watching", Human(quiet_ms)),
    };
    Verdict::when(quiet_ms >= limit_ms, saw, threshold)
}

/// `log_few_producers`: too few distinct producers among the blocks in the log.
pub(super) fn few_producers(view: &View<'_>) -> Verdict {
    let (log, rules) = (&view.evidence.log, &view.settings.rules);
    let window_ms = rules.log_few_producers_window_ms;
    let limit = view.few_producers(rules.log_few_producers);
    let threshold = say!(view, "fewer than {limit} producers in {}", Human(window_ms));
    if let Some(why) = unreadable(view) {
        return Verdict::unknown(why, threshold);
    }
    if log.last_block.is_none() {
        return Verdict::unknown("no block in the log yet", threshold);
    }
    if view.now.mono.since_ms(log.producers_since) < window_ms {
        return Verdict::unknown("watched for less than the window", threshold);
    }
    let seen = log.producers.distinct(view.now.mono, window_ms);
    if seen == 0 {
        return Verdict::unknown("the log shows no block at all", threshold);
    }
    Verdict::when(seen < limit, say!(view, "{seen} producers"), threshold)
}

/// `missed_blocks`: DAWN's own reports, several in a row over the threshold.
pub(super) fn missed_blocks(view: &View<'_>) -> Verdict {
    let rules = &view.settings.rules;
    let (limit, reports) = (rules.missed_blocks, rules.missed_blocks_reports as usize);
    let window_ms = rules.missed_blocks_window_ms;
    let threshold = say!(
        view,
        "{limit} or more in each of the last {reports} reports within {}",
        Human(window_ms)
    );
    let all: Vec<u32> =
        view.evidence.log.missed_reports.recent(view.now.mono, window_ms).copied().collect();
    let last = &all[all.len().saturating_sub(reports)..];
    let fires = last.len() >= reports && last.iter().all(|count| *count >= limit);
    let saw = if all.is_empty() { "no report".into() } else { say!(view, "reports {last:?}") };
    Verdict::when(fires, saw, threshold)
}

/// `fork_switch`: a switch that took back several blocks.
pub(super) fn fork_switch(view: &View<'_>) -> Verdict {
    let rules = &view.settings.rules;
    let threshold = say!(
        view,
        "{} blocks taken back within {}",
        rules.fork_switch_depth,
        Human(rules.recent_ms)
    );
    let switches = &view.evidence.log.fork_switches;
    let recent = || switches.recent(view.now.mono, rules.recent_ms);
    let count = recent().count();
    // Before Leap 5.0 the depth is not printed; such a switch took back one block at least.
    let depth = recent().map(|switch| switch.depth.unwrap_or(1)).max().unwrap_or(0);
    let saw = match count {
        0 => "no fork switch".into(),
        1 => say!(view, "a fork switch took back {depth}"),
        _ => say!(view, "{count} fork switches, the deepest took back {depth}"),
    };
    Verdict::when(depth >= rules.fork_switch_depth, saw, threshold)
}

/// `block_rejected`: many blocks refused as invalid.
pub(super) fn block_rejected(view: &View<'_>) -> Verdict {
    rejections(view, view.settings.rules.block_rejected, |reason| reason != Reason::Unlinkable)
}

/// `unlinkable`: many blocks whose predecessor is unknown.
pub(super) fn unlinkable(view: &View<'_>) -> Verdict {
    rejections(view, view.settings.rules.unlinkable, |reason| reason == Reason::Unlinkable)
}

fn rejections(view: &View<'_>, limit: u32, counts: impl Fn(Reason) -> bool) -> Verdict {
    let window_ms = view.settings.rules.reject_window_ms;
    let threshold = say!(view, "{limit} within {}", Human(window_ms));
    let rejected = view.evidence.log.rejected.recent(view.now.mono, window_ms);
    let count = rejected.filter(|reason| counts(**reason)).count() as u32;
    Verdict::when(count >= limit, say!(view, "{count} blocks"), threshold)
}

/// `peers_low`: the node's own count of its connections.
pub(super) fn peers_low(view: &View<'_>) -> Verdict {
    let limit = view.settings.rules.peers_low;
    let threshold = say!(view, "fewer than {limit} peers");
    let fresh =
        view.evidence.log.peers.filter(|(at, _)| view.now.mono.since_ms(*at) <= PEERS_FRESH_MS);
    match fresh {
        None => Verdict::unknown("the log shows no recent count of peers", threshold),
        Some((_, count)) => Verdict::when(count < limit, say!(view, "{count} peers"), threshold),
    }
}
