//! What a person, a program or a peer is told of the last tick.

use super::{Keeper, TURNS_SHOWN, view};
use crate::core::action::Act;
use crate::core::alarm::neighbours;
use crate::core::alarm::signal::Signal;
use crate::core::evidence::EVIDENCE_BYTES_MAX;
use crate::core::evidence::process::ProcessEvidence;
use crate::core::evidence::references::Standing;
use crate::core::gates;
use crate::core::handover::{PeerStatus, Signing};
use crate::core::promotion::Stage;
use crate::core::rules::{self, View};
use crate::core::sample::{HostSample, PoolSample};
use crate::core::schedule::Turn;
use crate::core::settings::Role;
use crate::core::status::{
    AlarmsStatus, ChainStatus, ConfigurationStatus, LastBlock, LeaseStatus, MemoryStatus,
    NodeStatus, PeerView, ProducerStatus, PromotionStatus, ReferenceStatus, STATUS_VERSION, Status,
};
use crate::core::time::Now;

impl Keeper {
    /// Everything a person may want to see of the last tick.
    #[must_use]
    pub fn status(&self, now: Now) -> Status {
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        Status {
            version: STATUS_VERSION,
            eoskeeper: env!("CARGO_PKG_VERSION"),
            at: now.wall,
            started: self.started,
            node_name: self.settings.node.clone(),
            role: self.settings.role,
            role_meaning: self.settings.role.meaning(),
            decision: self.decision.clone(),
            node: self.node_status(),
            chain: chain_status(&view),
            producer: producer_status(&view),
            references: references_status(&view),
            peers: peers_status(&view),
            lease: lease_status(&view),
            maintenance: self.maintenance(now).cloned(),
            switchover: self.machine.switch.clone(),
            host: self.host_status(&view),
            fleet: self.fleet.status(),
            pool: self.pool.as_ref().map(|pool| pool.status(now)),
            findings: self.findings.clone(),
            gates: self.gates.clone(),
            promotion: self.promotion_status(now),
            alarms: AlarmsStatus::default(),
            configuration: ConfigurationStatus::default(),
            rules: self.settings.rules,
            memory: MemoryStatus {
                evidence_bytes: self.evidence_bytes(),
                evidence_bytes_max: EVIDENCE_BYTES_MAX,
            },
        }
    }

    /// What the keepers of our producer's other nodes are told.
    #[must_use]
    pub fn peer_status(&self, now: Now) -> PeerStatus {
        let view = view(&self.settings, &self.evidence, &self.machine, now);
        let info = self.evidence.api.info.as_ref();
        let moves_ms = self.settings.rules.head_stalled_ms;
        let moved = self.evidence.api.head_moved.max(self.evidence.log.last_block);
        let signing = self.signing(&view);
        let since = match &self.machine.stage {
            Stage::Resting => self.machine.latch.active_at,
            _ => self.machine.promoted_at(),
        };
        PeerStatus {
            node: self.settings.node.clone(),
            role: self.settings.role,
            producer: self.settings.producer,
            chain_id: info.and_then(|info| info.chain_id.clone()),
            at: now.wall,
            signing,
            signing_since: since.filter(|_| matches!(signing, Signing::Yes | Signing::Beginning)),
            ready: self.is_ready(now),
            sentence: self.decision.sentence.clone(),
            head: info.map(|info| info.head),
            head_time: info.map(|info| info.head_time),
            lib: info.map(|info| info.lib),
            head_moves: moved.is_some_and(|at| now.mono.since_ms(at) <= moves_ms),
            last_own: self.evidence.own.last.map(|block| block.time),
            maintenance_until: self.maintenance(now).map(|m| m.until),
            taken: self.machine.taken_state(&view),
            version: info.and_then(|info| info.version.clone()),
            refused: self.machine.refused.clone(),
        }
    }

    /// Whether this node signs, as its own keeper sees it.
    fn signing(&self, view: &View<'_>) -> Signing {
        if self.settings.role == Role::Observer {
            // It has no key of ours, and a full node is rarely paused: that it is not says nothing.
            return Signing::No;
        }
        let is_gone = self.evidence.process.ended.is_some();
        let answers = self.evidence.api.failed_in_row == 0 && self.evidence.api.last_ok.is_some();
        let meant = match &self.machine.stage {
            Stage::Latching { act: Act::Promote, .. } | Stage::Acting { act: Act::Promote, .. } => {
                return Signing::Beginning;
            }
            Stage::Acting { act: Act::AcquireLease, .. } => return Signing::Beginning,
            Stage::Demoting { .. } | Stage::Acting { .. } | Stage::Latching { .. } => {
                return if is_gone { Signing::No } else { Signing::Unknown };
            }
            Stage::Verifying { act: Act::Promote, .. } if view.key_signs() == Some(false) => {
                return Signing::Beginning;
            }
            _ if view.key_signs() == Some(false) => return Signing::No,
            Stage::Resting => self.settings.role == Role::Active && !self.machine.is_stopped(),
            Stage::Producing { .. } | Stage::Switching { .. } => true,
            Stage::Verifying { act, .. } => *act == Act::Promote,
            Stage::Arming { .. } | Stage::HandedOver { .. } => false,
        };
        match (meant, view.is_paused()) {
            _ if is_gone => Signing::No,
            (_, Some(true)) => Signing::No,
            (true, _) if answers => Signing::Yes,
            (true, _) => Signing::Unknown,
            (false, Some(false)) => Signing::Yes,
            // Whether it is paused is asked every few seconds, and not while the RPC is down; a
            // node that we stopped or never started does not sign.
            (false, None) => Signing::No,
        }
    }

    /// What is wrong beside what the rules judge: in the fleet and with the pool.
    #[must_use]
    pub fn signals(&self, now: Now) -> Vec<Signal> {
        let mut signals = self.fleet.signals();
        signals.extend(self.pool.iter().flat_map(|pool| pool.signals(now)));
        signals
    }

    /// The pool's figures, to be kept.
    #[must_use]
    pub fn pool_sample(&self, now: Now) -> Option<PoolSample> {
        self.pool.as_ref()?.sample(now)
    }

    /// The last look at the host, and the clock as the references show it.
    fn host_status(&self, view: &View<'_>) -> Option<HostSample> {
        self.settings.host?;
        let mut sample = self.evidence.host.last()?.clone();
        sample.clock_offset_ms = rules::clock_offset_ms(view);
        Some(sample)
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
            process: process_state(&self.evidence.process),
        }
    }

    /// Whether there is anything to act with: to sign, to promote another, or to hand over by the
    /// lease or a peer.
    fn can_act(&self) -> bool {
        let settings = &self.settings;
        let can_give = settings.lease.is_some() || !settings.peers.names.is_empty();
        settings.promotion.acts() || settings.promotion.can_demote && can_give
    }

    fn promotion_status(&self, now: Now) -> PromotionStatus {
        PromotionStatus {
            stage: self.machine.stage.as_str(),
            position: self.machine.position().0,
            ready: self.is_ready(now),
            promoted_at: self.machine.promoted_at(),
            incident: self.machine.latch.incident.clone(),
            promotions: self.machine.latch.promotions.clone(),
            configured: self.can_act(),
            dry_run: self.settings.promotion.dry_run,
        }
    }
}

/// What the system last said of nodeos's process. An end stands until another process is found, also
/// when nothing can be watched meanwhile.
fn process_state(process: &ProcessEvidence) -> Option<String> {
    let ended = process.ended.as_ref().map(|(_, how)| format!("ended: {how}"));
    let watched = || process.watched.as_ref().map(|what| format!("watching {what}"));
    let not_watched = || process.not_watched.as_ref().map(|why| format!("not watched: {why}"));
    ended.or_else(watched).or_else(not_watched)
}

fn chain_status(view: &View<'_>) -> ChainStatus {
    let info = view.evidence.api.info.as_ref();
    let references = &view.evidence.references;
    let limit = view.settings.rules.behind_references_blocks;
    let standings = info.into_iter().flat_map(|own| references.standings(view.now, own, limit));
    let median = info.and_then(|own| references.median_head(view.now, own));
    ChainStatus {
        best: info.and_then(|own| references.best_head(view.now, own)),
        median,
        agree: standings.filter(|standing| *standing == Standing::Agrees).count() as u32,
        lag_blocks: info.zip(median).map(|(own, median)| i64::from(median) - i64::from(own.head)),
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

fn peers_status(view: &View<'_>) -> Vec<PeerView> {
    let peers = view.settings.peers.names.iter().zip(view.evidence.peers.all());
    peers
        .map(|(name, peer)| PeerView {
            name: name.clone(),
            status: peer.status.as_ref().map(|(_, status)| status.clone()),
            said_ago_ms: peer.status.as_ref().map(|(at, _)| view.now.mono.since_ms(*at)),
            failure: peer.silent.as_ref().map(|(_, why)| why.clone()),
        })
        .collect()
}

fn lease_status(view: &View<'_>) -> Option<LeaseStatus> {
    let lease = view.settings.lease?;
    let evidence = &view.evidence.lease;
    let ours = evidence.is_held(view.now, lease.ttl_ms);
    let read = evidence.fresh_read(view.now).flatten().filter(|r| r.released.is_none());
    let until = evidence.held_until(lease.ttl_ms).filter(|_| ours);
    Some(LeaseStatus {
        holder: if ours {
            Some(view.settings.node.clone())
        } else {
            read.map(|record| record.holder.clone())
        },
        token: if ours { evidence.held.map(|(_, token)| token) } else { read.map(|r| r.token) },
        ours_for_ms: until.map(|until| until.since_ms(view.now.mono)),
        failure: evidence.failing.as_ref().map(|(_, failure)| failure.to_string()),
    })
}

fn references_status(view: &View<'_>) -> Vec<ReferenceStatus> {
    let limit = view.settings.rules.behind_references_blocks;
    let own = view.evidence.api.info.as_ref();
    let references = &view.evidence.references;
    let mut standings = own.into_iter().flat_map(|own| references.standings(view.now, own, limit));
    let best = own.and_then(|own| references.best_head(view.now, own));
    let named = view.settings.references.names.iter().zip(references.all());
    named
        .map(|(name, reference)| ReferenceStatus {
            name: name.clone(),
            standing: standings.next(),
            head: reference.info.as_ref().map(|(_, info)| info.head),
            lag_blocks: best
                .zip(reference.fresh_head(view.now))
                .map(|(b, head)| b.saturating_sub(head)),
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
        neighbours: neighbours::look(view),
        missed_slots: turns.missed_slots(),
        missed_rounds: turns.missed_rounds(),
        turns: turns.records().skip(shown).copied().collect(),
    }
}
