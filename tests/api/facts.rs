//! A keeper with every part it can have, and one with none.

use std::sync::Arc;

use eoskeeper::core::action::{Maintenance, Severity};
use eoskeeper::core::alarm::incident::{Incident, Joined};
use eoskeeper::core::alarm::neighbours::Neighbours;
use eoskeeper::core::alarm::silence::Silence;
use eoskeeper::core::event::{Event, EventName, LogEvent, Reason};
use eoskeeper::core::evidence::own::Via;
use eoskeeper::core::evidence::references::Standing;
use eoskeeper::core::evidence::turns::TurnRecord;
use eoskeeper::core::fleet::{FleetStatus, MemberReport, MemberState, MemberView};
use eoskeeper::core::gates::HoldReason;
use eoskeeper::core::handover::{Refused, Taken, TakenState};
use eoskeeper::core::keeper::Keeper;
use eoskeeper::core::name::Name;
use eoskeeper::core::pool::{OfflineWorker, PoolStatus};
use eoskeeper::core::promotion::{Switch, SwitchStep};
use eoskeeper::core::rules::State;
use eoskeeper::core::sample::{DiskSample, HostSample, PoolSample};
use eoskeeper::core::schedule::Slot;
use eoskeeper::core::settings::{Role, Settings};
use eoskeeper::core::status::{
    ChannelStatus, LastBlock, LeaseStatus, PeerView, ReferenceStatus, Status,
};
use eoskeeper::core::time::{Now, Timestamp};
use eoskeeper::history::store::Store;
use eoskeeper::web::facts::{Facts, Names};
use eoskeeper::web::pulse::{Beat, Pulse};
use tokio::sync::watch;

/// 2026-11-21T02:48:37.000.
pub(crate) const NOW: Timestamp = Timestamp::from_ms(1_795_229_317_000);

pub(crate) fn producer() -> Name {
    "eosstorebest".parse().unwrap()
}

fn keeper() -> (Keeper, Now) {
    let settings = Settings::new(Role::FirstStandby, producer());
    let now = Now { wall: NOW, ..Now::default() };
    let mut keeper = Keeper::new(settings, now, Ok(None));
    keeper.tick(now);
    (keeper, now)
}

/// The status of a keeper that has just begun.
pub(crate) fn bare() -> Status {
    let (keeper, now) = keeper();
    keeper.status(now)
}

/// The status of a keeper of which every part is there.
pub(crate) fn full() -> Status {
    let (keeper, now) = keeper();
    let mut status = keeper.status(now);
    let text = || Some("because".to_owned());
    status.decision.hold = Some(HoldReason::StillWaiting);
    let node = &mut status.node;
    (node.api_answers, node.api_failure, node.version) = (true, text(), text());
    (node.paused, node.paused_failure, node.peers) = (Some(false), text(), Some(25));
    node.process = Some("watching process 4711".to_owned());
    let chain = &mut status.chain;
    chain.chain_id = Some("ab".repeat(32));
    (chain.head, chain.lib, chain.best, chain.median) = (Some(9), Some(3), Some(10), Some(10));
    (chain.head_time, chain.head_producer) = (Some(NOW), Some(producer()));
    (chain.head_age_ms, chain.lag_blocks) = (Some(-40), Some(1));
    (chain.producers, chain.round_ms, chain.watched_since) = (Some(21), Some(126_000), Some(NOW));
    let own = &mut status.producer;
    let last = LastBlock { number: 7, time: NOW, via: Via::Received, seen_ago_ms: 4_000 };
    (own.scheduled, own.last_block) = (Some(true), Some(last));
    (own.silent_ms, own.wait_ms, own.next_turn) = (Some(4_000), Some(260_000), Some(NOW));
    own.neighbours = Some(Neighbours { names: vec![producer()], missing: vec![producer()] });
    own.turns = vec![TurnRecord { start: NOW, seen: 4_095, produced_here: 1, complete: true }];
    status.references = vec![ReferenceStatus {
        name: "https://api.example.org".to_owned(),
        standing: Some(Standing::Agrees),
        head: Some(9),
        lag_blocks: Some(1),
        failure: None,
    }];
    let mut said = keeper.peer_status(now);
    said.signing_since = Some(NOW);
    (said.chain_id, said.head, said.head_time, said.lib) = (text(), Some(1), Some(NOW), Some(1));
    (said.last_own, said.maintenance_until, said.version) = (Some(NOW), Some(NOW), text());
    let sentence = "because".to_owned();
    let (id, to) = ("1-a-b".to_owned(), "c".to_owned());
    said.taken = Some(Taken { id, state: TakenState::Proven, sentence: sentence.clone() });
    said.refused = Some(Refused { to: to.clone(), at: NOW, sentence: sentence.clone() });
    status.peers = vec![PeerView {
        name: "b".to_owned(),
        status: Some(said),
        said_ago_ms: Some(800),
        failure: text(),
    }];
    status.lease = Some(LeaseStatus {
        holder: text(),
        token: Some(7),
        ours_for_ms: Some(9_000),
        failure: text(),
    });
    status.maintenance =
        Some(Maintenance { since: NOW, until: NOW.plus_ms(60_000), reason: sentence.clone() });
    let step = SwitchStep::Waiting;
    status.switchover = Some(Switch { to, step, step_sentence: sentence, until: Some(NOW) });
    status.host = Some(HostSample {
        cpu_permille: Some(120),
        memory_permille: Some(640),
        swap_permille: Some(0),
        disks: vec![DiskSample { name: "data".into(), used_permille: 712, free_bytes: 1 << 38 }],
        open_files: Some((512, 65_536)),
        clock_offset_ms: Some(-3),
    });
    status.fleet = fleet();
    status.pool = Some(PoolStatus {
        sample: Some(PoolSample {
            at: NOW,
            online: 9,
            offline: 1,
            hashrate: 1 << 50,
            floor: Some(1 << 49),
        }),
        is_fresh: true,
        offline: vec![OfflineWorker { name: "rig-1".to_owned(), silent_ms: 600_000 }],
        failure: None,
    });
    status.findings[0].state = State::Firing;
    status.findings[1].state = State::Fine;
    status.gates[0].closed = Some(HoldReason::Maintenance);
    status.gates[0].opens_in_ms = Some(60_000);
    status.promotion.promoted_at = Some(NOW);
    status.promotion.promotions = vec![NOW];
    alarms(&mut status);
    status
}

fn fleet() -> FleetStatus {
    let report = MemberReport {
        node: "oslo-1".to_owned(),
        role: Role::Active,
        producer: producer(),
        chain_id: Some("cd".repeat(32)),
        head: Some(9),
        head_age_ms: Some(-5),
        is_active: true,
        decision: "watch".to_owned(),
        sentence: "All is well.".to_owned(),
        paging: vec!["api_down".to_owned()],
        warning: vec!["peers_low".to_owned()],
        version: "0.1.0".to_owned(),
        judged_at: NOW,
    };
    let member = MemberView {
        name: "oslo-1".to_owned(),
        state: MemberState::Reporting,
        is_peer: false,
        quiet_ms: 0,
        heard_at: Some(NOW),
        role: Some(Role::Active),
        report: Some(report),
        failure: Some("because".to_owned()),
    };
    FleetStatus { reporting: 1, members: vec![member], ..FleetStatus::default() }
}

fn alarms(status: &mut Status) {
    let finding = Joined {
        cause: "api_down".to_owned(),
        subject: String::new(),
        severity: Severity::Page,
        meaning: "The RPC does not answer.".to_owned(),
        saw: "5 polls in a row".to_owned(),
        next_step: "Look at nodeos.".to_owned(),
        since: NOW,
        last: NOW,
        fires: true,
    };
    status.alarms.incidents = vec![Incident {
        id: "20261121T024837-b-api_down".to_owned(),
        severity: Severity::Page,
        began: NOW,
        ended: Some(NOW),
        findings: vec![finding],
        more: 0,
        told: Some(NOW),
        told_as: Some(Severity::Page),
        first_told_as: Some(Severity::Warn),
        reminders: 1,
        last_told: Some(NOW),
        messages: 2,
        quiet: Some("because".to_owned()),
        part_of: Some("another".to_owned()),
        has_changed: false,
        returns: 1,
        began_as: "api_down".to_owned(),
    }];
    status.alarms.silences = vec![Silence {
        since: NOW,
        until: NOW.plus_ms(60_000),
        cause: Some("api_down".to_owned()),
        by: "ann".to_owned(),
        reason: String::new(),
    }];
    status.alarms.channels = vec![ChannelStatus {
        name: "slack".to_owned(),
        waiting: 2,
        failing: Some((NOW.plus_ms(-5_000), "because".to_owned())),
        refuses_us: true,
        sent: 7,
        given_up: 1,
        last: Some(NOW),
    }];
}

/// Facts about a status, and who keeps them alive.
pub(crate) fn facts(
    status: Status,
    store: Option<Arc<Store>>,
) -> (Facts, watch::Sender<Arc<Status>>, Arc<Pulse>) {
    let (sender, receiver) = watch::channel(Arc::new(status));
    let names = Names { host: "tokyo".to_owned(), chain: Some("eos".to_owned()), section: None };
    let facts = Facts::new(receiver, store, names);
    let pulse = facts.pulse();
    (facts, sender, pulse)
}

/// A loop that is well, with something of everything.
pub(crate) fn beat(pulse: &Pulse) {
    let now = Now { wall: NOW, ..Now::default() };
    let block = |number: u32, slot: u32, name| {
        let time = Slot(Slot::at(NOW).0 + slot).time();
        Event::Log(LogEvent {
            block: Some(number),
            block_time: Some(time),
            producer: Some(producer()),
            latency_ms: Some(90),
            ..LogEvent::new(name)
        })
    };
    pulse.record(now, &block(1, 0, EventName::BlockReceived));
    pulse.record(now, &block(2, 1, EventName::BlockReceived));
    let skipped =
        LogEvent { reason: Some(Reason::Paused), ..LogEvent::new(EventName::ProductionSkipped) };
    pulse.record(now, &Event::Log(skipped));
    let what = "the log".to_owned();
    let following = eoskeeper::core::event::LogSourceEvent::Following { what };
    pulse.record(now, &Event::LogSource(following));
    pulse.record(now, &Event::Info(Err(eoskeeper::core::event::ApiFailure::AnswerTimeout)));
    let mut turn =
        eoskeeper::core::ledger::SettledTurn::not_watched((NOW, NOW), 1, producer(), NOW);
    (turn.met, turn.missed) = (0xff0, 0x00f);
    turn.losses =
        vec![eoskeeper::core::ledger::Loss { cause: "process_ended".to_owned(), slots: 0x00f }];
    pulse.settled(&turn);
    pulse.decided(eoskeeper::core::decision::DecisionKind::Watch);
    let (writer_runs, outbox_runs) = (true, true);
    pulse.beat(Beat { writer_runs, outbox_runs, history_lost: 0, outbox_lost: 0 });
}
