//! Statuses for tests: a real keeper's, with what its surroundings would have told it filled in.

use crate::core::event::{ChainInfo, Event};
use crate::core::evidence::own::Via;
use crate::core::evidence::references::Standing;
use crate::core::gates::HoldReason;
use crate::core::handover::{PeerStatus, Signing};
use crate::core::keeper::Keeper;
use crate::core::schedule::Schedule;
use crate::core::settings::{Role, Settings};
use crate::core::status::{LastBlock, PeerView, ReferenceStatus, Status};
use crate::core::time::{Mono, Now, Timestamp};

/// When all of them are judged.
pub(super) fn at() -> Timestamp {
    Timestamp::from_ms(1_795_229_317_098)
}

/// The active node while all is well, with two standbys that are ready.
pub(super) fn signing() -> Status {
    let mut settings = Settings::new(Role::Active, "eosstorebest".parse().unwrap());
    settings.node = "tokyo-1".to_owned();
    settings.peers.names = vec!["oslo-1".to_owned(), "lima-1".to_owned()];
    let mut status = judged(settings);
    let names = status.peers.iter().map(|peer| peer.name.clone()).collect::<Vec<_>>();
    let said = |node: String| PeerStatus {
        node,
        role: Role::FirstStandby,
        producer: "eosstorebest".parse().unwrap(),
        chain_id: None,
        at: at(),
        signing: Signing::No,
        signing_since: None,
        ready: true,
        sentence: "eosstorebest signs: its block #181223340 was seen 3 s ago.".to_owned(),
        head: Some(181_223_344),
        head_time: Some(at()),
        lib: Some(181_223_011),
        head_moves: true,
        last_own: Some(at()),
        maintenance_until: None,
        taken: None,
        version: Some("v1.2.2".to_owned()),
        refused: None,
    };
    status.peers = names
        .into_iter()
        .map(|name| PeerView {
            status: Some(said(name.clone())),
            name,
            said_ago_ms: Some(400),
            failure: None,
        })
        .collect();
    for member in &mut status.fleet.members {
        member.state = crate::core::fleet::MemberState::Reporting;
    }
    status.references = vec![ReferenceStatus {
        name: "http://reference1".to_owned(),
        standing: Some(Standing::Agrees),
        head: Some(181_223_344),
        lag_blocks: Some(0),
        failure: None,
    }];
    status
}

/// A standby while the active node signs.
pub(super) fn at_rest() -> Status {
    let mut settings = Settings::new(Role::FirstStandby, "eosstorebest".parse().unwrap());
    settings.node = "oslo-1".to_owned();
    let mut status = judged(settings);
    status.decision.hold = Some(HoldReason::ProducerSeen);
    status
}

fn judged(settings: Settings) -> Status {
    let start = Now { mono: Mono::from_ms(1_000_000), wall: at().plus_ms(-2_000) };
    let producer = settings.producer;
    let mut keeper = Keeper::new(settings, start, Ok(None));
    let producers = ["otherone", "eosstorebest", "othertwo"];
    let schedule =
        Schedule { version: 1, producers: producers.map(|name| name.parse().unwrap()).to_vec() };
    keeper.record(start, &Event::Schedule(Ok(schedule)));
    keeper.record(start, &Event::Paused(Ok(false)));
    for step in 0..=2 {
        let now = start.plus_ms(step * 1_000);
        let info = ChainInfo {
            chain_id: Some("aca376f206b8fc25".repeat(4)),
            head: 181_223_342 + step as u32,
            head_id: "0acd3f3e".repeat(8),
            head_time: now.wall,
            head_producer: producer,
            lib: 181_223_011,
            lib_id: Some("0acd3df3".repeat(8)),
            version: Some("v1.2.2".to_owned()),
        };
        keeper.record(now, &Event::Info(Ok(info)));
        keeper.tick(now);
    }
    let mut status = keeper.status(start.plus_ms(2_000));
    status.producer.last_block = Some(LastBlock {
        number: 181_223_340,
        time: at().plus_ms(-3_000),
        via: Via::Produced,
        seen_ago_ms: 3_000,
    });
    status
}
