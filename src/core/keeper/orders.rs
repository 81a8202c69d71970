//! What a person orders, and what stands against it.

use super::{Keeper, view};
use crate::core::action::{Act, Maintenance};
use crate::core::command::{Command, CommandAnswer};
use crate::core::entitlement::Position;
use crate::core::gates::{Gate, HoldReason};
use crate::core::handover::{Fence, Handover, PeerStatus, Signing};
use crate::core::promotion::{Stage, gap};
use crate::core::settings::Role;
use crate::core::time::{Human, Now};

fn refused(sentences: Vec<String>) -> CommandAnswer {
    CommandAnswer { accepted: false, sentences }
}

fn no(sentence: impl Into<String>) -> CommandAnswer {
    refused(vec![sentence.into()])
}

fn yes(sentence: impl Into<String>) -> CommandAnswer {
    CommandAnswer { accepted: true, sentences: vec![sentence.into()] }
}

impl HoldReason {
    /// Whether a person may pass over it by `--force`. Never over what would let two nodes sign, or
    /// promote a node that cannot.
    #[must_use]
    pub const fn may_be_forced(self) -> bool {
        match self {
            Self::Maintenance
            | Self::EvidenceTorn
            | Self::EvidenceTooYoung
            | Self::ClockSkewed
            | Self::LibStalled
            | Self::FewProducers
            | Self::PeersLow
            | Self::ForkUnsettled
            | Self::ReferencesDisagree
            | Self::StillWaiting
            | Self::NotFinal
            | Self::NotFenced
            | Self::NotConfirmed
            | Self::BudgetSpent => true,
            Self::ScheduleUnknown
            | Self::NotScheduled
            | Self::ApiDown
            | Self::NodeStopping
            | Self::DatabaseFault
            | Self::NodeBehind
            | Self::ChainStalled
            | Self::CutOff
            | Self::ProducerSeen
            | Self::PeerSigning
            | Self::PeerBegins
            | Self::LeaseHeld
            | Self::LeaseUnknown
            | Self::AlreadyProducing
            | Self::LatchUnusable
            | Self::NotConfigured
            | Self::DryRun => false,
        }
    }
}

impl Keeper {
    /// Answers an order of a person; what follows is in the status.
    pub fn command(&mut self, now: Now, command: &Command) -> CommandAnswer {
        if self.settings.role == Role::Observer {
            return no("This node only observes (role F): give the order on A, B or C.");
        }
        match command {
            Command::Promote { force, dry_run } => self.order_promotion(now, *force, *dry_run),
            Command::Demote { force, dry_run } => self.order_demotion(now, *force, *dry_run),
            Command::Switchover { to, force, dry_run } => self.switch_to(now, to, *force, *dry_run),
            Command::Failback { force, dry_run } => self.fail_back(now, *force, *dry_run),
            Command::Maintenance { for_ms, reason, force } => {
                self.begin_maintenance(now, *for_ms, reason, *force)
            }
            Command::EndMaintenance => {
                let mut ended = false;
                self.with_machine(now, |machine, view| {
                    ended = machine.finish_maintenance(view, "a person ended it");
                });
                if ended { yes("Maintenance is over.") } else { no("There is no maintenance.") }
            }
            Command::Silence { .. } | Command::EndSilence { .. } => {
                no("Silences are no orders to the node; the desk of the alarms takes them.")
            }
            Command::Reload => {
                no("The configuration is no order to the node; the daemon reads it.")
            }
            Command::Rearm => {
                let mut forgotten = 0;
                self.with_machine(now, |machine, _| forgotten = machine.rearm());
                yes(format!("{forgotten} promotions are forgotten; the budget is whole again."))
            }
        }
    }

    /// The closed gates that stand against an order; a force passes over some.
    fn against(&self, force: bool) -> Vec<&Gate> {
        self.gates
            .iter()
            .filter(|gate| match gate.closed {
                None | Some(HoldReason::NotConfirmed) => false,
                Some(why) => !(force && why.may_be_forced()),
            })
            .collect()
    }

    fn order_promotion(&mut self, now: Now, force: bool, dry_run: bool) -> CommandAnswer {
        if !self.machine.is_resting() || self.machine.position().0 == Position::Active {
            return no(format!("Nothing is begun: {}", self.decision.sentence));
        }
        let mut against = self.against(force);
        if self.maintenance(now).is_none() {
            // This is the order that it waits for.
            against.retain(|gate| gate.closed != Some(HoldReason::Maintenance));
        }
        if !against.is_empty() {
            let sentences = against.iter().map(|gate| {
                let why = gate.closed.is_some_and(HoldReason::may_be_forced);
                let hint = if why { " (--force passes over it)" } else { "" };
                format!("{}: {}{hint}", gate.name, gate.sentence)
            });
            return refused(sentences.collect());
        }
        if dry_run {
            return yes("This node would be made to sign now.");
        }
        let reason = "A person ordered that this node signs.".to_owned();
        self.with_machine(now, |machine, view| machine.begin_by_hand(view, reason));
        yes("This node is being made to sign.")
    }

    fn order_demotion(&mut self, now: Now, force: bool, dry_run: bool) -> CommandAnswer {
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        let is_free = matches!(
            self.machine.stage,
            Stage::Resting | Stage::Producing { .. } | Stage::Verifying { act: Act::Promote, .. }
        );
        if !self.settings.promotion.can_demote {
            return no("[promotion] demote is not set: there is no way to stop this node.");
        }
        if self.settings.promotion.dry_run {
            return no("This keeper is a dry run ([promotion] dry_run): it does nothing.");
        }
        if !is_free || view.is_paused() == Some(true) {
            return no(format!("Nothing to stop: {}", self.decision.sentence));
        }
        let signs = self.machine.position().0 == Position::Active;
        if signs && !force && !self.another_is_ready(now) {
            return no(
                "No other node is known to be ready, so that nobody would sign; use switchover, or --force.",
            );
        }
        if dry_run {
            return yes("This node would be stopped now, without giving the producer to another.");
        }
        self.with_machine(now, |machine, view| {
            machine.stop_by_hand(view);
        });
        yes("This node is being stopped.")
    }

    fn another_is_ready(&self, now: Now) -> bool {
        let fit = |peer: &PeerStatus| peer.ready || peer.signing == Signing::Yes;
        self.evidence
            .peers
            .speaking(now)
            .any(|(_, peer)| fit(peer) && peer.maintenance_until.is_none())
    }

    /// Gives the producer to a peer by a person's order.
    pub(super) fn switch_to(
        &mut self,
        now: Now,
        to: &str,
        force: bool,
        dry_run: bool,
    ) -> CommandAnswer {
        let names = &self.settings.peers.names;
        let Some(index) = names.iter().position(|name| name == to) else {
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return no(format!("{to} is no peer of this node ([peers] nodes: {known})."));
        };
        if let Some(why) = self.cannot_switch(now) {
            return no(why);
        }
        let Some(peer) = self.evidence.peers.fresh(now, index) else {
            return no(format!("{to} does not speak: see that its keeper runs and is reached."));
        };
        let mut against = Vec::new();
        if !peer.ready {
            against.push(format!("{to} is not ready: {}", peer.sentence));
        }
        if let Some(until) = peer.maintenance_until {
            against.push(format!("{to} is under maintenance until {until}."));
        }
        if !force && !against.is_empty() {
            return refused(against);
        }
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        let go_at = gap(&view);
        let left = Human(go_at.since_ms(now.wall).max(0).cast_unsigned());
        let when = format!("{go_at} (in {left}), between two of our turns");
        if dry_run {
            return yes(format!(
                "This node would be stopped and {to} resumed at {when}; give the order with --yes."
            ));
        }
        self.with_machine(now, |machine, view| {
            machine.force_switch(force);
            machine.plan_switch(view, index);
        });
        yes(format!("{to} takes over at {when}."))
    }

    fn cannot_switch(&self, now: Now) -> Option<String> {
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        let signs = match self.machine.stage {
            Stage::Resting => self.settings.role == Role::Active,
            Stage::Producing { .. } => true,
            _ => false,
        };
        if !signs || view.is_paused() == Some(true) {
            return Some(format!(
                "This node does not sign, so that it has nothing to give: {}",
                self.decision.sentence
            ));
        }
        if !self.settings.promotion.can_demote {
            return Some("[promotion] demote is not set: this node could not be stopped.".into());
        }
        if self.settings.promotion.dry_run {
            return Some("This keeper is a dry run ([promotion] dry_run): it does nothing.".into());
        }
        self.machine.latch_fault.as_ref().map(|(why, _)| {
            format!("The state on disk cannot be used, so that nothing is begun: {why}.")
        })
    }

    /// Gives the producer back to the active node: from the standby that signs, or asked for by the
    /// active node.
    fn fail_back(&mut self, now: Now, force: bool, dry_run: bool) -> CommandAnswer {
        if self.settings.promotion.dry_run {
            return no("This keeper is a dry run ([promotion] dry_run): it does nothing.");
        }
        if self.settings.role != Role::Active {
            return match self.peer_that(now, |peer| peer.role == Role::Active) {
                Some(name) => self.switch_to(now, &name, force, dry_run),
                None => no("No peer with role A speaks; see that its keeper runs and is reached."),
            };
        }
        let Some(name) = self.peer_that(now, |peer| peer.signing == Signing::Yes) else {
            return no("No peer says that it signs: there is nobody to ask.");
        };
        if let Some(maintenance) = self.maintenance(now) {
            // Not to be forced: what the other gave would be declined here.
            let until = maintenance.until;
            return no(format!("This node is under maintenance until {until}: end it first."));
        }
        if !self.is_ready(now) && !force {
            return no(format!("This node is not ready to sign: {}", self.decision.sentence));
        }
        if dry_run {
            return yes(format!("{name} would be asked to give the producer to this node."));
        }
        let given = Handover {
            id: String::new(),
            from: self.settings.node.clone(),
            to: name.clone(),
            producer: self.settings.producer,
            chain_id: None,
            reason: "a person ordered the failback".to_owned(),
            fence: Fence::Unknown,
            fenced_at: now.wall,
            planned: true,
        };
        self.with_machine(now, |machine, view| machine.ask(view, given));
        yes(format!("{name} is asked to give the producer to this node; it does so in its gap."))
    }

    /// Name of the first peer that speaks and is such.
    fn peer_that(&self, now: Now, is_such: impl Fn(&PeerStatus) -> bool) -> Option<String> {
        let mut speaking = self.evidence.peers.speaking(now);
        let (index, _) = speaking.find(|(_, peer)| is_such(peer))?;
        self.settings.peers.names.get(index).cloned()
    }

    fn begin_maintenance(
        &mut self,
        now: Now,
        for_ms: u64,
        reason: &str,
        force: bool,
    ) -> CommandAnswer {
        let knows_others = !self.settings.peers.names.is_empty();
        if knows_others && !force && !self.another_is_ready(now) {
            return no(
                "No other node is known to be ready and not under maintenance: this is the last one; --force does it all the same.",
            );
        }
        let mut until = now.wall;
        let reason = reason.to_owned();
        self.with_machine(now, |machine, view| until = machine.maintain(view, for_ms, reason));
        let mut sentences =
            vec![format!("Maintenance until {until}: nothing is done by itself; alarms go on.")];
        if !knows_others {
            sentences.push(
                "No peers are configured: whether another node is ready is not known.".into(),
            );
        }
        CommandAnswer { accepted: true, sentences }
    }

    /// Whether this node would take a handover now: every gate is open but those about the silent
    /// producer.
    pub(super) fn is_ready(&self, now: Now) -> bool {
        let about_silence =
            ["evidence", "producer", "final", "peers", "fence", "confirmed", "lease"];
        let _ = now;
        self.machine.is_resting()
            && self.machine.position().0 != Position::Active
            && !self.gates.is_empty()
            && self
                .gates
                .iter()
                .all(|gate| gate.closed.is_none() || about_silence.contains(&gate.name))
    }

    /// The maintenance that runs.
    pub(super) fn maintenance(&self, now: Now) -> Option<&Maintenance> {
        self.machine.latch.maintenance.as_ref().filter(|m| m.until > now.wall)
    }
}
