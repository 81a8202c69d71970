//! The past by pages: every row once, in order, also while the keeper writes; and bad questions.

use std::sync::Arc;
use std::time::Duration;

use eoskeeper::core::action::Severity;
use eoskeeper::core::ledger::SettledTurn;
use eoskeeper::core::sample::Sample;
use eoskeeper::history::entry::{Entry, What};
use eoskeeper::history::record::{IncidentRow, Record};
use eoskeeper::history::store::{Bounds, Store};
use eoskeeper::web::guard::Guard;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::asking::Server;
use crate::facts::{NOW, bare, facts, full, producer};

/// A state directory with so many rows of every kind; three entries share each time.
pub(crate) fn filled(count: i64) -> (TempDir, Arc<Store>) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.load(producer()).unwrap();
    for n in 0..count {
        write(&store, n, count);
    }
    (dir, Arc::new(store))
}

fn write(store: &Store, n: i64, count: i64) {
    let at = NOW.plus_ms((n - count) * 1_000);
    let entry = |word: &str| {
        let sentence = format!("{word} {n}");
        Entry::own(at, What::Decision, &sentence, json!({ "n": n }))
    };
    let turn = SettledTurn::not_watched((at, at), 1, producer(), at);
    let incident = IncidentRow {
        id: format!("{n:06}-b-api_down"),
        cause: "api_down".to_owned(),
        severity: Severity::Warn,
        // Two of them began at once.
        began: NOW.plus_ms((n / 2 - count) * 1_000),
        ended: (n % 3 == 0).then_some(at),
        title: "The RPC does not answer.".to_owned(),
        proof: vec!["5 polls".to_owned()],
        changed: at,
    };
    let records = [
        Record::Entry(Box::new(entry("one"))),
        Record::Entry(Box::new(entry("two"))),
        Record::Entry(Box::new(entry("three"))),
        Record::Turn(turn),
        Record::Incident(incident),
        Record::Sample(Box::new(Sample { at, head: Some(7), ..Sample::default() })),
    ];
    store.write(&records, &Bounds::DEFAULT).unwrap();
}

/// Every row of an address, a page at a time.
async fn all(server: &Server, path: &str, question: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("{path}?{question}{cursor}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        let page = page.json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 7);
        rows.extend(items.iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
        assert!(rows.len() < 10_000, "it has no end");
    }
}

#[tokio::test]
async fn pages_have_every_row_once_also_while_the_keeper_writes() {
    let (_dir, store) = filled(40);
    let (facts, _status, _pulse) = facts(bare(), Some(Arc::clone(&store)));
    let server = Server::start(facts, Guard::default()).await;
    let writer = Arc::clone(&store);
    let writing = tokio::task::spawn_blocking(move || {
        // Later than what is asked for.
        (1_000..1_100).for_each(|n| write(&writer, n, 0));
    });
    let span = format!("since=0&until={}&limit=7", NOW.ms());
    let history = all(&server, "/api/history", &span).await;
    let said: Vec<&str> = history.iter().map(|row| row["sentence"].as_str().unwrap()).collect();
    let expected: Vec<String> = (0..40)
        .rev()
        .flat_map(|n| ["three", "two", "one"].map(|word| format!("{word} {n}")))
        .collect();
    assert_eq!(said, expected);
    let incidents = all(&server, "/api/incidents", &span).await;
    let ids: Vec<&str> = incidents.iter().map(|row| row["id"].as_str().unwrap()).collect();
    let expected: Vec<String> = (0..40).rev().map(|n| format!("{n:06}-b-api_down")).collect();
    assert_eq!(ids, expected);
    for (path, key) in [("/api/ledger", "start"), ("/api/samples", "at")] {
        let rows = all(&server, path, &span).await;
        let times: Vec<&str> = rows.iter().map(|row| row[key].as_str().unwrap()).collect();
        let expected: Vec<String> =
            (0..40).map(|n| NOW.plus_ms((n - 40) * 1_000).to_string()).collect();
        assert_eq!(times, expected, "{path}");
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn only_what_is_asked_for_is_answered() {
    let (_dir, store) = filled(40);
    let (facts, _status, _pulse) = facts(bare(), Some(store));
    let server = Server::start(facts, Guard::default()).await;
    let count = async |question: &str| {
        let answer = server.get(question).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(count("/api/history?limit=1000").await, 120, "the last day, by default");
    assert_eq!(count("/api/history?limit=1000&what=decision").await, 120);
    assert_eq!(count("/api/history?what=order").await, 0);
    let (since, until) = (NOW.plus_ms(-10_000), NOW.plus_ms(-5_000));
    let span = format!("since={}&until={}", since.ms(), until.ms());
    assert_eq!(count(&format!("/api/ledger?{span}")).await, 5);
    let written = format!("since={since}Z&until={until}Z");
    assert_eq!(count(&format!("/api/ledger?{written}")).await, 5, "the same, as people write it");
    assert_eq!(count("/api/ledger?since=5&until=4").await, 0, "an empty span has no rows");
    assert_eq!(count("/api/samples?step=hour&since=0").await, 0);
}

#[tokio::test]
async fn bad_questions_get_one_shape_of_error_with_the_parameters_name() {
    let (_dir, store) = filled(1);
    let (facts, _status, _pulse) = facts(full(), Some(store));
    let server = Server::start(facts, Guard::default()).await;
    for (question, code, parameter) in [
        ("/api/history?limit=0", "bad_parameter", Some("limit")),
        ("/api/history?limit=99999999999999999999", "bad_parameter", Some("limit")),
        ("/api/history?since=yesterday", "bad_parameter", Some("since")),
        ("/api/history?cursor=5.x", "bad_parameter", Some("cursor")),
        ("/api/history?what=everything", "bad_parameter", Some("what")),
        ("/api/history?step=hour", "bad_parameter", Some("step")),
        ("/api/samples?step=minute", "bad_parameter", Some("step")),
        ("/api/ledger?since=1&since=2", "bad_parameter", Some("since")),
        ("/api/ledger?%00=1", "bad_parameter", Some("")),
        ("/api/../../etc/passwd", "not_found", None),
        ("/api/state.sqlite", "not_found", None),
    ] {
        let answer = server.get(question).await;
        let error = &answer.json()["error"];
        let status = if code == "not_found" { 404 } else { 400 };
        assert_eq!((answer.status, error["code"].as_str()), (status, Some(code)), "{question}");
        if let Some(parameter) = parameter {
            assert_eq!(error["parameter"], parameter, "{question}");
        }
        assert!(error["message"].as_str().unwrap().len() > 10, "{question}");
    }
    let long = server.get(&format!("/api/ledger?since={}", "1".repeat(3_000))).await;
    assert_eq!(long.status, 400, "{long:?}");
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let answer = server.ask(method, "/api/history", &[("Host", "localhost")]).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{answer:?}");
        assert_eq!(answer.json()["error"]["code"], "method_not_allowed");
    }
}

#[tokio::test]
async fn without_a_state_the_status_is_answered_and_the_past_says_why_not() {
    let (facts, _status, _pulse) = facts(bare(), None);
    let server = Server::start(facts, Guard::default()).await;
    assert_eq!(server.get("/api/status").await.status, 200);
    let answer = server.get("/api/history").await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (503, &json!("no_history")));
}

#[tokio::test]
async fn a_reading_ends_at_its_deadline_and_the_next_write_is_not_broken_off() {
    let (_dir, store) = filled(200);
    let over = std::time::Instant::now();
    let error = store.past_until(over, |past| past.entries((NOW, NOW), 1)).unwrap_err();
    assert!(error.to_string().contains("took too long"), "{error}");
    // A question that would take minutes: each row against all others, many times over.
    let end = std::time::Instant::now() + Duration::from_millis(200);
    let reading = store.past_until::<()>(end, |past| {
        loop {
            past.entries((NOW.plus_ms(-9_999_999), NOW), 10_000)?;
        }
    });
    let error = reading.unwrap_err();
    assert!(error.to_string().contains("took too long"), "{error}");
    write(&store, 1, 0);
    assert!(!store.past(|past| past.entries((NOW, NOW.plus_ms(9_999)), 5)).unwrap().is_empty());
}
