//! The keeper: records what happens, judges once a second, says what it decided.

use crate::core::action::{Act, Action, Latch};
use crate::core::alarms::{Alarms, told};
use crate::core::command::{Command, CommandAnswer};
use crate::core::decision::{Decision, DecisionKind, decide};
use crate::core::event::Event;
use crate::core::evidence::{EVIDENCE_BYTES_MAX, Evidence};
use crate::core::gates::{self, Gate, Standing};
use crate::core::handover::{PeerStatus, Signing};
use crate::core::promotion::{Machine, Stage};
use crate::core::rules::{self, Finding, Rule, State, View};
use crate::core::schedule::Turn;
use crate::core::settings::{Role, Settings};
use crate::core::status::{
    ChainStatus, LastBlock, MemoryStatus, NodeStatus, ProducerStatus, PromotionStatus,
    ReferenceStatus, STATUS_VERSION, Status,
};
use crate::core::time::{Human, Now, Timestamp};

/// Turns shown in the status.
const TURNS_SHOWN: usize = 16;

/// One keeper, beside one node.
#[derive(Clone, Debug)]
pub struct Keeper {
    settings: Settings,
    started: Timestamp,
    evidence: Evidence,
    machine: Machine,
    alarms: Alarms,
    findings: Vec<Finding>,
    gates: Vec<Gate>,
    decision: Decision,
    last_tick: Now,
    /// Reasons that close no gate; only to try the simulator.
    #[cfg(feature = "mutants")]
    blind: Vec<crate::core::gates::HoldReason>,
}

impl Keeper {
    /// Forces the gates open that are closed for this reason, to see whether that is noticed.
    #[cfg(feature = "mutants")]
    pub fn blind(&mut self, reason: crate::core::gates::HoldReason) {
        self.blind.push(reason);
    }

    /// A keeper that has seen nothing yet. `latch` is what was on disk, or why that is unusable.
    #[must_use]
    pub fn new(settings: Settings, now: Now, latch: Result<Option<Latch>, String>) -> Self {
        let evidence = Evidence::new(settings.producer, settings.references.names.len(), now);
        let view = View {
            now,
            settings: &settings,
            evidence: &evidence,
            promoted_at: None,
            has_handed_over: false,
            acted_at: now.mono,
        };
        let machine = Machine::new(&view, latch);
        let decision = Decision {
            kind: DecisionKind::Watch,
            hold: None,
            sentence: "The keeper has just started.".to_owned(),
        };
        Self {
            started: now.wall,
            settings,
            evidence,
            machine,
            alarms: Alarms::default(),
            findings: Vec::new(),
            gates: Vec::new(),
            decision,
            last_tick: now,
            #[cfg(feature = "mutants")]
            blind: Vec::new(),
        }
    }

    /// Records a fact. Nothing is decided here; an action's outcome only moves its own stage on.
    pub fn record(&mut self, now: Now, event: &Event) {
        self.evidence.record(now, event);
        if let Event::Outcome(outcome) = event {
            self.with_machine(now, |machine, view| {
                machine.outcome(view, outcome.id, &outcome.result);
            });
        }
    }

    /// Judges, decides, and says what is to be done.
    pub fn tick(&mut self, now: Now) -> Vec<Action> {
        self.notice_torn_time(now);
        let gap_ms = self.settings.rules.evidence_gap_ms;
        self.evidence.coverage.check(now, gap_ms);
        let watched = self.evidence.log.watched(now);
        self.evidence.turns.close(now, watched);
        self.judge(now);
        self.with_machine(now, Machine::tick);
        self.step_down_if_two(now);
        self.promote_if_open(now);
        let mut actions = self.collect(now);
        let notices = self.alarms.update(now, &self.findings);
        actions.extend(notices.into_iter().map(Action::Alarm));
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        self.decision = decide(&view, &self.findings, &self.gates, &self.machine);
        self.last_tick = now;
        actions
    }

    /// Answers an order of a person; what follows is in the status.
    pub fn command(&mut self, _now: Now, _command: &Command) -> CommandAnswer {
        let sentences = vec!["This keeper takes no orders yet.".to_owned()];
        CommandAnswer { accepted: false, sentences }
    }

    /// What the keepers of our producer's other nodes are told.
    #[must_use]
    pub fn peer_status(&self, now: Now) -> PeerStatus {
        let info = self.evidence.api.info.as_ref();
        PeerStatus {
            node: self.settings.node.clone(),
            role: self.settings.role,
            producer: self.settings.producer,
            chain_id: info.and_then(|info| info.chain_id.clone()),
            at: now.wall,
            signing: Signing::Unknown,
            signing_since: None,
            ready: false,
            sentence: self.decision.sentence.clone(),
            head: info.map(|info| info.head),
            head_time: info.map(|info| info.head_time),
            lib: info.map(|info| info.lib),
            head_moves: false,
            last_own: self.evidence.own.last.map(|block| block.time),
            maintenance_until: None,
            taken: None,
            version: info.and_then(|info| info.version.clone()),
        }
    }

    /// The decision of the last tick.
    #[must_use]
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The findings of the last tick.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The gates of the last tick.
    #[must_use]
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// The settings it judges by.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Bytes held by the evidence; never above [`EVIDENCE_BYTES_MAX`].
    #[must_use]
    pub fn evidence_bytes(&self) -> usize {
        self.evidence.bytes()
    }

    fn with_machine(&mut self, now: Now, step: impl FnOnce(&mut Machine, &View<'_>)) {
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        step(&mut self.machine, &view);
        // At once: what was seen before an act or its undoing must not open a gate again.
        if let Some(why) = self.machine.take_discard() {
            self.evidence.discard(now, why);
        }
    }

    /// A clock that jumped, or a process that was stopped, leaves evidence with a hole.
    fn notice_torn_time(&mut self, now: Now) {
        let rules = &self.settings.rules;
        let mono_ms = now.mono.since_ms(self.last_tick.mono);
        let wall_ms = now.wall.since_ms(self.last_tick.wall);
        let jump_ms = wall_ms - mono_ms.cast_signed();
        if mono_ms > rules.evidence_gap_ms {
            let why = format!("the keeper was stopped for {}", Human(mono_ms));
            self.evidence.discard(now, why);
        } else if jump_ms.unsigned_abs() > rules.clock_jump_ms {
            let way = if jump_ms < 0 { "back" } else { "ahead" };
            let why = format!("the clock jumped {} {way}", Human(jump_ms.unsigned_abs()));
            self.evidence.discard(now, why);
        } else {
            return;
        }
        self.machine.look_again();
    }

    fn judge(&mut self, now: Now) {
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        self.findings = rules::judge(&view, &self.findings);
        let standing = Standing {
            confirmed_ticks: self.machine.confirmed_ticks,
            promotions: &self.machine.latch.promotions,
            latch_fault: self.machine.latch_fault.as_ref().map(|(why, _)| why.as_str()),
            #[cfg(feature = "mutants")]
            blind: &self.blind,
        };
        let asked = gates::ask(&view, &self.findings, &standing);
        let ready = gates::ready_to_confirm(&asked);
        self.gates = asked;
        self.machine.confirmed_ticks = if ready && self.machine.is_resting() {
            self.machine.confirmed_ticks.saturating_add(1)
        } else {
            0
        };
    }

    /// Never two: a standby that signs while another node signs our name stops at once.
    fn step_down_if_two(&mut self, now: Now) {
        let is_signing = self.settings.role.is_standby()
            && (self.machine.promoted_at().is_some()
                || self.fires(Rule::StandbyUnpaused) && self.settings.promotion.can_demote);
        // An act under way ends first, within its deadline: a script that is still about to resume
        // this node would undo what stops it.
        if self.settings.promotion.dry_run
            || matches!(
                self.machine.stage,
                Stage::Acting { .. } | Stage::Demoting { .. } | Stage::HandedOver { .. }
            )
            || !is_signing
        {
            return;
        }
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        let Some(block) = rules::signed_elsewhere(&view) else { return };
        let why = format!("our block #{} ({}) was signed elsewhere", block.number, block.time);
        self.with_machine(now, |machine, view| machine.step_down(view, why));
    }

    fn promote_if_open(&mut self, now: Now) {
        let is_open = !self.gates.is_empty() && self.gates.iter().all(|g| g.closed.is_none());
        let need = self.settings.promotion.confirm_ticks;
        if !self.machine.is_resting() || !is_open || self.machine.confirmed_ticks < need {
            return;
        }
        let act = match self.settings.role {
            Role::FirstStandby | Role::SecondStandby => Act::Promote,
            Role::Active => Act::PromoteRemote,
            Role::Observer => return,
        };
        let missing = self.findings.iter().find(|f| f.rule == Rule::ProducerMissing);
        let saw = missing.map_or("", |finding| finding.saw.as_str());
        let reason = format!("{} is missing: {saw}.", self.settings.producer);
        self.with_machine(now, |machine, view| machine.begin(view, act, reason));
    }

    fn collect(&mut self, now: Now) -> Vec<Action> {
        let (mut actions, milestones) = self.machine.take();
        actions.extend(milestones.into_iter().map(|m| Action::Alarm(told(now, m))));
        actions
    }

    fn fires(&self, rule: Rule) -> bool {
        self.findings.iter().any(|f| f.rule == rule && f.state == State::Firing)
    }

    /// Everything a person may want to see of the last tick.
    #[must_use]
    pub fn status(&self, now: Now) -> Status {
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        Status {
            version: STATUS_VERSION,
            eoskeeper: env!("CARGO_PKG_VERSION"),
            at: now.wall,
            started: self.started,
            role: self.settings.role,
            role_meaning: self.settings.role.meaning(),
            decision: self.decision.clone(),
            node: self.node_status(),
            chain: chain_status(&view),
            producer: producer_status(&view),
            references: references_status(&view),
            findings: self.findings.clone(),
            gates: self.gates.clone(),
            promotion: self.promotion_status(),
            rules: self.settings.rules,
            memory: MemoryStatus {
                evidence_bytes: self.evidence.bytes(),
                evidence_bytes_max: EVIDENCE_BYTES_MAX,
            },
        }
    }

    fn node_status(&self) -> NodeStatus {
        let (api, log) = (&self.evidence.api, &self.evidence.log);
        let failing = api.failed_in_row > 0;
        NodeStatus {
            api_answers: api.last_ok.is_some() && !failing,
            api_failure: api.last_failure.as_ref().filter(|_| failing).map(|(_, f)| f.to_string()),
            version: api.info.as_ref().and_then(|info| info.version.clone()),
            paused: api.is_paused(),
            paused_failure: api.paused_failure.as_ref().map(ToString::to_string),
            log: gates::log_sentence(&log.state.0),
            log_events: log.events,
            log_others: log.others,
            log_lost: log.lost.0,
            peers: log.peers.map(|(_, count)| count),
        }
    }

    fn promotion_status(&self) -> PromotionStatus {
        PromotionStatus {
            stage: self.machine.stage.as_str(),
            promoted_at: self.machine.promoted_at(),
            incident: self.machine.latch.incident.clone(),
            promotions: self.machine.latch.promotions.clone(),
            configured: self.settings.promotion.configured,
            dry_run: self.settings.promotion.dry_run,
        }
    }
}

fn view<'a>(
    settings: &'a Settings,
    evidence: &'a Evidence,
    machine: &Machine,
    now: Now,
) -> View<'a> {
    View {
        now,
        settings,
        evidence,
        promoted_at: machine.promoted_at(),
        has_handed_over: machine.has_handed_over(),
        acted_at: machine.acted_at(),
    }
}

fn chain_status(view: &View<'_>) -> ChainStatus {
    let info = view.evidence.api.info.as_ref();
    ChainStatus {
        chain_id: info.and_then(|i| i.chain_id.clone()),
        head: info.map(|i| i.head),
        head_time: info.map(|i| i.head_time),
        head_producer: info.map(|i| i.head_producer),
        head_age_ms: info.map(|i| view.now.wall.since_ms(i.head_time)),
        lib: info.map(|i| i.lib),
        producers: view.schedule().map(|s| s.producers.len()),
        round_ms: view.schedule().map(crate::core::schedule::Schedule::round_ms),
        watched_since: view.evidence.coverage.since().map(|since| since.wall),
    }
}

fn references_status(view: &View<'_>) -> Vec<ReferenceStatus> {
    let limit = view.settings.rules.behind_references_blocks;
    let own = view.evidence.api.info.as_ref();
    let references = &view.evidence.references;
    let mut standings = own.into_iter().flat_map(|own| references.standings(view.now, own, limit));
    let named = view.settings.references.names.iter().zip(references.all());
    named
        .map(|(name, reference)| ReferenceStatus {
            name: name.clone(),
            standing: standings.next(),
            head: reference.info.as_ref().map(|(_, info)| info.head),
            failure: reference.failure.as_ref().map(ToString::to_string),
        })
        .collect()
}

fn producer_status(view: &View<'_>) -> ProducerStatus {
    let turns = &view.evidence.turns;
    let name = view.settings.producer;
    let shown = turns.records().count().saturating_sub(TURNS_SHOWN);
    ProducerStatus {
        name,
        scheduled: view.evidence.api.is_scheduled(name),
        last_block: view.evidence.own.last.map(|block| LastBlock {
            number: block.number,
            time: block.time,
            via: block.via,
            seen_ago_ms: view.now.mono.since_ms(block.seen_at.mono),
        }),
        silent_ms: view.silent_since().map(|since| view.now.mono.since_ms(since.mono)),
        wait_ms: view.wait_ms(),
        next_turn: view
            .schedule()
            .and_then(|s| s.turn_ending_after(name, view.now.wall))
            .map(Turn::start),
        missed_slots: turns.missed_slots(),
        missed_rounds: turns.missed_rounds(),
        turns: turns.records().skip(shown).copied().collect(),
    }
}

impl Stage {
    /// The stage as the status shows it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Resting => "resting",
            Self::Latching { .. } => "latching",
            Self::Acting { .. } => "acting",
            Self::Verifying { .. } => "verifying",
            Self::Producing { .. } => "producing",
            Self::Demoting { .. } => "demoting",
            Self::HandedOver { .. } => "handed_over",
        }
    }
}
