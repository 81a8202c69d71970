//! The fleet: who reports, who has stopped, who is gone; and the source against real HTTP servers
//! that misbehave.

#[allow(dead_code, reason = "each test file that uses the server uses another part of it")]
use crate::http;
#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::signal::Signal;
use eoskeeper::core::event::Event;
use eoskeeper::core::fleet::{Fleet, FleetState, MemberEvent, MemberReport, MemberState};
use eoskeeper::core::handover::Signing;
use eoskeeper::core::rules::State;
use eoskeeper::core::settings::{Fleet as Settings, Role};
use eoskeeper::core::time::{Now, Timestamp};
use eoskeeper::sources::fleet::{Asker, watch};
use http::{Server, answer, wait_for_end};
use keeper_support::{BP, World, name, peer};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// For what is waited for: nothing is measured by it.
const LONG: Duration = Duration::from_secs(30);

fn report(role: Role, at: Timestamp) -> MemberReport {
    MemberReport {
        node: "x".to_owned(),
        role,
        producer: name(BP),
        chain_id: None,
        head: Some(949),
        head_age_ms: Some(300),
        is_active: role == Role::Active,
        decision: "watch".to_owned(),
        sentence: "All is well.".to_owned(),
        paging: Vec::new(),
        warning: Vec::new(),
        version: "0.1.0".to_owned(),
        judged_at: at,
    }
}

/// A fleet in virtual time: each member that is up answers every 30 s.
struct Play {
    fleet: Fleet,
    now: Now,
    up: Vec<bool>,
    told: Vec<String>,
}

impl Play {
    fn new(count: usize) -> Self {
        let names: Vec<String> = (0..count).map(|index| format!("m{index}")).collect();
        let settings = Settings { names, ..Settings::default() };
        let fleet = Fleet::new(&[], settings);
        Self { fleet, now: Now::default(), up: vec![true; count], told: Vec::new() }
    }

    fn run(&mut self, seconds: u64) -> &mut Self {
        for _ in 0..seconds {
            self.now = self.now.plus_ms(1_000);
            if self.now.mono.ms().is_multiple_of(30_000) {
                self.ask();
            }
            self.fleet.tick(self.now);
            self.told.extend(self.fleet.take_notices().into_iter().map(|notice| notice.key));
        }
        self
    }

    fn ask(&mut self) {
        for (index, up) in self.up.iter().enumerate() {
            let role = if index == 0 { Role::Active } else { Role::FirstStandby };
            let said = match up {
                true => Ok(Box::new(report(role, self.now.wall))),
                false => Err("connection refused".to_owned()),
            };
            self.fleet.record(self.now, &MemberEvent { index, said });
        }
    }

    fn state(&self, index: usize) -> MemberState {
        self.fleet.status().members[index].state
    }

    fn signal(&self, cause: &str, subject: &str) -> Option<Signal> {
        let found = |signal: &Signal| signal.cause == cause && signal.subject == subject;
        self.fleet.signals().into_iter().find(found)
    }

    fn fires(&self, subject: &str) -> bool {
        self.signal("member_offline", subject).is_some_and(|signal| signal.state == State::Firing)
    }

    fn all_silent(&self) -> bool {
        self.signal("fleet_silent", "").is_some_and(|signal| signal.state == State::Firing)
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;

#[test]
fn one_that_stops_is_late_then_offline_then_gone_and_each_once() {
    let mut play = Play::new(5);
    play.run(5 * MINUTE);
    assert_eq!(play.state(0), MemberState::Reporting);
    play.up[0] = false;
    let mut seen = Vec::new();
    for minute in 1..=9 * 60 {
        play.run(MINUTE);
        if seen.last().is_none_or(|(_, last)| *last != play.state(0)) {
            seen.push((minute, play.state(0)));
        }
    }
    use MemberState::{Forgotten, Late, Offline, Reporting};
    assert_eq!(seen, [(1, Reporting), (2, Late), (10, Offline), (480, Forgotten)]);
    assert_eq!(play.told, ["member_forgotten"]);
    assert!(!play.fires("m0"), "who is gone is no incident any more");
    // It comes back, is watched again, and stops again.
    play.up[0] = true;
    play.run(MINUTE);
    assert_eq!((play.state(0), play.told.len()), (Reporting, 2));
    play.up[0] = false;
    play.run(11 * MINUTE);
    assert!(play.fires("m0"));
}

#[test]
fn the_signal_says_who_for_how_long_and_why() {
    let mut play = Play::new(4);
    play.run(5 * MINUTE);
    play.up[0] = false;
    play.run(12 * MINUTE);
    let signal = play.signal("member_offline", "m0").unwrap();
    assert_eq!((signal.state, signal.severity), (State::Firing, Severity::Page));
    assert_eq!(signal.saw, "m0 (role A) has been silent for 12 min: connection refused");
    play.up[1] = false;
    play.run(12 * MINUTE);
    let signal = play.signal("member_offline", "m1").unwrap();
    assert_eq!((signal.state, signal.severity), (State::Firing, Severity::Warn), "a standby");
    let fine = play.signal("member_offline", "m2").unwrap();
    assert_eq!((fine.state, fine.saw.as_str()), (State::Fine, "m2 (role B) reports"));
}

#[test]
fn one_that_never_reported_is_no_incident() {
    let mut play = Play::new(3);
    play.up[2] = false;
    play.run(9 * HOUR);
    assert_eq!(play.state(2), MemberState::Never);
    assert_eq!(play.signal("member_offline", "m2"), None);
    assert_eq!(play.told, [""; 0]);
}

#[test]
fn most_that_fall_silent_together_are_one_incident() {
    let mut play = Play::new(5);
    play.run(5 * MINUTE);
    play.up = vec![false, false, false, true, true];
    play.run(12 * MINUTE);
    assert!(play.all_silent());
    let signal = play.signal("fleet_silent", "").unwrap();
    assert!(signal.saw.starts_with("3 of 5 are silent for 1"), "{}", signal.saw);
    assert!(signal.saw.ends_with(": m0, m1, m2"), "{}", signal.saw);
    let one = play.signal("member_offline", "m0").unwrap();
    assert_eq!(one.state, State::Unknown, "which of them is down cannot be told");
    // Two come back: the one that does not is an incident of its own.
    play.up = vec![false, true, true, true, true];
    play.run(2 * MINUTE);
    assert!(!play.all_silent() && play.fires("m0"));
}

#[test]
fn while_nobody_can_be_heard_their_silence_does_not_count_on() {
    let mut play = Play::new(4);
    play.run(5 * MINUTE);
    play.up = vec![false; 4];
    play.run(20 * HOUR);
    assert!(play.all_silent());
    assert_eq!(play.told, [""; 0], "nobody is taken as decommissioned: it may be us");
    play.up = vec![true, true, true, false];
    play.run(2 * MINUTE);
    assert!(!play.all_silent());
    assert_eq!(play.state(3), MemberState::Late, "its silence counts from here");
    play.run(10 * MINUTE);
    assert!(play.fires("m3"));
}

#[test]
fn a_keeper_that_stood_still_has_not_watched() {
    let mut play = Play::new(3);
    play.run(5 * MINUTE);
    play.now = play.now.plus_ms(9 * HOUR * 1_000);
    play.fleet.tick(play.now);
    assert_eq!(play.state(0), MemberState::Reporting);
    assert_eq!(play.fleet.take_notices(), []);
}

#[test]
fn a_keeper_that_answers_and_judges_nothing_new_hangs() {
    let mut play = Play::new(2);
    play.run(5 * MINUTE);
    let stale = report(Role::Active, play.now.wall);
    for _ in 0..25 {
        play.run(29);
        play.up[0] = false;
        let said = Ok(Box::new(stale.clone()));
        play.fleet.record(play.now, &MemberEvent { index: 0, said });
    }
    assert!(play.fires("m0"));
    let failure = play.fleet.status().members[0].failure.clone().unwrap();
    assert!(failure.contains("connection refused") || failure.contains("hangs"), "{failure}");
}

#[test]
fn what_was_seen_survives_a_restart_and_the_time_between_does_not_count() {
    let mut play = Play::new(4);
    play.up[3] = false;
    play.run(5 * MINUTE);
    play.up = vec![false, true, true, false];
    play.run(15 * MINUTE);
    assert!(play.fires("m0"));
    let kept = serde_json::to_string(&play.fleet.export()).unwrap();
    let mut after = Play::new(3);
    after.now = play.now.plus_ms(HOUR * 1_000);
    after.up = vec![false, false, true];
    let kept: FleetState = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept.members.len(), 3, "who never reported is not kept");
    after.fleet.import(kept);
    after.run(1);
    assert!(after.fires("m0"), "it goes on, and is not raised anew");
    assert_eq!(after.state(1), MemberState::Reporting, "it is waited for anew");
    after.run(12 * MINUTE);
    assert!(after.fires("m0") || after.all_silent());
    let quiet = after.fleet.status().members[0].quiet_ms;
    assert!((25 * MINUTE * 1_000..30 * MINUTE * 1_000).contains(&quiet), "{quiet}");
}

#[test]
fn a_peer_is_a_member_and_the_same_name_is_the_same_one() {
    let settings = Settings { names: vec!["b".to_owned(), "c".to_owned()], ..Settings::default() };
    let mut fleet = Fleet::new(&["a".to_owned(), "b".to_owned()], settings);
    let names: Vec<String> = fleet.status().members.into_iter().map(|m| m.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let now = Now::default();
    let said = Ok(Box::new(report(Role::FirstStandby, now.wall)));
    fleet.record(now, &MemberEvent { index: 0, said });
    let status = fleet.status();
    let b = &status.members[1];
    assert!(b.is_peer && b.state == MemberState::Reporting && b.report.is_some(), "{b:?}");
    // A place that is none, and a peer's that is none.
    let said = Err("x".to_owned());
    fleet.record(now, &MemberEvent { index: 99, said });
    fleet.record_peer(now, 2, Role::Active);
    assert_eq!(fleet.status().members[2].state, MemberState::Never);
}

#[test]
fn a_peer_that_speaks_and_stops_is_offline_in_the_keeper() {
    let mut settings = keeper_support::armed(Role::FirstStandby);
    settings.peers.names = vec!["a".to_owned()];
    let mut world = World::with(settings, 21, Ok(None));
    world.peer = Some(peer("a", Role::Active, Signing::Yes));
    world.run(60);
    assert_eq!(world.keeper.status(world.now).fleet.reporting, 1);
    world.peer = None;
    world.run(11 * MINUTE);
    let signals = world.keeper.signals(world.now);
    let [signal] = signals.as_slice() else { panic!("{signals:?}") };
    assert_eq!((signal.cause.as_str(), signal.subject.as_str()), ("member_offline", "a"));
    assert_eq!((signal.state, signal.severity), (State::Firing, Severity::Page));
    assert_eq!(world.keeper.fleet_state().members.len(), 1);
}

/// A status of a real keeper that judges anew each time it is asked.
fn status_of(node: &str) -> String {
    static TICKS: AtomicUsize = AtomicUsize::new(1);
    let tick = TICKS.fetch_add(1, Ordering::SeqCst) as u64;
    let mut settings = eoskeeper::core::settings::Settings::new(Role::Active, name(BP));
    node.clone_into(&mut settings.node);
    let mut keeper = eoskeeper::core::keeper::Keeper::new(settings, Now::default(), Ok(None));
    let now = Now::default().plus_ms(tick * 1_000);
    keeper.tick(now);
    serde_json::to_string(&keeper.status(now)).unwrap()
}

#[tokio::test]
async fn each_failure_has_its_reason() {
    let cases: [(&str, Server); 9] = [
        ("no status of eoskeeper is there", Server::saying(answer(404, ""))),
        ("no answer within the deadline", Server::start(|_, stream| wait_for_end(stream))),
        ("HTTP status 500", Server::saying(answer(500, "oops"))),
        ("HTTP status 429", Server::saying(answer(429, ""))),
        ("no status of eoskeeper", Server::saying(answer(200, "<html>"))),
        ("no status of eoskeeper: missing field", Server::saying(answer(200, "{\"version\":1}"))),
        ("HTTP status 302", Server::saying("HTTP/1.1 302 X\r\nLocation: /x\r\n\r\n")),
        ("bytes", Server::saying("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx")),
        ("cut", Server::saying("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"version\"")),
    ];
    for (expected, server) in cases {
        let members = [("m".to_owned(), server.url().parse().unwrap())];
        let asker = Asker::new(&members, None, None).unwrap();
        let why = asker.ask(&members[0].1).await.unwrap_err();
        let is_named = why.contains(expected) || expected == "cut" && why.contains("ended");
        assert!(is_named, "{expected}: {why}");
        assert!(!why.contains("127.0.0.1"), "no address: {why}");
    }
}

#[tokio::test]
async fn members_are_asked_in_turn_and_one_that_hangs_delays_no_other() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let good = Server::start(move |request, stream| {
        assert!(request.starts_with("GET /api/status HTTP/1.1"), "{request}");
        counted.fetch_add(1, Ordering::SeqCst);
        let _ = stream.write_all(answer(200, &status_of("good")).as_bytes());
    });
    let hung = Server::start(|_, stream| wait_for_end(stream));
    let members: Vec<_> = [("good", &good), ("hung", &hung)]
        .map(|(name, server)| (name.to_owned(), server.url().parse().unwrap()))
        .to_vec();
    let asker = Asker::new(&members, None, None).unwrap();
    let (events, mut seen) = mpsc::channel(64);
    let stop = CancellationToken::new();
    let every = Duration::from_millis(100);
    let task = tokio::spawn(watch(asker, members, every, events, stop.clone()));
    let (mut reports, mut failures) = (0, 0);
    while reports < 2 || failures < 2 {
        let event = tokio::time::timeout(LONG, seen.recv()).await.unwrap().unwrap();
        let Event::Member(MemberEvent { index, said }) = event else { panic!("{event:?}") };
        match (index, said) {
            (0, Ok(report)) => {
                assert_eq!((report.node.as_str(), report.role), ("good", Role::Active));
                reports += 1;
            }
            (1, Err(why)) => {
                assert_eq!(why, "connected, but no answer within the deadline");
                failures += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    stop.cancel();
    tokio::time::timeout(LONG, task).await.unwrap().unwrap();
    assert!(asked.load(Ordering::SeqCst) >= 2);
}
