//! What of CloudWatch is only arithmetic: the statistics, their bounds, which alarms are wanted,
//! and what all of it costs.

#[allow(dead_code, reason = "nothing is asked here")]
use crate::cloudwatch_support as support;

use aws_sdk_cloudwatch::types::{Dimension, MetricAlarm};
use eoskeeper::actions::cloudwatch::aggregator::{
    Aggregator, Batch, DATA_MAX, Datum, KEPT_MS, Statistic,
};
use eoskeeper::actions::cloudwatch::alarms::{self, MARK, Wanted, differences, is_ours, wanted};
use eoskeeper::actions::cloudwatch::cost::Cost;
use eoskeeper::actions::cloudwatch::metric::{Metric, Reader, Values};
use eoskeeper::actions::cloudwatch::standing::{Counts, Standing};
use eoskeeper::actions::cloudwatch::{Plan, Resolution, Selection};
use eoskeeper::core::action::Severity;
use eoskeeper::core::entitlement::Position;
use eoskeeper::core::evidence::own::Via;
use eoskeeper::core::evidence::references::Standing as ReferenceStanding;
use eoskeeper::core::evidence::turns::TurnRecord;
use eoskeeper::core::sample::{DiskSample, HostSample};
use eoskeeper::core::status::{LastBlock, ReferenceStatus, Status};
use eoskeeper::core::time::Timestamp;
use std::time::Duration;
use support::{plan, status};

/// A full minute, in milliseconds.
const MINUTE: i64 = 60_000;
/// The beginning of one.
const T: i64 = 29_916_666 * MINUTE;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(T + ms)
}

/// Values with a heartbeat, and one of them as given.
fn values(metric: Metric, value: f64) -> Values {
    let mut values: Values = Default::default();
    values[metric as usize] = Some(value);
    values[Metric::Heartbeat as usize] = Some(1.0);
    values
}

fn all(aggregator: &mut Aggregator) -> Vec<Datum> {
    let mut data = Vec::new();
    while let Some(batch) = aggregator.take() {
        data.splice(0..0, batch.data());
    }
    data
}

/// Data of one metric: its minute or second after [`T`], count, sum, least and greatest.
fn of(data: &[Datum], metric: Metric) -> Vec<(i64, u32, f64, f64, f64)> {
    let shown = |datum: &Datum| {
        let Statistic { count, sum, min, max } = datum.statistic;
        (datum.at.ms() - T, count, sum, min, max)
    };
    data.iter().filter(|datum| datum.metric == metric).map(shown).collect()
}

#[test]
fn the_metrics_stand_at_their_numbers() {
    for (number, metric) in Metric::ALL.into_iter().enumerate() {
        assert_eq!(metric as usize, number, "{}", metric.name());
    }
}

#[test]
fn samples_become_statistics_of_their_minute() {
    struct Case {
        name: &'static str,
        /// Time after [`T`] and value of each sample.
        samples: &'static [(i64, f64)],
        flush_at: i64,
        peers: &'static [(i64, u32, f64, f64, f64)],
    }
    for Case { name, samples, flush_at, peers } in [
        Case { name: "none", samples: &[], flush_at: 1, peers: &[] },
        Case {
            name: "one minute",
            samples: &[(0, 3.0), (1_000, 9.0), (59_000, 6.0)],
            flush_at: MINUTE + 700,
            peers: &[(0, 3, 18.0, 3.0, 9.0)],
        },
        Case {
            name: "two minutes in one request",
            samples: &[(59_000, 3.0), (60_000, 5.0)],
            flush_at: 61_000,
            peers: &[(0, 1, 3.0, 3.0, 3.0), (MINUTE, 1, 5.0, 5.0, 5.0)],
        },
        Case {
            name: "two looks in one second are one sample",
            samples: &[(0, 3.0), (120, 100.0), (1_000, 5.0)],
            flush_at: 2_000,
            peers: &[(0, 2, 8.0, 3.0, 5.0)],
        },
        Case {
            name: "a clock that goes back is taken as it is",
            samples: &[(60_000, 3.0), (0, 5.0)],
            flush_at: 1_000,
            peers: &[(0, 1, 5.0, 5.0, 5.0), (MINUTE, 1, 3.0, 3.0, 3.0)],
        },
        Case {
            name: "what is no number is none",
            samples: &[(0, f64::NAN), (1_000, f64::INFINITY), (2_000, 4.0)],
            flush_at: 3_000,
            peers: &[(0, 1, 4.0, 4.0, 4.0)],
        },
    ] {
        let mut aggregator = Aggregator::new(Resolution::Minute, Selection::All);
        for (ms, value) in samples {
            aggregator.observe(at(*ms), &values(Metric::Peers, *value), None);
        }
        aggregator.flush(at(flush_at));
        assert_eq!(of(&all(&mut aggregator), Metric::Peers), peers, "{name}");
    }
}

#[test]
fn parts_of_a_minute_that_were_not_sent_add_up() {
    let mut aggregator = Aggregator::new(Resolution::Minute, Selection::All);
    let mut failed = Vec::new();
    for second in 0..30 {
        aggregator.observe(at(second * 1_000), &values(Metric::Peers, second as f64), None);
        aggregator.flush(at(second * 1_000));
        failed.extend(aggregator.take());
    }
    assert_eq!(failed.len(), 30);
    for batch in failed {
        aggregator.give_back(batch);
    }
    let data = all(&mut aggregator);
    assert_eq!(of(&data, Metric::Peers), [(0, 30, 435.0, 0.0, 29.0)]);
    assert_eq!(of(&data, Metric::Heartbeat), [(0, 30, 30.0, 1.0, 1.0)]);
}

#[test]
fn incidents_are_the_number_at_the_end_of_a_minute() {
    let told = |page, warn| Some(Counts { page, warn });
    let mut aggregator = Aggregator::new(Resolution::Minute, Selection::All);
    for (ms, standing) in [
        (0, told(1, 0)),
        (30_000, told(1, 2)),
        (59_000, told(0, 2)),
        // Nothing is said of the next minute before it is over.
        (60_000, told(5, 0)),
    ] {
        aggregator.observe(at(ms), &values(Metric::Peers, 1.0), standing);
    }
    aggregator.flush(at(90_000));
    let data = all(&mut aggregator);
    assert_eq!(of(&data, Metric::IncidentsPage), [(0, 1, 0.0, 0.0, 0.0)]);
    assert_eq!(of(&data, Metric::IncidentsWarn), [(0, 1, 2.0, 2.0, 2.0)]);
    aggregator.flush(at(2 * MINUTE));
    assert_eq!(of(&all(&mut aggregator), Metric::IncidentsPage), [(MINUTE, 1, 5.0, 5.0, 5.0)]);
}

#[test]
fn incidents_that_are_not_known_are_not_told() {
    let mut aggregator = Aggregator::new(Resolution::Minute, Selection::All);
    aggregator.observe(at(0), &values(Metric::Peers, 1.0), None);
    aggregator.flush(at(2 * MINUTE));
    let data = all(&mut aggregator);
    assert_eq!(of(&data, Metric::IncidentsPage), []);
    assert_eq!(of(&data, Metric::Heartbeat).len(), 1);
}

#[test]
fn what_the_selection_leaves_out_is_not_sent() {
    let mut aggregator = Aggregator::new(Resolution::Minute, Selection::Alarms);
    aggregator.observe(at(0), &values(Metric::Peers, 1.0), Some(Counts::default()));
    aggregator.flush(at(MINUTE));
    let sent: Vec<Metric> = all(&mut aggregator).iter().map(|datum| datum.metric).collect();
    assert_eq!(sent, [Metric::Heartbeat, Metric::IncidentsPage, Metric::IncidentsWarn]);
}

#[test]
fn a_second_is_a_datum_but_for_what_an_alarm_looks_at() {
    let mut aggregator = Aggregator::new(Resolution::Second, Selection::All);
    for second in 0..60 {
        let standing = Some(Counts::default());
        aggregator.observe(at(second * 1_000), &values(Metric::Peers, second as f64), standing);
    }
    aggregator.flush(at(MINUTE));
    let data = all(&mut aggregator);
    let peers = of(&data, Metric::Peers);
    assert_eq!((peers.len(), peers[7]), (60, (7_000, 1, 7.0, 7.0, 7.0)));
    assert_eq!(of(&data, Metric::Heartbeat), [(0, 60, 60.0, 1.0, 1.0)]);
    for datum in data {
        let is_fine = datum.metric == Metric::Peers;
        assert_eq!(datum.resolution == Resolution::Second, is_fine, "{datum:?}");
    }
}

#[test]
fn two_hours_are_kept_the_rest_is_counted_and_the_newest_go_first() {
    let mut full: Values = [Some(1.0); Metric::COUNT];
    full[Metric::IncidentsPage as usize] = None;
    full[Metric::IncidentsWarn as usize] = None;
    for (resolution, each_minute) in [(Resolution::Minute, 14), (Resolution::Second, 60 * 13 + 1)] {
        let mut aggregator = Aggregator::new(resolution, Selection::All);
        for second in 0..(3 * 3_600) {
            aggregator.observe(at(second * 1_000), &full, None);
        }
        aggregator.flush(at(3 * 60 * MINUTE));
        let most = (KEPT_MS / MINUTE) as usize * each_minute;
        let kept = aggregator.waiting();
        assert!(kept <= most && kept + each_minute > most - each_minute, "{kept} of {most}");
        let dropped = aggregator.take_dropped();
        assert_eq!(kept as u64 + dropped, 3 * 60 * each_minute as u64);
        assert_eq!(aggregator.take_dropped(), 0);

        let first = aggregator.take().unwrap();
        assert!((1..=DATA_MAX).contains(&first.len()), "{}", first.len());
        let newest = first.data().map(|datum| datum.at).max().unwrap();
        assert!(newest >= at((3 * 60 - 1) * MINUTE), "{newest}");
        let mut requests = 1;
        while let Some(batch) = aggregator.take() {
            assert!(batch.len() <= DATA_MAX);
            requests += 1;
        }
        assert!(requests >= kept.div_ceil(DATA_MAX), "{requests}");
    }
}

#[test]
fn an_empty_batch_is_none() {
    assert!(Batch::default().is_empty());
    assert_eq!(Aggregator::new(Resolution::Minute, Selection::All).take(), None);
}

fn reference(head: u32, standing: Option<ReferenceStanding>) -> ReferenceStatus {
    ReferenceStatus {
        name: "r".to_owned(),
        standing,
        head: Some(head),
        failure: None,
        lag_blocks: None,
    }
}

fn turn(minute: i64, seen: u16, complete: bool) -> TurnRecord {
    TurnRecord { start: at(minute * MINUTE), seen, produced_here: 0, complete }
}

#[test]
fn a_status_says_what_the_metrics_are() {
    type Change = fn(&mut Status);
    let cases: [(&str, Change, Metric, Option<f64>); 18] = [
        ("it lives", |_| (), Metric::Heartbeat, Some(1.0)),
        ("no head yet", |_| (), Metric::HeadBlock, None),
        ("head", |s| s.chain.head = Some(700), Metric::HeadBlock, Some(700.0)),
        ("lib", |s| s.chain.lib = Some(400), Metric::LibBlock, Some(400.0)),
        ("early block", |s| s.chain.head_age_ms = Some(-250), Metric::HeadAge, Some(-0.25)),
        ("no reference", |s| s.chain.head = Some(700), Metric::ReferenceLag, None),
        (
            "behind the lower of the middle two; the silent and the strangers are not asked",
            |s| {
                s.chain.head = Some(700);
                s.references = vec![
                    reference(900, Some(ReferenceStanding::Ahead)),
                    reference(703, Some(ReferenceStanding::Agrees)),
                    reference(1, Some(ReferenceStanding::Silent)),
                    reference(9, Some(ReferenceStanding::OtherChain)),
                    reference(2, None),
                ];
            },
            Metric::ReferenceLag,
            Some(3.0),
        ),
        (
            "before them",
            |s| {
                s.chain.head = Some(700);
                s.references = vec![reference(699, Some(ReferenceStanding::Behind))];
            },
            Metric::ReferenceLag,
            Some(-1.0),
        ),
        ("no block of ours", |_| (), Metric::OwnBlockAge, None),
        (
            "a block of ours",
            |s| {
                let time = s.at.plus_ms(-126_500);
                let via = Via::Produced;
                s.producer.last_block = Some(LastBlock { number: 1, time, via, seen_ago_ms: 9 });
            },
            Metric::OwnBlockAge,
            Some(126.5),
        ),
        ("rounds", |s| s.producer.missed_rounds = 2, Metric::MissedRounds, Some(2.0)),
        ("peers", |s| s.node.peers = Some(12), Metric::Peers, Some(12.0)),
        ("no host", |_| (), Metric::CpuUsed, None),
        (
            "processors",
            |s| s.host = Some(HostSample { cpu_permille: Some(815), ..HostSample::default() }),
            Metric::CpuUsed,
            Some(81.5),
        ),
        ("no swap", |s| s.host = Some(HostSample::default()), Metric::SwapUsed, None),
        (
            "the fullest disk",
            |s| {
                let disk = |used_permille| DiskSample {
                    name: "data".to_owned(),
                    used_permille,
                    free_bytes: 1,
                };
                let disks = vec![disk(120), disk(910), disk(30)];
                s.host = Some(HostSample { disks, ..HostSample::default() });
            },
            Metric::DiskUsed,
            Some(91.0),
        ),
        ("a standby", |s| s.promotion.position = Position::Standby, Metric::Producing, Some(0.0)),
        (
            "it signs by right",
            |s| s.promotion.position = Position::Active,
            Metric::Producing,
            Some(1.0),
        ),
    ];
    for (name, change, metric, expected) in cases {
        let mut status = status(at(0));
        change(&mut status);
        let values = Reader::default().read(&status);
        assert_eq!(values[metric as usize], expected, "{name}");
        assert_eq!(values[Metric::IncidentsPage as usize], None, "people are told by other ways");
    }
}

#[test]
fn a_missed_slot_is_counted_once() {
    let mut reader = Reader::default();
    let mut missed = |turns: Vec<TurnRecord>| {
        let mut status = status(at(0));
        status.producer.turns = turns;
        reader.read(&status)[Metric::MissedSlots as usize].unwrap()
    };
    let (met, lost, half) = (0xfff, 0, 0x03f);
    assert_eq!(missed(vec![]), 0.0, "nothing known yet");
    assert_eq!(missed(vec![turn(1, met, true)]), 0.0, "all met");
    assert_eq!(missed(vec![turn(1, met, true), turn(3, lost, true)]), 12.0, "a turn lost");
    assert_eq!(missed(vec![turn(1, met, true), turn(3, lost, true)]), 0.0, "counted already");
    assert_eq!(missed(vec![turn(3, lost, true), turn(5, half, true)]), 6.0, "half of one");
    assert_eq!(missed(vec![turn(5, half, true), turn(7, lost, false)]), 0.0, "not seen whole");
    assert_eq!(missed(vec![]), 0.0, "evidence that was torn");
    assert_eq!(missed(vec![turn(5, half, true)]), 0.0, "and came back");
}

#[test]
fn what_stands_is_counted_by_its_last_severity() {
    let standing = Standing::default();
    assert_eq!(standing.counts(), None, "not known after a start");
    standing.restore([
        ("1".to_owned(), Severity::Page),
        ("2".to_owned(), Severity::Warn),
        ("3".to_owned(), Severity::Info),
    ]);
    assert_eq!(standing.counts(), Some(Counts { page: 1, warn: 1 }));
    let none = Standing::default();
    none.restore([]);
    assert_eq!(none.counts(), Some(Counts::default()), "nothing stood");
    let many = Standing::default();
    many.restore((0..5_000).map(|number| (format!("{number:05}"), Severity::Page)));
    assert_eq!(many.counts(), Some(Counts { page: 1_000, warn: 0 }), "bounded");
}

/// An alarm as AWS shows one that was made as wanted.
fn made(wanted: &Wanted) -> MetricAlarm {
    let dimension =
        |(name, value): &(&str, String)| Dimension::builder().name(*name).value(value).build();
    MetricAlarm::builder()
        .alarm_name(&wanted.name)
        .alarm_description(&wanted.description)
        .namespace(&wanted.namespace)
        .metric_name(wanted.metric.name())
        .set_dimensions(Some(wanted.dimensions.iter().rev().map(dimension).collect()))
        .statistic(wanted.statistic.clone())
        .comparison_operator(wanted.comparison.clone())
        .threshold(wanted.threshold)
        .period(60)
        .evaluation_periods(wanted.minutes)
        .treat_missing_data(wanted.missing)
        .set_alarm_actions(Some(wanted.actions.clone()))
        .set_ok_actions(Some(wanted.actions.clone()))
        .build()
}

#[test]
fn the_alarms_are_one_for_each_severity_and_the_dead_man() {
    let alarms = wanted(&plan("eoskeeper"));
    let shown: Vec<_> = alarms
        .iter()
        .map(|alarm| (alarm.name.as_str(), alarm.metric.name(), alarm.minutes, alarm.missing))
        .collect();
    assert_eq!(
        shown,
        [
            ("eoskeeper/eos/eosstorebest/a/page", "IncidentsPage", 1, "ignore"),
            ("eoskeeper/eos/eosstorebest/a/warn", "IncidentsWarn", 1, "ignore"),
            ("eoskeeper/eos/eosstorebest/a/dead-man", "Heartbeat", 3, "breaching"),
        ]
    );
    for alarm in &alarms {
        assert!(alarm.name.starts_with(&alarms::name_prefix(&plan("eoskeeper"))));
        assert!(alarm.description.starts_with(MARK), "{}", alarm.description);
        assert!(alarm.description.chars().count() <= 1_024, "AWS takes no more");
        assert!(alarm.metric.has_alarm(), "it is always sent");
    }
    // A dead host is a page.
    assert_eq!(alarms[2].actions, alarms[0].actions);
}

#[test]
fn an_alarm_differs_in_what_was_changed() {
    type Change = fn(&mut Plan);
    for (name, change, fields) in [
        ("nothing", (|_| ()) as Change, &[] as &[&str]),
        ("role", |plan| plan.role = eoskeeper::core::settings::Role::FirstStandby, &["Dimensions"]),
        (
            "minutes",
            |plan| plan.dead_man_minutes = 5,
            &["AlarmDescription", "EvaluationPeriods", "DatapointsToAlarm"],
        ),
        ("actions", |plan| plan.page_actions.clear(), &["AlarmActions", "OKActions"]),
        ("namespace", |plan| plan.namespace = "other".to_owned(), &["Namespace"]),
    ] {
        let there = made(&wanted(&plan("eoskeeper"))[2]);
        assert!(is_ours(&there));
        let mut plan = plan("eoskeeper");
        change(&mut plan);
        let mut found = differences(&wanted(&plan)[2], &there);
        // Without it AWS takes the number of periods, whatever that is.
        if name == "minutes" {
            assert!(!found.contains(&"DatapointsToAlarm"));
            found.push("DatapointsToAlarm");
        }
        assert_eq!(found, fields, "{name}");
    }
    assert!(!is_ours(&MetricAlarm::builder().alarm_description("mine").build()));
    assert!(!is_ours(&MetricAlarm::builder().build()));
}

#[test]
fn the_order_of_actions_is_none_of_their_difference() {
    let mut plan = plan("eoskeeper");
    plan.page_actions = vec!["arn:aws:sns:x:1:a".to_owned(), "arn:aws:sns:x:1:b".to_owned()];
    let there = made(&wanted(&plan)[0]);
    plan.page_actions.reverse();
    assert_eq!(differences(&wanted(&plan)[0], &there), [""; 0]);
}

#[test]
fn a_month_costs_what_is_sent() {
    let plan = |resolution, selection, seconds| Plan {
        resolution,
        selection,
        interval: Duration::from_secs(seconds),
        ..plan("eoskeeper")
    };
    for (name, plan, metrics, requests, cents) in [
        ("default", plan(Resolution::Minute, Selection::All, 60), 16, 43_800, 554),
        ("the least", plan(Resolution::Minute, Selection::Alarms, 60), 3, 43_800, 164),
        ("every 10 s", plan(Resolution::Minute, Selection::All, 10), 16, 262_800, 773),
        ("seconds", plan(Resolution::Second, Selection::All, 60), 16, 87_600, 598),
        ("seconds, at once", plan(Resolution::Second, Selection::All, 1), 16, 2_628_000, 3_138),
    ] {
        assert_eq!(Cost::of(&plan, 3), Cost { metrics, alarms: 3, requests, cents }, "{name}");
    }
    let sentence = Cost::of(&plan(Resolution::Minute, Selection::All, 60), 3).sentence();
    assert!(sentence.starts_with("about $5.54 a month: 16 metrics, 3 alarms"), "{sentence}");
}
