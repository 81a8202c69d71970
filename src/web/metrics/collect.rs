//! What is known, as samples.

use serde::Serialize;

use super::{Sample, Value};
use crate::core::action::Severity;
use crate::core::decision::DecisionKind;
use crate::core::entitlement::Position;
use crate::core::evidence::references::Standing;
use crate::core::fleet::FleetStatus;
use crate::core::handover::Signing;
use crate::core::rules::State;
use crate::core::sample::HostSample;
use crate::core::settings::Role;
use crate::core::status::{
    AlarmsStatus, ChainStatus, LeaseStatus, NodeStatus, PeerView, ProducerStatus, PromotionStatus,
    ReferenceStatus, Status,
};
use crate::core::time::Timestamp;
use crate::web::facts::Facts;
use crate::web::health;
use crate::web::pulse::Told;

/// All kinds of decision: each has a sample, so that a change shows as two steps.
const DECISIONS: [DecisionKind; 8] = [
    DecisionKind::Watch,
    DecisionKind::Alarm,
    DecisionKind::Hold,
    DecisionKind::Act,
    DecisionKind::Verify,
    DecisionKind::Produce,
    DecisionKind::StepDown,
    DecisionKind::HandedOver,
];
const POSITIONS: [Position; 4] =
    [Position::Active, Position::Standby, Position::Arming, Position::HandedOver];
const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warn, Severity::Page];

/// Everything that is known now.
#[must_use]
pub fn collect(facts: &Facts) -> Vec<Sample> {
    let (status, told) = (facts.status(), facts.told());
    let mut sheet = Sheet(Vec::new());
    sheet.keeper(facts, &status, &told);
    sheet.node(&status.node, &told);
    sheet.chain(&status.chain, status.at);
    sheet.references(&status.references, status.chain.agree);
    sheet.judgement(&status, &told);
    sheet.promotion(&status.promotion, status.role);
    sheet.lease(status.lease.as_ref());
    sheet.own(&status.producer, status.at);
    sheet.ledger(&status.producer, &told);
    sheet.producers(&told);
    sheet.alarms(&status.alarms, status.at);
    sheet.peers(&status.peers);
    sheet.fleet(&status.fleet);
    if let Some(host) = &status.host {
        sheet.host(host);
    }
    sheet.pool(&status);
    sheet.0
}

struct Sheet(Vec<Sample>);

impl Sheet {
    fn set(&mut self, name: &'static str, labels: &[&str], value: f64) {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.0.push(Sample { name, labels, value: Value::Number(value) });
    }

    fn when(&mut self, name: &'static str, labels: &[&str], value: Option<impl Into<f64>>) {
        if let Some(value) = value {
            self.set(name, labels, value.into());
        }
    }

    fn is(&mut self, name: &'static str, labels: &[&str], value: bool) {
        self.set(name, labels, if value { 1.0 } else { 0.0 });
    }

    fn keeper(&mut self, facts: &Facts, status: &Status, told: &Told) {
        let names = facts.names();
        let role = status.role.letter().to_string();
        let chain = names.chain.as_deref().or(status.chain.chain_id.as_deref());
        let labels = [
            status.eoskeeper,
            &status.node_name,
            &role,
            status.producer.name.as_str(),
            chain.unwrap_or_default(),
        ];
        self.set("eoskeeper_build_info", &labels, 1.0);
        self.set("eoskeeper_start_time_seconds", &[], time(status.started));
        self.set("eoskeeper_judgement_age_seconds", &[], facts.judged_ago().as_secs_f64());
        self.set("eoskeeper_judgements", &[], told.judgements as f64);
        for (kind, count) in &told.events {
            self.set("eoskeeper_events", &[kind], *count as f64);
        }
        for check in health::checks(facts) {
            self.is("eoskeeper_healthy", &[check.name], check.ok);
        }
        for check in health::ready(facts) {
            self.is("eoskeeper_ready", &[check.name], check.ok);
        }
        self.set("eoskeeper_evidence_bytes", &[], status.memory.evidence_bytes as f64);
        self.set("eoskeeper_evidence_max_bytes", &[], status.memory.evidence_bytes_max as f64);
        self.set("eoskeeper_history_lost_records", &[], told.beat.history_lost as f64);
        self.set("eoskeeper_outbox_lost_batches", &[], told.beat.outbox_lost as f64);
    }

    fn node(&mut self, node: &NodeStatus, told: &Told) {
        self.is("eoskeeper_node_api_up", &[], node.api_answers);
        self.when("eoskeeper_node_paused", &[], node.paused.map(number));
        let process = node.process.as_deref();
        if process.is_some_and(|said| said.starts_with("watching ")) {
            self.set("eoskeeper_node_process_up", &[], 1.0);
        } else if process.is_some_and(|said| said.starts_with("ended: ")) {
            self.set("eoskeeper_node_process_up", &[], 0.0);
        }
        self.when("eoskeeper_node_peers", &[], node.peers);
        let followed = told.log.as_ref().map(|log| number(log.is_ok()));
        self.when("eoskeeper_log_followed", &[], followed);
        self.set("eoskeeper_log_events", &[], node.log_events as f64);
        self.set("eoskeeper_log_other_lines", &[], node.log_others as f64);
        self.set("eoskeeper_log_losses", &[], node.log_lost as f64);
        self.set("eoskeeper_fork_switches", &[], told.producers.switches() as f64);
        for (reason, count) in &told.skipped {
            self.set("eoskeeper_production_skipped", &[reason.as_str()], *count as f64);
        }
    }

    fn chain(&mut self, chain: &ChainStatus, now: Timestamp) {
        self.when("eoskeeper_chain_head_block", &[], chain.head);
        self.when("eoskeeper_chain_head_age_seconds", &[], chain.head_age_ms.map(seconds));
        self.when("eoskeeper_chain_lib_block", &[], chain.lib);
        self.when("eoskeeper_chain_lag_blocks", &[], chain.lag_blocks.map(|lag| lag as f64));
        self.when("eoskeeper_chain_best_block", &[], chain.best);
        self.when("eoskeeper_chain_producers", &[], chain.producers.map(|count| count as f64));
        self.when("eoskeeper_chain_round_seconds", &[], chain.round_ms.map(long));
        let watched = chain.watched_since.map(|since| seconds(now.since_ms(since)));
        self.when("eoskeeper_chain_watched_seconds", &[], watched);
    }

    fn references(&mut self, references: &[ReferenceStatus], agree: u32) {
        self.set("eoskeeper_references", &[], references.len() as f64);
        self.set("eoskeeper_references_agree", &[], agree.into());
        for reference in references {
            let name = [reference.name.as_str()];
            let is_asked = reference.failure.is_some() || reference.head.is_some();
            let answers = reference.failure.is_none()
                && reference.standing.is_none_or(|standing| standing != Standing::Silent);
            let up = is_asked.then_some(number(answers));
            self.when("eoskeeper_reference_up", &name, up);
            self.when("eoskeeper_reference_lag_blocks", &name, reference.lag_blocks);
        }
    }

    fn judgement(&mut self, status: &Status, told: &Told) {
        let decision = &status.decision;
        for kind in DECISIONS {
            self.is("eoskeeper_decision", &[&word(&kind)], kind == decision.kind);
            let changes = told.decisions.get(&kind).copied().unwrap_or_default();
            self.set("eoskeeper_decisions", &[&word(&kind)], changes as f64);
        }
        if let Some(hold) = &decision.hold {
            self.set("eoskeeper_hold", &[&word(hold)], 1.0);
        }
        for gate in &status.gates {
            self.is("eoskeeper_gate_open", &[gate.name], gate.closed.is_none());
            self.when("eoskeeper_gate_opens_in_seconds", &[gate.name], gate.opens_in_ms.map(long));
        }
        for finding in &status.findings {
            let labels = [finding.rule.as_str(), &word(&finding.severity)];
            let fires = match finding.state {
                State::Firing => Some(1.0),
                State::Fine => Some(0.0),
                State::Unknown => None,
            };
            self.when("eoskeeper_rule_firing", &labels, fires);
        }
        let left = status.maintenance.as_ref().map(|m| seconds(m.until.since_ms(status.at)));
        self.when("eoskeeper_maintenance_left_seconds", &[], left);
    }

    fn promotion(&mut self, promotion: &PromotionStatus, role: Role) {
        for position in POSITIONS {
            let is_so = position == promotion.position;
            self.is("eoskeeper_position", &[&word(&position)], is_so);
        }
        self.set("eoskeeper_stage", &[promotion.stage], 1.0);
        let signs = promotion.position == Position::Active && role != Role::Observer;
        self.is("eoskeeper_signing", &[], signs);
        self.is("eoskeeper_handover_ready", &[], promotion.ready);
        self.is("eoskeeper_acting_configured", &[], promotion.configured);
        self.is("eoskeeper_dry_run", &[], promotion.dry_run);
        self.set("eoskeeper_promotions", &[], promotion.promotions.len() as f64);
    }

    fn lease(&mut self, lease: Option<&LeaseStatus>) {
        let Some(lease) = lease else { return };
        self.is("eoskeeper_lease_held", &[], lease.ours_for_ms.is_some());
        self.when("eoskeeper_lease_left_seconds", &[], lease.ours_for_ms.map(long));
        self.is("eoskeeper_lease_up", &[], lease.failure.is_none());
    }

    fn own(&mut self, producer: &ProducerStatus, now: Timestamp) {
        self.when("eoskeeper_own_scheduled", &[], producer.scheduled.map(number));
        let last = producer.last_block.as_ref();
        self.when("eoskeeper_own_last_block", &[], last.map(|block| block.number));
        let age = last.map(|block| long(block.seen_ago_ms));
        self.when("eoskeeper_own_last_block_age_seconds", &[], age);
        self.when("eoskeeper_own_silent_seconds", &[], producer.silent_ms.map(long));
        self.when("eoskeeper_own_wait_seconds", &[], producer.wait_ms.map(long));
        let next = producer.next_turn.map(|turn| seconds(turn.since_ms(now)));
        self.when("eoskeeper_own_next_turn_seconds", &[], next);
        self.set("eoskeeper_own_missed_rounds", &[], producer.missed_rounds.into());
        self.set("eoskeeper_own_missed_slots", &[], producer.missed_slots.into());
    }

    fn ledger(&mut self, producer: &ProducerStatus, told: &Told) {
        let (name, ledger) = (producer.name.as_str(), &told.ledger);
        self.set("eoskeeper_own_turns", &[name], ledger.turns as f64);
        for (fate, count) in [
            ("final", ledger.r#final),
            ("late", ledger.late),
            ("forked", ledger.forked),
            ("missed", ledger.missed),
            ("unknown", ledger.unknown),
        ] {
            self.set("eoskeeper_own_slots", &[name, fate], count as f64);
        }
        for cause in &ledger.causes {
            let lost = (cause.missed + cause.forked) as f64;
            self.set("eoskeeper_own_lost_slots", &[name, &cause.cause], lost);
        }
    }

    fn producers(&mut self, told: &Told) {
        for (producer, counts) in told.producers.counts() {
            let name = [producer.as_str()];
            self.set("eoskeeper_producer_blocks", &name, counts.blocks as f64);
            self.set("eoskeeper_producer_missed_slots", &name, counts.missed as f64);
            self.set("eoskeeper_producer_forked_blocks", &name, counts.forked as f64);
            self.set("eoskeeper_producer_late_blocks", &name, counts.late as f64);
            self.set("eoskeeper_producer_double_blocks", &name, counts.double as f64);
            let last = counts.last.map(time);
            self.when("eoskeeper_producer_last_block_time_seconds", &name, last);
            self.0.push(Sample {
                name: "eoskeeper_producer_block_arrival_seconds",
                labels: vec![producer.as_str().to_owned()],
                value: Value::Arrival(counts.arrival.clone()),
            });
        }
    }

    fn alarms(&mut self, alarms: &AlarmsStatus, now: Timestamp) {
        for severity in SEVERITIES {
            let standing = alarms.incidents.iter().filter(|i| i.severity == severity).count();
            self.set("eoskeeper_incidents", &[&word(&severity)], standing as f64);
        }
        self.set("eoskeeper_silences", &[], alarms.silences.len() as f64);
        for channel in &alarms.channels {
            let name = [channel.name.as_str()];
            self.set("eoskeeper_channel_waiting_messages", &name, channel.waiting as f64);
            let failing = channel.failing.as_ref().map(|(since, _)| now.since_ms(*since).max(0));
            let failing = seconds(failing.unwrap_or_default());
            self.set("eoskeeper_channel_failing_seconds", &name, failing);
            self.set("eoskeeper_channel_sent_messages", &name, channel.sent as f64);
            self.set("eoskeeper_channel_given_up_messages", &name, channel.given_up as f64);
            self.when("eoskeeper_channel_last_sent_time_seconds", &name, channel.last.map(time));
        }
    }

    fn peers(&mut self, peers: &[PeerView]) {
        for peer in peers {
            let name = [peer.name.as_str()];
            let speaks = peer.failure.is_none() && peer.status.is_some();
            self.is("eoskeeper_peer_up", &name, speaks);
            self.when("eoskeeper_peer_heard_age_seconds", &name, peer.said_ago_ms.map(long));
            if let Some(said) = &peer.status {
                self.is("eoskeeper_peer_signing", &name, said.signing == Signing::Yes);
                self.is("eoskeeper_peer_ready", &name, said.ready);
            }
        }
    }

    fn fleet(&mut self, fleet: &FleetStatus) {
        for (state, count) in [
            ("reporting", fleet.reporting),
            ("late", fleet.late),
            ("offline", fleet.offline),
            ("never", fleet.never),
            ("forgotten", fleet.forgotten),
        ] {
            self.set("eoskeeper_fleet_members", &[state], count as f64);
        }
    }

    fn host(&mut self, host: &HostSample) {
        let ratio = |permille: u32| f64::from(permille) / 1_000.0;
        self.when("eoskeeper_host_cpu_ratio", &[], host.cpu_permille.map(ratio));
        self.when("eoskeeper_host_memory_ratio", &[], host.memory_permille.map(ratio));
        self.when("eoskeeper_host_swap_ratio", &[], host.swap_permille.map(ratio));
        let offset = host.clock_offset_ms.map(seconds);
        self.when("eoskeeper_host_clock_offset_seconds", &[], offset);
        if let Some((open, most)) = host.open_files {
            self.set("eoskeeper_host_open_files", &[], open as f64);
            self.set("eoskeeper_host_open_files_max", &[], most as f64);
        }
        for disk in &host.disks {
            let name = [disk.name.as_str()];
            self.set("eoskeeper_host_disk_used_ratio", &name, ratio(disk.used_permille));
            self.set("eoskeeper_host_disk_free_bytes", &name, disk.free_bytes as f64);
        }
    }

    fn pool(&mut self, status: &Status) {
        let Some(pool) = &status.pool else { return };
        self.is("eoskeeper_pool_up", &[], pool.failure.is_none() && pool.sample.is_some());
        if let Some(sample) = &pool.sample {
            self.set("eoskeeper_pool_workers", &["online"], sample.online.into());
            self.set("eoskeeper_pool_workers", &["offline"], sample.offline.into());
            self.set("eoskeeper_pool_hashrate", &[], sample.hashrate as f64);
        }
    }
}

fn number(value: bool) -> f64 {
    if value { 1.0 } else { 0.0 }
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

fn long(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

fn time(at: Timestamp) -> f64 {
    seconds(at.ms())
}

/// The word by which the status knows a value: `step_down`.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or("unknown").to_owned()
}
