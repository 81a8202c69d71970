//! The pipeline of the alarms: what is told, when, and what is not.

use eoskeeper::core::action::{Maintenance, Notice, NoticeKind, Severity};
use eoskeeper::core::alarm::desk::{Desk, Kept, Output, Seen};
use eoskeeper::core::alarm::hours::{Hours, Window};
use eoskeeper::core::alarm::language::Language;
use eoskeeper::core::alarm::message::{Message, MessageKind, PROOF_MAX};
use eoskeeper::core::alarm::neighbours::Neighbours;
use eoskeeper::core::alarm::settings::AlarmSettings;
use eoskeeper::core::alarm::signal::Signal;
use eoskeeper::core::alarm::silence::Silence;
use eoskeeper::core::alarm::wording::{Circumstances, Speaker};
use eoskeeper::core::rules::{Rule, State};
use eoskeeper::core::settings::Role;
use eoskeeper::core::time::Timestamp;

const START_MS: i64 = 1_795_229_317_000;

fn speaker() -> Speaker {
    Speaker {
        node: "tokyo-1".to_owned(),
        role: Role::FirstStandby,
        producer: "eosstorebest".parse().unwrap(),
        language: Language::English,
    }
}

/// A rule's signal with its own severity.
fn rule(name: &str, state: State) -> Signal {
    let rule = *Rule::ALL.iter().find(|rule| rule.as_str() == name).unwrap();
    Signal {
        cause: name.to_owned(),
        subject: String::new(),
        state,
        severity: rule.severity(),
        meaning: rule.meaning().to_owned(),
        saw: format!("{name} was seen"),
        next_step: rule.next_step().to_owned(),
    }
}

fn member(name: &str, state: State) -> Signal {
    Signal {
        cause: "member_offline".to_owned(),
        subject: name.to_owned(),
        state,
        severity: Severity::Page,
        meaning: format!("The keeper {name} says nothing any more."),
        saw: "silent for 10 min".to_owned(),
        next_step: "See whether its host lives.".to_owned(),
    }
}

/// A desk, and what it said so far: second, kind and cause.
struct Story {
    desk: Desk,
    said: Vec<(i64, MessageKind, String)>,
    messages: Vec<Message>,
    remembered: Vec<String>,
    maintenance: Option<Maintenance>,
    neighbours: Option<Neighbours>,
}

impl Story {
    fn new(settings: AlarmSettings) -> Self {
        Self {
            desk: Desk::new(settings, speaker(), Kept::default()),
            said: Vec::new(),
            messages: Vec::new(),
            remembered: Vec::new(),
            maintenance: None,
            neighbours: None,
        }
    }

    fn at(&mut self, second: i64, signals: &[Signal], told: &[Notice]) {
        let seen = Seen {
            signals,
            told,
            neighbours: self.neighbours.as_ref(),
            around: Circumstances {
                chain_id: Some("aca376f2"),
                maintenance: self.maintenance.as_ref(),
                dry_run: false,
            },
        };
        for output in self.desk.update(Timestamp::from_ms(START_MS + second * 1_000), &seen) {
            match output {
                Output::Tell(message) => {
                    self.said.push((second, message.kind, message.cause.clone()));
                    self.messages.push(message);
                }
                Output::Remember(incident) => self.remembered.push(incident.id),
            }
        }
    }

    /// The same signals for each second.
    fn during(&mut self, seconds: std::ops::Range<i64>, signals: &[Signal]) {
        for second in seconds {
            self.at(second, signals, &[]);
        }
    }

    fn said(&self) -> Vec<(i64, MessageKind, &str)> {
        self.said.iter().map(|(at, kind, cause)| (*at, *kind, cause.as_str())).collect()
    }
}

use MessageKind::{Changed, Raised, Reminder, Resolved, Told};
use State::{Fine, Firing, Unknown};

#[test]
fn a_page_is_told_at_once_reminded_of_and_ended_once() {
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..700, &[rule("api_down", Firing)]);
    story.during(700..900, &[rule("api_down", Fine)]);
    let expected = [
        (0, Raised, "api_down"),
        (60, Reminder, "api_down"),
        (600, Reminder, "api_down"),
        (759, Resolved, "api_down"),
    ];
    assert_eq!(story.said(), expected);
    let ids: Vec<_> = story.messages.iter().map(|m| m.id.as_str()).collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "{ids:?}");
    let last = &story.messages[3];
    assert_eq!(last.ended.map(|at| at.ms() - START_MS), Some(699_000), "when it stopped");
    assert!(last.title.contains("It lasted 11 min 39 s"), "{}", last.title);
    assert_eq!(last.next_step, "");
}

#[test]
fn a_warning_waits_for_what_explains_it() {
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..12, &[rule("peers_low", Firing)]);
    assert_eq!(story.said(), [(10, Raised, "peers_low")]);

    let mut story = Story::new(AlarmSettings::default());
    story.during(0..5, &[rule("peers_low", Firing)]);
    story.during(5..9, &[rule("peers_low", Fine)]);
    story.during(9..90, &[rule("peers_low", Fine)]);
    assert_eq!(story.said(), [], "it was over before anybody was told");
    assert!(!story.remembered.is_empty(), "and it is remembered");
}

#[test]
fn a_dead_node_is_one_incident_and_not_eight() {
    let dead = |state| {
        [
            "head_stalled",
            "lib_stalled",
            "log_silent",
            "no_block_received",
            "peers_low",
            "log_few_producers",
            "behind_references",
            "api_down",
        ]
        .map(|name| rule(name, state))
    };
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..30, &dead(Firing));
    story.during(30..120, &dead(Fine));
    assert_eq!(story.said(), [(0, Raised, "api_down"), (89, Resolved, "api_down")]);
    assert_eq!(story.messages[0].proof.len(), 8);
    assert_eq!(story.messages[0].proof[0], "api_down was seen");
}

#[test]
fn a_cause_that_is_seen_later_takes_the_lead_without_a_second_page() {
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..20, &[rule("head_stalled", Firing), rule("api_down", Fine)]);
    story.during(20..70, &[rule("head_stalled", Unknown), rule("api_down", Firing)]);
    assert_eq!(story.said(), [(0, Raised, "head_stalled"), (60, Changed, "api_down")]);
    let incidents = story.messages.iter().map(|m| m.incident.as_str());
    let incidents: std::collections::BTreeSet<_> = incidents.collect();
    assert_eq!(incidents.len(), 1, "{incidents:?}");
}

#[test]
fn an_incident_that_turns_out_to_be_part_of_another_ends_as_that() {
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..1, &[rule("unlinkable", Firing)]);
    story.during(1..15, &[rule("unlinkable", Firing), rule("alone", Firing)]);
    assert_eq!(story.desk.incidents().len(), 2);
    let all = ["unlinkable", "alone", "forked_from_references"].map(|name| rule(name, Firing));
    story.during(15..20, &all);
    assert_eq!(story.desk.incidents().len(), 1);
    let ended: Vec<_> = story.messages.iter().filter(|m| m.kind == Resolved).collect();
    assert_eq!(ended.len(), 1);
    assert!(ended[0].marks[0].contains("part of incident"), "{:?}", ended[0].marks);
}

#[test]
fn not_knowing_is_no_end_and_what_flickers_is_one() {
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..10, &[rule("behind_references", Firing)]);
    story.during(10..50, &[rule("behind_references", Unknown)]);
    for second in 50..400 {
        let state = if second % 40 < 20 { Firing } else { Fine };
        story.at(second, &[rule("behind_references", state)], &[]);
    }
    assert_eq!(
        story.said(),
        [(0, Raised, "behind_references"), (80, Reminder, "behind_references")]
    );
}

#[test]
fn what_comes_again_and_again_does_not_page_each_time() {
    // A second of trouble every 70 s, for four hours.
    let mut story = Story::new(AlarmSettings { escalate_ms: vec![], ..AlarmSettings::default() });
    for second in 0..4 * 3_600 {
        let state = if second % 70 == 0 { Firing } else { Fine };
        story.at(second, &[rule("api_down", state)], &[]);
        if second == 3_600 {
            story.desk = Desk::new(AlarmSettings::default(), speaker(), story.desk.kept());
        }
    }
    let raised = story.said.iter().filter(|(_, kind, _)| *kind == Raised).count();
    assert_eq!(raised, 3, "{:?}", story.said);
    // An hour after its end it is forgotten, and ends after a minute again.
    let mut story = Story::new(AlarmSettings::default());
    for (begin, end) in [(0, 100), (100, 200), (200, 400), (4_000, 4_100)] {
        story.during(begin..begin + 1, &[rule("api_down", Firing)]);
        story.during(begin + 1..end, &[rule("api_down", Fine)]);
    }
    let ended: Vec<_> =
        story.said.iter().filter(|(_, kind, _)| *kind == Resolved).map(|(at, ..)| *at).collect();
    assert_eq!(ended, [60, 160, 320, 4_060], "{:?}", story.said);
}

#[test]
fn a_warning_that_outlives_a_page_is_an_incident_of_its_own() {
    let mut story = Story::new(AlarmSettings::default());
    let both = |page, warn| [rule("api_down", page), rule("log_few_producers", warn)];
    story.during(0..5, &both(Firing, Fine));
    story.during(5..20, &both(Firing, Firing));
    story.during(20..120, &both(Fine, Firing));
    assert_eq!(
        story.said(),
        [(0, Raised, "api_down"), (79, Resolved, "api_down"), (90, Raised, "log_few_producers"),],
        "seen on a real network: a page stood for a warning"
    );
    assert_eq!(story.messages[2].severity, Severity::Warn);
}

#[test]
fn a_node_that_was_started_again_does_not_page_for_its_first_slot() {
    let mut story = Story::new(AlarmSettings::default());
    let both = |api, skipped| [rule("api_down", api), rule("production_skipped", skipped)];
    story.during(0..20, &both(Firing, Fine));
    story.at(20, &both(Fine, Firing), &[]);
    story.during(21..120, &both(Fine, Fine));
    assert_eq!(story.said(), [(0, Raised, "api_down"), (80, Resolved, "api_down")]);
}

#[test]
fn what_is_silenced_is_recorded_and_told_when_the_silence_ends() {
    let silence = |cause: Option<&str>| Silence {
        since: Timestamp::from_ms(START_MS),
        until: Timestamp::from_ms(START_MS + 300_000),
        cause: cause.map(str::to_owned),
        by: "anna".to_owned(),
        reason: "new switch".to_owned(),
    };
    for (name, cause, expected) in [
        ("its cause", Some("api_down"), vec![(300, Raised, "api_down")]),
        ("every cause", None, vec![(300, Raised, "api_down")]),
        ("another", Some("peers_low"), vec![(0, Raised, "api_down"), (60, Reminder, "api_down")]),
    ] {
        let mut story = Story::new(AlarmSettings::default());
        assert!(story.desk.silence(silence(cause)));
        story.during(0..310, &[rule("api_down", Firing)]);
        assert_eq!(story.said(), expected, "{name}");
    }
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..5, &[rule("api_down", Firing)]);
    story.desk.silence(silence(None));
    story.during(5..200, &[rule("api_down", Fine)]);
    assert_eq!(story.said().last().map(|s| s.1), Some(Resolved), "the end closes the story");
}

#[test]
fn a_warning_that_becomes_a_page_is_told_at_once() {
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..15, &[rule("peers_low", Firing)]);
    let both = [rule("peers_low", Firing), rule("head_stalled", Firing)];
    story.during(15..30, &both);
    assert_eq!(story.said(), [(10, Raised, "peers_low"), (15, Changed, "peers_low")]);
    assert_eq!(story.messages[1].severity, Severity::Page);
}

#[test]
fn the_silence_of_a_warning_does_not_hide_the_page_that_joins_it() {
    let silence = |cause: &str| Silence {
        since: Timestamp::from_ms(START_MS),
        until: Timestamp::from_ms(START_MS + 300_000),
        cause: Some(cause.to_owned()),
        by: "anna".to_owned(),
        reason: "two peers moved".to_owned(),
    };
    let both = [rule("peers_low", Firing), rule("head_stalled", Firing)];
    for (name, silenced, expected) in [
        ("the warning's", &["peers_low"][..], vec![(15, Raised, "peers_low")]),
        ("both", &["peers_low", "head_stalled"], vec![]),
        (
            "the page's: its cause is told, which is not silenced",
            &["head_stalled"],
            vec![(10, Raised, "peers_low"), (15, Changed, "peers_low")],
        ),
    ] {
        let mut story = Story::new(AlarmSettings::default());
        for cause in silenced {
            assert!(story.desk.silence(silence(cause)));
        }
        story.during(0..15, &[rule("peers_low", Firing)]);
        story.during(15..30, &both);
        assert_eq!(story.said(), expected, "{name}");
    }
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_back() {
    let hour = 3_600;
    // A warning is told after its wait on the new clock.
    let mut story = Story::new(AlarmSettings::default());
    story.during(hour..hour + 5, &[rule("peers_low", Firing)]);
    story.during(0..20, &[rule("peers_low", Firing)]);
    assert_eq!(story.said(), [(10, Raised, "peers_low")]);
    // What is over ends, and what goes on is reminded of.
    let mut story = Story::new(AlarmSettings::default());
    story.during(hour..hour + 5, &[rule("api_down", Firing)]);
    story.during(0..5, &[rule("api_down", Fine)]);
    story.during(5..90, &[rule("api_down", Fine)]);
    assert_eq!(story.said(), [(hour, Raised, "api_down"), (60, Resolved, "api_down")]);
    let mut story = Story::new(AlarmSettings::default());
    story.during(hour..hour + 5, &[rule("api_down", Firing)]);
    story.during(0..65, &[rule("api_down", Firing)]);
    assert_eq!(story.said(), [(hour, Raised, "api_down"), (60, Reminder, "api_down")]);
}

#[test]
fn ignored_hours_hold_back_everything_but_two_signers() {
    let settings = AlarmSettings {
        // All week.
        ignore_hours: Hours {
            windows: vec![Window { from: 0, minutes: 10_080 }],
            ..Hours::default()
        },
        ..AlarmSettings::default()
    };
    for (name, expected) in [
        ("api_down", vec![]),
        ("duplicate_production", vec![(0, Raised, "duplicate_production")]),
        ("standby_unpaused", vec![(0, Raised, "standby_unpaused")]),
    ] {
        let mut story = Story::new(settings.clone());
        story.during(0..30, &[rule(name, Firing)]);
        assert_eq!(story.said(), expected, "{name}");
        assert_eq!(story.desk.incidents().len(), 1, "{name} is recorded");
    }
}

#[test]
fn our_silence_is_a_warning_where_our_neighbours_are_silent_too() {
    let names = ["aaa", "bbb"].map(|n| n.parse().unwrap());
    for (name, missing, severity, words) in [
        ("both miss", names.to_vec(), Severity::Warn, "miss too"),
        ("one misses", vec![names[0]], Severity::Page, "the other signs"),
        ("only we", vec![], Severity::Page, "Only we miss"),
    ] {
        let mut story = Story::new(AlarmSettings::default());
        story.neighbours = Some(Neighbours { names: names.to_vec(), missing });
        story.during(0..20, &[rule("producer_missing", Firing)]);
        assert_eq!(story.messages[0].severity, severity, "{name}");
        assert!(
            story.messages[0].proof[0].contains(words),
            "{name}: {:?}",
            story.messages[0].proof
        );
    }
    let mut story = Story::new(AlarmSettings::default());
    story.neighbours = Some(Neighbours { names: names.to_vec(), missing: names.to_vec() });
    story.during(0..70, &[rule("producer_missing", Firing)]);
    story.neighbours = Some(Neighbours { names: names.to_vec(), missing: vec![] });
    story.during(70..130, &[rule("producer_missing", Firing)]);
    let changed = story.messages.iter().find(|m| m.kind == Changed).map(|m| m.severity);
    assert_eq!(changed, Some(Severity::Page), "they came back and we did not: {:?}", story.said);
}

#[test]
fn members_have_incidents_of_their_own_until_it_is_a_storm() {
    let all = |state| (0..20).map(|n| member(&format!("m{n}"), state)).collect::<Vec<_>>();
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..5, &all(Firing)[..2]);
    assert_eq!(story.said().len(), 2);
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..5, &all(Firing));
    assert_eq!(story.said().len(), 5, "{:?}", story.said());
    let last = story.desk.incidents().last().unwrap();
    assert_eq!(last.findings.len() + last.more as usize, 16);
    let many = (0..60).map(|n| member(&format!("m{n}"), Firing)).collect::<Vec<_>>();
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..1, &many);
    let remembered = story.remembered.len();
    story.during(1..50, &many);
    let last = story.desk.incidents().last().unwrap();
    assert_eq!(last.findings.len() + last.more as usize, 56, "each is counted once");
    assert_eq!(story.remembered.len(), remembered, "nothing changes, nothing is written");
    assert!(story.messages.iter().all(|m| m.proof.len() <= PROOF_MAX));
}

#[test]
fn a_member_nobody_lists_any_more_ends_its_incident() {
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..5, &[member("b", Firing)]);
    story.during(5..70, &[]);
    assert_eq!(story.said(), [(0, Raised, "member_offline:b"), (64, Resolved, "member_offline:b")]);
}

#[test]
fn maintenance_marks_and_silences_nothing() {
    let mut story = Story::new(AlarmSettings::default());
    story.maintenance = Some(Maintenance {
        since: Timestamp::from_ms(START_MS),
        until: Timestamp::from_ms(START_MS + 3_600_000),
        reason: "new disk".to_owned(),
    });
    story.during(0..2, &[rule("api_down", Firing)]);
    assert!(story.messages[0].marks[0].contains("new disk"), "{:?}", story.messages[0].marks);
}

#[test]
fn what_happened_is_told_once_and_belongs_to_the_incident() {
    let notice = Notice {
        key: "promoted".to_owned(),
        kind: NoticeKind::Told,
        severity: Severity::Warn,
        text: "This node was promoted.".to_owned(),
        next_step: "Find out why.".to_owned(),
        at: Timestamp::from_ms(START_MS + 3_000),
    };
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..3, &[rule("producer_missing", Firing)]);
    story.at(3, &[rule("producer_missing", Firing)], std::slice::from_ref(&notice));
    let (raised, told) = (&story.messages[0], &story.messages[1]);
    assert_eq!((told.kind, told.cause.as_str()), (Told, "promoted"));
    assert_eq!(told.incident, raised.incident);
    let edge = Notice { kind: NoticeKind::Raised, ..notice };
    story.at(4, &[rule("producer_missing", Firing)], &[edge]);
    assert_eq!(story.said().len(), 2, "a rule's own edge is the signal's business");
}

#[test]
fn a_disk_that_stays_full_is_told_of_each_hour_and_not_at_each_try() {
    let notice = |text: &str| Notice {
        key: "state_not_written".to_owned(),
        kind: NoticeKind::Told,
        severity: Severity::Page,
        text: text.to_owned(),
        next_step: "See df -h.".to_owned(),
        at: Timestamp::from_ms(START_MS),
    };
    let mut story = Story::new(AlarmSettings::default());
    for minute in 0..150 {
        let text = if minute == 30 { "Nothing was done: full." } else { "Not written: full." };
        story.at(minute * 60, &[], &[notice(text)]);
    }
    let told: Vec<_> = story.said.iter().map(|(at, ..)| at / 60).collect();
    assert_eq!(told, [0, 30, 31, 91], "other words are told at once");
}

#[test]
fn a_restart_tells_nothing_twice_and_forgets_nothing() {
    let mut story = Story::new(AlarmSettings::default());
    story.during(0..30, &[rule("api_down", Firing)]);
    let kept = story.desk.kept();
    let text = serde_json::to_string(&kept).unwrap();
    let kept: Kept = serde_json::from_str(&text).unwrap();
    story.desk = Desk::new(AlarmSettings::default(), speaker(), kept);
    // After the start nothing is known yet.
    story.during(40..45, &[rule("api_down", Unknown)]);
    story.during(45..65, &[rule("api_down", Firing)]);
    story.during(65..200, &[rule("api_down", Fine)]);
    assert_eq!(
        story.said(),
        [(0, Raised, "api_down"), (60, Reminder, "api_down"), (124, Resolved, "api_down")]
    );
    let tampered = r#"{"incidents":[],"silences":[{"since":0}]}"#;
    assert!(serde_json::from_str::<Kept>(tampered).is_err());
}

#[test]
fn every_rule_raises_one_incident_that_ends() {
    for name in Rule::ALL.iter().filter(|r| r.severity() > Severity::Info).map(|r| r.as_str()) {
        let mut story = Story::new(AlarmSettings::default());
        story.during(0..20, &[rule(name, Firing)]);
        story.during(20..100, &[rule(name, Fine)]);
        let kinds: Vec<_> = story.said.iter().map(|(_, kind, _)| *kind).collect();
        assert_eq!(kinds, [Raised, Resolved], "{name}");
        assert!(story.desk.incidents().is_empty(), "{name}");
    }
}

#[test]
fn people_are_told_in_their_language_and_what_was_seen_stays_as_it_was() {
    for (language, title, over) in [
        (Language::Chinese, "节点的 RPC", "持续了 1 分 4 秒。"),
        (Language::Russian, "RPC узла", "Это длилось 1 мин 4 с."),
    ] {
        let mut story = Story::new(AlarmSettings::default());
        let speaker = Speaker { language, ..speaker() };
        story.desk = Desk::new(AlarmSettings::default(), speaker, Kept::default());
        let notice = Notice {
            key: "promoted".to_owned(),
            kind: NoticeKind::Told,
            severity: Severity::Warn,
            text: "This node was promoted.".to_owned(),
            next_step: "Find out why.".to_owned(),
            at: Timestamp::from_ms(START_MS),
        };
        story.at(0, &[rule("api_down", Firing)], &[notice]);
        story.during(1..65, &[rule("api_down", Firing)]);
        story.during(65..130, &[rule("api_down", Fine)]);
        let [raised, told, .., resolved] = story.messages.as_slice() else { panic!("too few") };
        assert!(raised.title.starts_with(title), "{}", raised.title);
        assert_eq!(raised.proof, ["api_down was seen"]);
        assert_ne!(raised.next_step, Rule::ApiDown.next_step());
        assert_eq!(told.proof, ["This node was promoted."]);
        assert!(resolved.title.ends_with(over), "{}", resolved.title);
    }
}

#[test]
fn what_stands_beside_a_message_is_in_its_language_too() {
    let is_own = |language, text: &str| match language {
        Language::English => text.is_ascii(),
        Language::Chinese => text.contains(|c: char| ('\u{4e00}'..='\u{9fff}').contains(&c)),
        Language::Russian => text.contains(|c: char| ('\u{0400}'..='\u{04ff}').contains(&c)),
    };
    for language in Language::ALL {
        let mut story = Story::new(AlarmSettings::default());
        let speaker = Speaker { language, ..speaker() };
        story.desk = Desk::new(AlarmSettings::default(), speaker, Kept::default());
        story.maintenance = Some(Maintenance {
            since: Timestamp::from_ms(START_MS),
            until: Timestamp::from_ms(START_MS + 3_600_000),
            reason: "disk".to_owned(),
        });
        let names = ["aaa", "bbb"].map(|n| n.parse().unwrap());
        story.neighbours = Some(Neighbours { names: names.to_vec(), missing: vec![names[0]] });
        story.during(0..3, &[rule("producer_missing", Firing)]);
        let told = &story.messages[0];
        for text in [&told.title, &told.next_step, &told.proof[0], &told.marks[0]] {
            assert!(is_own(language, text), "{language:?}: {text}");
        }
    }
}

/// Every milestone of the promotions has a text: the keys stand in the source beside `tell(`.
#[test]
fn every_milestone_has_its_texts() {
    let mut files = vec![std::path::PathBuf::from("src/core/promotion.rs")];
    let folder = std::fs::read_dir("src/core/promotion").unwrap();
    files.extend(folder.map(|entry| entry.unwrap().path()));
    let known: Vec<_> = eoskeeper::core::alarm::texts::causes().collect();
    let mut seen = 0;
    for file in files {
        let source = std::fs::read_to_string(&file).unwrap();
        for call in source.split("self.tell(").skip(1) {
            let Some(key) = call.trim_start().strip_prefix('"') else { continue };
            let key = key.split('"').next().unwrap();
            assert!(known.contains(&key), "{}: {key} has no text", file.display());
            seen += 1;
        }
    }
    assert!(seen >= 25, "{seen} milestones");
}
