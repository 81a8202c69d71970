//! The gates before a promotion: each is open, or closed with one named reason and one sentence.
//!
//! They are asked in order of danger and all of them every tick, so that a person sees each. The
//! first closed one is the decision. Whether acting is configured, and whether this is a dry run,
//! is asked last: a rehearsal then says what it would have done, and not merely that it is one.

mod node;
mod others;

use std::borrow::Cow;

use serde::Serialize;

use crate::core::entitlement::{Ground, Position, ground};
use crate::core::evidence::log::LogState;
use crate::core::rules::{Finding, View, say};
use crate::core::settings::Role;
use crate::core::time::{Human, Timestamp};

/// Why nothing is promoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// A person ordered that nothing is done by itself.
    Maintenance,
    /// The schedule could not be had yet, or not since the node answers again.
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
    /// Our slots stayed empty, but a longer branch may still show otherwise.
    NotFinal,
    /// The keeper of another of our nodes says that it signs, and the chain agrees.
    PeerSigning,
    /// Another of our nodes is being made to sign.
    PeerBegins,
    /// Nobody says that the node that signed was stopped, and that is asked for.
    NotFenced,
    /// Another node holds the lease.
    LeaseHeld,
    /// etcd does not say who holds the lease.
    LeaseUnknown,
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
    pub sentence: Cow<'static, str>,
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
    /// Reasons that close no gate, to see whether that is noticed.
    #[cfg(feature = "mutants")]
    pub blind: &'a [HoldReason],
}

impl Gate {
    fn open(name: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { name, closed: None, sentence: sentence.into(), opens_in_ms: None }
    }

    fn closed(name: &'static str, why: HoldReason, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { name, closed: Some(why), sentence: sentence.into(), opens_in_ms: None }
    }

    fn opens_in(mut self, ms: u64) -> Self {
        self.opens_in_ms = Some(ms);
        self
    }
}

/// How many gates there are.
const GATES: usize = 15;

/// Asks every gate, in order. An observer has none: it never acts.
#[must_use]
pub fn ask(view: &View<'_>, findings: &[Finding], standing: &Standing<'_>) -> Vec<Gate> {
    if view.settings.role == Role::Observer {
        return Vec::new();
    }
    let ground = ground(view);
    let mut gates = Vec::with_capacity(GATES);
    gates.push(others::maintenance(view));
    gates.push(scheduled(view));
    gates.push(evidence(view, ground));
    gates.extend(node::gates(view, findings));
    gates.push(node::references(view));
    gates.push(producer(view, ground));
    gates.push(others::finality(view, ground));
    gates.push(others::peers(view, ground));
    gates.push(others::fence(view, ground));
    gates.push(already_producing(view));
    gates.push(others::lease(view));
    standing.look_away(&mut gates);
    let ready = gates.iter().all(|gate| gate.closed.is_none());
    gates.push(confirmed(view, standing, ready, ground));
    gates.push(budget(view, standing));
    gates.push(latch(standing));
    gates.push(acting(view));
    standing.look_away(&mut gates);
    gates
}

impl Standing<'_> {
    /// Forces gates open that this keeper was made blind to.
    #[cfg(feature = "mutants")]
    fn look_away(&self, gates: &mut [Gate]) {
        for gate in gates {
            gate.closed = gate.closed.filter(|why| !self.blind.contains(why));
        }
    }

    /// No gate is ever forced open.
    #[cfg(not(feature = "mutants"))]
    #[allow(clippy::unused_self, reason = "the same call as with the feature")]
    fn look_away(&self, _gates: &mut [Gate]) {}
}

/// Whether all gates before the confirmation are open.
#[must_use]
pub fn ready_to_confirm(gates: &[Gate]) -> bool {
    !gates.is_empty()
        && gates.iter().take_while(|g| g.name != "confirmed").all(|g| g.closed.is_none())
}

fn scheduled(view: &View<'_>) -> Gate {
    let producer = view.settings.producer;
    let api = &view.evidence.api;
    // That the RPC does not answer at all is said by the gate of the node.
    let unread = api.schedule_failure.as_ref().filter(|_| api.failed_in_row == 0);
    match api.is_scheduled(producer).filter(|_| unread.is_none()) {
        None => {
            let why = api.schedule_failure.as_ref();
            let why = why.map_or_else(|| "not asked yet".to_owned(), ToString::to_string);
            let sentence = say!(view, "The active schedule is not known: {why}.");
            Gate::closed("scheduled", HoldReason::ScheduleUnknown, sentence)
        }
        Some(false) => {
            let sentence = say!(view, "{producer} is not in the active schedule.");
            Gate::closed("scheduled", HoldReason::NotScheduled, sentence)
        }
        Some(true) => Gate::open("scheduled", say!(view, "{producer} is in the active schedule.")),
    }
}

fn evidence(view: &View<'_>, ground: Option<Ground<'_>>) -> Gate {
    if ground.is_some_and(Ground::is_quick) {
        return Gate::open("evidence", "No long silence is needed to act.");
    }
    let coverage = &view.evidence.coverage;
    let (Some(since), Some(wait_ms)) = (coverage.since(), view.wait_ms()) else {
        let sentence =
            say!(view, "Nothing is seen of the chain without a gap: {}.", coverage.torn());
        return Gate::closed("evidence", HoldReason::EvidenceTorn, sentence);
    };
    let covered_ms = view.now.mono.since_ms(since.mono);
    if covered_ms < wait_ms {
        let sentence = say!(
            view,
            "Watched without a gap for {} of the {} that silence must last; before: {}.",
            Human(covered_ms),
            Human(wait_ms),
            coverage.torn()
        );
        return Gate::closed("evidence", HoldReason::EvidenceTooYoung, sentence)
            .opens_in(wait_ms - covered_ms);
    }
    Gate::open("evidence", say!(view, "Watched without a gap for {}.", Human(covered_ms)))
}

fn producer(view: &View<'_>, ground: Option<Ground<'_>>) -> Gate {
    let name = "producer";
    if let Some(ground) = ground.filter(|ground| ground.is_quick()) {
        return Gate::open(name, ground.sentence(view));
    }
    let producer = view.settings.producer;
    let (Some(since), Some(wait_ms)) = (view.silent_since(), view.wait_ms()) else {
        let sentence = say!(view, "Whether {producer} signs cannot be seen.");
        return Gate::closed(name, HoldReason::EvidenceTorn, sentence);
    };
    let silent_ms = view.now.mono.since_ms(since.mono);
    if silent_ms >= wait_ms && view.position == Position::Arming && ground.is_none() {
        // Silent for long enough, and no ground: see `ground`.
        let silent = Human(silent_ms);
        let sentence =
            say!(view, "No block of {producer} for {silent}; a standby may just be beginning.");
        return Gate::closed(name, HoldReason::StillWaiting, sentence);
    }
    if silent_ms >= wait_ms {
        let sentence = say!(view, "No block of {producer} for {}.", Human(silent_ms));
        return Gate::open(name, sentence);
    }
    let left_ms = wait_ms - silent_ms;
    let round_ms = view.schedule().map_or(0, crate::core::schedule::Schedule::round_ms);
    let seen = view.evidence.own.last.filter(|block| block.seen_at == since);
    let (why, sentence) = match seen {
        Some(block) if silent_ms <= round_ms => (
            HoldReason::ProducerSeen,
            say!(
                view,
                "{producer} signs: its block #{} was seen {} ago.",
                block.number,
                Human(silent_ms)
            ),
        ),
        Some(_) | None => (
            HoldReason::StillWaiting,
            say!(
                view,
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
    // A that signs is meant to be unpaused; it is paused before the standby is promoted.
    if view.settings.role == Role::Active && view.position == Position::Active {
        return Gate::open(name, "The active node is paused before another is promoted.");
    }
    match (view.key_signs(), view.is_paused()) {
        (Some(false), _) => Gate::open(name, "This node's key is not in the active schedule."),
        (_, Some(false)) => {
            let sentence = "This node is not paused: there is nothing to promote.";
            Gate::closed(name, HoldReason::AlreadyProducing, sentence)
        }
        (_, Some(true)) => Gate::open(name, "This node is paused."),
        (_, None) => Gate::open(name, "Whether this node is paused is not known."),
    }
}

fn confirmed(
    view: &View<'_>,
    standing: &Standing<'_>,
    ready: bool,
    ground: Option<Ground<'_>>,
) -> Gate {
    let name = "confirmed";
    let is_at_once = |ground: Ground<'_>| ground.is_quick() && !ground.is_another_first(view);
    if ready && ground.is_some_and(is_at_once) {
        return Gate::open(name, "The ground to act needs no second look.");
    }
    let need = view.settings.promotion.confirm_ticks;
    let have = standing.confirmed_ticks.min(need);
    let sentence = say!(view, "All gates above were open on {have} of {need} looks in a row.");
    if ready && have >= need {
        return Gate::open(name, sentence);
    }
    Gate::closed(name, HoldReason::NotConfirmed, sentence)
        .opens_in(u64::from(need - have) * view.settings.rules.poll_interval_ms)
}

fn budget(view: &View<'_>, standing: &Standing<'_>) -> Gate {
    let name = "budget";
    let policy = &view.settings.promotion;
    // The active node that is started again replaces nobody.
    if view.settings.role == Role::Active && view.position != Position::Active {
        return Gate::open(name, "The active node's own start is not counted.");
    }
    let window_ms = policy.budget_window_ms.cast_signed();
    let (used, oldest) = promotions_within(view, standing.promotions);
    let sentence =
        if view.is_terse { Cow::Borrowed("") } else { budget_sentence(view, used).into() };
    let Some(oldest) = oldest.filter(|_| used >= policy.max_promotions as usize) else {
        return Gate::open(name, sentence);
    };
    let left_ms = oldest.plus_ms(window_ms).since_ms(view.now.wall).max(0).cast_unsigned();
    Gate::closed(name, HoldReason::BudgetSpent, sentence).opens_in(left_ms)
}

/// How many promotions are within the budget's window, and the oldest of them.
pub(crate) fn promotions_within(
    view: &View<'_>,
    promotions: &[Timestamp],
) -> (usize, Option<Timestamp>) {
    let window_ms = view.settings.promotion.budget_window_ms.cast_signed();
    let mut within =
        promotions.iter().copied().filter(|at| view.now.wall.since_ms(*at) < window_ms);
    let oldest = within.next();
    (usize::from(oldest.is_some()) + within.count(), oldest)
}

/// How much of the budget is used, one sentence.
pub(crate) fn budget_sentence(view: &View<'_>, used: usize) -> String {
    let policy = &view.settings.promotion;
    let window = Human(policy.budget_window_ms);
    format!("{used} of {} promotions used within {window}.", policy.max_promotions)
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
    let gives = view.settings.role == Role::Active && view.position == Position::Active;
    let arms = view.settings.role == Role::Active && !gives;
    let is_configured = if arms { policy.can_promote } else { policy.configured };
    if !is_configured {
        let key = if gives { "promote_remote" } else { "promote" };
        let sentence =
            say!(view, "Nothing is configured to act with: [promotion] {key} is not set.");
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
    pub const ALL: [Self; 31] = [
        Self::Maintenance,
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
        Self::NotFinal,
        Self::PeerSigning,
        Self::PeerBegins,
        Self::NotFenced,
        Self::AlreadyProducing,
        Self::LeaseHeld,
        Self::LeaseUnknown,
        Self::NotConfirmed,
        Self::BudgetSpent,
        Self::LatchUnusable,
        Self::NotConfigured,
        Self::DryRun,
    ];
}
