//! The gates before a promotion: each is open, or closed with one named reason and one sentence.
//!
//! They are asked in order of danger and all of them every tick, so that a person sees each. The
//! first closed one is the decision. Whether acting is configured, and whether this is a dry run,
//! is asked last: a rehearsal then says what it would have done, and not merely that it is one.

use serde::Serialize;

use crate::core::event::Reason;
use crate::core::evidence::log::LogState;
use crate::core::evidence::references::Standing as Agreement;
use crate::core::rules::{Finding, Rule, State, View};
use crate::core::settings::Role;
use crate::core::time::{Human, Timestamp};

/// A head older than this while it moves: the node is catching up. nodeos itself calls a head
/// recent for 30 s (`producer_plugin`, finalizer `is_recent`).
const BEHIND_MS: i64 = 30_000;

/// A nodeos that stops has ended within this time, milliseconds: it applies no block any more once
/// its plugins shut down; writing its state may take longer, but the head does not move then.
const STOPS_WITHIN_MS: u64 = 30_000;

/// A deep fork switch holds for so long, milliseconds: ten turns, in which LIB and the number of
/// producers seen show whether the new branch is the chain's. Less than a round of 21 producers.
const FORK_SETTLES_MS: u64 = 60_000;

/// Why nothing is promoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The schedule could not be had yet.
    ScheduleUnknown,
    /// The chain did not elect our producer.
    NotScheduled,
    /// Nothing is seen of the chain, or there was a gap a moment ago.
    EvidenceTorn,
    /// Watched without a gap, but not for long enough.
    EvidenceTooYoung,
    /// The RPC does not answer.
    ApiDown,
    /// nodeos says that it stops.
    NodeStopping,
    /// nodeos says that its database is faulty.
    DatabaseFault,
    /// The head moves, but it is old: the node is catching up.
    NodeBehind,
    /// The head does not move: the whole chain stands still, or this node is cut off.
    ChainStalled,
    /// The head does not move, but that of most references does: this node is cut off.
    CutOff,
    /// The last irreversible block does not move: too few producers agree.
    LibStalled,
    /// Blocks of too few producers: a minority fork.
    FewProducers,
    /// Too few peers.
    PeersLow,
    /// Deep fork switches, or many rejected or unlinkable blocks, a moment ago.
    ForkUnsettled,
    /// This host's clock is off.
    ClockSkewed,
    /// Too few references agree with this node.
    ReferencesDisagree,
    /// Our producer's block was seen within the last round.
    ProducerSeen,
    /// It is missing, but not for as long as this role waits.
    StillWaiting,
    /// This node is able to sign already.
    AlreadyProducing,
    /// All other gates must be open on several ticks in a row.
    NotConfirmed,
    /// Too many promotions lately.
    BudgetSpent,
    /// The state on disk cannot be used.
    LatchUnusable,
    /// No way to promote is configured, or this role never promotes.
    NotConfigured,
    /// A dry run: it would have been done.
    DryRun,
}

/// A gate as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// What it asks about.
    pub name: &'static str,
    /// Why it is closed; `None` when it is open.
    pub closed: Option<HoldReason>,
    /// One sentence: what it saw.
    pub sentence: String,
    /// When it opens if nothing else changes, milliseconds from now, where that can be said.
    pub opens_in_ms: Option<u64>,
}

/// What the gates ask beyond the evidence.
#[derive(Clone, Debug)]
pub struct Standing<'a> {
    /// Ticks in a row on which all gates before the confirmation were open.
    pub confirmed_ticks: u32,
    /// Promotions within the budget's window.
    pub promotions: &'a [Timestamp],
    /// Why the latch cannot be used, if it cannot.
    pub latch_fault: Option<&'a str>,
}

impl Gate {
    fn open(name: &'static str, sentence: impl Into<String>) -> Self {
        Self { name, closed: None, sentence: sentence.into(), opens_in_ms: None }
    }

    fn closed(name: &'static str, why: HoldReason, sentence: impl Into<String>) -> Self {
        Self { name, closed: Some(why), sentence: sentence.into(), opens_in_ms: None }
    }

    fn opens_in(mut self, ms: u64) -> Self {
        self.opens_in_ms = Some(ms);
        self
    }
}

/// Asks every gate, in order. An observer has none: it never acts.
#[must_use]
pub fn ask(view: &View<'_>, findings: &[Finding], standing: &Standing<'_>) -> Vec<Gate> {
    if view.settings.role == Role::Observer {
        return Vec::new();
    }
    let mut gates = vec![scheduled(view), evidence(view)];
    gates.extend(node(view, findings));
    gates.push(references(view));
    gates.push(producer(view));
    gates.push(already_producing(view));
    let ready = gates.iter().all(|gate| gate.closed.is_none());
    gates.push(confirmed(view, standing, ready));
    gates.push(budget(view, standing));
    gates.push(latch(standing));
    gates.push(acting(view));
    gates
}

/// Whether all gates before the confirmation are open.
#[must_use]
pub fn ready_to_confirm(gates: &[Gate]) -> bool {
    !gates.is_empty()
        && gates.iter().take_while(|g| g.name != "confirmed").all(|g| g.closed.is_none())
}

fn scheduled(view: &View<'_>) -> Gate {
    let producer = view.settings.producer;
    match view.evidence.api.is_scheduled(producer) {
        None => {
            let why = view.evidence.api.schedule_failure.as_ref();
            let why = why.map_or_else(|| "not asked yet".to_owned(), ToString::to_string);
            let sentence = format!("The active schedule is not known: {why}.");
            Gate::closed("scheduled", HoldReason::ScheduleUnknown, sentence)
        }
        Some(false) => {
            let sentence = format!("{producer} is not in the active schedule.");
            Gate::closed("scheduled", HoldReason::NotScheduled, sentence)
        }
        Some(true) => Gate::open("scheduled", format!("{producer} is in the active schedule.")),
    }
}

fn evidence(view: &View<'_>) -> Gate {
    let coverage = &view.evidence.coverage;
    let (Some(since), Some(wait_ms)) = (coverage.since(), view.wait_ms()) else {
        let sentence = format!("Nothing is seen of the chain without a gap: {}.", coverage.torn());
        return Gate::closed("evidence", HoldReason::EvidenceTorn, sentence);
    };
    let covered_ms = view.now.mono.since_ms(since.mono);
    if covered_ms < wait_ms {
        let sentence = format!(
            "Watched without a gap for {} of the {} that silence must last; before: {}.",
            Human(covered_ms),
            Human(wait_ms),
            coverage.torn()
        );
        return Gate::closed("evidence", HoldReason::EvidenceTooYoung, sentence)
            .opens_in(wait_ms - covered_ms);
    }
    Gate::open("evidence", format!("Watched without a gap for {}.", Human(covered_ms)))
}

/// The own node's health: one gate, closed by the first trouble.
fn node(view: &View<'_>, findings: &[Finding]) -> [Gate; 2] {
    [node_runs(view, findings), node_on_chain(view, findings)]
}

fn firing(findings: &[Finding], rule: Rule) -> Option<&Finding> {
    findings.iter().find(|f| f.rule == rule && f.state == State::Firing)
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
        return Gate::closed(name, HoldReason::ApiDown, format!("The RPC does not answer: {why}."));
    }
    if is_stopping(view) {
        return Gate::closed(name, HoldReason::NodeStopping, "nodeos says that it stops.");
    }
    // A disk that fills up is no reason to lose blocks now; when it is full nodeos ends.
    let is_disk = view.evidence.log.database_fault.is_some_and(|(_, why)| why == Reason::Disk);
    if let Some(fault) = firing(findings, Rule::DatabaseFault).filter(|_| !is_disk) {
        let sentence = format!("nodeos reports a {}.", fault.saw);
        return Gate::closed(name, HoldReason::DatabaseFault, sentence);
    }
    if let Some(skew) = firing(findings, Rule::ClockSkew) {
        let sentence = format!("This host's clock is off: {}.", skew.saw);
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
    let close = |why, sentence: String| Gate::closed(name, why, sentence);
    let Some(info) = &view.evidence.api.info else {
        return close(HoldReason::ApiDown, "The RPC has not told the head yet.".to_owned());
    };
    if let Some(stall) = firing(findings, Rule::HeadStalled) {
        return stalled(view, name, &stall.saw);
    }
    let age_ms = view.now.wall.since_ms(info.head_time);
    if age_ms > BEHIND_MS {
        let age = Human(age_ms.max(0).cast_unsigned());
        return close(
            HoldReason::NodeBehind,
            format!("The node is catching up: its head is {age} old."),
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
            return close(why, format!("{text} ({rule}: {}).", finding.saw));
        }
    }
    // The rule tells of it for longer; one bad handoff a round would hold for ever.
    let switch = firing(findings, Rule::ForkSwitch).filter(|_| is_fork_fresh(view));
    if let Some(finding) = switch {
        let sentence =
            format!("This node's branch is not settled ({}: {}).", Rule::ForkSwitch, finding.saw);
        return close(HoldReason::ForkUnsettled, sentence);
    }
    Gate::open(name, format!("Head #{} and last irreversible block move.", info.head))
}

/// A head that stands still: the references tell whose fault it is.
fn stalled(view: &View<'_>, name: &'static str, saw: &str) -> Gate {
    let within_ms = view.settings.rules.head_stalled_ms;
    let (moving, answering) = view.evidence.references.moving(view.now, within_ms);
    if answering == 0 {
        let sentence = format!("The chain stands still, or this node is cut off from it: {saw}.");
        return Gate::closed(name, HoldReason::ChainStalled, sentence);
    }
    let those = format!("{moving} of {answering} references that answer move");
    if moving * 2 > answering {
        let sentence = format!("This node is cut off from the chain: {saw}, while {those}.");
        return Gate::closed(name, HoldReason::CutOff, sentence);
    }
    let sentence = format!("The whole chain stands still: {saw}, and {those}.");
    Gate::closed(name, HoldReason::ChainStalled, sentence)
}

/// How many references agree that this node is on the chain and not behind it.
fn references(view: &View<'_>) -> Gate {
    let name = "references";
    let wanted = &view.settings.references;
    if wanted.names.is_empty() {
        return Gate::open(name, "No reference is configured.");
    }
    let limit = view.settings.rules.behind_references_blocks;
    let own = view.evidence.api.info.as_ref();
    let standings: Vec<(Agreement, &String)> = own
        .into_iter()
        .flat_map(|own| view.evidence.references.standings(view.now, own, limit))
        .zip(&wanted.names)
        .collect();
    let agree = standings.iter().filter(|(s, _)| *s == Agreement::Agrees).count();
    let others: Vec<String> = standings
        .iter()
        .filter(|(s, _)| *s != Agreement::Agrees)
        .map(|(s, name)| format!("{name} {}", s.as_str()))
        .collect();
    let but = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
    let sentence = format!(
        "{agree} of {} references agree with this node, {} must{but}.",
        wanted.names.len(),
        wanted.min_agree
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

fn producer(view: &View<'_>) -> Gate {
    let name = "producer";
    let producer = view.settings.producer;
    let (Some(since), Some(wait_ms)) = (view.silent_since(), view.wait_ms()) else {
        let sentence = format!("Whether {producer} signs cannot be seen.");
        return Gate::closed(name, HoldReason::EvidenceTorn, sentence);
    };
    let silent_ms = view.now.mono.since_ms(since.mono);
    if silent_ms >= wait_ms {
        let sentence = format!("No block of {producer} for {}.", Human(silent_ms));
        return Gate::open(name, sentence);
    }
    let left_ms = wait_ms - silent_ms;
    let round_ms = view.schedule().map_or(0, crate::core::schedule::Schedule::round_ms);
    let seen = view.evidence.own.last.filter(|block| block.seen_at == since);
    let (why, sentence) = match seen {
        Some(block) if silent_ms <= round_ms => (
            HoldReason::ProducerSeen,
            format!(
                "{producer} signs: its block #{} was seen {} ago.",
                block.number,
                Human(silent_ms)
            ),
        ),
        Some(_) | None => (
            HoldReason::StillWaiting,
            format!(
                "No block of {producer} for {}; {} waits {} ({} left).",
                Human(silent_ms),
                view.settings.role.letter(),
                Human(wait_ms),
                Human(left_ms)
            ),
        ),
    };
    Gate::closed(name, why, sentence).opens_in(left_ms)
}

fn already_producing(view: &View<'_>) -> Gate {
    let name = "passive";
    // A is meant to be unpaused; it is paused before the standby is promoted.
    if view.settings.role == Role::Active {
        return Gate::open(name, "The active node is paused before another is promoted.");
    }
    match view.is_paused() {
        Some(false) => {
            let sentence = "This node is not paused: there is nothing to promote.";
            Gate::closed(name, HoldReason::AlreadyProducing, sentence)
        }
        Some(true) => Gate::open(name, "This node is paused."),
        None => Gate::open(name, "Whether this node is paused is not known."),
    }
}

fn confirmed(view: &View<'_>, standing: &Standing<'_>, ready: bool) -> Gate {
    let name = "confirmed";
    let need = view.settings.promotion.confirm_ticks;
    let have = standing.confirmed_ticks.min(need);
    let sentence = format!("All gates above were open on {have} of {need} looks in a row.");
    if ready && have >= need {
        return Gate::open(name, sentence);
    }
    Gate::closed(name, HoldReason::NotConfirmed, sentence)
        .opens_in(u64::from(need - have) * view.settings.rules.poll_interval_ms)
}

fn budget(view: &View<'_>, standing: &Standing<'_>) -> Gate {
    let name = "budget";
    let policy = &view.settings.promotion;
    let window_ms = policy.budget_window_ms.cast_signed();
    let within: Vec<Timestamp> = standing
        .promotions
        .iter()
        .copied()
        .filter(|at| view.now.wall.since_ms(*at) < window_ms)
        .collect();
    let sentence = format!(
        "{} of {} promotions used within {}.",
        within.len(),
        policy.max_promotions,
        Human(policy.budget_window_ms)
    );
    let Some(oldest) = within.first().filter(|_| within.len() >= policy.max_promotions as usize)
    else {
        return Gate::open(name, sentence);
    };
    let left_ms = oldest.plus_ms(window_ms).since_ms(view.now.wall).max(0).cast_unsigned();
    Gate::closed(name, HoldReason::BudgetSpent, sentence).opens_in(left_ms)
}

fn latch(standing: &Standing<'_>) -> Gate {
    match standing.latch_fault {
        None => Gate::open("state", "The state on disk can be used."),
        Some(why) => Gate::closed(
            "state",
            HoldReason::LatchUnusable,
            format!("The state on disk cannot be used: {why}."),
        ),
    }
}

fn acting(view: &View<'_>) -> Gate {
    let name = "acting";
    let policy = &view.settings.promotion;
    if !policy.configured {
        let key = if view.settings.role == Role::Active { "promote_remote" } else { "promote" };
        let sentence = format!("Nothing is configured to act with: [promotion] {key} is not set.");
        return Gate::closed(name, HoldReason::NotConfigured, sentence);
    }
    if policy.dry_run {
        let sentence = "A dry run: it would act now if every gate above were open.";
        return Gate::closed(name, HoldReason::DryRun, sentence);
    }
    Gate::open(name, "Acting is configured.")
}

/// Whether the log can be read, as one sentence; for the status.
#[must_use]
pub fn log_sentence(state: &LogState) -> String {
    match state {
        LogState::Unknown => "The log is not being read.".to_owned(),
        LogState::Following(what) => format!("Following {what}."),
        LogState::Unavailable(why) => format!("The log cannot be read: {why}."),
    }
}

impl HoldReason {
    /// Every reason, in the order the gates are asked.
    pub const ALL: [Self; 24] = [
        Self::ScheduleUnknown,
        Self::NotScheduled,
        Self::EvidenceTorn,
        Self::EvidenceTooYoung,
        Self::ApiDown,
        Self::NodeStopping,
        Self::DatabaseFault,
        Self::ClockSkewed,
        Self::ChainStalled,
        Self::CutOff,
        Self::NodeBehind,
        Self::LibStalled,
        Self::FewProducers,
        Self::PeersLow,
        Self::ForkUnsettled,
        Self::ReferencesDisagree,
        Self::ProducerSeen,
        Self::StillWaiting,
        Self::AlreadyProducing,
        Self::NotConfirmed,
        Self::BudgetSpent,
        Self::LatchUnusable,
        Self::NotConfigured,
        Self::DryRun,
    ];
}
