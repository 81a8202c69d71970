//! `eoskeeper chart` as a process: from a file of rows, and from a keeper's state.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use eoskeeper::core::ledger::{Loss, Proof, SLOTS_ALL, SettledTurn};
use eoskeeper::core::sample::{PoolSample, Sample};
use eoskeeper::history::record::Record;
use eoskeeper::history::store::{Bounds, Store};
use serde_json::json;

use crate::data::{DAY_MS, HOUR_MS, World, end};

fn eoskeeper(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eoskeeper"));
    command.current_dir(dir).arg("chart").args(arguments).output().unwrap()
}

#[track_caller]
fn drawn(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[track_caller]
fn refused(output: &Output, code: i32, said: &[&str]) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    for words in said {
        assert!(error.contains(words), "'{words}' is not in: {error}");
    }
}

/// The rows of a world, a line each.
fn lines(world: &World) -> String {
    let subject = &world.subject;
    let subject = json!({ "subject": {
        "node": subject.node, "producer": subject.producer, "chain": subject.chain } });
    let samples = world.samples.iter().map(|row| json!({ "sample": row }));
    let turns = world.turns.iter().map(|row| json!({ "turn": row }));
    let pool = world.pool.iter().map(|row| json!({ "pool": row }));
    let all = std::iter::once(subject).chain(samples).chain(turns).chain(pool);
    all.map(|row| format!("{row}\n")).collect()
}

#[test]
fn a_file_of_rows_is_drawn_in_every_kind_and_format() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    fs::write(dir.join("rows.jsonl"), lines(&World::troubled(HOUR_MS))).unwrap();
    for kind in ["lag", "host", "production", "slots", "pool"] {
        let file = format!("{kind}.png");
        let arguments = [kind, "--from", "rows.jsonl", "--last", "hour", "-o", &file];
        drawn(&eoskeeper(dir, &[&arguments[..], &["--size", "640x480"]].concat()));
        let png = fs::read(dir.join(&file)).unwrap();
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n", "{kind}");
        assert_eq!(
            (&png[16..20], &png[20..24]),
            (&640_u32.to_be_bytes()[..], &480_u32.to_be_bytes()[..])
        );
        let zone = ["--time-zone", "asia/shanghai", "--format", "svg"];
        let arguments = [kind, "--from", "rows.jsonl", "--last", "hour", "-o", "-"];
        let output = eoskeeper(dir, &[&arguments[..], &zone].concat());
        drawn(&output);
        let svg = String::from_utf8(output.stdout).unwrap();
        assert!(svg.starts_with("<svg width=\"1080\" height=\"720\""), "{kind}");
        for words in ["tokyo-1 · eosstorebest · chain aca376f2…", "Asia/Shanghai, UTC+08:00"] {
            assert!(svg.contains(words), "{kind}: {words}");
        }
    }
}

#[test]
fn a_keepers_state_is_drawn_while_it_is_open() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    let config = "[global]\nrole = A\nnode_name = osaka-2\nproducer_name = eosstorebest\n\
                  http_port = 8888\nlog_file = ./node.log\n[state]\ndir = ./state\n\
                  [rules]\nbehind_references_blocks = 33\n";
    fs::write(dir.join("config.ini"), config).unwrap();
    refused(&eoskeeper(dir, &["lag", "-o", "lag.png"]), 1, &["no history in"]);

    let store = Store::open(&dir.join("state")).unwrap();
    let producer = "eosstorebest".parse().unwrap();
    store.load(producer).unwrap();
    let empty = eoskeeper(dir, &["slots", "-o", "slots.png"]);
    refused(&empty, 1, &["there are no turns of ours yet", "in the schedule?"]);

    let world = World::troubled(2 * HOUR_MS);
    let settled = |start| SettledTurn {
        start,
        last: start,
        turns: 1,
        producer,
        met: SLOTS_ALL & !1,
        late: 0,
        forked: 0,
        missed: 1,
        here: SLOTS_ALL,
        losses: vec![Loss { cause: "late_predecessor".to_owned(), slots: 1 }],
        proof: Proof::Chain,
        settled: start.plus_ms(180_000),
    };
    let mut records: Vec<Record> = Vec::new();
    records.extend(world.samples.iter().map(|row| Record::Sample(Box::new(row.clone()))));
    records.extend(world.turns.iter().map(|row| Record::Turn(settled(row.start))));
    for part in records.chunks(200) {
        store.write(part, &Bounds::DEFAULT).unwrap();
    }
    let at = end().to_string();
    for (kind, said) in [
        ("lag", "limit: 33 blocks"),
        ("host", "disk data"),
        ("slots", "late_predecessor"),
        ("production", "slots met (91.6 %)"),
    ] {
        let arguments = [kind, "--last", "2h", "--at", &at, "--format", "svg", "-o", "-"];
        let output = eoskeeper(dir, &arguments);
        drawn(&output);
        let svg = String::from_utf8(output.stdout).unwrap();
        assert!(svg.contains(said) && svg.contains("osaka-2 · eosstorebest"), "{kind}: {svg}");
    }
    let before = end().plus_ms(-DAY_MS).to_string();
    let early = eoskeeper(dir, &["lag", "--at", &before, "-o", "lag.png"]);
    refused(&early, 1, &["there are samples since 2026-11-21T12:00:00.000", "--at"]);
    let pool = eoskeeper(dir, &["pool", "-o", "pool.png"]);
    refused(&pool, 1, &["samples of the pool", "[pool]"]);
    assert!(!dir.join("lag.png").exists() && !dir.join("pool.png").exists());
}

#[test]
fn a_keepers_pool_is_drawn_from_its_state_by_the_hours_too() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    let config = "[global]\nrole = F\nnode_name = osaka-2\nproducer_name = eosstorebest\n\
                  http_port = 8888\nlog_file = ./node.log\n[state]\ndir = ./state\n\
                  [pool]\nurl = https://pool.example/bitcoin\naccount = ourfarm\n\
                  interval_seconds = 60\n";
    fs::write(dir.join("config.ini"), config).unwrap();
    let store = Store::open(&dir.join("state")).unwrap();
    store.load("eosstorebest".parse().unwrap()).unwrap();
    // Nine days of answers, a silence of two hours, and samples that make hours of the oldest.
    let minutes = 9 * 24 * 60;
    let at = |minute: i64| end().plus_ms((minute - minutes) * 60_000);
    for hour in 0..minutes / 60 {
        let answers = (hour * 60..(hour + 1) * 60).filter(|m| !(12_000..12_120).contains(m));
        let mut records: Vec<Record> = answers
            .map(|minute| {
                Record::Pool(PoolSample {
                    at: at(minute),
                    online: 100,
                    offline: if minute == 100 { 20 } else { 0 },
                    hashrate: if minute == 100 { 900_000 } else { 1_000_000 },
                    floor: Some(950_000),
                })
            })
            .collect();
        let sample = Sample { at: at(hour * 60), ..Sample::default() };
        records.push(Record::Sample(Box::new(sample)));
        store.write(&records, &Bounds::DEFAULT).unwrap();
    }
    let until = end().to_string();
    for (last, said) in [
        ("day", &["100 of 100 workers online, at worst 100", "1000 kH/s"][..]),
        ("10d", &["at worst 100", "under the floor in ", "no data for 1 d 2 h"]),
    ] {
        let arguments = ["pool", "--last", last, "--at", &until, "--format", "svg", "-o", "-"];
        let output = eoskeeper(dir, &arguments);
        drawn(&output);
        let svg = String::from_utf8(output.stdout).unwrap();
        for words in said {
            assert!(svg.contains(words), "{last}: '{words}' is not in {svg}");
        }
    }
    let before = end().plus_ms(-20 * DAY_MS).to_string();
    let early = eoskeeper(dir, &["pool", "--at", &before, "-o", "pool.png"]);
    refused(&early, 1, &["there are samples of the pool since 2026-11-", "--at"]);
}

#[test]
fn the_hosts_thresholds_are_those_of_the_configuration() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    fs::write(dir.join("rows.jsonl"), lines(&World::quiet(HOUR_MS))).unwrap();
    let common = "[global]\nrole = A\nproducer_name = eosstorebest\nhttp_port = 8888\n\
                  log_file = ./node.log\n";
    for (host, said) in [
        ("", &["over 80 %", "critical, over 95 %"][..]),
        ("[host]\nmemory_percent = 60\n", &["over its threshold, 60 % to 80 %"]),
        ("[host]\nwatch = no\n", &["over 80 %"]),
        (
            "[host]\ncpu_percent = 1\nmemory_percent = 1\nswap_percent = 1\n\
             disk_percent = 1\nopen_files_percent = 1\n",
            &["warning: cpu up to ", "over 1 %"],
        ),
        (
            "[host]\ndisk_percent = 20\ndisk_full_percent = 30\n",
            &["critical: disk ", "critical, over its threshold, 30 % to 95 %"],
        ),
    ] {
        fs::write(dir.join("config.ini"), format!("{common}{host}")).unwrap();
        let from = ["host", "-c", "config.ini", "--from", "rows.jsonl", "--last", "hour"];
        let output = eoskeeper(dir, &[&from[..], &["--format", "svg", "-o", "-"]].concat());
        drawn(&output);
        let svg = String::from_utf8(output.stdout).unwrap();
        for words in said {
            assert!(svg.contains(words), "{host}: '{words}' is not in {svg}");
        }
    }
}

#[test]
fn what_cannot_be_done_is_said_with_what_can() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    fs::write(dir.join("rows.jsonl"), lines(&World::quiet(HOUR_MS))).unwrap();
    fs::write(dir.join("bad.jsonl"), "{\"sample\": 5}\n").unwrap();
    let from = ["--from", "rows.jsonl"];
    for (arguments, code, said) in [
        (&["lags", "-o", "x.png"][..], 2, &["lag, host, production, slots and pool"][..]),
        (&["lag", "-o", "x.jpg"], 1, &["x.jpg", "--format png or svg"]),
        (&["lag", "-o", "x.png", "--size", "20x20"], 2, &["1080x720", "320 to 4096"]),
        (&["lag", "-o", "x.png", "--time-zone", "Moon/Tycho"], 2, &["Moon/Tycho", "Asia/Shanghai"]),
        (&["lag", "-o", "x.png", "--last", "month"], 2, &["hour, day, week"]),
        (&["lag", "-o", "no/x.png"], 1, &["no/x.png cannot be written"]),
        (&["lag", "-o", "x.png", "--at", "2026-01-01T00:00"], 1, &["samples are from", "--at"]),
        (&["lag"], 2, &["--output"]),
    ] {
        refused(&eoskeeper(dir, &[arguments, &from].concat()), code, said);
    }
    let bad = eoskeeper(dir, &["lag", "-o", "x.png", "--from", "bad.jsonl"]);
    refused(&bad, 1, &["bad.jsonl cannot be used", "line 1 is no row"]);
    let absent = eoskeeper(dir, &["lag", "-o", "x.png", "--from", "none.jsonl"]);
    refused(&absent, 1, &["none.jsonl cannot be read"]);
    assert_eq!(fs::read_dir(dir).unwrap().count(), 2, "nothing was left behind");
}
