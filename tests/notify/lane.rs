//! A channel's lane: order, tries, and what becomes of messages that are too old.

use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::lane::{Failed, LANE_MAX, Lane, Next, Parcel};
use eoskeeper::core::alarm::language::Language;
use eoskeeper::core::alarm::message::{Message, MessageKind};
use eoskeeper::core::alarm::wording::{Circumstances, Speaker};
use eoskeeper::core::settings::Role;
use eoskeeper::core::time::Timestamp;

const HOUR_MS: u64 = 3_600_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_ms(1_795_229_317_000 + second * 1_000)
}

fn parcel(id: i64, second: i64, incident: &str, kind: MessageKind) -> Parcel {
    let speaker = Speaker {
        node: "a".to_owned(),
        role: Role::Active,
        producer: "eosstorebest".parse().unwrap(),
        language: Language::English,
    };
    let message = Message {
        id: format!("{incident}#{id}"),
        incident: incident.to_owned(),
        title: format!("{incident} is the matter."),
        ended: (kind == MessageKind::Resolved).then(|| at(second)),
        ..speaker.bare(kind, Severity::Page, at(second), &Circumstances::default())
    };
    Parcel { id, queued: at(second), message }
}

/// Delivers everything that can be delivered now; the numbers.
fn deliver_all(lane: &mut Lane, now: Timestamp) -> Vec<i64> {
    let mut sent = Vec::new();
    while let Next::Send(parcel) = lane.next(now) {
        sent.push(parcel.id);
        lane.delivered();
    }
    sent
}

#[test]
fn what_waits_is_delivered_in_order_and_once() {
    let mut lane = Lane::new(vec![parcel(1, 0, "x", MessageKind::Raised)]);
    lane.push(parcel(2, 5, "x", MessageKind::Resolved));
    lane.failed(at(6), "no connection", None);
    assert_eq!(lane.next(at(6)), Next::Wait(5_000));
    assert_eq!(lane.failing().map(|f| f.0), Some(at(6)));
    lane.push(parcel(3, 8, "y", MessageKind::Raised));
    assert_eq!(deliver_all(&mut lane, at(11)), [1, 2, 3]);
    assert_eq!((lane.next(at(12)), lane.failing()), (Next::Nothing, None));
}

#[test]
fn tries_are_further_and_further_apart_and_a_service_is_obeyed() {
    let mut lane = Lane::new(vec![parcel(1, 0, "x", MessageKind::Raised)]);
    let mut gaps = Vec::new();
    for _ in 0..9 {
        lane.failed(at(0), "busy", None);
        let Next::Wait(ms) = lane.next(at(0)) else { panic!("it waits") };
        gaps.push(ms / 1_000);
    }
    assert_eq!(gaps, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
    for (name, wish_ms, expected) in
        [("a minute", 60_000, 60_000), ("a day is an hour", 24 * HOUR_MS, HOUR_MS), ("none", 0, 0)]
    {
        lane.failed(at(0), "429", Some(wish_ms));
        let wait = match lane.next(at(0)) {
            Next::Wait(ms) => ms,
            _ => 0,
        };
        assert_eq!(wait, expected, "{name}");
    }
    lane.failed(at(0), "busy", Some(HOUR_MS));
    assert!(matches!(lane.next(at(-100_000)), Next::Send(_)), "the clock was set back a day");
}

#[test]
fn a_refused_message_is_given_up_after_three_tries_and_the_next_one_goes() {
    let mut lane = Lane::new(vec![
        parcel(1, 0, "x", MessageKind::Raised),
        parcel(2, 0, "y", MessageKind::Raised),
    ]);
    assert_eq!(lane.refused(at(0), "400"), Failed::Again);
    assert_eq!(lane.next(at(0)), Next::Wait(60_000));
    assert_eq!(lane.refused(at(60), "400"), Failed::Again);
    let Failed::GivenUp(parcel) = lane.refused(at(120), "400") else { panic!("given up") };
    assert_eq!(parcel.id, 1);
    assert_eq!(deliver_all(&mut lane, at(121)), [2]);
}

#[test]
fn what_is_too_old_is_summed_up_but_for_what_still_stands() {
    let mut lane = Lane::new(vec![
        parcel(1, 0, "x", MessageKind::Raised),
        parcel(2, 10, "x", MessageKind::Resolved),
        parcel(3, 20, "y", MessageKind::Raised),
        parcel(4, 30, "y", MessageKind::Reminder),
        parcel(5, 40, "", MessageKind::Told),
        parcel(6, 20_000, "z", MessageKind::Raised),
    ]);
    assert_eq!(lane.expire(at(100), 4 * HOUR_MS), None, "nothing is old");
    let expired = lane.expire(at(20_000), 4 * HOUR_MS).unwrap();
    assert_eq!(expired.removed, [1, 2, 3, 5], "4 says how y stands");
    let summary = &expired.summary;
    assert_eq!(summary.kind, MessageKind::Summary);
    assert!(summary.title.contains("missed 4 messages about 2 incidents"), "{}", summary.title);
    assert!(summary.proof.iter().any(|line| line.contains("x is the matter. (over at")));
    lane.push_front(Parcel { id: 1, queued: at(20_000), message: summary.clone() });
    assert_eq!(deliver_all(&mut lane, at(20_000)), [1, 4, 6]);
}

#[test]
fn a_lane_is_bounded() {
    let mut lane = Lane::default();
    let count = i64::try_from(LANE_MAX).unwrap() + 1;
    for id in 0..count {
        lane.push(parcel(id, 0, &format!("i{}", id / 2), MessageKind::Resolved));
    }
    let expired = lane.expire(at(1), HOUR_MS).unwrap();
    assert_eq!(expired.removed.len(), LANE_MAX / 2 + 1);
    assert_eq!(lane.len(), LANE_MAX / 2);
    assert!(expired.summary.proof.last().unwrap().contains("more"), "{:?}", expired.summary.proof);
    assert!(expired.summary.proof.len() <= 12);
}
