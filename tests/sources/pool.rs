//! The mining pool: what is made of its answers, of a server that misbehaves, and when it is an
//! incident.

#[allow(dead_code, reason = "each test file that uses the server uses another part of it")]
use crate::http;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::signal::Signal;
use eoskeeper::core::event::ApiFailure;
use eoskeeper::core::pool::{Pool, PoolReport, Worker};
use eoskeeper::core::rules::State;
use eoskeeper::core::settings::Pool as Settings;
use eoskeeper::core::time::{Now, Timestamp};
use eoskeeper::sources::pool::Asker;
use eoskeeper::sources::web::Web;
use http::{Server, answer, wait_for_end};

const SETTINGS: Settings = Settings {
    interval_ms: 60_000,
    workers_offline_ms: 600_000,
    forget_ms: 8 * 3_600_000,
    hashrate_floor: Some(1_000),
};
const MINUTE: i64 = 60_000;

async fn ask(server: &Server) -> Result<PoolReport, String> {
    Asker::new(server.url().parse().unwrap(), None, None).unwrap().ask().await
}

async fn answered(body: &str) -> Result<PoolReport, String> {
    ask(&Server::saying(answer(200, body))).await
}

fn worker(name: &str, last_share: Option<&str>) -> Worker {
    Worker { name: name.to_owned(), last_share: last_share.map(|time| time.parse().unwrap()) }
}

#[tokio::test]
async fn every_known_shape_is_understood() {
    let v1 = r#"{"balance":0.1,"hashrate":1250000000000000,"worker_length":2,
        "worker_length_online":1,"workers":[
        ["rig1",12650560751040,0,0,1084452716521979904,2533274790395904,"2018-06-19T10:02:19.810789Z",false],
        ["rig2",76936493634245.97,1.0,0,1,0,"2024-05-15T06:48:09.000Z",false,0,0,0]]}"#;
    let v2 = r#"{"workers":[
        {"hash_rate_info":{"name":"rig1","hash_rate":100.5,"h1_hash_rate":1},"last_share_at":1700000000,"status":0,"host":"x"},
        {"hash_rate_info":{"name":"rig2","hash_rate":50},"last_share_at":0,"status":2,"host":"x"}]}"#;
    let flat = r#"{"hashrate":"150.7","worker_length_all":"2","worker_length_online":"2","workers":[
        {"name":"rig1","hashrate":"100.9","last_share":"1700000000"},
        {"name":"rig2","hashrate":null,"last_share":1700000000123}]}"#;
    let short = r#"{"hashrate":7,"workers":[["rig1",7]]}"#;
    for (what, body, hashrate, workers, counted) in [
        (
            "version 1",
            v1,
            1_250_000_000_000_000,
            vec![
                worker("rig1", Some("2018-06-19T10:02:19.810")),
                worker("rig2", Some("2024-05-15T06:48:09.000")),
            ],
            Some((2, 1)),
        ),
        (
            "version 2",
            v2,
            150,
            vec![worker("rig1", Some("2023-11-14T22:13:20.000")), worker("rig2", None)],
            None,
        ),
        (
            "flat objects",
            flat,
            150,
            vec![
                worker("rig1", Some("2023-11-14T22:13:20.000")),
                worker("rig2", Some("2023-11-14T22:13:20.123")),
            ],
            Some((2, 2)),
        ),
        ("short lists", short, 7, vec![worker("rig1", None)], None),
        ("no worker", r#"{"hashrate":0,"workers":[]}"#, 0, vec![], None),
    ] {
        let report = answered(body).await.unwrap_or_else(|why| panic!("{what}: {why}"));
        assert_eq!(report, PoolReport { hashrate, workers, counted }, "{what}");
    }
}

#[tokio::test]
async fn what_is_not_understood_says_why() {
    let many = format!(r#"{{"workers":[{}["a",1]]}}"#, r#"["a",1],"#.repeat(5_000));
    for (body, why) in [
        ("", "what the pool answers is no JSON: EOF"),
        ("<html>busy</html>", "what the pool answers is no JSON: "),
        ("[]", "what the pool answers is no object: []"),
        ("{}", "the answer has no workers: []"),
        (r#"{"msg":"user not found"}"#, r#"the answer has no workers: "user not found""#),
        (r#"{"balance":9.5}"#, r#"the answer has no workers: ["balance"]"#),
        (r#"{"workers":{}}"#, "workers is no list: {}"),
        (r#"{"workers":[7]}"#, "worker 1 is neither a list nor an object: 7"),
        (r#"{"workers":[["a",1],["b"]]}"#, "worker 2 is a list that does not begin with a name"),
        (r#"{"workers":[{"hashrate":1}]}"#, "worker 1 is an object without a name"),
        (
            r#"{"workers":[["a",1,0,0,0,0,"noon"]]}"#,
            r#"worker 1 is one whose last share is "noon""#,
        ),
        (r#"{"workers":[["a",1,0,0,0,0,-5]]}"#, "worker 1 is one whose last share is -5"),
        (r#"{"workers":[["a",1,0,0,0,0,true]]}"#, "worker 1 is one whose last share is true"),
        (r#"{"workers":[["a",1e30]]}"#, "worker 1 is a list that does not begin with a name"),
        (r#"{"workers":[],"hashrate":-1}"#, "hashrate is -1"),
        (r#"{"workers":[],"hashrate":"much"}"#, r#"hashrate is "much""#),
        (r#"{"workers":[],"worker_length":-3}"#, "worker_length is -3"),
        (many.as_str(), "5001 workers; at most 5000 can be watched"),
    ] {
        let said = answered(body).await.unwrap_err();
        assert!(said.starts_with(why), "{said}");
        assert!(said.len() < 300, "{said}");
    }
}

#[tokio::test]
async fn a_server_that_misbehaves_has_its_reason_and_no_secret() {
    let cases = [
        ("the pool has no such page or account", Server::saying(answer(404, "no"))),
        ("the pool refuses the token, or asks for one", Server::saying(answer(403, "no"))),
        ("the pool is asked too often", Server::saying(answer(429, "slow down"))),
        ("HTTP status 500", Server::saying(answer(500, "oops"))),
        (
            "HTTP status 302",
            Server::saying("HTTP/1.1 302 X\r\nLocation: http://elsewhere/\r\n\r\n"),
        ),
        ("", Server::saying("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx")),
        ("", Server::saying("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"workers\"")),
        ("", Server::saying("not HTTP at all\r\n\r\n")),
        ("", Server::saying("")),
    ];
    for (expected, server) in cases {
        let url = format!("{}/bitcoin/our-account", server.url()).parse().unwrap();
        let asker = Asker::new(url, None, Some("secret-token")).unwrap();
        let said = asker.ask().await.unwrap_err();
        assert!(said.contains(expected) && !said.is_empty(), "{expected}: {said}");
        for secret in ["secret-token", "our-account"] {
            let shown = format!("{said} {asker:?}");
            // The address is in the asker's own debug text, never in what is told.
            assert!(!said.contains(secret) && !shown.contains("secret-token"), "{shown}");
        }
    }
}

#[tokio::test]
async fn one_that_hangs_is_given_up() {
    let server = Server::start(|_, stream| wait_for_end(stream));
    let url: reqwest::Url = server.url().parse().unwrap();
    let web = Web::new([&url], Duration::from_millis(500), None).unwrap();
    assert_eq!(web.ask(url, None, 1_000).await, Err(ApiFailure::AnswerTimeout));
    let server = Server::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{");
        wait_for_end(stream);
    });
    let url: reqwest::Url = server.url().parse().unwrap();
    assert_eq!(web.ask(url, None, 1_000).await, Err(ApiFailure::EndlessBody));
}

#[tokio::test]
async fn the_question_and_the_token_go_where_they_belong() {
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&heads);
    let server = Server::start(move |request, stream| {
        seen.lock().unwrap().push(request.to_lowercase());
        let _ = stream.write_all(answer(200, r#"{"workers":[]}"#).as_bytes());
    });
    let url: reqwest::Url = format!("{}/v2/hash_rate/worker/list", server.url()).parse().unwrap();
    let question = br#"{"currency":"bitcoin","mining_user_name":"us"}"#.to_vec();
    Asker::new(url.clone(), Some(question), Some("tok")).unwrap().ask().await.unwrap();
    Asker::new(url, None, None).unwrap().ask().await.unwrap();
    let heads = heads.lock().unwrap();
    assert!(heads[0].starts_with("post /v2/hash_rate/worker/list http/1.1"), "{}", heads[0]);
    assert!(heads[0].contains("\r\nf2p-api-secret: tok\r\n"), "{}", heads[0]);
    assert!(heads[0].contains("\r\ncontent-type: application/json\r\n"), "{}", heads[0]);
    assert!(heads[1].starts_with("get /v2/") && !heads[1].contains("f2p-api"), "{}", heads[1]);
}

/// An account in virtual time.
struct Play {
    pool: Pool,
    now: Now,
}

impl Play {
    fn new(settings: Settings) -> Self {
        let now = Now { wall: Timestamp::from_ms(1_800_000_000_000), ..Now::default() };
        Self { pool: Pool::new(settings), now }
    }

    /// Answers with workers whose last shares are so many milliseconds old.
    fn answers(&mut self, hashrate: u64, ages: &[i64]) -> &mut Self {
        self.now = self.now.plus_ms(60_000);
        let workers = ages.iter().enumerate().map(|(at, age)| Worker {
            name: format!("rig{at}"),
            last_share: Some(self.now.wall.plus_ms(-age)),
        });
        let report = PoolReport { hashrate, workers: workers.collect(), counted: None };
        self.pool.record(self.now, &Ok(Box::new(report)));
        self
    }

    fn fails(&mut self) -> &mut Self {
        self.now = self.now.plus_ms(60_000);
        self.pool.record(self.now, &Err("connection refused".to_owned()));
        self
    }

    fn signal(&self, cause: &str) -> Signal {
        let signals = self.pool.signals(self.now);
        signals.into_iter().find(|signal| signal.cause == cause).unwrap()
    }

    fn state(&self, cause: &str) -> State {
        self.signal(cause).state
    }
}

#[test]
fn workers_are_offline_between_ten_minutes_and_eight_hours() {
    for (what, age, offline, online) in [
        ("a moment ago", 1_000, 0, 1),
        ("ten minutes", 10 * MINUTE, 0, 1),
        ("a little more", 10 * MINUTE + 1, 1, 0),
        ("nearly eight hours", 8 * 60 * MINUTE - 1, 1, 0),
        ("eight hours", 8 * 60 * MINUTE, 0, 0),
        ("a clock that is ahead of ours", -5 * MINUTE, 0, 1),
    ] {
        let mut play = Play::new(SETTINGS);
        play.answers(2_000, &[age]);
        let sample = play.pool.sample(play.now).unwrap();
        assert_eq!((sample.offline, sample.online), (offline, online), "{what}");
        assert_eq!((sample.hashrate, sample.floor, sample.at), (2_000, Some(1_000), play.now.wall));
        let expected = if offline > 0 { State::Firing } else { State::Fine };
        assert_eq!(play.state("pool_workers_offline"), expected, "{what}");
    }
    let mut play = Play::new(SETTINGS);
    let signal =
        play.answers(2_000, &[0, 11 * MINUTE, 30 * MINUTE, 0]).signal("pool_workers_offline");
    assert_eq!(signal.saw, "2 of 4 workers are silent: rig2 for 30 min, rig1 for 11 min");
    assert_eq!(signal.severity, Severity::Warn);
    let named: Vec<String> =
        play.pool.status(play.now).offline.into_iter().map(|worker| worker.name).collect();
    assert_eq!(named, ["rig2", "rig1"]);
    let signal = play.answers(2_000, &[0, 0]).signal("pool_workers_offline");
    assert_eq!((signal.state, signal.saw.as_str()), (State::Fine, "all 2 workers hand in shares"));
}

#[test]
fn a_worker_falls_silent_between_two_answers() {
    let mut play = Play::new(SETTINGS);
    play.answers(2_000, &[9 * MINUTE]);
    assert_eq!(play.state("pool_workers_offline"), State::Fine);
    play.now = play.now.plus_ms(90_000);
    assert_eq!(play.state("pool_workers_offline"), State::Firing);
}

#[test]
fn where_no_times_are_told_the_pool_s_own_count_is_taken() {
    let mut play = Play::new(SETTINGS);
    let workers = vec![Worker { name: "a".to_owned(), last_share: None }; 3];
    let report = PoolReport { hashrate: 2_000, workers, counted: Some((3, 1)) };
    play.pool.record(play.now, &Ok(Box::new(report)));
    let signal = play.signal("pool_workers_offline");
    assert_eq!((signal.state, signal.saw.as_str()), (State::Firing, "2 of 3 workers are silent"));
}

#[test]
fn a_hashrate_under_the_floor_is_an_incident_when_it_stays_there() {
    for (what, rates, expected) in [
        ("above", &[2_000, 1_000][..], State::Fine),
        ("one dip", &[2_000, 999, 2_000], State::Fine),
        ("two in a row", &[2_000, 999, 998], State::Firing),
        ("one recovery", &[999, 999, 1_000], State::Firing),
        ("back", &[999, 999, 1_000, 1_001], State::Fine),
        ("up and down", &[999, 1_000, 999, 1_000], State::Fine),
    ] {
        let mut play = Play::new(SETTINGS);
        for rate in rates {
            play.answers(*rate, &[0]);
        }
        assert_eq!(play.state("pool_hashrate_low"), expected, "{what}");
    }
    let mut play = Play::new(SETTINGS);
    let signal = play.answers(900, &[0]).answers(900, &[0]).signal("pool_hashrate_low");
    assert_eq!(
        (signal.saw.as_str(), signal.severity),
        ("900.00 H/s of at least 1.00 KH/s", Severity::Page)
    );
    let mut play = Play::new(Settings { hashrate_floor: None, ..SETTINGS });
    play.answers(0, &[0]).answers(0, &[0]);
    let causes: Vec<String> =
        play.pool.signals(play.now).into_iter().map(|signal| signal.cause).collect();
    assert_eq!(causes, ["pool_unreachable", "pool_workers_offline"]);
}

#[test]
fn no_answer_is_unknown_and_after_a_while_an_incident_of_its_own() {
    let mut play = Play::new(SETTINGS);
    assert_eq!(play.pool.sample(play.now), None);
    for signal in play.pool.signals(play.now) {
        assert_eq!(signal.state, State::Unknown, "{signal:?}");
    }
    play.answers(2_000, &[0]);
    for _ in 0..4 {
        play.fails();
    }
    for cause in ["pool_workers_offline", "pool_hashrate_low"] {
        let signal = play.signal(cause);
        assert_eq!((signal.state, signal.saw.as_str()), (State::Unknown, "connection refused"));
    }
    assert_eq!((play.pool.sample(play.now), play.state("pool_unreachable")), (None, State::Fine));
    for _ in 0..8 {
        play.fails();
    }
    let signal = play.signal("pool_unreachable");
    assert_eq!(signal.state, State::Firing);
    assert_eq!(signal.saw, "no usable answer for 11 min: connection refused");
    assert!(play.pool.status(play.now).sample.is_some_and(|last| last.hashrate == 2_000));
    play.answers(2_000, &[0]);
    assert_eq!(play.state("pool_unreachable"), State::Fine);
}
