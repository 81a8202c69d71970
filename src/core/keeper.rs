//! The keeper: records what happens, judges once a second, says what it decided.

mod acts;
mod orders;
mod reload;
mod report;

use crate::core::action::{Action, Latch};
use crate::core::alarms::{Alarms, told};
use crate::core::decision::{Decision, DecisionKind, decide};
use crate::core::entitlement::Position;
use crate::core::event::Event;
use crate::core::evidence::Evidence;
use crate::core::fleet::{Fleet, FleetState};
use crate::core::gates::{self, Gate, Standing};
use crate::core::handover::{PeerEvent, PeerSaid};
use crate::core::incapable::Cause;
use crate::core::ledger::{self, Ledger, SettledTurn};
use crate::core::pool::Pool;
use crate::core::promotion::Machine;
use crate::core::rules::{self, Finding, Fired, Rule, View};
use crate::core::settings::Settings;
use crate::core::time::{Human, Mono, Now, Timestamp};

/// Turns shown in the status.
const TURNS_SHOWN: usize = 16;

/// Ticks closer together than this are one look, milliseconds; the daemon ticks once a second.
const LOOK_MS: u64 = 500;

/// One keeper, beside one node.
#[derive(Clone, Debug)]
pub struct Keeper {
    settings: Settings,
    started: Timestamp,
    evidence: Evidence,
    ledger: Ledger,
    machine: Machine,
    fleet: Fleet,
    pool: Option<Pool>,
    alarms: Alarms,
    findings: Vec<Finding>,
    gates: Vec<Gate>,
    decision: Decision,
    last_tick: Now,
    /// Why this node cannot sign, and on how many ticks in a row that was seen.
    incapable: (Option<Cause>, u32),
    is_budget_spent: bool,
    last_look: Mono,
    is_terse: bool,
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
        let evidence = Evidence::new(
            settings.producer,
            settings.references.names.len(),
            settings.peers.names.len(),
            now,
        );
        let view = View {
            now,
            settings: &settings,
            evidence: &evidence,
            promoted_at: None,
            has_handed_over: false,
            acted_at: now.mono,
            position: Position::Active,
            position_since: now.mono,
            last_active: None,
            right: None,
            used_offer: None,
            maintenance_until: None,
            is_stopped_by_hand: false,
            before: Fired::default(),
            is_terse: false,
        };
        let machine = Machine::new(&view, latch);
        let decision = Decision {
            kind: DecisionKind::Watch,
            hold: None,
            sentence: "The keeper has just started.".to_owned(),
        };
        Self {
            started: now.wall,
            fleet: Fleet::new(&settings.peers.names, settings.fleet.clone()),
            pool: settings.pool.map(Pool::new),
            ledger: Ledger::new(settings.producer),
            settings,
            evidence,
            machine,
            alarms: Alarms::default(),
            findings: Vec::new(),
            gates: Vec::new(),
            decision,
            last_tick: now,
            incapable: (None, 0),
            is_budget_spent: false,
            last_look: Mono::default(),
            is_terse: false,
            #[cfg(feature = "mutants")]
            blind: Vec::new(),
        }
    }

    /// Leaves out the sentences that reach nobody: of findings that nobody is told of, of gates and of
    /// decisions. What is judged, ordered and told is the same. For the simulator, which plays years.
    #[must_use]
    pub fn terse(self) -> Self {
        Self { is_terse: true, ..self }
    }

    /// Records a fact. Nothing is decided here; an action's outcome only moves its own stage on.
    pub fn record(&mut self, now: Now, event: &Event) {
        self.evidence.record(now, event);
        self.ledger.record(now, event);
        match event {
            Event::Outcome(outcome) => self.with_machine(now, |machine, view| {
                machine.outcome(view, outcome.id, &outcome.result);
            }),
            Event::Member(member) => self.fleet.record(now, member),
            Event::Peer(peer) => self.hear_peer(now, peer),
            Event::Pool(answer) => {
                if let Some(pool) = &mut self.pool {
                    pool.record(now, answer);
                }
            }
            _ => {}
        }
    }

    /// A peer that says how it stands is a member of the fleet that reports.
    fn hear_peer(&mut self, now: Now, event: &PeerEvent) {
        match &event.said {
            PeerSaid::Status(status) => self.fleet.record_peer(now, event.index, status.role),
            PeerSaid::Silent(why) => self.fleet.record_peer_silence(event.index, why),
            PeerSaid::Handover(_) | PeerSaid::Ask(_) => {}
        }
    }

    /// Which members of the fleet were seen, to be kept over a restart.
    #[must_use]
    pub fn fleet_state(&self) -> FleetState {
        self.fleet.export()
    }

    /// Takes up which members were seen before a restart; before the first tick.
    pub fn restore_fleet(&mut self, kept: FleetState) {
        self.fleet.import(kept);
    }

    /// Judges, decides, and says what is to be done.
    pub fn tick(&mut self, now: Now) -> Vec<Action> {
        self.notice_torn_time(now);
        let gap_ms = self.settings.rules.evidence_gap_ms;
        self.evidence.check_coverage(now, gap_ms);
        let watched = self.evidence.log.watched(now);
        self.evidence.turns.close(now, watched);
        self.judge(now);
        self.with_machine(now, Machine::tick);
        self.guard_lease(now);
        self.step_down_if_two(now);
        self.answer_request(now);
        self.hand_over_if_incapable(now);
        self.promote_if_open(now);
        self.tell_budget(now);
        let mut actions = self.collect(now);
        let notices = self.alarms.update(now, &self.findings);
        actions.extend(notices.into_iter().map(Action::Alarm));
        self.fleet.tick(now);
        actions.extend(self.fleet.take_notices().into_iter().map(Action::Alarm));
        self.mark_maintenance(now, &mut actions);
        let mut view = view(&self.settings, &self.evidence, &self.machine, now);
        view.is_terse = self.is_terse;
        self.decision = decide(&view, &self.findings, &self.gates, &self.machine);
        let cause = ledger::standing(
            &view,
            &self.findings,
            &self.machine,
            &self.decision,
            self.incapable.0,
        );
        self.ledger.tick(now, watched, cause);
        self.last_tick = now;
        if self.is_new_look(now) {
            self.last_look = now.mono;
        }
        actions
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

    /// Goes on with the slot ledger after the turn that began at `last`, the newest in the history.
    /// To be told before the first tick.
    pub fn resume_ledger(&mut self, last: Timestamp) {
        self.ledger.resume(last);
    }

    /// Numbers of blocks that the slot ledger wants to be told of; each as an
    /// [`Event::ChainBlock`].
    #[must_use]
    pub fn wanted_blocks(&self) -> Vec<u32> {
        self.ledger.wanted()
    }

    /// Our turns that were settled since this was last asked, each once; for the history.
    pub fn take_settled_turns(&mut self) -> Vec<SettledTurn> {
        self.ledger.take_settled()
    }

    /// Bytes held by the evidence and the slot ledger; never above [`crate::core::evidence::EVIDENCE_BYTES_MAX`].
    #[must_use]
    pub fn evidence_bytes(&self) -> usize {
        self.evidence.bytes() + size_of::<Ledger>() + self.ledger.bytes()
    }

    fn with_machine(&mut self, now: Now, step: impl FnOnce(&mut Machine, &View<'_>)) {
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        step(&mut self.machine, &view);
        self.machine.note_position(self.settings.role, now.mono);
        if self.machine.take_lets_go() {
            self.evidence.lease.let_go(now);
        }
        // At once: what was seen before an act or its undoing must not open a gate again.
        if let Some(why) = self.machine.take_discard() {
            self.evidence.begin_anew(now, why);
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
        let mut view = view(&self.settings, &self.evidence, &self.machine, now);
        view.is_terse = self.is_terse;
        rules::judge(&view, &mut self.findings, |rule| self.alarms.stands(rule));
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
        if !ready || !self.machine.is_resting() {
            self.machine.confirmed_ticks = 0;
        } else if self.is_new_look(now) {
            self.machine.confirmed_ticks = self.machine.confirmed_ticks.saturating_add(1);
        }
    }

    fn collect(&mut self, now: Now) -> Vec<Action> {
        let (mut actions, milestones) = self.machine.take();
        actions.extend(milestones.into_iter().map(|m| Action::Alarm(told(now, m))));
        actions
    }

    /// Whether this tick is a look of its own: one that comes at once, after an event that could not
    /// wait, shows nothing that the last did not.
    fn is_new_look(&self, now: Now) -> bool {
        now.mono.since_ms(self.last_look) >= LOOK_MS
    }

    /// Alarms go on under maintenance, and say so.
    fn mark_maintenance(&self, now: Now, actions: &mut [Action]) {
        let Some(maintenance) = self.maintenance(now) else { return };
        for action in actions {
            if let Action::Alarm(notice) = action {
                notice.text = format!("[maintenance: {}] {}", maintenance.reason, notice.text);
            }
        }
    }

    fn fires(&self, rule: Rule) -> bool {
        rules::firing(&self.findings, rule).is_some()
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
        position: machine.position().0,
        position_since: machine.position().1,
        last_active: machine.last_active(),
        right: machine.right(),
        used_offer: machine.used_offer(),
        maintenance_until: machine.latch.maintenance.as_ref().map(|m| m.until),
        is_stopped_by_hand: machine.latch.stopped_by_hand,
        before: Fired::default(),
        is_terse: false,
    }
}
