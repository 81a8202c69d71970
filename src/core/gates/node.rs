//! Gates about the own node: it runs, it is on the chain, and others of the chain agree.

use std::borrow::Cow;

use super::{Gate, HoldReason};
use crate::core::event::Reason;
use crate::core::evidence::references::Standing as Agreement;
use crate::core::rules::{Finding, Rule, View, firing, say};
use crate::core::time::Human;

/// A head older than this while it moves: the node is catching up. nodeos itself calls a head
/// recent for 30 s (`producer_plugin`, finalizer `is_recent`).
const BEHIND_MS: i64 = 30_000;
/// A nodeos that stops has ended within this time, milliseconds: it applies no block any more once
/// its plugins shut down; writing its state may take longer, but the head does not move then.
const STOPS_WITHIN_MS: u64 = 30_000;
/// A deep fork switch holds for so long, milliseconds: ten turns, in which LIB and the number of
/// producers seen show whether the new branch is the chain's. Less than a round of 21 producers.
const FORK_SETTLES_MS: u64 = 60_000;

/// The own node's health: that it runs, and that it is on the chain; the first trouble closes each.
pub(super) fn gates(view: &View<'_>, findings: &[Finding]) -> [Gate; 2] {
    [node_runs(view, findings), node_on_chain(view, findings)]
}

fn node_runs(view: &View<'_>, findings: &[Finding]) -> Gate {
    let name = "node";
    let api = &view.evidence.api;
    let fresh = api
        .last_ok
        .is_some_and(|at| view.now.mono.since_ms(at.mono) <= view.settings.rules.evidence_gap_ms);
    if !fresh || api.failed_in_row > 0 {
        let why = api.last_failure.as_ref().map(|(_, failure)| failure.to_string());
        let why = why.unwrap_or_else(|| "no answer yet".to_owned());
        let sentence = say!(view, "The RPC does not answer: {why}.");
        return Gate::closed(name, HoldReason::ApiDown, sentence);
    }
    if let Some((_, how)) = &view.evidence.process.ended {
        return Gate::closed(name, HoldReason::ApiDown, say!(view, "Its nodeos is gone: {how}."));
    }
    if is_stopping(view) {
        return Gate::closed(name, HoldReason::NodeStopping, "nodeos says that it stops.");
    }
    // A disk that fills up is no reason to lose blocks now; when it is full nodeos ends.
    let is_disk = view.evidence.log.database_fault.is_some_and(|(_, why)| why == Reason::Disk);
    if let Some(fault) = firing(findings, Rule::DatabaseFault).filter(|_| !is_disk) {
        let sentence = say!(view, "nodeos reports a {}.", fault.saw);
        return Gate::closed(name, HoldReason::DatabaseFault, sentence);
    }
    if let Some(skew) = firing(findings, Rule::ClockSkew) {
        let sentence = say!(view, "This host's clock is off: {}.", skew.saw);
        return Gate::closed(name, HoldReason::ClockSkewed, sentence);
    }
    Gate::open(name, "The node runs and answers.")
}

/// Whether nodeos said that it stops and does. Its next start may go unseen (a log that was rotated,
/// a container made anew): a node whose head still moves long after has not stopped.
fn is_stopping(view: &View<'_>) -> bool {
    let moved = view.evidence.api.head_moved.max(view.evidence.log.last_block);
    view.evidence
        .log
        .stopping
        .is_some_and(|at| moved.is_none_or(|moved| moved.since_ms(at) <= STOPS_WITHIN_MS))
}

fn node_on_chain(view: &View<'_>, findings: &[Finding]) -> Gate {
    let name = "chain";
    let close = |why, sentence: Cow<'static, str>| Gate::closed(name, why, sentence);
    let Some(info) = &view.evidence.api.info else {
        return close(HoldReason::ApiDown, "The RPC has not told the head yet.".into());
    };
    if let Some(stall) = firing(findings, Rule::HeadStalled) {
        return stalled(view, name, &stall.saw);
    }
    let age_ms = view.now.wall.since_ms(info.head_time);
    if age_ms > BEHIND_MS {
        let age = Human(age_ms.max(0).cast_unsigned());
        return close(
            HoldReason::NodeBehind,
            say!(view, "The node is catching up: its head is {age} old."),
        );
    }
    let troubles = [
        (Rule::LibStalled, HoldReason::LibStalled, "Too few producers agree with this branch"),
        (Rule::ApiFewProducers, HoldReason::FewProducers, "This node may be on a minority fork"),
        (Rule::LogFewProducers, HoldReason::FewProducers, "This node may be on a minority fork"),
        (Rule::PeersLow, HoldReason::PeersLow, "This node may be cut off"),
        (Rule::Unlinkable, HoldReason::ForkUnsettled, "This node refuses the others' blocks"),
        (Rule::BlockRejected, HoldReason::ForkUnsettled, "This node refuses the others' blocks"),
    ];
    for (rule, why, text) in troubles {
        if let Some(finding) = firing(findings, rule) {
            return close(why, say!(view, "{text} ({rule}: {}).", finding.saw));
        }
    }
    // The rule tells of it for longer; one bad handoff a round would hold for ever.
    let switch = firing(findings, Rule::ForkSwitch).filter(|_| is_fork_fresh(view));
    if let Some(finding) = switch {
        let sentence = say!(
            view,
            "This node's branch is not settled ({}: {}).",
            Rule::ForkSwitch,
            finding.saw
        );
        return close(HoldReason::ForkUnsettled, sentence);
    }
    Gate::open(name, say!(view, "Head #{} and last irreversible block move.", info.head))
}

/// A head that stands still: the references tell whose fault it is.
fn stalled(view: &View<'_>, name: &'static str, saw: &str) -> Gate {
    let within_ms = view.settings.rules.head_stalled_ms;
    let (moving, answering) = view.evidence.references.moving(view.now, within_ms);
    if answering == 0 {
        let sentence =
            say!(view, "The chain stands still, or this node is cut off from it: {saw}.");
        return Gate::closed(name, HoldReason::ChainStalled, sentence);
    }
    let those = say!(view, "{moving} of {answering} references that answer move");
    if moving * 2 > answering {
        let sentence = say!(view, "This node is cut off from the chain: {saw}, while {those}.");
        return Gate::closed(name, HoldReason::CutOff, sentence);
    }
    let sentence = say!(view, "The whole chain stands still: {saw}, and {those}.");
    Gate::closed(name, HoldReason::ChainStalled, sentence)
}

/// How many references agree that this node is on the chain and not behind it.
pub(super) fn references(view: &View<'_>) -> Gate {
    let name = "references";
    let wanted = &view.settings.references;
    if wanted.names.is_empty() {
        return Gate::open(name, "No reference is configured.");
    }
    let limit = view.settings.rules.behind_references_blocks;
    let own = view.evidence.api.info.as_ref();
    let standings = || {
        let each = |own| view.evidence.references.standings(view.now, own, limit);
        own.into_iter().flat_map(each).zip(&wanted.names)
    };
    let agree = standings().filter(|(s, _)| *s == Agreement::Agrees).count();
    let but = || {
        let others = standings().filter(|(s, _)| *s != Agreement::Agrees);
        let others: Vec<String> =
            others.map(|(s, name)| format!("{name} {}", s.as_str())).collect();
        if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) }
    };
    let sentence = say!(
        view,
        "{agree} of {} references agree with this node, {} must{}.",
        wanted.names.len(),
        wanted.min_agree,
        but()
    );
    if agree < wanted.min_agree as usize {
        return Gate::closed(name, HoldReason::ReferencesDisagree, sentence);
    }
    Gate::open(name, sentence)
}

/// Whether a deep fork switch was a moment ago.
fn is_fork_fresh(view: &View<'_>) -> bool {
    let depth_min = view.settings.rules.fork_switch_depth;
    view.evidence
        .log
        .fork_switches
        .recent(view.now.mono, FORK_SETTLES_MS)
        .any(|switch| switch.depth.unwrap_or(1) >= depth_min)
}
