//! The rules: each looks at the evidence and says what it saw, its threshold, and whether it fires.
//!
//! A rule that lacks the data to judge says so ([`State::Unknown`]); absence of data is never a
//! finding about the producer.

mod api;
mod chain;
mod host;
mod log;
mod producer;
mod references;

pub use host::clock_offset_ms;
pub(crate) use producer::signed_elsewhere;

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::core::action::Severity;
use crate::core::entitlement::{Position, Right};
use crate::core::evidence::Evidence;
use crate::core::schedule::Schedule;
use crate::core::settings::{Lease, Role, Settings};
use crate::core::time::{Mono, Now, Timestamp};

/// A sentence, made only where somebody reads it: making them is most of the work of a judgement.
macro_rules! say {
    ($view:expr, $($words:tt)*) => {
        if $view.is_terse {
            std::borrow::Cow::Borrowed("")
        } else {
            std::borrow::Cow::Owned(format!($($words)*))
        }
    };
}
pub(crate) use say;

/// What a rule looks at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The time of the judgement.
    pub now: Now,
    /// Thresholds and role.
    pub settings: &'a Settings,
    /// What was seen.
    pub evidence: &'a Evidence,
    /// Since when this node was made to produce by us, if it was.
    pub promoted_at: Option<Timestamp>,
    /// Whether this node, A, gave the producer to another.
    pub has_handed_over: bool,
    /// Since when what the node says of being paused counts: when the last act on it came back.
    pub acted_at: Mono,
    /// What this node is at the moment, and since when.
    pub position: Position,
    /// Since when it is that.
    pub position_since: Mono,
    /// When this node is known to have signed last before this keeper began to listen.
    pub last_active: Option<Timestamp>,
    /// A right of the active node to sign again without waiting.
    pub right: Option<Right>,
    /// When the handover came that was taken up last; it is not taken up twice.
    pub used_offer: Option<Mono>,
    /// Until when nothing is done by itself.
    pub maintenance_until: Option<Timestamp>,
    /// Whether a person stopped this node, the active one, and nobody has signed since.
    pub is_stopped_by_hand: bool,
    /// Which rules fired at the last judgement.
    pub before: Fired,
    /// Whether sentences that nobody reads are left out.
    pub is_terse: bool,
}

/// Which rules fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fired(u64);

// A bit for every rule.
const _: () = assert!(Rule::ALL.len() <= 64);

impl Fired {
    /// Those of these findings that fire.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let firing = findings.iter().filter(|finding| finding.state == State::Firing);
        Self(firing.fold(0, |bits, finding| bits | 1 << finding.rule as u8))
    }

    const fn has(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u8) != 0
    }
}

/// The three fault classes of the original, and two that watch the watching itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultClass {
    /// The node's RPC does not answer.
    Api,
    /// The node is stalled, cut off, or on another branch.
    Fork,
    /// The producer's blocks are missing, doubled, or signed by the wrong node.
    Producer,
    /// The log is silent or not understood.
    Log,
    /// The node's host or database.
    Host,
}

macro_rules! rules {
    ($($rule:ident $name:literal $class:ident $severity:ident $judge:path, $doc:literal, $next:literal;)+) => {
        /// All rules, by the names operators see.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Rule {
            $(#[doc = $doc] $rule,)+
        }

        impl Rule {
            /// Every rule, in the order they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$rule),+];

            /// The name as printed: `head_stalled`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$rule => $name),+ }
            }

            /// Its fault class.
            #[must_use]
            pub const fn class(self) -> FaultClass {
                match self { $(Self::$rule => FaultClass::$class),+ }
            }

            /// How bad it is when it fires.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity),+ }
            }

            /// What it means, one sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$rule => $doc),+ }
            }

            /// What to do when it fires, one sentence.
            #[must_use]
            pub const fn next_step(self) -> &'static str {
                match self { $(Self::$rule => $next),+ }
            }

            /// Judges the evidence.
            fn judge(self, view: &View<'_>) -> Verdict {
                match self { $(Self::$rule => $judge(view)),+ }
            }
        }
    };
}

rules! {
    ApiDown "api_down" Api Page api::down,
        "The node's RPC gave no usable answer several times in a row.",
        "See whether nodeos runs and answers on its http-server-address.";
    ApiFewProducers "api_few_producers" Fork Warn api::few_producers,
        "The heads polled came from too few producers.",
        "Compare the head block with another node of the chain: this one may be on a minority fork.";
    HeadStalled "head_stalled" Fork Page api::head_stalled,
        "The head block does not move.",
        "Ask another node of the chain for its head: if it moves there, look at this node's peers.";
    LibStalled "lib_stalled" Fork Page api::lib_stalled,
        "The last irreversible block does not move.",
        "Compare the last irreversible block with another node: too few producers agree with this branch.";
    LogSilent "log_silent" Log Warn log::silent,
        "The log shows no line at all.",
        "See whether log_file or c_name still names the log that nodeos writes.";
    LogDeaf "log_deaf" Log Warn log::deaf,
        "The head moves while the log shows no block that we understand.",
        "See the last unknown line: the log level may hide blocks, or the format is new to eoskeeper.";
    NoBlockReceived "no_block_received" Fork Warn log::no_block_received,
        "The log shows no block of another node.",
        "Look at the node's peers: it may be cut off.";
    LogFewProducers "log_few_producers" Fork Warn log::few_producers,
        "The blocks in the log came from too few producers.",
        "Compare the head block with another node of the chain: this one may be on a minority fork.";
    MissedBlocks "missed_blocks" Fork Warn log::missed_blocks,
        "The node reports many missed blocks again and again (DAWN).",
        "Compare the head block with another node of the chain.";
    ForkSwitch "fork_switch" Fork Warn log::fork_switch,
        "The node left a branch and took several blocks back.",
        "See which producers' blocks were taken back: they may be cut off from each other.";
    BlockRejected "block_rejected" Fork Warn log::block_rejected,
        "The node refuses many blocks as invalid.",
        "Compare nodeos versions and protocol features with the other producers.";
    Unlinkable "unlinkable" Fork Warn log::unlinkable,
        "The node cannot link many blocks to its own chain.",
        "Compare the head block with another node: this one may be on its own fork; a restart may cure it.";
    PeersLow "peers_low" Fork Warn log::peers_low,
        "Too few peers are connected.",
        "See p2p-peer-address and the firewall.";
    BehindReferences "behind_references" Fork Page references::behind,
        "The head is far behind other nodes of the chain.",
        "Look at this node's peers and its load; it is cut off or too slow.";
    ForkedFromReferences "forked_from_references" Fork Page references::forked,
        "Other nodes of the chain have another irreversible block: this node is on its own fork.",
        "Keep this node from signing; restart it from a snapshot if it does not come back by itself.";
    ProducerMissing "producer_missing" Producer Page producer::missing,
        "Our producer's block was not seen for longer than this role waits.",
        "See whether the node that should sign runs, is synced and is not paused; else promote a standby.";
    ProductionSkipped "production_skipped" Producer Page producer::skipped,
        "This node is due to sign and says why it does not.",
        "Mend the cause nodeos names, or hand over to a standby.";
    NotScheduled "not_scheduled" Producer Info producer::not_scheduled,
        "Our producer is not in the active schedule.",
        "Nothing to sign until the chain elects the producer again.";
    StandbyUnpaused "standby_unpaused" Producer Page producer::standby_unpaused,
        "This standby is able to sign although nobody promoted it.",
        "Pause it and start its nodeos with pause-on-startup, or two nodes sign.";
    WrongProducer "wrong_producer" Producer Page producer::wrong_producer,
        "This node signs under a name that is not our producer's.",
        "See producer-name in nodeos's config.ini and producer_name in eoskeeper's.";
    DuplicateProduction "duplicate_production" Producer Page producer::duplicate,
        "Our name was signed by two nodes.",
        "Pause one of the two nodes at once, then find out who promoted it.";
    Alone "alone" Fork Page producer::alone,
        "For a round every new block was ours: this node is cut off, or the chain is down.",
        "Ask another node of the chain for its head; if it moves there, pause this node.";
    ClockSkew "clock_skew" Host Warn chain::clock_skew,
        "Blocks arrive from the future: this host's clock is behind, or another producer's is ahead.",
        "See the state of chrony or systemd-timesyncd.";
    Finality "finality" Producer Warn chain::finality,
        "Votes or quorum certificates are missing.",
        "See whether this node's finalizer key is active and its vote-threads are not 0.";
    DatabaseFault "database_fault" Host Page chain::database_fault,
        "nodeos says that its database is dirty, full or damaged.",
        "Free space or raise chain-state-db-size-mb; a dirty database needs a replay or a snapshot.";
    HostCpu "host_cpu" Host Warn host::cpu,
        "This host's processors are busy nearly all the time.",
        "See with top what takes them; a nodeos that waits for a processor signs late.";
    HostMemory "host_memory" Host Warn host::memory,
        "Memory is nearly used up.",
        "See with top what holds it, before the kernel ends nodeos for it.";
    HostSwap "host_swap" Host Warn host::swap,
        "Swap is nearly used up.",
        "See with top what was swapped out; a nodeos that is swapped out signs late.";
    HostDisk "host_disk" Host Warn host::disk,
        "A disk that nodeos or eoskeeper writes to fills up.",
        "See with df and du what fills it, and make room before it is full.";
    HostDiskFull "host_disk_full" Host Page host::disk_full,
        "A disk that nodeos or eoskeeper writes to is as good as full.",
        "Make room at once: nodeos ends, and may damage its database, when the disk is full.";
    HostOpenFiles "host_open_files" Host Warn host::open_files,
        "nodeos has nearly as many files and connections open as it may have.",
        "Raise LimitNOFILE of its unit, or see what opens so many connections.";
    HostClock "host_clock" Host Warn host::clock,
        "This host's clock is off against the references' clocks.",
        "See the state of chrony or systemd-timesyncd.";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a rule made of the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing to say.
    Fine,
    /// The threshold is passed.
    Firing,
    /// There is no data to judge by.
    Unknown,
}

/// A rule's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Fine, firing, or not known.
    pub state: State,
    /// What was seen.
    pub saw: Cow<'static, str>,
    /// What it is measured by.
    pub threshold: Cow<'static, str>,
    /// Whether it is too early to tell people, though not to hold a promotion.
    pub is_early: bool,
}

/// A rule's answer with its name and its age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// Its fault class.
    pub class: FaultClass,
    /// Fine, firing, or not known.
    pub state: State,
    /// How bad it is when it fires.
    pub severity: Severity,
    /// What was seen.
    pub saw: String,
    /// What it is measured by.
    pub threshold: String,
    /// Since when it is in this state.
    pub since: Timestamp,
}

impl Verdict {
    fn fine(saw: impl Into<Cow<'static, str>>, threshold: impl Into<Cow<'static, str>>) -> Self {
        Self { state: State::Fine, saw: saw.into(), threshold: threshold.into(), is_early: false }
    }

    fn unknown(why: impl Into<Cow<'static, str>>, threshold: impl Into<Cow<'static, str>>) -> Self {
        Self {
            state: State::Unknown,
            saw: why.into(),
            threshold: threshold.into(),
            is_early: false,
        }
    }

    /// Fires when `fires`, with the same words either way.
    fn when(
        fires: bool,
        saw: impl Into<Cow<'static, str>>,
        threshold: impl Into<Cow<'static, str>>,
    ) -> Self {
        let state = if fires { State::Firing } else { State::Fine };
        Self { state, saw: saw.into(), threshold: threshold.into(), is_early: false }
    }
}

impl View<'_> {
    /// Milliseconds since a moment; `None` when it never was.
    fn age_ms(&self, at: Option<Mono>) -> Option<u64> {
        at.map(|at| self.now.mono.since_ms(at))
    }

    /// Whether production is paused, as far as that is known and was asked after the last act.
    #[must_use]
    pub fn is_paused(&self) -> Option<bool> {
        // An answer that came within a poll's deadline of the act may have been given before it.
        let settled = self.settings.rules.poll_timeout_ms;
        self.evidence
            .api
            .paused
            .filter(|(at, _)| at.since_ms(self.acted_at) >= settled)
            // What a process said says nothing of it after its end.
            .filter(|(at, _)| {
                let ended = self.evidence.process.ended.as_ref();
                ended.is_none_or(|(ended, _)| *at > ended.mono)
            })
            .map(|(_, paused)| paused)
    }

    /// Whether the lease is ours for long enough to sign by it.
    #[must_use]
    pub fn holds_lease(&self, lease: &Lease) -> bool {
        self.evidence.lease.is_safe(self.now, lease.ttl_ms, lease.spare_ms())
    }

    /// Whether this node's own key signs, where nodes have keys of their own; `None` where they share
    /// one, or it is not known.
    #[must_use]
    pub fn key_signs(&self) -> Option<bool> {
        self.evidence.api.carries(self.settings.producer_key.as_deref()?)
    }

    /// The active schedule, as far as it is known.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        self.evidence.api.schedule.as_ref()
    }

    /// Whether a rule fired at the last judgement.
    fn was_firing(&self, rule: Rule) -> bool {
        self.before.has(rule)
    }

    /// Whether this node is the one that is meant to sign: A until it hands over,
    /// or a standby that was promoted.
    #[must_use]
    pub fn is_meant_to_sign(&self) -> bool {
        self.settings.role == Role::Active && self.position == Position::Active
            || self.promoted_at.is_some()
    }

    /// The configured number of producers, lowered where the schedule is smaller: one producer,
    /// ours, may be missing without the others being too few.
    fn few_producers(&self, configured: u32) -> u32 {
        let others = self.schedule().map(|s| s.producers.len().saturating_sub(1) as u32);
        others.map_or(configured, |others| configured.min(others.max(1)))
    }

    /// Whether no producer at all signs, or this node is cut off from those who do.
    #[must_use]
    pub fn chain_stands_still(&self) -> bool {
        self.evidence.motion.stands_still(self.now.mono, self.evidence.standstill_ms())
    }

    /// How long the producer may be silent, milliseconds, and never less than a round; `None` while
    /// the schedule is not known.
    #[must_use]
    pub fn wait_ms(&self) -> Option<u64> {
        use crate::core::settings::Wait;
        let round_ms = || Some(self.schedule()?.round_ms() + self.settings.rules.round_grace_ms);
        // A, between the ranks of B and C, so that no two of us act at one moment. A standby that gave
        // the producer back has its own rank again.
        if self.position == Position::HandedOver
            && self.settings.role == Role::Active
            && let Wait::Rounds(rounds) = self.settings.promotion.wait
        {
            return Some(round_ms()? * u64::from(rounds.saturating_mul(2)));
        }
        // The active node that is started again: a round shows whether another signs.
        if self.position == Position::Arming {
            return round_ms();
        }
        match self.settings.promotion.wait {
            // The schedule may have grown since the time was chosen; a healthy producer is silent
            // for nearly a round.
            Wait::Fixed(ms) => Some(ms.max(round_ms()?)),
            Wait::Rounds(rounds) => Some(round_ms()? * u64::from(rounds)),
        }
    }

    /// Since when our producer has been silent while we listened without a gap and the chain moved;
    /// `None` while we do not listen or no producer signs.
    #[must_use]
    pub fn silent_since(&self) -> Option<Now> {
        let covered = self.evidence.coverage.since()?;
        let seen = self.evidence.own.last.map(|block| block.seen_at);
        let mut since = seen.filter(|s| s.mono > covered.mono).unwrap_or(covered);
        if self.chain_stands_still() {
            return None;
        }
        // A producer that was just elected owes nothing from before, and while the whole chain
        // stood still nobody could sign.
        let owes_from = self.evidence.api.scheduled_since.max(self.evidence.motion.resumed());
        if let Some(from) = owes_from.filter(|from| *from > since.mono) {
            let ago = self.now.mono.since_ms(from);
            since = Now { mono: from, wall: self.now.wall.plus_ms(-ago.cast_signed()) };
        }
        Some(since)
    }
}

/// The finding of a rule, while it fires.
#[must_use]
pub fn firing(findings: &[Finding], rule: Rule) -> Option<&Finding> {
    // They lie in the order of the rules.
    let found = match findings.get(rule as usize).filter(|finding| finding.rule == rule) {
        Some(found) => Some(found),
        None => findings.iter().find(|finding| finding.rule == rule),
    };
    found.filter(|finding| finding.state == State::Firing)
}

/// Judges by every rule. `findings` are those of the last judgement, or none, and become those of this
/// one: in place, since this is done every second and nearly nothing changes. Where the view is terse
/// a finding has words only while it fires, or while `is_told` says that people know of it.
pub fn judge(view: &View<'_>, findings: &mut Vec<Finding>, is_told: impl Fn(Rule) -> bool) {
    let view = &View { before: Fired::of(findings), ..*view };
    for (at, rule) in Rule::ALL.iter().enumerate() {
        let mut verdict = rule.judge(view);
        let is_silent = view.is_terse && verdict.state != State::Firing && !is_told(*rule);
        if view.is_terse && !is_silent {
            verdict = rule.judge(&View { is_terse: false, ..*view });
        }
        if is_silent {
            (verdict.saw, verdict.threshold) = (Cow::Borrowed(""), Cow::Borrowed(""));
        }
        match findings.get_mut(at) {
            Some(finding) => finding.take(*rule, verdict, view.now.wall),
            None => findings.push(Finding::new(*rule, verdict, view.now.wall)),
        }
    }
}

impl Finding {
    fn new(rule: Rule, verdict: Verdict, now: Timestamp) -> Self {
        Self {
            rule,
            class: rule.class(),
            state: verdict.state,
            severity: if verdict.is_early { Severity::Info } else { rule.severity() },
            saw: verdict.saw.into_owned(),
            threshold: verdict.threshold.into_owned(),
            since: now,
        }
    }

    /// Becomes what a rule says now.
    fn take(&mut self, rule: Rule, verdict: Verdict, now: Timestamp) {
        if self.rule != rule {
            *self = Self::new(rule, verdict, now);
            return;
        }
        if self.state != verdict.state {
            (self.state, self.since) = (verdict.state, now);
        }
        self.severity = if verdict.is_early { Severity::Info } else { rule.severity() };
        put(&mut self.saw, verdict.saw);
        put(&mut self.threshold, verdict.threshold);
    }
}

/// Puts a text where another was, into the same memory where that is less work.
fn put(text: &mut String, new: Cow<'static, str>) {
    match new {
        Cow::Owned(new) => *text = new,
        Cow::Borrowed("") => text.clear(),
        Cow::Borrowed(new) => {
            text.clear();
            text.push_str(new);
        }
    }
}
